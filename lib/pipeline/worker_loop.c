/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The working side of an lcore: datagrams of the shards that it owns become flows, and go to the plugins.
 */
#include "pipeline_priv.h"

#include <pal_time.h>

#include <rte_prefetch.h>

// A live flow that falls silent is ended this long after its time has come: packets may still be on their way.
#define LIVE_SLACK_NS PAL_NS_PER_S

// At most PAL_BURST_MAX packets.
static void work_burst(struct lcore *lc, struct rte_mbuf **mbufs, uint16_t nb_pkts)
{
	struct pal_pkt *pkts[PAL_BURST_MAX];
	uint16_t nb_done = 0;
	uint64_t last_ns;

	for (uint16_t i = 0; i < nb_pkts; i++) {
		pkts[i] = pal_mbuf_pkt(mbufs[i]);
		// Written by another lcore, if they came through the inbox.
		rte_prefetch0(pkts[i]);
		rte_prefetch0((const uint8_t *)pkts[i] + 64);
		rte_prefetch0((const uint8_t *)pkts[i] + 128);
	}
	pal_flow_prefetch(lc->flows, pkts, nb_pkts);
	last_ns = pkts[nb_pkts - 1]->time_ns;
	for (uint16_t i = 0; i < nb_pkts; i++) {
		struct pal_flow *flow = pal_flow_track(lc->flows, i, pkts[i]);

		lcore_count(&lcore_book(lc, pkts[i])->delivered, pkts[i]);
		lcore_app_datagram(lc, flow, pkts[i]);
		pal_chain_datagram(lc->chain, flow, pkts[i]);
		if (!lcore_stream(lc, flow, mbufs[i]))
			mbufs[nb_done++] = mbufs[i];
	}
	if (lc->streams != NULL)
		pal_streams_flush(lc->streams);
	if (last_ns >= lc->next_tick_ns) {
		lc->next_tick_ns = last_ns + PAL_NS_PER_S;
		pal_chain_tick(lc->chain, last_ns);
	}
	pal_mbuf_free_bulk(mbufs, nb_done);
}

static void work(struct lcore *lc, struct rte_mbuf **mbufs, uint16_t nb_pkts)
{
	for (uint16_t i = 0; i < nb_pkts; i += PAL_BURST_MAX)
		work_burst(lc, mbufs + i, RTE_MIN(nb_pkts - i, PAL_BURST_MAX));
}

uint16_t worker_local(struct lcore *lc)
{
	uint16_t nb_local = lc->nb_local;

	lc->nb_local = 0;
	if (nb_local != 0)
		work(lc, lc->local, nb_local);
	return nb_local;
}

// Fragments, which another lcore received and this one puts together, go their way from here; the rest stays.
static uint16_t dispatch_fragments(struct lcore *lc, struct rte_mbuf **mbufs, uint16_t nb_pkts)
{
	uint16_t nb_left = 0;

	for (uint16_t i = 0; i < nb_pkts; i++) {
		if (pal_mbuf_pkt(mbufs[i])->flags & PAL_PKT_FRAGMENT)
			dispatch(lc, mbufs[i]);
		else
			mbufs[nb_left++] = mbufs[i];
	}
	if (nb_left != nb_pkts) {
		flush_outboxes(lc);
		lcore_free_dead(lc);
	}
	return nb_left;
}

static uint16_t worker_inbox(struct lcore *lc)
{
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint16_t nb_inbox, nb_pkts;

	if (lc->inbox == NULL)
		return 0;
	nb_inbox = pal_inbox_burst(lc->inbox, pkts, PAL_BURST_MAX);
	nb_pkts = dispatch_fragments(lc, pkts, nb_inbox);
	if (nb_pkts != 0)
		work(lc, pkts, nb_pkts);
	worker_local(lc);
	// Pairs with the acquire in all_quiet(): what came of them was handed over before.
	if (nb_inbox != 0)
		__atomic_store_n(&lc->nb_taken, lc->nb_taken + nb_inbox, __ATOMIC_RELEASE);
	return nb_inbox;
}

uint16_t worker_turn(struct lcore *lc)
{
	return worker_local(lc) + worker_inbox(lc);
}

void worker_housekeeping(struct lcore *lc)
{
	uint64_t now_ns;

	if (!lc->p->conf.live || lc->flows == NULL)
		return;
	now_ns = pal_time_wall_ns();
	pal_flow_tick(lc->flows, now_ns - LIVE_SLACK_NS);
	pal_defrag_tick(lc->defrag, now_ns - LIVE_SLACK_NS);
	if (now_ns >= lc->next_tick_ns) {
		lc->next_tick_ns = now_ns + PAL_NS_PER_S;
		pal_chain_tick(lc->chain, now_ns);
		pal_out_flush(lc->out);
	}
}

void worker_finish(struct lcore *lc, uint64_t end_ns)
{
	if (lc->defrag != NULL)
		pal_defrag_flush(lc->defrag, end_ns);
	if (lc->flows != NULL)
		pal_flow_finish(lc->flows, end_ns);
	pal_out_flush(lc->out);
}
