/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HTTP/2: a record for each stream, when it has ended in both directions, and for the settings of each side.
 */
#include "http_conn.h"

#include <stdlib.h>

/** SETTINGS frames of a connection that are written. */
#define SETTINGS_MAX 8

static struct http_tx *find(struct http_conn *conn, uint32_t stream)
{
	for (struct http_tx *tx = conn->first; tx != NULL; tx = tx->next)
		if (tx->stream == stream)
			return tx;
	return NULL;
}

// A stream begins with a head; what is said of one that is over is not another.
static struct http_tx *open_stream(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	uint32_t stream
)
{
	struct http_tx *tx = find(conn, stream);

	if (tx != NULL)
		return tx;
	tx = http_new_tx(st, flow, conn);
	if (tx == NULL)
		return NULL;
	tx->stream = stream;
	// A promise; or the request was one of HTTP/1.1 (RFC 7540 section 3.2), or was not seen.
	tx->ended[PAL_DIR_TO_SERVER] = dir == PAL_DIR_TO_CLIENT;
	return tx;
}

static void keep_status(struct http_tx *tx, struct pal_cursor text)
{
	uint16_t status = 0;

	if (pal_cursor_left(&text) != 3)
		return;
	for (; text.pos < text.end; text.pos++) {
		if (*text.pos < '0' || *text.pos > '9')
			return;
		status = (uint16_t)(status * 10 + (*text.pos - '0'));
	}
	// RFC 9113 section 8.1: the head of an interim response is followed by another.
	if (status >= 100)
		tx->status = status;
}

// RFC 9113 section 8.3.
static void keep_field(struct http_tx *tx, const struct pal_http_field *field)
{
	if (pal_http_is(&field->name, ":method"))
		http_tx_text(tx, HTTP_METHOD, field->value);
	else if (pal_http_is(&field->name, ":path"))
		http_tx_text(tx, HTTP_URL, field->value);
	else if (pal_http_is(&field->name, ":authority"))
		http_tx_host(tx, field->value);
	else if (pal_http_is(&field->name, ":status"))
		keep_status(tx, field->value);
}

static void on_field(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	const struct pal_http2_item *item
)
{
	enum pal_http_kind kind =
		dir == PAL_DIR_TO_SERVER || item->is_promise ? PAL_HTTP_REQUEST : PAL_HTTP_RESPONSE;
	const struct pal_http_field field = {item->name, item->value};
	struct http_tx *tx = open_stream(st, flow, conn, dir, item->stream);

	if (tx == NULL)
		return;
	if (item->has_priority && dir == PAL_DIR_TO_SERVER) {
		tx->has_priority = true;
		tx->priority = item->weight;
	}
	keep_field(tx, &field);
	http_tx_field(tx, kind, &field);
	http_tx_header(tx, kind, &field);
}

static void on_settings(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	struct pal_cursor settings
)
{
	const struct http_stamp *stamp = &conn->stamps[dir];
	struct pal_cursor rest = settings;
	struct pal_json *j;
	bool is_shown = false;
	uint32_t value;
	uint16_t id;

	while (pal_http2_setting_next(&rest, &id, &value)) {
		if (id == PAL_HTTP2_HEADER_TABLE_SIZE)
			pal_http2_table_size(&conn->sides2[!dir], value);
		is_shown |= http2_setting_name(id) != NULL;
	}
	if (!is_shown || conn->nb_settings == SETTINGS_MAX)
		return;
	conn->nb_settings++;
	j = pal_event_begin_flow_pkt(st->events, "http", flow, stamp->time_ns, stamp->number);
	if (j == NULL)
		return;
	pal_json_u64(j, "tx_id", conn->next_id++);
	http2_put_settings(j, dir, settings);
	pal_event_end(st->events);
}

// What else is said of a stream that is open.
static void on_stream(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	enum pal_http2_event event,
	const struct pal_http2_item *item
)
{
	struct http_tx *tx = find(conn, item->stream);

	if (tx == NULL)
		return;
	http_stamp_tx(tx, &conn->stamps[dir]);
	if (event == PAL_HTTP2_DATA && dir == PAL_DIR_TO_CLIENT)
		tx->body_len += item->len;
	if (event == PAL_HTTP2_END)
		tx->ended[dir] = true;
	if (event == PAL_HTTP2_RESET) {
		tx->is_reset = true;
		tx->reset_dir = dir;
		tx->reset_code = item->code;
	}
	if (tx->is_reset || (tx->ended[0] && tx->ended[1]))
		http_write_tx(st, flow, conn, tx);
}

static void read_side(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	struct pal_cursor bytes
)
{
	enum pal_http2_event event;
	struct pal_http2_item item;

	while ((event = pal_http2_next(&conn->sides2[dir], &bytes, &item)) != PAL_HTTP2_MORE) {
		switch (event) {
		case PAL_HTTP2_FIELD:
			on_field(st, flow, conn, dir, &item);
			break;
		case PAL_HTTP2_SETTINGS:
			on_settings(st, flow, conn, dir, item.settings);
			break;
		case PAL_HTTP2_BROKEN:
			http_break_conn(st, flow, conn->stamps[dir]);
			return;
		default:
			on_stream(st, flow, conn, dir, event, &item);
			break;
		}
	}
	if (pal_http2_is_over(&conn->sides2[0]) && pal_http2_is_over(&conn->sides2[1])) {
		http_end_conn(st, flow);
		pal_plugin_enough(flow, st->bit);
	}
}

// false when there is no memory: then no more of this flow is read.
static bool open_sides(struct http_state *st, struct pal_flow *flow, struct http_conn *conn)
{
	if (conn->sides2 == NULL)
		conn->sides2 = calloc(PAL_DIR_COUNT, sizeof(*conn->sides2));
	if (conn->sides2 != NULL)
		return true;
	http_end_conn(st, flow);
	pal_plugin_enough(flow, st->bit);
	return false;
}

void http2_stream(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	const struct pal_stream_data *data
)
{
	if (open_sides(st, flow, conn))
		read_side(st, flow, conn, data->dir, pal_cursor_of(data->data, data->len));
}

void http2_gap(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	uint64_t len
)
{
	if (!open_sides(st, flow, conn))
		return;
	pal_http2_gap(&conn->sides2[dir], len);
	read_side(st, flow, conn, dir, pal_cursor_of("", 0));
}
