/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HTTP/1.x: an EVE `http` record for each transaction, when request and response are complete.
 *
 * Responses belong to requests by their order. Where bytes of the server are missing, the next response is that of the
 * latest request: clients that send the next one before they have an answer are rare. What has no response is written when
 * it is known that none will be seen.
 */
#include "http_conn.h"

#include <stdlib.h>

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	uint32_t flow_offset;
	uint32_t bit;
	bool headers[PAL_HTTP_RESPONSE + 1]; // of requests, of responses: are all listed?
};

static const struct pal_plugin_key keys[] = {
	{"dump-all-headers", "none", "list all headers: none, request, response or both"},
	{.name = NULL},
};

static int read_keys(struct pal_plugin_host *host, bool headers[PAL_HTTP_RESPONSE + 1])
{
	const char *word = pal_plugin_conf_str(host, "dump-all-headers");
	bool both = strcmp(word, "both") == 0;

	headers[PAL_HTTP_REQUEST] = both || strcmp(word, "request") == 0;
	headers[PAL_HTTP_RESPONSE] = both || strcmp(word, "response") == 0;
	if (headers[PAL_HTTP_REQUEST] || headers[PAL_HTTP_RESPONSE] || strcmp(word, "none") == 0)
		return 0;
	return pal_plugin_fail(
		host, EINVAL, "dump-all-headers is none, request, response or both, not '%s'", word
	);
}

static int http_init(struct pal_plugin_host *host)
{
	bool headers[PAL_HTTP_RESPONSE + 1];

	return read_keys(host, headers);
}

static void *http_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)read_keys(host, st->headers); // checked by http_init()
	return st;
}

static struct http_conn **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

/* transactions */

static void
write_tx(struct state *st, struct pal_flow *flow, struct http_conn *conn, struct http_tx *tx)
{
	struct pal_json *j = pal_event_begin_flow_pkt(
		st->events, "http", flow, tx->stamp.time_ns, tx->stamp.number
	);

	if (j != NULL) {
		pal_json_u64(j, "tx_id", tx->id);
		http_put(j, tx);
		pal_event_end(st->events);
	}
	http_tx_del(conn, tx);
}

// Nothing more will come of any but the last `left`.
static void
write_waiting(struct state *st, struct pal_flow *flow, struct http_conn *conn, uint32_t left)
{
	while (conn->nb_tx > left)
		write_tx(st, flow, conn, conn->first);
}

static void end_conn(struct state *st, struct pal_flow *flow)
{
	struct http_conn **slot = slot_of(st, flow), *conn = *slot;

	if (conn == NULL)
		return;
	write_waiting(st, flow, conn, 0);
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		pal_http_fini(&conn->sides[dir]);
	free(conn);
	*slot = NULL;
}

// NULL when there is no memory: then no more of this flow is read.
static struct http_conn *conn_of(const struct state *st, struct pal_flow *flow)
{
	struct http_conn **slot = slot_of(st, flow);

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	if (*slot == NULL)
		pal_plugin_enough(flow, st->bit);
	return *slot;
}

static struct http_tx *add_tx(struct state *st, struct pal_flow *flow, struct http_conn *conn)
{
	write_waiting(st, flow, conn, HTTP_TX_MAX - 1);
	return http_tx_add(conn);
}

// The request that a response answers: the first that has none yet.
static struct http_tx *
answered_tx(struct state *st, struct pal_flow *flow, struct http_conn *conn, bool was_lost)
{
	struct http_tx *tx;

	if (was_lost)
		write_waiting(st, flow, conn, 1);
	for (tx = conn->first; tx != NULL; tx = tx->next)
		if (tx->status == 0)
			return tx;
	return add_tx(st, flow, conn);
}

/* messages */

// RFC 9112 section 3.2.2: in a target that is a whole URI, the host is that of the request.
static void keep_target(struct http_tx *tx, struct pal_cursor target)
{
	static const char scheme[] = "http://";
	size_t len = sizeof(scheme) - 1;
	const uint8_t *slash;

	http_tx_text(tx, HTTP_URL, target);
	if (pal_cursor_left(&target) <= len || memcmp(target.pos, scheme, len) != 0)
		return;
	pal_cursor_skip(&target, len);
	slash = memchr(target.pos, '/', pal_cursor_left(&target));
	if (slash != NULL)
		target.end = slash;
	http_tx_host(tx, target);
}

static void on_request(
	struct state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	const struct pal_http_start *start
)
{
	struct http_tx *tx = add_tx(st, flow, conn);

	conn->reading[dir] = tx;
	if (tx == NULL)
		return;
	http_tx_text(tx, HTTP_METHOD, start->method);
	http_tx_text(tx, HTTP_PROTOCOL, start->version);
	// RFC 9110 section 9.3.6: a host and a port.
	if (pal_http_is(&start->method, "connect"))
		http_tx_host(tx, start->target);
	keep_target(tx, start->target);
}

// RFC 9110 section 15.2: the response to a request that has a 1xx is still to come; but 101 is the last of HTTP.
static bool is_interim(uint16_t status)
{
	return status < 200 && status != 101;
}

static void on_response(
	struct state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	const struct pal_http_start *start
)
{
	struct http_tx *tx = NULL;

	if (!is_interim(start->status))
		tx = answered_tx(st, flow, conn, conn->sides[dir].was_lost);
	conn->reading[dir] = tx;
	if (tx == NULL)
		return;
	tx->status = start->status;
	http_tx_text(tx, HTTP_PROTOCOL, start->version);
}

static bool has_method(const struct http_tx *tx, const char *lower)
{
	struct pal_cursor method = http_tx_get(tx, HTTP_METHOD);

	return pal_http_is(&method, lower);
}

// The end of a head. true: what follows on this connection is no HTTP/1.x.
static bool on_head(struct http_conn *conn, enum pal_dir dir)
{
	struct pal_http_side *side = &conn->sides[dir];
	const struct http_tx *tx = conn->reading[dir];

	if (tx == NULL)
		return false;
	if (side->kind == PAL_HTTP_REQUEST) {
		conn->is_connect = has_method(tx, "connect");
		return false;
	}
	if (has_method(tx, "head"))
		pal_http_no_body(side);
	if (!has_method(tx, "connect"))
		return tx->status == 101;
	conn->is_connect = false;
	return tx->status / 100 == 2;
}

// The packet that brought the last of a transaction: a gap may become known later than what is behind it.
static void stamp_tx(struct http_tx *tx, const struct http_stamp *stamp)
{
	if (stamp->time_ns > tx->stamp.time_ns ||
	    (stamp->time_ns == tx->stamp.time_ns && stamp->number > tx->stamp.number))
		tx->stamp = *stamp;
}

static void
on_end(struct state *st,
       struct pal_flow *flow,
       struct http_conn *conn,
       enum pal_dir dir,
       const struct http_stamp *stamp)
{
	struct http_tx *tx = conn->reading[dir];

	conn->reading[dir] = NULL;
	if (tx == NULL)
		return;
	stamp_tx(tx, stamp);
	if (conn->sides[dir].kind == PAL_HTTP_RESPONSE)
		tx->body_len = conn->sides[dir].body_len;
	// The last of both sides: a server may answer before it has all of a request.
	if (tx->status != 0 && conn->reading[!dir] != tx)
		write_tx(st, flow, conn, tx);
}

// Where another protocol takes over, its bytes begin at the cursor.
static void on_change(struct state *st, struct pal_flow *flow)
{
	end_conn(st, flow);
	pal_plugin_enough(flow, st->bit);
}

static void on_broken(struct state *st, struct pal_flow *flow, const struct http_stamp *stamp)
{
	end_conn(st, flow);
	pal_plugin_anomaly(
		&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp->time_ns, stamp->number
	);
	pal_plugin_enough(flow, st->bit);
}

static void on_field(
	const struct state *st,
	struct http_conn *conn,
	enum pal_dir dir,
	const struct pal_http_field *field
)
{
	enum pal_http_kind kind = conn->sides[dir].kind;
	struct http_tx *tx = conn->reading[dir];

	if (tx == NULL)
		return;
	http_tx_field(tx, kind, field);
	if (st->headers[kind])
		http_tx_header(tx, kind, field);
}

/* bytes */

// false: the connection is not read any more.
static bool read_message(
	struct state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	enum pal_http_event event,
	const union pal_http_item *item
)
{
	const struct http_stamp *stamp = &conn->stamps[dir];

	switch (event) {
	case PAL_HTTP_START:
		if (item->start.kind == PAL_HTTP_REQUEST)
			on_request(st, flow, conn, dir, &item->start);
		else
			on_response(st, flow, conn, dir, &item->start);
		break;
	case PAL_HTTP_FIELD:
		on_field(st, conn, dir, &item->field);
		break;
	case PAL_HTTP_HEAD:
		if (!on_head(conn, dir))
			break;
		on_end(st, flow, conn, dir, stamp);
		on_change(st, flow);
		return false;
	case PAL_HTTP_END:
		on_end(st, flow, conn, dir, stamp);
		break;
	default:
		on_broken(st, flow, stamp);
		return false;
	}
	return true;
}

static void read_bytes(
	struct state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	struct pal_cursor bytes
)
{
	struct pal_http_side *side = &conn->sides[dir];
	enum pal_http_event event;
	union pal_http_item item;

	while ((event = pal_http_next(side, &bytes, &item)) != PAL_HTTP_MORE)
		if (!read_message(st, flow, conn, dir, event, &item))
			return;
	// What there is of a response when there is no more of it.
	if (conn->reading[dir] != NULL) {
		stamp_tx(conn->reading[dir], &conn->stamps[dir]);
		if (side->kind == PAL_HTTP_RESPONSE)
			conn->reading[dir]->body_len = side->body_len;
	}
	if (pal_http_is_over(&conn->sides[0]) && pal_http_is_over(&conn->sides[1])) {
		end_conn(st, flow);
		pal_plugin_enough(flow, st->bit);
	}
}

static void http_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct state *st = state;
	struct http_conn *conn = conn_of(st, flow);

	if (conn == NULL)
		return;
	// It may be in the tunnel already.
	if (conn->is_connect && conn->sides[data->dir].kind == PAL_HTTP_REQUEST &&
	    conn->reading[data->dir] == NULL) {
		pal_http_gap(&conn->sides[data->dir], data->len);
		return;
	}
	conn->stamps[data->dir] = (struct http_stamp){data->time_ns, data->number};
	read_bytes(st, flow, conn, data->dir, pal_cursor_of(data->data, data->len));
}

static void http_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t len)
{
	struct http_conn *conn = conn_of(state, flow);

	if (conn == NULL)
		return;
	pal_http_gap(&conn->sides[dir], len);
	read_bytes(state, flow, conn, dir, pal_cursor_of("", 0));
}

// A body may have no other end.
static void http_tcp_event(
	void *state,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct http_conn *conn;

	if (event != PAL_STREAM_EVENT_HALF_CLOSED)
		return;
	conn = *slot_of(state, flow);
	if (conn == NULL)
		return;
	if (info->pkt != NULL)
		conn->stamps[info->dir] =
			(struct http_stamp){info->pkt->time_ns, info->pkt->number};
	pal_http_close(&conn->sides[info->dir]);
	read_bytes(state, flow, conn, info->dir, pal_cursor_of("", 0));
}

static void http_flow_close(void *state, struct pal_flow *flow)
{
	end_conn(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "http",
	.version = PAL_PLUGIN_VERSION,
	.summary = "requests and responses of HTTP (EVE http)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(HTTP),
	.flow_bytes = sizeof(struct http_conn *),
	.init = http_init,
	.lcore_init = http_lcore_init,
	.lcore_fini = free,
	.stream = http_stream,
	.gap = http_gap,
	.tcp_event = http_tcp_event,
	.flow_close = http_flow_close,
};
