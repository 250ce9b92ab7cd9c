/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.11 data frames, clause 9: LLC behind a header whose length depends on its first two bytes. */
#include "decode_priv.h"

#define WLAN_LEN 24
#define WLAN_ADDRESS_LEN 6
#define WLAN_QOS_LEN 2
#define WLAN_HT_LEN 4
#define WLAN_FRAGMENT 0x0f /**< In the first byte of the sequence control, at 22. */

/* First byte. */
#define WLAN_VERSION(fc) ((fc)&3)
#define WLAN_TYPE(fc) ((fc) >> 2 & 3)
#define WLAN_DATA 2
#define WLAN_EXTENSION 3
#define WLAN_NO_DATA 0x40
#define WLAN_QOS 0x80

/* Second byte. */
#define WLAN_TO_FROM_DS 0x03
#define WLAN_MORE_FRAGMENTS 0x04
#define WLAN_PROTECTED 0x40
#define WLAN_ORDER 0x80

/* QoS control. */
#define WLAN_AMSDU 0x80

static uint32_t header_len(const uint8_t *fc)
{
	uint32_t len = WLAN_LEN;

	if ((fc[1] & WLAN_TO_FROM_DS) == WLAN_TO_FROM_DS)
		len += WLAN_ADDRESS_LEN;
	if (fc[0] & WLAN_QOS) {
		len += WLAN_QOS_LEN;
		// Clause 9.2.4.6: with QoS the bit means that HT control is there.
		if (fc[1] & WLAN_ORDER)
			len += WLAN_HT_LEN;
	}
	return len;
}

enum pal_layer decode_wlan(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, 2);
	uint32_t len, qos_off;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	if (WLAN_VERSION(hdr[0]) != 0 || WLAN_TYPE(hdr[0]) == WLAN_EXTENSION)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (WLAN_TYPE(hdr[0]) != WLAN_DATA || hdr[0] & WLAN_NO_DATA)
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	if (hdr[1] & WLAN_PROTECTED)
		return decode_stop(ctx, PAL_DROP_ENCRYPTED);

	len = header_len(hdr);
	qos_off = len - WLAN_QOS_LEN - (hdr[1] & WLAN_ORDER ? WLAN_HT_LEN : 0);
	if (pal_cursor_peek(&ctx->cur, len) == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	// XXX: fragments of a frame are not put together, and of frames in one frame (A-MSDU) none is looked at.
	if (hdr[1] & WLAN_MORE_FRAGMENTS || hdr[22] & WLAN_FRAGMENT ||
	    (hdr[0] & WLAN_QOS && hdr[qos_off] & WLAN_AMSDU))
		return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
	if (ctx->wlan_padded)
		len = (len + 3) & ~3u;
	if (!pal_cursor_skip(&ctx->cur, len))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_LLC;
}
