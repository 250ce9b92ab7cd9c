/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_FRAGS_H
#define RW_FRAGS_H

/**
 * @file
 * The ports of later fragments: those of the first fragment of their datagram.
 *
 *      first           remembered by addresses, protocol, identification and VLAN
 *      later           gets what was remembered; the whole file is never held
 *      later, alone    its first comes afterwards, if at all: known once all packets were read before
 *                      (rw_frags_look_ahead()), told by their numbers
 *
 * A first fragment is remembered for RW_FRAGS_TIMEOUT_NS of packet time and while there are fewer than
 * RW_FRAGS_MAX of them.
 *
 * XXX: identifications come again. Where the first fragment of a second datagram comes behind its other ones,
 * within the timeout and after a datagram of the same identification, these get the ports of the earlier one.
 */

#include "packet.h"

/** RFC 8200 section 4.5; RFC 791 has less. */
#define RW_FRAGS_TIMEOUT_NS (UINT64_C(60) * 1000000000)
/** Datagrams. */
#define RW_FRAGS_MAX (1u << 18)
/** Later fragments that came before their first and are remembered by number. */
#define RW_FRAGS_EARLY_MAX (1u << 22)

struct rw_frags;

/** NULL with errno set: ENOMEM. */
struct rw_frags *rw_frags_create(void);

/** NULL is a no-op. */
void rw_frags_destroy(struct rw_frags *frags);

/**
 * See a packet, decoded, in order, and complete the tuple of a fragment.
 *
 * @return
 *   false: a later fragment whose first was not seen, and nobody has looked ahead.
 */
bool rw_frags_track(struct rw_frags *frags, struct rw_packet *p);

/**
 * See a packet before rw_frags_track() does, and complete the tuple of a first fragment. Once for all packets, in
 * the same order. 0 or -ENOMEM.
 */
int rw_frags_look_ahead(struct rw_frags *frags, struct rw_packet *p);

/** No packet is left to look ahead to. */
void rw_frags_looked_ahead(struct rw_frags *frags);

/** Later fragments that have no ports because no first fragment was found for them. */
uint64_t rw_frags_orphans(const struct rw_frags *frags);

#endif
