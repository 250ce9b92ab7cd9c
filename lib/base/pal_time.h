/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TIME_H
#define PAL_TIME_H

/**
 * @file
 * Time is a uint64_t of nanoseconds since the epoch, UTC (`_ns`); enough until the year 2554.
 */

#include <stddef.h>
#include <stdint.h>

#define PAL_NS_PER_US UINT64_C(1000)
#define PAL_NS_PER_MS UINT64_C(1000000)
#define PAL_NS_PER_S UINT64_C(1000000000)

/** Room for pal_time_iso(), its NUL included. */
#define PAL_TIME_ISO_LEN 32

/** The date of the day that was formatted last, so that other times of it cost a few divisions. */
struct pal_time_cache {
	uint64_t day; /**< Since the epoch. */
	char text[12]; /**< `YYYY-MM-DDT`, or empty before first use. */
};

/**
 * Format as EVE's consumers expect: `2015-03-06T19:12:22.414373+0000`. What is below a microsecond is cut off.
 *
 * @param cache
 *   The caller's, zeroed before first use; one per thread.
 * @param dst
 *   At least PAL_TIME_ISO_LEN bytes; NUL-terminated.
 * @return
 *   Characters written, without the NUL. Always 31.
 */
size_t pal_time_iso(struct pal_time_cache *cache, uint64_t time_ns, char *dst);

/** The wall clock; for the edges of the program (live sources, logs), never for a decision about packets. */
uint64_t pal_time_wall_ns(void);

/** A clock that only goes forward, for durations. */
uint64_t pal_time_mono_ns(void);

#endif
