/* SPDX-License-Identifier: BSD-3-Clause */
/* PPP over Ethernet, RFC 2516. */
#include "decode_priv.h"

#define PPPOE_LEN 6
#define PPPOE_VERSION_TYPE 0x11
#define PPPOE_SESSION 0 /**< Code; every other one is of the discovery. */

enum pal_layer decode_pppoe(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, PPPOE_LEN);

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	// RFC 2516 section 4: version and type are 1; section 6: the code of a session is 0.
	if (hdr[0] != PPPOE_VERSION_TYPE || hdr[1] != PPPOE_SESSION)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	decode_bound(ctx, pal_load_be16(hdr + 4));
	return PAL_LAYER_PPP;
}

/* LINKTYPE_PPP_ETHER: no ethertype tells discovery and session apart. */
enum pal_layer decode_ppp_ether(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, 2);

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return hdr[1] == PPPOE_SESSION ? PAL_LAYER_PPPOE : PAL_LAYER_PPPOE_DISCOVERY;
}
