/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_PACKET_H
#define RW_PACKET_H

/** @file What filters look at: a packet as it was read. */

#include <pal_decode.h>
#include <pal_savefile.h>

/** Who sends to whom, by the outermost IP header. */
struct rw_tuple {
	const union pal_addr *src,
		*dst; /**< In the packet's key; NULL: no IP header that can be read. */
	uint16_t sport, dport; /**< 0 for protocols other than TCP, UDP and SCTP. */
	uint8_t version; /**< 4 or 6. */
	uint8_t proto;
	bool has_ports; /**< Protocol and ports are known: not those of a cut header or of a fragment alone. */
};

struct rw_packet {
	struct pal_pkt pkt; /**< Source's part; decode's where a filter wants it. */
	struct rw_tuple tuple; /**< Likewise. */
};

/**
 * Take over a record.
 *
 * @param number
 *   Of the packet in this run, from 1.
 */
void rw_packet_fill(struct rw_packet *p, const struct pal_savefile_rec *rec, uint64_t number);

/** Decode it and find its tuple. A fragment has no ports yet (rw_frags_track()). */
void rw_packet_decode(struct rw_packet *p, struct pal_decode_stats *stats);

static inline bool rw_packet_is_ip(const struct rw_packet *p)
{
	return p->tuple.src != NULL;
}

/** A protocol whose header begins with two ports that make a flow. */
bool rw_proto_has_ports(uint8_t proto);

#endif
