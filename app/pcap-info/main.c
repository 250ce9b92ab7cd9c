/* SPDX-License-Identifier: BSD-3-Clause */
#include "../common/files.h"
#include "info.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/** Documented in the manual. */
enum info_exit {
	INFO_EXIT_OK = 0,
	INFO_EXIT_DAMAGED = 1, /**< Done, but some input was damaged or unreadable. */
	INFO_EXIT_USAGE = 2,
};

void info_error(const char *fmt, ...)
{
	va_list ap;

	fputs("pcap-info: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static int print(const struct info *info, const struct info_conf *conf, bool first)
{
	if (conf->json)
		return info_print_json(stdout, info);
	if (conf->table) {
		info_print_table(stdout, info, conf);
		return 0;
	}
	if (!first)
		fputc('\n', stdout);
	info_print_text(stdout, info, conf);
	return conf->plot && !info->unreadable ? info_print_plot(stdout, info) : 0;
}

// What is damaged is said after everything that was readable.
static int show_file(const char *path, const struct info_conf *conf, bool first)
{
	static struct info info; // its time line is too large for a stack
	int rc = info_collect(&info, path, conf);
	int print_rc = rc < 0 ? rc : print(&info, conf, first);

	fflush(stdout);
	if (print_rc < 0)
		info_error("%s: %s", path, strerror(-print_rc));
	else if (info.error[0] != '\0')
		info_error("%s", info.error);
	info_fini(&info);
	return rc == 0 ? print_rc : rc;
}

static int show_files(const struct info_args *args)
{
	struct app_files files;
	int exit_code = INFO_EXIT_OK;

	if (app_files_expand(&files, args->paths, args->nb_paths) < 0) {
		info_error("%s", strerror(ENOMEM));
		app_files_fini(&files);
		return INFO_EXIT_DAMAGED;
	}
	if (args->conf.table)
		info_print_table_head(stdout, &args->conf);
	for (size_t i = 0; i < files.nb_paths; i++)
		if (show_file(files.paths[i], &args->conf, i == 0) != 0)
			exit_code = INFO_EXIT_DAMAGED;
	app_files_fini(&files);
	return exit_code;
}

int main(int argc, char **argv)
{
	struct info_args args;
	int exit_code;

	if (info_args_parse(&args, argc, argv) < 0)
		return INFO_EXIT_USAGE;
	if (args.version) {
		puts("pcap-info " PAL_VERSION);
		return INFO_EXIT_OK;
	}
	if (args.help) {
		info_print_help(stdout);
		return INFO_EXIT_OK;
	}
	exit_code = show_files(&args);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		info_error("standard output: %s", strerror(errno));
		return INFO_EXIT_DAMAGED;
	}
	return exit_code;
}
