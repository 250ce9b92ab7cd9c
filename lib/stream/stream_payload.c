/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Payload and FIN of one segment: what of it is old, what is next, what is early.
 *
 *      ......[  old  |   next or early   |  behind the FIN  ].....
 *            ^ cut off, and compared     ^ cut off
 */
#include "stream_priv.h"

// A sequence number further away than this belongs to nothing that is known.
#define FAR (1 << 30)

// The other side's first acknowledgement is no guide to data that begins further behind it than this.
#define GUESS_MAX (1 << 20)

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
	seg_reach_fin(g, g->dir);
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
bool seg_note_recent(struct seg *g)
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
		if (!seg_note_recent(g))
			return;
		g->recent_seq = g->seq;
		g->recent_skip = skip;
		g->recent_len = n;
	}
	seg_trim_front(g, n);
	seg_hand_on(g, g->dir, g->pkt, skip, n, false);
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
		seg_hand_on(g, g->dir, pal_mbuf_pkt(old.m), old.skip, old.len, true);
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

void seg_take_payload(struct seg *g)
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
void seg_take_fin(struct seg *g)
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
	seg_reach_fin(g, g->dir);
}
