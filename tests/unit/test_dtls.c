/* SPDX-License-Identifier: BSD-3-Clause */
/** @file DTLS: messages put together from fragments, in any order. */
#include "../support/check.h"
#include "../support/tls_build.h"

#include <pal_dtls.h>
#include <pal_proto.h>

#define CLIENT 0
#define SERVER 1

static const struct tls_build server_1_2 = {
	.version = 0xfefd,
	.is_server = true,
	.ciphers = (const int[]){0xc02b, -1},
	.exts = (const int[]){65281, -1},
};
static const struct tls_build server_1_3 = {
	.version = 0xfefd,
	.is_server = true,
	.ciphers = (const int[]){0x1301, -1},
	.exts = (const int[]){43, -1},
	.versions = (const int[]){0xfefc, -1},
};

/** A ClientHello of DTLS: with a cookie. */
static void put_client_hello(struct tls_bytes *b, unsigned int cookie_len)
{
	const struct tls_build build = {
		.version = 0xfefd,
		.ciphers = (const int[]){0xc02b, 0x1301, -1},
		.exts = (const int[]){0, 43, -1},
		.versions = (const int[]){0xfefc, 0xfefd, -1},
		.sni = "dtls.example",
	};
	struct tls_bytes plain = {.len = 0};

	put_hello(&plain, &build);
	put_bytes(b, plain.data, 35);
	put_u8(b, cookie_len);
	for (unsigned int i = 0; i < cookie_len; i++)
		put_u8(b, 9);
	put_bytes(b, plain.data + 35, plain.len - 35);
}

static void put_dtls_record(
	struct tls_bytes *b,
	unsigned int type,
	unsigned int epoch,
	const void *data,
	size_t len
)
{
	put_u8(b, type);
	put_u16(b, 0xfefd);
	put_u16(b, epoch);
	put_u24(b, 0);
	put_u24(b, 0);
	put_u16(b, (unsigned int)len);
	put_bytes(b, data, len);
}

static void put_fragment(
	struct tls_bytes *b,
	unsigned int type,
	unsigned int seq,
	const struct tls_bytes *body,
	size_t offset,
	size_t len
)
{
	struct tls_bytes f = {.len = 0};

	put_u8(&f, type);
	put_u24(&f, (unsigned int)body->len);
	put_u16(&f, seq);
	put_u24(&f, (unsigned int)offset);
	put_u24(&f, (unsigned int)len);
	put_bytes(&f, body->data + offset, len);
	put_dtls_record(b, 22, 0, f.data, f.len);
}

static void is_client_known(const struct pal_dtls *dtls)
{
	struct pal_tls_hello hello;
	struct pal_cursor name;

	assert_true(pal_tls_handshake_client(&dtls->hs, true, &hello));
	assert_true(pal_tls_sni(&hello, &name));
	assert_int_equal(pal_cursor_left(&name), strlen("dtls.example"));
	assert_memory_equal(name.pos, "dtls.example", strlen("dtls.example"));
	assert_int_equal(pal_tls_hello_version(&hello), PAL_DTLS_1_3);
}

static void dtls_1_3_is_over_with_the_server_hello(void **)
{
	struct tls_bytes hello = {.len = 0}, datagram = {.len = 0}, reply = {.len = 0};
	struct pal_dtls dtls = {0};

	put_client_hello(&hello, 0);
	put_fragment(&datagram, 1, 0, &hello, 0, hello.len);
	assert_int_equal(pal_dtls_probe(cursor_of(&datagram), PAL_OVER_UDP), PAL_PROBE_YES);
	hello.len = 0;
	put_hello(&hello, &server_1_3);
	put_fragment(&reply, 2, 0, &hello, 0, hello.len);
	assert_int_equal(pal_dtls_read(&dtls, CLIENT, cursor_of(&datagram)), PAL_TLS_MORE);
	assert_int_equal(pal_dtls_read(&dtls, SERVER, cursor_of(&reply)), PAL_TLS_OVER);
	is_client_known(&dtls);
	assert_int_equal(dtls.hs.version, PAL_DTLS_1_3);
	pal_dtls_fini(&dtls);
}

static void dtls_1_2_is_over_when_both_sides_encrypt(void **)
{
	struct tls_bytes hello = {.len = 0}, from_client = {.len = 0}, from_server = {.len = 0};
	struct tls_bytes change = {.len = 0};
	struct pal_dtls dtls = {0};

	put_client_hello(&hello, 20);
	put_fragment(&from_client, 1, 1, &hello, 0, hello.len);
	hello.len = 0;
	put_hello(&hello, &server_1_2);
	put_fragment(&from_server, 2, 1, &hello, 0, hello.len);
	hello.len = 0;
	put_fragment(&from_server, 14, 2, &hello, 0, 0);
	put_dtls_record(&change, 20, 0, "\x01", 1);
	put_dtls_record(&change, 22, 1, "encrypted", 9);
	assert_int_equal(pal_dtls_read(&dtls, CLIENT, cursor_of(&from_client)), PAL_TLS_MORE);
	assert_int_equal(pal_dtls_read(&dtls, SERVER, cursor_of(&from_server)), PAL_TLS_MORE);
	assert_int_equal(pal_dtls_read(&dtls, CLIENT, cursor_of(&change)), PAL_TLS_MORE);
	assert_int_equal(pal_dtls_read(&dtls, SERVER, cursor_of(&change)), PAL_TLS_OVER);
	is_client_known(&dtls);
	assert_int_equal(dtls.hs.version, PAL_DTLS_1_2);
	assert_false(dtls.hs.is_resumed);
	pal_dtls_fini(&dtls);
}

static void fragments_come_in_any_order(void **)
{
	struct tls_bytes hello = {.len = 0};

	put_client_hello(&hello, 0);
	for (size_t step = 1; step < 40; step += 3) {
		struct pal_dtls dtls = {0};

		// From the end, each with some bytes of the next one.
		for (size_t at = (hello.len - 1) / step * step;; at -= step) {
			struct tls_bytes datagram = {.len = 0};
			size_t len = hello.len - at < step + 5 ? hello.len - at : step + 5;

			put_fragment(&datagram, 1, 0, &hello, at, len);
			assert_int_equal(
				pal_dtls_read(&dtls, CLIENT, cursor_of(&datagram)), PAL_TLS_MORE
			);
			if (at == 0)
				break;
		}
		is_client_known(&dtls);
		pal_dtls_fini(&dtls);
	}
}

static void first_hello_is_told_after_a_cookie(void **)
{
	struct tls_bytes first = {.len = 0}, second = {.len = 0}, datagram = {.len = 0};
	struct pal_dtls dtls = {0};

	put_client_hello(&first, 0);
	put_client_hello(&second, 32);
	put_fragment(&datagram, 1, 0, &first, 0, first.len);
	put_fragment(&datagram, 1, 1, &second, 0, second.len);
	assert_int_equal(pal_dtls_read(&dtls, CLIENT, cursor_of(&datagram)), PAL_TLS_MORE);
	assert_int_equal(dtls.hs.client_hello.len, first.len);
	is_client_known(&dtls);
	pal_dtls_fini(&dtls);
}

static void fatal_alert_ends_it(void **)
{
	struct tls_bytes alert = {.len = 0};
	struct pal_dtls dtls = {0};

	put_dtls_record(&alert, 21, 0, "\x02\x28", 2);
	assert_int_equal(pal_dtls_read(&dtls, SERVER, cursor_of(&alert)), PAL_TLS_OVER);
	assert_int_equal(dtls.hs.nb_alerts, 1);
	pal_dtls_fini(&dtls);
}

static void fragment_beyond_its_message_is_malformed(void **)
{
	struct tls_bytes f = {.len = 0}, datagram = {.len = 0};
	struct pal_dtls dtls = {0};

	put_bytes(&f, "\x01\0\0\x10\0\0\0\0\x10\0\0\x01X", 13);
	put_dtls_record(&datagram, 22, 0, f.data, f.len);
	assert_int_equal(pal_dtls_read(&dtls, CLIENT, cursor_of(&datagram)), PAL_TLS_MALFORMED);
	pal_dtls_fini(&dtls);
}

static void probe_wants_records_to_the_end(void **)
{
	struct tls_bytes hello = {.len = 0}, datagram = {.len = 0};

	put_client_hello(&hello, 0);
	put_fragment(&datagram, 1, 0, &hello, 0, hello.len);
	for (size_t len = 1; len < datagram.len; len++)
		assert_int_equal(
			pal_dtls_probe(pal_cursor_of(datagram.data, len), PAL_OVER_UDP),
			PAL_PROBE_NO
		);
	put_u8(&datagram, 0);
	assert_int_equal(pal_dtls_probe(cursor_of(&datagram), PAL_OVER_UDP), PAL_PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dtls_1_3_is_over_with_the_server_hello),
		cmocka_unit_test(dtls_1_2_is_over_when_both_sides_encrypt),
		cmocka_unit_test(fragments_come_in_any_order),
		cmocka_unit_test(first_hello_is_told_after_a_cookie),
		cmocka_unit_test(fatal_alert_ends_it),
		cmocka_unit_test(fragment_beyond_its_message_is_malformed),
		cmocka_unit_test(probe_wants_records_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
