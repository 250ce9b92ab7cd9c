/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PLUGIN_HTTP_CONN_H
#define PAL_PLUGIN_HTTP_CONN_H

/**
 * @file
 * What is kept of a connection that speaks HTTP: the transactions that are not complete yet, and of each the text that
 * its record will have.
 */

#include <pal_http.h>
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

#endif
