/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * FTP: an EVE `ftp` record for each command, once it is answered, and where a connection becomes TLS.
 */
#include <pal_lines.h>

#include <stdio.h>
#include <stdlib.h>

/** Bytes of commands without a reply, and of the lines of one reply; what comes after that is left out. */
#define TEXTS_MAX 8192

// Texts one after the other: a number, two bytes of length, text.
struct texts {
	uint8_t *bytes;
	uint32_t len, room;
	bool is_cut;
};

struct ftp_flow {
	struct texts commands, replies;
	uint16_t port; // of the data connection, as this command and its reply say
	bool is_passive;
};

struct state {
	struct pal_lines lines; // first: its hooks are ours
	struct pal_events *events;
};

#define HEAD_LEN 4

static void add_text(struct texts *t, uint16_t number, struct pal_cursor text)
{
	size_t len = pal_cursor_left(&text);
	uint32_t want = (uint32_t)(t->len + HEAD_LEN + len);

	if (want > TEXTS_MAX) {
		t->is_cut = true;
		return;
	}
	if (want > t->room) {
		uint8_t *bytes = realloc(t->bytes, want * 2);

		if (bytes == NULL)
			return;
		t->bytes = bytes;
		t->room = want * 2;
	}
	t->bytes[t->len] = (uint8_t)(number >> 8);
	t->bytes[t->len + 1] = (uint8_t)number;
	t->bytes[t->len + 2] = (uint8_t)(len >> 8);
	t->bytes[t->len + 3] = (uint8_t)len;
	if (len != 0)
		memcpy(t->bytes + t->len + HEAD_LEN, text.pos, len);
	t->len = want;
}

static bool next_text(struct pal_cursor *cur, uint16_t *ret_number, struct pal_cursor *ret_text)
{
	const uint8_t *text;
	uint16_t len;

	if (!pal_cursor_be16(cur, ret_number) || !pal_cursor_be16(cur, &len))
		return false;
	text = pal_cursor_take(cur, len);
	if (text == NULL)
		return false;
	*ret_text = pal_cursor_of(text, len);
	return true;
}

static void drop_first(struct texts *t)
{
	struct pal_cursor cur = pal_cursor_of(t->bytes, t->len), text;
	uint16_t number;

	if (!next_text(&cur, &number, &text))
		return;
	t->len = (uint32_t)pal_cursor_left(&cur);
	memmove(t->bytes, cur.pos, t->len);
}

/* the record */

static void put_text(struct pal_json *j, struct pal_cursor text)
{
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

static void put_command(struct pal_json *j, const struct ftp_flow *ff)
{
	struct pal_cursor cur = pal_cursor_of(ff->commands.bytes, ff->commands.len);
	struct pal_cursor line, word, rest;
	uint16_t is_cut;

	if (!next_text(&cur, &is_cut, &line))
		return;
	pal_text_split(line, &word, &rest);
	pal_json_strn(j, "command", (const char *)word.pos, pal_cursor_left(&word));
	if (pal_cursor_left(&rest) != 0)
		pal_json_strn(j, "command_data", (const char *)rest.pos, pal_cursor_left(&rest));
	if (is_cut)
		pal_json_bool(j, "command_truncated", true);
}

// The codes of all replies to a command, each once: 150, then 226.
static void put_codes(struct pal_json *j, struct pal_cursor replies)
{
	uint16_t code, last = 0;
	struct pal_cursor text;
	char digits[8];

	pal_json_open(j, "completion_code", '[');
	while (next_text(&replies, &code, &text)) {
		if (code == last)
			continue;
		last = code;
		snprintf(digits, sizeof(digits), "%03u", code);
		pal_json_put_comma(j);
		pal_json_put_str(j, digits, 3);
	}
	pal_json_close(j, ']');
}

static void put_replies(struct pal_json *j, const struct ftp_flow *ff)
{
	struct pal_cursor replies = pal_cursor_of(ff->replies.bytes, ff->replies.len), text;
	uint16_t code;

	if (ff->replies.len == 0) {
		pal_json_str(j, "reply_received", "no");
		return;
	}
	put_codes(j, replies);
	pal_json_open(j, "reply", '[');
	while (next_text(&replies, &code, &text)) {
		pal_json_put_comma(j);
		put_text(j, text);
	}
	pal_json_close(j, ']');
	pal_json_str(j, "reply_received", "yes");
	if (ff->replies.is_cut)
		pal_json_bool(j, "reply_truncated", true);
}

static void write_record(
	struct state *st,
	struct pal_flow *flow,
	struct ftp_flow *ff,
	const struct pal_lines_stamp *stamp
)
{
	struct pal_json *j =
		pal_event_begin_flow_pkt(st->events, "ftp", flow, stamp->time_ns, stamp->number);

	if (j != NULL) {
		pal_json_open(j, "ftp", '{');
		put_command(j, ff);
		put_replies(j, ff);
		if (ff->port != 0) {
			pal_json_u64(j, "dynamic_port", ff->port);
			pal_json_str(j, "mode", ff->is_passive ? "passive" : "active");
		}
		pal_json_close(j, '}');
		pal_event_end(st->events);
	}
	drop_first(&ff->commands);
	ff->replies.len = 0;
	ff->replies.is_cut = false;
	ff->port = 0;
}

/* lines */

static bool find_port(struct ftp_flow *ff, const struct pal_text_event *ev)
{
	struct pal_ftp_port port;
	struct pal_cursor word, rest;
	bool found;

	if (ev->type == PAL_TEXT_REPLY) {
		found = ev->code == 227	  ? pal_ftp_port(ev->text, &port)
			: ev->code == 229 ? pal_ftp_eport(ev->text, &port)
					  : false;
		ff->is_passive |= found;
	} else {
		pal_text_split(ev->text, &word, &rest);
		found = pal_text_is(word, "PORT")   ? pal_ftp_port(rest, &port)
			: pal_text_is(word, "EPRT") ? pal_ftp_eport(rest, &port)
						    : false;
		if (found)
			ff->is_passive = false;
	}
	if (found)
		ff->port = port.port;
	return found;
}

static void
on_line(void *state,
	struct pal_flow *flow,
	void *own,
	const struct pal_text_event *ev,
	const struct pal_lines_stamp *stamp)
{
	struct state *st = state;
	struct ftp_flow *ff = own;

	find_port(ff, ev);
	if (ev->type != PAL_TEXT_REPLY) {
		add_text(&ff->commands, ev->is_cut, ev->text);
		return;
	}
	add_text(&ff->replies, ev->code, ev->text);
	// 1yz is followed by another, RFC 959 section 4.2.1.
	if (ev->is_last && ev->code >= 200)
		write_record(st, flow, ff, stamp);
}

static void *ftp_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->lines.flow_size = sizeof(struct ftp_flow);
	st->lines.take = on_line;
	pal_lines_init(&st->lines, host, lcore);
	return st;
}

static void ftp_flow_close(void *state, struct pal_flow *flow)
{
	const struct pal_lines_stamp stamp = {flow->last_ns, 0};
	struct state *st = state;
	struct ftp_flow *ff = pal_lines_flow_if_any(&st->lines, flow);

	if (ff == NULL)
		return;
	while (ff->commands.len != 0)
		write_record(st, flow, ff, &stamp);
	free(ff->commands.bytes);
	free(ff->replies.bytes);
	pal_lines_close(st, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ftp",
	.version = PAL_PLUGIN_VERSION,
	.summary = "commands and replies of FTP (EVE ftp); TLS that begins within it",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(FTP),
	.flow_bytes = sizeof(void *),
	.lcore_init = ftp_lcore_init,
	.lcore_fini = free,
	.stream = pal_lines_stream,
	.gap = pal_lines_gap,
	.flow_close = ftp_flow_close,
};
