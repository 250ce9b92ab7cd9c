/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_MAP_H
#define RW_MAP_H

/**
 * @file
 * Two tables with keys of a fixed length.
 *
 *      set      grows with its keys; a million cost their bytes and 8 more each
 *      recent   remembers a fixed number of keys with a value each; the one used longest ago makes room
 *
 * Hashes are seeded anew in each run: what is in a capture cannot be made to collide.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Keys of one set, at most. */
#define RW_SET_MAX (UINT32_C(1) << 26)

struct rw_set;

/** NULL with errno set: ENOMEM. */
struct rw_set *rw_set_create(uint32_t key_len);

/** NULL is a no-op. */
void rw_set_destroy(struct rw_set *set);

/** 0, also if it was there; -ENOMEM; -ENOSPC after RW_SET_MAX keys. */
int rw_set_add(struct rw_set *set, const void *key);

bool rw_set_has(const struct rw_set *set, const void *key);

uint32_t rw_set_count(const struct rw_set *set);

struct rw_recent;

/**
 * @param max_keys
 *   1 to 2^30. Memory is taken from the start, but touched only as it is used.
 * @return
 *   NULL with errno set: ENOMEM.
 */
struct rw_recent *rw_recent_create(uint32_t key_len, uint32_t value_len, uint32_t max_keys);

/** NULL is a no-op. */
void rw_recent_destroy(struct rw_recent *recent);

/** Value of a key; NULL when it is not remembered. */
void *rw_recent_find(struct rw_recent *recent, const void *key);

/** Value of a key, which is now the one used last; of a new one it is all zero. */
void *rw_recent_use(struct rw_recent *recent, const void *key);

/** Keys that had to make room. */
uint64_t rw_recent_forgotten(const struct rw_recent *recent);

/** What hashes are seeded with. */
uint64_t rw_hash_seed(void);

#endif
