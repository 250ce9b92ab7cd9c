/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DECODE_H
#define PAL_DECODE_H

/**
 * @file
 * Decoding: from the link type of one frame to the flow key of the datagram in it.
 *
 * Pure: no state but the counters, no allocation, no clock; runs without EAL. One file per protocol
 * (decode_ipv4.c); which number leads to which file is one table (decode_layers.def).
 *
 *      frame -> ethernet -> vlan -> ipv4 -> tcp        each layer says which comes next, or stops by name
 *
 * Nothing is dropped for being short: once the IP header was read, the frame is a datagram of a flow,
 * and flags say what of its transport is missing (PAL_PKT_L4_TRUNCATED) or wrong (PAL_PKT_L4_INVALID).
 *
 * Below IP all layers belong to the one datagram. What lies on IP or UDP and holds a datagram again is a tunnel:
 * the datagram outside is complete, with its own flow, and says that there is another one in its payload
 * (pal_pkt.inner_layer). That one is decoded into a struct pal_pkt of its own, and may say the same again:
 *
 *      pal_decode(outer)  ->  pal_decode_inner(inner, outer)  ->  pal_decode_inner(inner2, inner) ...
 *
 * What does not prove to be a tunnel is the plain datagram that it is.
 */

#include "pal_pkt.h"

/** Layers followed inside one frame before it is `too_many_layers`. */
#define PAL_DECODE_DEPTH_MAX 32

/** Layers that are counted; from decode_layers.def. */
enum pal_layer {
	PAL_LAYER_END, /**< Nothing follows. */
#define PAL_LAYER(id, name, fn) PAL_LAYER_##id,
#define PAL_LEAF(id, name, drop) PAL_LAYER_##id,
#include "decode_layers.def"
	PAL_LAYER_COUNT,
};

/** Different numbers of one kind that are told apart. */
#define PAL_DECODE_NUMBERS 16

/** How often a number was met that decode_layers.def does not have; free while pkts is 0. */
struct pal_decode_number {
	uint16_t number;
	uint64_t pkts;
};

/**
 * What one lcore has decoded. One writer. There are three books, and in each of them
 * pkts = datagrams given on + sum of exits.pkts: frames, what was inside a datagram, and what was put together.
 */
struct pal_decode_stats {
	uint64_t pkts; /**< Frames given to pal_decode(). */
	uint64_t bytes; /**< Their length on the wire. */
	uint64_t inner_pkts; /**< Datagrams and frames given to pal_decode_inner(). */
	uint64_t inner_bytes;
	uint64_t whole_pkts; /**< Datagrams given to pal_decode_datagram(). */
	uint64_t whole_bytes;
	/** In how many of all those the layer was met; nested ones count again. */
	uint64_t layers[PAL_LAYER_COUNT];
	uint64_t tunnels[PAL_TUNNEL_COUNT]; /**< Datagrams that carried another one that way. */
	uint64_t
		tunnel_too_deep; /**< ... that is not looked at, being in PAL_TUNNEL_MAX tunnels. */
	uint64_t vlan_qinq; /**< Frames with two VLAN tags or more. */
	uint32_t max_pkt_size; /**< Longest frame on the wire. */
	struct pal_exits exits; /**< Frames that were no datagram, by pal_pkt.drop. */
	struct pal_exits inner_exits;
	struct pal_exits whole_exits;
	/**
	 * By number, first come. The sums are in exits; those of ipproto are in layers[PAL_LAYER_IP_OTHER], and
	 * an ethertype that a tunnel announces is in no sum: the datagram outside goes its way.
	 */
	struct pal_decode_number unknown_linktype[PAL_DECODE_NUMBERS];
	struct pal_decode_number unknown_ethertype[PAL_DECODE_NUMBERS];
	struct pal_decode_number unknown_ppp[PAL_DECODE_NUMBERS];
	struct pal_decode_number unknown_ipproto[PAL_DECODE_NUMBERS];
};

/** Name of a layer as printed (`ipv4`). Static string. */
const char *pal_layer_name(enum pal_layer layer);

/**
 * Decode one frame in place.
 *
 * @param pkt
 *   In: the source's part, data (not NULL) and cap_len. A wire_len below cap_len is not believed.
 *   Out: the rest of decode's part; steer_hash is reset. pkt->drop says whether a datagram was
 *   found; if it is PAL_DROP_NONE the key is complete.
 * @param stats
 *   Counters of this lcore.
 */
void pal_decode(struct pal_pkt *pkt, struct pal_decode_stats *stats);

/**
 * Decode what is in the payload of a datagram.
 *
 * @param inner
 *   Out: a packet of the same time, number and input, whose data lies in that of outer. depth is one more,
 *   tunnel and key.tunnel say what it came out of. drop as pal_decode() leaves it.
 * @param outer
 *   Decoded, inner_layer is not PAL_LAYER_END. Its data must stay as long as inner is used.
 * @return
 *   A datagram was found: inner->drop is PAL_DROP_NONE.
 */
bool pal_decode_inner(
	struct pal_pkt *inner,
	const struct pal_pkt *outer,
	struct pal_decode_stats *stats
);

/**
 * Decode a datagram that was put together from fragments.
 *
 * @param whole
 *   In: data, which starts at the IP header, cap_len and wire_len. Out: as of pal_decode(), with
 *   PAL_PKT_REASSEMBLED; what lies below IP (VLAN tags, tunnel, input) and the time are those of last.
 * @param last
 *   The fragment that completed it, decoded.
 * @return
 *   A datagram was found: whole->drop is PAL_DROP_NONE.
 */
bool pal_decode_datagram(
	struct pal_pkt *whole,
	const struct pal_pkt *last,
	struct pal_decode_stats *stats
);

#endif
