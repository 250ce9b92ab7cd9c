/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * L2TP: version 2 on UDP (RFC 2661), version 3 on UDP and on IP (RFC 3931). Control messages are payload.
 *
 * XXX: what a session of version 3 carries, how long its cookie is and whether there is a sublayer is agreed upon
 * by signalling. It is found by trying: a frame or a PPP packet that makes sense has to be there.
 */
#include "decode_priv.h"

#define L2TP_CONTROL 0x8000 /**< The T bit. */
#define L2TP_LENGTH 0x4000
#define L2TP_SEQUENCE 0x0800
#define L2TP_OFFSET 0x0200
#define L2TP_RESERVED 0x34f0
#define L2TP_VERSION 0x000f

#define L2TPV3_SESSION_LEN 4
#define L2TPV3_SKIP_STEP 4 /**< Cookie 0, 4 or 8; sublayer 0 or 4. */
#define L2TPV3_SKIP_MAX 12

static bool take_be16(struct decode_ctx *ctx, bool there, uint16_t *ret_v)
{
	return !there || pal_cursor_be16(&ctx->cur, ret_v);
}

/** RFC 2661 section 3.1, behind the flags. */
static void read_version2(struct decode_ctx *ctx, uint16_t flags)
{
	uint32_t before = decode_off(ctx) - (uint32_t)sizeof(flags), left;
	uint16_t len = 0, tunnel, session, offset = 0;

	if (flags & L2TP_RESERVED || !take_be16(ctx, flags & L2TP_LENGTH, &len))
		return;
	if (!pal_cursor_be16(&ctx->cur, &tunnel) || !pal_cursor_be16(&ctx->cur, &session))
		return;
	if (flags & L2TP_SEQUENCE && !pal_cursor_skip(&ctx->cur, 4))
		return;
	if (!take_be16(ctx, flags & L2TP_OFFSET, &offset) || !pal_cursor_skip(&ctx->cur, offset))
		return;
	left = decode_wire_left(ctx);
	if (flags & L2TP_LENGTH) {
		uint32_t hdr_len = decode_off(ctx) - before;

		if (len < hdr_len || len - hdr_len > left)
			return;
		decode_bound(ctx, len - hdr_len);
	}
	decode_carries(ctx, PAL_TUNNEL_L2TP, (uint32_t)tunnel << 16 | session, PAL_LAYER_PPP);
}

/** A PPP packet with its address and control fields and a datagram of either version. */
static bool is_ppp(const struct pal_cursor *cur)
{
	const uint8_t *p = pal_cursor_peek(cur, 5);

	if (p == NULL || pal_load_be16(p) != 0xff03)
		return false;
	return (pal_load_be16(p + 2) == 0x0021 && p[4] >> 4 == 4) ||
	       (pal_load_be16(p + 2) == 0x0057 && p[4] >> 4 == 6);
}

static void read_version3(struct decode_ctx *ctx)
{
	const uint8_t *session = pal_cursor_take(&ctx->cur, L2TPV3_SESSION_LEN);

	// RFC 3931 section 4.1.1.2: session 0 is for control messages.
	if (session == NULL || pal_load_be32(session) == 0)
		return;
	for (int skip = 0; skip <= L2TPV3_SKIP_MAX; skip += L2TPV3_SKIP_STEP) {
		enum pal_layer inner = PAL_LAYER_END;

		if (decode_is_frame(ctx))
			inner = PAL_LAYER_ETHERNET;
		else if (is_ppp(&ctx->cur))
			inner = PAL_LAYER_PPP;
		if (inner != PAL_LAYER_END) {
			decode_carries(ctx, PAL_TUNNEL_L2TPV3, pal_load_be32(session), inner);
			return;
		}
		if (!pal_cursor_skip(&ctx->cur, L2TPV3_SKIP_STEP))
			return;
	}
}

void decode_l2tp_udp(struct decode_ctx *ctx)
{
	uint16_t flags, reserved;

	if (!pal_cursor_be16(&ctx->cur, &flags) || flags & L2TP_CONTROL)
		return;
	if ((flags & L2TP_VERSION) == 2)
		read_version2(ctx, flags);
	else if (flags == 3 && pal_cursor_be16(&ctx->cur, &reserved))
		read_version3(ctx);
}

enum pal_layer decode_l2tp_ip(struct decode_ctx *ctx)
{
	decode_opaque(ctx);
	read_version3(ctx);
	return PAL_LAYER_END;
}
