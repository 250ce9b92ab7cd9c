/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_TLS_BUILD_H
#define PAL_TEST_TLS_BUILD_H

/** @file Hellos of TLS, put together from lists of numbers. */

#include <pal_cursor.h>

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define TLS_BUILD_MAX 4096

struct tls_bytes {
	uint8_t data[TLS_BUILD_MAX];
	size_t len;
};

static inline void put_bytes(struct tls_bytes *b, const void *data, size_t len)
{
	assert(b->len + len <= TLS_BUILD_MAX);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void put_u8(struct tls_bytes *b, unsigned int v)
{
	put_bytes(b, &(uint8_t){(uint8_t)v}, 1);
}

static inline void put_u16(struct tls_bytes *b, unsigned int v)
{
	put_u8(b, v >> 8);
	put_u8(b, v & 0xff);
}

static inline void put_u24(struct tls_bytes *b, unsigned int v)
{
	put_u8(b, v >> 16);
	put_u16(b, v & 0xffff);
}

static inline struct pal_cursor cursor_of(const struct tls_bytes *b)
{
	return pal_cursor_of(b->data, b->len);
}

/** Numbers of two bytes, ended by -1. */
static inline void put_list(struct tls_bytes *b, const int *list)
{
	for (; *list >= 0; list++)
		put_u16(b, (unsigned int)*list);
}

static inline size_t list_bytes(const int *list)
{
	size_t n = 0;

	while (list[n] >= 0)
		n++;
	return 2 * n;
}

#define LIST(...) ((const int[]){__VA_ARGS__ __VA_OPT__(, ) - 1})

/** What is in a hello. Lists that are NULL are empty. */
struct tls_build {
	unsigned int version;
	const int *ciphers; /**< Of a ServerHello: one. */
	const int *exts; /**< Those with content of their own get it from what follows. */
	const int *groups, *formats, *algorithms, *versions;
	const char *sni, *alpn; /**< One name. */
	uint8_t random; /**< All of its bytes. */
	uint8_t session_len; /**< All of its bytes are 7. */
	bool is_server;
};

static inline void put_ext(struct tls_bytes *b, const struct tls_build *h, unsigned int type)
{
	static const int none[] = {-1};
	const int *groups = h->groups ? h->groups : none;
	const int *formats = h->formats ? h->formats : none;
	const int *algorithms = h->algorithms ? h->algorithms : none;
	const int *versions = h->versions ? h->versions : none;
	struct tls_bytes d = {.len = 0};

	if (type == 0 && h->sni != NULL) {
		put_u16(&d, (unsigned int)strlen(h->sni) + 3);
		put_u8(&d, 0);
		put_u16(&d, (unsigned int)strlen(h->sni));
		put_bytes(&d, h->sni, strlen(h->sni));
	} else if (type == 10) {
		put_u16(&d, (unsigned int)list_bytes(groups));
		put_list(&d, groups);
	} else if (type == 11) {
		put_u8(&d, (unsigned int)list_bytes(formats) / 2);
		for (; *formats >= 0; formats++)
			put_u8(&d, (unsigned int)*formats);
	} else if (type == 13) {
		put_u16(&d, (unsigned int)list_bytes(algorithms));
		put_list(&d, algorithms);
	} else if (type == 16 && h->alpn != NULL) {
		put_u16(&d, (unsigned int)strlen(h->alpn) + 1);
		put_u8(&d, (unsigned int)strlen(h->alpn));
		put_bytes(&d, h->alpn, strlen(h->alpn));
	} else if (type == 43) {
		if (!h->is_server)
			put_u8(&d, (unsigned int)list_bytes(versions));
		put_list(&d, versions);
	}
	put_u16(b, type);
	put_u16(b, (unsigned int)d.len);
	put_bytes(b, d.data, d.len);
}

/** A hello without the header of its message. */
static inline void put_hello(struct tls_bytes *b, const struct tls_build *h)
{
	struct tls_bytes exts = {.len = 0};

	put_u16(b, h->version);
	for (int i = 0; i < 32; i++)
		put_u8(b, h->random);
	put_u8(b, h->session_len);
	for (int i = 0; i < h->session_len; i++)
		put_u8(b, 7);
	if (!h->is_server)
		put_u16(b, (unsigned int)list_bytes(h->ciphers));
	put_list(b, h->ciphers);
	if (!h->is_server)
		put_u8(b, 1);
	put_u8(b, 0);
	if (h->exts == NULL)
		return;
	for (const int *type = h->exts; *type >= 0; type++)
		put_ext(&exts, h, (unsigned int)*type);
	put_u16(b, (unsigned int)exts.len);
	put_bytes(b, exts.data, exts.len);
}

/** A message with its header. */
static inline void put_message(struct tls_bytes *b, unsigned int type, const struct tls_bytes *body)
{
	put_u8(b, type);
	put_u24(b, (unsigned int)body->len);
	put_bytes(b, body->data, body->len);
}

/** A record. */
static inline void
put_record(struct tls_bytes *b, unsigned int type, const void *content, size_t len)
{
	put_u8(b, type);
	put_u16(b, 0x0303);
	put_u16(b, (unsigned int)len);
	put_bytes(b, content, len);
}

/** A hello in a message in a record. */
static inline void put_hello_record(struct tls_bytes *b, const struct tls_build *h)
{
	struct tls_bytes body = {.len = 0}, msg = {.len = 0};

	put_hello(&body, h);
	put_message(&msg, h->is_server ? 2 : 1, &body);
	put_record(b, 22, msg.data, msg.len);
}

#endif
