/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HTTP: an EVE `http` record for each transaction, when request and response are complete.
 *
 * Responses belong to requests by their order. Where bytes of the server are missing, the next response is that of the
 * latest request: clients that send the next one before they have an answer are rare. What has no response is written when
 * it is known that none will be seen.
 */
#include "http_conn.h"

#include <stdlib.h>

static const struct pal_plugin_key keys[] = {
	{"dump-all-headers",
	 "none",
	 "list all headers of these messages of HTTP/1.x: none, request, response or both"},
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
	struct http_state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->apps = lcore->apps;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)read_keys(host, st->headers); // checked by http_init()
	return st;
}

static struct http_conn **slot_of(const struct http_state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

/* transactions */

void http_write_tx(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	struct http_tx *tx
)
{
	struct pal_json *j = pal_event_begin_flow_pkt(
		st->events, "http", flow, tx->stamp.time_ns, tx->stamp.number
	);

	if (j != NULL) {
		pal_json_u64(j, "tx_id", tx->id);
		if (tx->stream != 0)
			http2_put(j, tx);
		else
			http_put(j, tx);
		pal_event_end(st->events);
	}
	http_tx_del(conn, tx);
}

// Nothing more will come of any but the last `left`.
static void
write_waiting(struct http_state *st, struct pal_flow *flow, struct http_conn *conn, uint32_t left)
{
	while (conn->nb_tx > left) {
		if (conn->first->asks)
			pal_plugin_stay(&st->apps, flow);
		http_write_tx(st, flow, conn, conn->first);
	}
}

void http_end_conn(struct http_state *st, struct pal_flow *flow)
{
	struct http_conn **slot = slot_of(st, flow), *conn = *slot;

	if (conn == NULL)
		return;
	while (conn->first != NULL)
		http_write_tx(st, flow, conn, conn->first);
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		pal_http_fini(&conn->sides[dir]);
	for (int dir = 0; dir < PAL_DIR_COUNT && conn->sides2 != NULL; dir++)
		pal_http2_stop(&conn->sides2[dir]);
	free(conn->sides2);
	free(conn);
	*slot = NULL;
}

// NULL when there is no memory: then no more of this flow is read.
static struct http_conn *conn_of(const struct http_state *st, struct pal_flow *flow)
{
	struct http_conn **slot = slot_of(st, flow);

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	if (*slot == NULL)
		pal_plugin_enough(flow, st->bit);
	return *slot;
}

struct http_tx *http_new_tx(struct http_state *st, struct pal_flow *flow, struct http_conn *conn)
{
	write_waiting(st, flow, conn, HTTP_TX_MAX - 1);
	return http_tx_add(conn);
}

// The request that a response answers: the first that has none yet.
static struct http_tx *
answered_tx(struct http_state *st, struct pal_flow *flow, struct http_conn *conn, bool was_lost)
{
	struct http_tx *tx;

	if (was_lost)
		write_waiting(st, flow, conn, 1);
	for (tx = conn->first; tx != NULL; tx = tx->next)
		if (tx->status == 0)
			return tx;
	return http_new_tx(st, flow, conn);
}

void http_break_conn(struct http_state *st, struct pal_flow *flow, struct http_stamp stamp)
{
	http_end_conn(st, flow);
	pal_plugin_anomaly(
		&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp.time_ns, stamp.number
	);
	pal_plugin_enough(flow, st->bit);
}

/* messages */

// What is being read: one side of a connection, and the bytes of it that have come.
struct reader {
	struct http_state *st;
	struct pal_flow *flow;
	struct http_conn *conn;
	enum pal_dir dir;
	const struct pal_stream_data *data; // NULL: none, it is a gap or the end
	struct pal_cursor bytes; // those of data that were not read yet
};

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

static bool has_method(const struct http_tx *tx, const char *lower)
{
	struct pal_cursor method = http_tx_get(tx, HTTP_METHOD);

	return pal_http_is(&method, lower);
}

// The transaction of a request: a new one, unless its response was there before it.
static struct http_tx *asked_tx(struct reader *r)
{
	if (r->conn->is_behind)
		for (struct http_tx *tx = r->conn->first; tx != NULL; tx = tx->next)
			if (!tx->has_request)
				return tx;
	return http_new_tx(r->st, r->flow, r->conn);
}

static void on_request(struct reader *r, const struct pal_http_start *start)
{
	struct http_tx *tx = asked_tx(r);

	r->conn->reading[r->dir] = tx;
	if (tx == NULL)
		return;
	tx->has_request = true;
	http_tx_text(tx, HTTP_METHOD, start->method);
	http_tx_text(tx, HTTP_PROTOCOL, start->version);
	tx->asks = has_method(tx, "connect");
	// RFC 9110 section 9.3.6: the target is a host and a port.
	if (tx->asks)
		http_tx_host(tx, start->target);
	keep_target(tx, start->target);
}

// RFC 9110 section 15.2: the response to a request that has a 1xx is still to come; but 101 is the last of HTTP.
static bool is_interim(uint16_t status)
{
	return status < 200 && status != 101;
}

static void on_response(struct reader *r, const struct pal_http_start *start)
{
	struct http_tx *tx = NULL;

	if (!is_interim(start->status))
		tx = answered_tx(r->st, r->flow, r->conn, r->conn->sides[r->dir].was_lost);
	r->conn->reading[r->dir] = tx;
	if (tx == NULL)
		return;
	tx->status = start->status;
	http_tx_text(tx, HTTP_PROTOCOL, start->version);
}

static void on_field(struct reader *r, const struct pal_http_field *field)
{
	enum pal_http_kind kind = r->conn->sides[r->dir].kind;
	struct http_tx *tx = r->conn->reading[r->dir];

	if (tx == NULL)
		return;
	http_tx_field(tx, kind, field);
	if (r->st->headers[kind])
		http_tx_header(tx, kind, field);
	// RFC 9110 section 7.8.
	if (kind == PAL_HTTP_REQUEST && pal_http_is(&field->name, "upgrade"))
		tx->asks = true;
}

void http_stamp_tx(struct http_tx *tx, const struct http_stamp *stamp)
{
	if (stamp->time_ns > tx->stamp.time_ns ||
	    (stamp->time_ns == tx->stamp.time_ns && stamp->number > tx->stamp.number))
		tx->stamp = *stamp;
}

// A message has ended. Returns a transaction that asks for another protocol from here on; else NULL.
static struct http_tx *on_end(struct reader *r)
{
	struct http_tx *tx = r->conn->reading[r->dir];

	r->conn->reading[r->dir] = NULL;
	if (tx == NULL)
		return NULL;
	http_stamp_tx(tx, &r->conn->stamps[r->dir]);
	if (r->conn->sides[r->dir].kind == PAL_HTTP_RESPONSE)
		tx->body_len = r->conn->sides[r->dir].body_len;
	// The last of both sides: a server may answer before it has all of a request.
	if (tx->status == 0 || r->conn->reading[!r->dir] == tx)
		return tx->asks ? tx : NULL;
	if (!tx->has_request && r->conn->is_behind)
		return NULL;
	http_write_tx(r->st, r->flow, r->conn, tx);
	return NULL;
}

/* another protocol */

static bool change(struct reader *r)
{
	uint64_t from = r->data->offset + (uint64_t)(r->bytes.pos - r->data->data);

	return pal_plugin_change(&r->st->apps, r->flow, r->dir, from, PAL_APP_UNKNOWN);
}

// What the client sends behind such a request is kept back until the server has said whose it is.
static bool ask(struct reader *r, struct http_tx *tx)
{
	if (tx != NULL)
		tx->asks = r->data != NULL && change(r);
	return tx != NULL && tx->asks;
}

// RFC 9110 sections 9.3.6, 15.2.2.
static bool agrees(const struct http_tx *tx)
{
	return tx->status == 101 || (tx->status / 100 == 2 && has_method(tx, "connect"));
}

// The head of a response has ended. true: HTTP/1.x has, too.
static bool on_answer(struct reader *r)
{
	struct http_tx *tx = r->conn->reading[r->dir];
	bool asked;

	if (has_method(tx, "head"))
		pal_http_no_body(&r->conn->sides[r->dir]);
	asked = tx->asks && r->conn->reading[!r->dir] != tx;
	if (!agrees(tx)) {
		tx->asks = false;
		if (asked)
			pal_plugin_stay(&r->st->apps, r->flow);
		r->conn->is_behind |= asked;
		return false;
	}
	tx->asks = false;
	on_end(r);
	http_end_conn(r->st, r->flow);
	// Where the question was not seen, nobody knows where the client's bytes begin.
	if (!asked || r->data == NULL || !change(r))
		pal_plugin_enough(r->flow, r->st->bit);
	return true;
}

/* bytes */

// false: no more is read of these bytes.
static bool on_event(struct reader *r, enum pal_http_event event, const union pal_http_item *item)
{
	switch (event) {
	case PAL_HTTP_START:
		if (item->start.kind == PAL_HTTP_REQUEST)
			on_request(r, &item->start);
		else
			on_response(r, &item->start);
		return true;
	case PAL_HTTP_FIELD:
		on_field(r, &item->field);
		return true;
	case PAL_HTTP_HEAD:
		return r->conn->sides[r->dir].kind == PAL_HTTP_REQUEST ||
		       r->conn->reading[r->dir] == NULL || !on_answer(r);
	case PAL_HTTP_END:
		return !ask(r, on_end(r));
	default:
		http_break_conn(r->st, r->flow, r->conn->stamps[r->dir]);
		return false;
	}
}

// The client's bytes have caught up: what has no request now will have none.
static void catch_up(struct reader *r)
{
	struct http_tx *tx, *next;

	r->conn->is_behind = false;
	for (tx = r->conn->first; tx != NULL; tx = next) {
		next = tx->next;
		if (!tx->has_request && r->conn->reading[!r->dir] != tx)
			http_write_tx(r->st, r->flow, r->conn, tx);
	}
}

static void read_side(struct reader *r)
{
	struct http_conn *conn = r->conn;
	struct pal_http_side *side = &conn->sides[r->dir];
	enum pal_http_event event;
	union pal_http_item item;

	while ((event = pal_http_next(side, &r->bytes, &item)) != PAL_HTTP_MORE)
		if (!on_event(r, event, &item))
			return;
	if (conn->is_behind && side->kind == PAL_HTTP_REQUEST)
		catch_up(r);
	// What there is of a message when there is no more of it.
	if (conn->reading[r->dir] != NULL) {
		http_stamp_tx(conn->reading[r->dir], &conn->stamps[r->dir]);
		if (side->kind == PAL_HTTP_RESPONSE)
			conn->reading[r->dir]->body_len = side->body_len;
	}
	if (pal_http_is_over(&conn->sides[0]) && pal_http_is_over(&conn->sides[1])) {
		http_end_conn(r->st, r->flow);
		pal_plugin_enough(r->flow, r->st->bit);
	}
}

static void http_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct http_conn *conn = conn_of(state, flow);
	struct reader r = {
		state, flow, conn, data->dir, data, pal_cursor_of(data->data, data->len)};

	if (conn == NULL)
		return;
	conn->stamps[data->dir] = (struct http_stamp){data->time_ns, data->number};
	if (flow->app == PAL_APP_HTTP2)
		http2_stream(state, flow, conn, data);
	else
		read_side(&r);
}

static void http_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t len)
{
	struct http_conn *conn = conn_of(state, flow);
	struct reader r = {state, flow, conn, dir, NULL, pal_cursor_of("", 0)};

	if (conn == NULL)
		return;
	if (flow->app == PAL_APP_HTTP2) {
		http2_gap(state, flow, conn, dir, len);
		return;
	}
	pal_http_gap(&conn->sides[dir], len);
	read_side(&r);
}

// A body may have no other end.
static void http_tcp_event(
	void *state,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct http_conn *conn = *slot_of(state, flow);
	struct reader r = {state, flow, conn, info->dir, NULL, pal_cursor_of("", 0)};

	if (event != PAL_STREAM_EVENT_HALF_CLOSED || conn == NULL || flow->app == PAL_APP_HTTP2)
		return;
	if (info->pkt != NULL)
		conn->stamps[r.dir] = (struct http_stamp){info->pkt->time_ns, info->pkt->number};
	pal_http_close(&conn->sides[r.dir]);
	read_side(&r);
}

static void http_flow_close(void *state, struct pal_flow *flow)
{
	http_end_conn(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "http",
	.version = PAL_PLUGIN_VERSION,
	.summary = "requests and responses of HTTP/1.x and HTTP/2 (EVE http)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(HTTP) | PAL_APPS(HTTP2),
	.flow_bytes = sizeof(struct http_conn *),
	.init = http_init,
	.lcore_init = http_lcore_init,
	.lcore_fini = free,
	.stream = http_stream,
	.gap = http_gap,
	.tcp_event = http_tcp_event,
	.flow_close = http_flow_close,
};
