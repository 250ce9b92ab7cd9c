/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DECODE_PRIV_H
#define PAL_DECODE_PRIV_H

/**
 * @file
 * What the layers of lib/decode share.
 *
 * A layer is a function that takes its header from ctx->cur, narrows it to what the header says (decode_bound()),
 * and returns what comes next: decode_ethertype(), decode_next_header(), PAL_LAYER_END, or decode_stop().
 *
 *      pkt->data            cur.pos          cur.end
 *      | layers before      | this layer     |  uncaptured  :     wire: what the frame had
 *      |<------------- captured ------------>|              :
 */

#include "pal_decode.h"

#include <pal_cursor.h>

#define ETHERNET_LENGTH_MAX 1500 /**< IEEE 802.3 clause 3.2.6: up to here it is a length. */
#define ETHERTYPE_MIN 0x0600 /**< ... and from here on an ethertype. */

struct decode_ctx {
	struct pal_cursor cur; /**< Captured bytes that the current layer may read. */
	uint32_t uncaptured; /**< Bytes of the current layer on the wire that follow cur.end. */
	bool wlan_padded; /**< IEEE 802.11: what follows the header is aligned to 4 bytes. */
	bool ip_unbounded; /**< IP does not say its length: it ends where the frame does. */
	const uint8_t *ip_addr[2]; /**< Source and destination, in the packet. */
	uint32_t next_off; /**< IPv6: from data to the byte that announced the current header. */
	struct pal_pkt *pkt;
	struct pal_decode_stats *stats;
};

/** Every layer and every tunnel on UDP of decode_layers.def. */
#define PAL_LAYER(id, name, fn) enum pal_layer fn(struct decode_ctx *ctx);
#define PAL_UDP_TUNNEL(port, ends, fn) void fn(struct decode_ctx *ctx);
#include "decode_layers.def"

/** End the frame under a name. */
static inline enum pal_layer decode_stop(struct decode_ctx *ctx, enum pal_drop drop)
{
	ctx->pkt->drop = (uint8_t)drop;
	return PAL_LAYER_END;
}

/** From the start of the frame to the next byte. */
static inline uint32_t decode_off(const struct decode_ctx *ctx)
{
	return (uint32_t)(ctx->cur.pos - ctx->pkt->data);
}

/** Bytes on the wire from the next one to the end of the layer. */
static inline uint32_t decode_wire_left(const struct decode_ctx *ctx)
{
	return (uint32_t)pal_cursor_left(&ctx->cur) + ctx->uncaptured;
}

/** The layer ends n bytes from here: cuts off padding and trailers. More than there is changes nothing. */
static inline void decode_bound(struct decode_ctx *ctx, uint32_t n)
{
	uint32_t left = (uint32_t)pal_cursor_left(&ctx->cur);

	if (n <= left) {
		pal_cursor_limit(&ctx->cur, n);
		ctx->uncaptured = 0;
	} else if (n - left < ctx->uncaptured) {
		ctx->uncaptured = n - left;
	}
}

/** The layer ends n bytes earlier on the wire than the frame does. */
static inline void decode_trim(struct decode_ctx *ctx, uint32_t n)
{
	uint32_t left = decode_wire_left(ctx);

	decode_bound(ctx, left > n ? left - n : 0);
}

/** Count a number that nothing is known about. */
void decode_count_number(struct pal_decode_number *numbers, uint16_t number);

/** Go on with what a link type announces. */
enum pal_layer decode_linktype(struct decode_ctx *ctx, uint16_t linktype);

/** Go on with what the protocol field of PPP announces. */
enum pal_layer decode_ppp_protocol(struct decode_ctx *ctx, uint16_t proto);

/** Go on with what an ethertype announces; a value that is a length (IEEE 802.3 clause 3.2.6) means LLC. */
enum pal_layer decode_ethertype(struct decode_ctx *ctx, uint16_t ethertype);

/** What IP's protocol or next header field announces; END if it is not known. */
extern const uint8_t decode_ipv4_next[UINT8_MAX + 1];
extern const uint8_t decode_ipv6_next[UINT8_MAX + 1];

/** Go on with what IP's protocol or next header field announces. Inline: on the way of every datagram. */
static inline __attribute__((always_inline)) enum pal_layer
decode_next_header(struct decode_ctx *ctx, uint8_t proto)
{
	struct pal_pkt *pkt = ctx->pkt;
	enum pal_layer layer =
		(pkt->key.ip_version == 4 ? decode_ipv4_next : decode_ipv6_next)[proto];

	pkt->l4_off = decode_off(ctx);
	pkt->key.proto = proto;
	if (layer != PAL_LAYER_END)
		return layer;
	decode_count_number(ctx->stats->unknown_ipproto, proto);
	return PAL_LAYER_IP_OTHER;
}

/** A datagram is one of several fragments: its ports are not looked at. frag_next_off is left to IPv6. */
enum pal_layer
decode_fragment(struct decode_ctx *ctx, uint8_t proto, uint32_t id, uint16_t off, bool more);

/** A datagram was found: complete its key. Every way to PAL_DROP_NONE passes here, once the protocol is known. */
void decode_flow(struct decode_ctx *ctx, uint16_t src_port, uint16_t dst_port);

/** What is left is the transport's payload. */
static inline void decode_payload(struct decode_ctx *ctx)
{
	struct pal_pkt *pkt = ctx->pkt;

	pkt->payload_off = decode_off(ctx);
	pkt->l4_hdr_len = (uint8_t)(pkt->payload_off - pkt->l4_off);
	pkt->payload_cap_len = (uint32_t)pal_cursor_left(&ctx->cur);
	pkt->payload_len = pkt->payload_cap_len + ctx->uncaptured;
}

/** There is no payload, because the transport header is cut off or makes no sense. */
static inline enum pal_layer decode_no_payload(struct decode_ctx *ctx, enum pal_pkt_flag why)
{
	pal_cursor_limit(&ctx->cur, 0);
	ctx->uncaptured = 0;
	ctx->pkt->flags |= (uint16_t)why;
	decode_payload(ctx);
	return PAL_LAYER_END;
}

/** A transport header that starts with two ports is cut off: use the ports if they are there. */
enum pal_layer decode_ports_truncated(struct decode_ctx *ctx);

/** The payload of a UDP datagram may be a tunnel: the ports say which. */
void decode_udp_tunnel(struct decode_ctx *ctx, uint16_t src_port, uint16_t dst_port);

/** The datagram is complete, and what is left of it is another one, or a frame, that starts with that layer. */
void decode_carries(
	struct decode_ctx *ctx,
	enum pal_tunnel_type type,
	uint32_t id,
	enum pal_layer layer
);

/** ... and an ethertype says which layer; a number that is not known is counted, and there is no tunnel. */
void decode_carries_ethertype(
	struct decode_ctx *ctx,
	enum pal_tunnel_type type,
	uint32_t id,
	uint16_t ethertype
);

/** ERSPAN in GRE; types II and III have a header of their own. */
void decode_erspan(struct decode_ctx *ctx, bool has_header);

/** Cisco's metadata in GRE, which says before and not behind what follows. */
void decode_cmd_gre(struct decode_ctx *ctx, uint32_t key);

/** What the next protocol field of NSH and VXLAN-GPE announces; END if it is not known. */
enum pal_layer decode_nvo3_protocol(uint8_t proto);

/** Does what is left make sense as an Ethernet frame? For where nothing says so. */
bool decode_is_frame(const struct decode_ctx *ctx);

/** What an ethertype announces; END if it is not known. */
enum pal_layer decode_ethertype_layer(uint16_t ethertype);

/** What inner inherits for having been in outer: tunnel, depth, key.tunnel. */
void decode_enter_tunnel(struct pal_pkt *inner, const struct pal_pkt *outer);

/** IPv4 or IPv6, as the first nibble of what is left says; END if it says neither or was not captured. */
static inline enum pal_layer decode_ip_version(const struct decode_ctx *ctx)
{
	const uint8_t *ip = pal_cursor_peek(&ctx->cur, 1);

	if (ip != NULL && ip[0] >> 4 == 4)
		return PAL_LAYER_IPV4;
	if (ip != NULL && ip[0] >> 4 == 6)
		return PAL_LAYER_IPV6;
	return PAL_LAYER_END;
}

#endif
