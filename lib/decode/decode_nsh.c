/* SPDX-License-Identifier: BSD-3-Clause */
/* Network Service Header, RFC 8300. */
#include "decode_priv.h"

#define NSH_LEN 8
#define NSH_TOTAL_LEN(hdr) (((hdr)[1] & 0x3fu) * 4)

/** RFC 8300 section 11.2.5; VXLAN-GPE has the same numbers. */
enum pal_layer decode_nvo3_protocol(uint8_t proto)
{
	switch (proto) {
	case 1:
		return PAL_LAYER_IPV4;
	case 2:
		return PAL_LAYER_IPV6;
	case 3:
		return PAL_LAYER_ETHERNET;
	case 4:
		return PAL_LAYER_NSH;
	case 5:
		return PAL_LAYER_MPLS;
	}
	return PAL_LAYER_END;
}

enum pal_layer decode_nsh(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, NSH_LEN);
	enum pal_layer next;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	// RFC 8300 section 2.2: version 0; the length, in words of 4 bytes, covers the 8 bytes that are always there.
	if (hdr[0] >> 6 != 0 || NSH_TOTAL_LEN(hdr) < NSH_LEN)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (!pal_cursor_skip(&ctx->cur, NSH_TOTAL_LEN(hdr)))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	next = decode_nvo3_protocol(hdr[3]);
	return next != PAL_LAYER_END ? next : decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
}
