/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SOURCE_UMEM_H
#define PAL_SOURCE_UMEM_H

/**
 * @file
 * An mbuf pool whose memory the kernel writes frames into.
 *
 *      base + k * 4096                                                               + 4096
 *      | mempool object header | rte_mbuf | struct pal_pkt | 256 bytes of room | frame ... |
 *      '------------ PAL_UMEM_HEADROOM:   the kernel keeps out --' XDP's headroom
 *
 * One page is one UMEM chunk is one object of the pool, so that going from the address in a descriptor to
 * the mbuf, and back, is arithmetic on a constant.
 */

#include "pal_mbuf.h"

#include <rte_mempool.h>

#include <stddef.h>
#include <stdint.h>

#define PAL_UMEM_CHUNK_BYTES 4096u

struct pal_umem {
	struct rte_mempool *mp;
	uint8_t *base; /**< First chunk. */
	size_t bytes; /**< Of all chunks. */
};

/**
 * Map the memory (huge pages where some are free) and make a pool of it.
 *
 * @param name
 *   Of the pool, unique in this process.
 * @return
 *   0, released with pal_umem_fini(); -errno.
 */
int pal_umem_init(struct pal_umem *umem, const char *name, uint32_t nb_mbufs, int socket_id);

/** Free pool and memory. All mbufs must have come back, but for nb_kernel ones that were with the kernel. */
void pal_umem_fini(struct pal_umem *umem, uint32_t nb_kernel);

/** What a mempool puts before an object. */
#define PAL_UMEM_OBJ_HEADER RTE_ALIGN(sizeof(struct rte_mempool_objhdr), RTE_MEMPOOL_ALIGN)

/** Bytes at the start of a chunk that the kernel must leave alone. */
#define PAL_UMEM_HEADROOM (PAL_UMEM_OBJ_HEADER + sizeof(struct rte_mbuf) + PAL_MBUF_PRIV_SIZE)

/** Longest frame that fits: 256 bytes are XDP_PACKET_HEADROOM of the kernel. */
#define PAL_UMEM_MAX_FRAME (PAL_UMEM_CHUNK_BYTES - PAL_UMEM_HEADROOM - 256)

/** Where in the UMEM the chunk of an mbuf starts. */
static inline uint64_t pal_umem_addr(const struct pal_umem *umem, const void *mbuf)
{
	return (uint64_t)((const uint8_t *)mbuf - PAL_UMEM_OBJ_HEADER - umem->base);
}

/** The mbuf in whose chunk an address lies. */
static inline struct rte_mbuf *pal_umem_mbuf(const struct pal_umem *umem, uint64_t addr)
{
	uint64_t chunk = addr & ~(uint64_t)(PAL_UMEM_CHUNK_BYTES - 1);

	return (struct rte_mbuf *)(umem->base + chunk + PAL_UMEM_OBJ_HEADER);
}

#endif
