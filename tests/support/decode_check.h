/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_DECODE_CHECK_H
#define PAL_TEST_DECODE_CHECK_H

/**
 * @file
 * What holds for every packet that pal_decode() has seen, whatever was in it: shared by tests and fuzzer.
 */

#include <pal_decode.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define decode_must(cond) ((cond) ? (void)0 : decode_check_fail(__LINE__, #cond))

static inline void decode_check_fail(int line, const char *cond)
{
	fprintf(stderr, "decode_check.h:%d: %s does not hold\n", line, cond);
	abort();
}

/** Endpoint 0 is the smaller one, unused bytes are 0. */
static inline void decode_check_key(const struct pal_flow_key *key)
{
	static const uint8_t zeros[16];
	int order = memcmp(key->addr[0].b, key->addr[1].b, 16);

	decode_must(key->ip_version == 4 || key->ip_version == 6);
	decode_must(order < 0 || (order == 0 && key->port[0] <= key->port[1]));
	if (key->ip_version == 4)
		for (int i = 0; i < 2; i++)
			decode_must(memcmp(key->addr[i].b + 4, zeros, 12) == 0);
	for (int i = 0; i < PAL_VLAN_MAX; i++) {
		decode_must((key->vlan[i] & 0x7000) == 0);
		decode_must(key->vlan[i] == 0 || (key->vlan[i] & PAL_VLAN_TAGGED));
		decode_must(i == 0 || key->vlan[i] == 0 || key->vlan[i - 1] != 0);
	}
}

/** Tunnels are listed from the outside in, as many as the depth says. */
static inline void decode_check_tunnel(const struct pal_pkt *pkt)
{
	decode_must(pkt->depth <= PAL_TUNNEL_MAX);
	decode_must((pkt->depth != 0) == (pkt->key.tunnel != 0));
	for (int i = 0; i < PAL_TUNNEL_MAX && pkt->depth != 0; i++) {
		decode_must(pkt->tunnel.types[i] < PAL_TUNNEL_COUNT);
		decode_must((pkt->tunnel.types[i] != PAL_TUNNEL_NONE) == (i < pkt->depth));
	}
}

/** What is inside lies in the payload, or behind the IP header where there is no transport. */
static inline void decode_check_inner(const struct pal_pkt *pkt)
{
	uint32_t before = pkt->inner_off - pkt->payload_off;

	decode_must(pkt->inner_layer < PAL_LAYER_COUNT);
	decode_must(pkt->inner_tunnel > PAL_TUNNEL_NONE && pkt->inner_tunnel < PAL_TUNNEL_COUNT);
	decode_must(pkt->depth < PAL_TUNNEL_MAX);
	decode_must(pkt->inner_off >= pkt->payload_off);
	decode_must(before + pkt->inner_cap_len <= pkt->payload_cap_len);
	decode_must(pkt->inner_cap_len <= pkt->inner_wire_len);
	decode_must(before + pkt->inner_wire_len <= pkt->payload_len);
}

static inline void decode_check(const struct pal_pkt *pkt)
{
	uint32_t wire_len = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;

	decode_must(pkt->drop < PAL_DROP_COUNT);
	decode_must(pkt->l3_off <= pkt->cap_len);
	decode_check_tunnel(pkt);
	if (pkt->drop != PAL_DROP_NONE)
		return;

	decode_check_key(&pkt->key);
	decode_must(pkt->l3_off < pkt->l4_off && pkt->l4_off <= pkt->payload_off);
	decode_must(pkt->l4_off + pkt->l4_hdr_len == pkt->payload_off);
	decode_must(pkt->payload_off <= pkt->cap_len);
	decode_must(pkt->payload_cap_len <= pkt->cap_len - pkt->payload_off);
	decode_must(pkt->payload_cap_len <= pkt->payload_len);
	decode_must(pkt->payload_len <= wire_len - pkt->payload_off);
	decode_must(pkt->l4_hdr_len + pkt->payload_len <= pkt->l3_payload_len);
	if (pkt->payload_cap_len < pkt->payload_len)
		decode_must(pkt->flags & PAL_PKT_SNAPPED);
	if (pkt->flags & (PAL_PKT_L4_TRUNCATED | PAL_PKT_L4_INVALID | PAL_PKT_FRAGMENT))
		decode_must(pkt->payload_cap_len == 0);
	if (pkt->flags & (PAL_PKT_FRAGMENT_FIRST | PAL_PKT_FRAGMENT_MORE))
		decode_must(pkt->flags & PAL_PKT_FRAGMENT);
	if (pkt->flags & PAL_PKT_FRAGMENT) {
		decode_must(pkt->key.port[0] == 0 && pkt->key.port[1] == 0);
		decode_must(pkt->inner_layer == PAL_LAYER_END);
		decode_must((pkt->frag_off == 0) == !!(pkt->flags & PAL_PKT_FRAGMENT_FIRST));
		if (pkt->key.ip_version == 6)
			decode_must(pkt->data[pkt->frag_next_off] == 44);
	}
	if (pkt->inner_layer != PAL_LAYER_END)
		decode_check_inner(pkt);
	if (pkt->tcp_flags != 0)
		decode_must(pkt->key.proto == 6 && pkt->l4_hdr_len >= 20);
}

#endif
