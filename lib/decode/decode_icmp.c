/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP, RFC 792, and ICMPv6, RFC 4443. Their "ports" are those of Community ID version 1, so that a question
 * and its answer are one flow: the sender's is its type, the other's the type that answers it. Where nothing
 * answers, the other's is the code, and the flow has one direction.
 */
#include "decode_priv.h"

#define ICMP_LEN 8

#define PAIRED 0x100 /**< Beside a type: there is an answer, and it is this. */
#define PAIR(a, b) [a] = PAIRED | (b), [b] = PAIRED | (a)

static const uint16_t icmpv4_answer[UINT8_MAX + 1] = {
	PAIR(0, 8), // echo
	PAIR(9, 10), // router advertisement, solicitation
	PAIR(13, 14), // timestamp
	PAIR(15, 16), // information
	PAIR(17, 18), // address mask
};

static const uint16_t icmpv6_answer[UINT8_MAX + 1] = {
	PAIR(128, 129), // echo
	PAIR(130, 131), // multicast listener query, report
	PAIR(133, 134), // router solicitation, advertisement
	PAIR(135, 136), // neighbour solicitation, advertisement
	PAIR(139, 140), // node information
	PAIR(144, 145), // home agent address discovery
};

static enum pal_layer decode_icmp(struct decode_ctx *ctx, const uint16_t *answer)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, 2);
	struct pal_pkt *pkt = ctx->pkt;

	if (hdr == NULL) {
		decode_flow(ctx, 0, 0);
		return decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
	}
	pkt->icmp_type = hdr[0];
	pkt->icmp_code = hdr[1];
	if (answer[hdr[0]] & PAIRED) {
		decode_flow(ctx, hdr[0], (uint8_t)answer[hdr[0]]);
	} else {
		pkt->flags |= PAL_PKT_ICMP_ONE_WAY;
		decode_flow(ctx, hdr[0], hdr[1] | PAL_PORT_ONE_WAY);
	}
	if (!pal_cursor_skip(&ctx->cur, ICMP_LEN))
		return decode_no_payload(ctx, PAL_PKT_L4_TRUNCATED);
	decode_payload(ctx);
	return PAL_LAYER_END;
}

enum pal_layer decode_icmpv4(struct decode_ctx *ctx)
{
	return decode_icmp(ctx, icmpv4_answer);
}

enum pal_layer decode_icmpv6(struct decode_ctx *ctx)
{
	return decode_icmp(ctx, icmpv6_answer);
}
