/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One packet's way through the engine.
 *
 *      header      RST, timestamp, SYN, ACK and window: stream_tcp.c. What its receiver drops goes no further.
 *      payload     old bytes are cut off the front, what lies behind a FIN off the back;
 *                  then it is next and is handed on in place, or early and is parked (stream_overlap.c)
 *      FIN         where the direction ends
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

// A sequence number further away than this belongs to nothing that is known.
#define FAR (1 << 30)

// The other side's first acknowledgement is no guide to data that begins further behind it than this.
#define GUESS_MAX (1 << 20)

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

static void
hand_on(struct seg *g,
	enum pal_dir dir,
	const struct pal_pkt *pkt,
	uint32_t skip,
	uint32_t len,
	bool was_parked)
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

static void reach_fin(struct seg *g, enum pal_dir dir)
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

		hand_on(g, dir, pal_mbuf_pkt(p.m), p.skip, p.len, true);
		recent_add(g, dir, p.m, p.seq, p.skip, p.len);
	}
	reach_fin(g, dir);
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

/* bytes whose receiver may not have taken them */

void seg_confirm_tentative(struct seg *g, enum pal_dir dir)
{
	g->s->half[dir].flags &= (uint16_t)~HALF_TENTATIVE;
	seg_drain(g, dir);
}

void seg_refuse_tentative(struct seg *g, enum pal_dir dir)
{
	struct pal_stream_half *half = &g->s->half[dir];
	struct piece p = park_take(g, half, half->first);

	half->flags &= (uint16_t)~HALF_TENTATIVE;
	seg_discard(g, PAL_STREAM_DISCARD_REFUSED, p.len);
	seg_release(g->st, p.m);
}

static bool is_window_closed(const struct pal_stream_half *half)
{
	return half->flags & HALF_ACKED && half->window_seq == half->next_seq &&
	       half->acked_seq == half->next_seq;
}

// RFC 7413: a server may take the data of a SYN or not. RFC 9293 section 3.8.6.1: nor need it take a window probe.
static bool is_tentative(struct seg *g)
{
	if (g->pkt->tcp_flags & PAL_TCP_SYN)
		return !(g->pkt->tcp_flags & PAL_TCP_ACK) &&
		       !(g->me->flags & HALF_ACKED && pal_tcp_seq_diff(g->me->acked_seq, g->seq) > 0
		       );
	if (g->len != 1 || !is_window_closed(g->me))
		return false;
	seg_event(g, g->dir, PAL_STREAM_EVENT_WINDOW_PROBE, NULL);
	return true;
}

static void wait_tentative(struct seg *g)
{
	if (g->cap == 0 || !seg_hold(g))
		return;
	park_add(g, g->me, g->m, g->seq, g->skip, g->cap, false);
	g->me->flags |= HALF_TENTATIVE;
}

// Its sender goes on: behind the piece that waits, which was taken then, or with the same bytes once more.
static void settle_tentative(struct seg *g)
{
	const struct piece *p = piece_at(g->st, g->me->first);
	uint32_t n = min_u32(p->len, g->seq + g->cap - p->seq);

	if (pal_tcp_seq_diff(g->seq, p->seq) > 0) {
		seg_confirm_tentative(g, g->dir);
	} else if (pal_tcp_seq_diff(g->seq + g->len, p->seq) > 0) {
		if (pal_tcp_seq_diff(g->seq + g->cap, p->seq) > 0)
			seg_compare(g, p->seq, n, pal_mbuf_pkt(p->m), p->skip, true);
		seg_refuse_tentative(g, g->dir);
	}
}

/* payload */

// Where the stream begins, when no SYN says so: with the first byte seen. But the other side's acknowledgements
// tell what it still waits for, which tells a first segment from one that came early.
static void find_base(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	int32_t ahead = pal_tcp_seq_diff(g->seq, me->next_seq);

	if (me->flags & HALF_BASED)
		return;
	if (!(me->flags & HALF_GUESSED))
		me->high_seq = g->seq;
	if (!(me->flags & HALF_GUESSED) || (me->first == 0 && (ahead < 0 || ahead > GUESS_MAX)))
		me->next_seq = g->seq;
	me->flags |= HALF_GUESSED;
}

static bool is_far(const struct seg *g)
{
	int32_t ahead = pal_tcp_seq_diff(g->seq, g->me->next_seq);

	return ahead > FAR - UINT16_MAX || ahead < -FAR;
}

static void clip_at_fin(struct seg *g)
{
	uint32_t end = g->seq + g->len;
	int32_t behind = pal_tcp_seq_diff(end, g->me->fin_seq);

	if (!(g->me->flags & HALF_FIN) || behind <= 0)
		return;
	seg_discard(
		g, PAL_STREAM_DISCARD_AFTER_FIN, seg_trim_back(g, min_u32((uint32_t)behind, g->len))
	);
	seg_event(g, g->dir, PAL_STREAM_EVENT_DATA_AFTER_FIN, NULL);
}

// Nobody wants it; but where the direction stands is still known.
static void skip_unwanted(struct seg *g)
{
	int32_t ahead = pal_tcp_seq_diff(g->seq + g->len, g->me->next_seq);

	seg_discard(g, PAL_STREAM_DISCARD_UNWANTED, g->cap);
	g->cap = 0;
	if (ahead <= 0)
		return;
	g->me->next += (uint32_t)ahead;
	g->me->next_seq += (uint32_t)ahead;
	note_high(g->me, g->me->next_seq);
	reach_fin(g, g->dir);
}

// How much of seq .. seq + n lies in from .. to.
static uint32_t common(uint32_t seq, uint32_t n, uint32_t from, uint32_t to)
{
	uint32_t begin = pal_tcp_seq_diff(from, seq) > 0 ? from : seq;
	uint32_t end = pal_tcp_seq_diff(to, seq + n) < 0 ? to : seq + n;

	return pal_tcp_seq_diff(end, begin) > 0 ? end - begin : 0;
}

// Cut off what lies before next_seq, and say what it was.
// XXX: of gaps that were given up only the last one is known, and by 32 bits: old bytes may be called duplicate that
// are late, or late that are duplicate. They are cut off either way.
static void trim_old(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	int32_t behind = pal_tcp_seq_diff(me->next_seq, g->seq);
	uint32_t n, captured, late, before = 0;

	if (behind <= 0)
		return;
	n = min_u32((uint32_t)behind, g->len);
	captured = min_u32(n, g->cap);
	late = common(g->seq, captured, me->gap_seq - me->gap_len, me->gap_seq);
	if (me->next < FAR)
		before = common(g->seq, captured, g->seq, me->next_seq - (uint32_t)me->next);
	// RFC 9293 section 3.8.4: a keep-alive may have one byte, which is garbage.
	if (behind == 1 && g->len == 1) {
		seg_event(g, g->dir, PAL_STREAM_EVENT_KEEP_ALIVE, NULL);
	} else {
		recent_compare(g, captured);
		if (captured > late + before)
			seg_event(g, g->dir, PAL_STREAM_EVENT_RETRANSMISSION, NULL);
	}
	if (late > 0)
		seg_event(g, g->dir, PAL_STREAM_EVENT_LATE, NULL);
	if (before > 0)
		seg_event(g, g->dir, PAL_STREAM_EVENT_BEFORE_BASE, NULL);
	seg_discard(g, PAL_STREAM_DISCARD_LATE, late);
	seg_discard(g, PAL_STREAM_DISCARD_BEFORE_BASE, before);
	g->st->stats.duplicate += captured - late - before;
	seg_trim_front(g, n);
}

// What was handed on in place goes to the recent ones.
static bool note_recent(struct seg *g)
{
	if (g->recent_len == 0 || !recent_is_wanted(g, g->dir, g->recent_seq + g->recent_len))
		return true;
	if (!seg_hold(g))
		return false;
	recent_add(g, g->dir, g->m, g->recent_seq, g->recent_skip, g->recent_len);
	g->recent_len = 0;
	return true;
}

static void hand_on_in_place(struct seg *g, uint32_t n)
{
	uint32_t skip = g->skip;

	if (g->recent_len > 0 && g->recent_seq + g->recent_len == g->seq) {
		g->recent_len += n;
	} else {
		if (!note_recent(g))
			return;
		g->recent_seq = g->seq;
		g->recent_skip = skip;
		g->recent_len = n;
	}
	seg_trim_front(g, n);
	hand_on(g, g->dir, g->pkt, skip, n, false);
}

// Where the segment meets a piece, and both begin with the next byte: one of the two is handed on.
static void meet(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	const struct piece *p = piece_at(g->st, me->first);
	uint32_t n = min_u32(p->len, g->cap);
	bool new_wins = seg_wins(g, p);

	seg_compare(g, g->seq, n, pal_mbuf_pkt(p->m), p->skip, new_wins);
	g->st->stats.duplicate += n;
	if (!new_wins) {
		struct piece old = park_take(g, me, me->first);

		seg_trim_front(g, n);
		hand_on(g, g->dir, pal_mbuf_pkt(old.m), old.skip, old.len, true);
		recent_add(g, g->dir, old.m, old.seq, old.skip, old.len);
		return;
	}
	if (n < p->len)
		park_trim_front(g, me, me->first, n);
	else
		seg_release(g->st, park_take(g, me, me->first).m);
	hand_on_in_place(g, n);
}

// The segment begins with the next byte: all of it has its turn, and then what is parked behind it.
static void take_next(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	uint32_t end = g->seq + g->len;

	while (g->cap > 0 && !(me->flags & HALF_STOPPED)) {
		int32_t room = FAR;

		if (me->first != 0)
			room = pal_tcp_seq_diff(piece_at(g->st, me->first)->seq, g->seq);
		if (room > 0)
			hand_on_in_place(g, min_u32((uint32_t)room, g->cap));
		else
			meet(g);
	}
	if (me->flags & HALF_STOPPED) {
		skip_unwanted(g);
		return;
	}
	seg_drain(g, g->dir);
	// What the snap length has cut off will not come, but for what came by another packet.
	while (pal_tcp_seq_diff(end, me->next_seq) > 0 && !(me->flags & HALF_STOPPED)) {
		uint32_t until = end;

		if (me->first != 0 && pal_tcp_seq_diff(piece_at(g->st, me->first)->seq, end) < 0)
			until = piece_at(g->st, me->first)->seq;
		seg_give_up(g, g->dir, until);
		seg_drain(g, g->dir);
	}
}

// What lies before the segment was acknowledged before it came: its receiver has it, the capture has not.
static bool is_gap_acked(const struct seg *g)
{
	return g->me->flags & HALF_ACKED && pal_tcp_seq_diff(g->me->acked_seq, g->seq) >= 0;
}

// Give up the first gap: that of the segment itself if there is none before it.
static void go_on(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	uint32_t seq = g->seq;

	if (me->first != 0 && pal_tcp_seq_diff(piece_at(g->st, me->first)->seq, seq) < 0) {
		seg_give_up(g, g->dir, piece_at(g->st, me->first)->seq);
		seg_drain(g, g->dir);
	} else {
		seg_give_up(g, g->dir, seq);
	}
}

static void take_payload(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	enum pal_stream_event limit;

	if (g->len == 0)
		return;
	g->st->stats.segs++;
	find_base(g);
	if (is_far(g)) {
		seg_discard(g, PAL_STREAM_DISCARD_TOO_FAR, g->cap);
		seg_event(g, g->dir, PAL_STREAM_EVENT_OUT_OF_WINDOW, NULL);
		return;
	}
	clip_at_fin(g);
	if (me->flags & HALF_TENTATIVE)
		settle_tentative(g);
	for (;;) {
		if (me->flags & HALF_STOPPED) {
			skip_unwanted(g);
			return;
		}
		trim_old(g);
		if (g->len == 0)
			return;
		if (g->seq == me->next_seq)
			break;
		if (g->cap == 0)
			return;
		if (!is_gap_acked(g)) {
			if (!seg_is_over_limit(g, &limit)) {
				seg_park(g);
				return;
			}
			seg_event(g, g->dir, limit, NULL);
		}
		go_on(g);
	}
	if (is_tentative(g) && !seg_is_over_limit(g, &limit)) {
		wait_tentative(g);
		return;
	}
	note_high(me, g->seq + g->len);
	take_next(g);
}

// RFC 9293 section 3.10.7.4: the direction ends where the first FIN in its window says.
static void take_fin(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	uint32_t fin_seq = g->end_seq;

	g->seq = fin_seq;
	find_base(g);
	if (is_far(g) || pal_tcp_seq_diff(fin_seq, me->next_seq) < 0 || seg_is_outside(g))
		return;
	if (me->flags & HALF_FIN && pal_tcp_seq_diff(fin_seq, me->fin_seq) >= 0)
		return;
	me->flags |= HALF_FIN;
	me->fin_seq = fin_seq;
	note_high(me, fin_seq + 1);
	reach_fin(g, g->dir);
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
		take_payload(&g);
		if (fin)
			take_fin(&g);
	}
	note_recent(&g);
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
	reach_fin(g, dir);
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
