/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A frame is its header, then its payload: of DATA passed over as it comes, of others gathered whole.
 *
 *      PREFACE --> HEADER --> PAYLOAD --> HEADER
 *                         --> PADDING --> DATA --> HEADER
 */
#include "pal_http2.h"
#include "pal_proto.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

enum {
	PREFACE,
	HEADER,
	PAYLOAD,
	PADDING, // length of the padding of DATA
	DATA,
	OVER,
};

// RFC 9113 section 6.
enum {
	FRAME_DATA,
	FRAME_HEADERS,
	FRAME_PRIORITY,
	FRAME_RST_STREAM,
	FRAME_SETTINGS,
	FRAME_PUSH_PROMISE,
	FRAME_CONTINUATION = 9,
};

enum {
	FLAG_END_STREAM = 0x1,
	FLAG_ACK = 0x1,
	FLAG_END_HEADERS = 0x4,
	FLAG_PADDED = 0x8,
	FLAG_PRIORITY = 0x20,
};

#define PREFACE_LEN (sizeof(PAL_HTTP2_PREFACE) - 1)

void pal_http2_stop(struct pal_http2_side *side)
{
	if (side->inflater != NULL)
		nghttp2_hd_inflate_del(side->inflater);
	free(side->frame);
	*side = (struct pal_http2_side){.state = OVER};
}

bool pal_http2_is_over(const struct pal_http2_side *side)
{
	return side->state == OVER;
}

static enum pal_http2_event broken(struct pal_http2_side *side)
{
	pal_http2_stop(side);
	return PAL_HTTP2_BROKEN;
}

/* bytes */

static bool append(struct pal_http2_side *side, const uint8_t *bytes, size_t len)
{
	if (side->frame_len + len > side->frame_room) {
		size_t room = (side->frame_len + len) * 2;
		uint8_t *frame = realloc(side->frame, room);

		if (frame == NULL)
			return false;
		side->frame = frame;
		side->frame_room = (uint32_t)room;
	}
	if (len != 0)
		memcpy(side->frame + side->frame_len, bytes, len);
	side->frame_len += (uint32_t)len;
	return true;
}

// `want` bytes at once: where they lie, or from what was kept. 1; 0: they are not all there; -1: no memory.
static int
gather(struct pal_http2_side *side,
       struct pal_cursor *bytes,
       size_t want,
       struct pal_cursor *ret_bytes)
{
	size_t more, left = pal_cursor_left(bytes);

	if (side->is_given)
		side->frame_len = 0;
	side->is_given = false;
	if (side->frame_len == 0 && left >= want) {
		*ret_bytes = pal_cursor_of(bytes->pos, want);
		bytes->pos += want;
		return 1;
	}
	more = want - side->frame_len;
	if (more > left)
		more = left;
	if (!append(side, bytes->pos, more))
		return -1;
	bytes->pos += more;
	if (side->frame_len < want)
		return 0;
	*ret_bytes = pal_cursor_of(side->frame, want);
	side->is_given = true;
	return 1;
}

/* heads */

// Before a head: with a table as large as it may use.
static bool open_inflater(struct pal_http2_side *side)
{
	if (side->inflater == NULL && nghttp2_hd_inflate_new(&side->inflater) != 0)
		return false;
	if (side->table_used == side->table_size)
		return true;
	side->table_used = side->table_size;
	return nghttp2_hd_inflate_change_table_size(side->inflater, side->table_size) == 0;
}

// The next field of the fragment. HEAD, MORE: the fragment ends here, with the head or without.
static enum pal_http2_event read_block(struct pal_http2_side *side, struct pal_http2_item *ret_item)
{
	ret_item->stream = side->head_stream;
	ret_item->is_promise = side->is_promise;
	ret_item->has_priority = side->has_priority;
	ret_item->weight = side->weight;
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t nb = nghttp2_hd_inflate_hd2(
			side->inflater,
			&nv,
			&flags,
			side->block.pos,
			pal_cursor_left(&side->block),
			side->head_ends
		);

		if (nb < 0)
			return broken(side);
		side->block.pos += nb;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			side->head_len += (uint32_t)(nv.namelen + nv.valuelen);
			if (side->head_len > PAL_HTTP2_HEAD_MAX)
				return broken(side);
			ret_item->name = pal_cursor_of(nv.name, nv.namelen);
			ret_item->value = pal_cursor_of(nv.value, nv.valuelen);
			return PAL_HTTP2_FIELD;
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
		if (pal_cursor_left(&side->block) == 0)
			break;
	}
	side->is_block = false;
	if (!side->head_ends)
		return PAL_HTTP2_MORE;
	nghttp2_hd_inflate_end_headers(side->inflater);
	return PAL_HTTP2_HEAD;
}

// RFC 9113 sections 6.2, 6.6, 6.10: what comes around the fragment.
static bool begin_block(struct pal_http2_side *side, struct pal_cursor payload)
{
	uint8_t padding = 0;
	uint32_t word;

	if (side->type == FRAME_CONTINUATION) {
		if (side->head_stream == 0 || side->stream != side->head_stream)
			return false;
	} else {
		side->head_stream = side->stream;
		side->head_len = 0;
		side->is_promise = side->type == FRAME_PUSH_PROMISE;
		side->has_priority = false;
		side->head_ends_stream =
			side->type == FRAME_HEADERS && (side->flags & FLAG_END_STREAM);
		if ((side->flags & FLAG_PADDED) && !pal_cursor_u8(&payload, &padding))
			return false;
	}
	if (side->type == FRAME_PUSH_PROMISE) {
		if (!pal_cursor_be32(&payload, &word))
			return false;
		// CONTINUATION names the stream of the promise, the head is the promised one's.
		side->head_stream = word & INT32_MAX;
	}
	if (side->type == FRAME_HEADERS && (side->flags & FLAG_PRIORITY)) {
		if (!pal_cursor_be32(&payload, &word) || !pal_cursor_u8(&payload, &side->weight))
			return false;
		side->has_priority = true;
	}
	if (padding > pal_cursor_left(&payload) || side->head_stream == 0)
		return false;
	payload.end -= padding;
	side->head_ends = side->flags & FLAG_END_HEADERS;
	side->block = payload;
	side->is_block = side->type == FRAME_CONTINUATION || open_inflater(side);
	return side->is_block;
}

void pal_http2_table_size(struct pal_http2_side *side, uint32_t size)
{
	if (size > PAL_HTTP2_TABLE_MAX)
		size = PAL_HTTP2_TABLE_MAX;
	// Less is what this side says itself, RFC 7541 section 4.2.
	if (side->state == OVER || size <= 4096 || size <= side->table_size)
		return;
	side->table_size = size;
}

/* frames */

// The end of a frame of DATA or of a head, and of the stream where it says so.
static enum pal_http2_event end_frame(struct pal_http2_side *side, struct pal_http2_item *ret_item)
{
	side->state = HEADER;
	ret_item->stream = side->stream;
	return side->type <= FRAME_HEADERS && (side->flags & FLAG_END_STREAM) ? PAL_HTTP2_END
									      : PAL_HTTP2_MORE;
}

static enum pal_http2_event
on_payload(struct pal_http2_side *side, struct pal_cursor payload, struct pal_http2_item *ret_item)
{
	ret_item->stream = side->stream;
	switch (side->type) {
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
	case FRAME_CONTINUATION:
		// The block is read by the next calls.
		return begin_block(side, payload) ? PAL_HTTP2_MORE : broken(side);
	case FRAME_RST_STREAM:
		side->state = HEADER;
		return pal_cursor_be32(&payload, &ret_item->code) ? PAL_HTTP2_RESET : broken(side);
	case FRAME_SETTINGS:
		if (pal_cursor_left(&payload) % 6 != 0)
			return broken(side);
		side->state = HEADER;
		ret_item->settings = payload;
		return side->flags & FLAG_ACK ? PAL_HTTP2_MORE : PAL_HTTP2_SETTINGS;
	default:
		side->state = HEADER;
		return PAL_HTTP2_MORE;
	}
}

static bool is_wanted(uint8_t type)
{
	return type == FRAME_HEADERS || type == FRAME_PUSH_PROMISE || type == FRAME_CONTINUATION ||
	       type == FRAME_RST_STREAM || type == FRAME_SETTINGS;
}

// RFC 9113 section 4.1.
static bool on_header(struct pal_http2_side *side, struct pal_cursor header)
{
	uint32_t word, stream;

	pal_cursor_be32(&header, &word);
	pal_cursor_u8(&header, &side->flags);
	pal_cursor_be32(&header, &stream);
	side->left = word >> 8;
	side->type = (uint8_t)word;
	side->stream = stream & INT32_MAX;
	side->padding = 0;
	// RFC 9113 section 4.3: nothing comes between the frames of a head.
	if ((side->head_stream != 0) != (side->type == FRAME_CONTINUATION))
		return false;
	if (is_wanted(side->type)) {
		side->state = PAYLOAD;
		return side->left <= PAL_HTTP2_FRAME_MAX;
	}
	side->state = side->type == FRAME_DATA && (side->flags & FLAG_PADDED) ? PADDING : DATA;
	return true;
}

// DATA, or a frame that nobody reads.
static enum pal_http2_event
pass(struct pal_http2_side *side, uint64_t len, struct pal_http2_item *ret_item)
{
	uint64_t body = side->left > side->padding ? side->left - side->padding : 0;

	side->left -= len;
	side->missed = 0;
	ret_item->stream = side->stream;
	ret_item->len = len < body ? len : body;
	return side->type == FRAME_DATA && ret_item->len != 0 ? PAL_HTTP2_DATA : PAL_HTTP2_MORE;
}

static enum pal_http2_event
read_data(struct pal_http2_side *side, struct pal_cursor *bytes, struct pal_http2_item *ret_item)
{
	size_t len = pal_cursor_left(bytes);

	if (side->left == 0)
		return end_frame(side, ret_item);
	if (len > side->left)
		len = side->left;
	bytes->pos += len;
	return pass(side, len, ret_item);
}

static enum pal_http2_event read_preface(struct pal_http2_side *side, struct pal_cursor *bytes)
{
	struct pal_cursor preface;
	int rc;

	// A frame that begins so would have five million bytes.
	if (side->frame_len == 0 && *bytes->pos != PAL_HTTP2_PREFACE[0]) {
		side->state = HEADER;
		return PAL_HTTP2_MORE;
	}
	rc = gather(side, bytes, PREFACE_LEN, &preface);
	if (rc < 0 || (rc > 0 && memcmp(preface.pos, PAL_HTTP2_PREFACE, PREFACE_LEN) != 0))
		return broken(side);
	if (rc > 0)
		side->state = HEADER;
	return PAL_HTTP2_MORE;
}

static enum pal_http2_event read_head(struct pal_http2_side *side, struct pal_http2_item *ret_item)
{
	enum pal_http2_event event = read_block(side, ret_item);

	if (event == PAL_HTTP2_MORE)
		side->state = HEADER;
	if (event != PAL_HTTP2_HEAD)
		return event;
	// What the first frame of the head has said is true behind the last one.
	side->type = FRAME_HEADERS;
	side->flags = side->head_ends_stream ? FLAG_END_STREAM : 0;
	side->stream = side->head_stream;
	side->head_stream = 0;
	side->left = 0;
	side->state = DATA;
	return event;
}

// One step. MORE: nothing came of it, go on while there are bytes.
static enum pal_http2_event
step(struct pal_http2_side *side, struct pal_cursor *bytes, struct pal_http2_item *ret_item)
{
	struct pal_cursor got;
	uint8_t padding;
	int rc;

	switch (side->state) {
	case PREFACE:
		return read_preface(side, bytes);
	case HEADER:
		rc = gather(side, bytes, PAL_HTTP2_FRAME_HEADER_LEN, &got);
		if (rc < 0 || (rc > 0 && !on_header(side, got)))
			return broken(side);
		return PAL_HTTP2_MORE;
	case PAYLOAD:
		rc = gather(side, bytes, side->left, &got);
		if (rc < 0)
			return broken(side);
		return rc > 0 ? on_payload(side, got, ret_item) : PAL_HTTP2_MORE;
	case PADDING:
		if (side->left == 0 || !pal_cursor_u8(bytes, &padding))
			return side->left == 0 ? broken(side) : PAL_HTTP2_MORE;
		side->left--;
		side->padding = padding;
		side->state = DATA;
		return padding <= side->left ? PAL_HTTP2_MORE : broken(side);
	default:
		return read_data(side, bytes, ret_item);
	}
}

// Does the side have something to do without more bytes?
static bool is_ready(const struct pal_http2_side *side)
{
	return side->left == 0 &&
	       (side->state == PAYLOAD || side->state == DATA || side->state == PADDING);
}

enum pal_http2_event pal_http2_next(
	struct pal_http2_side *side,
	struct pal_cursor *bytes,
	struct pal_http2_item *ret_item
)
{
	enum pal_http2_event event;

	for (;;) {
		*ret_item = (struct pal_http2_item){0};
		if (side->state == OVER) {
			bytes->pos = bytes->end;
			return PAL_HTTP2_MORE;
		}
		if (side->missed != 0)
			event = pass(side, side->missed, ret_item);
		else if (side->is_block)
			event = read_head(side, ret_item);
		else if (pal_cursor_left(bytes) != 0 || is_ready(side))
			event = step(side, bytes, ret_item);
		else
			return PAL_HTTP2_MORE;
		if (event == PAL_HTTP2_BROKEN)
			*ret_item = (struct pal_http2_item){0};
		if (event != PAL_HTTP2_MORE)
			return event;
	}
}

void pal_http2_gap(struct pal_http2_side *side, uint64_t len)
{
	if (side->state == DATA && len <= side->left)
		side->missed = len;
	else
		pal_http2_stop(side);
}

bool pal_http2_setting_next(struct pal_cursor *settings, uint16_t *ret_id, uint32_t *ret_value)
{
	return pal_cursor_be16(settings, ret_id) && pal_cursor_be32(settings, ret_value);
}

// RFC 9113 section 7.
const char *pal_http2_error_name(uint32_t code)
{
	static const char *const names[] = {
		"NO_ERROR",
		"PROTOCOL_ERROR",
		"INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR",
		"SETTINGS_TIMEOUT",
		"STREAM_CLOSED",
		"FRAME_SIZE_ERROR",
		"REFUSED_STREAM",
		"CANCEL",
		"COMPRESSION_ERROR",
		"CONNECT_ERROR",
		"ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY",
		"HTTP_1_1_REQUIRED",
	};

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}

/* recognition */

// A server begins with SETTINGS, RFC 9113 section 3.4: of stream 0, no acknowledgement, with a setting that is known.
static enum pal_probe probe_server(struct pal_cursor bytes)
{
	static const uint8_t head[] = {0, 0, 0, FRAME_SETTINGS, 0, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < sizeof(head); i++) {
		uint8_t byte;

		if (!pal_cursor_u8(&bytes, &byte))
			return PAL_PROBE_MORE;
		if (i == 2 ? byte == 0 || byte % 6 != 0 || byte > 60 : byte != head[i])
			return PAL_PROBE_NO;
	}
	if (pal_cursor_left(&bytes) == 0)
		return PAL_PROBE_MORE;
	return *bytes.pos >= 1 && *bytes.pos <= 9 ? PAL_PROBE_YES : PAL_PROBE_NO;
}

enum pal_probe pal_http2_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t len = pal_cursor_left(&bytes);

	if (*bytes.pos == 0)
		return probe_server(bytes);
	if (memcmp(bytes.pos, PAL_HTTP2_PREFACE, len < PREFACE_LEN ? len : PREFACE_LEN) != 0)
		return PAL_PROBE_NO;
	return len < PREFACE_LEN ? PAL_PROBE_MORE : PAL_PROBE_YES;
}
