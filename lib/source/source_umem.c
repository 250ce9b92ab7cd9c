/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_umem.h"

#include "pal_err.h"

#include <rte_common.h>
#include <rte_errno.h>

#include <assert.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE_PAGE_BYTES (2u << 20)
#define CACHE_MBUFS 256

/** Memory of one NUMA node, if it has some left; a wish, the kernel may refuse it. */
static void prefer_node(void *addr, size_t len, int socket_id)
{
	unsigned long nodes;

	if (socket_id < 0 || socket_id >= (int)(8 * sizeof(nodes)) - 1)
		return;
	nodes = 1ul << socket_id;
	syscall(SYS_mbind, addr, len, MPOL_PREFERRED, &nodes, 8 * sizeof(nodes), 0);
}

static uint8_t *map_memory(size_t len, int socket_id)
{
	const int prot = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *addr = mmap(NULL, len, prot, flags | MAP_HUGETLB, -1, 0);

	if (addr == MAP_FAILED) {
		addr = mmap(NULL, len, prot, flags, -1, 0);
		if (addr == MAP_FAILED)
			return NULL;
		madvise(addr, len, MADV_HUGEPAGE);
	}
	prefer_node(addr, len, socket_id);
	return addr;
}

static void unmap_memory(struct rte_mempool_memhdr *memhdr, void *opaque)
{
	munmap(memhdr->addr, (size_t)(uintptr_t)opaque);
}

/** Ring handler by name: what EAL would choose may belong to a NIC that cannot share this memory. */
static int create_pool(struct pal_umem *umem, const char *name, uint32_t nb_mbufs, int socket_id)
{
	const uint32_t elt_bytes = PAL_UMEM_CHUNK_BYTES - PAL_UMEM_OBJ_HEADER;
	struct rte_pktmbuf_pool_private priv = {
		.mbuf_data_room_size =
			(uint16_t)(elt_bytes - sizeof(struct rte_mbuf) - PAL_MBUF_PRIV_SIZE),
		.mbuf_priv_size = PAL_MBUF_PRIV_SIZE,
	};

	umem->mp = rte_mempool_create_empty(
		name,
		nb_mbufs,
		elt_bytes,
		RTE_MIN((uint32_t)CACHE_MBUFS, nb_mbufs / 8),
		sizeof(priv),
		socket_id,
		RTE_MEMPOOL_F_NO_SPREAD
	);
	if (umem->mp == NULL)
		return pal_err(rte_errno);
	// A DPDK built with mempool debugging adds a trailer: then a chunk is no page.
	if (umem->mp->header_size != PAL_UMEM_OBJ_HEADER || umem->mp->trailer_size != 0 ||
	    rte_mempool_set_ops_byname(umem->mp, "ring_mp_mc", NULL) != 0) {
		rte_mempool_free(umem->mp);
		return pal_err(ENOTSUP);
	}
	rte_pktmbuf_pool_init(umem->mp, &priv);
	return 0;
}

int pal_umem_init(struct pal_umem *umem, const char *name, uint32_t nb_mbufs, int socket_id)
{
	size_t mapped;
	int ret;

	memset(umem, 0, sizeof(*umem));
	umem->bytes = (size_t)nb_mbufs * PAL_UMEM_CHUNK_BYTES;
	mapped = RTE_ALIGN_CEIL(umem->bytes, HUGE_PAGE_BYTES);
	ret = create_pool(umem, name, nb_mbufs, socket_id);
	if (ret != 0)
		return ret;
	umem->base = map_memory(mapped, socket_id);
	if (umem->base == NULL) {
		ret = pal_err(ENOMEM);
		goto free_pool;
	}
	// No IO address: only the kernel and this process touch these pages.
	ret = rte_mempool_populate_iova(
		umem->mp,
		(char *)umem->base,
		RTE_BAD_IOVA,
		umem->bytes,
		unmap_memory,
		(void *)(uintptr_t)mapped
	);
	if (ret != (int)nb_mbufs) {
		ret = pal_err(ret < 0 ? -ret : ENOMEM);
		goto unmap;
	}
	rte_mempool_obj_iter(umem->mp, rte_pktmbuf_init, NULL);
	assert((uint8_t *)pal_umem_mbuf(umem, 0) == umem->base + PAL_UMEM_OBJ_HEADER);
	return 0;

unmap:
	if (umem->mp->populated_size == 0) // otherwise the pool frees its memory
		munmap(umem->base, mapped);
free_pool:
	rte_mempool_free(umem->mp);
	memset(umem, 0, sizeof(*umem));
	return ret;
}

void pal_umem_fini(struct pal_umem *umem, uint32_t nb_kernel)
{
	if (umem->mp == NULL)
		return;
	assert(rte_mempool_avail_count(umem->mp) + nb_kernel == umem->mp->size);
	(void)nb_kernel;
	rte_mempool_free(umem->mp);
	memset(umem, 0, sizeof(*umem));
}
