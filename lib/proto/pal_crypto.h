/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CRYPTO_H
#define PAL_CRYPTO_H

/**
 * @file
 * What protocols need of libcrypto: digests, and the ciphers of QUIC's Initial packets. Contexts are made once, for one
 * lcore, and used again and again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pal_crypto;

/** NULL with errno set: ENOMEM, or ENOTSUP where libcrypto is not allowed to do all of this. */
struct pal_crypto *pal_crypto_create(void);

/** NULL is a no-op. */
void pal_crypto_destroy(struct pal_crypto *crypto);

enum pal_digest {
	PAL_DIGEST_MD5,
	PAL_DIGEST_SHA1,
	PAL_DIGEST_SHA256,
	PAL_DIGEST_COUNT,
};

#define PAL_DIGEST_MD5_LEN 16
#define PAL_DIGEST_SHA1_LEN 20
#define PAL_DIGEST_SHA256_LEN 32
#define PAL_DIGEST_MAX 32

/** Digest of len bytes. ret_digest has room for PAL_DIGEST_MAX bytes. */
bool pal_crypto_digest(
	struct pal_crypto *crypto,
	enum pal_digest digest,
	const void *data,
	size_t len,
	uint8_t *ret_digest
);

/** HMAC with SHA-256: RFC 2104. The key has at most 64 bytes, the data at most 128. */
bool pal_crypto_hmac(
	struct pal_crypto *crypto,
	const uint8_t *key,
	size_t key_len,
	const uint8_t *data,
	size_t len,
	uint8_t ret_mac[PAL_DIGEST_SHA256_LEN]
);

/** One block of AES-128 in ECB mode. */
bool pal_crypto_aes_block(
	struct pal_crypto *crypto,
	const uint8_t key[16],
	const uint8_t block[16],
	uint8_t ret_block[16]
);

/** What is decrypted by AES-128 in GCM mode. */
struct pal_crypto_gcm {
	const uint8_t *key; /**< 16 bytes. */
	const uint8_t *nonce; /**< 12 bytes. */
	const uint8_t *aad;
	size_t aad_len;
	const uint8_t *text; /**< The tag of 16 bytes is at its end. */
	size_t len; /**< With the tag. */
};

/** false: the tag says that it is something else. ret_plain has room for len - 16 bytes. */
bool pal_crypto_gcm_open(
	struct pal_crypto *crypto,
	const struct pal_crypto_gcm *gcm,
	uint8_t *ret_plain
);

#endif
