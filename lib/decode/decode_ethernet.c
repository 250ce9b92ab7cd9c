/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet II and IEEE 802.3. */
#include "decode_priv.h"

#define ETHERNET_LEN 14

enum pal_layer decode_ethernet(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, ETHERNET_LEN);

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_ethertype(ctx, pal_load_be16(hdr + 12));
}
