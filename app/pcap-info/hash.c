/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <openssl/evp.h>
#include <stdlib.h>

static const struct {
	const char *name, *digest;
} hashes[INFO_HASH_COUNT] = {
	[INFO_SHA256] = {"SHA256", "SHA256"},
	[INFO_SHA1] = {"SHA1", "SHA1"},
	[INFO_BLAKE2S] = {"BLAKE2S256", "BLAKE2s256"},
};

struct info_hashes {
	EVP_MD_CTX *ctx[INFO_HASH_COUNT]; // NULL: not wanted
};

const char *info_hash_name(enum info_hash hash)
{
	return hashes[hash].name;
}

struct info_hashes *info_hashes_create(const bool *wanted)
{
	struct info_hashes *h = calloc(1, sizeof(*h));

	for (int i = 0; h != NULL && i < INFO_HASH_COUNT; i++) {
		if (!wanted[i])
			continue;
		h->ctx[i] = EVP_MD_CTX_new();
		if (h->ctx[i] != NULL &&
		    EVP_DigestInit_ex(h->ctx[i], EVP_get_digestbyname(hashes[i].digest), NULL))
			continue;
		info_hashes_finish(h, NULL);
		return NULL;
	}
	return h;
}

void info_hashes_add(struct info_hashes *h, const void *data, size_t len)
{
	for (int i = 0; i < INFO_HASH_COUNT; i++)
		if (h->ctx[i] != NULL)
			EVP_DigestUpdate(h->ctx[i], data, len);
}

void info_hashes_finish(struct info_hashes *h, char (*ret_text)[INFO_HASH_LEN])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	for (int i = 0; i < INFO_HASH_COUNT; i++) {
		if (ret_text != NULL && h->ctx[i] != NULL &&
		    EVP_DigestFinal_ex(h->ctx[i], digest, &len))
			for (unsigned int n = 0; n < len; n++)
				snprintf(ret_text[i] + 2 * n, 3, "%02x", digest[n]);
		EVP_MD_CTX_free(h->ctx[i]);
	}
	free(h);
}
