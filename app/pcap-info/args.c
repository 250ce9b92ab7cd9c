/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <pal_err.h>

#include <getopt.h>
#include <string.h>
#include <unistd.h>

enum long_option {
	OPT_JSON = 256,
	OPT_PLOT,
	OPT_SHA256,
	OPT_SHA1,
	OPT_BLAKE2S,
	OPT_PROGRESS,
};

static const char short_options[] = "nMTHSqVh";

static const struct option long_options[] = {
	{"no-check", no_argument, NULL, 'n'},
	{"machine", no_argument, NULL, 'M'},
	{"table", no_argument, NULL, 'T'},
	{"json", no_argument, NULL, OPT_JSON},
	{"plot", no_argument, NULL, OPT_PLOT},
	{"hashes", no_argument, NULL, 'H'},
	{"sha256", no_argument, NULL, OPT_SHA256},
	{"sha1", no_argument, NULL, OPT_SHA1},
	{"blake2s", no_argument, NULL, OPT_BLAKE2S},
	{"seconds", no_argument, NULL, 'S'},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"quiet", no_argument, NULL, 'q'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

void info_print_help(FILE *out)
{
	fputs("pcap-info: what is in capture files\n"
	      "\n"
	      "usage: pcap-info [options] FILE|DIR|- ...\n"
	      "\n"
	      "Reads pcap and pcapng, compressed or not; a folder stands for the files in it, - "
	      "for standard\n"
	      "input.\n"
	      "\n"
	      "What to look at\n"
	      "  -n, --no-check    headers only, up to the first packet\n"
	      "  -H, --hashes      SHA-256, SHA-1 and BLAKE2s of the file as it is stored; or one "
	      "of\n"
	      "                    --sha256, --sha1, --blake2s\n"
	      "\n"
	      "How to print it\n"
	      "  -M, --machine     exact numbers\n"
	      "  -T, --table       a line a file, columns separated by tabs\n"
	      "      --json        an object a file, a line each\n"
	      "      --plot        also packet sizes and packets over time, as a small plot\n"
	      "  -S, --seconds     times as seconds since 1970\n"
	      "      --progress    say how far it is, also where standard error is no terminal\n"
	      "  -q, --quiet       do not say how far it is\n"
	      "  -V, --version   -h, --help\n"
	      "\n"
	      "Exit: 0 done; 1 done, but some input was damaged or unreadable; 2 usage.\n",
	      out);
}

static int usage(const char *what)
{
	info_error("%s", what);
	fputs("Try: pcap-info --help\n", stderr);
	return pal_err(EINVAL);
}

static bool take_option(struct info_args *args, int option)
{
	struct info_conf *conf = &args->conf;

	switch (option) {
	case 'n':
		return conf->headers_only = true;
	case 'M':
		return conf->exact = true;
	case 'T':
		return conf->table = true;
	case OPT_JSON:
		return conf->json = true;
	case OPT_PLOT:
		return conf->plot = true;
	case 'H':
		return conf->hash[INFO_SHA256] = conf->hash[INFO_SHA1] = conf->hash[INFO_BLAKE2S] =
			       true;
	case OPT_SHA256:
		return conf->hash[INFO_SHA256] = true;
	case OPT_SHA1:
		return conf->hash[INFO_SHA1] = true;
	case OPT_BLAKE2S:
		return conf->hash[INFO_BLAKE2S] = true;
	case 'S':
		return conf->epoch = true;
	case OPT_PROGRESS:
		return conf->progress = true;
	case 'q':
		return args->quiet = true;
	case 'V':
		return args->version = true;
	case 'h':
		return args->help = true;
	default:
		return false;
	}
}

int info_args_parse(struct info_args *args, int argc, char **argv)
{
	int option;

	memset(args, 0, sizeof(*args));
	args->conf.progress = isatty(STDERR_FILENO);
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
		if (!take_option(args, option)) {
			fputs("Try: pcap-info --help\n", stderr);
			return pal_err(EINVAL);
		}
	args->paths = argv + optind;
	args->nb_paths = (size_t)(argc - optind);
	if (args->quiet)
		args->conf.progress = false;
	if (args->help || args->version)
		return 0;
	if (args->nb_paths == 0)
		return usage("nothing to read: name a capture file");
	if (args->conf.table + args->conf.json + args->conf.plot > 1)
		return usage("--table, --json and --plot do not go together");
	if (args->conf.headers_only && args->conf.plot)
		return usage("--no-check sees no packets that --plot could show");
	return 0;
}
