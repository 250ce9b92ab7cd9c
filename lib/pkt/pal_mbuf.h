/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_MBUF_H
#define PAL_MBUF_H

/**
 * @file
 * The packet in its mbuf: struct pal_pkt is the mbuf's private area.
 *
 *      | struct rte_mbuf | struct pal_pkt | headroom | data ...      from a NIC or the kernel
 *      | struct rte_mbuf | struct pal_pkt |    data -> file buffer   from a file (external buffer)
 *
 * Every pool that packets come from is created with priv_size = PAL_MBUF_PRIV_SIZE.
 */

#include "pal_pkt.h"

#include <rte_mbuf.h>

#define PAL_MBUF_PRIV_SIZE RTE_ALIGN(sizeof(struct pal_pkt), RTE_MBUF_PRIV_ALIGN)

/** The packet in an mbuf; valid as long as the mbuf. */
static inline struct pal_pkt *pal_mbuf_pkt(struct rte_mbuf *m)
{
	return (struct pal_pkt *)rte_mbuf_to_priv(m);
}

/**
 * Free a burst, as rte_pktmbuf_free_bulk() does. Packets that are views of the same file buffer give it back
 * together: one atomic step on a cache line that several lcores want, not one a packet.
 */
void pal_mbuf_free_bulk(struct rte_mbuf **pkts, unsigned int nb_pkts);

#endif
