/* SPDX-License-Identifier: BSD-3-Clause */
#include "digest.h"

#include <pal_err.h>

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

static_assert(RW_DIGEST_MAX == EVP_MAX_MD_SIZE, "room for any hash");

struct rw_digest {
	EVP_MD *md; // fetched once: three times as fast as by name
	EVP_MD_CTX *ctx;
};

struct rw_digest *rw_digest_create(const char *name)
{
	struct rw_digest *digest = calloc(1, sizeof(*digest));

	if (digest == NULL)
		return pal_err_null(ENOMEM);
	digest->md = EVP_MD_fetch(NULL, name, NULL);
	digest->ctx = EVP_MD_CTX_new();
	if (digest->md != NULL && digest->ctx != NULL)
		return digest;
	rw_digest_destroy(digest);
	return pal_err_null(ENOTSUP);
}

void rw_digest_destroy(struct rw_digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->ctx);
	EVP_MD_free(digest->md);
	free(digest);
}

bool rw_digest(struct rw_digest *digest, const void *data, size_t len, uint8_t *ret_hash)
{
	return EVP_DigestInit_ex2(digest->ctx, digest->md, NULL) == 1 &&
	       EVP_DigestUpdate(digest->ctx, data, len) == 1 &&
	       EVP_DigestFinal_ex(digest->ctx, ret_hash, NULL) == 1;
}
