/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_source.h"
#include "source_buffer.h"

#include <pal_mbuf.h>

#include <rte_mempool.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// A segment's own memory, where the pool has no room for it (a frame of 64 kB from segmentation offload).
struct kept_segment {
	struct rte_mbuf_ext_shared_info shinfo;
	uint8_t data[];
};

static void kept_segment_free(void *, void *arg)
{
	free(arg);
}

static bool attach_own_memory(struct rte_mbuf *m, uint16_t len)
{
	struct kept_segment *kept = malloc(sizeof(*kept) + len);

	if (kept == NULL)
		return false;
	kept->shinfo.free_cb = kept_segment_free;
	kept->shinfo.fcb_opaque = kept;
	rte_mbuf_ext_refcnt_set(&kept->shinfo, 1);
	rte_pktmbuf_attach_extbuf(m, kept->data, RTE_BAD_IOVA, len, &kept->shinfo);
	return true;
}

static struct rte_mbuf *copy_segment(const struct rte_mbuf *seg, struct rte_mempool *pool)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		return NULL;
	if (rte_pktmbuf_tailroom(m) < seg->data_len && !attach_own_memory(m, seg->data_len)) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(rte_pktmbuf_mtod(m, void *), rte_pktmbuf_mtod(seg, const void *), seg->data_len);
	m->data_len = seg->data_len;
	m->pkt_len = seg->data_len;
	return m;
}

static void copy_head(struct rte_mbuf *copy, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(copy);
	ptrdiff_t data_off;

	copy->port = m->port;
	copy->packet_type = m->packet_type;
	copy->hash = m->hash;
	*pkt = *pal_mbuf_pkt(m);
	if (pkt->data == NULL)
		return;
	data_off = pkt->data - rte_pktmbuf_mtod(m, const uint8_t *);
	assert(data_off >= 0 && data_off <= m->data_len);
	pkt->data = rte_pktmbuf_mtod(copy, const uint8_t *) + data_off;
}

// The same segments, so that whatever struct pal_pkt says of contiguous bytes stays true.
static struct rte_mbuf *copy_packet(struct rte_mbuf *m, struct rte_mempool *pool)
{
	struct rte_mbuf *copy = copy_segment(m, pool);
	struct rte_mbuf *last = copy;

	if (copy == NULL)
		return NULL;
	for (const struct rte_mbuf *seg = m->next; seg != NULL; seg = seg->next) {
		last->next = copy_segment(seg, pool);
		if (last->next == NULL) {
			rte_pktmbuf_free(copy);
			return NULL;
		}
		last = last->next;
		copy->nb_segs++;
		copy->pkt_len += seg->data_len;
	}
	copy_head(copy, m);
	return copy;
}

// What lcores have in their caches is not counted: to visit those of all of them is dear, and packets are kept often.
static bool pool_is_short(const struct rte_mempool *mp)
{
	return rte_mempool_get_ops(mp->ops_index)->get_count(mp) < mp->size / 4;
}

struct rte_mbuf *pal_source_keep(struct rte_mbuf *m, struct rte_mempool *pool, uint64_t *nb_copied)
{
	struct rte_mbuf *copy;

	// A copy is not copied again.
	if (m->pool == pool || (!source_buffer_is_short(m) && !pool_is_short(m->pool)))
		return m;
	copy = copy_packet(m, pool);
	rte_pktmbuf_free(m);
	if (copy != NULL)
		++*nb_copied;
	return copy;
}
