/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_HTTP2_H
#define PAL_HTTP2_H

/**
 * @file
 * HTTP/2 in the clear: the frames that one side of a connection sends; RFC 9113, headers by RFC 7541 (libnghttp2).
 *
 *      while ((event = pal_http2_next(&side, &bytes, &item)) != PAL_HTTP2_MORE)
 *              ...
 *
 * Of DATA only the length is given. Other frames are kept while they come in pieces, up to PAL_HTTP2_FRAME_MAX bytes.
 * Headers refer to those before them: what is missing outside DATA ends the side, and so does a head that is larger
 * than PAL_HTTP2_HEAD_MAX.
 */

#include <pal_cursor.h>

#define PAL_HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PAL_HTTP2_FRAME_HEADER_LEN 9
/** Of a frame that is not DATA. */
#define PAL_HTTP2_FRAME_MAX 65536
/** Names and values of one head, and CONTINUATION frames with any number of them. */
#define PAL_HTTP2_HEAD_MAX (256 * 1024)
/** The table of headers that the other side may ask for; it costs that much memory. */
#define PAL_HTTP2_TABLE_MAX 65536

enum pal_http2_event {
	PAL_HTTP2_MORE, /**< All bytes are read. */
	PAL_HTTP2_SETTINGS, /**< item.settings; not an acknowledgement. */
	PAL_HTTP2_FIELD, /**< item.name, item.value: of the head of a stream, pseudo fields included. */
	PAL_HTTP2_HEAD, /**< That head, or trailer, has ended. */
	PAL_HTTP2_DATA, /**< item.len bytes of a body, padding left out. */
	PAL_HTTP2_END, /**< The stream has ended in this direction. */
	PAL_HTTP2_RESET, /**< item.code: it has ended in both. */
	PAL_HTTP2_BROKEN, /**< Breaks the rules; nothing more is read of this side. */
};

/** What came with an event: in the caller's bytes or in the side's buffers, until the next call. */
struct pal_http2_item {
	uint32_t stream; /**< Of a promise: the promised one. */
	bool is_promise; /**< FIELD, HEAD: the request of a push, sent by the server. */
	bool has_priority; /**< FIELD, HEAD: weight is given. */
	uint8_t weight;
	uint32_t code;
	uint64_t len;
	struct pal_cursor name, value;
	struct pal_cursor settings; /**< pal_http2_setting_next(). */
};

struct nghttp2_hd_inflater;

/** What one side sends. All zero at the beginning; pal_http2_stop() at the end. */
struct pal_http2_side {
	struct nghttp2_hd_inflater *inflater; /**< NULL until the first head. */
	uint8_t *frame; /**< Bytes of a frame, or its header, that came in pieces. */
	uint32_t frame_len, frame_room;
	uint8_t state;
	uint8_t type, flags; /**< Of the current frame. */
	bool is_given; /**< The frame was read, and goes with the next call. */
	uint32_t stream;
	uint64_t left; /**< Of it, bytes that have not come. */
	uint32_t padding; /**< At its end. */
	uint64_t missed; /**< Bytes of it that are missing, and were not said yet. */
	/* the current head */
	uint32_t head_stream; /**< 0: none is being read. */
	struct pal_cursor block; /**< Its fragment in the current frame. */
	bool is_block; /**< That fragment is being read. */
	bool head_ends, head_ends_stream, is_promise, has_priority;
	uint8_t weight;
	uint32_t head_len;
	uint32_t table_size, table_used; /**< Allowed, and made so. */
};

/** Free what is kept; nothing more is read. */
void pal_http2_stop(struct pal_http2_side *side);

/** Read on. Takes bytes off the cursor; call until it says PAL_HTTP2_MORE. */
enum pal_http2_event pal_http2_next(
	struct pal_http2_side *side,
	struct pal_cursor *bytes,
	struct pal_http2_item *ret_item
);

/** Bytes are missing here. The side goes on only if they are inside DATA. Then call pal_http2_next(). */
void pal_http2_gap(struct pal_http2_side *side, uint64_t len);

/** Will nothing more come of this side? */
bool pal_http2_is_over(const struct pal_http2_side *side);

/** The next setting. false: there is none. */
bool pal_http2_setting_next(struct pal_cursor *settings, uint16_t *ret_id, uint32_t *ret_value);

#define PAL_HTTP2_HEADER_TABLE_SIZE 1

/** The other side allows its peer, this one, a larger table (SETTINGS_HEADER_TABLE_SIZE). */
void pal_http2_table_size(struct pal_http2_side *side, uint32_t size);

/** `CANCEL`; NULL for one without a name. Static strings. */
const char *pal_http2_error_name(uint32_t code);

#endif
