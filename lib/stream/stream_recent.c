/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Segments that were handed on and are not acknowledged yet, a few for each shard, whatever flow they are of: the
 * newest takes the place of the oldest. What its receiver has acknowledged it will not read again, so a flow that has
 * fallen silent holds on to no packet. Who wants to slip other bytes under a connection sends them while the first ones are still on
 * their way, so a short memory goes far; and what it costs is known, whatever the traffic.
 */
#include "stream_priv.h"

static struct recent *recents_of(const struct seg *g)
{
	return g->st->recents + (size_t)g->shard * g->st->conf.recent_segs;
}

void recent_add(
	struct seg *g,
	enum pal_dir dir,
	struct rte_mbuf *m,
	uint32_t seq,
	uint32_t skip,
	uint32_t len
)
{
	struct stream_shard *shard = &g->st->shards[g->shard];
	struct recent *r;

	if (!recent_is_wanted(g, dir, seq + len)) {
		seg_release(g->st, m);
		return;
	}
	r = recents_of(g) + shard->next_recent;
	if (++shard->next_recent == g->st->conf.recent_segs)
		shard->next_recent = 0;
	if (r->m != NULL)
		seg_release(g->st, r->m);
	*r = (struct recent){.m = m, .s = g->s, .seq = seq, .len = len, .skip = skip, .dir = dir};
	g->s->half[dir].flags |= HALF_RECENT;
}

void recent_compare(struct seg *g, uint32_t n)
{
	struct recent *recents = recents_of(g);

	if (!(g->me->flags & HALF_RECENT))
		return;
	for (uint32_t i = 0; i < g->st->conf.recent_segs; i++) {
		const struct recent *r = &recents[i];
		uint32_t from, to;

		if (r->m == NULL || r->s != g->s || r->dir != g->dir)
			continue;
		from = pal_tcp_seq_diff(r->seq, g->seq) > 0 ? r->seq : g->seq;
		to = pal_tcp_seq_diff(r->seq + r->len, g->seq + n) < 0 ? r->seq + r->len
								       : g->seq + n;
		if (pal_tcp_seq_diff(to, from) > 0)
			seg_compare(
				g,
				from,
				to - from,
				pal_mbuf_pkt(r->m),
				r->skip + from - r->seq,
				false
			);
	}
}

void recent_acked(struct seg *g, enum pal_dir dir)
{
	struct pal_stream_half *half = &g->s->half[dir];
	struct recent *recents = recents_of(g);
	bool some_left = false;

	if (!(half->flags & HALF_RECENT))
		return;
	for (uint32_t i = 0; i < g->st->conf.recent_segs; i++) {
		struct recent *r = &recents[i];

		if (r->m == NULL || r->s != g->s || r->dir != dir)
			continue;
		if (pal_tcp_seq_diff(r->seq + r->len, half->acked_seq) > 0) {
			some_left = true;
			continue;
		}
		seg_release(g->st, r->m);
		r->m = NULL;
	}
	if (!some_left)
		half->flags &= (uint16_t)~HALF_RECENT;
}

void recent_forget(struct seg *g)
{
	struct recent *recents = recents_of(g);

	if (!((g->s->half[0].flags | g->s->half[1].flags) & HALF_RECENT))
		return;
	for (uint32_t i = 0; i < g->st->conf.recent_segs; i++)
		if (recents[i].m != NULL && recents[i].s == g->s) {
			seg_release(g->st, recents[i].m);
			recents[i].m = NULL;
		}
}
