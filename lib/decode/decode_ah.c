/* SPDX-License-Identifier: BSD-3-Clause */
/* Authentication Header, RFC 4302: the one extension header that counts in words, over IPv4 as well. */
#include "decode_priv.h"

#define AH_LEN 12

enum pal_layer decode_ah(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, AH_LEN);
	uint32_t len;

	if (hdr == NULL) {
		decode_flow(ctx, 0, 0);
		return decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
	}
	// RFC 4302 section 2.2: in 4-byte words, minus 2.
	len = (hdr[1] + 2u) * 4;
	if (len < AH_LEN || len > decode_wire_left(ctx)) {
		decode_flow(ctx, 0, 0);
		return decode_no_payload(ctx, PAL_PKT_L4_INVALID);
	}
	if (!pal_cursor_skip(&ctx->cur, len)) {
		decode_flow(ctx, 0, 0);
		return decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
	}
	ctx->pkt->l3_payload_len -= len;
	ctx->next_off = decode_off(ctx) - len;
	return decode_next_header(ctx, hdr[0]);
}
