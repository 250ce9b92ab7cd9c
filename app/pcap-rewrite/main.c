/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <signal.h>
#include <unistd.h>

static volatile bool stop;

static void on_signal(int)
{
	stop = true;
}

static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN); // the writer sees EPIPE
}

// Standard output may be the capture file.
static void summarise(const struct rw_run *run)
{
	bool to_stdout = run->args->output.path[0] == '-' && run->args->output.path[1] == '\0';

	if (!run->args->quiet)
		rw_summary(run, to_stdout && !run->args->output.dry_run ? stderr : stdout);
}

static enum rw_exit rewrite(const struct rw_args *args, struct rw_select *sel)
{
	struct rw_run run = {.args = args, .sel = sel, .stop = &stop};
	enum rw_exit code;

	catch_signals();
	code = rw_run(&run);
	if (code == RW_EXIT_OK || code == RW_EXIT_DAMAGED)
		summarise(&run);
	rw_run_fini(&run);
	return code;
}

int main(int argc, char **argv)
{
	struct rw_select sel = {0};
	struct rw_args args;
	enum rw_exit code = RW_EXIT_OK;

	if (rw_args_parse(argc, argv, &args, &sel) < 0)
		code = RW_EXIT_USAGE;
	else if (args.action == RW_ACTION_HELP)
		rw_print_help(stdout);
	else if (args.action == RW_ACTION_VERSION)
		puts("pcap-rewrite " PAL_VERSION);
	else
		code = rewrite(&args, &sel);
	rw_select_fini(&sel);
	rw_args_fini(&args);
	return (int)code;
}
