/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_STREAM_PRIV_H
#define PAL_STREAM_PRIV_H

/** @file What the files of lib/stream share: one packet on its way through, and what is parked. */

#include "pal_stream.h"

#include <pal_mbuf.h>
#include <pal_steer.h>
#include <pal_tcp.h>

/** Bits of pal_stream_half.flags. */
enum half_flag {
	HALF_BASED = 1 << 0, /**< next_seq is known: a SYN or a byte was seen. */
	HALF_GUESSED =
		1 << 1, /**< ... is what the other side expected next; nothing was handed on yet. */
	HALF_SYN = 1 << 2,
	HALF_FIN = 1 << 3, /**< fin_seq is known. */
	HALF_ACKED = 1 << 4, /**< acked_seq and window_seq are known. */
	HALF_TENTATIVE =
		1
		<< 5, /**< The first piece waits until it is known whether the receiver took it. */
	HALF_SCALES = 1 << 6, /**< Its SYN had a window scale. */
	HALF_STAMPS = 1 << 7, /**< Its SYN had a timestamp. */
	HALF_TS_RECENT = 1 << 8, /**< ts_recent is known. */
	HALF_STOPPED = 1 << 9, /**< Nobody wants more. */
	HALF_POLICY = 1 << 10, /**< policy is known. */
	HALF_SEEN = 1 << 12, /**< It has sent something. */
	HALF_RECENT = 1 << 11, /**< Some of its segments may be among the recent ones. */
};

/** Bytes of one packet that are parked. Neighbours never overlap. */
struct piece {
	struct rte_mbuf *m; /**< One reference is the piece's. */
	uint32_t seq;
	uint32_t len; /**< Never 0. */
	uint32_t skip; /**< Bytes of the packet's payload before it. */
	uint32_t prev, next; /**< By seq; next also links the free ones. */
	uint32_t left, right; /**< In the tree. */
	bool is_outside; /**< Was outside the receiver's window: loses against everything. */
};

/** A segment that was handed on a while ago. */
struct recent {
	struct rte_mbuf *m; /**< NULL: none. */
	const struct pal_stream *s;
	uint32_t seq, len, skip;
	uint8_t dir;
};

struct stream_shard {
	uint32_t parked_bytes, parked_segs;
	uint32_t next_recent;
};

struct pal_streams {
	struct pal_streams_conf conf;
	struct piece *pieces; /**< Index 0 is not used. */
	struct recent *recents; /**< conf.recent_segs for each shard. */
	uint64_t seed; /**< Hides the tree's shape from who sends the packets. */
	uint32_t nb_pieces, nb_used, free_list;
	uint32_t nb_dead;
	struct pal_streams_stats stats;
	struct rte_mbuf *dead[PAL_BURST_MAX]; /**< To be freed together. */
	struct stream_shard shards[PAL_SHARDS];
};

/** One packet on its way through, or the end of a flow (then m and pkt are NULL). */
struct seg {
	struct pal_streams *st;
	struct pal_stream *s;
	struct pal_flow *flow;
	struct rte_mbuf *m;
	const struct pal_pkt *pkt; /**< In m. */
	struct pal_stream_half *me; /**< Of its sender. */
	struct pal_stream_half *peer;
	uint32_t seq; /**< Of the first payload byte that is not dealt with. */
	uint32_t len; /**< ... so many on the wire, */
	uint32_t cap; /**< of which so many were captured. */
	uint32_t skip; /**< Payload bytes before that one. */
	uint32_t begin_seq, end_seq; /**< Of the segment as the receiver saw it, for its policy. */
	uint32_t recent_seq, recent_len, recent_skip; /**< What of it was handed on in place. */
	uint16_t shard;
	enum pal_dir dir;
	bool is_held; /**< m is ours. */
};

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline const uint8_t *seg_bytes(const struct pal_pkt *pkt, uint32_t skip)
{
	return pkt->data + pkt->payload_off + skip;
}

/** Stream offset of a sequence number. */
static inline uint64_t half_offset(const struct pal_stream_half *half, uint32_t seq)
{
	return half->next + (uint64_t)(int64_t)pal_tcp_seq_diff(seq, half->next_seq);
}

static inline void note_high(struct pal_stream_half *half, uint32_t seq)
{
	if (pal_tcp_seq_diff(seq, half->high_seq) > 0)
		half->high_seq = seq;
}

static inline void seg_discard(struct seg *g, enum pal_stream_discard why, uint32_t nb_bytes)
{
	g->st->stats.discards[why] += nb_bytes;
}

/** Forget the first n bytes; returns how many of them were captured. */
static inline uint32_t seg_trim_front(struct seg *g, uint32_t n)
{
	uint32_t captured = min_u32(n, g->cap);

	g->seq += n;
	g->skip += n;
	g->len -= n;
	g->cap -= captured;
	return captured;
}

/** Forget the last n bytes; returns how many of them were captured. */
static inline uint32_t seg_trim_back(struct seg *g, uint32_t n)
{
	uint32_t captured = g->cap;

	g->len -= n;
	g->cap = min_u32(g->cap, g->len);
	return captured - g->cap;
}

/* stream_payload.c */

/** Hand on or park the payload, or count why not. */
void seg_take_payload(struct seg *g);

/** The segment has a FIN. */
void seg_take_fin(struct seg *g);

/** What was handed on in place goes to the recent ones. False: there was no memory, and the packet is gone. */
bool seg_note_recent(struct seg *g);

/** What becomes of the piece that waits: it has its turn, or it goes. */
void seg_confirm_tentative(struct seg *g, enum pal_dir dir);
void seg_refuse_tentative(struct seg *g, enum pal_dir dir);

/* stream_out.c */

/** Count an event and say it, if it was not said already. info may be NULL; pkt and dir are filled in. */
void seg_event(
	struct seg *g,
	enum pal_dir dir,
	enum pal_stream_event event,
	struct pal_stream_event_info *info
);

/** Hand on the next len bytes of a direction: those of pkt from skip on. */
void seg_hand_on(
	struct seg *g,
	enum pal_dir dir,
	const struct pal_pkt *pkt,
	uint32_t skip,
	uint32_t len,
	bool was_parked
);

/** Hand on what is parked and has its turn. */
void seg_drain(struct seg *g, enum pal_dir dir);

/** Go on at seq, as if what is missing had come. */
void seg_give_up(struct seg *g, enum pal_dir dir, uint32_t seq);

/** Say so, once, if the direction has come to its FIN. */
void seg_reach_fin(struct seg *g, enum pal_dir dir);

/** Own the packet; false: there is no memory, and it is gone. */
bool seg_hold(struct seg *g);

/** Let go of a packet. */
void seg_release(struct pal_streams *st, struct rte_mbuf *m);

/* stream_park.c */

bool park_create(struct pal_streams *st, uint32_t nb_pieces);
void park_destroy(struct pal_streams *st);
size_t park_bytes(const struct pal_streams *st);

static inline struct piece *piece_at(const struct pal_streams *st, uint32_t index)
{
	return &st->pieces[index];
}

/** The last piece that begins at seq or before; 0: none. */
uint32_t park_floor(const struct pal_streams *st, const struct pal_stream_half *half, uint32_t seq);

/** Park len bytes from seq on, which nothing parked overlaps. Takes one reference of m. */
void park_add(
	struct seg *g,
	struct pal_stream_half *half,
	struct rte_mbuf *m,
	uint32_t seq,
	uint32_t skip,
	uint32_t len,
	bool is_outside
);

/** Take a piece out; its reference is the caller's. */
struct piece park_take(struct seg *g, struct pal_stream_half *half, uint32_t index);

/** Make a piece shorter, but not empty. */
void park_trim_front(struct seg *g, struct pal_stream_half *half, uint32_t index, uint32_t n);
void park_trim_back(struct seg *g, struct pal_stream_half *half, uint32_t index, uint32_t n);

/* stream_overlap.c */

/** The policy of the host that receives. */
enum pal_stream_policy seg_policy(struct seg *g);

/** Does it begin beyond the window that its receiver has announced, as far as that is known? */
bool seg_is_outside(const struct seg *g);

/** Does the receiver read the segment's bytes where it overlaps this piece? */
bool seg_wins(struct seg *g, const struct piece *old);

/** Compare n bytes of the segment, from seq on, with what was there first; different ones are an event. */
void seg_compare(
	struct seg *g,
	uint32_t seq,
	uint32_t n,
	const struct pal_pkt *old,
	uint32_t old_skip,
	bool new_wins
);

/** Park an early segment among what is parked. */
void seg_park(struct seg *g);

/** Would it be too much to park this segment? Which limit says so. */
bool seg_is_over_limit(const struct seg *g, enum pal_stream_event *ret_limit);

/* stream_recent.c */

/** Is there reason to hold on to bytes of that direction up to there? */
static inline bool recent_is_wanted(const struct seg *g, enum pal_dir dir, uint32_t end_seq)
{
	const struct pal_stream_half *half = &g->s->half[dir];

	return g->st->conf.recent_segs != 0 &&
	       !(half->flags & HALF_ACKED && pal_tcp_seq_diff(half->acked_seq, end_seq) >= 0);
}

/** Take a segment that was handed on. Takes one reference of m. */
void recent_add(
	struct seg *g,
	enum pal_dir dir,
	struct rte_mbuf *m,
	uint32_t seq,
	uint32_t skip,
	uint32_t len
);

/** Compare n bytes of the segment, from its first on, with those that were handed on. */
void recent_compare(struct seg *g, uint32_t n);

/** The other side has acknowledged bytes of that direction: those need not be held. */
void recent_acked(struct seg *g, enum pal_dir dir);

/** A stream ends. */
void recent_forget(struct seg *g);

/* stream_tcp.c */

/** What of a packet is about the connection. False: its receiver drops the packet; its payload is counted. */
bool seg_take_header(struct seg *g);

#endif
