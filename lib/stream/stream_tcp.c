/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The header of a packet: what its receiver does with it before it looks at the data, in the order of
 * RFC 9293 section 3.10.7.4 with the timestamp first (RFC 7323 section 5.3).
 *
 * A capture is not the receiver: packets may be missing from it. So a packet is refused only for what both SYNs
 * have made certain, and an acknowledgement is believed as long as it is possible.
 */
#include "stream_priv.h"

#include <pal_cursor.h>

#define URGENT_OFF 18

static const bool early_paws[PAL_STREAM_POLICY_COUNT] = {
#define PAL_STREAM_POLICY(id, name, wins, early_paws) early_paws,
#include "stream_policies.def"
#undef PAL_STREAM_POLICY
};

/* timestamps */

// RFC 7323 section 5.3: older than what was seen before it. Only where both SYNs have agreed on timestamps.
// XXX: section 5.5 forgives a connection that was idle for 24 days; here a flow has timed out long before.
static bool is_stale(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	bool is_early = pal_tcp_seq_diff(g->seq, me->next_seq) > 0;
	const uint8_t *stamp;
	uint32_t value;

	if (!(me->flags & g->peer->flags & HALF_STAMPS) || g->pkt->tcp_flags & PAL_TCP_SYN)
		return false;
	stamp = pal_tcp_option_find(g->pkt, PAL_TCP_OPTION_STAMPS, 8);
	if (stamp == NULL)
		return false;
	value = pal_load_be32(stamp);
	if (me->flags & HALF_TS_RECENT && pal_tcp_seq_diff(value, me->ts_recent) < 0)
		return !is_early || early_paws[seg_policy(g)];
	if (!is_early) {
		me->ts_recent = value;
		me->flags |= HALF_TS_RECENT;
	}
	return false;
}

/* SYN */

static void take_syn_options(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	const uint8_t *scale = pal_tcp_option_find(g->pkt, PAL_TCP_OPTION_SCALE, 1);
	const uint8_t *stamps = pal_tcp_option_find(g->pkt, PAL_TCP_OPTION_STAMPS, 8);

	if (scale != NULL) {
		me->flags |= HALF_SCALES;
		me->window_shift = *scale > PAL_TCP_SCALE_MAX ? PAL_TCP_SCALE_MAX : *scale;
	}
	if (stamps != NULL) {
		me->flags |= HALF_STAMPS | HALF_TS_RECENT;
		me->ts_recent = pal_load_be32(stamps);
	}
}

// One that came late may not agree with where the stream was taken to begin.
static bool repeats_syn(const struct seg *g)
{
	return g->seq == g->me->next_seq - (uint32_t)g->me->next ||
	       g->pkt->tcp_seq == g->flow->isn[g->dir];
}

// False where no host takes the packet.
static bool take_syn(struct seg *g)
{
	struct pal_stream_half *me = g->me;
	bool is_answer = g->pkt->tcp_flags & PAL_TCP_ACK;

	if (g->pkt->tcp_flags & PAL_TCP_FIN)
		seg_event(g, g->dir, PAL_STREAM_EVENT_SYN_FIN, NULL);
	// RFC 9293 section 3.10.7.3: a SYN+ACK must acknowledge the SYN, and nothing that was not sent.
	if (is_answer && g->peer->flags & HALF_SYN && !(me->flags & HALF_SYN) &&
	    (pal_tcp_seq_diff(g->pkt->tcp_ack, g->flow->isn[!g->dir]) <= 0 ||
	     pal_tcp_seq_diff(g->pkt->tcp_ack, g->peer->high_seq) > 0)) {
		seg_event(g, g->dir, PAL_STREAM_EVENT_SYNACK_WRONG_ACK, NULL);
		return false;
	}
	// RFC 9293 section 3.10.7.4: inside a connection, another SYN changes nothing.
	if (me->flags & HALF_SYN && !repeats_syn(g)) {
		seg_event(
			g,
			g->dir,
			is_answer ? PAL_STREAM_EVENT_SYNACK_OTHER_SEQ
				  : PAL_STREAM_EVENT_SYN_OTHER_SEQ,
			NULL
		);
		return false;
	}
	if (me->flags & HALF_SYN)
		return true;
	me->flags |= HALF_SYN;
	take_syn_options(g);
	// It may come after what follows it.
	if (me->flags & HALF_BASED ||
	    (me->first != 0 && pal_tcp_seq_diff(piece_at(g->st, me->first)->seq, g->seq) < 0))
		return true;
	if (!(me->flags & HALF_GUESSED))
		me->high_seq = g->seq;
	me->next_seq = g->seq;
	me->flags = (uint16_t)((me->flags | HALF_BASED) & ~HALF_GUESSED);
	note_high(me, g->seq + g->len);
	return true;
}

/* ACK */

// How far the window of this packet's sender reaches.
static uint32_t window_of(const struct seg *g)
{
	uint8_t shift = PAL_TCP_SCALE_MAX;

	// RFC 7323 section 2.2: the window of a SYN is not scaled, others are if both SYNs had the option.
	if (g->pkt->tcp_flags & PAL_TCP_SYN)
		shift = 0;
	else if (g->me->flags & g->peer->flags & HALF_SYN)
		shift = g->me->flags & g->peer->flags & HALF_SCALES ? g->me->window_shift : 0;
	return (uint32_t)g->pkt->tcp_window << shift;
}

// Gaps whose end was acknowledged will not be filled: their receiver has those bytes, the capture has not.
static void give_up_acked(struct seg *g, enum pal_dir dir)
{
	struct pal_stream_half *half = &g->s->half[dir];

	while (half->first != 0 && !(half->flags & (HALF_TENTATIVE | HALF_STOPPED))) {
		uint32_t seq = piece_at(g->st, half->first)->seq;

		if (pal_tcp_seq_diff(half->acked_seq, seq) < 0)
			return;
		seg_give_up(g, dir, seq);
		seg_drain(g, dir);
	}
}

// False where no host takes the packet.
static bool take_ack(struct seg *g)
{
	struct pal_stream_half *peer = g->peer;
	uint32_t ack = g->pkt->tcp_ack, window_seq = peer->window_seq;

	if (!(peer->flags & (HALF_BASED | HALF_GUESSED))) {
		peer->next_seq = peer->high_seq = ack;
		peer->flags |= HALF_GUESSED;
	}
	// RFC 9293 section 3.10.7.4: not sent yet. What was not captured lies in the window at least, but for a FIN.
	// Section 3.10.7.3, before anything was acknowledged: an old connection's, where it is beyond the first window,
	// which is not scaled.
	if (!(peer->flags & HALF_ACKED))
		window_seq = peer->high_seq + UINT16_MAX;
	if (peer->flags & (HALF_ACKED | HALF_SYN) && pal_tcp_seq_diff(ack, peer->high_seq) > 0 &&
	    pal_tcp_seq_diff(ack, window_seq + 1) > 0) {
		seg_event(g, !g->dir, PAL_STREAM_EVENT_INVALID_ACK, NULL);
		return false;
	}
	if (peer->flags & HALF_TENTATIVE) {
		if (pal_tcp_seq_diff(ack, peer->next_seq) > 0) {
			seg_confirm_tentative(g, !g->dir);
		} else if (g->pkt->tcp_flags & PAL_TCP_SYN) {
			seg_event(g, !g->dir, PAL_STREAM_EVENT_SYN_DATA_REFUSED, NULL);
			seg_refuse_tentative(g, !g->dir);
		}
	}
	if (peer->flags & HALF_ACKED && pal_tcp_seq_diff(ack, peer->acked_seq) < 0)
		return true;
	peer->acked_seq = ack;
	peer->window_seq = ack + window_of(g);
	peer->flags |= HALF_ACKED;
	recent_acked(g, !g->dir);
	note_high(peer, ack);
	// More than the FIN was acknowledged: its receiver has not taken it for one.
	if (peer->flags & HALF_FIN && pal_tcp_seq_diff(ack, peer->fin_seq + 1) > 0)
		peer->flags &= (uint16_t)~HALF_FIN;
	give_up_acked(g, !g->dir);
	return true;
}

/* all of it */

static bool refuse(struct seg *g, enum pal_stream_discard why)
{
	seg_discard(g, why, g->cap);
	return false;
}

static bool take_rst(struct seg *g)
{
	bool is_valid = g->flow->fin_seen & PAL_FLOW_RST_SEEN(g->dir);

	seg_event(g, g->dir, is_valid ? PAL_STREAM_EVENT_RST : PAL_STREAM_EVENT_INVALID_RST, NULL);
	return refuse(g, PAL_STREAM_DISCARD_RST);
}

static bool is_said(const struct seg *g, enum pal_stream_event event)
{
	return g->s->half[PAL_DIR_TO_SERVER].said & UINT32_C(1) << event;
}

static bool is_new_after_rst(const struct seg *g)
{
	return g->me->said & UINT32_C(1) << PAL_STREAM_EVENT_RST && g->len > 0 &&
	       pal_tcp_seq_diff(g->seq, g->me->next_seq) >= 0;
}

// RFC 6093 section 3.1: the pointer names the byte behind the urgent data, whatever it should.
static void take_urgent(struct seg *g)
{
	struct pal_cursor cur = pal_cursor_of(g->pkt->data + g->pkt->l4_off, g->pkt->l4_hdr_len);
	struct pal_stream_event_info info = {.len = 1};
	uint16_t pointer;

	if (!pal_cursor_skip(&cur, URGENT_OFF) || !pal_cursor_be16(&cur, &pointer) || pointer == 0)
		return;
	info.offset = half_offset(g->me, g->seq + pointer - 1);
	seg_event(g, g->dir, PAL_STREAM_EVENT_URGENT, &info);
}

bool seg_take_header(struct seg *g)
{
	uint8_t flags = g->pkt->tcp_flags;

	if (flags & PAL_TCP_RST)
		return take_rst(g);
	if (is_stale(g)) {
		seg_event(g, g->dir, PAL_STREAM_EVENT_INVALID_TIMESTAMP, NULL);
		return refuse(g, PAL_STREAM_DISCARD_INVALID_TIMESTAMP);
	}
	if (flags & PAL_TCP_SYN && !take_syn(g))
		return refuse(g, PAL_STREAM_DISCARD_INVALID_SYN);
	// RFC 9293 section 3.10.7.4: a segment without ACK is dropped.
	if (!(flags & (PAL_TCP_SYN | PAL_TCP_ACK))) {
		if (g->len > 0)
			seg_event(g, g->dir, PAL_STREAM_EVENT_NO_ACK, NULL);
		return refuse(g, PAL_STREAM_DISCARD_NO_ACK);
	}
	if (g->flow->state == PAL_FLOW_ESTABLISHED && !is_said(g, PAL_STREAM_EVENT_ESTABLISHED))
		seg_event(g, PAL_DIR_TO_SERVER, PAL_STREAM_EVENT_ESTABLISHED, NULL);
	if (flags & PAL_TCP_ACK && !take_ack(g))
		return refuse(g, PAL_STREAM_DISCARD_INVALID_ACK);
	if (is_new_after_rst(g))
		seg_event(g, g->dir, PAL_STREAM_EVENT_RST_IGNORED, NULL);
	if (flags & PAL_TCP_URG)
		take_urgent(g);
	// RFC 9293 section 3.8.4: a keep-alive is one byte old and mostly has no data.
	if (flags == PAL_TCP_ACK && g->len == 0 && g->me->flags & HALF_BASED &&
	    pal_tcp_seq_diff(g->seq, g->me->next_seq) == -1)
		seg_event(g, g->dir, PAL_STREAM_EVENT_KEEP_ALIVE, NULL);
	return true;
}
