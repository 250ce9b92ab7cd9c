/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_PARSE_H
#define RW_PARSE_H

/** @file What users write: numbers, times, addresses. Each returns 0 or -EINVAL and says nothing. */

#include <pal_pkt.h>

/** An address, or the first len bits of one; the others are 0. */
struct rw_prefix {
	union pal_addr addr;
	uint8_t version; /**< 4 or 6. */
	uint8_t len; /**< Bits. */
};

/** A whole number, nothing else, up to max. */
int rw_parse_number(const char *text, uint64_t max, uint64_t *ret_value);

/** `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. */
int rw_parse_prefix(const char *text, struct rw_prefix *ret_prefix);

/** Clear the bits of an address that are not in its first len. */
void rw_mask_addr(union pal_addr *addr, unsigned int len);

/** `[+-]SECONDS[.FRACTION]`, to the nanosecond. */
int rw_parse_seconds(const char *text, int64_t *ret_ns);

/**
 * A point in time: seconds since the epoch with or without a fraction, or `YYYY-MM-DD[T ]hh:mm[:ss[.fraction]]`
 * followed by nothing (local time), `Z` or `+hh:mm`.
 */
int rw_parse_time(const char *text, uint64_t *ret_ns);

/** `aa:bb:cc:dd:ee:ff`. */
int rw_parse_mac(const char *text, uint8_t *ret_mac);

#endif
