/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_ber.h"
#include "pal_gather.h"

#include <inttypes.h>
#include <stdio.h>

// Identifier and length. X.690 section 8.1.2, 8.1.3.
struct head {
	uint8_t id;
	bool is_indefinite;
	uint32_t len;
};

static bool skip_long_tag(struct pal_cursor *cur)
{
	uint8_t byte;

	do {
		if (!pal_cursor_u8(cur, &byte))
			return false;
	} while (byte & 0x80);
	return true;
}

static bool read_head(struct pal_cursor *cur, struct head *head)
{
	uint8_t first, byte;

	*head = (struct head){0};
	if (!pal_cursor_u8(cur, &head->id))
		return false;
	if ((head->id & 0x1f) == 0x1f && !skip_long_tag(cur))
		return false;
	if (!pal_cursor_u8(cur, &first))
		return false;
	if (first < 0x80) {
		head->len = first;
		return true;
	}
	if (first == 0x80) {
		head->is_indefinite = true;
		// Section 8.1.3.2: only what is constructed may be.
		return head->id & PAL_BER_CONSTRUCTED;
	}
	// Longer numbers may have zeros in front; nobody writes so.
	if (first > 0x84)
		return false;
	for (; first > 0x80; first--) {
		if (!pal_cursor_u8(cur, &byte))
			return false;
		head->len = head->len << 8 | byte;
	}
	return true;
}

// To behind the end-of-contents that ends this body; the elements in it are skipped, inside each other, too.
static bool skip_indefinite(struct pal_cursor *cur, struct pal_cursor *ret_body)
{
	struct pal_cursor at = *cur;
	unsigned int depth = 1;

	while (depth != 0) {
		const uint8_t *before = at.pos;
		struct head head;

		if (!read_head(&at, &head))
			return false;
		if (head.is_indefinite) {
			if (++depth > PAL_BER_DEPTH)
				return false;
		} else if (head.id == 0) {
			if (head.len != 0)
				return false;
			if (--depth == 0)
				*ret_body = (struct pal_cursor){cur->pos, before};
		} else if (!pal_cursor_skip(&at, head.len)) {
			return false;
		}
	}
	*cur = at;
	return true;
}

bool pal_ber_next(struct pal_cursor *cur, struct pal_ber *ret_ber)
{
	struct pal_cursor at = *cur, body;
	struct head head;
	const uint8_t *bytes;

	if (!read_head(&at, &head))
		return false;
	if (head.is_indefinite) {
		if (!skip_indefinite(&at, &body))
			return false;
	} else {
		bytes = pal_cursor_take(&at, head.len);
		if (bytes == NULL)
			return false;
		body = pal_cursor_of(bytes, head.len);
	}
	*cur = at;
	*ret_ber = (struct pal_ber){.id = head.id, .body = body};
	return true;
}

bool pal_ber_open(struct pal_cursor *cur, uint8_t id, struct pal_cursor *ret_body)
{
	struct pal_ber ber;

	if (!pal_ber_is(cur, id) || !pal_ber_next(cur, &ber))
		return false;
	*ret_body = ber.body;
	return true;
}

// Section 8.3: two's complement, at least one byte.
bool pal_ber_value(struct pal_cursor body, int64_t *ret_value)
{
	size_t len = pal_cursor_left(&body);
	uint64_t value;
	uint8_t byte;

	if (len == 0 || len > 8)
		return false;
	value = body.pos[0] & 0x80 ? UINT64_MAX : 0;
	while (pal_cursor_u8(&body, &byte))
		value = value << 8 | byte;
	*ret_value = (int64_t)value;
	return true;
}

bool pal_ber_int(struct pal_cursor *cur, uint8_t id, int64_t *ret_value)
{
	struct pal_cursor at = *cur, body;

	if (!pal_ber_open(&at, id, &body) || !pal_ber_value(body, ret_value))
		return false;
	*cur = at;
	return true;
}

bool pal_ber_u32(struct pal_cursor *cur, uint8_t id, uint32_t *ret_value)
{
	struct pal_cursor at = *cur;
	int64_t value;

	if (!pal_ber_int(&at, id, &value) || value < 0 || value > UINT32_MAX)
		return false;
	*cur = at;
	*ret_value = (uint32_t)value;
	return true;
}

// Section 8.2.
bool pal_ber_bool(struct pal_cursor *cur, uint8_t id, bool *ret_value)
{
	struct pal_cursor at = *cur, body;
	uint8_t byte;

	if (!pal_ber_open(&at, id, &body) || pal_cursor_left(&body) != 1 ||
	    !pal_cursor_u8(&body, &byte))
		return false;
	*cur = at;
	*ret_value = byte != 0;
	return true;
}

// Section 8.19.2: seven bits a byte, the last of them without the high bit.
static bool read_arc(struct pal_cursor *cur, uint64_t *ret_arc)
{
	uint64_t arc = 0;
	uint8_t byte;

	do {
		if (arc >> 56 != 0 || !pal_cursor_u8(cur, &byte))
			return false;
		arc = arc << 7 | (byte & 0x7f);
	} while (byte & 0x80);
	*ret_arc = arc;
	return true;
}

size_t pal_ber_oid_text(struct pal_cursor body, char *dst, size_t room)
{
	uint64_t arc;
	size_t len = 0;

	while (pal_cursor_left(&body) != 0) {
		char text[48];
		int nb;

		if (!read_arc(&body, &arc))
			return 0;
		// Section 8.19.4: the first has two numbers.
		if (len == 0) {
			unsigned int top = arc < 40 ? 0 : arc < 80 ? 1 : 2;

			nb = snprintf(text, sizeof(text), "%u.%" PRIu64, top, arc - 40 * top);
		} else {
			nb = snprintf(text, sizeof(text), ".%" PRIu64, arc);
		}
		if ((size_t)nb > room - len)
			return 0;
		memcpy(dst + len, text, (size_t)nb);
		len += (size_t)nb;
	}
	return len;
}

size_t pal_ber_len(struct pal_cursor head)
{
	const uint8_t *begin = head.pos;
	size_t have = pal_cursor_left(&head);
	struct head h;

	if ((begin[0] & 0x1f) == 0x1f || (have > 1 && (begin[1] == 0x80 || begin[1] > 0x84)))
		return PAL_GATHER_BAD;
	if (!read_head(&head, &h))
		return PAL_GATHER_MORE;
	return (size_t)(head.pos - begin) + h.len;
}
