/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_APP_H
#define PAL_APP_H

/** @file The parts of pcap-analyzer: what was asked for, EAL, inputs, outputs, and what people see. */

#include "../common/files.h"

#include <pal_conf.h>
#include <pal_pipeline.h>
#include <pal_source.h>
#include <pal_stats.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Documented in the manual; never a signal's number. */
enum app_exit {
	APP_EXIT_OK = 0,
	APP_EXIT_DAMAGED = 1, /**< Done, but some input was damaged or unreadable. */
	APP_EXIT_USAGE = 2, /**< Usage or configuration. */
	APP_EXIT_ENV = 3, /**< Hugepages, capabilities, interface, output. */
	APP_EXIT_LOST = 4, /**< --strict and packets were lost. */
};

#define APP_MAX_INTERFACES 64

/** What to do instead of a run. */
enum app_action {
	APP_RUN,
	APP_HELP,
	APP_VERSION,
	APP_TEST_CONFIG,
	APP_DUMP_CONFIG,
	APP_LIST_PLUGINS,
	APP_LIST_INTERFACES,
};

/** The command line. */
struct app_args {
	enum app_action action;
	char **files; /**< Files and directories as given. */
	size_t nb_files;
	const char *interfaces[APP_MAX_INTERFACES];
	size_t nb_interfaces;
	const char *plugins; /**< -p, or NULL. */
	char *filter; /**< -f or the text of -F, or NULL. Owned. */
	const char *write_path; /**< -w, or NULL. */
	uint64_t skip_pkts, max_pkts;
	bool json; /**< EVE on standard output, no other results. */
	bool quiet;
	bool verbose;
	bool strict;
	bool progress; /**< Also where standard error is no terminal. */
	char **eal_args; /**< Behind `--`. */
	int nb_eal_args;
};

/**
 * Parse the command line into args and conf.
 *
 * @return
 *   0; or -EINVAL, and the reason was printed.
 */
int app_args_parse(int argc, char **argv, struct app_args *args, struct pal_conf *conf);
void app_args_fini(struct app_args *args);

void app_print_help(FILE *out);

/* colour.c */

/** `--color`. AUTO: on a terminal, unless NO_COLOR is in the environment. */
enum app_colour_when {
	APP_COLOUR_AUTO,
	APP_COLOUR_ALWAYS,
	APP_COLOUR_NEVER,
};
void app_colour_set(enum app_colour_when when);

enum app_colour {
	APP_PLAIN, /**< Back to normal. */
	APP_BOLD,
	APP_RED, /**< What is wrong. */
};

/** What switches a colour on where it is printed; nothing where out is to have none. */
const char *app_colour(FILE *out, enum app_colour colour);

/** Print `pcap-analyzer: ...` on standard error. */
__attribute__((format(printf, 1, 2))) void app_error(const char *fmt, ...);

/** What EAL must provide. */
struct app_eal_conf {
	uint16_t nb_lcores; /**< Main not counted. */
	bool live;
	const char *const *ports; /**< Inputs that are DPDK ports. */
	size_t nb_ports;
	size_t memory_bytes; /**< For pools and rings. */
	const char *hugepages; /**< auto, yes, no. */
	uint32_t memory_mib; /**< Of the configuration; 0 for auto. */
	char **args;
	int nb_args;
};

/** Start EAL. 0; or -1, and the reason was printed. ret_huge says whether hugepages are used. */
int app_eal_start(const struct app_eal_conf *conf, bool *ret_huge);

/** Which host reads overlapping fragments and segments how; from the settings. */
struct app_policies {
	struct pal_prefix_table *defrag, *stream;
};

/** 0; or -EINVAL, and the reason was printed. */
int app_policies_parse(struct app_policies *policies, const struct pal_conf_values *v);
void app_policies_fini(struct app_policies *policies);

/** Fill in what the settings say of fragments and streams. */
void app_reassembly_conf(
	const struct app_policies *policies,
	const struct pal_conf_values *v,
	struct pal_pipeline_conf *conf
);

/** Whether EAL, when it starts, opens all drivers of the distribution. It takes time, and only DPDK ports need them. */
void app_eal_drivers_set(bool wanted);

/** CPUs that this process may use. */
uint16_t app_nb_cpus(void);

enum app_input_kind {
	APP_INPUT_UNKNOWN,
	APP_INPUT_KERNEL, /**< A kernel interface: AF_XDP. */
	APP_INPUT_PORT, /**< A PCI address or a vdev: DPDK. */
};

/** Is this a PCI address, with or without a domain? */
bool app_is_pci_address(const char *name);

/** What -i names. */
enum app_input_kind app_input_kind(const char *name);

/** Print interfaces that -i can take. */
int app_list_interfaces(void);

/** What a summary tells beside the counters. */
struct app_summary {
	const char *eve_path; /**< NULL: no records. */
	uint64_t eve_records;
	uint64_t nb_files, nb_damaged;
	uint64_t wall_ns; /**< From the first read to the last record. */
	uint16_t nb_lcores;
	struct pal_pipeline_memory memory;
	bool live;
	bool verbose;
	bool interrupted;
};

void app_print_summary(FILE *out, const struct pal_stats *stats, const struct app_summary *sum);

/** State of the progress line. */
struct app_progress {
	uint64_t last_ns;
	uint64_t last_pkts;
	uint64_t last_bytes;
	uint64_t last_file_bytes;
	bool shown;
};

/** Show or refresh the line on standard error; src is the file source, or NULL. */
void app_progress_show(
	struct app_progress *progress,
	const struct pal_stats *stats,
	const struct pal_source *src,
	char *const *paths,
	size_t nb_paths
);

/** Take the line away. */
void app_progress_clear(struct app_progress *progress);

/** All that a run is made of; main's. */
struct run {
	int argc; // as given, for reading them again
	char **argv;
	struct app_args args;
	struct pal_conf *conf;
	struct app_files files;
	bool live;
	uint16_t nb_workers;
	struct pal_plugins *plugins;
	struct pal_filter *filter;
	struct pal_writer *writer;
	struct pal_out *out; // main's
	struct pal_events events; // main's
	int eve_sink;
	int pcap_sink;
	char eve_path[PATH_MAX];
	struct pal_source *sources[APP_MAX_INTERFACES];
	uint16_t nb_sources;
	struct app_policies policies;
	struct pal_pipeline *pipeline;
	volatile bool stop_reading;
	bool interrupted;
	bool output_gone; // standard output was closed by its reader
	uint64_t start_ns;
	uint64_t next_stats_ns;
	uint32_t stats_interval_s;
	struct app_progress progress;
};

/* plugins.c */

/** Load the plugins that were selected, or those in `defaults`. NULL with err (PAL_PLUGINS_ERR_LEN) filled. */
struct pal_plugins *
app_plugins_load(struct run *run, const char *select, const char *defaults, char *err);

/** Are all keys in [plugin.*] sections known? 0; or -EINVAL, and the reason was printed. */
int app_plugins_check_keys(struct run *run);

/** Print all plugins that can be found. Returns an exit code. */
int app_plugins_list(struct run *run);

/* output.c */

/** Make the folder, start the writer, open eve.json and the file of -w, let plugins open theirs. 0 or -errno, printed. */
int app_output_open(struct run *run);

/* inputs.c */

/** Are the values of [file] such as the file source takes? 0; or -EINVAL, and the reason was printed. */
int app_inputs_check_keys(const struct run *run);

/** Checked before EAL starts: the commonest mistakes are answered at once. 0 or -errno, printed. */
int app_inputs_check(const struct run *run);

/** Open files or interfaces. 0 or -errno, printed. */
int app_inputs_open(struct run *run);

#endif
