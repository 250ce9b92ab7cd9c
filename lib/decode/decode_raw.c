/* SPDX-License-Identifier: BSD-3-Clause */
/* No link header: the first nibble says which IP. */
#include "decode_priv.h"

enum pal_layer decode_raw(struct decode_ctx *ctx)
{
	const uint8_t *ip = pal_cursor_peek(&ctx->cur, 1);

	if (ip == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	switch (ip[0] >> 4) {
	case 4:
		return PAL_LAYER_IPV4;
	case 6:
		return PAL_LAYER_IPV6;
	}
	return decode_stop(ctx, PAL_DROP_RAW_NOT_IP);
}
