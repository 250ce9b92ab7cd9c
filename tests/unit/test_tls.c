/* SPDX-License-Identifier: BSD-3-Clause */
/** @file TLS connections: what is kept of them, however their bytes come. */
#include "../support/check.h"
#include "../support/tls_build.h"

#include <pal_proto.h>
#include <pal_tls.h>

#define CLIENT 0
#define SERVER 1

static const struct tls_build client_1_2 = {
	.version = 0x0303,
	.ciphers = (const int[]){0xc02f, 0x009c, -1},
	.exts = (const int[]){0, 10, 11, 13, 16, -1},
	.groups = (const int[]){29, 23, -1},
	.formats = (const int[]){0, -1},
	.algorithms = (const int[]){0x0403, -1},
	.sni = "example.org",
	.alpn = "h2",
};
static const struct tls_build server_1_2 = {
	.version = 0x0303,
	.is_server = true,
	.ciphers = (const int[]){0xc02f, -1},
	.exts = (const int[]){65281, -1},
};
static const struct tls_build client_1_3 = {
	.version = 0x0303,
	.ciphers = (const int[]){0x1301, -1},
	.exts = (const int[]){0, 43, -1},
	.versions = (const int[]){0x0304, 0x0303, -1},
	.sni = "example.org",
};
static const struct tls_build server_1_3 = {
	.version = 0x0303,
	.is_server = true,
	.ciphers = (const int[]){0x1301, -1},
	.exts = (const int[]){43, -1},
	.versions = (const int[]){0x0304, -1},
};

static void put_change(struct tls_bytes *b)
{
	put_record(b, 20, "\x01", 1);
}

static void put_empty_message(struct tls_bytes *b, unsigned int type)
{
	const uint8_t msg[] = {(uint8_t)type, 0, 0, 0};

	put_record(b, 22, msg, sizeof(msg));
}

/** Certificate with one entry: bytes that are not looked into. */
static void put_certificate(struct tls_bytes *b, size_t len)
{
	struct tls_bytes body = {.len = 0}, msg = {.len = 0};

	put_u24(&body, (unsigned int)len + 3);
	put_u24(&body, (unsigned int)len);
	for (size_t i = 0; i < len; i++)
		put_u8(&body, 0x55);
	put_message(&msg, 11, &body);
	put_record(b, 22, msg.data, msg.len);
}

/** Give bytes in pieces of so many; the last event. */
static enum pal_tls_event
give(struct pal_tls *tls, unsigned int side, const struct tls_bytes *b, size_t piece)
{
	enum pal_tls_event event = PAL_TLS_MORE;

	for (size_t at = 0; at < b->len && event != PAL_TLS_OVER; at += piece) {
		size_t len = b->len - at < piece ? b->len - at : piece;
		struct pal_cursor cur = pal_cursor_of(b->data + at, len);

		event = pal_tls_next(tls, side, &cur);
		if (event == PAL_TLS_MORE)
			assert_int_equal(pal_cursor_left(&cur), 0);
		else if (event != PAL_TLS_OVER)
			return event;
	}
	return event;
}

static void is_sni(const struct pal_tls *tls, const char *want)
{
	struct pal_tls_hello hello;
	struct pal_cursor name;

	assert_true(pal_tls_handshake_client(&tls->hs, false, &hello));
	assert_true(pal_tls_sni(&hello, &name));
	assert_int_equal(pal_cursor_left(&name), strlen(want));
	assert_memory_equal(name.pos, want, strlen(want));
}

static void tls_1_2_is_over_when_both_sides_encrypt(void **)
{
	for (size_t piece = 1; piece < 700; piece = piece * 3 / 2 + 1) {
		struct tls_bytes from_client = {.len = 0}, from_server = {.len = 0};
		struct tls_bytes change = {.len = 0};
		struct pal_tls tls = {0};

		put_hello_record(&from_client, &client_1_2);
		put_hello_record(&from_server, &server_1_2);
		put_certificate(&from_server, 500);
		put_empty_message(&from_server, PAL_TLS_MSG_SERVER_DONE);
		put_change(&change);
		assert_int_equal(give(&tls, CLIENT, &from_client, piece), PAL_TLS_MORE);
		assert_int_equal(give(&tls, SERVER, &from_server, piece), PAL_TLS_MORE);
		assert_int_equal(give(&tls, CLIENT, &change, piece), PAL_TLS_MORE);
		assert_int_equal(give(&tls, SERVER, &change, piece), PAL_TLS_OVER);
		is_sni(&tls, "example.org");
		assert_int_equal(tls.hs.version, PAL_TLS_1_2);
		assert_int_equal(tls.hs.record_version, 0x0303);
		assert_int_equal(tls.hs.server_cert.len, 500);
		assert_int_equal(tls.hs.client, CLIENT);
		assert_false(tls.hs.is_resumed);
		pal_tls_fini(&tls);
	}
}

static void message_goes_on_in_the_next_record(void **)
{
	struct tls_bytes whole = {.len = 0};

	put_hello_record(&whole, &client_1_2);
	for (size_t cut = 1; cut < whole.len - 5; cut += 7) {
		struct tls_bytes b = {.len = 0};
		struct pal_tls tls = {0};

		put_record(&b, 22, whole.data + 5, cut);
		put_record(&b, 22, whole.data + 5 + cut, whole.len - 5 - cut);
		assert_int_equal(give(&tls, SERVER, &b, 13), PAL_TLS_MORE);
		is_sni(&tls, "example.org");
		assert_int_equal(tls.hs.client, SERVER);
		pal_tls_fini(&tls);
	}
}

static void tls_1_3_is_over_with_the_server_hello(void **)
{
	struct tls_bytes from_client = {.len = 0}, from_server = {.len = 0};
	struct pal_tls tls = {0};

	put_hello_record(&from_client, &client_1_3);
	put_hello_record(&from_server, &server_1_3);
	assert_int_equal(give(&tls, CLIENT, &from_client, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &from_server, 1000), PAL_TLS_OVER);
	assert_int_equal(tls.hs.version, PAL_TLS_1_3);
	assert_false(tls.hs.is_resumed);
	pal_tls_fini(&tls);
}

static void retry_goes_on_after_change_cipher(void **)
{
	static const uint8_t random[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
					 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
					 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
					 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
	struct tls_bytes hello = {.len = 0}, retry = {.len = 0}, again = {.len = 0};
	struct tls_bytes from_server = {.len = 0};
	struct tls_build second = client_1_3;
	struct pal_tls tls = {0};

	put_hello_record(&hello, &client_1_3);
	put_hello_record(&retry, &server_1_3);
	memcpy(retry.data + 5 + 4 + 2, random, sizeof(random));
	put_change(&retry);
	put_change(&again);
	second.sni = "other.example";
	put_hello_record(&again, &second);
	put_hello_record(&from_server, &server_1_3);
	assert_int_equal(give(&tls, CLIENT, &hello, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &retry, 1000), PAL_TLS_MORE);
	assert_true(tls.hs.has_retry);
	assert_int_equal(give(&tls, CLIENT, &again, 2), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &from_server, 1000), PAL_TLS_OVER);
	is_sni(&tls, "example.org");
	pal_tls_fini(&tls);
}

static void abbreviated_handshake_is_resumed(void **)
{
	struct tls_bytes from_client = {.len = 0}, from_server = {.len = 0}, change = {.len = 0};
	struct pal_tls tls = {0};

	put_hello_record(&from_client, &client_1_2);
	put_hello_record(&from_server, &server_1_2);
	put_change(&from_server);
	put_change(&change);
	assert_int_equal(give(&tls, CLIENT, &from_client, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &from_server, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, CLIENT, &change, 1000), PAL_TLS_OVER);
	assert_true(tls.hs.is_resumed);
	pal_tls_fini(&tls);
}

static void pre_shared_key_is_resumed(void **)
{
	struct tls_bytes from_client = {.len = 0}, from_server = {.len = 0};
	struct tls_build server = server_1_3;
	struct pal_tls tls = {0};

	server.exts = LIST(43, 41);
	put_hello_record(&from_client, &client_1_3);
	put_hello_record(&from_server, &server);
	assert_int_equal(give(&tls, CLIENT, &from_client, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &from_server, 1000), PAL_TLS_OVER);
	assert_true(tls.hs.is_resumed);
	pal_tls_fini(&tls);
}

static void fatal_alert_ends_it(void **)
{
	struct tls_bytes from_client = {.len = 0}, alert = {.len = 0};
	struct pal_tls tls = {0};
	struct pal_cursor cur;

	put_hello_record(&from_client, &client_1_2);
	put_record(&alert, 21, "\x02\x28", 2);
	assert_int_equal(give(&tls, CLIENT, &from_client, 1000), PAL_TLS_MORE);
	cur = cursor_of(&alert);
	assert_int_equal(pal_tls_next(&tls, SERVER, &cur), PAL_TLS_ALERT);
	assert_int_equal(pal_tls_next(&tls, SERVER, &cur), PAL_TLS_OVER);
	assert_int_equal(tls.hs.nb_alerts, 1);
	assert_int_equal(tls.hs.alerts[0].level, 2);
	assert_int_equal(tls.hs.alerts[0].description, 40);
	assert_string_equal(pal_tls_alert_name(40), "handshake_failure");
	pal_tls_fini(&tls);
}

static void heartbeat_longer_than_its_record_is_told(void **)
{
	struct tls_bytes bad = {.len = 0}, good = {.len = 0};
	uint8_t beat[3 + 4 + 16] = {1, 0, 4};
	struct pal_tls tls = {0};

	put_record(&good, 24, beat, sizeof(beat));
	put_record(&bad, 24, "\x01\x40\x00", 3);
	assert_int_equal(give(&tls, CLIENT, &good, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, CLIENT, &bad, 1000), PAL_TLS_HEARTBLEED);
	pal_tls_fini(&tls);
}

static void hello_of_ssl_2_is_read(void **)
{
	static const uint8_t hello[] = {0x80, 0x1f, 1,	  0x03, 0x01, 0,    6,	0,  0,	0,  16,
					0x00, 0x00, 0x2f, 0x07, 0x00, 0xc0, 1,	2,  3,	4,  5,
					6,    7,    8,	  9,	10,   11,   12, 13, 14, 15, 16};
	struct tls_bytes from_client = {.len = 0}, from_server = {.len = 0};
	struct pal_tls_hello read;
	struct pal_tls tls = {0};
	struct pal_cursor ciphers;
	uint16_t cipher;

	put_bytes(&from_client, hello, sizeof(hello));
	assert_int_equal(pal_tls_probe(cursor_of(&from_client), PAL_OVER_TCP), PAL_PROBE_YES);
	put_hello_record(&from_server, &server_1_2);
	assert_int_equal(give(&tls, CLIENT, &from_client, 3), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &from_server, 1000), PAL_TLS_MORE);
	assert_true(pal_tls_handshake_client(&tls.hs, false, &read));
	assert_true(read.is_v2);
	assert_int_equal(read.version, PAL_TLS_1_0);
	ciphers = read.ciphers;
	assert_true(pal_tls_cipher_next(&read, &ciphers, &cipher));
	assert_int_equal(cipher, 0x2f);
	assert_false(pal_tls_cipher_next(&read, &ciphers, &cipher));
	assert_int_equal(tls.hs.version, PAL_TLS_1_2);
	pal_tls_fini(&tls);
}

static void no_record_after_a_record_is_malformed(void **)
{
	struct tls_bytes b = {.len = 0};
	struct pal_tls tls = {0};

	put_hello_record(&b, &client_1_2);
	put_bytes(&b, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(give(&tls, CLIENT, &b, 1000), PAL_TLS_MALFORMED);
	is_sni(&tls, "example.org");
	pal_tls_fini(&tls);
}

static void side_that_never_was_tls_is_not_malformed(void **)
{
	struct tls_bytes b = {.len = 0};
	struct pal_tls tls = {0};

	put_bytes(&b, "HTTP/1.1 400 Bad Request\r\n", 26);
	assert_int_equal(give(&tls, SERVER, &b, 4), PAL_TLS_MORE);
	assert_true(tls.sides[SERVER].is_lost);
	pal_tls_fini(&tls);
}

static void damaged_extensions_are_malformed_and_told(void **)
{
	struct tls_bytes b = {.len = 0};
	struct pal_tls tls = {0};

	put_hello_record(&b, &client_1_2);
	b.data[b.len - 5]++; // the length of the list in the last extension's place
	b.data[b.len - 6] = 0xff;
	assert_int_equal(give(&tls, CLIENT, &b, 1000), PAL_TLS_MALFORMED);
	is_sni(&tls, "example.org");
	pal_tls_fini(&tls);
}

static void gap_loses_a_side(void **)
{
	struct tls_bytes from_client = {.len = 0}, change = {.len = 0};
	struct pal_tls tls = {0};

	put_hello_record(&from_client, &client_1_2);
	put_change(&change);
	assert_int_equal(give(&tls, CLIENT, &from_client, 1000), PAL_TLS_MORE);
	assert_int_equal(pal_tls_gap(&tls, SERVER), PAL_TLS_MORE);
	assert_int_equal(give(&tls, CLIENT, &change, 1000), PAL_TLS_OVER);
	is_sni(&tls, "example.org");
	pal_tls_fini(&tls);
}

static void application_data_is_not_read(void **)
{
	struct tls_bytes b = {.len = 0};
	struct pal_tls tls = {0};

	put_record(&b, 23, "secret", 6);
	assert_int_equal(give(&tls, CLIENT, &b, 1000), PAL_TLS_MORE);
	assert_int_equal(give(&tls, SERVER, &b, 1000), PAL_TLS_OVER);
	assert_false(pal_tls_handshake_is_any(&tls.hs));
	pal_tls_fini(&tls);
}

/* recognition */

static void probe_knows_a_hello_by_its_first_bytes(void **)
{
	struct tls_bytes b = {.len = 0};

	put_hello_record(&b, &client_1_2);
	for (size_t len = 1; len < 10; len++)
		assert_int_equal(
			pal_tls_probe(pal_cursor_of(b.data, len), PAL_OVER_TCP), PAL_PROBE_MORE
		);
	for (size_t len = 10; len <= PAL_PROBE_BYTES; len++)
		assert_int_equal(
			pal_tls_probe(pal_cursor_of(b.data, len), PAL_OVER_TCP), PAL_PROBE_YES
		);
}

static void probe_leaves_small_records_to_the_port(void **)
{
	struct pal_cursor bytes = pal_cursor_of("\x16\x03\x01\x00\x01\x01\x16\x03\x01", 9);

	assert_int_equal(pal_tls_probe(bytes, PAL_OVER_TCP), PAL_PROBE_LIKELY);
}

static void probe_refuses_what_is_not_tls(void **)
{
	static const struct {
		const char *bytes;
		size_t len;
	} others[] = {
		{"GET / HTTP/1.1", 14},
		{"\x16\x02\x01\x00\x10", 5},
		{"\x16\x03\x05\x00\x10", 5},
		{"\x16\x03\x01\xff\xff", 5},
		{"\x16\x03\x01\x00\x10\x63", 6},
		{"\x14\x03\x01\x00\x01\x02", 6},
		{"\x80\x2e\x01\x00\x01\x00\x03\x00\x00\x00\x10", 11},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
			pal_tls_probe(pal_cursor_of(others[i].bytes, others[i].len), PAL_OVER_TCP),
			PAL_PROBE_NO
		);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_1_2_is_over_when_both_sides_encrypt),
		cmocka_unit_test(message_goes_on_in_the_next_record),
		cmocka_unit_test(tls_1_3_is_over_with_the_server_hello),
		cmocka_unit_test(retry_goes_on_after_change_cipher),
		cmocka_unit_test(abbreviated_handshake_is_resumed),
		cmocka_unit_test(pre_shared_key_is_resumed),
		cmocka_unit_test(fatal_alert_ends_it),
		cmocka_unit_test(heartbeat_longer_than_its_record_is_told),
		cmocka_unit_test(hello_of_ssl_2_is_read),
		cmocka_unit_test(no_record_after_a_record_is_malformed),
		cmocka_unit_test(side_that_never_was_tls_is_not_malformed),
		cmocka_unit_test(damaged_extensions_are_malformed_and_told),
		cmocka_unit_test(gap_loses_a_side),
		cmocka_unit_test(application_data_is_not_read),
		cmocka_unit_test(probe_knows_a_hello_by_its_first_bytes),
		cmocka_unit_test(probe_leaves_small_records_to_the_port),
		cmocka_unit_test(probe_refuses_what_is_not_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
