/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP, RFC 9293 section 3.1. */
#include "decode_priv.h"

#define TCP_LEN 20

enum pal_layer decode_tcp(struct decode_ctx *ctx)
{
	uint32_t segment_len = decode_wire_left(ctx);
	struct pal_pkt *pkt = ctx->pkt;
	const uint8_t *hdr;
	uint32_t hdr_len;

	hdr = pal_cursor_take(&ctx->cur, TCP_LEN);
	if (hdr == NULL)
		return decode_ports_truncated(ctx);
	decode_flow(ctx, pal_load_be16(hdr), pal_load_be16(hdr + 2));
	pkt->tcp_seq = pal_load_be32(hdr + 4);
	pkt->tcp_ack = pal_load_be32(hdr + 8);
	pkt->tcp_flags = hdr[13];
	pkt->tcp_window = pal_load_be16(hdr + 14);

	hdr_len = (hdr[12] >> 4) * 4u;
	if (hdr_len < TCP_LEN || hdr_len > segment_len)
		return decode_no_payload(ctx, PAL_PKT_L4_INVALID);
	if (!pal_cursor_skip(&ctx->cur, hdr_len - TCP_LEN)) {
		decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
		// How much data there was is known nevertheless, so that sequence numbers add up.
		pkt->payload_len = segment_len - hdr_len;
		return PAL_LAYER_END;
	}
	decode_payload(ctx);
	return PAL_LAYER_END;
}
