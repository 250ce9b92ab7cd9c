/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame relay: the encapsulation of RFC 2427, and Cisco's, which has an ethertype behind the address. */
#include "decode_priv.h"

#define FRELAY_ADDRESS_MAX 4
#define FRELAY_LAST 0x01 /**< EA, ITU-T Q.922 section 3.3: the address ends here. */
#define FRELAY_UI 0x03
#define FRELAY_PAD 0x00

#define SNAP_LEN 5
#define OUI_ETHERTYPE 0x000000
#define OUI_BRIDGED 0x0080c2
#define BRIDGED_8023_FCS 0x0001
#define BRIDGED_8023 0x0007

/* RFC 2427 section 11: network layer protocols. */
enum {
	NLPID_Q933 = 0x08,
	NLPID_LMI = 0x09,
	NLPID_SNAP = 0x80,
	NLPID_IPV6 = 0x8e,
	NLPID_IPV4 = 0xcc,
	NLPID_PPP = 0xcf,
};

static enum pal_layer read_snap(struct decode_ctx *ctx)
{
	const uint8_t *snap = pal_cursor_take(&ctx->cur, SNAP_LEN);
	uint32_t oui;
	uint16_t pid;

	if (snap == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	oui = pal_load_be32(snap) >> 8;
	pid = pal_load_be16(snap + 3);
	if (oui == OUI_ETHERTYPE && pid >= ETHERTYPE_MIN)
		return decode_ethertype(ctx, pid);
	// RFC 2427 section 4.2; a checksum behind the frame is a trailer like any other.
	if (oui == OUI_BRIDGED && (pid == BRIDGED_8023 || pid == BRIDGED_8023_FCS))
		return PAL_LAYER_ETHERNET;
	return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
}

static enum pal_layer read_nlpid(struct decode_ctx *ctx)
{
	uint8_t nlpid;

	do { // RFC 2427 section 3: a pad may align what follows
		if (!pal_cursor_u8(&ctx->cur, &nlpid))
			return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	} while (nlpid == FRELAY_PAD);
	switch (nlpid) {
	case NLPID_IPV4:
		return PAL_LAYER_IPV4;
	case NLPID_IPV6:
		return PAL_LAYER_IPV6;
	case NLPID_PPP:
		return PAL_LAYER_PPP;
	case NLPID_SNAP:
		return read_snap(ctx);
	case NLPID_Q933:
	case NLPID_LMI:
		return decode_stop(ctx, PAL_DROP_LINK_CONTROL);
	}
	return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
}

enum pal_layer decode_frelay(struct decode_ctx *ctx)
{
	const uint8_t *control;
	uint8_t address;
	uint16_t type;
	int len = 0;

	do {
		if (!pal_cursor_u8(&ctx->cur, &address))
			return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	} while (!(address & FRELAY_LAST) && ++len < FRELAY_ADDRESS_MAX);
	if (!(address & FRELAY_LAST) || len == 0)
		return decode_stop(ctx, PAL_DROP_LINK_INVALID);

	control = pal_cursor_peek(&ctx->cur, 1);
	if (control != NULL && control[0] == FRELAY_UI) {
		pal_cursor_skip(&ctx->cur, 1);
		return read_nlpid(ctx);
	}
	if (!pal_cursor_be16(&ctx->cur, &type))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	if (type < ETHERTYPE_MIN)
		return decode_stop(ctx, PAL_DROP_LINK_PAYLOAD_UNKNOWN);
	return decode_ethertype(ctx, type);
}

/* LINKTYPE_FRELAY_WITH_DIR: a byte says the direction. */
enum pal_layer decode_frelay_direction(struct decode_ctx *ctx)
{
	if (!pal_cursor_skip(&ctx->cur, 1))
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	return PAL_LAYER_FRELAY;
}
