/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Messages are read line by line; between lines the state says what the next one is.
 *
 *      START --> FIELDS --> LENGTH | UNTIL_CLOSE --> DONE --> START
 *                           CHUNK_SIZE <-> CHUNK_DATA, CHUNK_END
 *                           CHUNK_SIZE --> TRAILER
 *
 * and LOST, where messages are looked for, and OVER, where they are not any more.
 */
#include "http_start.h"

#include <stdlib.h>

enum {
	START,
	FIELDS,
	LENGTH,
	UNTIL_CLOSE,
	CHUNK_SIZE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILER,
	DONE,
	LOST,
	OVER,
};

void pal_http_fini(struct pal_http_side *side)
{
	free(side->line);
	side->line = NULL;
	side->len = side->room = 0;
}

/* lines */

// Where a message is looked for, it is at the end of a line: of a long one, the beginning goes.
static void keep_end(struct pal_http_side *side, const uint8_t **bytes, size_t *len)
{
	uint32_t spare;

	if (*len > PAL_HTTP_LINE_MAX) {
		*bytes += *len - PAL_HTTP_LINE_MAX;
		*len = PAL_HTTP_LINE_MAX;
	}
	spare = PAL_HTTP_LINE_MAX - (uint32_t)*len;
	if (side->len <= spare)
		return;
	memmove(side->line, side->line + side->len - spare, spare);
	side->len = spare;
}

// Room is for what has come. What finds none is left out of the line, as if it were too long.
static void keep(struct pal_http_side *side, const uint8_t *bytes, size_t len)
{
	uint8_t *line;
	uint32_t room;

	if (side->state == LOST)
		keep_end(side, &bytes, &len);
	if (len > PAL_HTTP_LINE_MAX - side->len)
		len = PAL_HTTP_LINE_MAX - side->len;
	if (side->len + len > side->room) {
		room = (uint32_t)(side->len + len) * 2;
		line = realloc(side->line, room);
		if (line == NULL)
			return;
		side->line = line;
		side->room = room;
	}
	if (len != 0)
		memcpy(side->line + side->len, bytes, len);
	side->len += (uint32_t)len;
}

static void forget_line(struct pal_http_side *side)
{
	side->len = 0;
	side->has_lf = side->is_folded = side->is_given = false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct pal_cursor *text)
{
	while (text->pos < text->end && is_blank(*text->pos))
		text->pos++;
	while (text->pos < text->end && is_blank(text->end[-1]))
		text->end--;
}

// Is what was kept, and this piece behind it, an empty line?
static bool is_empty(const struct pal_http_side *side, const uint8_t *piece, size_t len)
{
	uint8_t first = side->len != 0 ? side->line[0] : piece[0];

	return side->len + len == 1 || (side->len + len == 2 && first == '\r');
}

/*
 * A line without its end, RFC 9112 section 2.2: CRLF, or LF alone. false: it is not all there.
 * folds: a line that begins with a blank goes on with the one before.
 */
static bool take_line(
	struct pal_http_side *side,
	struct pal_cursor *bytes,
	bool folds,
	struct pal_cursor *ret_line
)
{
	const uint8_t *piece = bytes->pos, *lf;

	if (side->is_given)
		forget_line(side);
	for (;;) {
		size_t left = pal_cursor_left(bytes);

		if (side->has_lf &&
		    (!folds || is_empty(side, piece, (size_t)(bytes->pos - piece)) ||
		     (left != 0 && !is_blank(*bytes->pos))))
			break;
		side->is_folded |= side->has_lf && left != 0;
		lf = left != 0 ? memchr(bytes->pos, '\n', left) : NULL;
		if (lf == NULL) {
			side->has_lf &= left == 0;
			bytes->pos = bytes->end;
			keep(side, piece, (size_t)(bytes->pos - piece));
			return false;
		}
		bytes->pos = lf + 1;
		side->has_lf = true;
	}
	side->is_given = true;
	if (side->len == 0 && !side->is_folded) {
		*ret_line = pal_cursor_of(piece, (size_t)(bytes->pos - piece));
		if (side->state == LOST && pal_cursor_left(ret_line) > PAL_HTTP_LINE_MAX)
			ret_line->pos = ret_line->end - PAL_HTTP_LINE_MAX;
		pal_cursor_limit(ret_line, PAL_HTTP_LINE_MAX);
	} else {
		keep(side, piece, (size_t)(bytes->pos - piece));
		for (uint32_t i = 0; side->is_folded && i + 2 < side->len; i++)
			if (side->line[i] == '\r' || side->line[i] == '\n')
				side->line[i] = ' ';
		*ret_line = pal_cursor_of(side->line, side->len);
	}
	if (ret_line->end > ret_line->pos && ret_line->end[-1] == '\n')
		ret_line->end--;
	if (ret_line->end > ret_line->pos && ret_line->end[-1] == '\r')
		ret_line->end--;
	return true;
}

/* fields */

bool pal_http_is(const struct pal_cursor *text, const char *lower)
{
	size_t len = strlen(lower);

	if (pal_cursor_left(text) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text->pos[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)lower[i])
			return false;
	}
	return true;
}

// The next element of a list, RFC 9110 section 5.6.1.
static bool next_element(struct pal_cursor *list, struct pal_cursor *ret_element)
{
	const uint8_t *comma;

	if (pal_cursor_left(list) == 0)
		return false;
	comma = memchr(list->pos, ',', pal_cursor_left(list));
	*ret_element = (struct pal_cursor){list->pos, comma != NULL ? comma : list->end};
	list->pos = comma != NULL ? comma + 1 : list->end;
	trim(ret_element);
	return true;
}

static bool parse_length(struct pal_cursor text, uint64_t *ret_length)
{
	uint64_t length = 0;

	if (pal_cursor_left(&text) == 0 || pal_cursor_left(&text) > 18)
		return false;
	for (; text.pos < text.end; text.pos++) {
		if (*text.pos < '0' || *text.pos > '9')
			return false;
		length = length * 10 + (*text.pos - '0');
	}
	*ret_length = length;
	return true;
}

// RFC 9112 section 6.3, number 5: the same value may be there several times.
static void on_length(struct pal_http_side *side, struct pal_cursor value)
{
	struct pal_cursor element;
	uint64_t length;

	if (pal_cursor_left(&value) == 0)
		side->is_bad = true;
	while (next_element(&value, &element)) {
		if (!parse_length(element, &length) ||
		    (side->has_length && length != side->length)) {
			side->is_bad = true;
			return;
		}
		side->has_length = true;
		side->length = length;
	}
}

static void on_field(struct pal_http_side *side, const struct pal_http_field *field)
{
	struct pal_cursor codings = field->value, coding;

	if (pal_http_is(&field->name, "content-length")) {
		on_length(side, field->value);
	} else if (pal_http_is(&field->name, "transfer-encoding")) {
		// The last coding says where the body ends.
		while (next_element(&codings, &coding)) {
			side->has_coding = true;
			side->is_chunked = pal_http_is(&coding, "chunked");
		}
	}
}

static bool parse_field(struct pal_cursor line, struct pal_http_field *ret_field)
{
	const uint8_t *colon = memchr(line.pos, ':', pal_cursor_left(&line));

	if (colon == NULL)
		return false;
	ret_field->name = (struct pal_cursor){line.pos, colon};
	ret_field->value = (struct pal_cursor){colon + 1, line.end};
	trim(&ret_field->name);
	trim(&ret_field->value);
	return pal_cursor_left(&ret_field->name) != 0;
}

/* messages */

static enum pal_http_event begin(struct pal_http_side *side, const struct pal_http_start *start)
{
	side->kind = start->kind;
	side->was_lost = side->state == LOST;
	// RFC 9112 section 6.3, number 1.
	side->is_head_only = start->kind == PAL_HTTP_RESPONSE &&
			     (start->status < 200 || start->status == 204 || start->status == 304);
	side->has_length = side->has_coding = side->is_chunked = side->is_bad = false;
	side->left = side->length = side->body_len = 0;
	side->state = FIELDS;
	return PAL_HTTP_START;
}

static enum pal_http_event broken(struct pal_http_side *side)
{
	pal_http_stop(side);
	return PAL_HTTP_BROKEN;
}

static void lose(struct pal_http_side *side)
{
	side->state = LOST;
	side->nb_lost = 0;
}

static enum pal_http_event
read_start(struct pal_http_side *side, struct pal_cursor *bytes, struct pal_http_start *ret_start)
{
	struct pal_cursor line;

	while (take_line(side, bytes, false, &line)) {
		// RFC 9112 section 2.2: empty lines before a request are ignored.
		if (pal_cursor_left(&line) == 0)
			continue;
		if (http_start_parse(line, ret_start) &&
		    (side->kind != PAL_HTTP_UNKNOWN || http_start_is_likely(ret_start)))
			return begin(side, ret_start);
		if (side->kind != PAL_HTTP_UNKNOWN)
			return broken(side);
		// Seen from the middle on: this is the end of a message.
		lose(side);
		if (http_start_find(line, side->kind, ret_start))
			return begin(side, ret_start);
		return PAL_HTTP_MORE;
	}
	return PAL_HTTP_MORE;
}

static enum pal_http_event
read_lost(struct pal_http_side *side, struct pal_cursor *bytes, struct pal_http_start *ret_start)
{
	const uint8_t *from = bytes->pos;
	struct pal_cursor line;

	while (take_line(side, bytes, false, &line)) {
		if (http_start_find(line, side->kind, ret_start))
			return begin(side, ret_start);
		side->nb_lost += (uint32_t)(bytes->pos - from);
		from = bytes->pos;
		if (side->nb_lost > PAL_HTTP_LOST_MAX) {
			pal_http_stop(side);
			return PAL_HTTP_MORE;
		}
	}
	side->nb_lost += (uint32_t)(bytes->pos - from);
	if (side->nb_lost > PAL_HTTP_LOST_MAX)
		pal_http_stop(side);
	return PAL_HTTP_MORE;
}

// RFC 9112 section 6.3, once the head has ended and the caller had its say.
static enum pal_http_event begin_body(struct pal_http_side *side)
{
	if (side->is_head_only) {
		side->state = DONE;
		return PAL_HTTP_HEAD;
	}
	if (side->has_coding) {
		// Number 4: of a request, that is an error.
		if (!side->is_chunked && side->kind == PAL_HTTP_REQUEST)
			return broken(side);
		side->state = side->is_chunked ? CHUNK_SIZE : UNTIL_CLOSE;
		return PAL_HTTP_HEAD;
	}
	if (side->is_bad)
		return broken(side);
	side->left = side->length;
	if (side->has_length || side->kind == PAL_HTTP_REQUEST)
		side->state = side->left != 0 ? LENGTH : DONE;
	else
		side->state = UNTIL_CLOSE;
	return PAL_HTTP_HEAD;
}

static enum pal_http_event
read_fields(struct pal_http_side *side, struct pal_cursor *bytes, struct pal_http_field *ret_field)
{
	struct pal_cursor line;

	while (take_line(side, bytes, true, &line)) {
		if (pal_cursor_left(&line) == 0)
			return begin_body(side);
		if (!parse_field(line, ret_field))
			continue;
		on_field(side, ret_field);
		return PAL_HTTP_FIELD;
	}
	return PAL_HTTP_MORE;
}

// RFC 9112 section 7.1: digits in hex, then extensions.
static bool parse_chunk_size(struct pal_cursor line, uint64_t *ret_size)
{
	unsigned int nb_digits = 0;
	uint64_t size = 0;

	trim(&line);
	for (; line.pos < line.end; line.pos++, nb_digits++) {
		uint8_t c = *line.pos, lower = c | 0x20;

		if (c >= '0' && c <= '9')
			size = size << 4 | (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			size = size << 4 | (lower - 'a' + 10u);
		else if (c == ';' || is_blank(c))
			break;
		else
			return false;
		if (size >> 56)
			return false;
	}
	*ret_size = size;
	return nb_digits != 0;
}

// The lines between the pieces of a chunked body. true: something has come of it.
static bool read_chunk_line(
	struct pal_http_side *side,
	struct pal_cursor *bytes,
	enum pal_http_event *ret_event
)
{
	struct pal_cursor line;

	*ret_event = PAL_HTTP_MORE;
	if (!take_line(side, bytes, side->state == TRAILER, &line))
		return false;
	if (side->state == TRAILER) {
		if (pal_cursor_left(&line) == 0)
			side->state = DONE;
	} else if (side->state == CHUNK_END && pal_cursor_left(&line) == 0) {
		side->state = CHUNK_SIZE;
	} else if (side->state == CHUNK_SIZE && parse_chunk_size(line, &side->left)) {
		side->state = side->left != 0 ? CHUNK_DATA : TRAILER;
	} else {
		*ret_event = broken(side);
	}
	return true;
}

// Bytes of a body that are there, or are known to be missing.
static void pass_body(struct pal_http_side *side, uint64_t len)
{
	side->body_len += len;
	if (side->state == UNTIL_CLOSE)
		return;
	side->left -= len;
	if (side->left == 0)
		side->state = side->state == CHUNK_DATA ? CHUNK_END : DONE;
}

static void read_body(struct pal_http_side *side, struct pal_cursor *bytes)
{
	size_t len = pal_cursor_left(bytes);

	if (side->state != UNTIL_CLOSE && len > side->left)
		len = side->left;
	pal_cursor_skip(bytes, len);
	pass_body(side, len);
}

// Where the bytes in hand do not go on: what there is of a message is all there will be.
static enum pal_http_event end_at_gap(struct pal_http_side *side, struct pal_http_start *ret_start)
{
	struct pal_cursor line = pal_cursor_of(side->line, side->len);
	bool is_start = side->state == START && side->len != 0 && !side->is_given;

	// Cut off behind the second blank: what is before it is whole.
	if (is_start && http_start_parse(line, ret_start) &&
	    (ret_start->kind == PAL_HTTP_RESPONSE || pal_cursor_left(&ret_start->version) != 0)) {
		begin(side, ret_start);
		side->is_given = true;
		return PAL_HTTP_START;
	}
	forget_line(side);
	side->has_gap = false;
	if (side->state == START || side->state == LOST) {
		lose(side);
		return PAL_HTTP_MORE;
	}
	lose(side);
	return PAL_HTTP_END;
}

enum pal_http_event
pal_http_next(struct pal_http_side *side, struct pal_cursor *bytes, union pal_http_item *ret_item)
{
	enum pal_http_event event = PAL_HTTP_MORE;

	for (;;) {
		if (side->state == DONE) {
			side->state = START;
			return PAL_HTTP_END;
		}
		if (side->has_gap && side->state != OVER) {
			event = end_at_gap(side, &ret_item->start);
			if (event != PAL_HTTP_MORE)
				return event;
		}
		switch (side->state) {
		case START:
			event = read_start(side, bytes, &ret_item->start);
			break;
		case LOST:
			event = read_lost(side, bytes, &ret_item->start);
			break;
		case FIELDS:
			event = read_fields(side, bytes, &ret_item->field);
			break;
		case LENGTH:
		case UNTIL_CLOSE:
		case CHUNK_DATA:
			read_body(side, bytes);
			break;
		case OVER:
			bytes->pos = bytes->end;
			return PAL_HTTP_MORE;
		default:
			if (!read_chunk_line(side, bytes, &event))
				return PAL_HTTP_MORE;
			break;
		}
		if (event != PAL_HTTP_MORE)
			return event;
		if (pal_cursor_left(bytes) == 0 && side->state != DONE)
			return PAL_HTTP_MORE;
	}
}

void pal_http_no_body(struct pal_http_side *side)
{
	side->state = DONE;
}

void pal_http_stop(struct pal_http_side *side)
{
	pal_http_fini(side);
	forget_line(side);
	side->has_gap = false;
	side->state = OVER;
}

void pal_http_gap(struct pal_http_side *side, uint64_t len)
{
	bool is_body = side->state == LENGTH || side->state == CHUNK_DATA;

	if (side->state == UNTIL_CLOSE || (is_body && len <= side->left))
		pass_body(side, len);
	else
		side->has_gap = true;
}

void pal_http_close(struct pal_http_side *side)
{
	if (side->state == UNTIL_CLOSE)
		side->state = DONE;
}

bool pal_http_is_over(const struct pal_http_side *side)
{
	return side->state == OVER;
}
