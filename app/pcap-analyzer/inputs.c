/* SPDX-License-Identifier: BSD-3-Clause */
#include "app.h"

#include <pal_err.h>
#include <pal_input.h>

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

bool app_is_pci_address(const char *name)
{
	unsigned int domain, bus, device, function;
	int end = 0;

	if (sscanf(name, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &function, &end) == 4)
		return name[end] == '\0' || name[end] == ',';
	if (sscanf(name, "%2x:%2x.%1u%n", &bus, &device, &function, &end) == 3)
		return name[end] == '\0' || name[end] == ',';
	return false;
}

enum app_input_kind app_input_kind(const char *name)
{
	if (if_nametoindex(name) != 0)
		return APP_INPUT_KERNEL;
	if (app_is_pci_address(name) || strncmp(name, "net_", 4) == 0 ||
	    strncmp(name, "eth_", 4) == 0)
		return APP_INPUT_PORT;
	return APP_INPUT_UNKNOWN;
}

static void print_interface(void *, const struct pal_source_iface *iface)
{
	printf("%-16s %-5s %-10s queues %-3u mtu %-6u AF_XDP %s%s\n",
	       iface->name,
	       iface->up ? "up" : "down",
	       iface->driver[0] == '\0' ? "-" : iface->driver,
	       iface->nb_queues,
	       iface->mtu,
	       pal_source_xdp_mode_name(iface->xdp_mode),
	       iface->busy ? " (another XDP program is attached)" : "");
}

int app_list_interfaces(void)
{
	int rc = pal_source_list(print_interface, NULL);

	if (rc < 0)
		app_error("cannot list interfaces: %s", strerror(-rc));
	puts("DPDK ports: name a PCI address or a vdev, -i 0000:3b:00.0 or -i net_null0,size=64");
	return rc;
}

// 0 stands for a default, so the lower bounds are not in conf_keys.def.
int app_inputs_check_keys(const struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);

	if (v->file_buffer_kib >= 1 && v->file_buffer_kib < 4)
		app_error("file.buffer-kib = %u: must be 0 or 4 to 1020", v->file_buffer_kib);
	else if (v->file_buffers >= 1 && v->file_buffers < 4)
		app_error("file.buffers = %u: must be 0 or at least 4", v->file_buffers);
	else
		return 0;
	return pal_err(EINVAL);
}

static void on_file_error(void *, const char *, const char *error)
{
	app_error("%s", error);
}

static int open_files(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	struct pal_source_file_conf conf = {
		.paths = (const char *const *)run->files.paths,
		.nb_paths = run->files.nb_paths,
		.nb_mbufs = v->file_mbufs,
		.buffer_bytes = v->file_buffer_kib * 1024,
		.nb_buffers = v->file_buffers,
		.on_error = on_file_error,
		.stop = &run->stop_reading,
	};
	char err[PAL_SOURCE_ERR_LEN];

	for (size_t i = 0; i < run->files.nb_paths; i++)
		if (pal_input_add(run->files.paths[i], false) < 0)
			return pal_err(ENOMEM);
	run->sources[0] = pal_source_file_open(&conf, err);
	if (run->sources[0] == NULL) {
		app_error("%s", err);
		return -errno;
	}
	run->nb_sources = 1;
	return 0;
}

static struct pal_source *
open_interface(struct run *run, const char *name, uint16_t input, char *err)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);

	if (app_input_kind(name) == APP_INPUT_KERNEL)
		return pal_source_xdp_open(
			&(struct pal_source_xdp_conf){
				.ifname = name,
				.nb_queues = (uint16_t)v->capture_queues,
				.nb_mbufs = v->capture_mbufs,
				.ring_size = v->capture_rx_descriptors,
				.promisc = v->capture_promisc,
				.zero_copy = v->capture_zero_copy,
				.input = input,
				.socket_id = -1,
			},
			err
		);
	return pal_source_ethdev_open(
		&(struct pal_source_ethdev_conf){
			.name = name,
			.nb_queues = v->capture_queues != 0 ? (uint16_t)v->capture_queues
							    : run->nb_workers,
			.nb_mbufs = v->capture_mbufs * run->nb_workers,
			.rx_descriptors = (uint16_t)v->capture_rx_descriptors,
			.promisc = v->capture_promisc,
			.input = input,
		},
		err
	);
}

int app_inputs_open(struct run *run)
{
	char err[PAL_SOURCE_ERR_LEN];

	if (!run->live)
		return open_files(run);
	for (size_t i = 0; i < run->args.nb_interfaces; i++) {
		int input = pal_input_add(run->args.interfaces[i], true);

		if (input < 0)
			return input;
		run->sources[i] =
			open_interface(run, run->args.interfaces[i], (uint16_t)input, err);
		if (run->sources[i] == NULL) {
			app_error("%s", err);
			return -errno;
		}
		run->nb_sources++;
	}
	return 0;
}

int app_inputs_check(const struct run *run)
{
	for (size_t i = 0; i < run->args.nb_interfaces; i++) {
		if (app_input_kind(run->args.interfaces[i]) != APP_INPUT_UNKNOWN)
			continue;
		app_error(
			"-i %s: no interface has this name, and it is no PCI address or vdev. "
			"Try: pcap-analyzer -D",
			run->args.interfaces[i]
		);
		return -ENODEV;
	}
	return 0;
}
