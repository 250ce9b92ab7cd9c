/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bit i of the result is bit i of the address, changed if AES of (the first i bits of the address, then the rest of
 * the pad) begins with a 1. All blocks of an address are encrypted in one call; addresses come again, so results are
 * remembered.
 */
#include "cryptopan.h"

#include "map.h"
#include "rewrite.h"

#include <pal_err.h>

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16
#define MAX_BITS 128
#define REMEMBERED 65536

struct rw_cryptopan {
	EVP_CIPHER_CTX *aes;
	struct rw_recent *recent;
	uint8_t pad[BLOCK];
};

/** An address, and its length so that an IPv4 address is no prefix of an IPv6 one. */
struct key {
	uint8_t addr[BLOCK];
	uint32_t len;
};

struct value {
	uint8_t addr[BLOCK];
	bool known;
};

static bool encrypt(struct rw_cryptopan *pan, uint8_t *out, const uint8_t *in, int len)
{
	int out_len;

	return EVP_EncryptUpdate(pan->aes, out, &out_len, in, len) == 1 && out_len == len;
}

struct rw_cryptopan *rw_cryptopan_create(const uint8_t *key)
{
	struct rw_cryptopan *pan = calloc(1, sizeof(*pan));

	if (pan == NULL)
		return pal_err_null(ENOMEM);
	pan->recent = rw_recent_create(sizeof(struct key), sizeof(struct value), REMEMBERED);
	pan->aes = EVP_CIPHER_CTX_new();
	if (pan->aes == NULL || pan->recent == NULL) {
		rw_cryptopan_destroy(pan);
		return pal_err_null(ENOMEM);
	}
	if (EVP_EncryptInit_ex(pan->aes, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(pan->aes, 0) != 1 ||
	    !encrypt(pan, pan->pad, key + BLOCK, BLOCK)) {
		rw_cryptopan_destroy(pan);
		return pal_err_null(ENOTSUP);
	}
	return pan;
}

void rw_cryptopan_destroy(struct rw_cryptopan *pan)
{
	if (pan == NULL)
		return;
	EVP_CIPHER_CTX_free(pan->aes);
	rw_recent_destroy(pan->recent);
	OPENSSL_cleanse(pan, sizeof(*pan));
	free(pan);
}

static int hex_digit(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

// 64 digits, and white space after them.
static bool from_hex(const uint8_t *text, size_t len, uint8_t *key)
{
	while (len > 0 && isspace(text[len - 1]))
		len--;
	if (len != 2 * RW_CRYPTOPAN_KEY_LEN)
		return false;
	for (size_t i = 0; i < RW_CRYPTOPAN_KEY_LEN; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

struct rw_cryptopan *rw_cryptopan_load(const char *path)
{
	uint8_t text[256], key[RW_CRYPTOPAN_KEY_LEN];
	FILE *file = fopen(path, "rb");
	struct rw_cryptopan *pan;
	size_t len;

	if (file == NULL) {
		rw_refuse("%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (len == RW_CRYPTOPAN_KEY_LEN) {
		memcpy(key, text, sizeof(key));
	} else if (!from_hex(text, len, key)) {
		rw_refuse(
			"%s: is no key: neither 32 bytes nor 64 hexadecimal digits. Try: openssl "
			"rand "
			"-out FILE 32",
			path
		);
		return NULL;
	}
	pan = rw_cryptopan_create(key);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(key, sizeof(key));
	if (pan == NULL)
		rw_error("%s: %s", path, strerror(errno));
	return pan;
}

// The first bits of a, then those of b.
static void join(uint8_t *dst, const uint8_t *a, unsigned int bits, const uint8_t *b)
{
	uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));

	memcpy(dst, b, BLOCK);
	memcpy(dst, a, bits / 8);
	if (bits % 8 != 0)
		dst[bits / 8] = (uint8_t)((a[bits / 8] & mask) | (b[bits / 8] & ~mask));
}

static void compute(struct rw_cryptopan *pan, const uint8_t *addr, unsigned int len, uint8_t *dst)
{
	uint8_t in[MAX_BITS * BLOCK], out[MAX_BITS * BLOCK];
	unsigned int bits = len * 8;

	for (unsigned int i = 0; i < bits; i++)
		join(in + i * BLOCK, addr, i, pan->pad);
	memset(dst, 0, len);
	// Rather no address than the true one.
	if (!encrypt(pan, out, in, (int)(bits * BLOCK)))
		return;
	memcpy(dst, addr, len);
	for (unsigned int i = 0; i < bits; i++)
		dst[i / 8] ^= (uint8_t)((out[i * BLOCK] & 0x80) >> (i % 8));
}

static void replace(struct rw_cryptopan *pan, uint8_t *addr, unsigned int len)
{
	struct key key = {.len = len};
	struct value *value;

	memcpy(key.addr, addr, len);
	value = rw_recent_use(pan->recent, &key);
	if (!value->known) {
		compute(pan, addr, len, value->addr);
		value->known = true;
	}
	memcpy(addr, value->addr, len);
}

void rw_cryptopan_ipv4(struct rw_cryptopan *pan, uint8_t *addr)
{
	replace(pan, addr, 4);
}

void rw_cryptopan_ipv6(struct rw_cryptopan *pan, uint8_t *addr)
{
	replace(pan, addr, 16);
}
