/* SPDX-License-Identifier: BSD-3-Clause */
/* GENEVE, RFC 8926 section 3.4. Its options are passed over, critical ones too: nothing is forwarded here. */
#include "decode_priv.h"

#define GENEVE_LEN 8
#define GENEVE_OPTIONS_LEN(hdr) (((hdr)[0] & 0x3fu) * 4)

void decode_geneve(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, GENEVE_LEN);

	if (hdr == NULL || hdr[0] >> 6 != 0)
		return;
	if (!pal_cursor_skip(&ctx->cur, GENEVE_OPTIONS_LEN(hdr)))
		return;
	decode_carries_ethertype(
		ctx, PAL_TUNNEL_GENEVE, pal_load_be32(hdr + 4) >> 8, pal_load_be16(hdr + 2)
	);
}
