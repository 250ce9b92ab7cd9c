/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_DIGEST_H
#define RW_DIGEST_H

/** @file A cryptographic hash, ready to be used many times. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest one. */
#define RW_DIGEST_MAX 64

struct rw_digest;

/**
 * @param name
 *   As OpenSSL has it: `SHA1`, `SHA256`.
 * @return
 *   NULL with errno set: ENOMEM; ENOTSUP - there is none of that name here.
 */
struct rw_digest *rw_digest_create(const char *name);

/** NULL is a no-op. */
void rw_digest_destroy(struct rw_digest *digest);

/** Hash; ret_hash has room for RW_DIGEST_MAX bytes. false: it could not be done. */
bool rw_digest(struct rw_digest *digest, const void *data, size_t len, uint8_t *ret_hash);

#endif
