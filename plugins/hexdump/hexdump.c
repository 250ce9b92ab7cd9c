/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Frames as people read them, to a file or to the terminal:
 *
 *      #3 2024-03-01T12:00:00.000001+0000 some.pcap 60 bytes
 *      0000  02 00 00 00 00 02 02 00  00 00 00 01 08 00 45 00  |..............E.|
 *
 * All that match a filter, up to a limit, each up to a number of bytes. Each lcore that receives frames has a limit of its
 * own; offline there is one.
 */
#include <pal_filter.h>
#include <pal_plugin.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PER_LINE 16
#define LINE_LEN 80 // of a line of the dump, its end included
#define HEAD_LEN 128 // of the line above it, the name of the input not included
// What goes into one record, with room to spare.
#define MAX_BYTES 16384

struct settings {
	struct pal_filter *filter; // NULL: all frames
	uint64_t limit, bytes;
	int sink;
};

struct state {
	const struct settings *settings;
	struct pal_out *out;
	struct pal_time_cache time_cache;
	uint64_t nb_frames;
};

static const struct pal_plugin_key keys[] = {
	{"filter", "", "frames to show, as of -f; empty: all"},
	{"limit", "0", "frames to show; 0: all"},
	{"bytes", "0", "bytes of each frame; 0: all, up to 16384"},
	{"file", "hexdump.txt", "where to: a file among the results; - for the terminal"},
	{.name = NULL},
};

static int read_filter(struct pal_plugin_host *host, struct settings *s)
{
	const char *text = pal_plugin_conf_str(host, "filter");
	char err[PAL_FILTER_ERR_LEN];

	if (text == NULL || *text == '\0')
		return 0;
	s->filter = pal_filter_create(text, err);
	if (s->filter == NULL)
		return pal_plugin_fail(host, errno, "filter = %s: %s", text, err);
	return 0;
}

static int read_keys(struct pal_plugin_host *host, struct settings *s)
{
	static const struct pal_sink_frame plain_text = {NULL, NULL, NULL};
	int rc = pal_plugin_conf_u64(host, "limit", &s->limit);

	if (rc == 0)
		rc = pal_plugin_conf_u64(host, "bytes", &s->bytes);
	if (rc == 0)
		rc = read_filter(host, s);
	if (rc < 0)
		return rc;
	if (s->bytes == 0 || s->bytes > MAX_BYTES)
		s->bytes = MAX_BYTES;
	s->sink = pal_plugin_open(host, pal_plugin_conf_str(host, "file"), &plain_text);
	return s->sink < 0 ? s->sink : 0;
}

static void hexdump_fini(struct pal_plugin_host *host)
{
	struct settings *s = pal_plugin_data(host);

	if (s != NULL)
		pal_filter_destroy(s->filter);
	free(s);
}

static int hexdump_init(struct pal_plugin_host *host)
{
	struct settings *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	pal_plugin_set_data(host, s);
	rc = read_keys(host, s);
	if (rc < 0) { // fini is not called then
		hexdump_fini(host);
		pal_plugin_set_data(host, NULL);
	}
	return rc;
}

static void *hexdump_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->settings = pal_plugin_data(host);
	st->out = lcore->out;
	return st;
}

static char *put_hex(char *dst, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	*dst++ = digits[byte >> 4];
	*dst++ = digits[byte & 15];
	*dst++ = ' ';
	return dst;
}

static char *put_line(char *dst, const uint8_t *bytes, uint32_t offset, uint32_t len)
{
	dst += sprintf(dst, "%04x  ", offset);
	for (uint32_t i = 0; i < PER_LINE; i++) {
		if (i == PER_LINE / 2)
			*dst++ = ' ';
		if (i < len) {
			dst = put_hex(dst, bytes[i]);
		} else {
			memset(dst, ' ', 3);
			dst += 3;
		}
	}
	*dst++ = ' ';
	*dst++ = '|';
	for (uint32_t i = 0; i < len; i++)
		*dst++ = bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '.';
	*dst++ = '|';
	*dst++ = '\n';
	return dst;
}

static char *put_head(struct state *st, char *dst, const struct pal_pkt *pkt, const char *input)
{
	char time[PAL_TIME_ISO_LEN + 1];

	time[pal_time_iso(&st->time_cache, pkt->time_ns, time)] = '\0';
	dst += sprintf(dst, "#%" PRIu64 " %s %s %u bytes", pkt->number, time, input, pkt->wire_len);
	if (pkt->cap_len < pkt->wire_len)
		dst += sprintf(dst, ", %u of them captured", pkt->cap_len);
	*dst++ = '\n';
	return dst;
}

static void hexdump_frame(void *state, const struct pal_pkt *pkt)
{
	struct state *st = state;
	const struct settings *s = st->settings;
	const char *input = pal_input_get(pkt->input)->name;
	uint32_t len = pkt->cap_len < s->bytes ? pkt->cap_len : (uint32_t)s->bytes;
	size_t room = HEAD_LEN + strlen(input) + (size_t)(len / PER_LINE + 2) * LINE_LEN, got;
	char *text, *dst;

	if (s->limit != 0 && st->nb_frames >= s->limit)
		return;
	if (s->filter != NULL && !pal_filter_match(s->filter, pkt))
		return;
	st->nb_frames++;
	text = pal_out_reserve(st->out, s->sink, room, &got);
	if (text == NULL)
		return;
	dst = put_head(st, text, pkt, input);
	for (uint32_t at = 0; at < len; at += PER_LINE)
		dst = put_line(dst, pkt->data + at, at, len - at < PER_LINE ? len - at : PER_LINE);
	*dst++ = '\n';
	pal_out_commit(st->out, s->sink, (size_t)(dst - text));
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "hexdump",
	.version = PAL_PLUGIN_VERSION,
	.summary = "frames in hexadecimal, for people (hexdump.txt, or the terminal)",
	.keys = keys,
	.init = hexdump_init,
	.fini = hexdump_fini,
	.lcore_init = hexdump_lcore_init,
	.lcore_fini = free,
	.frame = hexdump_frame,
};
