/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ERSPAN, a port mirror on GRE, draft-foschiano-erspan: type I has no header of its own, that of type II says
 * version 1, that of type III version 2.
 */
#include "decode_priv.h"

#define ERSPAN2_LEN 8
#define ERSPAN3_LEN 12
#define ERSPAN3_SUBHEADER_LEN 8

#define ERSPAN_SESSION 0x03ff /**< In the second word of 16 bits. */
#define ERSPAN3_SUBHEADER 0x01 /**< The O bit, in the last byte. */
#define ERSPAN3_FRAME_TYPE(hdr) ((hdr)[10] >> 2 & 0x1f)
#define ERSPAN3_ETHERNET 0
#define ERSPAN3_IP 2

static void read_type2(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, ERSPAN2_LEN);

	if (hdr != NULL)
		decode_carries(
			ctx,
			PAL_TUNNEL_ERSPAN2,
			pal_load_be16(hdr + 2) & ERSPAN_SESSION,
			PAL_LAYER_ETHERNET
		);
}

static void read_type3(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, ERSPAN3_LEN);
	enum pal_layer inner = PAL_LAYER_END;

	if (hdr == NULL)
		return;
	if (hdr[11] & ERSPAN3_SUBHEADER && !pal_cursor_skip(&ctx->cur, ERSPAN3_SUBHEADER_LEN))
		return;
	if (ERSPAN3_FRAME_TYPE(hdr) == ERSPAN3_ETHERNET)
		inner = PAL_LAYER_ETHERNET;
	else if (ERSPAN3_FRAME_TYPE(hdr) == ERSPAN3_IP)
		inner = decode_ip_version(ctx);
	if (inner != PAL_LAYER_END)
		decode_carries(
			ctx, PAL_TUNNEL_ERSPAN3, pal_load_be16(hdr + 2) & ERSPAN_SESSION, inner
		);
}

void decode_erspan(struct decode_ctx *ctx, bool has_header)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, 1);

	if (!has_header)
		decode_carries(ctx, PAL_TUNNEL_ERSPAN1, 0, PAL_LAYER_ETHERNET);
	else if (hdr != NULL && hdr[0] >> 4 == 1)
		read_type2(ctx);
	else if (hdr != NULL && hdr[0] >> 4 == 2)
		read_type3(ctx);
}
