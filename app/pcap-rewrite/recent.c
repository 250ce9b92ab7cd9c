/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries of one array, each in a chain of its hash and in a ring by last use:
 *
 *      heads  | 2 | 0 | 1 | ...        number of the first entry of a chain, from 1; 0 is none
 *      entry  | next in chain | older | newer | key | value |
 */
#include "map.h"

#include <pal_err.h>
#include <pal_hash.h>

#include <stdlib.h>
#include <string.h>

struct entry {
	uint32_t next; // in the chain
	uint32_t older, newer; // in the ring; entry 0 stands between the newest and the oldest
	uint32_t chain; // which one it is in
	uint8_t bytes[]; // value, then key
};

struct rw_recent {
	uint8_t *entries; // 0 to max_keys; 0 holds the ring together
	uint32_t *heads;
	size_t entry_len;
	uint32_t key_len, value_len; // value_len rounded up to words
	uint32_t count, max_keys, mask;
	uint64_t forgotten;
	uint64_t seed;
};

static struct entry *entry_at(const struct rw_recent *r, uint32_t number)
{
	return (struct entry *)(r->entries + number * r->entry_len);
}

static uint8_t *key_of(const struct rw_recent *r, struct entry *e)
{
	return e->bytes + r->value_len;
}

struct rw_recent *rw_recent_create(uint32_t key_len, uint32_t value_len, uint32_t max_keys)
{
	struct rw_recent *r = calloc(1, sizeof(*r));
	uint32_t nb_heads = 2;

	if (r == NULL)
		return pal_err_null(ENOMEM);
	while (nb_heads < max_keys)
		nb_heads *= 2;
	r->key_len = key_len;
	r->value_len = (value_len + 7) & ~7u;
	r->entry_len = sizeof(struct entry) + r->value_len + ((key_len + 7) & ~7u);
	r->max_keys = max_keys;
	r->mask = nb_heads - 1;
	r->seed = rw_hash_seed();
	r->entries = calloc((size_t)max_keys + 1, r->entry_len);
	r->heads = calloc(nb_heads, sizeof(*r->heads));
	if (r->entries != NULL && r->heads != NULL)
		return r;
	rw_recent_destroy(r);
	return pal_err_null(ENOMEM);
}

void rw_recent_destroy(struct rw_recent *r)
{
	if (r == NULL)
		return;
	free(r->entries);
	free(r->heads);
	free(r);
}

static uint32_t chain_of(const struct rw_recent *r, const void *key)
{
	return (uint32_t)pal_hash_bytes(r->seed, key, r->key_len) & r->mask;
}

static uint32_t find(const struct rw_recent *r, const void *key, uint32_t chain)
{
	uint32_t at = r->heads[chain];

	while (at != 0 && memcmp(key_of(r, entry_at(r, at)), key, r->key_len) != 0)
		at = entry_at(r, at)->next;
	return at;
}

static void ring_leave(struct rw_recent *r, struct entry *e)
{
	entry_at(r, e->older)->newer = e->newer;
	entry_at(r, e->newer)->older = e->older;
}

static void ring_join(struct rw_recent *r, uint32_t number)
{
	struct entry *e = entry_at(r, number), *middle = entry_at(r, 0);

	e->older = middle->older;
	e->newer = 0;
	entry_at(r, e->older)->newer = number;
	middle->older = number;
}

static void chain_leave(struct rw_recent *r, uint32_t number)
{
	struct entry *e = entry_at(r, number);
	uint32_t *link = &r->heads[e->chain];

	while (*link != number)
		link = &entry_at(r, *link)->next;
	*link = e->next;
}

// An entry that nobody uses: a new one, or that of the oldest key.
static uint32_t take_entry(struct rw_recent *r)
{
	uint32_t number;

	if (r->count < r->max_keys)
		return ++r->count;
	number = entry_at(r, 0)->newer;
	chain_leave(r, number);
	ring_leave(r, entry_at(r, number));
	r->forgotten++;
	return number;
}

void *rw_recent_find(struct rw_recent *r, const void *key)
{
	uint32_t at = find(r, key, chain_of(r, key));

	return at == 0 ? NULL : entry_at(r, at)->bytes;
}

void *rw_recent_use(struct rw_recent *r, const void *key)
{
	uint32_t chain = chain_of(r, key);
	uint32_t at = find(r, key, chain);
	struct entry *e;

	if (at != 0) {
		e = entry_at(r, at);
		ring_leave(r, e);
		ring_join(r, at);
		return e->bytes;
	}
	at = take_entry(r);
	e = entry_at(r, at);
	e->chain = chain;
	e->next = r->heads[chain];
	r->heads[chain] = at;
	ring_join(r, at);
	memset(e->bytes, 0, r->value_len);
	memcpy(key_of(r, e), key, r->key_len);
	return e->bytes;
}

uint64_t rw_recent_forgotten(const struct rw_recent *r)
{
	return r->forgotten;
}
