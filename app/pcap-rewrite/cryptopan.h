/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_CRYPTOPAN_H
#define RW_CRYPTOPAN_H

/**
 * @file
 * Crypto-PAn: addresses for addresses, so that two that had their first n bits in common have again. Whoever has the
 * key can undo it. Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization" (2002); IPv6 is the same over
 * 128 bits.
 */

#include <stdint.h>

#define RW_CRYPTOPAN_KEY_LEN 32

struct rw_cryptopan;

/** NULL with errno set: ENOMEM; ENOTSUP - no AES here. */
struct rw_cryptopan *rw_cryptopan_create(const uint8_t *key);

/**
 * Read the key from a file: 32 bytes, or 64 hexadecimal digits. Says what is wrong.
 *
 * @return
 *   NULL with errno set, also to EINVAL.
 */
struct rw_cryptopan *rw_cryptopan_load(const char *path);

/** NULL is a no-op. */
void rw_cryptopan_destroy(struct rw_cryptopan *pan);

/** Put another address in the place of this one, 4 or 16 bytes in wire order. */
void rw_cryptopan_ipv4(struct rw_cryptopan *pan, uint8_t *addr);
void rw_cryptopan_ipv6(struct rw_cryptopan *pan, uint8_t *addr);

#endif
