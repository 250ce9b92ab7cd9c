/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 extension headers. Each is a layer of its own, so that the depth limit bounds the chain. The order that
 * RFC 8200 section 4.1 recommends is not insisted on: receivers accept any, but for hop-by-hop options.
 */
#include "decode_priv.h"

#define EXT_LEN 8
#define HOP_BY_HOP 0 /**< The header's own number, which what comes before it says. */
#define OPTION_PAD1 0x00
#define OPTION_JUMBO 0xc2
#define JUMBO_MIN 65536
#define FRAG_LEN 8
#define FRAG_OFFSET_MASK 0xfff8
#define FRAG_MORE 0x0001

/** RFC 2675 section 2: the length of a jumbogram, from the end of the IPv6 header on; 0 if there is none. */
static uint32_t jumbo_len(struct pal_cursor options)
{
	const uint8_t *option;

	while ((option = pal_cursor_peek(&options, 2)) != NULL) {
		if (option[0] == OPTION_PAD1) {
			pal_cursor_skip(&options, 1);
			continue;
		}
		if (!pal_cursor_skip(&options, 2u + option[1]))
			return 0;
		if (option[0] == OPTION_JUMBO && option[1] == 4)
			return pal_load_be32(option + 2);
	}
	return 0;
}

/** The length field is 0: what the hop-by-hop options say counts, if they say something. */
static void bound_jumbogram(struct decode_ctx *ctx, const uint8_t *hdr, uint32_t hdr_len)
{
	uint32_t len = jumbo_len(pal_cursor_of(hdr + 2, hdr_len - 2));

	// RFC 2675 section 3: a length that would have fitted into the header is an error. It is not believed.
	if (len < JUMBO_MIN)
		return;
	len -= hdr_len;
	if (len > pal_cursor_left(&ctx->cur))
		ctx->pkt->flags |= PAL_PKT_SNAPPED;
	decode_bound(ctx, len);
	ctx->pkt->l3_payload_len = len;
}

enum pal_layer decode_ipv6_ext(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, EXT_LEN);
	uint32_t len;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_IPV6_EXT_TRUNCATED);
	// RFC 6564 section 4, and the older headers alike: in units of 8 bytes, not counting the first 8.
	len = (hdr[1] + 1u) * 8;
	if (!pal_cursor_skip(&ctx->cur, len))
		return decode_stop(ctx, PAL_DROP_IPV6_EXT_TRUNCATED);
	ctx->pkt->l3_payload_len -= len;
	ctx->next_off = decode_off(ctx) - len;
	if (ctx->ip_unbounded && ctx->pkt->key.proto == HOP_BY_HOP)
		bound_jumbogram(ctx, hdr, len);
	return decode_next_header(ctx, hdr[0]);
}

enum pal_layer decode_ipv6_frag(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, FRAG_LEN);
	uint16_t frag;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_IPV6_EXT_TRUNCATED);
	ctx->pkt->l3_payload_len -= FRAG_LEN;
	frag = pal_load_be16(hdr + 2);
	// RFC 6946 section 4: an atomic fragment is a whole datagram, whatever other fragments there are.
	if ((frag & (FRAG_OFFSET_MASK | FRAG_MORE)) == 0) {
		ctx->next_off = decode_off(ctx) - FRAG_LEN;
		return decode_next_header(ctx, hdr[0]);
	}
	ctx->pkt->frag_next_off = ctx->next_off;
	return decode_fragment(
		ctx, hdr[0], pal_load_be32(hdr + 4), frag & FRAG_OFFSET_MASK, frag & FRAG_MORE
	);
}
