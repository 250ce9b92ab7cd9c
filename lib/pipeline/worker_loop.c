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

static void work(struct lcore *lc, struct rte_mbuf **mbufs, uint16_t nb_pkts)
{
	struct pal_pkt *pkts[PAL_BURST_MAX];

	for (uint16_t i = 0; i < nb_pkts; i++) {
		pkts[i] = pal_mbuf_pkt(mbufs[i]);
		// Written by another lcore, if they came through the inbox.
		rte_prefetch0(pkts[i]);
		rte_prefetch0((const uint8_t *)pkts[i] + 64);
		rte_prefetch0((const uint8_t *)pkts[i] + 128);
	}
	pal_flow_prefetch(lc->flows, pkts, nb_pkts);
	for (uint16_t i = 0; i < nb_pkts; i++) {
		struct pal_flow *flow = pal_flow_track(lc->flows, i, pkts[i]);

		pal_chain_datagram(lc->chain, flow, pkts[i]);
		lc->stats.delivered.pkts++;
		lc->stats.delivered.bytes += pkts[i]->wire_len;
	}
	if (pkts[nb_pkts - 1]->time_ns >= lc->next_tick_ns) {
		lc->next_tick_ns = pkts[nb_pkts - 1]->time_ns + PAL_NS_PER_S;
		pal_chain_tick(lc->chain, pkts[nb_pkts - 1]->time_ns);
	}
	pal_mbuf_free_bulk(mbufs, nb_pkts);
}

uint16_t worker_turn(struct lcore *lc)
{
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint16_t nb_local = lc->nb_local;
	uint16_t nb_inbox = 0;

	if (nb_local != 0) {
		lc->nb_local = 0;
		work(lc, lc->local, nb_local);
	}
	if (lc->inbox != NULL)
		nb_inbox = pal_inbox_burst(lc->inbox, pkts, PAL_BURST_MAX);
	if (nb_inbox != 0)
		work(lc, pkts, nb_inbox);
	return nb_local + nb_inbox;
}

void worker_housekeeping(struct lcore *lc)
{
	uint64_t now_ns;

	if (!lc->p->conf.live || lc->flows == NULL)
		return;
	now_ns = pal_time_wall_ns();
	pal_flow_tick(lc->flows, now_ns - LIVE_SLACK_NS);
	if (now_ns >= lc->next_tick_ns) {
		lc->next_tick_ns = now_ns + PAL_NS_PER_S;
		pal_chain_tick(lc->chain, now_ns);
		pal_out_flush(lc->out);
	}
}

void worker_finish(struct lcore *lc, uint64_t end_ns)
{
	if (lc->flows != NULL)
		pal_flow_finish(lc->flows, end_ns);
	pal_out_flush(lc->out);
}
