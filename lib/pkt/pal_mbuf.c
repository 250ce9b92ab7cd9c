/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_mbuf.h"

// An mbuf that is nothing but a view of a file buffer.
static bool is_view(const struct rte_mbuf *m)
{
	return RTE_MBUF_HAS_EXTBUF(m) && m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1;
}

// As rte_pktmbuf_detach() leaves it, the reference count of the buffer apart.
static void forget_buffer(struct rte_mbuf *m)
{
	uint32_t mbuf_size = (uint32_t)sizeof(*m) + m->priv_size;

	m->buf_addr = (char *)m + mbuf_size;
	rte_mbuf_iova_set(m, rte_mempool_virt2iova(m) + mbuf_size);
	m->buf_len = (uint16_t)rte_pktmbuf_data_room_size(m->pool);
	m->data_off = 0;
	m->data_len = 0;
	m->ol_flags = 0;
}

// Views of one buffer, one after the other: as many as there are from the first on.
static unsigned int free_views(struct rte_mbuf **pkts, unsigned int nb_pkts)
{
	struct rte_mbuf_ext_shared_info *shinfo = pkts[0]->shinfo;
	struct rte_mempool *mp = pkts[0]->pool;
	void *buf = pkts[0]->buf_addr;
	unsigned int n = 0;

	while (n < nb_pkts && is_view(pkts[n]) && pkts[n]->shinfo == shinfo && pkts[n]->pool == mp)
		forget_buffer(pkts[n++]);
	rte_mempool_put_bulk(mp, (void **)pkts, n);
	if (rte_mbuf_ext_refcnt_update(shinfo, (int16_t) - (int)n) == 0)
		shinfo->free_cb(buf, shinfo->fcb_opaque);
	return n;
}

void pal_mbuf_free_bulk(struct rte_mbuf **pkts, unsigned int nb_pkts)
{
	for (unsigned int i = 0; i < nb_pkts;) {
		if (is_view(pkts[i]))
			i += free_views(pkts + i, nb_pkts - i);
		else
			rte_pktmbuf_free(pkts[i++]);
	}
}
