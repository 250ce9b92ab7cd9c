/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PCAPNG_H
#define PAL_PCAPNG_H

/**
 * @file
 * pcapng blocks into memory, little endian, times in nanoseconds: for who streams packets out.
 * IETF draft-ietf-opsawg-pcapng.
 */

#include <stddef.h>
#include <stdint.h>

/** Lengths of the blocks below. */
#define PAL_PCAPNG_SHB_LEN 28
#define PAL_PCAPNG_IDB_LEN 32
#define PAL_PCAPNG_EPB_HEAD_LEN 28
/** Whole length of an Enhanced Packet Block with so many captured bytes, padding included. */
#define PAL_PCAPNG_EPB_LEN(cap_len) (32 + (((size_t)(cap_len) + 3) & ~(size_t)3))

/** Section Header Block (section 4.1) without options. */
void pal_pcapng_put_shb(uint8_t *dst);

/** Interface Description Block (section 4.2) with if_tsresol 9; snaplen 0 is no limit. */
void pal_pcapng_put_idb(uint8_t *dst, uint16_t linktype, uint32_t snaplen);

/**
 * What comes before the bytes of an Enhanced Packet Block (section 4.3).
 *
 * @param interface
 *   Number of its Interface Description Block in the section, from 0.
 */
void pal_pcapng_put_epb_head(
	uint8_t *dst,
	uint32_t interface,
	uint64_t time_ns,
	uint32_t cap_len,
	uint32_t wire_len
);

/**
 * What comes after them: padding and the length again. dst is right behind the bytes.
 */
void pal_pcapng_put_epb_tail(uint8_t *dst, uint32_t cap_len);

#endif
