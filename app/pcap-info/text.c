/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report, in the look of capinfos.
 */
#include "info.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 21
#define INDENT "                     " /**< LABEL_WIDTH blanks. */

static void line(FILE *out, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// What a file says, and how it is called, goes to a terminal: no control characters.
static void put_safely(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '\n')
			fputs("\\n", out);
		else if (c < ' ' || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

static void line(FILE *out, const char *label, const char *fmt, ...)
{
	int n = fprintf(out, "%s:", label);
	char *text;
	va_list ap;
	int len;

	fprintf(out, "%*s", n < LABEL_WIDTH ? LABEL_WIDTH - n : 1, "");
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len >= 0) {
		put_safely(out, text, (size_t)len);
		free(text);
	}
	fputc('\n', out);
}

static void put_encapsulation(FILE *out, const struct info *info)
{
	int encapsulation = info_encapsulation(info);
	char text[INFO_TEXT_LEN];

	if (encapsulation == -2) {
		line(out, "File encapsulation", "not known");
		return;
	}
	if (encapsulation >= 0) {
		info_format_linktype(text, (uint16_t)encapsulation);
		line(out, "File encapsulation", "%s (%d)", text, encapsulation);
		return;
	}
	line(out, "File encapsulation", "Per packet");
	fputs("Encapsulation in use by packets (# of pkts):\n", out);
	for (int i = 0; i <= UINT16_MAX; i++) {
		if (info->linktypes[i] == 0)
			continue;
		info_format_linktype(text, (uint16_t)i);
		fprintf(out, INDENT "%s (%" PRIu64 ")\n", text, info->linktypes[i]);
	}
}

static void put_blocks(FILE *out, const struct info *info)
{
	uint64_t total = 0;

	if (info->file.format != PAL_SAVEFILE_PCAPNG)
		return;
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++)
		total += info->stats.blocks[kind];
	line(out, "Number of blocks", "%" PRIu64, total);
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++)
		if (info->stats.blocks[kind] != 0)
			fprintf(out,
				INDENT "%s (%" PRIu64 ")\n",
				pal_savefile_block_name((enum pal_savefile_block_kind)kind),
				info->stats.blocks[kind]);
}

static void put_snaplen(FILE *out, const struct info *info)
{
	const struct info_section *s = info->sections;

	if (info->file.format == PAL_SAVEFILE_PCAP && s->interfaces[0].as_read.snaplen != 0)
		line(out,
		     "Packet size limit",
		     "file hdr: %u bytes",
		     s->interfaces[0].as_read.snaplen);
	else
		line(out, "Packet size limit", "file hdr: (not set)");
	if (info->cut > 0 && info->cut_min == info->cut_max)
		line(out, "Packet size limit", "inferred: %u bytes", info->cut_min);
	else if (info->cut > 0)
		line(out,
		     "Packet size limit",
		     "inferred: %u bytes - %u bytes (range)",
		     info->cut_min,
		     info->cut_max);
}

static void put_size(FILE *out, const char *label, uint64_t bytes, bool exact)
{
	char text[INFO_TEXT_LEN];

	info_format_scaled(text, (double)bytes, "bytes", "B");
	if (exact)
		line(out, label, "%" PRIu64 " bytes", bytes);
	else
		line(out, label, "%s", text);
}

static void put_rate(
	FILE *out,
	const char *label,
	double amount,
	double seconds,
	const char *whole,
	const char *scaled,
	const char *exact_unit
)
{
	char text[INFO_TEXT_LEN];

	if (seconds <= 0) {
		line(out, label, "n/a");
	} else if (exact_unit != NULL) {
		line(out, label, "%.2f %s", amount / seconds, exact_unit);
	} else {
		info_format_scaled(text, amount / seconds, whole, scaled);
		line(out, label, "%s", text);
	}
}

static void put_times(FILE *out, const struct info *info, const struct info_conf *conf)
{
	struct info_duration d = info_duration_of(info);
	unsigned int digits = info_digits(info);
	const char *zone = conf->epoch ? "" : " UTC";
	char text[INFO_TEXT_LEN];

	if (info->timed == 0) {
		line(out, "Capture duration", "n/a");
		line(out, "First packet time", "n/a");
		line(out, "Last packet time", "n/a");
		return;
	}
	info_format_time(text, &(struct info_time){(int64_t)d.s, d.ns}, digits, true, ' ');
	line(out, "Capture duration", "%s seconds", text);
	info_format_time(text, &info->first, digits, conf->epoch, ' ');
	line(out, "First packet time", "%s%s", text, zone);
	info_format_time(text, &info->last, digits, conf->epoch, ' ');
	line(out, "Last packet time", "%s%s", text, zone);
}

// What came all at once has no rate.
static void put_rates(FILE *out, const struct info *info, bool exact)
{
	double seconds = info->timed == 0 ? 0 : info_duration_seconds(info);
	double bytes = (double)info->stats.wire_bytes, packets = (double)info->packets;

	put_rate(
		out, "Data byte rate", bytes, seconds, "bytes/s", "Bps", exact ? "bytes/sec" : NULL
	);
	put_rate(
		out, "Data bit rate", 8 * bytes, seconds, "bits/s", "bps", exact ? "bits/sec" : NULL
	);
	line(out, "Average packet size", "%.2f bytes", packets > 0 ? bytes / packets : 0);
	put_rate(
		out,
		"Average packet rate",
		packets,
		seconds,
		"packets/s",
		"packets/s",
		exact ? "packets/sec" : NULL
	);
}

// What is there only now and then is said only then.
static void put_count(FILE *out, const char *label, uint64_t count)
{
	if (count > 0)
		line(out, label, "%" PRIu64, count);
}

static void put_oddities(FILE *out, const struct info *info)
{
	put_count(out, "Packet comments", info->comments);
	put_count(out, "Packets dropped, as packets say", info->dropped);
	put_count(out, "Packets without a time", info->packets - info->timed);
	put_count(out, "Packets without bytes", info->stats.empty);
	put_count(out, "Packets longer than they were", info->stats.cap_over_wire);
	put_count(out, "Packets longer than the packet size limit", info->stats.cap_over_snaplen);
}

static void put_options(FILE *out, const struct info_options *options)
{
	struct info_option_iter it = info_options_of(options, PAL_SAVEFILE_BLOCK_SHB);
	struct info_option opt;

	while (info_option_next(&it, &opt)) {
		char label[INFO_TEXT_LEN];
		int n;

		snprintf(label, sizeof(label), "Option %u", opt.code);
		n = fprintf(out, "%s: ", opt.name != NULL ? opt.name : label);
		fprintf(out, "%*s", n < LABEL_WIDTH ? LABEL_WIDTH - n : 0, "");
		put_safely(out, opt.value, opt.value_len);
		fputc('\n', out);
		free(opt.value);
	}
}

static void put_interface_options(FILE *out, const struct info_options *options)
{
	struct info_option_iter it = info_options_of(options, PAL_SAVEFILE_BLOCK_IDB);
	struct info_option opt;

	while (info_option_next(&it, &opt)) {
		if (opt.name != NULL)
			fprintf(out, INDENT "%s = ", opt.name);
		else
			fprintf(out, INDENT "Option %u = ", opt.code);
		put_safely(out, opt.value, opt.value_len);
		fputc('\n', out);
		free(opt.value);
	}
}

static void put_statistics(FILE *out, const struct info_interface *i, const struct info_conf *conf)
{
	const struct info_statistics *st = &i->statistics;
	unsigned int digits = info_tsresol_digits(i->as_read.tsresol);
	char text[INFO_TEXT_LEN];

	fprintf(out, INDENT "Number of stat entries = %" PRIu64 "\n", st->entries);
	if (st->has_start) {
		info_format_time(text, &st->start, digits, conf->epoch, ' ');
		fprintf(out, INDENT "Capture start = %s%s\n", text, conf->epoch ? "" : " UTC");
	}
	if (st->has_end) {
		info_format_time(text, &st->end, digits, conf->epoch, ' ');
		fprintf(out, INDENT "Capture end = %s%s\n", text, conf->epoch ? "" : " UTC");
	}
	for (int c = 0; c < INFO_COUNTER_COUNT; c++)
		if (st->has_counter[c])
			fprintf(out,
				INDENT "%s = %" PRIu64 "\n",
				info_counter_name((enum info_counter)c),
				st->counters[c]);
}

static void put_interface(
	FILE *out,
	const struct info *info,
	const struct info_interface *i,
	uint32_t index,
	const struct info_conf *conf
)
{
	char text[INFO_TEXT_LEN];

	fprintf(out, "Interface #%u info:\n", index);
	info_format_linktype(text, i->as_read.linktype);
	fprintf(out, INDENT "Encapsulation = %s (%u)\n", text, i->as_read.linktype);
	fprintf(out, INDENT "Capture length = %u\n", i->as_read.snaplen);
	info_format_tsresol(text, i->as_read.tsresol);
	fprintf(out, INDENT "Time precision = %s\n", text);
	put_interface_options(out, &i->options);
	if (info->headers_only)
		return;
	put_statistics(out, i, conf);
	if (i->dropped > 0)
		fprintf(out, INDENT "Packets dropped, as packets say = %" PRIu64 "\n", i->dropped);
	fprintf(out, INDENT "Number of packets = %" PRIu64 "\n", i->packets);
}

static void
put_section(FILE *out, const struct info *info, uint32_t index, const struct info_conf *conf)
{
	const struct info_section *s = &info->sections[index];
	const uint64_t *blocks = s->blocks;

	if (info->nb_all_sections > 1)
		fprintf(out, "Section #%u info:\n", index);
	line(out, "Byte order", "%s", s->big_endian ? "big endian" : "little endian");
	line(out, "Format version", "%u.%u", s->version_major, s->version_minor);
	if (s->length >= 0)
		line(out, "Section length", "%" PRId64 " bytes", s->length);
	put_options(out, &s->options);
	if (info->file.format == PAL_SAVEFILE_PCAP)
		return;
	put_count(out, "Resolved IPv4 addresses", s->names_ipv4);
	put_count(out, "Resolved IPv6 addresses", s->names_ipv6);
	put_count(out, "Other name records", s->names_other);
	put_count(out, "Blocks of names not looked into", s->names_skipped);
	put_count(out, "Decryption secrets blocks", blocks[PAL_SAVEFILE_BLOCK_DSB]);
	put_count(
		out, "Custom blocks", blocks[PAL_SAVEFILE_BLOCK_CB] + blocks[PAL_SAVEFILE_BLOCK_DCB]
	);
	put_count(out, "Journal blocks", blocks[PAL_SAVEFILE_BLOCK_SJE]);
	put_count(out, "Unknown blocks", blocks[PAL_SAVEFILE_BLOCK_OTHER]);
	fprintf(out,
		"Number of interfaces in %s: %u\n",
		info->nb_all_sections > 1 ? "section" : "file",
		s->nb_all_interfaces);
	for (uint32_t i = 0; i < s->nb_interfaces; i++)
		put_interface(out, info, &s->interfaces[i], i, conf);
	if (s->nb_all_interfaces > s->nb_interfaces)
		fprintf(out, "... and %u more interfaces\n", s->nb_all_interfaces - s->nb_interfaces
		);
}

static void put_secrets(FILE *out, const struct info *info)
{
	for (unsigned int i = 0; i < info->nb_secrets; i++) {
		const struct info_secrets *s = &info->secrets[i];
		const char *name = info_secrets_name(s->type);

		line(out,
		     "Decryption secrets",
		     "%s (0x%08x), %" PRIu64 " blocks, %" PRIu64 " bytes",
		     name != NULL ? name : "unknown",
		     s->type,
		     s->blocks,
		     s->bytes);
	}
}

static void put_contents(FILE *out, const struct info *info, const struct info_conf *conf)
{
	line(out, "Number of packets", "%" PRIu64, info->packets);
	put_blocks(out, info);
	put_size(out, "File size", info->size_bytes, conf->exact);
	if (info->file.compression != NULL)
		put_size(out, "Uncompressed size", info->uncompressed_bytes, conf->exact);
	put_size(out, "Data size", info->stats.wire_bytes, conf->exact);
	put_size(out, "Captured size", info->stats.cap_bytes, conf->exact);
	put_times(out, info, conf);
	put_rates(out, info, conf->exact);
	for (int h = 0; h < INFO_HASH_COUNT; h++)
		if (info->hash[h][0] != '\0')
			line(out, info_hash_name((enum info_hash)h), "%s", info->hash[h]);
	line(out, "Strict time order", "%s", info_order(info));
	put_oddities(out, info);
	put_secrets(out, info);
}

static void put_precision(FILE *out, const struct info *info)
{
	char text[INFO_TEXT_LEN];

	if (info->mixed_precision)
		fputs("File timestamp precision:  per-packet (-1)\n", out);
	else if (info->nb_sections > 0 && info->sections[0].nb_interfaces > 0) {
		info_format_tsresol(
			text,
			info->packets > 0 ? info->tsresol
					  : info->sections[0].interfaces[0].as_read.tsresol
		);
		fprintf(out, "File timestamp precision:  %s\n", text);
	}
}

void info_print_text(FILE *out, const struct info *info, const struct info_conf *conf)
{
	line(out, "File name", "%s", info->path);
	if (info->unreadable) {
		line(out, "File damage", "%s", info->error);
		return;
	}
	line(out, "File type", "%s", info_type_name(info));
	if (info->file.compression != NULL)
		line(out, "File compression", "%s", info->file.compression);
	put_encapsulation(out, info);
	put_precision(out, info);
	put_snaplen(out, info);
	if (!conf->headers_only)
		put_contents(out, info, conf);
	else
		put_size(out, "File size", info->size_bytes, conf->exact);
	if (info->error[0] != '\0')
		line(out, "File damage", "%s", info->error);
	for (uint32_t s = 0; s < info->nb_sections; s++)
		put_section(out, info, s, conf);
	if (info->nb_all_sections > info->nb_sections)
		fprintf(out,
			"... and %" PRIu64 " more sections\n",
			info->nb_all_sections - info->nb_sections);
}
