/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PLUGIN_HTTP_CONN_H
#define PAL_PLUGIN_HTTP_CONN_H

/**
 * @file
 * What is kept of a connection that speaks HTTP: the transactions that are not complete yet, and of each the text that
 * its record will have.
 */

#include <pal_http.h>
#include <pal_http2.h>
#include <pal_plugin.h>

/** Transactions of a connection that wait for their response. With one more, the oldest waits no longer. */
#define HTTP_TX_MAX 64
/** Text that is kept of one transaction, headers included. What does not fit is left out of its record. */
#define HTTP_TEXT_MAX 16384

/** Text that a record has a place for. */
enum http_text {
	HTTP_METHOD,
	HTTP_URL,
	HTTP_PROTOCOL,
	HTTP_HOST,
	HTTP_USER_AGENT,
	HTTP_REFERER,
	HTTP_XFF,
	HTTP_TRUE_CLIENT_IP,
	HTTP_ORG_SRC_IP,
	HTTP_BLUECOAT_VIA,
	HTTP_REQUEST_TEXTS, /**< All so far are the request's. */
	HTTP_CONTENT_TYPE = HTTP_REQUEST_TEXTS,
	HTTP_LOCATION,
	HTTP_CONTENT_RANGE,
	HTTP_TEXT_COUNT,
};

/** When and where something was complete. */
struct http_stamp {
	uint64_t time_ns, number;
};

struct http_bytes {
	uint8_t *bytes;
	uint32_t len, room;
};

/** One request and its response; either may be missing. */
struct http_tx {
	struct http_tx *next;
	struct http_stamp stamp; /**< Of the last of it that was seen. */
	uint32_t id;
	uint32_t stream; /**< HTTP/2. */
	bool ended[PAL_DIR_COUNT],
		is_reset; /**< HTTP/2: the stream, in that direction; by RST_STREAM. */
	enum pal_dir reset_dir; /**< Who did. */
	uint32_t reset_code;
	bool has_priority;
	uint8_t priority;
	uint16_t status; /**< 0: no response yet. */
	bool has_request; /**< Its beginning was seen. */
	bool asks; /**< For another protocol, by CONNECT or Upgrade; no answer yet. */
	uint64_t body_len; /**< Of the response. */
	uint32_t nb_kept; /**< Bytes, of HTTP_TEXT_MAX. */
	struct {
		uint32_t at, len; /**< In `text`; len 0: not there. */
	} texts[HTTP_TEXT_COUNT];
	struct http_bytes text;
	/** All headers of the request, and of the response: http_header_next(). */
	struct http_bytes request_headers, response_headers;
	uint16_t port; /**< Behind the host. 0: none is. */
};

struct http_conn {
	struct pal_http_side sides[PAL_DIR_COUNT];
	struct pal_http2_side *sides2; /**< HTTP/2: of both directions. */
	uint8_t nb_settings; /**< Records of them. */
	struct http_stamp stamps[PAL_DIR_COUNT]; /**< Of the last bytes of each. */
	struct http_tx *first, *last;
	struct http_tx *reading[PAL_DIR_COUNT]; /**< Whose message it is; NULL: nobody's. */
	uint32_t nb_tx, next_id;
	bool is_behind; /**< Bytes of the client were kept back: responses come before their requests. */
};

/** A transaction behind the others. NULL when there is no memory. */
struct http_tx *http_tx_add(struct http_conn *conn);

/** Take one out of the connection and free it. */
void http_tx_del(struct http_conn *conn, struct http_tx *tx);

/** Keep a text of a transaction: the first of its kind. */
void http_tx_text(struct http_tx *tx, enum http_text which, struct pal_cursor text);

/** What was kept; empty where there is none. */
struct pal_cursor http_tx_get(const struct http_tx *tx, enum http_text which);

/** Keep the host that a request is for, and the port that may be behind it. */
void http_tx_host(struct http_tx *tx, struct pal_cursor host);

/** Keep a field of a head, if it is the text of a record. */
void http_tx_field(struct http_tx *tx, enum pal_http_kind kind, const struct pal_http_field *field);

/** Keep a header for the list of all. */
void http_tx_header(
	struct http_tx *tx,
	enum pal_http_kind kind,
	const struct pal_http_field *field
);

/** Read that list, a cursor over one of those. */
bool http_header_next(struct pal_cursor *headers, struct pal_http_field *ret_field);

/** The `http` object of its record. */
void http_put(struct pal_json *j, const struct http_tx *tx);

/** The same of a stream of HTTP/2, and of a SETTINGS frame. */
void http2_put(struct pal_json *j, const struct http_tx *tx);
/** NULL for a setting that records do not show. */
const char *http2_setting_name(uint16_t id);
void http2_put_settings(struct pal_json *j, enum pal_dir dir, struct pal_cursor settings);

/* The plugin, of one lcore. */

struct http_state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct pal_app_sink apps;
	uint32_t flow_offset;
	uint32_t bit;
	bool headers[PAL_HTTP_RESPONSE + 1]; /**< Of requests, of responses: are all listed? */
};

/** Write the record of a transaction, and delete it. */
void http_write_tx(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	struct http_tx *tx
);

/** A new transaction; where there are too many, the oldest is written. NULL when there is no memory. */
struct http_tx *http_new_tx(struct http_state *st, struct pal_flow *flow, struct http_conn *conn);

/** Write all that waits, and forget the connection. */
void http_end_conn(struct http_state *st, struct pal_flow *flow);

/** The same, because it breaks the rules. */
void http_break_conn(struct http_state *st, struct pal_flow *flow, struct http_stamp stamp);

/** The latest packet of a transaction: a gap may become known later than what is behind it. */
void http_stamp_tx(struct http_tx *tx, const struct http_stamp *stamp);

/** HTTP/2: bytes of one side. */
void http2_stream(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	const struct pal_stream_data *data
);

/** HTTP/2: bytes are missing. */
void http2_gap(
	struct http_state *st,
	struct pal_flow *flow,
	struct http_conn *conn,
	enum pal_dir dir,
	uint64_t len
);

#endif
