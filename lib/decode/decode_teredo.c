/* SPDX-License-Identifier: BSD-3-Clause */
/* Teredo, IPv6 through NATs on UDP, RFC 4380. */
#include "decode_priv.h"

#define TEREDO_AUTH 0x0001
#define TEREDO_ORIGIN 0x0000
#define TEREDO_AUTH_LEN 4 /**< Indicator, and the lengths of client id and authentication. */
#define TEREDO_NONCE_LEN 9 /**< ... which a nonce and a confirmation byte follow. */
#define TEREDO_ORIGIN_LEN 8
#define IPV6_LEN 40

/** RFC 4380 section 5.1.1: what a server may put in front, in that order. */
static bool skip_indications(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_peek(&ctx->cur, TEREDO_AUTH_LEN);

	if (hdr != NULL && pal_load_be16(hdr) == TEREDO_AUTH) {
		if (!pal_cursor_skip(
			    &ctx->cur, (size_t)TEREDO_AUTH_LEN + hdr[2] + hdr[3] + TEREDO_NONCE_LEN
		    ))
			return false;
		hdr = pal_cursor_peek(&ctx->cur, TEREDO_AUTH_LEN);
	}
	if (hdr != NULL && pal_load_be16(hdr) == TEREDO_ORIGIN)
		return pal_cursor_skip(&ctx->cur, TEREDO_ORIGIN_LEN);
	return true;
}

/** RFC 4380 section 2.6: 2001:0000::/32; and link-local ones, while a client looks for its server. */
static bool is_teredo(const uint8_t *addr)
{
	return pal_load_be32(addr) == 0x20010000 || (pal_load_be16(addr) & 0xffc0) == 0xfe80;
}

void decode_teredo(struct decode_ctx *ctx)
{
	const uint8_t *ip;

	if (!skip_indications(ctx))
		return;
	ip = pal_cursor_peek(&ctx->cur, IPV6_LEN);
	if (ip == NULL || ip[0] >> 4 != 6 ||
	    pal_load_be16(ip + 4) + (uint32_t)IPV6_LEN > decode_wire_left(ctx))
		return;
	if (is_teredo(ip + 8) || is_teredo(ip + 24))
		decode_carries(ctx, PAL_TUNNEL_TEREDO, 0, PAL_LAYER_IPV6);
}
