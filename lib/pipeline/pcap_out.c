/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The packets that were looked at, as a pcapng file.
 *
 * An interface block must come before the packets of its link type. Offline one lcore reads, so it writes
 * the block when a link type first comes. Live all packets are Ethernet and the block is there from the beginning.
 */
#include "pipeline_priv.h"

#include <pal_pcapng.h>

#define LINKTYPE_ETHERNET 1

void pcap_begin(struct pal_pipeline *p)
{
	uint8_t text[PAL_PCAPNG_SHB_LEN + PAL_PCAPNG_IDB_LEN];
	size_t len = PAL_PCAPNG_SHB_LEN;

	pal_pcapng_put_shb(text);
	if (p->conf.live) {
		pal_pcapng_put_idb(text + len, LINKTYPE_ETHERNET, 0);
		len += PAL_PCAPNG_IDB_LEN;
	}
	for (uint16_t i = 0; i < p->nb_lcores && p->conf.live; i++)
		p->lcores[i].pcap =
			(struct pcap_interfaces){.linktypes = {LINKTYPE_ETHERNET}, .nb = 1};
	pal_out_raw(p->conf.out, p->conf.pcap_sink, (const char *)text, len);
	pal_out_flush(p->conf.out);
}

// The number of the interface for a link type; negative when there is no room for its block.
static int interface_of(struct lcore *lc, uint16_t linktype)
{
	struct pcap_interfaces *ifs = &lc->pcap;
	size_t len;
	char *dst;

	for (uint16_t i = 0; i < ifs->nb; i++)
		if (ifs->linktypes[i] == linktype)
			return i;
	if (ifs->nb == PCAP_MAX_INTERFACES)
		return -1;
	dst = pal_out_reserve(lc->out, lc->p->conf.pcap_sink, PAL_PCAPNG_IDB_LEN, &len);
	if (dst == NULL)
		return -1;
	pal_pcapng_put_idb((uint8_t *)dst, linktype, 0);
	pal_out_commit(lc->out, lc->p->conf.pcap_sink, PAL_PCAPNG_IDB_LEN);
	ifs->linktypes[ifs->nb] = linktype;
	return ifs->nb++;
}

static void copy_bytes(struct rte_mbuf *m, uint8_t *dst)
{
	for (; m != NULL; m = m->next) {
		memcpy(dst, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		dst += m->data_len;
	}
}

// Longer than a block of the writer: piece by piece. Only a file has such packets, and one lcore reads it, so
// that nothing of another lcore comes in between.
static void put_long(struct lcore *lc, struct rte_mbuf *m, uint32_t interface)
{
	const struct pal_pkt *pkt = pal_mbuf_pkt(m);
	int sink = lc->p->conf.pcap_sink;
	uint32_t cap_len = m->pkt_len;
	uint8_t text[PAL_PCAPNG_EPB_HEAD_LEN];

	pal_pcapng_put_epb_head(text, interface, pkt->time_ns, cap_len, pkt->wire_len);
	pal_out_raw(lc->out, sink, (const char *)text, sizeof(text));
	for (; m != NULL; m = m->next)
		pal_out_raw(lc->out, sink, rte_pktmbuf_mtod(m, const char *), m->data_len);
	pal_pcapng_put_epb_tail(text, cap_len);
	pal_out_raw(
		lc->out,
		sink,
		(const char *)text,
		PAL_PCAPNG_EPB_LEN(cap_len) - PAL_PCAPNG_EPB_HEAD_LEN - cap_len
	);
}

void pcap_put(struct lcore *lc, struct rte_mbuf *m)
{
	const struct pal_pkt *pkt = pal_mbuf_pkt(m);
	uint32_t cap_len = m->pkt_len;
	size_t len = PAL_PCAPNG_EPB_LEN(cap_len);
	int interface = interface_of(lc, pkt->linktype);
	size_t room;
	uint8_t *dst;

	if (interface < 0) {
		pal_out_drop(lc->out);
		return;
	}
	if (len > PAL_WRITER_BLOCK_BYTES) {
		put_long(lc, m, (uint32_t)interface);
		return;
	}
	dst = (uint8_t *)pal_out_reserve(lc->out, lc->p->conf.pcap_sink, len, &room);
	if (dst == NULL)
		return;
	pal_pcapng_put_epb_head(dst, (uint32_t)interface, pkt->time_ns, cap_len, pkt->wire_len);
	copy_bytes(m, dst + PAL_PCAPNG_EPB_HEAD_LEN);
	pal_pcapng_put_epb_tail(dst + PAL_PCAPNG_EPB_HEAD_LEN + cap_len, cap_len);
	pal_out_commit(lc->out, lc->p->conf.pcap_sink, len);
}
