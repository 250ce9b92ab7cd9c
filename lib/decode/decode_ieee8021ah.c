/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IEEE 802.1ah, provider backbone bridges: a frame behind the tag of its service.
 *
 * XXX: the number of the service has no place in the key of a flow, whose vlan[] holds 12 bits. Customers of one
 * backbone that use the same addresses and tags are not told apart.
 */
#include "decode_priv.h"

#define I_TAG_LEN 4

enum pal_layer decode_ieee8021ah(struct decode_ctx *ctx)
{
	if (!pal_cursor_skip(&ctx->cur, I_TAG_LEN))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_ETHERNET;
}
