/* SPDX-License-Identifier: BSD-3-Clause */
#include "args.h"

#include "cryptopan.h"
#include "link.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum long_option {
	OPT_PACKETS = 256,
	OPT_COMMUNITY_ID,
	OPT_SAMPLE,
	OPT_DEDUP,
	OPT_ONE_PASS,
	OPT_MACS,
	OPT_STRIP_VLANS,
	OPT_STRIP_PAYLOAD,
	OPT_DECAP,
	OPT_ANONYMISE,
	OPT_STRICT,
	OPT_JSON,
};

static const char short_options[] = "f:A:B:F:o:T:s:t:b:nqVh";

static const struct option long_options[] = {
	{"filter", required_argument, NULL, 'f'},
	{"from", required_argument, NULL, 'A'},
	{"until", required_argument, NULL, 'B'},
	{"packets", required_argument, NULL, OPT_PACKETS},
	{"community-id", required_argument, NULL, OPT_COMMUNITY_ID},
	{"sample", required_argument, NULL, OPT_SAMPLE},
	{"dedup", required_argument, NULL, OPT_DEDUP},
	{"one-pass", no_argument, NULL, OPT_ONE_PASS},
	{"format", required_argument, NULL, 'F'},
	{"link-type", required_argument, NULL, 'T'},
	{"macs", required_argument, NULL, OPT_MACS},
	{"decap", no_argument, NULL, OPT_DECAP},
	{"strip-vlans", no_argument, NULL, OPT_STRIP_VLANS},
	{"snap", required_argument, NULL, 's'},
	{"strip-payload", no_argument, NULL, OPT_STRIP_PAYLOAD},
	{"anonymise", required_argument, NULL, OPT_ANONYMISE},
	{"shift", required_argument, NULL, 't'},
	{"split", required_argument, NULL, 'b'},
	{"dry-run", no_argument, NULL, 'n'},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"json", no_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

void rw_print_help(FILE *out)
{
	fputs("pcap-rewrite: capture files in, capture files out\n"
	      "\n"
	      "usage: pcap-rewrite [options] IN ... OUT\n"
	      "\n"
	      "Several inputs are merged by time; - is standard input or output. OUT may be one of "
	      "the\n"
	      "inputs: it is replaced when all is written.\n"
	      "\n"
	      "Filters: all must want a packet; they may be repeated\n"
	      "  -f, --filter FILTER     IP:[!]ADDR, Source:[!]ADDR (ADDR may be a network),\n"
	      "                          Dispatch:KEY%ACTION%FILE, Fragmentation:KEY%ACTION (KEY: "
	      "si, "
	      "di, sdi,\n"
	      "                          sipdp, sdipsdp; ACTION: keep, drop), or a BPF expression\n"
	      "  -A, --from TIME         at this time or after; seconds since 1970, or a date\n"
	      "  -B, --until TIME        before this time\n"
	      "      --packets RANGES    by number: 7,10-20,30- (! in front: all others)\n"
	      "      --community-id IDS  1:ID,1:ID or a file of them (! in front: all others)\n"
	      "      --sample N          one flow of N\n"
	      "      --dedup N|SECONDSs  no packet that was among the N before, or came so long "
	      "ago\n"
	      "      --one-pass          do not read twice for fragments that come before their "
	      "first\n"
	      "\n"
	      "Changes\n"
	      "  -F, --format FORMAT     pcap, usecpcap, nsecpcap or pcapng (also -o); as OUT is "
	      "called, or\n"
	      "                          as the first input is\n"
	      "  -T, --link-type TYPE    ether or rawip\n"
	      "      --macs DST,SRC      addresses of Ethernet headers that are made\n"
	      "      --decap             take packets out of tunnels\n"
	      "      --strip-vlans       take VLAN tags out of Ethernet frames\n"
	      "  -s, --snap LENGTH       cut packets to this length\n"
	      "      --strip-payload     cut them behind their transport headers\n"
	      "      --anonymise KEYFILE replace addresses, prefixes preserved (Crypto-PAn)\n"
	      "  -t, --shift SECONDS     add to times\n"
	      "\n"
	      "Output\n"
	      "  -b, --split HOW         several files: flow:N, or packets:N, filesize:KB, "
	      "duration:S, interval:S\n"
	      "  -n, --dry-run           only tell what would be written\n"
	      "      --strict            write nothing and exit 4 if anything were lost\n"
	      "      --json              summary as JSON\n"
	      "  -q, --quiet   -V, --version   -h, --help\n"
	      "\n"
	      "Exit: 0 done; 1 done, but some input was damaged; 2 usage; 3 output cannot be "
	      "written;\n"
	      "      4 --strict and something would be lost.\n",
	      out);
}

static int usage(const char *fmt, const char *what)
{
	rw_error(fmt, what);
	fputs("Try: pcap-rewrite --help\n", stderr);
	return pal_err(EINVAL);
}

static int set_format(struct rw_args *args, const char *text)
{
	static const struct {
		const char *name;
		enum pal_savefile_write_format format;
	} formats[] = {
		{"pcap", PAL_SAVEFILE_WRITE_PCAP},
		{"usecpcap", PAL_SAVEFILE_WRITE_PCAP_US},
		{"nsecpcap", PAL_SAVEFILE_WRITE_PCAP_NS},
		{"pcapng", PAL_SAVEFILE_WRITE_PCAPNG},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, text) != 0)
			continue;
		args->output.format = formats[i].format;
		return 0;
	}
	return usage("-F %s: must be pcap, usecpcap, nsecpcap or pcapng", text);
}

static int set_linktype(struct rw_convert_conf *conf, const char *text)
{
	static const struct {
		const char *name;
		uint16_t linktype;
	} names[] = {
		{"ether", RW_LINKTYPE_ETHERNET},
		{"en10mb", RW_LINKTYPE_ETHERNET},
		{"1", RW_LINKTYPE_ETHERNET},
		{"rawip", RW_LINKTYPE_RAW},
		{"raw", RW_LINKTYPE_RAW},
		{"101", RW_LINKTYPE_RAW},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i].name, text) != 0)
			continue;
		conf->linktype = names[i].linktype;
		return 0;
	}
	return usage("-T %s: packets can be converted to ether and to rawip only", text);
}

static int set_macs(struct rw_convert_conf *conf, const char *text)
{
	char dst[32];
	size_t len = strcspn(text, ",");

	if (text[len] == '\0' || len >= sizeof(dst))
		return usage("--macs %s: must be two addresses, DST,SRC", text);
	memcpy(dst, text, len);
	dst[len] = '\0';
	if (rw_parse_mac(dst, conf->macs) < 0 || rw_parse_mac(text + len + 1, conf->macs + 6) < 0)
		return usage("--macs %s: must be two addresses, as 02:00:00:00:00:01", text);
	conf->has_macs = true;
	return 0;
}

static int set_snaplen(struct rw_convert_conf *conf, const char *text)
{
	uint64_t v;

	if (rw_parse_number(text, INT32_MAX, &v) < 0 || v == 0)
		return usage("-s %s: must be a number of bytes", text);
	conf->snaplen = (uint32_t)v;
	return 0;
}

static int set_shift(struct rw_convert_conf *conf, const char *text)
{
	if (rw_parse_seconds(text, &conf->shift_ns) < 0)
		return usage("-t %s: must be seconds, as 3600 or -0.25", text);
	return 0;
}

static int set_key(struct rw_args *args, const char *path)
{
	rw_cryptopan_destroy(args->cryptopan);
	args->cryptopan = rw_cryptopan_load(path);
	args->output.convert.cryptopan = args->cryptopan;
	return args->cryptopan == NULL ? -EINVAL : 0;
}

static int set_flag(bool *flag)
{
	*flag = true;
	return 0;
}

static int set_action(struct rw_args *args, enum rw_action action)
{
	args->action = action;
	return 0;
}

static int take_option(struct rw_args *args, struct rw_filters *filters, int option)
{
	struct rw_convert_conf *convert = &args->output.convert;

	switch (option) {
	case 'f':
		return rw_filters_add(filters, optarg);
	case 'A':
		return rw_filters_add_ops(filters, &rw_filter_from, optarg);
	case 'B':
		return rw_filters_add_ops(filters, &rw_filter_until, optarg);
	case OPT_PACKETS:
		return rw_filters_add_ops(filters, &rw_filter_packets, optarg);
	case OPT_COMMUNITY_ID:
		return rw_filters_add_ops(filters, &rw_filter_community_id, optarg);
	case OPT_SAMPLE:
		return rw_filters_add_ops(filters, &rw_filter_sample, optarg);
	case OPT_DEDUP:
		return rw_filters_add_ops(filters, &rw_filter_dedup, optarg);
	case OPT_ONE_PASS:
		return set_flag(&args->one_pass);
	case 'F':
	case 'o':
		return set_format(args, optarg);
	case 'T':
		return set_linktype(convert, optarg);
	case OPT_MACS:
		return set_macs(convert, optarg);
	case OPT_DECAP:
		return set_flag(&convert->decap);
	case OPT_STRIP_VLANS:
		return set_flag(&convert->strip_vlans);
	case 's':
		return set_snaplen(convert, optarg);
	case OPT_STRIP_PAYLOAD:
		return set_flag(&convert->strip_payload);
	case OPT_ANONYMISE:
		return set_key(args, optarg);
	case 't':
		return set_shift(convert, optarg);
	case 'b':
		return rw_split_add(&args->output.split, optarg);
	case 'n':
		return set_flag(&args->output.dry_run);
	case OPT_STRICT:
		return set_flag(&args->strict);
	case OPT_JSON:
		return set_flag(&args->json);
	case 'q':
		return set_flag(&args->quiet);
	case 'V':
		return set_action(args, RW_ACTION_VERSION);
	case 'h':
		return set_action(args, RW_ACTION_HELP);
	default:
		fputs("Try: pcap-rewrite --help\n", stderr);
		return pal_err(EINVAL);
	}
}

static int take_files(struct rw_args *args, char **files, unsigned int nb)
{
	unsigned int nb_stdin = 0;

	if (nb < 2)
		return usage(
			"%s",
			nb == 0 ? "names of input and output are missing"
				: "the name of the output is missing"
		);
	args->inputs = files;
	args->nb_inputs = nb - 1;
	args->output.path = files[nb - 1];
	args->output.nb_inputs = nb - 1;
	for (unsigned int i = 0; i < args->nb_inputs; i++)
		nb_stdin += strcmp(files[i], "-") == 0;
	if (nb_stdin > 1)
		return usage("%s can be read once", "standard input");
	if (strcmp(args->output.path, "-") == 0 && rw_split_works(&args->output.split))
		return usage("%s cannot be split", "standard output");
	return 0;
}

static int check(const struct rw_args *args, const struct rw_select *sel)
{
	const char *path;

	if ((sel->filters.wants & RW_WANT_LOOK) == 0)
		return 0;
	if (args->one_pass)
		return usage("-f %s takes two passes, not --one-pass", "Fragmentation");
	if (!rw_inputs_rewindable(args->inputs, args->nb_inputs, &path))
		return usage(
			"-f Fragmentation reads its input twice, which cannot be done with %s",
			strcmp(path, "-") == 0 ? "standard input" : path
		);
	return 0;
}

int rw_args_parse(int argc, char **argv, struct rw_args *args, struct rw_select *sel)
{
	int option, rc;

	*args = (struct rw_args){0};
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		rc = take_option(args, &sel->filters, option);
		if (rc < 0)
			return rc;
	}
	if (args->action != RW_ACTION_RUN)
		return 0;
	rc = take_files(args, argv + optind, (unsigned int)(argc - optind));
	return rc < 0 ? rc : check(args, sel);
}

void rw_args_fini(struct rw_args *args)
{
	rw_cryptopan_destroy(args->cryptopan);
}
