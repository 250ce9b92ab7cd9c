/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line for each file, columns separated by tabs; numbers are exact.
 */
#include "info.h"

#include <inttypes.h>
#include <string.h>

static const char *const columns[] = {
	"File name",
	"File type",
	"File compression",
	"File encapsulation",
	"Number of packets",
	"File size (bytes)",
	"Data size (bytes)",
	"Captured size (bytes)",
	"Capture duration (seconds)",
	"Start time",
	"End time",
	"Data byte rate (bytes/sec)",
	"Data bit rate (bits/sec)",
	"Average packet size (bytes)",
	"Average packet rate (packets/sec)",
	"Strict time order",
	"Number of interfaces",
	"File damage",
};

#define NB_COLUMNS (sizeof(columns) / sizeof(columns[0]))

void info_print_table_head(FILE *out, const struct info_conf *conf)
{
	for (size_t i = 0; i < NB_COLUMNS; i++)
		fprintf(out, "%s%s", i == 0 ? "" : "\t", columns[i]);
	for (int h = 0; h < INFO_HASH_COUNT; h++)
		if (conf->hash[h])
			fprintf(out, "\t%s", info_hash_name((enum info_hash)h));
	fputc('\n', out);
}

// A tab or newline in a name would make columns or lines.
static void put_plain(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((uint8_t)*text < ' ' ? '?' : *text, out);
}

static void put_text(FILE *out, const char *text)
{
	fputc('\t', out);
	put_plain(out, text);
}

static void put_times(FILE *out, const struct info *info, bool epoch)
{
	struct info_duration d = info_duration_of(info);
	unsigned int digits = info_digits(info);
	char text[INFO_TEXT_LEN];

	if (info->timed == 0) {
		fputs("\tn/a\tn/a\tn/a", out);
		return;
	}
	info_format_time(text, &(struct info_time){(int64_t)d.s, d.ns}, digits, true, ' ');
	put_text(out, text);
	info_format_time(text, &info->first, digits, epoch, ' ');
	put_text(out, text);
	info_format_time(text, &info->last, digits, epoch, ' ');
	put_text(out, text);
}

static void put_quotient(FILE *out, double a, double b)
{
	if (b > 0)
		fprintf(out, "\t%.2f", a / b);
	else
		fputs("\tn/a", out);
}

static void put_encapsulation(FILE *out, const struct info *info)
{
	int encapsulation = info_encapsulation(info);
	char text[INFO_TEXT_LEN];

	if (encapsulation >= 0)
		info_format_linktype(text, (uint16_t)encapsulation);
	put_text(out, encapsulation == -1 ? "Per packet" : encapsulation == -2 ? "n/a" : text);
}

static void put_contents(FILE *out, const struct info *info, const struct info_conf *conf)
{
	double seconds = info->timed == 0 ? 0 : info_duration_seconds(info);
	double bytes = (double)info->stats.wire_bytes, packets = (double)info->packets;

	fprintf(out, "\t%" PRIu64, info->packets);
	fprintf(out, "\t%" PRIu64, info->size_bytes);
	fprintf(out, "\t%" PRIu64, info->stats.wire_bytes);
	fprintf(out, "\t%" PRIu64, info->stats.cap_bytes);
	put_times(out, info, conf->epoch);
	put_quotient(out, bytes, seconds);
	put_quotient(out, 8 * bytes, seconds);
	put_quotient(out, bytes, packets);
	put_quotient(out, packets, seconds);
	put_text(out, info_order(info));
	fprintf(out, "\t%" PRIu64, info->nb_all_interfaces);
}

void info_print_table(FILE *out, const struct info *info, const struct info_conf *conf)
{
	put_plain(out, info->path);
	put_text(out, info->unreadable ? "n/a" : info_type_name(info));
	put_text(out, info->file.compression != NULL ? info->file.compression : "none");
	put_encapsulation(out, info);
	put_contents(out, info, conf);
	put_text(out, info->error);
	for (int h = 0; h < INFO_HASH_COUNT; h++)
		if (conf->hash[h])
			put_text(out, info->hash[h]);
	fputc('\n', out);
}
