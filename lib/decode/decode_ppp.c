/* SPDX-License-Identifier: BSD-3-Clause */
/* PPP, RFC 1661, with the HDLC-like framing of RFC 1662. */
#include "decode_priv.h"

#define PPP_ADDRESS 0xff /**< No protocol starts with it. */
#define PPP_CONTROL 0x03
#define CISCO_UNICAST 0x0f
#define CISCO_MULTICAST 0x8f

/** RFC 1661 section 6.5: a protocol is odd, its first byte is even; compressed, it is the second one alone. */
static bool take_protocol(struct decode_ctx *ctx, uint16_t *ret_proto)
{
	const uint8_t *proto = pal_cursor_peek(&ctx->cur, 1);

	if (proto == NULL)
		return false;
	if (proto[0] & 1) {
		*ret_proto = proto[0];
		return pal_cursor_skip(&ctx->cur, 1);
	}
	return pal_cursor_be16(&ctx->cur, ret_proto);
}

enum pal_layer decode_ppp(struct decode_ctx *ctx)
{
	const uint8_t *address = pal_cursor_peek(&ctx->cur, 1);
	uint16_t proto;

	// RFC 1661 section 6.6: address and control are left out where both sides agreed to.
	if (address != NULL && address[0] == PPP_ADDRESS) {
		if (!pal_cursor_skip(&ctx->cur, 2))
			return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
		if (address[1] != PPP_CONTROL)
			return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	}
	if (!take_protocol(ctx, &proto))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_ppp_protocol(ctx, proto);
}

/* LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC, which has other addresses. */
enum pal_layer decode_ppp_hdlc(struct decode_ctx *ctx)
{
	const uint8_t *address = pal_cursor_peek(&ctx->cur, 1);

	if (address != NULL && (address[0] == CISCO_UNICAST || address[0] == CISCO_MULTICAST))
		return PAL_LAYER_CHDLC;
	return PAL_LAYER_PPP;
}

/* LINKTYPE_PPP_PPPD and LINKTYPE_PPP_WITH_DIR: a byte says the direction. */
enum pal_layer decode_ppp_direction(struct decode_ctx *ctx)
{
	if (!pal_cursor_skip(&ctx->cur, 1))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_PPP;
}
