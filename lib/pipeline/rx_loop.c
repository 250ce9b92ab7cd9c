/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The receiving side of an lcore: a burst from a queue becomes datagrams at their owners.
 */
#include "pipeline_priv.h"

#include <pal_checksum.h>

static void leave_by(struct lcore *lc, struct rte_mbuf *m, enum pal_drop drop)
{
	lc->stats.exits.pkts[drop]++;
	lc->stats.exits.bytes[drop] += pal_mbuf_pkt(m)->wire_len;
	lc->dead[lc->nb_dead++] = m;
}

static void count(struct pal_amount *amount, const struct pal_pkt *pkt)
{
	amount->pkts++;
	amount->bytes += pkt->wire_len;
}

static void note_time(struct pal_lcore_stats *stats, uint64_t time_ns)
{
	if (stats->first_ns == 0 || time_ns < stats->first_ns)
		stats->first_ns = time_ns;
	if (time_ns > stats->last_ns)
		stats->last_ns = time_ns;
}

/* source -> input: what the user asked not to see leaves here */
static bool admit(struct lcore *lc, struct rte_mbuf *m)
{
	const struct pal_pipeline_conf *conf = &lc->p->conf;
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pkt->number = ++lc->nb_numbered;
	count(&lc->stats.received, pkt);
	if (pkt->number <= conf->skip_pkts) {
		leave_by(lc, m, PAL_DROP_SKIPPED);
		return false;
	}
	if (conf->filter != NULL && !pal_filter_match(conf->filter, pkt)) {
		leave_by(lc, m, PAL_DROP_FILTERED);
		return false;
	}
	count(&lc->stats.input, pkt);
	note_time(&lc->stats, pkt->time_ns);
	if (conf->pcap_sink >= 0)
		pcap_put(lc, m);
	return true;
}

/* decode -> frame hooks -> checks: what is no datagram leaves here */
static bool decode(struct lcore *lc, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pal_decode(pkt, &lc->decode);
	pal_chain_frame(lc->chain, pkt);
	if (pkt->drop != PAL_DROP_NONE) { // counted by decode
		lc->dead[lc->nb_dead++] = m;
		return false;
	}
	if (lc->p->conf.checksums && !pal_checksum_ok(pkt)) {
		leave_by(lc, m, PAL_DROP_CHECKSUM_BAD);
		return false;
	}
	count(&lc->stats.datagrams, pkt);
	count(&lc->stats.whole,
	      pkt); // XXX: fragments are datagrams of their own until they are put together
	return true;
}

/* steer: to this lcore's own worker side, or towards the inbox of another */
static void steer(struct lcore *lc, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);
	struct pal_outbox *box;
	uint16_t owner;

	pal_steer_hash(pkt);
	owner = lc->p->map.owner[pal_steer_shard(pkt)];
	if (owner == lc->index) {
		count(&lc->stats.steered, pkt);
		lc->local[lc->nb_local++] = m;
		return;
	}
	box = &lc->outboxes[owner];
	box->pkts[box->nb_pkts++] = m;
}

static void drop_outbox(struct lcore *lc, struct pal_outbox *box)
{
	for (uint16_t i = 0; i < box->nb_pkts; i++) {
		leave_by(lc, box->pkts[i], PAL_DROP_INBOX_FULL);
		if (lc->nb_dead == PAL_BURST_MAX) {
			pal_mbuf_free_bulk(lc->dead, lc->nb_dead);
			lc->nb_dead = 0;
		}
	}
	box->nb_pkts = 0;
}

// Packets and bytes are counted as steered when they have left: a held-back packet is in no stage's books.
static bool flush_outbox(struct lcore *lc, struct pal_outbox *box)
{
	struct pal_amount sent = {0};
	uint16_t before = box->nb_pkts;
	uint32_t wire_lens[PAL_BURST_MAX];

	// Once sent, a packet is the receiver's and may be gone: its length is read before.
	for (uint16_t i = 0; i < before; i++)
		wire_lens[i] = pal_mbuf_pkt(box->pkts[i])->wire_len;
	pal_outbox_flush(box);
	sent.pkts = (uint64_t)before - box->nb_pkts;
	for (uint16_t i = 0; i < sent.pkts; i++)
		sent.bytes += wire_lens[i];
	lc->stats.steered.pkts += sent.pkts;
	lc->stats.steered.bytes += sent.bytes;
	return box->nb_pkts == 0;
}

// Offline what does not fit is kept, and no more is read until it does; live it is dropped under a name.
static void flush_outboxes(struct lcore *lc)
{
	lc->outboxes_pending = false;
	if (lc->outboxes == NULL)
		return;
	for (uint16_t i = lc->p->first_worker; i < lc->p->nb_lcores; i++) {
		struct pal_outbox *box = &lc->outboxes[i];

		if (box->nb_pkts == 0 || flush_outbox(lc, box))
			continue;
		if (lc->p->conf.live)
			drop_outbox(lc, box);
		else
			lc->outboxes_pending = true;
	}
}

static void free_dead(struct lcore *lc)
{
	if (lc->nb_dead != 0)
		pal_mbuf_free_bulk(lc->dead, lc->nb_dead);
	lc->nb_dead = 0;
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
			steer(lc, pkts[i]);
	free_dead(lc);
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
		free_dead(lc);
		if (lc->nb_local != 0)
			worker_turn(lc); // what is ours is worked off before the next queue's burst
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
