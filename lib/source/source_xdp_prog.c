/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_xdp_prog.h"

#include "pal_err.h"
#include "pal_xdp.skel.h"
#include "source_priv.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROG_NAME "pal_xdp_rx"

struct pal_xdp_prog {
	struct pal_link link;
	struct pal_xdp *skel;
	int link_fd; // the bpf_link; -1 when not attached
};

/** libbpf would write to stderr; what matters is in the sentences below. */
static int be_silent(enum libbpf_print_level, const char *, va_list)
{
	return 0;
}

/** Name of the program that is attached, or an empty string. */
static void attached_name(uint32_t prog_id, char *name, size_t len)
{
	struct bpf_prog_info info = {0};
	uint32_t info_len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id);

	name[0] = '\0';
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_len) == 0)
		snprintf(name, len, "%s", info.name);
	close(fd);
}

/**
 * Make sure that nothing is attached.
 *
 * A program of ours attached by a bpf_link belongs to a process that lives, and cannot be detached by
 * anybody else: the kernel refuses. One attached by netlink outlived its process, and goes.
 */
static int clear_interface(const struct pal_link *link, char *err)
{
	char name[BPF_OBJ_NAME_LEN];

	if (link->xdp_prog_id == 0)
		return 0;
	attached_name(link->xdp_prog_id, name, sizeof(name));
	if (strcmp(name, PROG_NAME) == 0 && bpf_xdp_detach(link->ifindex, 0, NULL) == 0)
		return 0;
	if (strcmp(name, PROG_NAME) == 0)
		return pal_source_err(
			err,
			EBUSY,
			"%s: another PAL process is capturing here. Try: stop it, or name another "
			"interface",
			link->name
		);
	return pal_source_err(
		err,
		EBUSY,
		"%s: another XDP program is attached (%s, id %u). Try: ip link set dev %s xdp off",
		link->name,
		name[0] == '\0' ? "unnamed" : name,
		link->xdp_prog_id,
		link->name
	);
}

static int load_error(const struct pal_link *link, int code, char *err)
{
	if (code == EPERM || code == EACCES)
		return pal_source_err(
			err,
			EPERM,
			"%s: cannot load the XDP program: %s (missing CAP_BPF or CAP_NET_ADMIN). "
			"Try: run as root, or setcap "
			"cap_net_admin,cap_net_raw,cap_bpf,cap_ipc_lock+ep",
			link->name,
			strerror(code)
		);
	return pal_source_err(
		err,
		code,
		"%s: cannot load the XDP program: %s. Try: a kernel of 5.9 or later with "
		"CONFIG_XDP_SOCKETS",
		link->name,
		strerror(code)
	);
}

int pal_xdp_prog_create(const struct pal_link *link, struct pal_xdp_prog **ret_prog, char *err)
{
	struct pal_xdp_prog *prog;
	int ret;

	libbpf_set_print(be_silent);
	ret = clear_interface(link, err);
	if (ret != 0)
		return ret;
	prog = calloc(1, sizeof(*prog));
	if (prog == NULL)
		return pal_source_err(err, ENOMEM, "%s: out of memory", link->name);
	prog->link = *link;
	prog->link_fd = -1;
	prog->skel = pal_xdp__open();
	if (prog->skel == NULL) {
		ret = load_error(link, errno, err);
		goto free_prog;
	}
	bpf_map__set_max_entries(prog->skel->maps.pal_xsks, link->nb_rx_queues);
	ret = pal_xdp__load(prog->skel);
	if (ret != 0) {
		ret = load_error(link, -ret, err);
		goto destroy_skel;
	}
	*ret_prog = prog;
	return 0;

destroy_skel:
	pal_xdp__destroy(prog->skel);
free_prog:
	free(prog);
	return ret;
}

void pal_xdp_prog_destroy(struct pal_xdp_prog *prog)
{
	if (prog == NULL)
		return;
	pal_xdp_prog_detach(prog);
	pal_xdp__destroy(prog->skel);
	free(prog);
}

int pal_xdp_prog_set_socket(struct pal_xdp_prog *prog, uint32_t queue_id, int fd)
{
	int map_fd = bpf_map__fd(prog->skel->maps.pal_xsks);

	return bpf_map_update_elem(map_fd, &queue_id, &fd, BPF_ANY) == 0 ? 0 : pal_err(errno);
}

static int create_link(struct pal_xdp_prog *prog, uint32_t mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int prog_fd = bpf_program__fd(prog->skel->progs.pal_xdp_rx);
	int fd = bpf_link_create(prog_fd, prog->link.ifindex, BPF_XDP, &opts);

	if (fd < 0)
		return -errno;
	prog->link_fd = fd;
	return 0;
}

int pal_xdp_prog_attach(struct pal_xdp_prog *prog, char *err)
{
	int ret = create_link(prog, XDP_FLAGS_DRV_MODE);

	// In the stack it is slower, but works on every interface.
	if (ret == -EOPNOTSUPP)
		ret = create_link(prog, XDP_FLAGS_SKB_MODE);
	if (ret == 0)
		return 0;
	if (ret == -EPERM || ret == -EBUSY || ret == -EEXIST)
		return pal_source_err(
			err,
			-ret,
			"%s: cannot attach the XDP program: %s (%s)",
			prog->link.name,
			strerror(-ret),
			ret == -EPERM ? "missing CAP_NET_ADMIN" : "somebody else's came first"
		);
	return pal_source_err(
		err,
		-ret,
		"%s: the driver (%s) does not take the XDP program: %s. Try: ip link set dev %s "
		"mtu 1500; ethtool -K %s lro off",
		prog->link.name,
		prog->link.driver,
		strerror(-ret),
		prog->link.name,
		prog->link.name
	);
}

void pal_xdp_prog_detach(struct pal_xdp_prog *prog)
{
	if (prog->link_fd < 0)
		return;
	// Asked for, and not left to close(): the kernel may put that off.
	bpf_link_detach(prog->link_fd);
	close(prog->link_fd);
	prog->link_fd = -1;
}
