/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GRE: RFC 2784 with the key and sequence number of RFC 2890 and the routing of RFC 1701; version 1 is that of
 * PPTP, RFC 2637. What is inside is announced by an ethertype.
 */
#include "decode_priv.h"

#define GRE_LEN 4
#define GRE_FIELD_LEN 4 /**< Of each field that a flag announces. */

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080 /**< Version 1. */
#define GRE_RESERVED 0x00f8 /**< Version 0. */
#define GRE_VERSION 0x0007

#define GRE_PPP 0x880b
#define GRE_TEB 0x6558
#define GRE_ERSPAN 0x88be
#define GRE_ERSPAN3 0x22eb
#define GRE_WCCP 0x883e

#define GRE_CMD 0x8909
#define GRE_KEEPALIVE 0x0000

#define WCCP_LEN 4
#define NVGRE_KEY_MIN 0x100000 /**< RFC 7637 section 3.2: numbers below are reserved. */

/** Source route entries: address family, offset, length, route; the last has family and length 0. RFC 1701. */
static bool skip_routing(struct decode_ctx *ctx)
{
	const uint8_t *entry;

	do {
		entry = pal_cursor_take(&ctx->cur, GRE_FIELD_LEN);
		if (entry == NULL || !pal_cursor_skip(&ctx->cur, entry[3]))
			return false;
	} while (pal_load_be16(entry) != 0 || entry[3] != 0);
	return true;
}

/**
 * Frames are NVGRE where flags and key are as RFC 7637 section 3.2 wants them: the key is the number of a network.
 * A small number is none, in neither byte order: port mirrors number the directions that way.
 */
static void carry_frame(struct decode_ctx *ctx, uint16_t flags, uint32_t key)
{
	bool nvgre = (flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE)) == GRE_KEY &&
		     key >= NVGRE_KEY_MIN && (key & 0x00ffffff) != 0;

	if (nvgre)
		decode_carries(ctx, PAL_TUNNEL_NVGRE, key >> 8, PAL_LAYER_ETHERNET);
	else
		decode_carries(ctx, PAL_TUNNEL_GRE, key, PAL_LAYER_ETHERNET);
}

/** draft-wilson-wrec-wccp-v2: version 1 has the datagram here, version 2 a header whose first nibble is not 4. */
static void carry_wccp(struct decode_ctx *ctx)
{
	enum pal_layer inner = decode_ip_version(ctx);

	if (inner != PAL_LAYER_IPV4) {
		if (!pal_cursor_skip(&ctx->cur, WCCP_LEN))
			return;
		inner = decode_ip_version(ctx);
	}
	if (inner != PAL_LAYER_END)
		decode_carries(ctx, PAL_TUNNEL_WCCP, 0, inner);
}

static void read_version0(struct decode_ctx *ctx, uint16_t flags, uint16_t proto)
{
	const uint8_t *field;
	uint32_t key = 0;

	if (flags & GRE_RESERVED)
		return;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING) && !pal_cursor_skip(&ctx->cur, GRE_FIELD_LEN))
		return;
	if (flags & GRE_KEY) {
		field = pal_cursor_take(&ctx->cur, GRE_FIELD_LEN);
		if (field == NULL)
			return;
		key = pal_load_be32(field);
	}
	if (flags & GRE_SEQUENCE && !pal_cursor_skip(&ctx->cur, GRE_FIELD_LEN))
		return;
	if (flags & GRE_ROUTING && !skip_routing(ctx))
		return;

	switch (proto) {
	case GRE_TEB:
		carry_frame(ctx, flags, key);
		return;
	case GRE_ERSPAN:
		decode_erspan(ctx, flags & GRE_SEQUENCE);
		return;
	case GRE_ERSPAN3:
		decode_erspan(ctx, true);
		return;
	case GRE_CMD:
		decode_cmd_gre(ctx, key);
		return;
	case GRE_KEEPALIVE:
		return;
	case GRE_WCCP:
		carry_wccp(ctx);
		return;
	}
	decode_carries_ethertype(ctx, PAL_TUNNEL_GRE, key, proto);
}

/** RFC 2637 section 4.1: the key is payload length and call id; without a sequence number there is no payload. */
static void read_pptp(struct decode_ctx *ctx, uint16_t flags, uint16_t proto)
{
	const uint8_t *key;
	uint16_t len;

	if (proto != GRE_PPP || !(flags & GRE_KEY) || flags & (GRE_CHECKSUM | GRE_ROUTING))
		return;
	key = pal_cursor_take(&ctx->cur, GRE_FIELD_LEN);
	if (key == NULL || !(flags & GRE_SEQUENCE) || !pal_cursor_skip(&ctx->cur, GRE_FIELD_LEN))
		return;
	if (flags & GRE_ACK && !pal_cursor_skip(&ctx->cur, GRE_FIELD_LEN))
		return;
	len = pal_load_be16(key);
	if (len > decode_wire_left(ctx))
		return;
	decode_bound(ctx, len);
	decode_carries(ctx, PAL_TUNNEL_PPTP, pal_load_be16(key + 2), PAL_LAYER_PPP);
}

enum pal_layer decode_gre(struct decode_ctx *ctx)
{
	const uint8_t *hdr;
	uint16_t flags;

	decode_opaque(ctx);
	hdr = pal_cursor_take(&ctx->cur, GRE_LEN);
	if (hdr == NULL)
		return PAL_LAYER_END;
	flags = pal_load_be16(hdr);
	if ((flags & GRE_VERSION) == 0)
		read_version0(ctx, flags, pal_load_be16(hdr + 2));
	else if ((flags & GRE_VERSION) == 1)
		read_pptp(ctx, flags, pal_load_be16(hdr + 2));
	return PAL_LAYER_END;
}
