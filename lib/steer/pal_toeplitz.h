/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TOEPLITZ_H
#define PAL_TOEPLITZ_H

/**
 * @file
 * The Toeplitz hash of receive side scaling, as Microsoft's RSS specification defines it.
 */

#include <stddef.h>
#include <stdint.h>

/**
 * Hash any input with any key, bit by bit: the definition, for checking others against.
 *
 * @param key
 *   At least len + 4 bytes.
 * @param data
 *   Fields of the input in wire order: addresses, then ports.
 */
uint32_t pal_toeplitz(const uint8_t *key, const uint8_t *data, size_t len);

/**
 * Hash with the symmetric key (PAL_RSS_KEY_WORD repeated), equal to pal_toeplitz() with that key.
 *
 * Toeplitz is linear and this key repeats every 16 bits, so the hash depends only on the XOR of the
 * input's 16-bit words: swapping source and destination changes nothing.
 *
 * @param folded
 *   XOR of all 16-bit words of the input, each read in wire order.
 */
uint32_t pal_toeplitz_symmetric(uint16_t folded);

#endif
