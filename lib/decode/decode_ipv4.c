/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4, RFC 791. */
#include "decode_priv.h"

#define IPV4_LEN 20
#define IPV4_MORE 0x2000
#define IPV4_OFFSET_MASK 0x1fff /**< In units of 8 bytes. */

enum pal_layer decode_ipv4(struct decode_ctx *ctx)
{
	struct pal_pkt *pkt = ctx->pkt;
	uint32_t hdr_len, total_len;
	const uint8_t *hdr;
	uint16_t frag;

	pkt->l3_off = decode_off(ctx);
	hdr = pal_cursor_peek(&ctx->cur, IPV4_LEN);
	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_IPV4_TRUNCATED);
	hdr_len = (hdr[0] & 0x0fu) * 4;
	total_len = pal_load_be16(hdr + 2);
	// A capture in front of segmentation offload has no total length yet.
	ctx->ip_unbounded = total_len == 0;
	if (ctx->ip_unbounded)
		total_len = decode_wire_left(ctx);
	// RFC 791 section 3.1: the header has five words at least. RFC 1122 section 3.2.1.1: version 4 only.
	if (hdr[0] >> 4 != 4 || hdr_len < IPV4_LEN || total_len < hdr_len)
		return decode_stop(ctx, PAL_DROP_IPV4_INVALID);

	if (total_len > pal_cursor_left(&ctx->cur))
		pkt->flags |= PAL_PKT_SNAPPED;
	decode_bound(ctx, total_len);
	if (!pal_cursor_skip(&ctx->cur, hdr_len))
		return decode_stop(ctx, PAL_DROP_IPV4_TRUNCATED);

	pkt->l3_payload_len = total_len - hdr_len;
	pkt->ttl = hdr[8];
	pkt->key.ip_version = 4;
	ctx->ip_addr[0] = hdr + 12;
	ctx->ip_addr[1] = hdr + 16;

	frag = pal_load_be16(hdr + 6);
	if (frag & (IPV4_MORE | IPV4_OFFSET_MASK))
		return decode_fragment(
			ctx, hdr[9], pal_load_be16(hdr + 4), (uint16_t)(frag << 3), frag & IPV4_MORE
		);
	return decode_next_header(ctx, hdr[9]);
}
