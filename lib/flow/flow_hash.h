/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FLOW_HASH_H
#define PAL_FLOW_HASH_H

/** @file Comparing flow keys, and what a flow's id is made of. lib/flow only. */

#include <pal_hash.h>
#include <pal_pkt.h>

#include <string.h>

static inline bool pal_flow_key_equal(const struct pal_flow_key *a, const struct pal_flow_key *b)
{
	uint64_t x[6], y[6];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) |
		(x[5] ^ y[5])) == 0;
}

/*
 * An id must not depend on the time (the same packets give the same ids live), yet differ between flows of the
 * same endpoints: the first packet's IP header and what follows it (IP id, sequence number, transaction id)
 * tell them apart, and a connection that takes over the ports of another builds on its id. After a timeout nobody knows
 * the old flow any more, so one that begins with the very same bytes has the same id again.
 */
static inline uint64_t pal_flow_make_id(const struct pal_pkt *pkt, uint64_t replaced_id)
{
	uint64_t len = pkt->l4_off - pkt->l3_off + (uint64_t)pkt->l3_payload_len;
	uint64_t hash = pal_hash_bytes(replaced_id, &pkt->key, sizeof(pkt->key));

	if (len > pkt->cap_len - pkt->l3_off)
		len = pkt->cap_len - pkt->l3_off;
	if (len > 96)
		len = 96;
	return pal_hash_bytes(hash, pkt->data + pkt->l3_off, len) >> 13;
}

#endif
