/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SAVEFILE_PCAPNG_H
#define SAVEFILE_PCAPNG_H

/**
 * @file
 * Between the framing of pcapng's blocks and what is in them.
 */

#include "savefile_priv.h"

enum block_type {
	TYPE_SHB = 0x0a0d0d0a,
	TYPE_IDB = 1,
	TYPE_PB = 2,
	TYPE_SPB = 3,
	TYPE_EPB = 6,
};

/** What became of a block; 0 and below end the reading. */
enum {
	NEXT_RECORD = 1,
	NEXT_BLOCK = 2,
	NEXT_HELD = 3, /**< Has to wait until the records of this burst were returned. */
};

/** A block whose bytes are all there; body is between the lengths. */
struct block {
	uint32_t type, len;
	uint64_t offset;
	const uint8_t *raw;
	struct pal_cursor body;
};

/* One for each kind of block: NEXT_RECORD or NEXT_BLOCK, or -errno with the reader failed. */
int savefile_pcapng_section(struct pal_savefile_reader *r, struct block *b);
int savefile_pcapng_interface(struct pal_savefile_reader *r, struct block *b);
int savefile_pcapng_packet(
	struct pal_savefile_reader *r,
	struct block *b,
	struct pal_savefile_rec *rec
);

#endif
