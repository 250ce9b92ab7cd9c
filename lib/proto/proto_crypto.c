/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_crypto.h"

#include <pal_err.h>

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define HMAC_BLOCK 64
#define HMAC_DATA_MAX 128
#define GCM_TAG 16

struct pal_crypto {
	EVP_MD *digests[PAL_DIGEST_COUNT]; // fetched once: three times as fast as by name
	EVP_MD_CTX *digest_ctx;
	EVP_CIPHER *ecb, *gcm;
	EVP_CIPHER_CTX *ecb_ctx, *gcm_ctx;
};

static bool fetch(struct pal_crypto *crypto)
{
	static const char *const names[PAL_DIGEST_COUNT] = {"MD5", "SHA1", "SHA256"};

	for (int i = 0; i < PAL_DIGEST_COUNT; i++) {
		crypto->digests[i] = EVP_MD_fetch(NULL, names[i], NULL);
		if (crypto->digests[i] == NULL)
			return false;
	}
	crypto->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	crypto->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	crypto->digest_ctx = EVP_MD_CTX_new();
	crypto->ecb_ctx = EVP_CIPHER_CTX_new();
	crypto->gcm_ctx = EVP_CIPHER_CTX_new();
	if (crypto->ecb == NULL || crypto->gcm == NULL || crypto->digest_ctx == NULL ||
	    crypto->ecb_ctx == NULL || crypto->gcm_ctx == NULL)
		return false;
	return EVP_EncryptInit_ex2(crypto->ecb_ctx, crypto->ecb, NULL, NULL, NULL) == 1 &&
	       EVP_DecryptInit_ex2(crypto->gcm_ctx, crypto->gcm, NULL, NULL, NULL) == 1;
}

struct pal_crypto *pal_crypto_create(void)
{
	struct pal_crypto *crypto = calloc(1, sizeof(*crypto));

	if (crypto == NULL)
		return pal_err_null(ENOMEM);
	if (!fetch(crypto)) {
		pal_crypto_destroy(crypto);
		return pal_err_null(ENOTSUP);
	}
	return crypto;
}

void pal_crypto_destroy(struct pal_crypto *crypto)
{
	if (crypto == NULL)
		return;
	for (int i = 0; i < PAL_DIGEST_COUNT; i++)
		EVP_MD_free(crypto->digests[i]);
	EVP_MD_CTX_free(crypto->digest_ctx);
	EVP_CIPHER_CTX_free(crypto->ecb_ctx);
	EVP_CIPHER_CTX_free(crypto->gcm_ctx);
	EVP_CIPHER_free(crypto->ecb);
	EVP_CIPHER_free(crypto->gcm);
	free(crypto);
}

bool pal_crypto_digest(
	struct pal_crypto *crypto,
	enum pal_digest digest,
	const void *data,
	size_t len,
	uint8_t *ret_digest
)
{
	return EVP_DigestInit_ex2(crypto->digest_ctx, crypto->digests[digest], NULL) == 1 &&
	       EVP_DigestUpdate(crypto->digest_ctx, data, len) == 1 &&
	       EVP_DigestFinal_ex(crypto->digest_ctx, ret_digest, NULL) == 1;
}

// RFC 2104 section 2. libcrypto's own HMAC makes and frees contexts for each key.
bool pal_crypto_hmac(
	struct pal_crypto *crypto,
	const uint8_t *key,
	size_t key_len,
	const uint8_t *data,
	size_t len,
	uint8_t ret_mac[PAL_DIGEST_SHA256_LEN]
)
{
	uint8_t inner[HMAC_BLOCK + HMAC_DATA_MAX], outer[HMAC_BLOCK + PAL_DIGEST_SHA256_LEN];

	if (key_len > HMAC_BLOCK || len > HMAC_DATA_MAX)
		return false;
	memset(inner, 0x36, HMAC_BLOCK);
	memset(outer, 0x5c, HMAC_BLOCK);
	for (size_t i = 0; i < key_len; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	memcpy(inner + HMAC_BLOCK, data, len);
	return pal_crypto_digest(
		       crypto, PAL_DIGEST_SHA256, inner, HMAC_BLOCK + len, outer + HMAC_BLOCK
	       ) &&
	       pal_crypto_digest(crypto, PAL_DIGEST_SHA256, outer, sizeof(outer), ret_mac);
}

bool pal_crypto_aes_block(
	struct pal_crypto *crypto,
	const uint8_t key[16],
	const uint8_t block[16],
	uint8_t ret_block[16]
)
{
	uint8_t out[32];
	int len;

	if (EVP_EncryptInit_ex2(crypto->ecb_ctx, NULL, key, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(crypto->ecb_ctx, out, &len, block, 16) != 1 || len != 16)
		return false;
	memcpy(ret_block, out, 16);
	return true;
}

bool pal_crypto_gcm_open(
	struct pal_crypto *crypto,
	const struct pal_crypto_gcm *gcm,
	uint8_t *ret_plain
)
{
	EVP_CIPHER_CTX *ctx = crypto->gcm_ctx;
	uint8_t tag[GCM_TAG];
	int len;

	if (gcm->len < GCM_TAG || gcm->len > INT32_MAX || gcm->aad_len > INT32_MAX)
		return false;
	memcpy(tag, gcm->text + gcm->len - GCM_TAG, GCM_TAG);
	return EVP_DecryptInit_ex2(ctx, NULL, gcm->key, gcm->nonce, NULL) == 1 &&
	       EVP_DecryptUpdate(ctx, NULL, &len, gcm->aad, (int)gcm->aad_len) == 1 &&
	       EVP_DecryptUpdate(ctx, ret_plain, &len, gcm->text, (int)(gcm->len - GCM_TAG)) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(ctx, ret_plain + len, &len) == 1;
}
