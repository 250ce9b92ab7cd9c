/* SPDX-License-Identifier: BSD-3-Clause */
#include "heap_mbuf.h"

#include <pal_mbuf.h>

#include <rte_mempool.h>

#include <stdlib.h>
#include <string.h>

static unsigned long nb_alive;

// The pool that the buffers seem to come from: what is put back into it is freed.
static int heap_enqueue(struct rte_mempool *, void *const *objs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		free(objs[i]);
	nb_alive -= n;
	return 0;
}

static int heap_alloc(struct rte_mempool *)
{
	return 0;
}

static int heap_dequeue(struct rte_mempool *, void **, unsigned int)
{
	return -1;
}

static unsigned int heap_get_count(const struct rte_mempool *)
{
	return 0;
}

static struct rte_mempool *heap_pool(void)
{
	static const struct rte_mempool_ops ops = {
		.name = "pal_test_heap",
		.alloc = heap_alloc,
		.enqueue = heap_enqueue,
		.dequeue = heap_dequeue,
		.get_count = heap_get_count,
	};
	static struct rte_mempool pool;

	if (pool.private_data_size == 0) {
		pool.ops_index = rte_mempool_register_ops(&ops);
		pool.private_data_size = sizeof(struct rte_pktmbuf_pool_private);
		if (pool.ops_index < 0)
			abort();
	}
	return &pool;
}

struct rte_mbuf *heap_mbuf(const void *bytes, size_t len)
{
	size_t head = sizeof(struct rte_mbuf) + PAL_MBUF_PRIV_SIZE;
	struct rte_mbuf *m = aligned_alloc(64, (head + len + 63) & ~(size_t)63);
	struct pal_pkt *pkt;

	if (m == NULL || len > UINT16_MAX)
		abort();
	memset(m, 0, head);
	m->buf_addr = (uint8_t *)m + head;
	m->buf_len = m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	m->priv_size = PAL_MBUF_PRIV_SIZE;
	m->nb_segs = 1;
	m->pool = heap_pool();
	rte_mbuf_refcnt_set(m, 1);
	memcpy(m->buf_addr, bytes, len);
	pkt = pal_mbuf_pkt(m);
	pkt->data = m->buf_addr;
	pkt->cap_len = pkt->wire_len = (uint32_t)len;
	nb_alive++;
	return m;
}

struct rte_mbuf *heap_mbuf_copy(const struct rte_mbuf *m)
{
	struct rte_mbuf *copy = heap_mbuf(m->buf_addr, m->data_len);
	struct pal_pkt *pkt = pal_mbuf_pkt(copy);
	const uint8_t *data = pkt->data;

	*pkt = *pal_mbuf_pkt((struct rte_mbuf *)(uintptr_t)m);
	pkt->data = data;
	return copy;
}

unsigned long heap_mbuf_count(void)
{
	return nb_alive;
}
