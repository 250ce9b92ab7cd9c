/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux netfilter log, LINKTYPE_NFLOG: a family, then attributes, one of which is the datagram. */
#include "decode_priv.h"

#define NFLOG_LEN 4
#define NFLOG_ATTR_LEN 4
#define NFLOG_PAYLOAD 9 /**< NFULA_PAYLOAD, linux/netfilter/nfnetlink_log.h. */

static enum pal_layer family_layer(uint8_t family)
{
	switch (family) {
	case 2: // AF_INET
		return PAL_LAYER_IPV4;
	case 10: // AF_INET6
		return PAL_LAYER_IPV6;
	}
	return PAL_LAYER_END;
}

/** Length and type have the byte order of the capturing machine. Types are small. */
static void load_attr(const uint8_t *attr, uint16_t *ret_len, uint16_t *ret_type)
{
	bool little = attr[3] == 0;

	*ret_len = little ? pal_load_le16(attr) : pal_load_be16(attr);
	*ret_type = little ? pal_load_le16(attr + 2) : pal_load_be16(attr + 2);
}

enum pal_layer decode_nflog(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, NFLOG_LEN), *attr;
	enum pal_layer layer;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	layer = family_layer(hdr[0]);
	if (hdr[1] != 0 || layer == PAL_LAYER_END)
		return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);

	while ((attr = pal_cursor_take(&ctx->cur, NFLOG_ATTR_LEN)) != NULL) {
		uint16_t len, type;

		load_attr(attr, &len, &type);
		if (len < NFLOG_ATTR_LEN)
			return decode_stop(ctx, PAL_DROP_LINK_INVALID);
		len -= NFLOG_ATTR_LEN;
		if (type == NFLOG_PAYLOAD) {
			decode_bound(ctx, len);
			return layer;
		}
		// Attributes are padded to 4 bytes.
		if (!pal_cursor_skip(&ctx->cur, (len + 3u) & ~3u))
			return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	}
	if (ctx->uncaptured != 0)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
}
