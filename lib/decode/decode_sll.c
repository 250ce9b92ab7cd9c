/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux cooked capture, LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2. */
#include "decode_priv.h"

#define SLL_LEN 16
#define SLL2_LEN 20

/* Values of the protocol field that are no ethertypes, linux/if_ether.h. */
#define ETH_P_802_2 0x0004

/* Devices whose protocol field is no ethertype, linux/if_arp.h. */
#define ARPHRD_FRAD 770
#define ARPHRD_IEEE80211_RADIOTAP 803
#define ARPHRD_NETLINK 824

static enum pal_layer decode_cooked(struct decode_ctx *ctx, uint16_t arphrd, uint16_t protocol)
{
	switch (arphrd) {
	case ARPHRD_FRAD:
		return PAL_LAYER_FRELAY;
	case ARPHRD_IEEE80211_RADIOTAP:
		return PAL_LAYER_RADIOTAP;
	case ARPHRD_NETLINK:
		return decode_stop(ctx, PAL_DROP_SLL_PAYLOAD_UNKNOWN);
	}
	if (protocol >= ETHERTYPE_MIN)
		return decode_ethertype(ctx, protocol);
	ctx->pkt->ethertype = protocol;
	if (protocol == ETH_P_802_2)
		return PAL_LAYER_LLC;
	return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
}

enum pal_layer decode_sll(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, SLL_LEN);

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_cooked(ctx, pal_load_be16(hdr + 2), pal_load_be16(hdr + 14));
}

enum pal_layer decode_sll2(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, SLL2_LEN);

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_cooked(ctx, pal_load_be16(hdr + 8), pal_load_be16(hdr));
}
