/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PIECES_H
#define PAL_PIECES_H

/**
 * @file
 * Bytes that come in pieces, in any order, some of them twice: put together from the first one on. What came first stays.
 *
 * Memory is taken for bytes that have come; those that came before their turn are held, PAL_PIECES_HELD_MAX of them
 * in PAL_PIECES_MAX pieces at most. More are forgotten.
 */

#include "pal_tls_bytes.h"

#define PAL_PIECES_HELD_MAX 16384
#define PAL_PIECES_MAX 256

/** A piece that came before its turn. */
struct pal_piece {
	uint32_t offset, len;
	uint32_t at; /**< In held. */
};

/** All zero at first; ended with pal_pieces_free(). */
struct pal_pieces {
	struct pal_tls_bytes whole; /**< From the beginning, without a gap. */
	struct pal_tls_bytes held;
	struct pal_piece *pieces;
	uint32_t nb_pieces;
};

/** Add a piece that ends at or before max. */
void pal_pieces_add(struct pal_pieces *p, uint32_t max, uint64_t offset, struct pal_cursor data);

/** Bytes that are there, in their place or not. */
static inline uint32_t pal_pieces_len(const struct pal_pieces *p)
{
	return p->whole.len + p->held.len;
}

void pal_pieces_free(struct pal_pieces *p);

#endif
