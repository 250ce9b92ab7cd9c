/* SPDX-License-Identifier: BSD-3-Clause */
#include "conversations.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	h ^= h >> 29;
	h *= 0xa0761d6478bd642f;
	return h ^ h >> 32;
}

// Not keyed: which conversations stay must not change from run to run. Probing is bounded by the load instead.
static uint64_t hash_of(const struct conversation *c)
{
	uint64_t h = mix(c->src.q[0] ^ c->proto) ^ c->src.q[1];

	h = mix(h) ^ c->dst.q[0];
	return mix(mix(h) ^ c->dst.q[1]);
}

static void add_now(struct conversations *t, const struct conversation *more);

static bool stays(const struct conversations *t, uint64_t hash)
{
	return t->level == 0 || hash >> (64 - t->level) == 0;
}

static bool same(const struct conversation *a, const struct conversation *b)
{
	return a->proto == b->proto && a->ip_version == b->ip_version &&
	       memcmp(&a->src, &b->src, sizeof(a->src)) == 0 &&
	       memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0;
}

int conversations_init(struct conversations *t, size_t max_used)
{
	*t = (struct conversations){.max_used = max_used, .nb_slots = 16};
	while (t->nb_slots < 2 * max_used)
		t->nb_slots *= 2;
	t->slots = calloc(t->nb_slots, sizeof(*t->slots)); // untouched pages cost nothing
	return t->slots == NULL ? pal_err(ENOMEM) : 0;
}

void conversations_fini(struct conversations *t)
{
	free(t->slots);
	t->slots = NULL;
}

static struct conversation *
find(const struct conversations *t, const struct conversation *c, uint64_t hash)
{
	size_t i = hash & (t->nb_slots - 1);

	while (t->slots[i].ip_version != 0 && !same(&t->slots[i], c))
		i = (i + 1) & (t->nb_slots - 1);
	return &t->slots[i];
}

static void forget(struct conversations *t, const struct conversation *c)
{
	t->others_pkts += c->pkts;
	t->others_bytes += c->bytes;
}

// Taking some out of an open-addressed table leaves holes in its probe runs, so the rest is put in anew.
static void raise_level(struct conversations *t)
{
	struct conversation *old = malloc(t->nb_used * sizeof(*old));
	size_t nb_old = 0;

	t->level++;
	if (old == NULL) { // forget all rather than some: still every packet is counted
		for (size_t i = 0; i < t->nb_slots; i++)
			forget(t, &t->slots[i]);
	}
	for (size_t i = 0; i < t->nb_slots && old != NULL; i++)
		if (t->slots[i].ip_version != 0)
			old[nb_old++] = t->slots[i];
	memset(t->slots, 0, t->nb_slots * sizeof(*t->slots));
	t->nb_used = 0;
	for (size_t i = 0; i < nb_old; i++)
		add_now(t, &old[i]);
	free(old);
}

static void add_now(struct conversations *t, const struct conversation *more)
{
	uint64_t hash = hash_of(more);
	struct conversation *c;

	for (;;) {
		if (!stays(t, hash)) {
			forget(t, more);
			return;
		}
		c = find(t, more, hash);
		if (c->ip_version != 0) {
			c->pkts += more->pkts;
			c->bytes += more->bytes;
			return;
		}
		if (t->nb_used < t->max_used)
			break;
		raise_level(t);
	}
	*c = *more;
	t->nb_used++;
}

static void put_pending_in_place(struct conversations *t)
{
	for (size_t i = 0; i < t->nb_pending; i++)
		add_now(t, &t->pending[i]);
	t->nb_pending = 0;
}

// The table is larger than any cache: its slots are fetched while others are waited for.
void conversations_add(struct conversations *t, const struct conversation *more)
{
	__builtin_prefetch(&t->slots[hash_of(more) & (t->nb_slots - 1)]);
	t->pending[t->nb_pending++] = *more;
	if (t->nb_pending == CONVERSATIONS_PENDING)
		put_pending_in_place(t);
}

void conversations_merge(struct conversations *into, struct conversations *from)
{
	put_pending_in_place(into);
	put_pending_in_place(from);
	into->others_pkts += from->others_pkts;
	into->others_bytes += from->others_bytes;
	while (into->level < from->level)
		raise_level(into);
	for (size_t i = 0; i < from->nb_slots; i++)
		if (from->slots[i].ip_version != 0)
			add_now(into, &from->slots[i]);
}

static int compare_whole(const struct conversation *a, const struct conversation *b)
{
	int c;

	if (a->ip_version != b->ip_version)
		return a->ip_version - b->ip_version;
	c = memcmp(&a->src, &b->src, sizeof(a->src));
	if (c == 0)
		c = memcmp(&a->dst, &b->dst, sizeof(a->dst));
	return c != 0 ? c : a->proto - b->proto;
}

static int compare(const void *x, const void *y)
{
	return compare_whole(
		*(const struct conversation *const *)x, *(const struct conversation *const *)y
	);
}

const struct conversation **conversations_sorted(struct conversations *t)
{
	const struct conversation **sorted;
	size_t n = 0;

	put_pending_in_place(t);
	sorted = malloc((t->nb_used + 1) * sizeof(const struct conversation *));
	if (sorted == NULL)
		return pal_err_null(ENOMEM);
	for (size_t i = 0; i < t->nb_slots && n < t->nb_used; i++)
		if (t->slots[i].ip_version != 0)
			sorted[n++] = &t->slots[i];
	qsort(sorted, n, sizeof(const struct conversation *), compare);
	sorted[n] = NULL;
	return sorted;
}
