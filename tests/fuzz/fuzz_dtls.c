/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: datagrams of a connection: side (1), length (2), bytes. All is read, then what was kept is taken apart.
 */
#include "require.h"

#include <pal_dtls.h>
#include <pal_ja.h>
#include <pal_proto.h>

static void take_apart(const struct pal_tls_handshake *hs)
{
	static struct pal_crypto *crypto;
	static struct pal_ja *ja;
	struct pal_tls_hello hello;
	char ja4[PAL_JA4_LEN + 1];
	struct pal_ja3 ja3;

	if (crypto == NULL) {
		crypto = pal_crypto_create();
		REQUIRE(crypto != NULL);
		ja = pal_ja_create(crypto);
	}
	if (pal_tls_handshake_client(hs, true, &hello)) {
		REQUIRE(pal_ja3(ja, &hello, &ja3));
		REQUIRE(pal_ja4(ja, &hello, PAL_JA4_DTLS, ja4));
	}
	if (pal_tls_handshake_server(hs, &hello))
		REQUIRE(pal_ja3(ja, &hello, &ja3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor input;
	struct pal_dtls dtls = {0};
	uint16_t len;
	uint8_t side;

	if (size == 0)
		return 0;
	input = pal_cursor_of(data, size);
	while (pal_cursor_u8(&input, &side) && pal_cursor_be16(&input, &len)) {
		struct pal_cursor bytes = input;

		pal_cursor_limit(&bytes, len);
		input.pos = bytes.end;
		if (pal_cursor_left(&bytes) != 0)
			pal_dtls_probe(bytes, PAL_OVER_UDP);
		if (pal_dtls_read(&dtls, side & 1, bytes) != PAL_TLS_MORE)
			break;
		REQUIRE(dtls.sides[0].hello.body.held.len <= PAL_PIECES_HELD_MAX);
		REQUIRE(dtls.sides[1].cert.body.nb_pieces <= PAL_PIECES_MAX);
	}
	take_apart(&dtls.hs);
	pal_dtls_fini(&dtls);
	return 0;
}
