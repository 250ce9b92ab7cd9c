/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_FRAME_H
#define RW_FRAME_H

/** @file A packet that is being changed: a view of the record until somebody writes to it. */

#include <pal_decode.h>

#include <stddef.h>

/** Why a packet that the filters kept is left out all the same. */
enum rw_lost {
	RW_LOST_NONE,
	RW_LOST_LINKTYPE,
	RW_LOST_NOT_IP,
	RW_LOST_CUT,
	RW_LOST_TUNNEL,
	RW_LOST_NO_ADDRESS,
	RW_LOST_OTHER_LINKTYPE,
	RW_LOST_MEMORY,
	RW_LOST_COUNT,
};

/** `not_ip`, and the sentence that explains it. Static strings. */
const char *rw_lost_name(enum rw_lost lost);
const char *rw_lost_text(enum rw_lost lost);

struct rw_frame {
	const uint8_t *data;
	uint32_t cap_len;
	uint32_t wire_len; /**< Never below cap_len. */
	uint16_t linktype;
	bool has_macs; /**< It came in Ethernet: */
	uint8_t macs[12]; /**< destination, source. */

	struct pal_pkt pkt; /**< Of the data as it is, if decoded. */
	bool decoded;
	struct pal_decode_stats *stats;

	/* memory of its own, used again for the next packet */
	uint8_t *buf;
	size_t room;
};

/** Take over a packet. What was in the frame is forgotten, its memory kept. */
void rw_frame_set(struct rw_frame *f, const struct pal_pkt *pkt);

void rw_frame_fini(struct rw_frame *f);

/** Decode the data as it is, once. */
const struct pal_pkt *rw_frame_decode(struct rw_frame *f);

/** The data is another part of itself now: from off on, and that long; a wire_len below cap_len is not believed. */
void rw_frame_cut(struct rw_frame *f, uint32_t off, uint32_t cap_len, uint32_t wire_len);

/**
 * Have the data in memory of its own, with head bytes more in front, not yet written.
 *
 * @return
 *   Where the data begins, those bytes included; NULL without memory.
 */
uint8_t *rw_frame_own(struct rw_frame *f, uint32_t head);

#endif
