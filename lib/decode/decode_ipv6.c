/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6, RFC 8200: the fixed header. */
#include "decode_priv.h"

#define IPV6_LEN 40

enum pal_layer decode_ipv6(struct decode_ctx *ctx)
{
	struct pal_pkt *pkt = ctx->pkt;
	const uint8_t *hdr;
	uint32_t len;

	pkt->l3_off = decode_off(ctx);
	hdr = pal_cursor_take(&ctx->cur, IPV6_LEN);
	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_IPV6_TRUNCATED);
	if (hdr[0] >> 4 != 6)
		return decode_stop(ctx, PAL_DROP_IPV6_INVALID);

	len = pal_load_be16(hdr + 4);
	// RFC 2675 section 3: the length of a jumbogram is 0 here; so it is in front of segmentation offload.
	ctx->ip_unbounded = len == 0;
	if (ctx->ip_unbounded)
		len = decode_wire_left(ctx);
	if (len > pal_cursor_left(&ctx->cur))
		pkt->flags |= PAL_PKT_SNAPPED;
	decode_bound(ctx, len);

	pkt->l3_payload_len = len;
	pkt->ttl = hdr[7];
	pkt->key.ip_version = 6;
	ctx->next_off = pkt->l3_off + 6;
	ctx->ip_addr[0] = hdr + 8;
	ctx->ip_addr[1] = hdr + 24;
	return decode_next_header(ctx, hdr[6]);
}
