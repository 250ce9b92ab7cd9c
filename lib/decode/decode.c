/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop over the layers, and the maps from numbers to layers, all made from decode_layers.def.
 *
 * Layers are dispatched by a switch and not by function pointers, so that the compiler checks that each has a
 * function. Protocol numbers are looked up in an array; link types and ethertypes, being sparse, in a switch
 * that tries the usual one first.
 */
#include "decode_priv.h"

static const char *const layer_names[PAL_LAYER_COUNT] = {
	[PAL_LAYER_END] = "end",
#define PAL_LAYER(id, name, fn) [PAL_LAYER_##id] = name,
#define PAL_LEAF(id, name, drop) [PAL_LAYER_##id] = name,
#include "decode_layers.def"
};

const char *pal_layer_name(enum pal_layer layer)
{
	return layer_names[layer];
}

static inline enum pal_layer linktype_layer(uint16_t linktype)
{
	switch (__builtin_expect(linktype, 1)) { // Ethernet
#define PAL_LINKTYPE(number, id)                                                                   \
	case number:                                                                               \
		return PAL_LAYER_##id;
#include "decode_layers.def"
	}
	return PAL_LAYER_END;
}

static inline enum pal_layer ppp_layer(uint16_t proto)
{
	switch (proto) {
#define PAL_PPP(number, id)                                                                        \
	case number:                                                                               \
		return PAL_LAYER_##id;
#include "decode_layers.def"
	}
	return PAL_LAYER_END;
}

static inline enum pal_layer ethertype_layer(uint16_t ethertype)
{
	switch (__builtin_expect(ethertype, 0x0800)) {
#define PAL_ETHERTYPE(number, id)                                                                  \
	case number:                                                                               \
		return PAL_LAYER_##id;
#include "decode_layers.def"
	}
	return PAL_LAYER_END;
}

static_assert(PAL_LAYER_COUNT <= UINT8_MAX, "the arrays below hold layers as bytes");

const uint8_t decode_ipv4_next[UINT8_MAX + 1] = {
#define PAL_IPPROTO(number, id) [number] = PAL_LAYER_##id,
#include "decode_layers.def"
};

const uint8_t decode_ipv6_next[UINT8_MAX + 1] = {
#define PAL_IPPROTO(number, id) [number] = PAL_LAYER_##id,
#define PAL_IPV6_NEXT(number, id) [number] = PAL_LAYER_##id,
#include "decode_layers.def"
};

void decode_count_number(struct pal_decode_number *numbers, uint16_t number)
{
	for (int i = 0; i < PAL_DECODE_NUMBERS; i++) {
		if (numbers[i].pkts == 0)
			numbers[i].number = number;
		if (numbers[i].number == number) {
			numbers[i].pkts++;
			return;
		}
	}
}

enum pal_layer decode_linktype(struct decode_ctx *ctx, uint16_t linktype)
{
	enum pal_layer layer = linktype_layer(linktype);

	if (layer != PAL_LAYER_END)
		return layer;
	decode_count_number(ctx->stats->unknown_linktype, linktype);
	return decode_stop(ctx, PAL_DROP_LINKTYPE_UNKNOWN);
}

enum pal_layer decode_ppp_protocol(struct decode_ctx *ctx, uint16_t proto)
{
	enum pal_layer layer = ppp_layer(proto);

	if (layer != PAL_LAYER_END)
		return layer;
	decode_count_number(ctx->stats->unknown_ppp, proto);
	return decode_stop(ctx, PAL_DROP_PPP_UNKNOWN);
}

enum pal_layer decode_ethertype_layer(uint16_t ethertype)
{
	return ethertype_layer(ethertype);
}

enum pal_layer decode_ethertype(struct decode_ctx *ctx, uint16_t ethertype)
{
	enum pal_layer layer;

	ctx->pkt->ethertype = ethertype;
	if (ethertype <= ETHERNET_LENGTH_MAX) {
		decode_bound(ctx, ethertype);
		return PAL_LAYER_LLC;
	}
	layer = ethertype_layer(ethertype);
	if (layer != PAL_LAYER_END)
		return layer;
	decode_count_number(ctx->stats->unknown_ethertype, ethertype);
	return decode_stop(ctx, PAL_DROP_ETHERTYPE_UNKNOWN);
}

static inline enum pal_layer decode_layer(struct decode_ctx *ctx, enum pal_layer layer)
{
	switch (layer) {
	case PAL_LAYER_END:
	case PAL_LAYER_COUNT:
		break;
#define PAL_LAYER(id, name, fn)                                                                    \
	case PAL_LAYER_##id:                                                                       \
		return fn(ctx);
#define PAL_LEAF(id, name, drop)                                                                   \
	case PAL_LAYER_##id:                                                                       \
		return decode_stop(ctx, PAL_DROP_##drop);
#include "decode_layers.def"
	}
	return PAL_LAYER_END;
}

/** Forget what another frame left in decode's part. */
static inline void reset_pkt(struct pal_pkt *pkt)
{
	// In two pieces, which gcc 12 clears with vector stores; for one it takes `rep stos`, 2 ns dearer.
	const size_t first = offsetof(struct pal_pkt, ethertype),
		     key = offsetof(struct pal_pkt, key);

	memset((uint8_t *)pkt + first, 0, key - first);
	memset(&pkt->key, 0, sizeof(pkt->key));
}

/** Follow the layers from the first one to the end. */
static inline void follow(struct decode_ctx *ctx, enum pal_layer layer)
{
	struct pal_decode_stats *stats = ctx->stats;
	struct pal_pkt *pkt = ctx->pkt;

	ctx->cur = pal_cursor_of(pkt->data, pkt->cap_len);
	if (pkt->cap_len < pkt->wire_len) {
		ctx->uncaptured = pkt->wire_len - pkt->cap_len;
		pkt->flags |= PAL_PKT_SNAPPED;
	}
	for (int depth = 0; layer != PAL_LAYER_END; depth++) {
		if (depth == PAL_DECODE_DEPTH_MAX) {
			decode_stop(ctx, PAL_DROP_TOO_MANY_LAYERS);
			break;
		}
		stats->layers[layer]++;
		layer = decode_layer(ctx, layer);
	}
}

static void count_exit(struct pal_exits *exits, const struct pal_pkt *pkt)
{
	if (pkt->drop == PAL_DROP_NONE)
		return;
	exits->pkts[pkt->drop]++;
	exits->bytes[pkt->drop] += pkt->wire_len;
}

void pal_decode(struct pal_pkt *pkt, struct pal_decode_stats *stats)
{
	struct decode_ctx ctx = {.pkt = pkt, .stats = stats};

	reset_pkt(pkt);
	follow(&ctx, decode_linktype(&ctx, pkt->linktype));

	stats->pkts++;
	stats->bytes += pkt->wire_len;
	if (pkt->wire_len > stats->max_pkt_size)
		stats->max_pkt_size = pkt->wire_len;
	if (pkt->nb_vlans >= 2)
		stats->vlan_qinq++;
	count_exit(&stats->exits, pkt);
}

/** The source's part of a packet that was in another one. */
static void inherit_source(struct pal_pkt *pkt, const struct pal_pkt *from)
{
	pkt->time_ns = from->time_ns;
	pkt->number = from->number;
	pkt->linktype = from->linktype;
	pkt->input = from->input;
}

bool pal_decode_inner(
	struct pal_pkt *inner,
	const struct pal_pkt *outer,
	struct pal_decode_stats *stats
)
{
	struct decode_ctx ctx = {.pkt = inner, .stats = stats};

	assert(outer->drop == PAL_DROP_NONE && outer->inner_layer != PAL_LAYER_END);
	inherit_source(inner, outer);
	inner->wire_len = outer->inner_wire_len;
	inner->data = outer->data + outer->inner_off;
	inner->cap_len = outer->inner_cap_len;
	reset_pkt(inner);
	decode_enter_tunnel(inner, outer);
	follow(&ctx, (enum pal_layer)outer->inner_layer);

	stats->inner_pkts++;
	stats->inner_bytes += inner->wire_len;
	count_exit(&stats->inner_exits, inner);
	return inner->drop == PAL_DROP_NONE;
}

bool pal_decode_datagram(
	struct pal_pkt *whole,
	const struct pal_pkt *last,
	struct pal_decode_stats *stats
)
{
	struct decode_ctx ctx = {.pkt = whole, .stats = stats};

	assert(last->drop == PAL_DROP_NONE);
	inherit_source(whole, last);
	reset_pkt(whole);
	whole->flags = PAL_PKT_REASSEMBLED;
	whole->ethertype = last->ethertype;
	whole->nb_vlans = last->nb_vlans;
	memcpy(whole->key.vlan, last->key.vlan, sizeof(whole->key.vlan));
	whole->key.tunnel = last->key.tunnel;
	whole->depth = last->depth;
	if (last->depth != 0)
		whole->tunnel = last->tunnel;
	follow(&ctx, last->key.ip_version == 4 ? PAL_LAYER_IPV4 : PAL_LAYER_IPV6);

	stats->whole_pkts++;
	stats->whole_bytes += whole->wire_len;
	count_exit(&stats->whole_exits, whole);
	return whole->drop == PAL_DROP_NONE;
}
