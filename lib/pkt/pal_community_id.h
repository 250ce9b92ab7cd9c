/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_COMMUNITY_ID_H
#define PAL_COMMUNITY_ID_H

/**
 * @file
 * What a Community ID is the hash of. Specification: github.com/corelight/community-id-spec.
 *
 *      "1:" base64(SHA-1(seed, smaller endpoint's address, larger's, protocol, 0, smaller's port, larger's))
 *
 * The order of the endpoints is that of the flow key already, and the ports of ICMP are as well. SHA-1 is the
 * caller's, so that this needs no library.
 */

#include "pal_pkt.h"

#include <stddef.h>
#include <string.h>

#define PAL_COMMUNITY_ID_INPUT_MAX (2 + 2 * 16 + 2 + 4)

/** Does this protocol, as the specification has it, have ports? */
static inline bool pal_community_id_has_ports(uint8_t proto)
{
	switch (proto) { // IANA: ICMP, TCP, UDP, IPv6-ICMP, SCTP
	case 1:
	case 6:
	case 17:
	case 58:
	case 132:
		return true;
	default:
		return false;
	}
}

/**
 * Bytes to hash. Fragments and protocols without ports are identified by addresses and protocol alone.
 *
 * @param flags
 *   Of a packet of the flow; enum pal_pkt_flag.
 * @param dst
 *   PAL_COMMUNITY_ID_INPUT_MAX bytes.
 * @return
 *   How many were written.
 */
static inline size_t
pal_community_id_input(const struct pal_flow_key *key, uint16_t flags, uint16_t seed, uint8_t *dst)
{
	size_t addr_len = key->ip_version == 4 ? 4 : 16;
	// What nothing answers has no other direction: its sender always comes first.
	unsigned int first =
		(flags & PAL_PKT_ICMP_ONE_WAY) != 0 && (flags & PAL_PKT_KEY_SWAPPED) != 0;
	uint8_t *p = dst;

	*p++ = (uint8_t)(seed >> 8);
	*p++ = (uint8_t)seed;
	for (unsigned int i = 0; i < 2; i++, p += addr_len)
		memcpy(p, key->addr[first ^ i].b, addr_len);
	*p++ = key->proto;
	*p++ = 0;
	if (!pal_community_id_has_ports(key->proto) || (flags & PAL_PKT_FRAGMENT) != 0)
		return (size_t)(p - dst);
	for (unsigned int i = 0; i < 2; i++) {
		uint16_t port = pal_flow_key_port(key, first ^ i);

		*p++ = (uint8_t)(port >> 8);
		*p++ = (uint8_t)port;
	}
	return (size_t)(p - dst);
}

#endif
