/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_HASH_H
#define PAL_HASH_H

/**
 * @file
 * The hash of our tables: multiply and fold, a word at a time. Fast, and with a seed that nobody outside knows, no
 * sender of packets can fill a chain; no cryptography.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t pal_hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** The same bytes and seed give the same hash, on every machine. */
static inline uint64_t pal_hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t hash = seed ^ pal_hash_mix(len ^ 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93);
	uint64_t word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		hash = pal_hash_mix(hash ^ word, 0xa0761d6478bd642f);
	}
	if (len != 0) {
		word = 0;
		memcpy(&word, p, len);
		hash = pal_hash_mix(hash ^ word, 0xe7037ed1a0b428db);
	}
	return pal_hash_mix(hash, 0x8ebc6af09c88c6e3);
}

#endif
