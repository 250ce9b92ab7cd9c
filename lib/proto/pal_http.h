/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_HTTP_H
#define PAL_HTTP_H

/**
 * @file
 * HTTP/1.x: the messages that one side of a connection sends; RFC 9110, RFC 9112.
 *
 *      while ((event = pal_http_next(&side, &bytes, &item)) != PAL_HTTP_MORE)
 *              ...
 *
 *      START  FIELD ... FIELD  HEAD  (body: counted, not kept)  END    START ...
 *                                                               LOST   where the bytes cannot be read as messages
 *
 * Bytes may come in any pieces: events are the same. Only a line that comes in pieces is copied, and of a line
 * no more than PAL_HTTP_LINE_MAX bytes; a head may have any number of lines.
 *
 * After a gap that is not all inside a body, messages are found again by a line that can be nothing but the first
 * line of one. If there is none in PAL_HTTP_LOST_MAX bytes, the side is given up.
 */

#include <pal_cursor.h>

/** The rest of a longer line is passed over. */
#define PAL_HTTP_LINE_MAX 16384
/** How far the next message is looked for. */
#define PAL_HTTP_LOST_MAX (1024 * 1024)

enum pal_http_event {
	PAL_HTTP_MORE, /**< All bytes are read. */
	PAL_HTTP_START, /**< A message begins: item.start. */
	PAL_HTTP_FIELD, /**< A field of its head: item.field. Not of its trailer. */
	PAL_HTTP_HEAD, /**< Its head has ended. Before the next call: pal_http_no_body(), pal_http_stop(). */
	PAL_HTTP_END, /**< It has ended, whole or not: side.body_len is the length of its body. */
	PAL_HTTP_BROKEN, /**< Breaks the rules; nothing more is read of this side. */
};

enum pal_http_kind {
	PAL_HTTP_UNKNOWN,
	PAL_HTTP_REQUEST,
	PAL_HTTP_RESPONSE,
};

/** The first line of a message. Request: method, target, version. Response: version, status, reason. */
struct pal_http_start {
	enum pal_http_kind kind;
	struct pal_cursor method, target, version, reason;
	uint16_t status;
};

/** Without blanks around. A value that was folded is one line (RFC 9112 section 5.2). */
struct pal_http_field {
	struct pal_cursor name, value;
};

/** What came with an event: in the caller's bytes or in the side's buffer, until the next call. */
union pal_http_item {
	struct pal_http_start start;
	struct pal_http_field field;
};

/** What one side sends. All zero at the beginning; pal_http_fini() at the end. */
struct pal_http_side {
	uint8_t *line; /**< A line that came in pieces. */
	uint32_t len, room;
	uint8_t state;
	uint8_t kind; /**< enum pal_http_kind, once a message was seen. */
	bool has_lf; /**< What was taken of the line ends with LF. */
	bool is_folded;
	bool is_given; /**< The line in the buffer was handed out. */
	bool has_gap; /**< What comes does not follow what came. */
	bool was_lost; /**< The current message is the first after a gap. */

	/* the current message */
	bool is_head_only; /**< 1xx, 204, 304; by pal_http_no_body() */
	bool has_length, has_coding, is_chunked, is_bad;
	uint64_t left; /**< Of the body, or of the chunk. */
	uint64_t length; /**< Content-Length. */
	uint64_t
		body_len; /**< So far, without what chunks are wrapped in; gaps inside it are counted. */
	uint32_t nb_lost; /**< Bytes in which no message was found. */
};

void pal_http_fini(struct pal_http_side *side);

/** Read on. Takes bytes off the cursor; call until it says PAL_HTTP_MORE. */
enum pal_http_event
pal_http_next(struct pal_http_side *side, struct pal_cursor *bytes, union pal_http_item *ret_item);

/** At HEAD: the message has no body whatever its fields say. A response to HEAD. */
void pal_http_no_body(struct pal_http_side *side);

/** The bytes that follow are no HTTP: after a response to CONNECT or Upgrade. */
void pal_http_stop(struct pal_http_side *side);

/** Bytes are missing here. Then call pal_http_next(), with no bytes, too: a message may have ended. */
void pal_http_gap(struct pal_http_side *side, uint64_t len);

/** The side has closed. Then call pal_http_next(). */
void pal_http_close(struct pal_http_side *side);

/** Will nothing more come of this side? */
bool pal_http_is_over(const struct pal_http_side *side);

/** Does a name, a method or a value equal a text in lower case, whatever its own case? */
bool pal_http_is(const struct pal_cursor *text, const char *lower);

#endif
