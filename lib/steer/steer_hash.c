/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets are steered by. In a file of its own, so that tools for capture files get it without DPDK. */
#include "pal_steer.h"
#include "pal_toeplitz.h"

#include <netinet/in.h>

// XOR of the 16-bit words of an address; they lie in wire order, so the result is in wire order too.
static uint16_t fold_addr(const union pal_addr *addr)
{
	uint64_t x = addr->q[0] ^ addr->q[1];

	x ^= x >> 32;
	return (uint16_t)(x ^ x >> 16);
}

static bool has_ports(const struct pal_flow_key *key)
{
	return key->proto == IPPROTO_TCP || key->proto == IPPROTO_UDP || key->proto == IPPROTO_SCTP;
}

static uint16_t fold_addrs(const struct pal_flow_key *key)
{
	return ntohs(fold_addr(&key->addr[0]) ^ fold_addr(&key->addr[1]));
}

void pal_steer_hash(struct pal_pkt *pkt)
{
	const struct pal_flow_key *key = &pkt->key;
	uint16_t folded = fold_addrs(key);

	if (has_ports(key))
		folded ^= key->port[0] ^ key->port[1];
	pkt->steer_hash = pal_toeplitz_symmetric(folded);
}

uint32_t pal_steer_hash_addrs(const struct pal_flow_key *key)
{
	return pal_toeplitz_symmetric(fold_addrs(key));
}
