/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where early segments wait: pieces of packets, in order of their sequence numbers, by half.
 *
 *      half.first -> piece <-> piece <-> piece         as a list: what comes next, what lies beside
 *      half.root  -> a treap of the same pieces        where a sequence number belongs, in O(log n)
 *
 * A treap is a binary tree by sequence number and a heap by a priority that nobody outside can know, which makes
 * it as deep as a tree of keys in random order, whatever order they come in. The priority is a keyed hash of the
 * piece's index, so it is not stored.
 *
 * All pieces of an engine come from one array, which is reserved for as many as the shards' limits allow.
 */
#include "stream_priv.h"

#include <pal_hash.h>
#include <pal_mem.h>

#include <assert.h>

bool park_create(struct pal_streams *st, uint32_t nb_pieces)
{
	st->nb_pieces = nb_pieces + 1;
	st->nb_used = 1;
	st->pieces = pal_mem_reserve(park_bytes(st));
	return st->pieces != NULL;
}

void park_destroy(struct pal_streams *st)
{
	if (st->pieces == NULL)
		return;
	for (uint32_t i = 1; i < st->nb_used; i++)
		rte_pktmbuf_free(st->pieces[i].m); // NULL where it is free
	pal_mem_release(st->pieces, park_bytes(st));
}

size_t park_bytes(const struct pal_streams *st)
{
	return (size_t)st->nb_pieces * sizeof(st->pieces[0]);
}

/* books */

static void account(struct seg *g, struct pal_stream_half *half, int32_t bytes, int32_t segs)
{
	struct pal_streams_stats *stats = &g->st->stats;
	struct stream_shard *shard = &g->st->shards[g->shard];

	half->parked_bytes += (uint32_t)bytes;
	half->parked_segs += (uint32_t)segs;
	shard->parked_bytes += (uint32_t)bytes;
	shard->parked_segs += (uint32_t)segs;
	stats->parked += (uint64_t)(int64_t)bytes;
	stats->parked_segs += (uint64_t)(int64_t)segs;
	if (stats->parked > stats->max_parked)
		stats->max_parked = stats->parked;
	if (stats->parked_segs > stats->max_parked_segs)
		stats->max_parked_segs = stats->parked_segs;
}

static uint32_t take_free(struct pal_streams *st)
{
	uint32_t index = st->free_list;

	if (index != 0) {
		st->free_list = st->pieces[index].next;
		return index;
	}
	// The limits of the shards add up to the size of the array.
	assert(st->nb_used < st->nb_pieces);
	return st->nb_used++;
}

/* the tree */

static uint32_t priority(const struct pal_streams *st, uint32_t index)
{
	return (uint32_t)pal_hash_mix(index ^ st->seed, UINT64_C(0x9e3779b97f4a7c15));
}

static bool is_before(const struct pal_streams *st, uint32_t a, uint32_t b)
{
	return pal_tcp_seq_diff(piece_at(st, a)->seq, piece_at(st, b)->seq) < 0;
}

// Down to where its priority belongs; what is below that is split between its two sides.
static void tree_add(struct pal_streams *st, uint32_t *root, uint32_t index)
{
	struct piece *p = piece_at(st, index);
	uint32_t *link = root, *left = &p->left, *right = &p->right;
	uint32_t mine = priority(st, index);
	uint32_t below;

	while (*link != 0 && priority(st, *link) >= mine)
		link = is_before(st, *link, index) ? &piece_at(st, *link)->right
						   : &piece_at(st, *link)->left;
	below = *link;
	*link = index;
	while (below != 0) {
		if (is_before(st, below, index)) {
			*left = below;
			left = &piece_at(st, below)->right;
			below = *left;
		} else {
			*right = below;
			right = &piece_at(st, below)->left;
			below = *right;
		}
	}
	*left = *right = 0;
}

// Down to it; its two sides are merged in its place.
static void tree_del(struct pal_streams *st, uint32_t *root, uint32_t index)
{
	uint32_t *link = root;
	uint32_t a, b;

	while (*link != index)
		link = is_before(st, *link, index) ? &piece_at(st, *link)->right
						   : &piece_at(st, *link)->left;
	a = piece_at(st, index)->left;
	b = piece_at(st, index)->right;
	while (a != 0 && b != 0) {
		if (priority(st, a) >= priority(st, b)) {
			*link = a;
			link = &piece_at(st, a)->right;
			a = *link;
		} else {
			*link = b;
			link = &piece_at(st, b)->left;
			b = *link;
		}
	}
	*link = a != 0 ? a : b;
}

uint32_t park_floor(const struct pal_streams *st, const struct pal_stream_half *half, uint32_t seq)
{
	uint32_t found = 0;

	for (uint32_t index = half->root; index != 0;) {
		const struct piece *p = piece_at(st, index);

		if (pal_tcp_seq_diff(p->seq, seq) <= 0) {
			found = index;
			index = p->right;
		} else {
			index = p->left;
		}
	}
	return found;
}

/* both */

void park_add(
	struct seg *g,
	struct pal_stream_half *half,
	struct rte_mbuf *m,
	uint32_t seq,
	uint32_t skip,
	uint32_t len,
	bool is_outside
)
{
	struct pal_streams *st = g->st;
	uint32_t index = take_free(st);
	struct piece *p = piece_at(st, index);

	*p = (struct piece){
		.m = m,
		.seq = seq,
		.len = len,
		.skip = skip,
		.is_outside = is_outside,
		.prev = park_floor(st, half, seq),
	};
	p->next = p->prev != 0 ? piece_at(st, p->prev)->next : half->first;
	if (p->next != 0)
		piece_at(st, p->next)->prev = index;
	if (p->prev != 0)
		piece_at(st, p->prev)->next = index;
	else
		half->first = index;
	tree_add(st, &half->root, index);
	account(g, half, (int32_t)len, 1);
}

struct piece park_take(struct seg *g, struct pal_stream_half *half, uint32_t index)
{
	struct pal_streams *st = g->st;
	struct piece *p = piece_at(st, index);
	struct piece taken = *p;

	tree_del(st, &half->root, index);
	if (p->next != 0)
		piece_at(st, p->next)->prev = p->prev;
	if (p->prev != 0)
		piece_at(st, p->prev)->next = p->next;
	else
		half->first = p->next;
	p->m = NULL;
	p->next = st->free_list;
	st->free_list = index;
	account(g, half, -(int32_t)taken.len, -1);
	return taken;
}

void park_trim_front(struct seg *g, struct pal_stream_half *half, uint32_t index, uint32_t n)
{
	struct piece *p = piece_at(g->st, index);

	assert(n < p->len);
	p->seq += n;
	p->skip += n;
	p->len -= n;
	account(g, half, -(int32_t)n, 0);
}

void park_trim_back(struct seg *g, struct pal_stream_half *half, uint32_t index, uint32_t n)
{
	struct piece *p = piece_at(g->st, index);

	assert(n < p->len);
	p->len -= n;
	account(g, half, -(int32_t)n, 0);
}
