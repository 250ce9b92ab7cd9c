/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * SMTP, POP3 and IMAP: an EVE `smtp` record for each mail that is sent, and where a connection becomes TLS.
 */
#include "mail_fields.h"

#include <pal_plugin.h>
#include <pal_text.h>

#include <stdlib.h>

struct mail_flow {
	struct pal_text text;
	struct mail_fields fields;
	bool is_written; // a record, about this mail or the greeting
	uint8_t helo_len;
	uint8_t helo[MAIL_HELO_MAX];
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct pal_app_sink apps;
	enum pal_app tls;
	uint32_t flow_offset;
	uint32_t bit;
};

// When and where a record's last line was complete.
struct stamp {
	uint64_t time_ns, number;
};

static void *mail_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));
	int tls = pal_app_parse("tls");

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->apps = lcore->apps;
	st->tls = tls < 0 ? PAL_APP_UNKNOWN : (enum pal_app)tls;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	return st;
}

static struct mail_flow **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

// NULL when there is no memory: then no more of this flow is read.
static struct mail_flow *mail_of(const struct state *st, struct pal_flow *flow)
{
	struct mail_flow **slot = slot_of(st, flow);

	if (*slot == NULL) {
		*slot = calloc(1, sizeof(**slot));
		if (*slot == NULL) {
			pal_plugin_enough(flow, st->bit);
			return NULL;
		}
		(*slot)->text.kind = flow->app == PAL_APP_SMTP	 ? PAL_TEXT_SMTP
				     : flow->app == PAL_APP_POP3 ? PAL_TEXT_POP3
								 : PAL_TEXT_IMAP;
	}
	return *slot;
}

static void
write_mail(struct state *st, struct pal_flow *flow, struct mail_flow *mf, const struct stamp *stamp)
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
	const struct stamp *stamp
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

static void on_event(
	struct state *st,
	struct pal_flow *flow,
	struct mail_flow *mf,
	const struct pal_text_event *ev,
	const struct stamp *stamp
)
{
	if (flow->app != PAL_APP_SMTP)
		return;
	if (ev->type == PAL_TEXT_COMMAND)
		on_command(st, flow, mf, ev->text, stamp);
	else if (ev->type == PAL_TEXT_DATA)
		mail_fields_line(&mf->fields, ev->text);
	else if (ev->type == PAL_TEXT_DATA_END)
		write_mail(st, flow, mf, stamp);
}

static void give_up(struct state *st, struct pal_flow *flow)
{
	pal_plugin_stay(&st->apps, flow);
	pal_plugin_enough(flow, st->bit);
}

static void mail_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	const struct stamp stamp = {data->time_ns, data->number};
	struct state *st = state;
	struct mail_flow *mf = mail_of(st, flow);
	struct pal_cursor cur = pal_cursor_of(data->data, data->len);
	struct pal_text_event ev;
	int rc = 0;

	while (mf != NULL && (rc = pal_text_next(&mf->text, data->dir, &cur, &ev)) > 0) {
		uint64_t behind = data->offset + (uint64_t)(cur.pos - data->data);

		on_event(st, flow, mf, &ev, &stamp);
		if (ev.tls == PAL_TEXT_TLS_REFUSED)
			pal_plugin_stay(&st->apps, flow);
		else if (ev.tls != PAL_TEXT_TLS_NONE && pal_plugin_change(&st->apps, flow, data->dir, behind, st->tls))
			return;
	}
	if (rc == -EPROTO)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp.time_ns, stamp.number
		);
	if (rc < 0)
		give_up(st, flow);
}

static void
mail_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	struct state *st = state;
	struct mail_flow *mf = mail_of(st, flow);

	if (mf == NULL)
		return;
	// The reply to STARTTLS may be in it: what follows shows whether it was.
	if (dir == PAL_DIR_TO_CLIENT && mf->text.tls_index != 0 &&
	    pal_plugin_change(&st->apps, flow, dir, offset + len, st->tls))
		return;
	pal_text_gap(&mf->text, (enum pal_text_side)dir, len);
}

static void mail_flow_close(void *state, struct pal_flow *flow)
{
	const struct stamp stamp = {flow->last_ns, 0};
	struct state *st = state;
	struct mail_flow **slot = slot_of(st, flow), *mf = *slot;

	if (mf == NULL)
		return;
	if (mf->fields.len != 0 || (mf->helo_len != 0 && !mf->is_written))
		write_mail(st, flow, mf, &stamp);
	mail_fields_clear(&mf->fields);
	pal_text_fini(&mf->text);
	free(mf);
	*slot = NULL;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "mail",
	.version = PAL_PLUGIN_VERSION,
	.summary = "mails sent by SMTP (EVE smtp); TLS that begins within SMTP, POP3 and IMAP",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(SMTP) | PAL_APPS(POP3) | PAL_APPS(IMAP),
	.flow_bytes = sizeof(struct mail_flow *),
	.lcore_init = mail_lcore_init,
	.lcore_fini = free,
	.stream = mail_stream,
	.gap = mail_gap,
	.flow_close = mail_flow_close,
};
