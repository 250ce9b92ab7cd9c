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

/** What one lcore has decoded. One writer. pkts = datagrams given on + sum of exits.pkts. */
struct pal_decode_stats {
	uint64_t pkts; /**< Frames given to pal_decode(). */
	uint64_t bytes; /**< Their length on the wire. */
	uint64_t layers
		[PAL_LAYER_COUNT]; /**< Frames in which the layer was met; nested ones count again. */
	uint64_t vlan_qinq; /**< Frames with two VLAN tags or more. */
	uint32_t max_pkt_size; /**< Longest frame on the wire. */
	struct pal_exits exits; /**< Frames that were no datagram, by pal_pkt.drop. */
	/** By number, first come; the sums are in exits and, for ipproto, in layers[PAL_LAYER_IP_OTHER]. */
	struct pal_decode_number unknown_linktype[PAL_DECODE_NUMBERS];
	struct pal_decode_number unknown_ethertype[PAL_DECODE_NUMBERS];
	struct pal_decode_number unknown_ipproto[PAL_DECODE_NUMBERS];
};

/** Name of a layer as printed (`ipv4`). Static string. */
const char *pal_layer_name(enum pal_layer layer);

/**
 * Decode one frame in place.
 *
 * @param pkt
 *   In: the source's part, data (not NULL) and cap_len. A wire_len below cap_len is not believed.
 *   Out: the rest of decode's part; steer_hash and flow are reset. pkt->drop says whether a datagram was
 *   found; if it is PAL_DROP_NONE the key is complete.
 * @param stats
 *   Counters of this lcore.
 */
void pal_decode(struct pal_pkt *pkt, struct pal_decode_stats *stats);

#endif
