/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_QUIC_BUILD_H
#define PAL_TEST_QUIC_BUILD_H

/** @file Initial packets of QUIC, encrypted by the rules of RFC 9001 section 5. */

#include "tls_build.h"

#include <pal_quic.h>

#include <openssl/evp.h>

struct quic_build {
	uint32_t version;
	struct pal_cursor dcid;
	struct pal_cursor keys_of; /**< The connection ID that the keys are made of. */
	unsigned int number; /**< Its last byte is sent. */
	bool is_server;
};

static inline void
put_crypto(struct tls_bytes *b, unsigned int offset, const void *data, size_t len)
{
	put_u8(b, 6);
	put_u16(b, 0x4000 | offset);
	put_u16(b, 0x4000 | (unsigned int)len);
	put_bytes(b, data, len);
}

static inline size_t quic_seal(
	const struct pal_quic_keys *keys,
	const uint8_t *nonce,
	const struct tls_bytes *header,
	const struct tls_bytes *frames,
	uint8_t *ret_text
)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	if (EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, nonce) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, header->data, (int)header->len) != 1 ||
	    EVP_EncryptUpdate(ctx, ret_text, &len, frames->data, (int)frames->len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, ret_text + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, ret_text + frames->len) != 1)
		len = -1;
	EVP_CIPHER_CTX_free(ctx);
	return len < 0 ? 0 : frames->len + 16;
}

/** Append an Initial packet with these frames, a few at most, padded so that there is a sample. */
static inline void put_initial(
	struct tls_bytes *b,
	struct pal_crypto *crypto,
	const struct quic_build *build,
	const struct tls_bytes *frames
)
{
	static struct tls_bytes padded;
	struct pal_quic_keys client, server;
	const struct pal_quic_keys *keys = build->is_server ? &server : &client;
	struct tls_bytes header = {.len = 0};
	uint8_t text[TLS_BUILD_MAX + 16], nonce[12], mask[16];
	size_t len;

	padded.len = 0;
	put_bytes(&padded, frames->data, frames->len);
	while (padded.len < 4)
		put_u8(&padded, 0);
	pal_quic_initial_keys(crypto, build->version, build->keys_of, &client, &server);
	put_u8(&header, build->version == PAL_QUIC_V2 ? 0xd0 : 0xc0);
	put_u16(&header, build->version >> 16);
	put_u16(&header, build->version & 0xffff);
	put_u8(&header, (unsigned int)pal_cursor_left(&build->dcid));
	put_bytes(&header, build->dcid.pos, pal_cursor_left(&build->dcid));
	put_u16(&header, 0); // neither source ID nor token
	put_u16(&header, 0x4000 | (unsigned int)(1 + padded.len + 16));
	put_u8(&header, build->number & 0xff);
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (int i = 0; i < 4; i++)
		nonce[11 - i] ^= (uint8_t)(build->number >> (8 * i));
	len = quic_seal(keys, nonce, &header, &padded, text);
	pal_crypto_aes_block(crypto, keys->hp, text + 3, mask);
	header.data[0] ^= mask[0] & 0x0f;
	header.data[header.len - 1] ^= mask[1];
	put_bytes(b, header.data, header.len);
	put_bytes(b, text, len);
}

#endif
