/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * From a decoded datagram to the lcore that owns it.
 *
 *      datagram ─┬─ a fragment ──► the lcore that puts it together ──► whole datagram ──┐
 *                ├─ a tunnel ────► what is in it, with an mbuf of its own ──────────────┤ the same again
 *                └─ either way, unless it is a fragment: steered to its owner           ▼
 *
 * Offline the one lcore that reads puts all fragments together, so that they stay in the order of the file. Live
 * it is the owner of their pair of addresses, whatever queue each of them came by.
 *
 * What was unwrapped is an mbuf attached to the frame's memory: nothing is copied. A datagram out of fragments has
 * its bytes on the heap: they are 28 to 65575, and a pool of the longest would be as large as all others together.
 */
#include "pipeline_priv.h"

#include <pal_checksum.h>

#include <rte_pause.h>

#include <stdlib.h>

/* leaving */

void lcore_free_dead(struct lcore *lc)
{
	if (lc->nb_dead != 0)
		pal_mbuf_free_bulk(lc->dead, lc->nb_dead);
	lc->nb_dead = 0;
}

void lcore_bury(struct lcore *lc, struct rte_mbuf *m)
{
	if (lc->nb_dead == PAL_BURST_MAX)
		lcore_free_dead(lc);
	lc->dead[lc->nb_dead++] = m;
}

static void count_exit(struct pal_exits *exits, enum pal_drop drop, uint64_t pkts, uint64_t bytes)
{
	exits->pkts[drop] += pkts;
	exits->bytes[drop] += bytes;
}

void lcore_drop(struct lcore *lc, struct rte_mbuf *m, enum pal_drop drop)
{
	const struct pal_pkt *pkt = pal_mbuf_pkt(m);

	count_exit(&lcore_book(lc, pkt)->exits, drop, 1u + pkt->more_frames, pkt->wire_len);
	lcore_bury(lc, m);
}

bool accept_datagram(struct lcore *lc, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	lcore_decode_anomalies(lc, pkt);
	if (pkt->drop != PAL_DROP_NONE) { // counted by decode
		lcore_bury(lc, m);
		return false;
	}
	if (lc->p->conf.checksums && !pal_checksum_ok(pkt)) {
		lcore_drop(lc, m, PAL_DROP_CHECKSUM_BAD);
		return false;
	}
	lcore_count(&lcore_book(lc, pkt)->datagrams, pkt);
	return true;
}

/* handing over */

static void push(struct lcore *lc, uint16_t owner, struct rte_mbuf *m)
{
	struct pal_outbox *box = &lc->outboxes[owner];

	box->pkts[box->nb_pkts++] = m;
}

/* To this lcore's own worker side, or towards the inbox of another. */
static void steer(struct lcore *lc, struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);
	uint16_t owner;

	pal_steer_hash(pkt);
	owner = lc->p->map.owner[pal_steer_shard(pkt)];
	lcore_count(&lcore_book(lc, pkt)->steered, pkt);
	if (owner == lc->index)
		lc->local[lc->nb_local++] = m;
	else
		push(lc, owner, m);
}

static void drop_outbox(struct lcore *lc, struct pal_outbox *box)
{
	for (uint16_t i = 0; i < box->nb_pkts; i++) {
		const struct pal_pkt *pkt = pal_mbuf_pkt(box->pkts[i]);
		struct pal_amount *steered = &lcore_book(lc, pkt)->steered;

		if (pkt->flags & PAL_PKT_FRAGMENT) {
			lcore_drop(lc, box->pkts[i], PAL_DROP_FRAG_INBOX_FULL);
			continue;
		}
		steered->pkts -= 1u + pkt->more_frames; // it was not, after all
		steered->bytes -= pkt->wire_len;
		lcore_drop(lc, box->pkts[i], PAL_DROP_INBOX_FULL);
	}
	box->nb_pkts = 0;
}

void flush_outboxes(struct lcore *lc)
{
	uint64_t nb_handed = lc->nb_handed;

	lc->outboxes_pending = false;
	if (lc->outboxes == NULL)
		return;
	for (uint16_t i = lc->p->first_worker; i < lc->p->nb_lcores; i++) {
		struct pal_outbox *box = &lc->outboxes[i];
		uint16_t before = box->nb_pkts;
		bool all = pal_outbox_flush(box);

		nb_handed += (uint64_t)before - box->nb_pkts;
		if (!all && lc->p->conf.live)
			drop_outbox(lc, box);
		else if (!all)
			lc->outboxes_pending = true;
	}
	// Pairs with the acquire in all_quiet().
	__atomic_store_n(&lc->nb_handed, nb_handed, __ATOMIC_RELEASE);
}

// An mbuf without memory. Offline one will be free again: all of them are on their way to somebody who frees them,
// or kept by a stream, which makes a copy before they run out.
static struct rte_mbuf *take_view(struct lcore *lc)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(lc->views);

	while (m == NULL && !lc->p->conf.live) {
		lcore_free_dead(lc);
		flush_outboxes(lc);
		worker_local(lc);
		rte_pause();
		m = rte_pktmbuf_alloc(lc->views);
	}
	return m;
}

/* unwrapping */

static struct rte_mbuf *unwrap(struct lcore *lc, struct rte_mbuf *m)
{
	const struct pal_pkt *outer = pal_mbuf_pkt(m);
	struct pal_book_stats *book = &lc->stats.book[PAL_BOOK_INNER];
	struct rte_mbuf *inner = take_view(lc);

	book->input.pkts++;
	book->input.bytes += outer->inner_wire_len;
	if (inner == NULL) {
		count_exit(&book->exits, PAL_DROP_INNER_NO_MBUF, 1, outer->inner_wire_len);
		return NULL;
	}
	rte_pktmbuf_attach(inner, m);
	pal_decode_inner(pal_mbuf_pkt(inner), outer, &lc->decode);
	return accept_datagram(lc, inner) ? inner : NULL;
}

/* putting together */

struct whole_buffer {
	struct rte_mbuf_ext_shared_info shinfo;
	uint8_t data[];
};

static void whole_buffer_free(void *, void *arg)
{
	free(arg);
}

// The datagram in an mbuf of its own, not decoded yet; NULL when there is no memory.
static struct rte_mbuf *make_whole(struct lcore *lc, const struct pal_defrag_whole *whole)
{
	struct whole_buffer *buffer = malloc(sizeof(*buffer) + whole->total_len);
	struct rte_mbuf *m = buffer == NULL ? NULL : take_view(lc);
	// An mbuf counts in 16 bits; struct pal_pkt knows the rest.
	uint16_t len = whole->cap_len > UINT16_MAX ? UINT16_MAX : (uint16_t)whole->cap_len;
	struct pal_pkt *pkt;

	if (m == NULL) {
		free(buffer);
		pal_defrag_take(lc->defrag, whole, NULL);
		return NULL;
	}
	pal_defrag_take(lc->defrag, whole, buffer->data);
	buffer->shinfo.free_cb = whole_buffer_free;
	buffer->shinfo.fcb_opaque = buffer;
	rte_mbuf_ext_refcnt_set(&buffer->shinfo, 1);
	rte_pktmbuf_attach_extbuf(m, buffer->data, RTE_BAD_IOVA, len, &buffer->shinfo);
	m->data_len = len;
	m->pkt_len = len;
	pkt = pal_mbuf_pkt(m);
	pkt->data = buffer->data;
	pkt->cap_len = whole->cap_len;
	pkt->wire_len = (uint32_t)whole->wire_bytes;
	return m;
}

static void on_lost(void *arg, const struct pal_defrag_lost *lost)
{
	struct lcore *lc = arg;
	enum pal_book book = lost->key->tunnel == 0 ? PAL_BOOK_FRAMES : PAL_BOOK_INNER;

	count_exit(&lc->stats.book[book].exits, lost->drop, lost->nb_frags, lost->wire_bytes);
}

void lcore_defrag_hooks(struct lcore *lc, struct pal_defrag_hooks *ret_hooks)
{
	*ret_hooks = (struct pal_defrag_hooks){lcore_on_defrag_event, on_lost, lc};
}

// What its fragments made; NULL while some are missing, and where nothing could be made of them.
static struct rte_mbuf *defragment(struct lcore *lc, struct rte_mbuf *m)
{
	const struct pal_pkt *last = pal_mbuf_pkt(m);
	struct pal_exits *exits = &lcore_book(lc, last)->exits;
	struct pal_defrag_whole whole;
	struct rte_mbuf *made;
	struct pal_pkt *pkt;

	switch (pal_defrag_add(lc->defrag, last, &whole)) {
	case PAL_DEFRAG_HELD:
		lcore_bury(lc, m); // its bytes were copied
		return NULL;
	case PAL_DEFRAG_DROPPED:
		lcore_drop(lc, m, whole.drop);
		return NULL;
	case PAL_DEFRAG_WHOLE:
		break;
	}
	made = make_whole(lc, &whole);
	if (made == NULL) {
		count_exit(exits, PAL_DROP_WHOLE_NO_MBUF, whole.nb_frags, whole.wire_bytes);
		lcore_bury(lc, m);
		return NULL;
	}
	pkt = pal_mbuf_pkt(made);
	pal_decode_datagram(pkt, last, &lc->decode);
	pkt->more_frames = (uint16_t)(whole.nb_frags - 1);
	lcore_bury(lc, m);
	lcore_decode_anomalies(lc, pkt);
	// Fragments of fragments are nothing that a host would send.
	if (pkt->drop != PAL_DROP_NONE || (pkt->flags & PAL_PKT_FRAGMENT)) {
		lcore_drop(lc, made, PAL_DROP_WHOLE_INVALID);
		return NULL;
	}
	if (lc->p->conf.checksums && !pal_checksum_ok(pkt)) {
		lcore_drop(lc, made, PAL_DROP_WHOLE_CHECKSUM_BAD);
		return NULL;
	}
	return made;
}

// Who puts the fragments of this pair of addresses together.
static uint16_t fragment_owner(const struct lcore *lc, struct pal_pkt *pkt)
{
	if (!lc->p->conf.live)
		return lc->index;
	pal_steer_hash(pkt);
	return lc->p->map.owner[pal_steer_shard(pkt)];
}

void dispatch(struct lcore *lc, struct rte_mbuf *m)
{
	while (m != NULL) {
		struct pal_pkt *pkt = pal_mbuf_pkt(m);
		struct rte_mbuf *inner = NULL;

		if (pkt->flags & PAL_PKT_FRAGMENT) {
			uint16_t owner = fragment_owner(lc, pkt);

			if (owner != lc->index) {
				push(lc, owner, m);
				return;
			}
			m = defragment(lc, m);
			if (m == NULL)
				return;
			pkt = pal_mbuf_pkt(m);
		}
		lcore_count(&lcore_book(lc, pkt)->whole, pkt);
		if (pkt->inner_layer != PAL_LAYER_END)
			inner = unwrap(lc, m);
		steer(lc, m);
		m = inner;
	}
}
