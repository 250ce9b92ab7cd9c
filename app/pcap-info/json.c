/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An object a file, a line each. Numbers are exact, times are text: JSON readers round what has so many digits.
 */
#include "info.h"

#include <pal_err.h>
#include <pal_json.h>
#include <pal_time.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define FIRST_BYTES (64 * 1024) /**< Doubled until the object fits. */
#define MAX_INTERVALS 600

/* A value that is not a string or a counter. */
static void put_number(struct pal_json *j, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put_number(struct pal_json *j, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pal_json_put_raw(j, text, (size_t)n);
}

#define json_number(j, key, ...)                                                                   \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), put_number(j, __VA_ARGS__))
#define json_null(j, key) json_number(j, key, "null")

static void put_time(struct pal_json *j, const struct info_time *t, unsigned int digits, bool epoch)
{
	char text[INFO_TEXT_LEN];

	info_format_time(text, t, digits, epoch, 'T');
	pal_json_put_char(j, '"');
	pal_json_put_raw(j, text, strlen(text));
	pal_json_put_raw(j, epoch ? "\"" : "Z\"", epoch ? 1 : 2);
}

#define json_time(j, key, t, digits, epoch)                                                        \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), put_time(j, t, digits, epoch))

static void put_linktype(struct pal_json *j, uint16_t linktype)
{
	const char *name = pal_savefile_linktype_name(linktype);
	const char *description = pal_savefile_linktype_description(linktype);

	pal_json_u64(j, "linktype", linktype);
	if (name != NULL)
		pal_json_str(j, "linktype_name", name);
	if (description != NULL)
		pal_json_str(j, "encapsulation", description);
}

static void put_options(
	struct pal_json *j,
	const struct info_options *options,
	enum pal_savefile_block_kind kind
)
{
	struct info_option_iter it = info_options_of(options, kind);
	struct info_option opt;

	pal_json_open(j, "options", '[');
	while (info_option_next(&it, &opt)) {
		pal_json_open_obj(j);
		pal_json_u64(j, "code", opt.code);
		if (opt.key != NULL)
			pal_json_str(j, "name", opt.key);
		if (opt.is_number)
			json_number(j, "value", "%s", opt.value);
		else
			pal_json_strn(j, "value", opt.value, opt.value_len);
		pal_json_close(j, '}');
		free(opt.value);
	}
	pal_json_close(j, ']');
}

static void put_blocks(struct pal_json *j, const uint64_t *blocks)
{
	pal_json_open(j, "blocks", '{');
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++) {
		if (blocks[kind] == 0)
			continue;
		pal_json_key_str(j, pal_savefile_block_name((enum pal_savefile_block_kind)kind));
		pal_json_put_u64(j, blocks[kind]);
	}
	pal_json_close(j, '}');
}

static void put_statistics(struct pal_json *j, const struct info_interface *i)
{
	const struct info_statistics *st = &i->statistics;
	unsigned int digits = info_tsresol_digits(i->as_read.tsresol);

	pal_json_open(j, "statistics", '{');
	pal_json_u64(j, "entries", st->entries);
	if (st->has_start)
		json_time(j, "start", &st->start, digits, false);
	if (st->has_end)
		json_time(j, "end", &st->end, digits, false);
	for (int c = 0; c < INFO_COUNTER_COUNT; c++) {
		if (!st->has_counter[c])
			continue;
		pal_json_key_str(j, info_counter_key((enum info_counter)c));
		pal_json_put_u64(j, st->counters[c]);
	}
	pal_json_close(j, '}');
}

static void
put_interface(struct pal_json *j, const struct info *info, const struct info_interface *i)
{
	pal_json_open_obj(j);
	put_linktype(j, i->as_read.linktype);
	pal_json_u64(j, "snaplen", i->as_read.snaplen);
	pal_json_u64(j, "tsresol", i->as_read.tsresol);
	json_number(j, "tsoffset", "%" PRId64, i->as_read.tsoffset_s);
	pal_json_u64(j, "fcs_bytes", i->as_read.fcs_len);
	if (!info->headers_only) {
		pal_json_u64(j, "packets", i->packets);
		pal_json_u64(j, "captured_bytes", i->cap_bytes);
		pal_json_u64(j, "data_bytes", i->wire_bytes);
		pal_json_u64(j, "packet_drops", i->dropped);
		put_statistics(j, i);
	}
	put_options(j, &i->options, PAL_SAVEFILE_BLOCK_IDB);
	pal_json_close(j, '}');
}

static void put_section(struct pal_json *j, const struct info *info, const struct info_section *s)
{
	pal_json_open_obj(j);
	pal_json_str(j, "byte_order", s->big_endian ? "big" : "little");
	pal_json_put_key(j, PAL_JSON_KEY("version"));
	put_number(j, "\"%u.%u\"", s->version_major, s->version_minor);
	if (info->file.format == PAL_SAVEFILE_PCAPNG) {
		json_number(j, "length", "%" PRId64, s->length);
		put_blocks(j, s->blocks);
		pal_json_open(j, "names", '{');
		pal_json_u64(j, "ipv4", s->names_ipv4);
		pal_json_u64(j, "ipv6", s->names_ipv6);
		pal_json_u64(j, "other", s->names_other);
		pal_json_u64(j, "blocks_skipped", s->names_skipped);
		pal_json_close(j, '}');
		put_options(j, &s->options, PAL_SAVEFILE_BLOCK_SHB);
	}
	pal_json_u64(j, "nb_interfaces", s->nb_all_interfaces);
	pal_json_open(j, "interfaces", '[');
	for (uint32_t i = 0; i < s->nb_interfaces; i++)
		put_interface(j, info, &s->interfaces[i]);
	pal_json_close(j, ']');
	pal_json_close(j, '}');
}

static void put_times(struct pal_json *j, const struct info *info)
{
	unsigned int digits = info_digits(info);
	struct info_duration d = info_duration_of(info);

	if (info->timed == 0) {
		json_null(j, "duration");
		return;
	}
	json_time(j, "duration", (&(struct info_time){(int64_t)d.s, d.ns}), digits, true);
	json_time(j, "first_time", &info->first, digits, false);
	json_time(j, "last_time", &info->last, digits, false);
	json_time(j, "first_epoch", &info->first, digits, true);
	json_time(j, "last_epoch", &info->last, digits, true);
	pal_json_bool(j, "strict_time_order", !info->unordered);
}

static void put_rates(struct pal_json *j, const struct info *info)
{
	double seconds = info->timed == 0 ? 0 : info_duration_seconds(info);
	double bytes = (double)info->stats.wire_bytes, packets = (double)info->packets;

	if (info->packets > 0)
		json_number(j, "average_packet_size", "%.2f", bytes / packets);
	if (seconds <= 0)
		return;
	json_number(j, "data_byte_rate", "%.2f", bytes / seconds);
	json_number(j, "data_bit_rate", "%.2f", 8 * bytes / seconds);
	json_number(j, "packet_rate", "%.2f", packets / seconds);
}

static void put_encapsulations(struct pal_json *j, const struct info *info)
{
	pal_json_open(j, "encapsulations", '[');
	for (int i = 0; i <= UINT16_MAX; i++) {
		if (info->linktypes[i] == 0)
			continue;
		pal_json_open_obj(j);
		put_linktype(j, (uint16_t)i);
		pal_json_u64(j, "packets", info->linktypes[i]);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

static void put_secrets(struct pal_json *j, const struct info *info)
{
	pal_json_open(j, "secrets", '[');
	for (unsigned int i = 0; i < info->nb_secrets; i++) {
		const char *name = info_secrets_name(info->secrets[i].type);

		pal_json_open_obj(j);
		pal_json_u64(j, "type", info->secrets[i].type);
		if (name != NULL)
			pal_json_str(j, "name", name);
		pal_json_u64(j, "blocks", info->secrets[i].blocks);
		pal_json_u64(j, "bytes", info->secrets[i].bytes);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

static void put_sizes(struct pal_json *j, const struct info *info)
{
	pal_json_open(j, "packet_sizes", '[');
	for (unsigned int i = 0; i < INFO_NB_SIZES; i++) {
		uint32_t from, to;

		info_size_bounds(i, &from, &to);
		pal_json_open_obj(j);
		pal_json_u64(j, "from", from);
		if (to == UINT32_MAX)
			json_null(j, "to");
		else
			pal_json_u64(j, "to", to);
		pal_json_u64(j, "packets", info->sizes[i].packets);
		pal_json_u64(j, "bytes", info->sizes[i].bytes);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

static void put_line(struct pal_json *j, const struct info *info, const struct info_rows *rows)
{
	const struct info_time start = {
		(int64_t)(rows->start_ns / PAL_NS_PER_S),
		(uint32_t)(rows->start_ns % PAL_NS_PER_S)};

	pal_json_open(j, "time_line", '{');
	if (rows->nb_rows > 0) {
		json_time(j, "start", &start, 9, false);
		pal_json_u64(j, "interval_ns", rows->width_ns);
	}
	pal_json_u64(j, "packets_outside", info->line.outside);
	pal_json_open(j, "packets", '[');
	for (uint32_t i = 0; i < rows->nb_rows; i++)
		pal_json_elem_u64(j, rows->rows[i].packets);
	pal_json_close(j, ']');
	pal_json_open(j, "bytes", '[');
	for (uint32_t i = 0; i < rows->nb_rows; i++)
		pal_json_elem_u64(j, rows->rows[i].bytes);
	pal_json_close(j, ']');
	pal_json_close(j, '}');
}

static void put_contents(struct pal_json *j, const struct info *info, const struct info_rows *rows)
{
	pal_json_u64(j, "packets", info->packets);
	if (info->file.format == PAL_SAVEFILE_PCAPNG)
		put_blocks(j, info->stats.blocks);
	pal_json_u64(j, "uncompressed_size", info->uncompressed_bytes);
	pal_json_u64(j, "data_bytes", info->stats.wire_bytes);
	pal_json_u64(j, "captured_bytes", info->stats.cap_bytes);
	put_times(j, info);
	put_rates(j, info);
	put_encapsulations(j, info);
	pal_json_open(j, "cut_packets", '{');
	pal_json_u64(j, "packets", info->cut);
	if (info->cut > 0) {
		pal_json_u64(j, "min_bytes", info->cut_min);
		pal_json_u64(j, "max_bytes", info->cut_max);
	}
	pal_json_close(j, '}');
	pal_json_u64(j, "packet_comments", info->comments);
	pal_json_u64(j, "packet_drops", info->dropped);
	pal_json_u64(j, "packets_without_time", info->packets - info->timed);
	pal_json_u64(j, "packets_without_bytes", info->stats.empty);
	pal_json_u64(j, "packets_over_length", info->stats.cap_over_wire);
	pal_json_u64(j, "packets_over_snaplen", info->stats.cap_over_snaplen);
	put_secrets(j, info);
	put_sizes(j, info);
	put_line(j, info, rows);
}

static void put_hashes(struct pal_json *j, const struct info *info)
{
	static const char *const keys[INFO_HASH_COUNT] = {"sha256", "sha1", "blake2s256"};

	for (int h = 0; h < INFO_HASH_COUNT; h++) {
		if (info->hash[h][0] == '\0')
			continue;
		pal_json_key_str(j, keys[h]);
		pal_json_put_str(j, info->hash[h], strlen(info->hash[h]));
	}
}

static void put_info(struct pal_json *j, const struct info *info, const struct info_rows *rows)
{
	pal_json_open_obj(j);
	pal_json_str(j, "file", info->path);
	pal_json_str(
		j,
		"status",
		info->unreadable	 ? "unreadable"
		: info->error[0] != '\0' ? "damaged"
					 : "ok"
	);
	if (info->error[0] != '\0')
		pal_json_str(j, "error", info->error);
	pal_json_u64(j, "size", info->size_bytes);
	put_hashes(j, info);
	if (!info->unreadable) {
		pal_json_str(j, "type", info_type_name(info));
		if (info->file.compression != NULL)
			pal_json_str(j, "compression", info->file.compression);
		else
			json_null(j, "compression");
		if (!info->headers_only)
			put_contents(j, info, rows);
		pal_json_u64(j, "nb_sections", info->nb_all_sections);
		pal_json_open(j, "sections", '[');
		for (uint32_t s = 0; s < info->nb_sections; s++)
			put_section(j, info, &info->sections[s]);
		pal_json_close(j, ']');
	}
	pal_json_close(j, '}');
	pal_json_put_char(j, '\n');
}

int info_print_json(FILE *out, const struct info *info)
{
	struct info_rows rows;
	int rc = info_rows_of(info, MAX_INTERVALS, &rows);
	bool fits = false;

	for (size_t room = FIRST_BYTES; rc == 0 && !fits; room *= 2) {
		char *text = malloc(room);
		struct pal_json j;

		if (text == NULL) {
			rc = pal_err(ENOMEM);
			break;
		}
		j = pal_json_of(text, room);
		put_info(&j, info, &rows);
		fits = !j.overflow;
		if (fits)
			fwrite(text, 1, pal_json_len(&j), out);
		free(text);
	}
	free(rows.rows);
	return rc;
}
