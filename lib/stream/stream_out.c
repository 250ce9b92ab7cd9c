/* SPDX-License-Identifier: BSD-3-Clause */
/** @file What leaves the engine: what plugins are told, and packets that are done with. */
#include "stream_priv.h"

#include <assert.h>

/* packets that are held */

void pal_streams_flush(struct pal_streams *st)
{
	if (st->nb_dead != 0)
		pal_mbuf_free_bulk(st->dead, st->nb_dead);
	st->nb_dead = 0;
}

void seg_release(struct pal_streams *st, struct rte_mbuf *m)
{
	// Not the last piece of it.
	if (rte_mbuf_refcnt_read(m) > 1) {
		rte_pktmbuf_free(m);
		return;
	}
	st->dead[st->nb_dead++] = m;
	if (st->nb_dead == PAL_BURST_MAX)
		pal_streams_flush(st);
}

bool seg_hold(struct seg *g)
{
	struct pal_streams *st = g->st;
	uint32_t nb_bytes = g->pkt->cap_len;
	bool copied = false;

	if (g->is_held) {
		rte_pktmbuf_refcnt_update(g->m, 1);
		return true;
	}
	g->is_held = true;
	g->m = st->conf.hooks.keep(st->conf.hooks.arg, g->m, &copied);
	if (g->m == NULL) {
		seg_discard(g, PAL_STREAM_DISCARD_NO_MEMORY, g->cap);
		g->pkt = NULL;
		g->len = g->cap = 0;
		return false;
	}
	g->pkt = pal_mbuf_pkt(g->m);
	if (copied) {
		st->stats.copied_pkts++;
		st->stats.copied_bytes += nb_bytes;
	}
	return true;
}

/* what plugins are told */

void seg_event(
	struct seg *g,
	enum pal_dir dir,
	enum pal_stream_event event,
	struct pal_stream_event_info *info
)
{
	struct pal_stream_half *half = &g->s->half[dir];
	enum pal_stream_kind kind = pal_stream_event_kind(event);
	struct pal_stream_event_info nothing = {.offset = half->next};
	bool once = kind != PAL_STREAM_KIND_NOTE && event != PAL_STREAM_EVENT_OVERLAP_DIFFERENT;
	bool was_said = half->said & UINT32_C(1) << event;

	if (was_said && kind == PAL_STREAM_KIND_LIFE)
		return;
	g->st->stats.events[event]++;
	if (was_said && once)
		return;
	half->said |= UINT32_C(1) << event;
	if (info == NULL)
		info = &nothing;
	info->pkt = g->pkt;
	info->dir = dir;
	g->st->conf.hooks.on_event(g->st->conf.hooks.arg, g->flow, event, info);
}

void seg_hand_on(
	struct seg *g,
	enum pal_dir dir,
	const struct pal_pkt *pkt,
	uint32_t skip,
	uint32_t len,
	bool was_parked
)
{
	struct pal_stream_half *half = &g->s->half[dir];
	struct pal_streams_stats *stats = &g->st->stats;
	struct pal_stream_data data = {
		.data = seg_bytes(pkt, skip),
		.offset = half->next,
		.time_ns = pkt->time_ns,
		.number = pkt->number,
		.len = len,
		.dir = (uint8_t)dir,
		.was_parked = was_parked,
	};

	half->next += len;
	half->next_seq += len;
	half->flags = (uint16_t)((half->flags | HALF_BASED) & ~HALF_GUESSED);
	stats->delivered += len;
	if (was_parked)
		stats->delivered_parked += len;
	g->st->conf.hooks.on_data(g->st->conf.hooks.arg, g->flow, &data);
}

void seg_reach_fin(struct seg *g, enum pal_dir dir)
{
	const struct pal_stream_half *half = &g->s->half[dir];

	if (half->flags & HALF_FIN && half->next_seq == half->fin_seq)
		seg_event(g, dir, PAL_STREAM_EVENT_HALF_CLOSED, NULL);
}

void seg_drain(struct seg *g, enum pal_dir dir)
{
	struct pal_stream_half *half = &g->s->half[dir];

	while (half->first != 0 && !(half->flags & (HALF_TENTATIVE | HALF_STOPPED)) &&
	       piece_at(g->st, half->first)->seq == half->next_seq) {
		struct piece p = park_take(g, half, half->first);

		seg_hand_on(g, dir, pal_mbuf_pkt(p.m), p.skip, p.len, true);
		recent_add(g, dir, p.m, p.seq, p.skip, p.len);
	}
	seg_reach_fin(g, dir);
}

void seg_give_up(struct seg *g, enum pal_dir dir, uint32_t seq)
{
	struct pal_stream_half *half = &g->s->half[dir];
	struct pal_stream_event_info info = {.offset = half->next, .len = seq - half->next_seq};

	assert(pal_tcp_seq_diff(seq, half->next_seq) > 0);
	half->next_seq = seq;
	// Before the first byte that was seen there is no gap.
	if (half->flags & HALF_GUESSED)
		return;
	half->next += info.len;
	half->gap_seq = seq;
	half->gap_len = (uint32_t)info.len;
	g->st->stats.gaps++;
	g->st->stats.gap_bytes += info.len;
	g->st->conf.hooks.on_gap(g->st->conf.hooks.arg, g->flow, dir, info.offset, info.len);
	seg_event(g, dir, PAL_STREAM_EVENT_GAP, &info);
}
