/* SPDX-License-Identifier: BSD-3-Clause */
/* IP directly on IP: RFC 2003 (IPv4 in IPv4), RFC 4213 (IPv6 in IPv4), RFC 2473 (either in IPv6). */
#include "decode_priv.h"

static enum pal_layer
decode_ip_in_ip(struct decode_ctx *ctx, enum pal_layer inner, enum pal_tunnel_type type)
{
	decode_opaque(ctx);
	if (decode_ip_version(ctx) == inner)
		decode_carries(ctx, type, 0, inner);
	return PAL_LAYER_END;
}

enum pal_layer decode_ipv4_in_ip(struct decode_ctx *ctx)
{
	bool on_ipv4 = ctx->pkt->key.ip_version == 4;

	return decode_ip_in_ip(ctx, PAL_LAYER_IPV4, on_ipv4 ? PAL_TUNNEL_IPIP : PAL_TUNNEL_4IN6);
}

enum pal_layer decode_ipv6_in_ip(struct decode_ctx *ctx)
{
	bool on_ipv4 = ctx->pkt->key.ip_version == 4;

	return decode_ip_in_ip(ctx, PAL_LAYER_IPV6, on_ipv4 ? PAL_TUNNEL_6IN4 : PAL_TUNNEL_6IN6);
}
