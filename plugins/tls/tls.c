/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * TLS: an EVE `tls` record for each handshake, and a `pal_tls` record with what Suricata's has no place for. DTLS, for
 * which Suricata has no record: a `pal_dtls` record with both.
 *
 * A handshake is told when it is over: then nothing is read any more, and what was kept of it goes. One that has not
 * come so far is told with the flow's end.
 */
#include "tls_record.h"

#include <pal_dtls.h>
#include <pal_plugin.h>

#include <netinet/in.h>
#include <stdlib.h>

struct conn {
	union {
		struct pal_tls tls; // of a flow of TCP
		struct pal_dtls dtls; // of UDP
	};
	uint64_t time_ns, number; // of the packet that brought the last bytes
};

// In every flow.
struct tls_flow {
	struct conn *conn; // NULL: nothing seen yet, or told already
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct tls_format format;
	uint32_t flow_offset;
	uint32_t bit;
	bool details;
};

static const struct pal_plugin_key keys[] = {
	{"details",
	 "yes",
	 "write pal_tls records: cipher, versions, ALPN, alternative names, alerts"},
	{"suricata-8",
	 "no",
	 "write into tls records also what the schema of Suricata 7 does not have (client_alpns, "
	 "client_handshake, ...)"},
	{.name = NULL},
};

static int read_keys(struct pal_plugin_host *host, bool *details, bool *suricata_8)
{
	int rc = pal_plugin_conf_bool(host, "details", details);

	return rc < 0 ? rc : pal_plugin_conf_bool(host, "suricata-8", suricata_8);
}

static int tls_init(struct pal_plugin_host *host)
{
	bool details, suricata_8;

	return read_keys(host, &details, &suricata_8);
}

static void tls_lcore_fini(void *state)
{
	struct state *st = state;

	pal_ja_destroy(st->format.ja);
	pal_crypto_destroy(st->format.crypto);
	free(st);
}

static void *tls_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	pal_events_need(st->events, TLS_RECORD_ROOM);
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)read_keys(host, &st->details, &st->format.suricata_8); // checked by tls_init()
	st->format.crypto = pal_crypto_create();
	if (st->format.crypto != NULL)
		st->format.ja = pal_ja_create(st->format.crypto);
	if (st->format.ja == NULL) {
		int code = errno;

		tls_lcore_fini(st);
		return pal_err_null(code);
	}
	return st;
}

static struct tls_flow *flow_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

static bool is_dtls(const struct pal_flow *flow)
{
	return flow->key.proto == IPPROTO_UDP;
}

static void write_tls(struct state *st, struct pal_flow *flow, const struct conn *conn)
{
	struct tls_told told;
	struct pal_json *j;

	tls_told_init(&told, &conn->tls.hs, PAL_JA4_TLS);
	if (conn->tls.hs.client_hello.len != 0 || conn->tls.hs.server_hello.len != 0) {
		j = pal_event_begin_flow_pkt(st->events, "tls", flow, conn->time_ns, conn->number);
		if (j != NULL) {
			tls_put(j, &st->format, &told);
			pal_event_end(st->events);
		}
	}
	if (!st->details)
		return;
	j = pal_event_begin_flow_pkt(st->events, "pal_tls", flow, conn->time_ns, conn->number);
	if (j == NULL)
		return;
	tls_put_details(j, &st->format, &told);
	pal_event_end(st->events);
}

static void write_dtls(struct state *st, struct pal_flow *flow, const struct conn *conn)
{
	struct tls_told told;
	struct pal_json *j;

	j = pal_event_begin_flow_pkt(st->events, "pal_dtls", flow, conn->time_ns, conn->number);
	if (j == NULL)
		return;
	tls_told_init(&told, &conn->dtls.hs, PAL_JA4_DTLS);
	tls_put_details(j, &st->format, &told);
	pal_event_end(st->events);
}

// All that will be known is known.
static void finish(struct state *st, struct pal_flow *flow)
{
	struct tls_flow *tf = flow_of(st, flow);
	struct conn *conn = tf->conn;

	pal_plugin_enough(flow, st->bit);
	if (conn == NULL)
		return;
	if (is_dtls(flow)) {
		if (pal_tls_handshake_is_any(&conn->dtls.hs))
			write_dtls(st, flow, conn);
		pal_dtls_fini(&conn->dtls);
	} else {
		if (pal_tls_handshake_is_any(&conn->tls.hs))
			write_tls(st, flow, conn);
		pal_tls_fini(&conn->tls);
	}
	free(conn);
	tf->conn = NULL;
}

static struct conn *conn_of(struct state *st, struct pal_flow *flow)
{
	struct tls_flow *tf = flow_of(st, flow);

	if (tf->conn == NULL)
		tf->conn = calloc(1, sizeof(*tf->conn));
	if (tf->conn == NULL)
		pal_plugin_enough(flow, st->bit);
	return tf->conn;
}

static void tls_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct pal_cursor cur = pal_cursor_of(data->data, data->len);
	struct state *st = state;
	struct conn *conn = conn_of(st, flow);
	enum pal_tls_event event;

	if (conn == NULL)
		return;
	conn->time_ns = data->time_ns;
	conn->number = data->number;
	do {
		event = pal_tls_next(&conn->tls, data->dir, &cur);
		if (event == PAL_TLS_HEARTBLEED || event == PAL_TLS_MALFORMED)
			pal_plugin_anomaly(
				&st->anomalies,
				flow,
				event == PAL_TLS_HEARTBLEED ? PAL_APP_EVENT_HEARTBLEED
							    : PAL_APP_EVENT_MALFORMED,
				data->time_ns,
				data->number
			);
	} while (event == PAL_TLS_ALERT || event == PAL_TLS_HEARTBLEED);
	if (event == PAL_TLS_OVER || event == PAL_TLS_MALFORMED)
		finish(st, flow);
}

static void tls_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct state *st = state;
	struct conn *conn = conn_of(st, flow);

	if (conn != NULL && pal_tls_gap(&conn->tls, dir) == PAL_TLS_OVER)
		finish(st, flow);
}

static void tls_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct conn *conn = conn_of(st, flow);
	enum pal_tls_event event;

	if (conn == NULL)
		return;
	conn->time_ns = pkt->time_ns;
	conn->number = pkt->number;
	event = pal_dtls_read(&conn->dtls, pal_flow_dir(flow, pkt), pal_cursor_of(data, len));
	if (event == PAL_TLS_MALFORMED)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
	if (event != PAL_TLS_MORE)
		finish(st, flow);
}

static void tls_flow_close(void *state, struct pal_flow *flow)
{
	finish(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "tls",
	.version = PAL_PLUGIN_VERSION,
	.summary = "handshakes of TLS and DTLS: names, certificates, JA3, JA4 (EVE tls, pal_tls, "
		   "pal_dtls)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(TLS) | PAL_APPS(DTLS),
	.flow_bytes = sizeof(struct tls_flow),
	.init = tls_init,
	.lcore_init = tls_lcore_init,
	.lcore_fini = tls_lcore_fini,
	.payload = tls_payload,
	.stream = tls_stream,
	.gap = tls_gap,
	.flow_close = tls_flow_close,
};
