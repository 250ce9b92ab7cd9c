/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROBE_TEXT_H
#define PROBE_TEXT_H

/** @file For probes: fixed bytes at the beginning. Included by lib/proto only. */

#include "pal_proto.h"

/** Do the bytes begin with these? MORE while they are too few to say. */
static inline enum pal_probe probe_begins(struct pal_cursor bytes, const void *head, size_t len)
{
	size_t left = pal_cursor_left(&bytes);
	size_t nb = left < len ? left : len;

	if (memcmp(bytes.pos, head, nb) != 0)
		return PAL_PROBE_NO;
	return nb < len ? PAL_PROBE_MORE : PAL_PROBE_YES;
}
#define PROBE_BEGINS(bytes, head) probe_begins(bytes, head, sizeof(head) - 1)

/** The better of two answers: what is this, or that. */
static inline enum pal_probe probe_or(enum pal_probe a, enum pal_probe b)
{
	return a > b ? a : b;
}

#endif
