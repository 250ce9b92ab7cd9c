/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Starting EAL: the only place that knows its flags.
 */
#include "app.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define BASE_MEMORY_MIB 48
#define HUGEPAGE_MIB 2
#define FREE_HUGEPAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
#define MAX_ARGS 64

struct arg_list {
	const char *argv[MAX_ARGS + 1];
	int argc;
};

static void add(struct arg_list *list, const char *arg)
{
	if (list->argc < MAX_ARGS)
		list->argv[list->argc++] = arg;
}

uint16_t app_nb_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (uint16_t)CPU_COUNT(&set);
}

// "0-1,4": the CPUs of this process as EAL writes a set.
static void put_cpu_list(char *dst, size_t size, const cpu_set_t *set)
{
	size_t len = 0;

	dst[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && len + 8 < size; cpu++)
		if (CPU_ISSET(cpu, set))
			len += (size_t
			)snprintf(dst + len, size - len, "%s%d", len == 0 ? "" : ",", cpu);
}

// Main is lcore 0 and free to run anywhere. Live, each other lcore has a CPU of its own where there are enough.
static void put_lcores(char *dst, size_t size, const struct app_eal_conf *conf)
{
	char all[2048];
	cpu_set_t set;
	int cpu = -1;
	size_t len;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	put_cpu_list(all, sizeof(all), &set);
	if (!conf->live || conf->nb_lcores > app_nb_cpus()) {
		snprintf(dst, size, "(0-%u)@(%s)", conf->nb_lcores, all);
		return;
	}
	len = (size_t)snprintf(dst, size, "0@(%s)", all);
	for (uint16_t i = 1; i <= conf->nb_lcores && len < size; i++) {
		do
			cpu++;
		while (!CPU_ISSET(cpu, &set));
		len += (size_t)snprintf(dst + len, size - len, ",%u@%d", i, cpu);
	}
}

static uint64_t free_hugepages_mib(void)
{
	FILE *f = fopen(FREE_HUGEPAGES, "r");
	unsigned long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * HUGEPAGE_MIB;
}

static bool want_huge(const struct app_eal_conf *conf, uint64_t memory_mib)
{
	if (strcmp(conf->hugepages, "no") == 0)
		return false;
	return strcmp(conf->hugepages, "yes") == 0 || free_hugepages_mib() >= memory_mib;
}

static int explain_failure(bool huge, uint64_t memory_mib)
{
	app_error("DPDK does not start: %s", rte_strerror(rte_errno));
	if (huge)
		fprintf(stderr,
			"%lu MiB of hugepages are free, %lu are needed. Try: echo %lu > "
			"/proc/sys/vm/nr_hugepages, or --no-huge\n",
			(unsigned long)free_hugepages_mib(),
			(unsigned long)memory_mib,
			(unsigned long)(memory_mib / HUGEPAGE_MIB + 1));
	else
		fprintf(stderr,
			"Try: --set eal.memory-mib=%lu, or look at the EAL ARGS\n",
			(unsigned long)memory_mib);
	return -1;
}

// Only the ports that were asked for are touched: others belong to the kernel, or to somebody else.
static void add_ports(struct arg_list *list, const struct app_eal_conf *conf)
{
	bool any_pci = false;

	for (size_t i = 0; i < conf->nb_ports; i++) {
		if (!app_is_pci_address(conf->ports[i]))
			continue;
		add(list, "-a");
		add(list, conf->ports[i]);
		any_pci = true;
	}
	if (!any_pci)
		add(list, "--no-pci");
}

int app_eal_start(const struct app_eal_conf *conf, bool *ret_huge)
{
	uint64_t memory_mib = conf->memory_mib;
	struct arg_list list = {.argc = 0};
	char lcores[4096], memory[32];
	bool huge;

	if (memory_mib == 0)
		memory_mib = BASE_MEMORY_MIB + conf->memory_bytes / MIB;
	huge = want_huge(conf, memory_mib);
	*ret_huge = huge;
	put_lcores(lcores, sizeof(lcores), conf);
	snprintf(memory, sizeof(memory), "%lu", (unsigned long)memory_mib);

	add(&list, "pcap-analyzer");
	add(&list, "--lcores");
	add(&list, lcores);
	add(&list, "--log-level=lib.eal:4");
	add(&list, "--iova-mode=va");
	if (huge) {
		add(&list, "--in-memory");
	} else {
		add(&list, "--no-huge");
		add(&list, "--no-shconf");
		add(&list, "-m");
		add(&list, memory);
	}
	add(&list, "--no-telemetry");
	add_ports(&list, conf);
	// Who hands EAL arguments of his own may mean drivers.
	app_eal_drivers_set(conf->nb_ports != 0 || conf->nb_args != 0);
	for (int i = 0; i < conf->nb_args; i++)
		add(&list, conf->args[i]);
	return rte_eal_init(list.argc, (char **)list.argv) < 0 ? explain_failure(huge, memory_mib)
							       : 0;
}
