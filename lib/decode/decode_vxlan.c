/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VXLAN, RFC 7348, with the group policy of draft-smith-vxlan-group-policy; and its generic protocol extension,
 * draft-ietf-nvo3-vxlan-gpe, which has a port of its own.
 */
#include "decode_priv.h"

#define VXLAN_LEN 8

/* The first word. */
#define VXLAN_VNI 0x08000000 /**< The I flag. */
#define VXLAN_GROUP 0x80000000 /**< The G flag, which gives a meaning to ... */
#define VXLAN_GROUP_FIELDS 0x0048ffff /**< ... don't learn, policy applied, group. */

/* The first byte. */
#define GPE_VERSION 0x30
#define GPE_VNI 0x08

void decode_vxlan(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, VXLAN_LEN);
	uint32_t flags;

	if (hdr == NULL)
		return;
	flags = pal_load_be32(hdr);
	if (flags & VXLAN_GROUP)
		flags &= ~(VXLAN_GROUP | VXLAN_GROUP_FIELDS);
	// RFC 7348 section 5: the I flag is set, the other bits are 0.
	if (flags != VXLAN_VNI)
		return;
	decode_carries(ctx, PAL_TUNNEL_VXLAN, pal_load_be32(hdr + 4) >> 8, PAL_LAYER_ETHERNET);
}

void decode_vxlan_gpe(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, VXLAN_LEN);
	enum pal_layer inner = PAL_LAYER_ETHERNET;

	if (hdr == NULL || (hdr[0] & (GPE_VERSION | GPE_VNI)) != GPE_VNI)
		return;
	// The P flag announces that field. Senders that forget the flag have been seen; without both it is a frame.
	if (hdr[3] != 0)
		inner = decode_nvo3_protocol(hdr[3]);
	if (inner != PAL_LAYER_END)
		decode_carries(ctx, PAL_TUNNEL_VXLAN_GPE, pal_load_be32(hdr + 4) >> 8, inner);
}
