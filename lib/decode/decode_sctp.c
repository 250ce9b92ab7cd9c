/* SPDX-License-Identifier: BSD-3-Clause */
/* SCTP, RFC 9260 section 3.1: the common header; chunks are payload. */
#include "decode_priv.h"

#define SCTP_LEN 12

enum pal_layer decode_sctp(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, SCTP_LEN);

	if (hdr == NULL)
		return decode_ports_truncated(ctx);
	decode_flow(ctx, pal_load_be16(hdr), pal_load_be16(hdr + 2));
	decode_payload(ctx);
	return PAL_LAYER_END;
}
