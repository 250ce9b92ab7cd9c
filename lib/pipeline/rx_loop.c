/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The receiving side of an lcore: a burst from a queue becomes datagrams at their owners.
 */
#include "pipeline_priv.h"

static void note_time(struct pal_lcore_stats *stats, uint64_t time_ns)
{
	if (stats->first_ns == 0 || time_ns < stats->first_ns)
		stats->first_ns = time_ns;
	if (time_ns > stats->last_ns)
		stats->last_ns = time_ns;
}

// Before it was decoded.
static void leave_by(struct lcore *lc, struct rte_mbuf *m, enum pal_drop drop)
{
	struct pal_exits *exits = &lc->stats.book[PAL_BOOK_FRAMES].exits;

	exits->pkts[drop]++;
	exits->bytes[drop] += pal_mbuf_pkt(m)->wire_len;
	lcore_bury(lc, m);
}

/* source -> input: what the user asked not to see leaves here */
static bool admit(struct lcore *lc, struct rte_mbuf *m)
{
	const struct pal_pipeline_conf *conf = &lc->p->conf;
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pkt->number = ++lc->nb_numbered;
	lc->stats.received.pkts++;
	lc->stats.received.bytes += pkt->wire_len;
	if (pkt->number <= conf->skip_pkts) {
		leave_by(lc, m, PAL_DROP_SKIPPED);
		return false;
	}
	if (conf->filter != NULL && !pal_filter_match(conf->filter, pkt)) {
		leave_by(lc, m, PAL_DROP_FILTERED);
		return false;
	}
	lc->stats.book[PAL_BOOK_FRAMES].input.pkts++;
	lc->stats.book[PAL_BOOK_FRAMES].input.bytes += pkt->wire_len;
	note_time(&lc->stats, pkt->time_ns);
	if (conf->pcap_sink >= 0)
		pcap_put(lc, m);
	return true;
}

/* decode -> frame hooks -> checks */
static bool decode(struct lcore *lc, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pal_decode(pkt, &lc->decode);
	pal_chain_frame(lc->chain, pkt);
	return accept_datagram(lc, m);
}

static uint16_t room_of(const struct lcore *lc)
{
	uint64_t max_pkts = lc->p->conf.max_pkts;
	uint64_t left = max_pkts - lc->nb_numbered;

	return max_pkts == 0 || left > PAL_BURST_MAX ? PAL_BURST_MAX : (uint16_t)left;
}

static uint16_t rx_burst(struct lcore *lc, struct rx_queue *q)
{
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint16_t room = room_of(lc);
	bool stop = __atomic_load_n(&lc->p->stop, __ATOMIC_RELAXED);
	// Offline what was not read yet is not missed; live what the port holds is still worked off.
	bool read = room != 0 && (lc->p->conf.live || !stop);
	uint16_t n = read ? pal_source_rx_burst(q->source, q->queue_id, pkts, room) : 0;

	for (uint16_t i = 0; i < n; i++)
		if (admit(lc, pkts[i]) && decode(lc, pkts[i]))
			dispatch(lc, pkts[i]);
	lcore_free_dead(lc);
	q->ended = !read || pal_source_ended(q->source, q->queue_id);
	return n;
}

uint16_t rx_turn(struct lcore *lc)
{
	uint16_t received = 0;

	if (lc->outboxes_pending)
		flush_outboxes(lc);
	for (uint16_t i = 0; i < lc->nb_queues && !lc->outboxes_pending; i++) {
		if (lc->queues[i].ended)
			continue;
		received += rx_burst(lc, &lc->queues[i]);
		flush_outboxes(lc);
		lcore_free_dead(lc);
		worker_local(lc); // what is ours is worked off before the next queue's burst
	}
	return received;
}

bool rx_is_over(const struct lcore *lc)
{
	for (uint16_t i = 0; i < lc->nb_queues; i++)
		if (!lc->queues[i].ended)
			return false;
	return !lc->outboxes_pending;
}
