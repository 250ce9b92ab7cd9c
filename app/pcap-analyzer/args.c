/* SPDX-License-Identifier: BSD-3-Clause */
#include "app.h"

#include <pal_err.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum long_option {
	OPT_SET = 256,
	OPT_DUMP_CONFIG,
	OPT_JSON,
	OPT_LIST_PLUGINS,
	OPT_COUNT,
	OPT_PROGRESS,
	OPT_COLOR,
	OPT_STRICT,
	OPT_NO_HUGE,
};

static const char short_options[] = "r:i:c:To:l:p:j:f:F:s:w:k:DqvVh";

static const struct option long_options[] = {
	{"read", required_argument, NULL, 'r'},
	{"interface", required_argument, NULL, 'i'},
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"test-config", no_argument, NULL, 'T'},
	{"dump-config", no_argument, NULL, OPT_DUMP_CONFIG},
	{"outdir", required_argument, NULL, 'o'},
	{"json", no_argument, NULL, OPT_JSON},
	{"plugins", required_argument, NULL, 'p'},
	{"list-plugins", no_argument, NULL, OPT_LIST_PLUGINS},
	{"list-builders", no_argument, NULL, OPT_LIST_PLUGINS},
	{"jobs", required_argument, NULL, 'j'},
	{"filter", required_argument, NULL, 'f'},
	{"filter-file", required_argument, NULL, 'F'},
	{"skip", required_argument, NULL, 's'},
	{"count", required_argument, NULL, OPT_COUNT},
	{"write", required_argument, NULL, 'w'},
	{"checksums", required_argument, NULL, 'k'},
	{"list-interfaces", no_argument, NULL, 'D'},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"color", optional_argument, NULL, OPT_COLOR},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"no-huge", no_argument, NULL, OPT_NO_HUGE},
	{NULL, 0, NULL, 0},
};

void app_print_help(FILE *out)
{
	fputs("pcap-analyzer: flows and events out of capture files and live traffic\n"
	      "\n"
	      "usage: pcap-analyzer [-r] FILE|DIR|- ...  [options] [-- EAL ARGS]\n"
	      "       pcap-analyzer -i IFACE|PCI|VDEV    [options] [-- EAL ARGS]\n"
	      "\n"
	      "Input\n"
	      "  -r, --read FILE          capture file (pcap, pcapng, compressed or not), folder, "
	      "or - for\n"
	      "                           standard input; several are one ordered stream\n"
	      "  -i, --interface NAME     kernel interface (AF_XDP), PCI address or vdev (DPDK); "
	      "may be repeated\n"
	      "  -D, --list-interfaces    list the interfaces usable here, and how\n"
	      "  -f, --filter BPF         only packets that match; -F, --filter-file FILE reads it "
	      "from a file\n"
	      "  -s, --skip N             skip the first N packets\n"
	      "      --count N            stop after N packets, skipped ones counted\n"
	      "  -k, --checksums none|all drop packets with a wrong checksum\n"
	      "\n"
	      "Output\n"
	      "  -o, --outdir DIR         where results go, made if absent (also -l); - is --json\n"
	      "      --json               records on standard output, no other results\n"
	      "  -w, --write FILE.pcapng  also write the packets\n"
	      "  -p, --plugins LIST       plugins to run, by name or part of it\n"
	      "      --list-plugins       list plugins, what they do and their keys (also "
	      "--list-builders)\n"
	      "\n"
	      "Running\n"
	      "  -j, --jobs N|auto        workers\n"
	      "  -c, --config FILE        configuration, see config/pal.ini\n"
	      "      --set SECTION.KEY=V  one key of it; may be repeated\n"
	      "  -T, --test-config        check the configuration and exit\n"
	      "      --dump-config        print the configuration in force and where each value "
	      "came from\n"
	      "      --no-huge            run without hugepages\n"
	      "      --strict             exit 4 if any packet was lost\n"
	      "  -q, --quiet   -v, --verbose (the whole ledger)   --progress   --color[=when]\n"
	      "  -V, --version   -h, --help\n"
	      "\n"
	      "Exit: 0 done; 1 done, but some input was damaged; 2 usage or configuration; 3 "
	      "environment;\n"
	      "      4 --strict and packets were lost.\n",
	      out);
}

void app_error(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr,
		"%spcap-analyzer:%s %s\n",
		app_colour(stderr, APP_RED),
		app_colour(stderr, APP_PLAIN),
		text);
}

static int usage(const char *fmt, const char *what)
{
	app_error(fmt, what);
	fputs("Try: pcap-analyzer --help\n", stderr);
	return pal_err(EINVAL);
}

static int parse_number(const char *option, const char *text, uint64_t *ret_value)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno != 0 || *end != '\0') {
		app_error("%s %s: must be a whole number", option, text);
		return pal_err(EINVAL);
	}
	*ret_value = v;
	return 0;
}

static int set(struct pal_conf *conf, const char *key, const char *value, const char *origin)
{
	char assignment[4096], err[PAL_CONF_ERR_LEN];

	snprintf(assignment, sizeof(assignment), "%s=%s", key, value);
	if (pal_conf_set(conf, assignment, origin, err) == 0)
		return 0;
	app_error("%s", err);
	return -EINVAL;
}

static int read_filter(struct app_args *args, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t size = 0;

	if (f == NULL) {
		app_error("-F %s: %s", path, strerror(errno));
		return pal_err(EINVAL);
	}
	free(args->filter);
	args->filter = NULL;
	if (getdelim(&args->filter, &size, '\0', f) < 0) {
		app_error("-F %s: is empty", path);
		fclose(f);
		return pal_err(EINVAL);
	}
	fclose(f);
	return 0;
}

static int set_outdir(struct app_args *args, struct pal_conf *conf, const char *dir)
{
	if (strcmp(dir, "-") == 0) {
		args->json = true;
		return 0;
	}
	return set(conf, "output.dir", dir, "-o");
}

static int set_colour(const char *when)
{
	if (when == NULL || strcmp(when, "always") == 0)
		app_colour_set(APP_COLOUR_ALWAYS);
	else if (strcmp(when, "never") == 0)
		app_colour_set(APP_COLOUR_NEVER);
	else if (strcmp(when, "auto") == 0)
		app_colour_set(APP_COLOUR_AUTO);
	else
		return usage("--color=%s: must be always, never or auto", when);
	return 0;
}

static int add_interface(struct app_args *args, const char *name)
{
	if (args->nb_interfaces == APP_MAX_INTERFACES)
		return usage("-i %s: too many interfaces", name);
	args->interfaces[args->nb_interfaces++] = name;
	return 0;
}

static int add_file(struct app_args *args, char *path)
{
	args->files[args->nb_files++] = path;
	return 0;
}

static int set_filter(struct app_args *args, const char *text)
{
	free(args->filter);
	args->filter = strdup(text);
	return args->filter == NULL ? pal_err(ENOMEM) : 0;
}

static int set_action(struct app_args *args, enum app_action action)
{
	args->action = action;
	return 0;
}

static int set_flag(bool *flag)
{
	*flag = true;
	return 0;
}

static int take_option(struct app_args *args, struct pal_conf *conf, int option)
{
	char err[PAL_CONF_ERR_LEN];

	switch (option) {
	case 'r':
		return add_file(args, optarg);
	case 'i':
		return add_interface(args, optarg);
	case 'c':
		return 0; // read before everything else
	case OPT_SET:
		if (pal_conf_set(conf, optarg, "--set", err) == 0)
			return 0;
		app_error("%s", err);
		return -EINVAL;
	case 'T':
		return set_action(args, APP_TEST_CONFIG);
	case OPT_DUMP_CONFIG:
		return set_action(args, APP_DUMP_CONFIG);
	case 'o':
	case 'l':
		return set_outdir(args, conf, optarg);
	case OPT_JSON:
		return set_flag(&args->json);
	case 'p':
		args->plugins = optarg;
		return 0;
	case OPT_LIST_PLUGINS:
		return set_action(args, APP_LIST_PLUGINS);
	case 'j':
		return set(
			conf, "threads.workers", strcmp(optarg, "auto") == 0 ? "0" : optarg, "-j"
		);
	case 'f':
		return set_filter(args, optarg);
	case 'F':
		return read_filter(args, optarg);
	case 's':
		return parse_number("-s", optarg, &args->skip_pkts);
	case OPT_COUNT:
		return parse_number("--count", optarg, &args->max_pkts);
	case 'w':
		args->write_path = optarg;
		return 0;
	case 'k':
		return set(conf, "decode.checksums", optarg, "-k");
	case 'D':
		return set_action(args, APP_LIST_INTERFACES);
	case 'q':
		return set_flag(&args->quiet);
	case 'v':
		return set_flag(&args->verbose);
	case 'V':
		return set_action(args, APP_VERSION);
	case 'h':
		return set_action(args, APP_HELP);
	case OPT_PROGRESS:
		return set_flag(&args->progress);
	case OPT_COLOR:
		return set_colour(optarg);
	case OPT_STRICT:
		return set_flag(&args->strict);
	case OPT_NO_HUGE:
		return set(conf, "eal.hugepages", "no", "--no-huge");
	default:
		fputs("Try: pcap-analyzer --help\n", stderr);
		return pal_err(EINVAL);
	}
}

// What is behind `--` is EAL's. Returns how many arguments come before it.
static int cut_eal_args(int argc, char **argv, struct app_args *args)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		args->eal_args = argv + i + 1;
		args->nb_eal_args = argc - i - 1;
		return i;
	}
	return argc;
}

// The file comes first, so that the rest of the command line wins over it wherever it stands.
static int load_config(int argc, char **argv, struct pal_conf *conf)
{
	char err[PAL_CONF_ERR_LEN];
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (option != 'c')
			continue;
		if (pal_conf_load(conf, optarg, err) < 0) {
			app_error("%s", err);
			return -EINVAL;
		}
	}
	return 0;
}

static int check(const struct app_args *args)
{
	if (args->action != APP_RUN)
		return 0;
	if (args->nb_files == 0 && args->nb_interfaces == 0)
		return usage("nothing to read: name a capture file, or an interface with -i%s", "");
	if (args->nb_files != 0 && args->nb_interfaces != 0)
		return usage(
			"files and interfaces (-i %s) do not go together", args->interfaces[0]
		);
	return 0;
}

int app_args_parse(int argc, char **argv, struct app_args *args, struct pal_conf *conf)
{
	int option, rc;

	*args = (struct app_args){0};
	args->files = calloc((size_t)argc + 1, sizeof(*args->files));
	if (args->files == NULL)
		return pal_err(ENOMEM);
	argc = cut_eal_args(argc, argv, args);
	rc = load_config(argc, argv, conf);
	if (rc < 0)
		return rc;
	opterr = 1;
	optind = 0; // GNU: start over
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		rc = take_option(args, conf, option);
		if (rc < 0)
			return rc;
	}
	while (optind < argc)
		add_file(args, argv[optind++]);
	return check(args);
}

void app_args_fini(struct app_args *args)
{
	free(args->files);
	free(args->filter);
}
