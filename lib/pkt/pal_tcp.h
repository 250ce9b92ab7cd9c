/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TCP_H
#define PAL_TCP_H

/** @file Sequence numbers and the options of a TCP header, for all who follow connections. */

#include "pal_pkt.h"

#include <stdint.h>

/** Option kinds: RFC 9293 section 3.2, RFC 7323 sections 2.2 and 3.2. */
enum pal_tcp_option {
	PAL_TCP_OPTION_END = 0,
	PAL_TCP_OPTION_NOP = 1,
	PAL_TCP_OPTION_SCALE = 3,
	PAL_TCP_OPTION_STAMPS = 8,
};

/** RFC 7323 section 2.3: the largest window scale. */
#define PAL_TCP_SCALE_MAX 14

/** How far a lies behind b; negative: before. Right within 2 GiB. RFC 9293 section 3.4. */
static inline int32_t pal_tcp_seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/**
 * Find an option of a captured header.
 *
 * @param len
 *   Bytes that its value must have.
 * @return
 *   The value, in the packet; NULL where there is none of that length.
 */
const uint8_t *
pal_tcp_option_find(const struct pal_pkt *pkt, enum pal_tcp_option option, uint8_t len);

#endif
