/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_pieces.h"

#include <stdlib.h>

bool pal_tls_bytes_add(struct pal_tls_bytes *bytes, const uint8_t *data, size_t len)
{
	if (len > bytes->room - bytes->len) {
		// Twice what is there: a message in single bytes is not copied for each of them.
		size_t room = bytes->len + len + bytes->len;
		uint8_t *more = room > UINT32_MAX ? NULL : realloc(bytes->data, room);

		if (more == NULL)
			return false;
		bytes->data = more;
		bytes->room = (uint32_t)room;
	}
	if (len != 0)
		memcpy(bytes->data + bytes->len, data, len);
	bytes->len += (uint32_t)len;
	return true;
}

void pal_tls_bytes_free(struct pal_tls_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct pal_tls_bytes){0};
}

/* pieces */

void pal_pieces_free(struct pal_pieces *p)
{
	pal_tls_bytes_free(&p->whole);
	pal_tls_bytes_free(&p->held);
	free(p->pieces);
	*p = (struct pal_pieces){0};
}

// What came before its turn is kept, while there is room for it.
static void hold(struct pal_pieces *p, uint32_t offset, struct pal_cursor data)
{
	size_t len = pal_cursor_left(&data);
	uint32_t at = p->held.len, nb = p->nb_pieces;

	if (nb == PAL_PIECES_MAX || len > PAL_PIECES_HELD_MAX - at)
		return;
	if ((nb & (nb - 1)) == 0) { // room is a power of two
		struct pal_piece *more =
			realloc(p->pieces, (nb == 0 ? 1 : 2 * (size_t)nb) * sizeof(*more));

		if (more == NULL)
			return;
		p->pieces = more;
	}
	if (pal_tls_bytes_add(&p->held, data.pos, len))
		p->pieces[p->nb_pieces++] = (struct pal_piece){offset, (uint32_t)len, at};
}

// Append what is new of a piece that begins at or before the end of what there is.
static void append(struct pal_pieces *p, uint32_t offset, const uint8_t *data, uint32_t len)
{
	uint32_t known = p->whole.len - offset;

	if (known < len)
		pal_tls_bytes_add(&p->whole, data + known, len - known);
}

static void append_held(struct pal_pieces *p)
{
	for (uint32_t i = 0; i < p->nb_pieces;) {
		struct pal_piece piece = p->pieces[i];

		if (piece.offset > p->whole.len) {
			i++;
			continue;
		}
		append(p, piece.offset, p->held.data + piece.at, piece.len);
		p->pieces[i] = p->pieces[--p->nb_pieces];
		i = 0; // another one may follow now
	}
	if (p->nb_pieces == 0)
		p->held.len = 0;
}

void pal_pieces_add(struct pal_pieces *p, uint32_t max, uint64_t offset, struct pal_cursor data)
{
	size_t len = pal_cursor_left(&data);

	if (len == 0 || offset > max || len > max - offset)
		return;
	if (offset > p->whole.len) {
		hold(p, (uint32_t)offset, data);
		return;
	}
	append(p, (uint32_t)offset, data.pos, (uint32_t)len);
	append_held(p);
}
