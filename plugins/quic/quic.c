/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * QUIC: an EVE `quic` record for each connection, and a `pal_quic` record with what Suricata's has no place for.
 *
 * A connection is told when both hellos are there: then nothing is read any more, and what was kept of it goes. One that
 * has not come so far is told when it is given up, or with the flow's end.
 */
#include "quic_record.h"

#include <pal_plugin.h>

#include <stdlib.h>

struct conn {
	struct pal_quic quic;
	uint64_t time_ns, number; // of the last datagram
};

// In every flow.
struct quic_flow {
	struct conn *conn; // NULL: nothing seen yet, or told already
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct pal_ja *ja;
	uint32_t flow_offset;
	uint32_t bit;
	bool details;
	struct pal_quic_room room;
};

static const struct pal_plugin_key keys[] = {
	{"details", "yes", "write pal_quic records: cipher, ALPN, Retry and Version Negotiation"},
	{.name = NULL},
};

static int quic_init(struct pal_plugin_host *host)
{
	bool details;

	return pal_plugin_conf_bool(host, "details", &details);
}

static void quic_lcore_fini(void *state)
{
	struct state *st = state;

	pal_ja_destroy(st->ja);
	pal_crypto_destroy(st->room.crypto);
	free(st);
}

static void *quic_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	pal_events_need(st->events, QUIC_RECORD_ROOM);
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)pal_plugin_conf_bool(host, "details", &st->details); // checked by quic_init()
	st->room.crypto = pal_crypto_create();
	if (st->room.crypto != NULL)
		st->ja = pal_ja_create(st->room.crypto);
	if (st->ja == NULL) {
		int code = errno;

		quic_lcore_fini(st);
		return pal_err_null(code);
	}
	return st;
}

static struct quic_flow *flow_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

static void write_records(struct state *st, struct pal_flow *flow, const struct conn *conn)
{
	struct pal_json *j;

	j = pal_event_begin_flow_pkt(st->events, "quic", flow, conn->time_ns, conn->number);
	if (j != NULL) {
		quic_put(j, st->ja, &conn->quic);
		pal_event_end(st->events);
	}
	if (!st->details)
		return;
	j = pal_event_begin_flow_pkt(st->events, "pal_quic", flow, conn->time_ns, conn->number);
	if (j == NULL)
		return;
	quic_put_details(j, &conn->quic);
	pal_event_end(st->events);
}

static void finish(struct state *st, struct pal_flow *flow)
{
	struct quic_flow *qf = flow_of(st, flow);
	struct conn *conn = qf->conn;

	pal_plugin_enough(flow, st->bit);
	if (conn == NULL)
		return;
	write_records(st, flow, conn);
	pal_quic_fini(&conn->quic);
	free(conn);
	qf->conn = NULL;
}

static void quic_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct quic_flow *qf = flow_of(st, flow);
	enum pal_quic_event event;

	if (qf->conn == NULL)
		qf->conn = calloc(1, sizeof(*qf->conn));
	if (qf->conn == NULL) {
		pal_plugin_enough(flow, st->bit);
		return;
	}
	qf->conn->time_ns = pkt->time_ns;
	qf->conn->number = pkt->number;
	event = pal_quic_read(
		&qf->conn->quic, &st->room, pal_flow_dir(flow, pkt), pal_cursor_of(data, len)
	);
	if (event == PAL_QUIC_MALFORMED)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
	if (event != PAL_QUIC_MORE)
		finish(st, flow);
}

static void quic_flow_close(void *state, struct pal_flow *flow)
{
	finish(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "quic",
	.version = PAL_PLUGIN_VERSION,
	.summary = "hellos of QUIC: names, versions, JA3, JA4 (EVE quic, pal_quic)",
	.keys = keys,
	.protos = PAL_PLUGIN_UDP,
	.apps = PAL_APPS(QUIC),
	.flow_bytes = sizeof(struct quic_flow),
	.init = quic_init,
	.lcore_init = quic_lcore_init,
	.lcore_fini = quic_lcore_fini,
	.payload = quic_payload,
	.flow_close = quic_flow_close,
};
