/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Early segments among those that are parked, and which of two readings of a byte is kept.
 *
 *      parked:      [ old ]      [ old ]
 *      new:     .....[   new segment    ].....
 *                    ^ ^   ^     ^      ^
 *      the holes are the new segment's; where it meets an old piece, the receiver's policy looks at where each of
 *      the two begins and ends, and one of them is cut. Bytes are never moved: a piece is a view of its packet.
 */
#include "stream_priv.h"

#include <pal_hash.h>
#include <pal_prefix.h>

#include <rte_mbuf.h>

#include <string.h>

static const struct policy {
	const char *wins;
} policies[PAL_STREAM_POLICY_COUNT] = {
#define PAL_STREAM_POLICY(id, name, wins, early_paws) {wins},
#include "stream_policies.def"
#undef PAL_STREAM_POLICY
};

enum pal_stream_policy seg_policy(struct seg *g)
{
	const struct pal_flow_key *key = &g->flow->key;
	unsigned int receiver = g->flow->initiator ^ (g->dir == PAL_DIR_TO_SERVER);
	int found;

	if (!(g->me->flags & HALF_POLICY)) {
		g->me->flags |= HALF_POLICY;
		g->me->policy = (uint8_t)g->st->conf.policy;
		found = pal_prefix_lookup(
			g->st->conf.policies, key->ip_version, key->addr[receiver].b
		);
		if (found >= 0)
			g->me->policy = (uint8_t)found;
	}
	return g->me->policy;
}

static unsigned int side(int32_t diff)
{
	return diff < 0 ? 0 : diff == 0 ? 1 : 2;
}

bool seg_wins(struct seg *g, const struct piece *old)
{
	unsigned int begins = side(pal_tcp_seq_diff(g->begin_seq, old->seq));
	unsigned int ends = side(pal_tcp_seq_diff(g->end_seq, old->seq + old->len));

	return old->is_outside || policies[seg_policy(g)].wins[3 * begins + ends] == 'N';
}

void seg_compare(
	struct seg *g,
	uint32_t seq,
	uint32_t n,
	const struct pal_pkt *old,
	uint32_t old_skip,
	bool new_wins
)
{
	const uint8_t *old_data = seg_bytes(old, old_skip);
	const uint8_t *new_data = seg_bytes(g->pkt, g->skip + seq - g->seq);
	struct pal_stream_event_info info;

	if (memcmp(old_data, new_data, n) == 0)
		return;
	info = (struct pal_stream_event_info){
		.offset = half_offset(g->me, seq),
		.len = n,
		.old_data = old_data,
		.new_data = new_data,
		.old_hash = pal_hash_bytes(0, old_data, n),
		.new_hash = pal_hash_bytes(0, new_data, n),
		.old_number = old->number,
		.new_wins = new_wins,
	};
	seg_event(g, g->dir, PAL_STREAM_EVENT_OVERLAP_DIFFERENT, &info);
}

bool seg_is_over_limit(const struct seg *g, enum pal_stream_event *ret_limit)
{
	const struct pal_streams_conf *conf = &g->st->conf;
	const struct stream_shard *shard = &g->st->shards[g->shard];

	if (g->me->parked_bytes + g->peer->parked_bytes + g->cap > conf->max_flow_bytes ||
	    g->me->parked_segs + g->peer->parked_segs >= conf->max_flow_segs) {
		*ret_limit = PAL_STREAM_EVENT_LIMIT_FLOW;
		return true;
	}
	if (shard->parked_bytes + g->cap > conf->max_shard_bytes ||
	    shard->parked_segs >= conf->max_shard_segs) {
		*ret_limit = PAL_STREAM_EVENT_LIMIT_SHARD;
		return true;
	}
	return false;
}

// RFC 9293 section 3.10.7.4: what begins beyond the window is not acceptable. But ACKs may be missing from a capture,
// so it is only known when the window was never passed before, and then it is no more than a reading that loses.
bool seg_is_outside(const struct seg *g)
{
	return (g->me->flags & g->peer->flags & HALF_SYN) && (g->me->flags & HALF_ACKED) &&
	       pal_tcp_seq_diff(g->me->next_seq, g->me->window_seq) <= 0 &&
	       pal_tcp_seq_diff(g->seq, g->me->window_seq) >= 0;
}

// Bytes of the segment from seq to end, which nothing parked overlaps any more.
static void
park_part(struct seg *g, uint32_t seq, uint32_t end, bool is_outside, uint32_t *nb_parts)
{
	if (seq == end)
		return;
	if ((*nb_parts)++ > 0)
		rte_pktmbuf_refcnt_update(g->m, 1); // the first reference is that of seg_hold()
	park_add(g, g->me, g->m, seq, g->skip + seq - g->seq, end - seq, is_outside);
}

// Cut seq .. end out of an old piece; what remains on either side stays.
static void cut_old(struct seg *g, uint32_t index, uint32_t seq, uint32_t end)
{
	const struct piece p = *piece_at(g->st, index);
	uint32_t before = seq - p.seq, behind = p.seq + p.len - end;

	if (before == 0 && behind == 0) {
		seg_release(g->st, park_take(g, g->me, index).m);
	} else if (before == 0) {
		park_trim_front(g, g->me, index, p.len - behind);
	} else {
		park_trim_back(g, g->me, index, p.len - before);
		if (behind > 0) {
			rte_pktmbuf_refcnt_update(p.m, 1);
			park_add(g, g->me, p.m, end, p.skip + end - p.seq, behind, p.is_outside);
		}
	}
}

// The first piece that ends behind seq; 0: none.
static uint32_t first_behind(const struct seg *g, uint32_t seq)
{
	uint32_t index = park_floor(g->st, g->me, seq);
	const struct piece *p = piece_at(g->st, index);

	if (index == 0)
		return g->me->first;
	return pal_tcp_seq_diff(p->seq + p->len, seq) > 0 ? index : p->next;
}

// All of it is there already: most retransmissions. Nothing needs to be held.
static bool is_covered(struct seg *g, uint32_t index)
{
	const struct piece *p = piece_at(g->st, index);

	if (index == 0 || pal_tcp_seq_diff(p->seq, g->seq) > 0 ||
	    pal_tcp_seq_diff(p->seq + p->len, g->seq + g->cap) < 0 || seg_wins(g, p))
		return false;
	seg_compare(g, g->seq, g->cap, pal_mbuf_pkt(p->m), p->skip + g->seq - p->seq, false);
	g->st->stats.duplicate += g->cap;
	seg_event(g, g->dir, PAL_STREAM_EVENT_RETRANSMISSION, NULL);
	return true;
}

void seg_park(struct seg *g)
{
	uint32_t index = first_behind(g, g->seq);
	uint32_t end = g->seq + g->cap;
	uint32_t from = g->seq, seq = g->seq; // from .. seq is the segment's, and not parked yet
	uint32_t nb_parts = 0;
	bool is_outside;

	if (is_covered(g, index) || !seg_hold(g))
		return;
	is_outside = seg_is_outside(g);
	if (is_outside)
		seg_event(g, g->dir, PAL_STREAM_EVENT_OUT_OF_WINDOW, NULL);
	else
		note_high(g->me, g->seq + g->len);
	while (index != 0 && pal_tcp_seq_diff(piece_at(g->st, index)->seq, end) < 0) {
		const struct piece p = *piece_at(g->st, index);
		uint32_t p_end = p.seq + p.len;
		uint32_t to = pal_tcp_seq_diff(p_end, end) < 0 ? p_end : end;
		bool new_wins = !is_outside && seg_wins(g, &p);

		if (pal_tcp_seq_diff(p.seq, seq) > 0)
			seq = p.seq;
		seg_compare(g, seq, to - seq, pal_mbuf_pkt(p.m), p.skip + seq - p.seq, new_wins);
		g->st->stats.duplicate += to - seq;
		if (new_wins) {
			cut_old(g, index, seq, to);
		} else {
			park_part(g, from, seq, is_outside, &nb_parts);
			from = to;
		}
		seq = to;
		index = p.next;
	}
	park_part(g, from, end, is_outside, &nb_parts);
	if (nb_parts == 0)
		seg_release(g->st, g->m);
}
