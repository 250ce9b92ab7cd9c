/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What rewriting a capture file costs: CPU time of `pcap-rewrite IN OUT` over that of `tcpdump -r IN -w OUT`, as it is
 * and with a filter, both writing to DIR.
 *
 *      bench_rewrite PCAP_REWRITE [DIR [GIGABYTES [RUNS]]]
 *
 * Makes two files of 2 GB in DIR (default /tmp), of many short flows and of full frames, runs both programs on each,
 * taking turns, and prints one JSON line for each file and each thing to do: medians, the ratio of each turn, and the
 * memory of the largest run. What tcpdump cannot do is held
 * against its plain copy.
 */
#include "measure.h"
#include "traffic.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_RUNS 25
#define MAX_ARGS 12
#define FILTER "tcp port 443 or udp port 53"

/** Something to do, and what tcpdump does of it. */
struct task {
	const char *name;
	const char *options[4]; // of pcap-rewrite
	const char *filter; // of tcpdump
};

static const struct task tasks[] = {
	{"copy", {NULL}, NULL},
	{"bpf", {"-f", FILTER, NULL}, FILTER},
	{"pcapng", {"-F", "pcapng", NULL}, NULL},
	{"address", {"-f", "IP:10.0.0.0/9", NULL}, "net 10.0.0.0/9"},
	{"snap", {"-s", "128", NULL}, NULL},
	{"split", {"--split", "flow:4", NULL}, NULL},
};

static void command_of(
	const struct task *task,
	const char *program,
	const char *in,
	const char *out,
	const char **argv
)
{
	int n = 0;

	argv[n++] = program;
	argv[n++] = "-q";
	for (int i = 0; task->options[i] != NULL; i++)
		argv[n++] = task->options[i];
	argv[n++] = in;
	argv[n++] = out;
	argv[n] = NULL;
}

static void remove_output(const char *out)
{
	char path[4200];
	size_t base = strlen(out) - strlen(".pcap");

	unlink(out);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%.*s_%05d.pcap", (int)base, out, i);
		unlink(path);
	}
}

static void
compare(const struct task *task,
	const char *program,
	const char *kind,
	const char *in,
	const char *out,
	int nb_runs)
{
	const char *ours[MAX_ARGS];
	const char *theirs[] = {"tcpdump", "-r", in, "-w", out, task->filter, NULL};
	double cpu_s[MAX_RUNS], their_cpu_s[MAX_RUNS], ratio[MAX_RUNS], peak_mib = 0;

	command_of(task, program, in, out, ours);
	for (int i = 0; i < nb_runs; i++) {
		struct cost a, b;

		remove_output(out);
		a = measure(ours);
		remove_output(out);
		b = measure(theirs);
		cpu_s[i] = a.cpu_s;
		their_cpu_s[i] = b.cpu_s;
		ratio[i] = a.cpu_s / b.cpu_s;
		if (a.peak_mib > peak_mib)
			peak_mib = a.peak_mib;
	}
	remove_output(out);
	median(ratio, nb_runs); // sorts them
	printf("{\"bench\":\"rewrite\",\"task\":\"%s\",\"file\":\"%s\",\"runs\":%d,\"cpu_s\":%.3f,"
	       "\"tcpdump_cpu_s\":%.3f,\"ratio\":%.2f,\"ratio_min\":%.2f,\"ratio_max\":%.2f,\"peak_"
	       "mib\":%.1f}\n",
	       task->name,
	       kind,
	       nb_runs,
	       median(cpu_s, nb_runs),
	       median(their_cpu_s, nb_runs),
	       ratio[nb_runs / 2],
	       ratio[0],
	       ratio[nb_runs - 1],
	       peak_mib);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *dir = argc > 2 ? argv[2] : "/tmp";
	double gigabytes = argc > 3 ? atof(argv[3]) : 2;
	int nb_runs = argc > 4 ? atoi(argv[4]) : 5;
	static const char *const kinds[] = {[TRAFFIC_SHORT] = "short", [TRAFFIC_LONG] = "long"};
	char in[4096], out[4096];

	if (argc < 2 || gigabytes <= 0 || nb_runs < 1 || nb_runs > MAX_RUNS) {
		fprintf(stderr, "usage: bench_rewrite PCAP_REWRITE [DIR [GIGABYTES [RUNS]]]\n");
		return 2;
	}
	for (int kind = TRAFFIC_SHORT; kind <= TRAFFIC_LONG; kind++) {
		const char *const warm[] = {"tcpdump", "-r", in, "-w", "/dev/null", NULL};

		snprintf(in, sizeof(in), "%s/pal-bench-%s.pcap", dir, kinds[kind]);
		snprintf(out, sizeof(out), "%s/pal-bench-out.pcap", dir);
		traffic_make(in, (uint64_t)(gigabytes * 1e9), (enum traffic_kind)kind);
		measure(warm); // the file into the page cache
		for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
			compare(&tasks[i], argv[1], kinds[kind], in, out, nb_runs);
		if (getenv("PAL_BENCH_KEEP") == NULL)
			unlink(in);
	}
	return 0;
}
