/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_lines.h"

#include <stdlib.h>

struct kept {
	struct pal_text text;
	max_align_t own[]; // the plugin's
};

void pal_lines_init(
	struct pal_lines *l,
	struct pal_plugin_host *host,
	const struct pal_plugin_lcore *lcore
)
{
	int tls = pal_app_parse("tls");

	l->anomalies = lcore->anomalies;
	l->apps = lcore->apps;
	l->tls = tls < 0 ? PAL_APP_UNKNOWN : (enum pal_app)tls;
	l->flow_offset = pal_plugin_flow_offset(host);
	l->bit = pal_plugin_bit(host);
}

static enum pal_text_kind kind_of(enum pal_app app)
{
	switch (app) {
	case PAL_APP_FTP:
		return PAL_TEXT_FTP;
	case PAL_APP_POP3:
		return PAL_TEXT_POP3;
	case PAL_APP_IMAP:
		return PAL_TEXT_IMAP;
	default:
		return PAL_TEXT_SMTP;
	}
}

static struct kept **slot_of(const struct pal_lines *l, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, l->flow_offset);
}

// NULL when there is no memory: then no more of this flow is read.
static struct kept *kept_of(const struct pal_lines *l, struct pal_flow *flow)
{
	struct kept **kept = slot_of(l, flow);

	if (*kept != NULL)
		return *kept;
	*kept = calloc(1, sizeof(**kept) + l->flow_size);
	if (*kept == NULL)
		pal_plugin_enough(flow, l->bit);
	else
		(*kept)->text.kind = kind_of(flow->app);
	return *kept;
}

void *pal_lines_flow_if_any(const struct pal_lines *l, struct pal_flow *flow)
{
	struct kept *kept = *slot_of(l, flow);

	return kept == NULL ? NULL : kept->own;
}

// true: the stream is somebody else's from here on.
static bool changes_to_tls(
	const struct pal_lines *l,
	struct pal_flow *flow,
	enum pal_text_tls tls,
	enum pal_dir dir,
	uint64_t behind
)
{
	if (tls == PAL_TEXT_TLS_REFUSED)
		pal_plugin_stay(&l->apps, flow);
	return (tls == PAL_TEXT_TLS_ASKED || tls == PAL_TEXT_TLS_AGREED) &&
	       pal_plugin_change(&l->apps, flow, dir, behind, l->tls);
}

static void
give_up(const struct pal_lines *l,
	struct pal_flow *flow,
	const struct pal_lines_stamp *stamp,
	int rc)
{
	if (rc == -EPROTO)
		pal_plugin_anomaly(
			&l->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp->time_ns, stamp->number
		);
	pal_plugin_stay(&l->apps, flow);
	pal_plugin_enough(flow, l->bit);
}

void pal_lines_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	const struct pal_lines_stamp stamp = {data->time_ns, data->number};
	const struct pal_lines *l = state;
	struct pal_cursor cur = pal_cursor_of(data->data, data->len);
	struct kept *kept = kept_of(l, flow);
	struct pal_text_event line;
	int rc;

	if (kept == NULL)
		return;
	while ((rc = pal_text_next(&kept->text, (enum pal_text_side)data->dir, &cur, &line)) > 0) {
		uint64_t behind = data->offset + (uint64_t)(cur.pos - data->data);

		l->take(state, flow, kept->own, &line, &stamp);
		if (changes_to_tls(l, flow, line.tls, data->dir, behind))
			return;
	}
	if (rc < 0)
		give_up(l, flow, &stamp, rc);
}

void pal_lines_gap(
	void *state,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
)
{
	const struct pal_lines *l = state;
	struct kept *kept = kept_of(l, flow);

	if (kept == NULL)
		return;
	// The reply to what asked for TLS may be in it: what follows shows whether it was.
	if (dir == PAL_DIR_TO_CLIENT && kept->text.tls_index != 0 &&
	    pal_plugin_change(&l->apps, flow, dir, offset + len, l->tls))
		return;
	pal_text_gap(&kept->text, (enum pal_text_side)dir, len);
}

void pal_lines_close(void *state, struct pal_flow *flow)
{
	struct kept **kept = slot_of(state, flow);

	if (*kept == NULL)
		return;
	pal_text_fini(&(*kept)->text);
	free(*kept);
	*kept = NULL;
}
