/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What reading a capture file costs: CPU time of `pcap-analyzer -j 1` with its three plugins, over that of
 * `tcpdump -r FILE -w /dev/null`, which does nothing but read and copy.
 *
 *      bench_offline PCAP_ANALYZER [DIR [GIGABYTES [RUNS]]]
 *
 * Makes two files in DIR (default /tmp), of 1.5 GB each: `short`, transactions of HTTP, TLS and DNS with about 15
 * packets a flow, 2000 new flows a second; `long`, transfers of full frames over 200 connections. Then runs both
 * programs on each, taking turns, and prints one JSON line a file with the medians, their ratio and the memory that the
 * largest run had: `eve` writes records to /dev/null, `files` all results to DIR.
 */
#include "traffic.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_RUNS 25

/** What a command took: CPU seconds, user and system, and memory at its peak. */
struct cost {
	double cpu_s;
	double peak_mib;
};

// Its output is thrown away.
static struct cost run(char *const *argv)
{
	struct rusage usage;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "%s failed\n", argv[0]);
		exit(1);
	}
	return (struct cost){
		.cpu_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
			 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
		.peak_mib = (double)usage.ru_maxrss / 1024,
	};
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/** What is run: the last one is what the others are held against. */
enum side {
	SIDE_EVE, // records to /dev/null, as tcpdump writes its packets there
	SIDE_FILES, // records and all result files to DIR
	SIDE_TCPDUMP,
	SIDE_COUNT,
};

static void
print_side(const char *name, double *cpu_s, double *ratio, double *peak_mib, int nb_runs)
{
	qsort(cpu_s, (size_t)nb_runs, sizeof(double), by_value);
	qsort(peak_mib, (size_t)nb_runs, sizeof(double), by_value);
	printf(",\"%s_cpu_s\":%.3f,\"%s_peak_mib\":%.0f",
	       name,
	       cpu_s[nb_runs / 2],
	       name,
	       peak_mib[nb_runs - 1]);
	if (ratio == NULL)
		return;
	qsort(ratio, (size_t)nb_runs, sizeof(double), by_value);
	printf(",\"%s_ratio\":%.2f,\"%s_ratio_min\":%.2f,\"%s_ratio_max\":%.2f",
	       name,
	       ratio[nb_runs / 2],
	       name,
	       ratio[0],
	       name,
	       ratio[nb_runs - 1]);
}

static void
compare(const char *name, const char *pal, const char *path, const char *outdir, int nb_runs)
{
	const char *plugins = "flows,basic-stats,community-id";
	const char *const commands[SIDE_COUNT][12] = {
		[SIDE_EVE] = {pal, "-j", "1", "-q", "-p", plugins, "--json", path, NULL},
		[SIDE_FILES] = {pal, "-j", "1", "-q", "-p", plugins, "-o", outdir, path, NULL},
		[SIDE_TCPDUMP] = {"tcpdump", "-r", path, "-w", "/dev/null", NULL},
	};
	double cpu_s[SIDE_COUNT][MAX_RUNS], ratio[SIDE_COUNT][MAX_RUNS];
	double peak_mib[SIDE_COUNT][MAX_RUNS];

	run((char *const *)commands[SIDE_TCPDUMP]); // the file into the page cache
	for (int i = 0; i < nb_runs; i++) {
		for (int side = 0; side < SIDE_COUNT; side++) {
			struct cost cost = run((char *const *)commands[side]);

			cpu_s[side][i] = cost.cpu_s;
			peak_mib[side][i] = cost.peak_mib;
		}
		for (int side = 0; side < SIDE_COUNT; side++)
			ratio[side][i] = cpu_s[side][i] / cpu_s[SIDE_TCPDUMP][i];
	}
	printf("{\"bench\":\"offline\",\"file\":\"%s\",\"runs\":%d", name, nb_runs);
	print_side("eve", cpu_s[SIDE_EVE], ratio[SIDE_EVE], peak_mib[SIDE_EVE], nb_runs);
	print_side("files", cpu_s[SIDE_FILES], ratio[SIDE_FILES], peak_mib[SIDE_FILES], nb_runs);
	print_side("tcpdump", cpu_s[SIDE_TCPDUMP], NULL, peak_mib[SIDE_TCPDUMP], nb_runs);
	puts("}");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *dir = argc > 2 ? argv[2] : "/tmp";
	double gigabytes = argc > 3 ? atof(argv[3]) : 1.5;
	int nb_runs = argc > 4 ? atoi(argv[4]) : 5;
	static const struct {
		const char *name;
		enum traffic_kind kind;
	} files[] = {{"short", TRAFFIC_SHORT}, {"long", TRAFFIC_LONG}};

	if (argc < 2 || nb_runs < 1 || nb_runs > MAX_RUNS) {
		fprintf(stderr, "usage: bench_offline PCAP_ANALYZER [DIR [GIGABYTES [RUNS]]]\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		char path[4096], outdir[4096];

		snprintf(path, sizeof(path), "%s/pal-bench-%s.pcap", dir, files[i].name);
		snprintf(outdir, sizeof(outdir), "%s/pal-bench-out", dir);
		traffic_make(path, (uint64_t)(gigabytes * 1e9), files[i].kind);
		compare(files[i].name, argv[1], path, outdir, nb_runs);
		if (getenv("PAL_BENCH_KEEP") == NULL)
			unlink(path);
	}
	return 0;
}
