/* SPDX-License-Identifier: BSD-3-Clause */
/* What all tunnels have in common: how one is noticed, and what the datagram inside inherits. */
#include "decode_priv.h"

void decode_udp_tunnel(struct decode_ctx *ctx, uint16_t src_port, uint16_t dst_port)
{
	switch (dst_port) {
#define PAL_UDP_TUNNEL(port, ends, fn)                                                             \
	case port:                                                                                 \
		fn(ctx);                                                                           \
		return;
#include "decode_layers.def"
	}
	switch (src_port) {
#define DST(port, fn)
#define EITHER(port, fn)                                                                           \
	case port:                                                                                 \
		fn(ctx);                                                                           \
		return;
#define PAL_UDP_TUNNEL(port, ends, fn) ends(port, fn)
#include "decode_layers.def"
#undef DST
#undef EITHER
	}
}

void decode_carries(
	struct decode_ctx *ctx,
	enum pal_tunnel_type type,
	uint32_t id,
	enum pal_layer layer
)
{
	struct pal_pkt *pkt = ctx->pkt;

	ctx->stats->tunnels[type]++;
	if (pkt->depth == PAL_TUNNEL_MAX) {
		ctx->stats->tunnel_too_deep++;
		return;
	}
	pkt->inner_layer = (uint8_t)layer;
	pkt->inner_tunnel = (uint8_t)type;
	pkt->inner_id = id;
	pkt->inner_off = decode_off(ctx);
	pkt->inner_cap_len = (uint32_t)pal_cursor_left(&ctx->cur);
	pkt->inner_wire_len = decode_wire_left(ctx);
}

void decode_carries_ethertype(
	struct decode_ctx *ctx,
	enum pal_tunnel_type type,
	uint32_t id,
	uint16_t ethertype
)
{
	enum pal_layer layer = decode_ethertype_layer(ethertype);

	if (layer == PAL_LAYER_END)
		decode_count_number(ctx->stats->unknown_ethertype, ethertype);
	else
		decode_carries(ctx, type, id, layer);
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
	// Finaliser of MurmurHash3: every bit of the word changes half of the result.
	hash ^= word;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
	return hash ^ hash >> 33;
}

/**
 * Which tunnel that is, as a number that is the same for both directions: the key of the datagram around is, and
 * of what its header says only an id that names the network, not the sender's end of the tunnel, is taken.
 *
 * XXX: 32 bits. Two tunnels have the same number once in 4 billion pairs; the flows inside are then told apart by
 * their addresses and ports alone.
 */
static uint32_t tunnel_number(const struct pal_pkt *outer)
{
	const struct pal_flow_key *key = &outer->key;
	uint64_t hash = mix(outer->inner_tunnel, key->tunnel);

	switch (pal_tunnel_scope((enum pal_tunnel_type)outer->inner_tunnel)) {
	case PAL_TUNNEL_SCOPE_TYPE:
		break;
	case PAL_TUNNEL_SCOPE_ID:
		hash = mix(hash, outer->inner_id);
		break;
	case PAL_TUNNEL_SCOPE_PAIR:
		for (int i = 0; i < 2; i++)
			hash = mix(mix(hash, key->addr[i].q[0]), key->addr[i].q[1]);
		hash =
			mix(hash,
			    (uint64_t)key->vlan[0] << 32 | (uint64_t)key->vlan[1] << 16 |
				    key->vlan[2]);
		break;
	}
	return hash >> 32 != 0 ? (uint32_t)(hash >> 32) : 1;
}

void decode_enter_tunnel(struct pal_pkt *inner, const struct pal_pkt *outer)
{
	unsigned int sender = pal_pkt_sender(outer);
	struct pal_tunnel *tunnel = &inner->tunnel;

	inner->depth = outer->depth + 1;
	inner->key.tunnel = tunnel_number(outer);

	if (outer->depth == 0)
		memset(tunnel->types, 0, sizeof(tunnel->types));
	else
		memcpy(tunnel->types, outer->tunnel.types, sizeof(tunnel->types));
	tunnel->types[outer->depth] = outer->inner_tunnel;
	tunnel->id = outer->inner_id;
	tunnel->src = outer->key.addr[sender];
	tunnel->dst = outer->key.addr[!sender];
	tunnel->src_port = outer->key.port[sender];
	tunnel->dst_port = outer->key.port[!sender];
	tunnel->proto = outer->key.proto;
	tunnel->ip_version = outer->key.ip_version;
}
