/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.1Q tags, stacked to any depth. */
#include "decode_priv.h"

#define VLAN_LEN 4
#define VLAN_ID_MASK 0x0fff

enum pal_layer decode_vlan(struct decode_ctx *ctx)
{
	const uint8_t *tag = pal_cursor_take(&ctx->cur, VLAN_LEN);
	struct pal_pkt *pkt = ctx->pkt;

	if (tag == NULL)
		return decode_stop(ctx, PAL_DROP_VLAN_TRUNCATED);
	if (pkt->nb_vlans < PAL_VLAN_MAX)
		pkt->key.vlan[pkt->nb_vlans] =
			(pal_load_be16(tag) & VLAN_ID_MASK) | PAL_VLAN_TAGGED;
	pkt->nb_vlans++;
	return decode_ethertype(ctx, pal_load_be16(tag + 2));
}
