/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_HEAP_MBUF_H
#define PAL_TEST_HEAP_MBUF_H

/**
 * @file
 * Packet buffers from malloc(), without EAL: each is a block of its own, and freed when its last reference goes.
 * So sanitizers see every use of a packet that was given back, and one that was not is counted.
 */

#include <stddef.h>
#include <stdint.h>

struct rte_mbuf;

/** A buffer with a copy of these bytes, and data, cap_len and wire_len of its struct pal_pkt; the rest is zero. */
struct rte_mbuf *heap_mbuf(const void *bytes, size_t len);

/** A packet of its own with the same contents. */
struct rte_mbuf *heap_mbuf_copy(const struct rte_mbuf *m);

/** Buffers not freed yet. */
unsigned long heap_mbuf_count(void);

#endif
