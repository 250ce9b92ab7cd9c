/* SPDX-License-Identifier: BSD-3-Clause */
/** @file QUIC: the examples of RFC 9001 appendix A and RFC 9369 appendix A, and CRYPTO streams in any order. */
#include "../support/check.h"
#include "../support/quic_build.h"
#include "../support/tls_build.h"

#include <pal_proto.h>
#include <pal_quic.h>

#include <stdlib.h>

#define CLIENT 0
#define SERVER 1

static struct pal_quic_room room;

static int set_up(void **)
{
	room.crypto = pal_crypto_create();
	assert_non_null(room.crypto);
	return 0;
}

static int tear_down(void **)
{
	pal_crypto_destroy(room.crypto);
	return 0;
}

static size_t unhex(const char *text, uint8_t *ret_bytes)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++)
		ret_bytes[i] =
			(uint8_t)strtoul((char[]){text[2 * i], text[2 * i + 1], 0}, NULL, 16);
	return len;
}

static void is_hex(const uint8_t *bytes, const char *want)
{
	uint8_t wanted[64];

	assert_memory_equal(bytes, wanted, unhex(want, wanted));
}

static const uint8_t dcid[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

// RFC 9001 appendix A.1.
static void keys_of_version_1_are_as_published(void **)
{
	struct pal_quic_keys client, server;

	assert_true(pal_quic_initial_keys(
		room.crypto, PAL_QUIC_V1, pal_cursor_of(dcid, sizeof(dcid)), &client, &server
	));
	is_hex(client.key, "1f369613dd76d5467730efcbe3b1a22d");
	is_hex(client.iv, "fa044b2f42a3fd3b46fb255c");
	is_hex(client.hp, "9f50449e04a0e810283a1e9933adedd2");
	is_hex(server.key, "cf3a5331653c364c88f0f379b6067e37");
	is_hex(server.iv, "0ac1493ca1905853b0bba03e");
	is_hex(server.hp, "c206b8d9b9f0f37644430b490eeaa314");
}

// RFC 9369 appendix A.1.
static void keys_of_version_2_are_as_published(void **)
{
	struct pal_quic_keys client, server;

	assert_true(pal_quic_initial_keys(
		room.crypto, PAL_QUIC_V2, pal_cursor_of(dcid, sizeof(dcid)), &client, &server
	));
	is_hex(client.key, "8b1a0bc121284290a29e0971b5cd045d");
	is_hex(client.iv, "91f73e2351d8fa91660e909f");
	is_hex(client.hp, "45b95e15235d6f45a6b19cbcb0294ba9");
	is_hex(server.key, "82db637861d55e1d011f19ea71d5d2a7");
	is_hex(server.iv, "dd13c276499c0249d3310652");
	is_hex(server.hp, "edf6d05c83121201b436e16877593c3a");
}

// RFC 9001 appendix A.3.
static const char server_initial[] =
	"cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
	"5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
	"dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
	"022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
	"2158407dd074ee";

static void initial_of_the_server_is_decrypted(void **)
{
	struct pal_quic_keys client, server;
	struct pal_quic_packet packet;
	struct pal_cursor cur, frames;
	uint8_t bytes[256];
	int64_t largest = -1;

	cur = pal_cursor_of(bytes, unhex(server_initial, bytes));
	assert_true(pal_quic_next(&cur, &packet));
	assert_int_equal(packet.type, PAL_QUIC_INITIAL);
	assert_int_equal(pal_cursor_left(&cur), 0);
	assert_true(pal_quic_initial_keys(
		room.crypto, PAL_QUIC_V1, pal_cursor_of(dcid, sizeof(dcid)), &client, &server
	));
	assert_false(pal_quic_open(&room, &packet, &client, &largest, &frames));
	assert_true(pal_quic_open(&room, &packet, &server, &largest, &frames));
	assert_int_equal(largest, 1);
	is_hex(frames.pos, "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739");
}

static void damaged_packet_is_refused(void **)
{
	struct pal_quic_keys client, server;
	struct pal_quic_packet packet;
	struct pal_cursor frames;
	uint8_t bytes[256];
	size_t len = unhex(server_initial, bytes);

	assert_true(pal_quic_initial_keys(
		room.crypto, PAL_QUIC_V1, pal_cursor_of(dcid, sizeof(dcid)), &client, &server
	));
	for (size_t i = 17; i < len; i++) {
		struct pal_cursor cur = pal_cursor_of(bytes, len);
		int64_t largest = -1;

		bytes[i] ^= 0x10;
		if (pal_quic_next(&cur, &packet))
			assert_false(pal_quic_open(&room, &packet, &server, &largest, &frames));
		bytes[i] ^= 0x10;
	}
}

/* connections */

static const struct tls_build client_hello = {
	.version = 0x0303,
	.ciphers = (const int[]){0x1301, 0x1302, -1},
	.exts = (const int[]){0, 16, 43, -1},
	.versions = (const int[]){0x0304, -1},
	.sni = "quic.example",
	.alpn = "h3",
};
static const struct tls_build server_hello = {
	.version = 0x0303,
	.is_server = true,
	.ciphers = (const int[]){0x1302, -1},
	.exts = (const int[]){43, -1},
	.versions = (const int[]){0x0304, -1},
};

static void put_hello_message(struct tls_bytes *b, const struct tls_build *h)
{
	struct tls_bytes body = {.len = 0};

	put_hello(&body, h);
	put_message(b, h->is_server ? 2 : 1, &body);
}

/** A datagram of one Initial packet with these frames. */
static enum pal_quic_event
give(struct pal_quic *quic,
     unsigned int side,
     uint32_t version,
     unsigned int number,
     const struct tls_bytes *frames)
{
	struct quic_build build = {
		.version = version,
		.dcid = pal_cursor_of(dcid, sizeof(dcid)),
		.keys_of = pal_cursor_of(dcid, sizeof(dcid)),
		.is_server = side == SERVER,
		.number = number,
	};
	struct tls_bytes datagram = {.len = 0};

	put_initial(&datagram, room.crypto, &build, frames);
	return pal_quic_read(quic, &room, side, cursor_of(&datagram));
}

static void is_client_known(const struct pal_quic *quic)
{
	struct pal_tls_hello hello;
	struct pal_cursor name;

	assert_true(pal_tls_handshake_client(&quic->hs, false, &hello));
	assert_true(pal_tls_sni(&hello, &name));
	assert_int_equal(pal_cursor_left(&name), strlen("quic.example"));
	assert_memory_equal(name.pos, "quic.example", strlen("quic.example"));
}

static void both_hellos_are_the_end_in_every_version(void **)
{
	static const uint32_t versions[] = {
		PAL_QUIC_V1,
		PAL_QUIC_V2,
		PAL_QUIC_DRAFT_23,
		PAL_QUIC_DRAFT_28,
		PAL_QUIC_DRAFT_29,
		PAL_QUIC_DRAFT_34};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct tls_bytes msg = {.len = 0}, frames = {.len = 0}, reply = {.len = 0};
		struct pal_quic quic = {0};

		put_hello_message(&msg, &client_hello);
		put_crypto(&frames, 0, msg.data, msg.len);
		msg.len = 0;
		put_hello_message(&msg, &server_hello);
		put_bytes(&reply, "\x02\0\0\0\0", 5); // ACK
		put_crypto(&reply, 0, msg.data, msg.len);
		assert_int_equal(give(&quic, CLIENT, versions[i], 0, &frames), PAL_QUIC_MORE);
		assert_int_equal(give(&quic, SERVER, versions[i], 0, &reply), PAL_QUIC_OVER);
		is_client_known(&quic);
		assert_int_equal(quic.version, versions[i]);
		assert_int_equal(quic.hs.version, PAL_TLS_1_3);
		pal_quic_fini(&quic);
	}
}

// RFC 9369 section 4.1.
static void server_may_go_on_in_version_2(void **)
{
	struct tls_bytes msg = {.len = 0}, frames = {.len = 0}, reply = {.len = 0};
	struct pal_quic quic = {0};

	put_hello_message(&msg, &client_hello);
	put_crypto(&frames, 0, msg.data, msg.len);
	msg.len = 0;
	put_hello_message(&msg, &server_hello);
	put_crypto(&reply, 0, msg.data, msg.len);
	assert_int_equal(give(&quic, CLIENT, PAL_QUIC_V1, 0, &frames), PAL_QUIC_MORE);
	assert_int_equal(give(&quic, SERVER, PAL_QUIC_V2, 0, &reply), PAL_QUIC_OVER);
	assert_int_equal(quic.version, PAL_QUIC_V2);
	pal_quic_fini(&quic);
}

static void stream_is_put_together_in_any_order(void **)
{
	struct tls_bytes msg = {.len = 0};

	put_hello_message(&msg, &client_hello);
	for (unsigned int seed = 1; seed < 40; seed++) {
		unsigned int order[256], nb = 0, state = seed;
		struct pal_quic quic = {0};

		for (size_t at = 0; at < msg.len; at += 1 + seed % 7)
			order[nb++] = (unsigned int)at;
		for (unsigned int i = nb - 1; i > 0; i--) {
			unsigned int j = (state = state * 1103515245 + 12345) / 65536 % (i + 1),
				     swap = order[i];

			order[i] = order[j];
			order[j] = swap;
		}
		for (unsigned int i = 0; i < nb; i += 3) {
			struct tls_bytes frames = {.len = 0};

			// Pieces overlap, and come again.
			for (unsigned int k = i; k < nb && k < i + 3; k++) {
				size_t len = msg.len - order[k] < 9 ? msg.len - order[k] : 9;

				put_crypto(&frames, order[k], msg.data + order[k], len);
				put_u8(&frames, 0);
			}
			give(&quic, CLIENT, PAL_QUIC_V1, i, &frames);
		}
		is_client_known(&quic);
		assert_true(quic.sides[CLIENT].is_done);
		pal_quic_fini(&quic);
	}
}

static void what_is_held_is_bounded(void **)
{
	struct pal_quic quic = {0};

	for (unsigned int i = 0; i < 2000; i++) {
		struct tls_bytes frames = {.len = 0};
		uint8_t bytes[64] = {0};

		put_crypto(&frames, 100 + 2 * i, bytes, sizeof(bytes));
		give(&quic, CLIENT, PAL_QUIC_V1, i, &frames);
	}
	assert_true(quic.sides[CLIENT].crypto.nb_pieces <= PAL_PIECES_MAX);
	assert_true(quic.sides[CLIENT].crypto.held.len <= PAL_PIECES_HELD_MAX);
	pal_quic_fini(&quic);
}

static void other_frames_are_malformed(void **)
{
	struct tls_bytes frames = {.len = 0};
	struct pal_quic quic = {0};

	put_bytes(&frames, "\x08\0stream", 8);
	assert_int_equal(give(&quic, CLIENT, PAL_QUIC_V1, 0, &frames), PAL_QUIC_MALFORMED);
	pal_quic_fini(&quic);
}

static void vain_datagrams_are_the_end(void **)
{
	struct pal_quic quic = {0};
	static const uint8_t data[40] = {0x40};

	for (int i = 1; i < PAL_QUIC_VAIN_MAX; i++)
		assert_int_equal(
			pal_quic_read(&quic, &room, CLIENT, pal_cursor_of(data, sizeof(data))),
			PAL_QUIC_MORE
		);
	assert_int_equal(
		pal_quic_read(&quic, &room, CLIENT, pal_cursor_of(data, sizeof(data))),
		PAL_QUIC_OVER
	);
	pal_quic_fini(&quic);
}

static void user_agent_is_a_transport_parameter(void **)
{
	static const uint8_t exts[] = {
		0, 57, 0, 11, 0x01, 1, 5, 0x71, 0x29, 5, 'C', 'h', 'r', 'o', 'm'};
	struct pal_tls_hello hello = {
		.is_client = true, .extensions = pal_cursor_of(exts, sizeof(exts))};
	struct pal_cursor text;

	assert_true(pal_quic_user_agent(&hello, &text));
	assert_int_equal(pal_cursor_left(&text), 5);
	assert_memory_equal(text.pos, "Chrom", 5);
}

/* recognition */

static void probe_knows_long_headers_only(void **)
{
	static const uint8_t versions[] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	uint8_t bytes[256];
	size_t len = unhex(server_initial, bytes);

	assert_int_equal(pal_quic_probe(pal_cursor_of(bytes, len), PAL_OVER_UDP), PAL_PROBE_YES);
	assert_int_equal(pal_quic_probe(pal_cursor_of(bytes, len - 1), PAL_OVER_UDP), PAL_PROBE_NO);
	assert_int_equal(
		pal_quic_probe(pal_cursor_of(versions, sizeof(versions)), PAL_OVER_UDP),
		PAL_PROBE_YES
	);
	bytes[0] &= 0x7f;
	assert_int_equal(pal_quic_probe(pal_cursor_of(bytes, len), PAL_OVER_UDP), PAL_PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_version_1_are_as_published),
		cmocka_unit_test(keys_of_version_2_are_as_published),
		cmocka_unit_test(initial_of_the_server_is_decrypted),
		cmocka_unit_test(damaged_packet_is_refused),
		cmocka_unit_test(both_hellos_are_the_end_in_every_version),
		cmocka_unit_test(server_may_go_on_in_version_2),
		cmocka_unit_test(stream_is_put_together_in_any_order),
		cmocka_unit_test(what_is_held_is_bounded),
		cmocka_unit_test(other_frames_are_malformed),
		cmocka_unit_test(vain_datagrams_are_the_end),
		cmocka_unit_test(user_agent_is_a_transport_parameter),
		cmocka_unit_test(probe_knows_long_headers_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
