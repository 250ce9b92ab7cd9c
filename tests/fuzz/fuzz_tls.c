/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: pieces of a connection, as they came: side (1; high bit: a gap before it), length (2), bytes.
 *
 * The connection is read as it came and in single bytes, with the same result; then all that was kept is taken apart,
 * certificates too.
 */
#include "require.h"

#include <pal_ja.h>
#include <pal_proto.h>
#include <pal_tls.h>
#include <pal_tls_cert.h>

struct result {
	struct pal_tls tls;
	unsigned int nb_events[PAL_TLS_OVER + 1];
};

static bool give(struct result *r, unsigned int side, struct pal_cursor piece, size_t step)
{
	while (pal_cursor_left(&piece) != 0) {
		struct pal_cursor cur = piece;
		enum pal_tls_event event;

		pal_cursor_limit(&cur, step);
		piece.pos = cur.end;
		do {
			event = pal_tls_next(&r->tls, side, &cur);
			r->nb_events[event] += event != PAL_TLS_MORE;
		} while (event == PAL_TLS_ALERT || event == PAL_TLS_HEARTBLEED);
		if (event != PAL_TLS_MORE)
			return false;
		REQUIRE(pal_cursor_left(&cur) == 0);
	}
	return true;
}

static void read_all(struct result *r, struct pal_cursor input, size_t step)
{
	uint16_t len;
	uint8_t side;

	while (pal_cursor_u8(&input, &side) && pal_cursor_be16(&input, &len)) {
		struct pal_cursor piece = input;

		if ((side & 0x80) && pal_tls_gap(&r->tls, side & 1) == PAL_TLS_OVER)
			return;
		pal_cursor_limit(&piece, len);
		input.pos = piece.end;
		if (!give(r, side & 1, piece, step))
			return;
	}
}

static bool same(const struct pal_tls_bytes *a, const struct pal_tls_bytes *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void no_name(void *, const char *, size_t) {}

static void take_apart(const struct pal_tls_handshake *hs)
{
	static struct pal_crypto *crypto;
	static struct pal_ja *ja;
	static struct pal_tls_cert cert;
	struct pal_tls_hello hello;
	char ja4[PAL_JA4_LEN + 1];
	struct pal_ja3 ja3;

	if (crypto == NULL) {
		crypto = pal_crypto_create();
		REQUIRE(crypto != NULL);
		ja = pal_ja_create(crypto);
	}
	if (pal_tls_handshake_client(hs, false, &hello)) {
		REQUIRE(pal_ja3(ja, &hello, &ja3));
		REQUIRE(pal_ja4(ja, &hello, PAL_JA4_TLS, ja4));
		REQUIRE(strlen(ja4) == PAL_JA4_LEN);
	}
	if (pal_tls_handshake_server(hs, &hello))
		REQUIRE(pal_ja3(ja, &hello, &ja3));
	pal_tls_cert_read(crypto, pal_tls_cursor(&hs->server_cert), &cert);
	pal_tls_cert_names(pal_tls_cursor(&hs->server_cert), no_name, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole = {0}, bytes = {0};

	if (size == 0 || size > 65536)
		return 0;
	if (size > 3)
		pal_tls_probe(pal_cursor_of(data + 3, size - 3), PAL_OVER_TCP);
	read_all(&whole, pal_cursor_of(data, size), SIZE_MAX);
	read_all(&bytes, pal_cursor_of(data, size), 1);
	REQUIRE(memcmp(whole.nb_events, bytes.nb_events, sizeof(whole.nb_events)) == 0);
	REQUIRE(same(&whole.tls.hs.client_hello, &bytes.tls.hs.client_hello));
	REQUIRE(same(&whole.tls.hs.server_hello, &bytes.tls.hs.server_hello));
	REQUIRE(same(&whole.tls.hs.server_cert, &bytes.tls.hs.server_cert));
	REQUIRE(same(&whole.tls.hs.client_cert, &bytes.tls.hs.client_cert));
	REQUIRE(whole.tls.hs.version == bytes.tls.hs.version);
	REQUIRE(whole.tls.hs.is_resumed == bytes.tls.hs.is_resumed);
	take_apart(&whole.tls.hs);
	pal_tls_fini(&whole.tls);
	pal_tls_fini(&bytes.tls);
	return 0;
}
