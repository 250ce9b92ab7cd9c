/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * SMTP, POP3 and IMAP: an EVE `smtp` record for each mail that is sent, and where a connection becomes TLS.
 */
#include "mail_fields.h"

#include <pal_lines.h>

#include <stdlib.h>

struct mail_flow {
	struct mail_fields fields;
	bool is_written; // a record, about this mail or the greeting
	uint8_t helo_len;
	uint8_t helo[MAIL_HELO_MAX];
};

struct state {
	struct pal_lines lines; // first: its hooks are ours
	struct pal_events *events;
};

static void write_mail(
	struct state *st,
	struct pal_flow *flow,
	struct mail_flow *mf,
	const struct pal_lines_stamp *stamp
)
{
	struct pal_json *j =
		pal_event_begin_flow_pkt(st->events, "smtp", flow, stamp->time_ns, stamp->number);

	mf->is_written = true;
	if (j != NULL) {
		mail_fields_put(j, &mf->fields, pal_cursor_of(mf->helo, mf->helo_len));
		pal_event_end(st->events);
	}
	mail_fields_clear(&mf->fields);
}

// `FROM:<path> parameters`: the path, as it is written.
static bool take_path(struct pal_cursor rest, const char *keyword, struct pal_cursor *ret_path)
{
	struct pal_cursor head = rest, unused;

	pal_cursor_limit(&head, strlen(keyword));
	if (!pal_text_is(head, keyword))
		return false;
	rest.pos += strlen(keyword);
	while (rest.pos < rest.end && *rest.pos == ' ')
		rest.pos++;
	pal_text_split(rest, ret_path, &unused);
	return true;
}

static void on_command(
	struct state *st,
	struct pal_flow *flow,
	struct mail_flow *mf,
	struct pal_cursor line,
	const struct pal_lines_stamp *stamp
)
{
	struct pal_cursor word, rest, path;

	pal_text_split(line, &word, &rest);
	if (pal_text_is(word, "EHLO") || pal_text_is(word, "HELO")) {
		pal_cursor_limit(&rest, MAIL_HELO_MAX);
		mf->helo_len = (uint8_t)pal_cursor_left(&rest);
		memcpy(mf->helo, rest.pos, mf->helo_len);
	} else if (pal_text_is(word, "MAIL") && take_path(rest, "FROM:", &path)) {
		if (mf->fields.len != 0) // one that was never sent
			write_mail(st, flow, mf, stamp);
		mail_fields_add(&mf->fields, MAIL_FROM, path);
	} else if (pal_text_is(word, "RCPT") && take_path(rest, "TO:", &path)) {
		mail_fields_add(&mf->fields, MAIL_RCPT, path);
	} else if (pal_text_is(word, "RSET") && mf->fields.len != 0) {
		write_mail(st, flow, mf, stamp);
	}
}

static void
on_line(void *state,
	struct pal_flow *flow,
	void *own,
	const struct pal_text_event *ev,
	const struct pal_lines_stamp *stamp)
{
	struct state *st = state;
	struct mail_flow *mf = own;

	if (flow->app != PAL_APP_SMTP)
		return;
	if (ev->type == PAL_TEXT_COMMAND)
		on_command(st, flow, mf, ev->text, stamp);
	else if (ev->type == PAL_TEXT_DATA)
		mail_fields_line(&mf->fields, ev->text);
	else if (ev->type == PAL_TEXT_DATA_END)
		write_mail(st, flow, mf, stamp);
}

static void *mail_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->lines.flow_size = sizeof(struct mail_flow);
	st->lines.take = on_line;
	pal_lines_init(&st->lines, host, lcore);
	return st;
}

static void mail_flow_close(void *state, struct pal_flow *flow)
{
	const struct pal_lines_stamp stamp = {flow->last_ns, 0};
	struct state *st = state;
	struct mail_flow *mf = pal_lines_flow_if_any(&st->lines, flow);

	if (mf == NULL)
		return;
	if (mf->fields.len != 0 || (mf->helo_len != 0 && !mf->is_written))
		write_mail(st, flow, mf, &stamp);
	mail_fields_clear(&mf->fields);
	pal_lines_close(st, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "mail",
	.version = PAL_PLUGIN_VERSION,
	.summary = "mails sent by SMTP (EVE smtp); TLS that begins within SMTP, POP3 and IMAP",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(SMTP) | PAL_APPS(POP3) | PAL_APPS(IMAP),
	.flow_bytes = sizeof(void *),
	.lcore_init = mail_lcore_init,
	.lcore_fini = free,
	.stream = pal_lines_stream,
	.gap = pal_lines_gap,
	.flow_close = mail_flow_close,
};
