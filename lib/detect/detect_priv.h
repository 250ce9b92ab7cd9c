/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DETECT_PRIV_H
#define PAL_DETECT_PRIV_H

#include "pal_detect.h"

#include <pal_flow_table.h>

// Bytes of one side, from the beginning of its turn.
struct half {
	uint64_t candidates;
	uint64_t offset; // of the first byte held
	uint64_t time_ns, number; // of the packet that brought the last one
	uint8_t len;
	bool waits; // for the next turn of that side
	uint8_t bytes[PAL_PROBE_BYTES];
};

struct entry {
	uint32_t next_free;
	uint8_t first_dir; // the side whose bytes came first
	struct half half[PAL_DIR_COUNT];
	uint64_t base[PAL_DIR_COUNT]; // where the protocol that is looked for begins

	/* while a change is under way */
	uint64_t from[PAL_DIR_COUNT]; // where the next one may begin, once said
	struct pal_detect_piece *first, *last; // kept back
	uint32_t kept_bytes;
};

struct pal_detect {
	struct entry *entries; // [0] is none
	size_t bytes;
	uint32_t nb_entries, nb_touched;
	uint32_t free; // 0: none
	uint32_t flow_offset;
};

static inline struct pal_detect_flow *own(const struct pal_detect *det, struct pal_flow *flow)
{
	return pal_flow_extra(flow, det->flow_offset);
}

/** The entry of a flow, a new one if it has none. */
struct entry *detect_entry(struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir);

void detect_free_pieces(struct pal_detect_piece *first);

#endif
