/* SPDX-License-Identifier: BSD-3-Clause */
/* GTP-U, the user plane of mobile networks, 3GPP TS 29.281 section 5. */
#include "decode_priv.h"

#define GTPU_LEN 8
#define GTPU_OPTIONAL_LEN 4

#define GTPU_VERSION_PT 0xf0 /**< Version and protocol type; the bit behind them is spare. */
#define GTPU_VERSION_1 0x30
#define GTPU_EXTENSION 0x04
#define GTPU_OPTIONAL                                                                              \
	0x07 /**< Extension, sequence number or N-PDU number: all three fields are there. */

#define GTPU_G_PDU 255 /**< Message type: a packet of the user. */

/** Extension headers, section 5.2.1: length in units of 4 bytes, content, type of the next one. */
static bool skip_extensions(struct decode_ctx *ctx, uint8_t next)
{
	while (next != 0) {
		const uint8_t *len = pal_cursor_peek(&ctx->cur, 1);

		if (len == NULL || len[0] == 0 || !pal_cursor_skip(&ctx->cur, len[0] * 4u))
			return false;
		next = ctx->cur.pos[-1];
	}
	return true;
}

void decode_gtpu(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, GTPU_LEN), *optional;
	enum pal_layer inner;

	if (hdr == NULL || (hdr[0] & GTPU_VERSION_PT) != GTPU_VERSION_1 || hdr[1] != GTPU_G_PDU)
		return;
	if (pal_load_be16(hdr + 2) > decode_wire_left(ctx))
		return;
	decode_bound(ctx, pal_load_be16(hdr + 2));
	if (hdr[0] & GTPU_OPTIONAL) {
		optional = pal_cursor_take(&ctx->cur, GTPU_OPTIONAL_LEN);
		if (optional == NULL)
			return;
		if (hdr[0] & GTPU_EXTENSION && !skip_extensions(ctx, optional[3]))
			return;
	}
	// XXX: a session that carries Ethernet frames (section 5.2.2.7) is known by its signalling only.
	inner = decode_ip_version(ctx);
	if (inner != PAL_LAYER_END)
		decode_carries(ctx, PAL_TUNNEL_GTPU, pal_load_be32(hdr + 4), inner);
}
