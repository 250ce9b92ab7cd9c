/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the capturing machine puts in front of IEEE 802.11 frames: radiotap, PPI, AVS and Prism headers. Of all
 * that they say, only what is needed to find the frame and its end is read.
 */
#include "decode_priv.h"

#define FCS_LEN 4

#define RADIOTAP_LEN 8
#define RADIOTAP_TSFT 0x00000001
#define RADIOTAP_FLAGS 0x00000002
#define RADIOTAP_MORE 0x80000000 /**< Another word of such bits follows. */
#define RADIOTAP_TSFT_LEN 8
#define RADIOTAP_FLAG_FCS 0x10 /**< At the end of the frame. */
#define RADIOTAP_FLAG_PAD 0x20 /**< Behind the header, up to a multiple of 4. */
#define RADIOTAP_FLAG_BAD_FCS 0x40

#define PPI_LEN 8
#define PPI_FIELD_LEN 4
#define PPI_COMMON 2 /**< Field 802.11-Common: time of 8 bytes, flags of 2. */
#define PPI_COMMON_LEN 10
#define PPI_FCS 0x0001
#define PPI_BAD_FCS 0x0004

#define AVS_LEN 8
#define AVS_MAGIC 0x80211000
#define PRISM_LEN 8
#define PRISM_MSGCODE 0x00000044

/** A frame that arrived damaged is not looked into. */
static enum pal_layer
wlan_frame(struct decode_ctx *ctx, bool has_fcs, bool bad_fcs, enum pal_layer layer)
{
	if (bad_fcs)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (has_fcs)
		decode_trim(ctx, FCS_LEN);
	return layer;
}

/** The flags field: behind the words that say which fields there are, and behind the time. 0 if it is not there. */
static uint8_t radiotap_flags(const struct pal_cursor *hdr)
{
	struct pal_cursor cur = *hdr;
	const uint8_t *word = NULL, *first = NULL;
	uint32_t present;
	uint8_t flags = 0;

	pal_cursor_skip(&cur, 4); // version, pad, length
	do {
		word = pal_cursor_take(&cur, 4);
		if (word == NULL)
			return 0;
		if (first == NULL)
			first = word;
	} while (pal_load_le32(word) & RADIOTAP_MORE);

	present = pal_load_le32(first);
	if (present & RADIOTAP_TSFT) {
		// Fields are aligned to their size, from the start of the header.
		size_t off = (size_t)(cur.pos - hdr->pos);

		if (!pal_cursor_skip(&cur, (-off & 7) + RADIOTAP_TSFT_LEN))
			return 0;
	}
	if (present & RADIOTAP_FLAGS && !pal_cursor_u8(&cur, &flags))
		return 0;
	return flags;
}

enum pal_layer decode_radiotap(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, RADIOTAP_LEN);
	struct pal_cursor whole;
	uint16_t len;
	uint8_t flags;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	len = pal_load_le16(hdr + 2);
	if (hdr[0] != 0 || len < RADIOTAP_LEN)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	whole = pal_cursor_of(hdr, len);
	if (!pal_cursor_skip(&ctx->cur, len))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	flags = radiotap_flags(&whole);
	ctx->wlan_padded = flags & RADIOTAP_FLAG_PAD;
	return wlan_frame(
		ctx, flags & RADIOTAP_FLAG_FCS, flags & RADIOTAP_FLAG_BAD_FCS, PAL_LAYER_WLAN
	);
}

/** Flags of the field that has them; 0 if there is none. */
static uint16_t ppi_flags(struct pal_cursor fields)
{
	const uint8_t *field;

	while ((field = pal_cursor_take(&fields, PPI_FIELD_LEN)) != NULL) {
		uint16_t type = pal_load_le16(field), len = pal_load_le16(field + 2);
		const uint8_t *data = pal_cursor_take(&fields, len);

		if (data == NULL)
			return 0;
		if (type == PPI_COMMON && len >= PPI_COMMON_LEN)
			return pal_load_le16(data + 8);
	}
	return 0;
}

enum pal_layer decode_ppi(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, PPI_LEN);
	enum pal_layer layer;
	uint32_t linktype;
	uint16_t len, flags;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	len = pal_load_le16(hdr + 2);
	linktype = pal_load_le32(hdr + 4);
	if (hdr[0] != 0 || len < PPI_LEN || linktype > UINT16_MAX)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (!pal_cursor_skip(&ctx->cur, len))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	layer = decode_linktype(ctx, (uint16_t)linktype);
	if (layer != PAL_LAYER_WLAN)
		return layer;
	flags = ppi_flags(pal_cursor_of(hdr + PPI_LEN, (size_t)len - PPI_LEN));
	return wlan_frame(ctx, flags & PPI_FCS, flags & PPI_BAD_FCS, layer);
}

/* The number that AVS and Prism headers start with says which of them it is; both link types have been used for both. */
enum pal_layer decode_avs(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, AVS_LEN);
	uint32_t len;

	static_assert(AVS_LEN == PRISM_LEN, "read alike");
	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	if ((pal_load_be32(hdr) & 0xfffff000) == AVS_MAGIC)
		len = pal_load_be32(hdr + 4);
	else if (pal_load_le32(hdr) == PRISM_MSGCODE)
		len = pal_load_le32(hdr + 4);
	else if (pal_load_be32(hdr) == PRISM_MSGCODE)
		len = pal_load_be32(hdr + 4);
	else
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (len < AVS_LEN)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);
	if (!pal_cursor_skip(&ctx->cur, len))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_WLAN;
}
