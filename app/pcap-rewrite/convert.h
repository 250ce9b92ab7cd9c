/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_CONVERT_H
#define RW_CONVERT_H

/**
 * @file
 * What becomes of a packet that the filters kept, in this order:
 *
 *      decap ─► link type ─► VLAN tags ─► payload ─► addresses ─► length ─► time
 */

#include "frame.h"
#include "packet.h"

struct rw_cryptopan;

/** What to do. Zero does nothing. */
struct rw_convert_conf {
	bool decap; /**< Take the innermost datagram out of its tunnels. */
	uint16_t linktype; /**< RW_LINKTYPE_; 0: as it is. */
	bool has_macs; /**< Given for new Ethernet headers: */
	uint8_t macs[12]; /**< destination, source. */
	bool strip_vlans;
	bool strip_payload; /**< Nothing behind transport headers. */
	struct rw_cryptopan *cryptopan; /**< Anonymise addresses; not owned. */
	uint32_t snaplen; /**< 0: no limit. */
	int64_t shift_ns; /**< Added to times. */
};

struct rw_convert {
	struct rw_convert_conf conf;
	struct rw_frame frame;
	struct pal_decode_stats stats;
	uint64_t lost[RW_LOST_COUNT]; /**< Packets, by reason. */
};

void rw_convert_init(struct rw_convert *c, const struct rw_convert_conf *conf);
void rw_convert_fini(struct rw_convert *c);

/** Is anything done to packets at all? */
bool rw_convert_works(const struct rw_convert_conf *conf);

/** Are their bytes changed, so that a frame check sequence of theirs is none any more? */
bool rw_convert_writes(const struct rw_convert_conf *conf);

/** May they leave with another link type than they came with? */
bool rw_convert_relinks(const struct rw_convert_conf *conf);

/** Link type that packets of this one will have, as far as it can be told before. */
uint16_t rw_convert_linktype(const struct rw_convert_conf *conf, uint16_t linktype);

/**
 * Convert one.
 *
 * @param p
 *   The packet as it was read.
 * @param iface
 *   Its interface, for the unit of its time.
 * @param rec
 *   In: its record. Out: what is to be written; data is valid until the next call.
 * @return
 *   RW_LOST_NONE, or why it is to be left out, which is counted.
 */
enum rw_lost rw_convert(
	struct rw_convert *c,
	const struct rw_packet *p,
	const struct pal_savefile_interface *iface,
	struct pal_savefile_rec *rec
);

#endif
