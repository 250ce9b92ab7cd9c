/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_gather.h"

#include <pal_err.h>

#include <stdlib.h>

void pal_gather_reset(struct pal_gather *g)
{
	free(g->bytes);
	*g = (struct pal_gather){0};
}

void pal_gather_lose(struct pal_gather *g)
{
	pal_gather_reset(g);
	g->is_lost = true;
}

// Room is for what has come, never for what a length announces.
static bool append(struct pal_gather *g, const uint8_t *data, size_t len, size_t max)
{
	if (g->len + len > g->room) {
		size_t room = (g->len + len) * 2;
		uint8_t *bytes;

		if (room > max)
			room = max;
		bytes = realloc(g->bytes, room);
		if (bytes == NULL)
			return false;
		g->bytes = bytes;
		g->room = (uint32_t)room;
	}
	memcpy(g->bytes + g->len, data, len);
	g->len += (uint32_t)len;
	return true;
}

// Length of the message that begins here; 0: not known yet, more may come.
static int measure(struct pal_cursor head, pal_gather_len_t len_of, size_t max, size_t *ret_len)
{
	size_t have = pal_cursor_left(&head);
	size_t len = have == 0 ? PAL_GATHER_MORE : len_of(head);

	if (len == PAL_GATHER_BAD)
		return -EBADMSG;
	if (len > max || (len == PAL_GATHER_MORE && have >= max))
		return -EMSGSIZE;
	*ret_len = len;
	return 0;
}

// A message began in an earlier segment: take no more bytes than it needs. While its length is not known that is one.
static int finish_waiting(
	struct pal_gather *g,
	struct pal_cursor *segment,
	pal_gather_len_t len_of,
	size_t max,
	struct pal_cursor *ret_msg
)
{
	for (;;) {
		struct pal_cursor head = pal_cursor_of(g->bytes, g->len);
		size_t len, more, left = pal_cursor_left(segment);
		int rc = measure(head, len_of, max, &len);

		if (rc < 0)
			return rc;
		if (len != PAL_GATHER_MORE && g->len >= len) {
			*ret_msg = pal_cursor_of(g->bytes, len);
			g->is_out = true;
			return 1;
		}
		if (left == 0)
			return 0;
		more = len == PAL_GATHER_MORE ? 1 : len - g->len;
		if (more > left)
			more = left;
		if (!append(g, pal_cursor_take(segment, more), more, max))
			return -ENOMEM;
	}
}

static int
next(struct pal_gather *g,
     struct pal_cursor *segment,
     pal_gather_len_t len_of,
     size_t max,
     struct pal_cursor *ret_msg)
{
	size_t len, left = pal_cursor_left(segment);
	const uint8_t *bytes;
	int rc;

	if (g->len != 0)
		return finish_waiting(g, segment, len_of, max, ret_msg);
	rc = measure(*segment, len_of, max, &len);
	if (rc < 0)
		return rc;
	if (len != PAL_GATHER_MORE && len <= left) {
		bytes = pal_cursor_take(segment, len);
		*ret_msg = pal_cursor_of(bytes, len);
		return 1;
	}
	if (left != 0 && !append(g, pal_cursor_take(segment, left), left, max))
		return -ENOMEM;
	return 0;
}

int pal_gather_next(
	struct pal_gather *g,
	struct pal_cursor *segment,
	pal_gather_len_t len_of,
	size_t max,
	struct pal_cursor *ret_msg
)
{
	int rc;

	if (g->is_out)
		pal_gather_reset(g);
	if (g->is_lost) {
		pal_cursor_skip(segment, pal_cursor_left(segment));
		return 0;
	}
	rc = next(g, segment, len_of, max, ret_msg);
	if (rc < 0) {
		pal_gather_lose(g);
		pal_cursor_skip(segment, pal_cursor_left(segment));
	}
	return rc;
}
