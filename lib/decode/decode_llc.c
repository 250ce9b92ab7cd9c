/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.2 LLC: a SNAP header may hide an ethertype; everything else (STP, CDP, IS-IS) is link control. */
#include "decode_priv.h"

#define LLC_LEN 3
#define SNAP_LEN 5

enum pal_layer decode_llc(struct decode_ctx *ctx)
{
	static const uint8_t llc_snap[LLC_LEN] = {0xaa, 0xaa, 0x03};
	const uint8_t *llc, *snap;
	uint32_t oui;

	llc = pal_cursor_take(&ctx->cur, LLC_LEN);
	if (llc == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	if (memcmp(llc, llc_snap, LLC_LEN) != 0)
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);

	snap = pal_cursor_take(&ctx->cur, SNAP_LEN);
	if (snap == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	// RFC 1042: organisation 0 means that an ethertype follows; 0000f8 is what bridges make of it (IEEE 802.1H).
	oui = pal_load_be32(snap) >> 8;
	if (oui != 0x000000 && oui != 0x0000f8)
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	// A length here would nest LLC in LLC, which nothing defines.
	if (pal_load_be16(snap + 3) < ETHERTYPE_MIN)
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	return decode_ethertype(ctx, pal_load_be16(snap + 3));
}
