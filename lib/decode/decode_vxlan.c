/* SPDX-License-Identifier: BSD-3-Clause */
/* VXLAN, RFC 7348. */
#include "decode_priv.h"

#define VXLAN_LEN 8
#define VXLAN_VNI 0x08 /**< The I flag. */

void decode_vxlan(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, VXLAN_LEN);

	// RFC 7348 section 5: the I flag is set, the other bits are 0.
	if (hdr == NULL || hdr[0] != VXLAN_VNI)
		return;
	decode_carries(ctx, PAL_TUNNEL_VXLAN, pal_load_be32(hdr + 4) >> 8, PAL_LAYER_ETHERNET);
}
