/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONVERSATIONS_H
#define CONVERSATIONS_H

/**
 * @file
 * Packets and bytes per (source, destination, protocol), in a table of bounded size.
 *
 * When the table is full, it forgets half of the conversations: those whose hash has its next top bit set,
 * and all such that come later. What it forgot is still in `others`. Which conversations stay depends on
 * nothing but their addresses, so the tables of several lcores merge into what one would have had.
 */

#include <pal_pkt.h>

#include <stddef.h>

struct conversation {
	union pal_addr src, dst;
	uint64_t pkts, bytes;
	uint8_t proto;
	uint8_t ip_version; /**< 0: this slot is free. */
};

#define CONVERSATIONS_PENDING 32

struct conversations {
	struct conversation *slots;
	size_t nb_slots; /**< A power of two, at least twice max_used. */
	size_t nb_used;
	size_t max_used;
	unsigned int level; /**< Conversations stay whose hash has so many leading zero bits. */
	uint64_t others_pkts, others_bytes;
	size_t nb_pending; /**< Waiting until their slots have come into the cache. */
	struct conversation pending[CONVERSATIONS_PENDING];
};

/** 0 or -ENOMEM. */
int conversations_init(struct conversations *t, size_t max_used);
void conversations_fini(struct conversations *t);

/** Add to a conversation; src, dst, proto, ip_version are its key. */
void conversations_add(struct conversations *t, const struct conversation *more);

/** Take all of `from` into `into`; both have their pending ones put in place. */
void conversations_merge(struct conversations *into, struct conversations *from);

/** All conversations in order of version, addresses, protocol; ended by NULL. To be freed. NULL: -ENOMEM in errno. */
const struct conversation **conversations_sorted(struct conversations *t);

#endif
