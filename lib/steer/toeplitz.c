/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_toeplitz.h"

#include <pal_cursor.h>
#include <pal_pkt.h>

uint32_t pal_toeplitz(const uint8_t *key, const uint8_t *data, size_t len)
{
	uint32_t window = pal_load_be32(key);
	uint32_t hash = 0;

	for (size_t i = 0; i < len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	}
	return hash;
}

// Bit i of the word (from the left) contributes the key rotated left by i; a rotation of a 16-bit pattern
// that is repeated is the same pattern rotated, so both halves of the hash are equal and 16 bits are enough.
uint32_t pal_toeplitz_symmetric(uint16_t folded)
{
	uint32_t half = 0;

	for (int i = 0; i < 16; i++) {
		uint32_t rotated =
			(uint32_t)PAL_RSS_KEY_WORD << i | (uint32_t)PAL_RSS_KEY_WORD >> (16 - i);

		half ^= rotated & -(uint32_t)(folded >> (15 - i) & 1);
	}
	half &= 0xffff;
	return half << 16 | half;
}
