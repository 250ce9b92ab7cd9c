/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One packet's way through the engine.
 *
 *      header      RST, timestamp, SYN, ACK and window: what its receiver drops goes no further   stream_tcp.c
 *      payload     what is old or behind a FIN is cut off; then it is next, and handed on in
 *      and FIN     place (stream_out.c), or early                                             stream_payload.c
 *      early       parked among what is parked, by the policy of its receiver                 stream_overlap.c
 *                  in order of their numbers                                                  stream_park.c
 *
 *      next_seq                 first->seq
 *      ...|<---- gap ---->|[ parked ][ parked ]<-- gap -->[ parked ]
 *
 * Everything is said relative to next_seq, in 32 bits, right within 1 GiB on either side; the 64-bit offset goes
 * along with it. A gap is given up when the bytes at its end were acknowledged too, so that nothing which may still
 * come is given up early; then next_seq moves to its end and what was parked there has its turn.
 *
 * Hooks may call pal_stream_stop(). That silences the direction at once, so loops ask for it; its pieces go when the
 * packet has been dealt with, so that what is parked does not change under those who look at it.
 */
#include "stream_priv.h"

#include <pal_err.h>
#include <pal_time.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static_assert(PAL_STREAM_EVENT_COUNT <= 32, "pal_stream_half.said has a bit each");

/* setting up */

struct pal_streams *pal_streams_create(const struct pal_streams_conf *conf, uint32_t nb_shards)
{
	struct pal_streams *st;
	uint64_t nb_pieces;

	if (conf->max_flow_segs == 0 || conf->max_shard_segs == 0 || nb_shards == 0 ||
	    conf->recent_segs > PAL_STREAM_RECENT_MAX || conf->policy >= PAL_STREAM_POLICY_COUNT)
		return pal_err_null(EINVAL);
	// A segment is parked while both limits allow it, and may fall apart into a piece more than its flow has.
	nb_pieces = nb_shards * ((uint64_t)conf->max_shard_segs + conf->max_flow_segs);
	if (nb_pieces >= UINT32_MAX)
		return pal_err_null(EINVAL);
	st = aligned_alloc(64, (sizeof(*st) + 63) & ~(size_t)63);
	if (st == NULL)
		return pal_err_null(ENOMEM);
	memset(st, 0, sizeof(*st));
	st->conf = *conf;
	if (getrandom(&st->seed, sizeof(st->seed), 0) != sizeof(st->seed))
		st->seed = pal_time_mono_ns();
	st->recents = calloc((size_t)PAL_SHARDS * conf->recent_segs + 1, sizeof(st->recents[0]));
	if (st->recents == NULL || !park_create(st, (uint32_t)nb_pieces)) {
		pal_streams_destroy(st);
		return pal_err_null(ENOMEM);
	}
	return st;
}

void pal_streams_destroy(struct pal_streams *st)
{
	if (st == NULL)
		return;
	pal_streams_flush(st);
	park_destroy(st);
	if (st->recents != NULL)
		for (size_t i = 0; i < (size_t)PAL_SHARDS * st->conf.recent_segs; i++)
			rte_pktmbuf_free(st->recents[i].m);
	free(st->recents);
	free(st);
}

size_t pal_streams_bytes(const struct pal_streams *st)
{
	return sizeof(*st) + park_bytes(st) +
	       PAL_SHARDS * st->conf.recent_segs * sizeof(st->recents[0]);
}

const struct pal_streams_stats *pal_streams_stats_get(const struct pal_streams *st)
{
	return &st->stats;
}

// What is parked in directions that nobody wants more of.
static void drop_unwanted(struct seg *g)
{
	if (!((g->s->half[0].flags | g->s->half[1].flags) & HALF_STOPPED))
		return;
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++) {
		struct pal_stream_half *half = &g->s->half[dir];

		if (!(half->flags & HALF_STOPPED))
			continue;
		half->flags &= (uint16_t)~HALF_TENTATIVE;
		while (half->first != 0) {
			struct piece p = park_take(g, half, half->first);

			seg_discard(g, PAL_STREAM_DISCARD_UNWANTED, p.len);
			seg_release(g->st, p.m);
		}
	}
}

/* public */

static struct seg seg_of(struct pal_streams *st, struct pal_stream *s, struct pal_flow *flow)
{
	return (struct seg){.st = st, .s = s, .flow = flow};
}

static void check_books(const struct pal_streams_stats *stats)
{
	uint64_t sum = stats->delivered + stats->duplicate + stats->parked;

	for (int i = 0; i < PAL_STREAM_DISCARD_COUNT; i++)
		sum += stats->discards[i];
	assert(sum == stats->in);
	(void)sum;
}

bool pal_stream_segment(
	struct pal_streams *st,
	struct pal_stream *s,
	struct pal_flow *flow,
	struct rte_mbuf *m
)
{
	const struct pal_pkt *pkt = pal_mbuf_pkt(m);
	bool fin = pkt->tcp_flags & PAL_TCP_FIN;
	struct seg g = seg_of(st, s, flow);

	g.m = m;
	g.pkt = pkt;
	g.dir = pal_flow_dir(flow, pkt);
	g.me = &s->half[g.dir];
	g.peer = &s->half[!g.dir];
	g.shard = pal_steer_shard(pkt);
	// RFC 9293 section 3.4: the SYN has the number before that of the first byte.
	g.seq = pkt->tcp_seq + ((pkt->tcp_flags & PAL_TCP_SYN) != 0);
	g.len = pkt->payload_len;
	g.cap = pkt->payload_cap_len;
	g.begin_seq = g.seq;
	g.end_seq = g.seq + g.len;
	g.me->flags |= HALF_SEEN;
	st->stats.in += g.cap;
	if (seg_take_header(&g)) {
		seg_take_payload(&g);
		if (fin)
			seg_take_fin(&g);
	}
	seg_note_recent(&g);
	drop_unwanted(&g);
	check_books(&st->stats);
	return g.is_held;
}

// What is missing at the end: up to the FIN, or to what the other side has.
static void end_half(struct seg *g, enum pal_dir dir)
{
	struct pal_stream_half *half = &g->s->half[dir];
	uint32_t end = half->next_seq;

	if (half->flags & HALF_TENTATIVE)
		seg_confirm_tentative(g, dir);
	while (half->first != 0 && !(half->flags & HALF_STOPPED)) {
		uint32_t seq = piece_at(g->st, half->first)->seq;

		if (pal_tcp_seq_diff(seq, half->next_seq) > 0)
			seg_give_up(g, dir, seq);
		seg_drain(g, dir);
	}
	if (half->flags & HALF_STOPPED || !(half->flags & HALF_BASED))
		return;
	if (half->flags & HALF_FIN)
		end = half->fin_seq;
	// One more may be a FIN that was not captured.
	else if (half->flags & HALF_ACKED && pal_tcp_seq_diff(half->acked_seq, half->next_seq) > 1)
		end = half->acked_seq;
	if (pal_tcp_seq_diff(end, half->next_seq) > 0)
		seg_give_up(g, dir, end);
	seg_reach_fin(g, dir);
}

static enum pal_stream_event why_it_ended(const struct seg *g)
{
	uint32_t closed = UINT32_C(1) << PAL_STREAM_EVENT_HALF_CLOSED;

	if (g->s->half[0].said & g->s->half[1].said & closed)
		return PAL_STREAM_EVENT_CLOSED;
	if ((g->s->half[0].said | g->s->half[1].said) & UINT32_C(1) << PAL_STREAM_EVENT_RST)
		return PAL_STREAM_EVENT_RESET;
	switch (g->flow->end) {
	case PAL_FLOW_END_TIMEOUT:
		return PAL_STREAM_EVENT_TIMED_OUT;
	case PAL_FLOW_END_TCP_REUSE:
		return PAL_STREAM_EVENT_REPLACED;
	case PAL_FLOW_END_FORCED:
		return PAL_STREAM_EVENT_EVICTED;
	default:
		return PAL_STREAM_EVENT_RUN_ENDED;
	}
}

void pal_stream_close(struct pal_streams *st, struct pal_stream *s, struct pal_flow *flow)
{
	struct seg g = seg_of(st, s, flow);

	if (!((s->half[0].flags | s->half[1].flags) & HALF_SEEN))
		return;
	g.shard = flow->shard;
	end_half(&g, PAL_DIR_TO_SERVER);
	end_half(&g, PAL_DIR_TO_CLIENT);
	drop_unwanted(&g);
	seg_event(&g, PAL_DIR_TO_SERVER, why_it_ended(&g), NULL);
	recent_forget(&g);
	check_books(&st->stats);
}

void pal_stream_stop(struct pal_stream *s, enum pal_dir dir)
{
	s->half[dir].flags |= HALF_STOPPED;
}
