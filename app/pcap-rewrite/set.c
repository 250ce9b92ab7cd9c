/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys lie in one array in the order in which they came; the index is open addressing over it, at most half full:
 *
 *      index  | 0 | 3 | 0 | 1 | ...    number of a key, from 1; 0 is free
 *      keys   | key 1 | key 2 | key 3 | ...
 */
#include "map.h"

#include <pal_err.h>
#include <pal_hash.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_ROOM 64

struct rw_set {
	uint8_t *keys;
	uint32_t *index;
	uint32_t key_len;
	uint32_t count, room; // the index has 2 * room slots
	uint64_t seed;
};

uint64_t rw_hash_seed(void)
{
	static uint64_t seed;

	// Without the kernel's help the tables still work, they only lose their protection.
	if (seed == 0 && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = 1;
	return seed;
}

struct rw_set *rw_set_create(uint32_t key_len)
{
	struct rw_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return pal_err_null(ENOMEM);
	set->key_len = key_len;
	set->seed = rw_hash_seed();
	return set;
}

void rw_set_destroy(struct rw_set *set)
{
	if (set == NULL)
		return;
	free(set->keys);
	free(set->index);
	free(set);
}

static const uint8_t *key_at(const struct rw_set *set, uint32_t number)
{
	return set->keys + (size_t)(number - 1) * set->key_len;
}

// The slot that holds the key, or the free one where it belongs.
static uint32_t *find_slot(const struct rw_set *set, const void *key)
{
	uint32_t mask = 2 * set->room - 1;
	uint32_t at = (uint32_t)pal_hash_bytes(set->seed, key, set->key_len) & mask;

	while (set->index[at] != 0 && memcmp(key_at(set, set->index[at]), key, set->key_len) != 0)
		at = (at + 1) & mask;
	return &set->index[at];
}

static int grow(struct rw_set *set)
{
	uint32_t room = set->room == 0 ? FIRST_ROOM : 2 * set->room;
	uint8_t *keys = realloc(set->keys, (size_t)room * set->key_len);
	uint32_t *index;

	if (keys == NULL)
		return pal_err(ENOMEM);
	set->keys = keys;
	index = calloc((size_t)room * 2, sizeof(*index));
	if (index == NULL)
		return pal_err(ENOMEM);
	free(set->index);
	set->index = index;
	set->room = room;
	for (uint32_t i = 1; i <= set->count; i++)
		*find_slot(set, key_at(set, i)) = i;
	return 0;
}

int rw_set_add(struct rw_set *set, const void *key)
{
	uint32_t *slot;
	int rc;

	if (rw_set_has(set, key))
		return 0;
	if (set->count == RW_SET_MAX)
		return pal_err(ENOSPC);
	if (set->count == set->room) {
		rc = grow(set);
		if (rc < 0)
			return rc;
	}
	slot = find_slot(set, key);
	memcpy(set->keys + (size_t)set->count * set->key_len, key, set->key_len);
	*slot = ++set->count;
	return 0;
}

bool rw_set_has(const struct rw_set *set, const void *key)
{
	return set->room != 0 && *find_slot(set, key) != 0;
}

uint32_t rw_set_count(const struct rw_set *set)
{
	return set->count;
}
