/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SOURCE_PRIV_H
#define PAL_SOURCE_PRIV_H

/**
 * @file
 * What the sources share among themselves.
 */

#include "pal_mbuf.h"
#include "pal_source.h"

/** Write the sentence for the operator into err (PAL_SOURCE_ERR_LEN bytes; may be NULL), set errno, return -code. */
__attribute__((format(printf, 3, 4))) int
pal_source_err(char *err, int code, const char *format, ...);

/** Packets of one queue. Written by its lcore, read by anybody. */
struct pal_source_count {
	uint64_t pkts;
	uint64_t bytes;
};

/** Count a burst. A plain store to the compiler's eyes too: one writer, readers on other cores. */
static inline void
pal_source_count_add(struct pal_source_count *count, uint64_t pkts, uint64_t bytes)
{
	__atomic_store_n(&count->pkts, count->pkts + pkts, __ATOMIC_RELAXED);
	__atomic_store_n(&count->bytes, count->bytes + bytes, __ATOMIC_RELAXED);
}

/** Add the count of one queue to the packets offered. */
static inline void
pal_source_stats_add(struct pal_source_stats *stats, const struct pal_source_count *count)
{
	stats->offered_pkts += __atomic_load_n(&count->pkts, __ATOMIC_RELAXED);
	stats->offered_bytes += __atomic_load_n(&count->bytes, __ATOMIC_RELAXED);
}

/** Packets lost before they could be received: offered too, and left by `drop`. Their length is not known. */
static inline void
pal_source_stats_lost(struct pal_source_stats *stats, enum pal_drop drop, uint64_t pkts)
{
	stats->offered_pkts += pkts;
	stats->exits.pkts[drop] += pkts;
}

/** LINKTYPE_ETHERNET: all that a live source delivers. */
#define PAL_SOURCE_LINKTYPE_ETHERNET 1

/** Fill the source's part of a packet that lies in its mbuf as received. */
static inline void pal_source_fill_pkt(struct rte_mbuf *m, uint64_t time_ns, uint16_t input)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pkt->time_ns = time_ns;
	pkt->wire_len = m->pkt_len;
	pkt->linktype = PAL_SOURCE_LINKTYPE_ETHERNET;
	pkt->input = input;
	pkt->data = rte_pktmbuf_mtod(m, const uint8_t *);
	pkt->cap_len = m->data_len;
}

#endif
