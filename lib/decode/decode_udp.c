/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP, RFC 768. */
#include "decode_priv.h"

#define UDP_LEN 8

enum pal_layer decode_udp(struct decode_ctx *ctx)
{
	uint32_t wire_len = decode_wire_left(ctx);
	const uint8_t *hdr;
	uint32_t len;

	hdr = pal_cursor_take(&ctx->cur, UDP_LEN);
	if (hdr == NULL)
		return decode_ports_truncated(ctx);
	decode_flow(ctx, pal_load_be16(hdr), pal_load_be16(hdr + 2));

	len = pal_load_be16(hdr + 4);
	// RFC 2675 section 4: the length of a jumbogram is 0; so it is in front of segmentation offload.
	if (len == 0 && ctx->ip_unbounded)
		len = wire_len;
	if (len < UDP_LEN || len > ctx->pkt->l3_payload_len)
		return decode_no_payload(ctx, PAL_PKT_L4_INVALID);
	decode_bound(ctx, len - UDP_LEN);
	decode_payload(ctx);
	decode_udp_tunnel(ctx, pal_load_be16(hdr), pal_load_be16(hdr + 2));
	return PAL_LAYER_END;
}
