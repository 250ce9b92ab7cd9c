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

bool decode_is_frame(const struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, ETHERNET_LEN + 1);
	enum pal_layer layer;
	uint16_t ethertype;

	if (hdr == NULL)
		return false;
	ethertype = pal_load_be16(hdr + 12);
	if (ethertype <= ETHERNET_LENGTH_MAX)
		return ethertype >= 3 && ethertype <= decode_wire_left(ctx) - ETHERNET_LEN;
	layer = decode_ethertype_layer(ethertype);
	if (layer == PAL_LAYER_IPV4)
		return hdr[ETHERNET_LEN] >> 4 == 4;
	if (layer == PAL_LAYER_IPV6)
		return hdr[ETHERNET_LEN] >> 4 == 6;
	return layer != PAL_LAYER_END;
}
