/* SPDX-License-Identifier: BSD-3-Clause */
/* Cisco HDLC, RFC 1547 section 4.3.1: address, control, ethertype. */
#include "decode_priv.h"

#define CHDLC_LEN 4
#define CHDLC_SLARP 0x8035 /**< RARP on other links. */
#define CHDLC_CDP 0x2000

enum pal_layer decode_chdlc(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, CHDLC_LEN);
	uint16_t proto;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	proto = pal_load_be16(hdr + 2);
	if (proto == CHDLC_SLARP || proto == CHDLC_CDP)
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	if (proto < ETHERTYPE_MIN)
		return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
	return decode_ethertype(ctx, proto);
}

/* LINKTYPE_C_HDLC_WITH_DIR: a byte says the direction. */
enum pal_layer decode_chdlc_direction(struct decode_ctx *ctx)
{
	if (!pal_cursor_skip(&ctx->cur, 1))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_CHDLC;
}
