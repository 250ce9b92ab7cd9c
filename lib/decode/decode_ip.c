/* SPDX-License-Identifier: BSD-3-Clause */
/* What IPv4 and IPv6 have in common: the key of the flow, and datagrams without ports. */
#include "decode_priv.h"

/** An endpoint as a number that orders like its bytes. */
static inline uint64_t ipv4_endpoint(const uint8_t *addr, uint16_t port)
{
	return (uint64_t)pal_load_be32(addr) << 16 | port;
}

static inline bool ipv6_larger(const uint8_t *a, uint16_t a_port, const uint8_t *b, uint16_t b_port)
{
	uint64_t a_word = pal_load_be64(a), b_word = pal_load_be64(b);

	if (a_word == b_word) {
		a_word = pal_load_be64(a + 8);
		b_word = pal_load_be64(b + 8);
	}
	return a_word != b_word ? a_word > b_word : a_port > b_port;
}

void decode_flow(struct decode_ctx *ctx, uint16_t src_port, uint16_t dst_port)
{
	const uint8_t *src = ctx->ip_addr[0], *dst = ctx->ip_addr[1];
	struct pal_flow_key *key = &ctx->pkt->key;
	bool swapped;

	if (key->ip_version == 4) {
		swapped = ipv4_endpoint(src, src_port) > ipv4_endpoint(dst, dst_port);
		memcpy(key->addr[swapped].b, src, 4);
		memcpy(key->addr[!swapped].b, dst, 4);
	} else {
		swapped = ipv6_larger(src, src_port, dst, dst_port);
		memcpy(key->addr[swapped].b, src, 16);
		memcpy(key->addr[!swapped].b, dst, 16);
	}
	key->port[swapped] = src_port;
	key->port[!swapped] = dst_port;
	if (swapped)
		ctx->pkt->flags |= PAL_PKT_KEY_SWAPPED;
}

enum pal_layer
decode_fragment(struct decode_ctx *ctx, uint8_t proto, uint32_t id, uint16_t off, bool more)
{
	struct pal_pkt *pkt = ctx->pkt;

	pkt->l4_off = decode_off(ctx);
	pkt->key.proto = proto;
	pkt->frag_id = id;
	pkt->frag_off = off;
	if (off == 0)
		pkt->flags |= PAL_PKT_FRAGMENT_FIRST;
	if (more)
		pkt->flags |= PAL_PKT_FRAGMENT_MORE;
	decode_flow(ctx, 0, 0);
	return decode_no_payload(ctx, PAL_PKT_FRAGMENT);
}

enum pal_layer decode_opaque(struct decode_ctx *ctx)
{
	decode_flow(ctx, 0, 0);
	decode_payload(ctx);
	return PAL_LAYER_END;
}

enum pal_layer decode_no_next(struct decode_ctx *ctx)
{
	// RFC 8200 section 4.7: bytes behind No Next Header are ignored.
	decode_bound(ctx, 0);
	return decode_opaque(ctx);
}

enum pal_layer decode_ports_truncated(struct decode_ctx *ctx)
{
	const uint8_t *ports = pal_cursor_peek(&ctx->cur, 4);

	if (ports == NULL)
		decode_flow(ctx, 0, 0);
	else
		decode_flow(ctx, pal_load_be16(ports), pal_load_be16(ports + 2));
	return decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
}
