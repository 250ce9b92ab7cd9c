/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tags that Cisco puts between Ethernet and what it carries: metadata (the security group of the sender), and
 * VN-Tag, from which IEEE 802.1BR was made.
 */
#include "decode_priv.h"

#define CMD_LEN 6 /**< Version, length, one option and its value. */
#define VNTAG_LEN 4

static enum pal_layer skip_tag(struct decode_ctx *ctx, size_t len)
{
	uint16_t ethertype;

	if (!pal_cursor_skip(&ctx->cur, len) || !pal_cursor_be16(&ctx->cur, &ethertype))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_ethertype(ctx, ethertype);
}

enum pal_layer decode_cmd(struct decode_ctx *ctx)
{
	return skip_tag(ctx, CMD_LEN);
}

enum pal_layer decode_vntag(struct decode_ctx *ctx)
{
	return skip_tag(ctx, VNTAG_LEN);
}

void decode_cmd_gre(struct decode_ctx *ctx, uint32_t key)
{
	uint16_t ethertype;

	if (pal_cursor_be16(&ctx->cur, &ethertype) && pal_cursor_skip(&ctx->cur, CMD_LEN))
		decode_carries_ethertype(ctx, PAL_TUNNEL_GRE, key, ethertype);
}
