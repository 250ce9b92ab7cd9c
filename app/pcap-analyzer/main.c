/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * pcap-analyzer: start, wait, stop, report.
 *
 * From here to a plugin: main() -> run_analyzer() -> run_pipeline() -> pal_pipeline_start() -> lcore_main() in
 * lib/pipeline/pal_pipeline.c -> rx_turn() -> worker_turn() -> pal_chain_datagram() in lib/plugin/pal_chain.c.
 */
#include "app.h"

#include <pal_build.h>
#include <pal_err.h>
#include <pal_input.h>
#include <pal_pipeline.h>
#include <pal_time.h>

#include <rte_version.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MIN_NS (200 * PAL_NS_PER_US)
#define WAIT_MAX_NS (20 * PAL_NS_PER_MS)
#define PROGRESS_NS (500 * PAL_NS_PER_MS)

static int start_eal(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	struct app_eal_conf conf = {
		.nb_lcores = pal_pipeline_nb_lcores(run->nb_workers, run->live),
		.live = run->live,
		.hugepages = v->hugepages,
		.memory_mib = v->eal_memory_mib,
		.args = run->args.eal_args,
		.nb_args = run->args.nb_eal_args,
	};
	const char *ports[APP_MAX_INTERFACES];
	bool huge;

	conf.ports = ports;
	conf.memory_bytes = (size_t)v->file_mbufs * 1024 +
			    ((size_t)v->inbox_pkts * 16 + (size_t)v->views * 2048) * conf.nb_lcores;
	for (size_t i = 0; i < run->args.nb_interfaces; i++) {
		if (app_input_kind(run->args.interfaces[i]) != APP_INPUT_PORT)
			continue;
		ports[conf.nb_ports++] = run->args.interfaces[i];
		conf.memory_bytes += (size_t)v->capture_mbufs * run->nb_workers * 4096;
	}
	return app_eal_start(&conf, &huge);
}

static int build_pipeline(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	struct pal_pipeline_conf conf = {
		.sources = run->sources,
		.nb_sources = run->nb_sources,
		.nb_workers = run->nb_workers,
		.live = run->live,
		.skip_pkts = run->args.skip_pkts,
		.max_pkts = run->args.max_pkts,
		.filter = run->filter,
		.checksums = strcmp(v->checksums, "all") == 0,
		.inbox_pkts = v->inbox_pkts,
		.idle_sleep_us = v->idle_sleep_us,
		.flow = {.max_flows = v->max_flows},
		.nb_views = v->views,
		.plugins = run->plugins,
		.writer = run->writer,
		.out = run->out,
		.eve_sink = run->eve_sink,
		.pcap_sink = run->pcap_sink,
	};
	char err[PAL_PIPELINE_ERR_LEN];

	for (int proto = 0; proto < PAL_FLOW_PROTO_COUNT; proto++)
		for (int state = 0; state < PAL_FLOW_STATE_COUNT; state++)
			conf.flow.timeout_ns[proto][state] =
				v->timeout_s[proto][state] * PAL_NS_PER_S;
	app_reassembly_conf(&run->policies, v, &conf);
	run->pipeline = pal_pipeline_create(&conf, err);
	if (run->pipeline == NULL)
		app_error("%s", err);
	return run->pipeline == NULL ? -errno : 0;
}

static void stop(struct run *run)
{
	if (run->stop_reading)
		return;
	run->stop_reading = true;
	for (uint16_t i = 0; i < run->nb_sources; i++)
		pal_source_stop_rx(run->sources[i]);
	pal_pipeline_stop(run->pipeline);
}

static void write_stats(struct run *run, const struct pal_stats *stats, bool final)
{
	uint64_t time_ns = run->live ? pal_time_wall_ns() : stats->pipeline.last_ns;
	uint64_t span_ns = run->live ? pal_time_mono_ns() - run->start_ns
				     : stats->pipeline.last_ns - stats->pipeline.first_ns;

	pal_stats_write_eve(stats, &run->events, final, time_ns, span_ns / PAL_NS_PER_S);
	pal_out_flush(run->out);
}

static void write_stats_now(struct run *run)
{
	struct pal_stats stats;

	pal_pipeline_stats(run->pipeline, &stats);
	write_stats(run, &stats, false);
}

// The command line and its file are read again; what a running lcore holds stays as it is.
static void reload(struct run *run)
{
	struct pal_conf *conf = pal_conf_create();
	struct app_args args;

	if (conf == NULL)
		return;
	if (app_args_parse(run->argc, run->argv, &args, conf) == 0) {
		run->stats_interval_s = pal_conf_get(conf)->stats_interval_s;
		fprintf(stderr,
			"reloaded: output.stats-interval = %u; all other keys need a restart\n",
			run->stats_interval_s);
	} else {
		app_error("nothing was reloaded");
	}
	app_args_fini(&args);
	pal_conf_destroy(conf);
}

static void on_signal(struct run *run, int sig)
{
	switch (sig) {
	case SIGINT:
	case SIGTERM:
		run->interrupted = true;
		stop(run);
		break;
	case SIGHUP:
		pal_writer_reopen(run->writer);
		break;
	case SIGUSR1:
		write_stats_now(run);
		break;
	case SIGUSR2:
		reload(run);
		break;
	default: // none came
		break;
	}
}

static void show_progress(struct run *run)
{
	struct pal_stats stats;

	pal_pipeline_stats(run->pipeline, &stats);
	app_progress_show(
		&run->progress,
		&stats,
		run->live ? NULL : run->sources[0],
		run->files.paths,
		run->files.nb_paths
	);
}

static bool has_enough(const struct run *run)
{
	struct pal_stats stats;

	if (run->args.max_pkts == 0 || !run->live) // offline the reader counts exactly
		return false;
	pal_pipeline_stats(run->pipeline, &stats);
	return stats.pipeline.received.pkts >= run->args.max_pkts;
}

// What main does while the lcores work. Their counters are read only when somebody is to see them.
static void watch(struct run *run)
{
	uint64_t now_ns = pal_time_mono_ns();
	const char *path;

	if (pal_writer_error(run->writer, &path) != 0) {
		run->output_gone = pal_writer_error(run->writer, &path) == EPIPE;
		stop(run);
	}
	if (has_enough(run))
		stop(run);
	if (run->live && run->stats_interval_s != 0 && now_ns >= run->next_stats_ns) {
		if (run->next_stats_ns != 0)
			write_stats_now(run);
		run->next_stats_ns = now_ns + run->stats_interval_s * PAL_NS_PER_S;
	}
	if (run->args.progress && now_ns - run->progress.last_ns > PROGRESS_NS)
		show_progress(run);
}

static void wait_for_end(struct run *run, const sigset_t *signals)
{
	uint64_t wait_ns = WAIT_MIN_NS;

	while (!pal_pipeline_done(run->pipeline)) {
		struct timespec ts = {.tv_nsec = (long)wait_ns};

		on_signal(run, sigtimedwait(signals, NULL, &ts));
		watch(run);
		if (wait_ns < WAIT_MAX_NS)
			wait_ns += wait_ns / 4;
	}
	app_progress_clear(&run->progress);
}

static int exit_code(const struct run *run, const struct pal_stats *stats, uint64_t nb_damaged)
{
	if (run->args.strict && (pal_stats_lost(stats) != 0 || stats->lost_records != 0)) {
		app_error(
			"--strict: %lu packets and %lu records were lost",
			(unsigned long)pal_stats_lost(stats),
			(unsigned long)stats->lost_records
		);
		return APP_EXIT_LOST;
	}
	return nb_damaged != 0 ? APP_EXIT_DAMAGED : APP_EXIT_OK;
}

static int report(struct run *run)
{
	struct pal_source_file_progress file = {0};
	struct app_summary sum = {
		.nb_files = run->files.nb_paths,
		.wall_ns = pal_time_mono_ns() - run->start_ns,
		.nb_lcores = pal_pipeline_nb_lcores(run->nb_workers, run->live),
		.live = run->live,
		.verbose = run->args.verbose,
		.interrupted = run->interrupted,
	};
	char err[PAL_PLUGINS_ERR_LEN];
	struct pal_stats stats;
	int rc;

	pal_pipeline_stats(run->pipeline, &stats);
	rc = pal_pipeline_report(run->pipeline, err);
	if (rc < 0)
		app_error("%s", err);
	write_stats(run, &stats, true);
	if (!run->live)
		pal_source_file_progress(run->sources[0], &file);
	sum.nb_damaged = file.damaged;
	pal_pipeline_memory(run->pipeline, &sum.memory);
	if (run->eve_sink >= 0)
		sum.eve_path = run->eve_path;
	sum.eve_records = stats.nb_records + run->events.nb_records;
	if (!run->args.quiet && !run->output_gone)
		app_print_summary(strcmp(run->eve_path, "-") == 0 ? stderr : stdout, &stats, &sum);
	return rc < 0 ? APP_EXIT_ENV : exit_code(run, &stats, file.damaged);
}

static void block_signals(sigset_t *signals)
{
	static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

	// Every thread inherits this, so that only main's sigtimedwait() sees them.
	sigemptyset(signals);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(signals, taken[i]);
	sigprocmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN); // a write that fails says so
}

static void print_listening(const struct run *run)
{
	struct pal_pipeline_memory memory;

	pal_pipeline_memory(run->pipeline, &memory);
	fprintf(stderr,
		"memory reserved: flows %zu MiB, fragments %zu MiB, streams %zu MiB\n",
		memory.flows >> 20,
		memory.fragments >> 20,
		memory.streams >> 20);
	for (uint16_t i = 0; i < run->nb_sources; i++)
		fprintf(stderr,
			"listening on %s, %u %s, %u %s; Ctrl-C ends\n",
			run->sources[i]->info.name,
			run->sources[i]->info.nb_queues,
			run->sources[i]->info.nb_queues == 1 ? "queue" : "queues",
			run->nb_workers,
			run->nb_workers == 1 ? "worker" : "workers");
}

static int run_pipeline(struct run *run, const sigset_t *signals)
{
	if (start_eal(run) < 0 || app_output_open(run) < 0 || app_inputs_open(run) < 0 ||
	    build_pipeline(run) < 0)
		return APP_EXIT_ENV;
	run->start_ns = pal_time_mono_ns();
	pal_pipeline_start(run->pipeline);
	if (run->live && !run->args.quiet)
		print_listening(run);
	wait_for_end(run, signals);
	return report(run);
}

// What the writer still had to write may fail, too, so this decides last.
static int close_output(struct run *run, int code)
{
	const char *path;
	int error;

	pal_out_destroy(run->out);
	if (run->writer == NULL)
		return code;
	pal_writer_finish(run->writer);
	error = pal_writer_error(run->writer, &path);
	if (error != 0 && error != EPIPE) {
		app_error("%s: cannot write: %s. Results are not complete", path, strerror(error));
		code = APP_EXIT_ENV;
	}
	pal_writer_destroy(run->writer);
	return code;
}

static int tear_down(struct run *run, int code)
{
	pal_pipeline_destroy(run->pipeline);
	for (uint16_t i = 0; i < run->nb_sources; i++)
		pal_source_close(run->sources[i]);
	return close_output(run, code);
}

static int run_analyzer(struct run *run)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	char err[PAL_FILTER_ERR_LEN];
	sigset_t signals;
	int code;

	run->live = run->args.nb_interfaces != 0;
	run->stats_interval_s = v->stats_interval_s;
	run->nb_workers = (uint16_t)v->workers;
	if (run->nb_workers == 0)
		run->nb_workers = app_nb_cpus() > 2 ? app_nb_cpus() - 1 : 1;
	if (run->args.filter != NULL) {
		run->filter = pal_filter_create(run->args.filter, err);
		if (run->filter == NULL) {
			app_error("-f %s: %s", run->args.filter, err);
			return APP_EXIT_USAGE;
		}
	}
	if (app_inputs_check(run) < 0)
		return APP_EXIT_ENV;
	if (app_files_expand(&run->files, run->args.files, run->args.nb_files) < 0)
		return APP_EXIT_ENV;
	if (!run->live && run->files.nb_paths == 0) {
		app_error("%s: no file in this folder", run->args.files[0]);
		return APP_EXIT_DAMAGED;
	}
	run->args.progress |= isatty(STDERR_FILENO) && !run->args.quiet;
	block_signals(&signals);
	code = run_pipeline(run, &signals);
	return tear_down(run, code);
}

static int act(struct run *run)
{
	char err[PAL_PLUGINS_ERR_LEN];

	switch (run->args.action) {
	case APP_HELP:
		app_print_help(stdout);
		return APP_EXIT_OK;
	case APP_VERSION:
		printf("pcap-analyzer %s (%s)\n", PAL_VERSION, rte_version());
		return APP_EXIT_OK;
	case APP_LIST_INTERFACES:
		return app_list_interfaces() < 0 ? APP_EXIT_ENV : APP_EXIT_OK;
	case APP_LIST_PLUGINS:
		return app_plugins_list(run);
	default:
		break;
	}
	if (app_inputs_check_keys(run) < 0 || app_plugins_check_keys(run) < 0 ||
	    app_policies_parse(&run->policies, pal_conf_get(run->conf)) < 0)
		return APP_EXIT_USAGE;
	if (run->args.action == APP_DUMP_CONFIG) {
		pal_conf_dump(run->conf, stdout);
		return APP_EXIT_OK;
	}
	run->plugins =
		app_plugins_load(run, run->args.plugins, pal_conf_get(run->conf)->plugins, err);
	if (run->plugins == NULL) {
		app_error("%s", err);
		return APP_EXIT_USAGE;
	}
	if (run->args.action == APP_TEST_CONFIG) {
		puts("configuration is right");
		return APP_EXIT_OK;
	}
	return run_analyzer(run);
}

int main(int argc, char **argv)
{
	struct run run = {.argc = argc, .argv = argv, .conf = pal_conf_create()};
	int code = APP_EXIT_USAGE;
	sigset_t signals;

	// First of all: one that comes while the run is being set up waits, and then ends it in order.
	block_signals(&signals);
	if (run.conf == NULL) {
		app_error("no memory");
		return APP_EXIT_ENV;
	}
	if (app_args_parse(argc, argv, &run.args, run.conf) == 0)
		code = act(&run);
	pal_filter_destroy(run.filter);
	pal_plugins_unload(run.plugins);
	app_policies_fini(&run.policies);
	pal_conf_destroy(run.conf);
	app_files_fini(&run.files);
	app_args_fini(&run.args);
	pal_input_clear();
	return code;
}
