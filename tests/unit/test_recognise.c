/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Protocols that are only recognised: how each begins, and what is nearly so. */
#include "check.h"

#include <pal_proto.h>

#include <stdio.h>
#include <string.h>

#define TCP PAL_OVER_TCP
#define UDP PAL_OVER_UDP
#define ONES "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
#define A16 "AAAAAAAAAAAAAAAA"
#define SESSION "\xc6\x5c\x45\xb9\xf4\xc3\x26\x91"
#define REPLAY "\0\0\0\1\x63\x77\x12\x5f"

struct example {
	enum pal_app app;
	enum pal_proto_over over;
	const char *bytes;
	size_t len;
	uint16_t port; // 0: recognised on any
};
#define EXAMPLE(app, over, bytes, port)                                                            \
	{                                                                                          \
		PAL_APP_##app, over, bytes, sizeof(bytes) - 1, port                                \
	}

static const struct example examples[] = {
	EXAMPLE(SMB, TCP, "\0\0\0\x2f\xffSMBr\0\0\0\0", 0),
	EXAMPLE(SMB, TCP, "\0\0\0\x68\xfeSMB@\0", 0),
	EXAMPLE(SMB, TCP, "\0\0\0\x68\xfdSMBxx", 0),
	EXAMPLE(SMB, TCP, "\x81\0\0\x44 " A16 A16 "\0 " A16 A16 "\0", 0),
	EXAMPLE(BITTORRENT,
		TCP,
		"\x13"
		"BitTorrent protocol\0\0\0\0",
		0),
	EXAMPLE(BITTORRENT, UDP, "\x41\0\x12\x34\1\2\3\4\0\0\0\0\0\4\0\0\0\1\0\0", 0),
	EXAMPLE(BITTORRENT_DHT, UDP, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", 0),
	EXAMPLE(BITTORRENT_DHT, UDP, "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re", 0),
	EXAMPLE(BGP, TCP, ONES "\0\x13\4", 0),
	EXAMPLE(BGP, TCP, ONES "\0\x1d\1\4\xfd\xe9\0\xb4\n\4\n\x64\0", 0),
	EXAMPLE(SIP, UDP, "INVITE sip:bob@example.com SIP/2.0\r\n", 0),
	EXAMPLE(SIP, TCP, "REGISTER sips:example.com SIP/2.0\r\n", 0),
	EXAMPLE(SIP, UDP, "SIP/2.0 200 OK\r\n", 0),
	EXAMPLE(STUN,
		UDP,
		"\0\1\0\0\x21\x12\xa4\x42"
		"0123456789ab",
		0),
	EXAMPLE(STUN,
		TCP,
		"\0\3\0\x24\x21\x12\xa4\x42"
		"0123",
		0),
	EXAMPLE(RDP, TCP, "\3\0\0\x2d\x28\xe0\0\0\0\0\0Cookie: mstshash=user\r\n", 0),
	EXAMPLE(RDP, TCP, "\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0", 0),
	EXAMPLE(RDP, TCP, "\3\0\0\x13\x0e\xd0\0\0\x12\0\0\2\0\x08\0\1\0\0\0", 0),
	EXAMPLE(RDP, TCP, "\3\0\0\x0b\x06\xe0\0\0\0\0\0", 3389),
	EXAMPLE(OPENVPN, UDP, "\x38" SESSION "\0\0\0\0\0", 0),
	EXAMPLE(OPENVPN, UDP, "\x40" SESSION "\1\0\0\0\0" SESSION "\0\0\0\0", 0),
	EXAMPLE(OPENVPN, UDP, "\x38" SESSION A16 "BBBB" REPLAY "\0\0\0\0\0", 0),
	EXAMPLE(OPENVPN, UDP, "\x38" SESSION REPLAY A16 A16 "crypt", 0),
	EXAMPLE(OPENVPN, TCP, "\0\x0e\x38" SESSION "\0\0\0\0\0", 0),
	EXAMPLE(OPENVPN, TCP, "\0\x36\x38" SESSION A16 A16 REPLAY "\0\0\0\0\0", 0),
	EXAMPLE(OPENVPN, TCP, "\0\x42\x40" SESSION A16 A16 REPLAY "\1\0\0\0\0" SESSION "\0\0\0\0", 0
	),
	EXAMPLE(MQTT, TCP, "\x10\x12\0\4MQTT\4\2\0\x3c", 0),
	EXAMPLE(MQTT, TCP, "\x10\x80\1\0\6MQIsdp\3", 0),
	EXAMPLE(MQTT, TCP, "\x20\2\0\0", 1883),
	EXAMPLE(SOCKS, TCP, "\5\1\0\5\1\0\1\n\0\0\1\0\x50", 0),
	EXAMPLE(SOCKS, TCP, "\5\0\5\0\0\1\n\0\0\1\0\x50", 0),
	EXAMPLE(SOCKS, TCP, "\5\2\0\1", 1080),
	EXAMPLE(SOCKS, TCP, "\4\1\0\x50\x5d\xb8\xd8\x77user\0", 0),
	EXAMPLE(SOCKS, TCP, "\4\1\0\x50\x5d\xb8\xd8\x77\0", 1080),
	EXAMPLE(MODBUS, TCP, "\0\1\0\0\0\6\1\3\0\0\0\n", 502),
	EXAMPLE(RTP, UDP, "\x80\x08\0\1\0\0\0\xa0\x0e\xaf\x0e\xaf" A16, 5004),
};

// Nobody takes these for the protocol, on its own port either.
static const struct example near_misses[] = {
	EXAMPLE(SMB, TCP, "\0\0\0\x2f\xffSMC", 445),
	EXAMPLE(SMB, TCP, "\x81\0\0\x44 " A16 "AAAAAAAAAAAAAAAZ", 139),
	EXAMPLE(BITTORRENT,
		TCP,
		"\x13"
		"BitTorrent prototype",
		6881),
	EXAMPLE(BITTORRENT, UDP, "\x41\0\x12\x34\1\2\3\4\0\0\0\0\0\4\0\0\0\2\0\0", 6881),
	EXAMPLE(BITTORRENT_DHT, UDP, "d1:ad2:id20:abcdef", 6881),
	EXAMPLE(BGP, TCP, ONES "\0\x12\4", 179),
	EXAMPLE(BGP, TCP, ONES "\0\x13\6", 179),
	EXAMPLE(SIP, TCP, "OPTIONS rtsp://example.com RTSP/1.0\r\n", 5060),
	EXAMPLE(SIP, UDP, "NOTIFY * HTTP/1.1\r\n", 5060),
	EXAMPLE(STUN,
		UDP,
		"\0\1\0\0\x21\x12\xa4\x43"
		"0123456789ab",
		3478),
	EXAMPLE(STUN,
		UDP,
		"\0\1\0\2\x21\x12\xa4\x42"
		"0123456789ab",
		3478),
	EXAMPLE(RDP, TCP, "\3\0\0\x16\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\1\n", 3389), // S7
	EXAMPLE(RDP, TCP, "\3\0\0\x14\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0", 3389),
	EXAMPLE(OPENVPN, UDP, "\x38" SESSION "\0\0\0\0\1", 1194),
	EXAMPLE(OPENVPN, UDP, "\x38" SESSION "\0\0\0\0\0\0", 1194),
	EXAMPLE(OPENVPN, UDP, "\x39" SESSION "\0\0\0\0\0", 1194),
	EXAMPLE(WIREGUARD, UDP, "\1\0\0\0" A16 A16 A16, 51820),
	EXAMPLE(MQTT, TCP, "\x10\x12\0\4MQTS\4\2\0\x3c", 1883),
	EXAMPLE(MQTT, TCP, "\x10\xff\xff\xff\xff\0\4MQTT", 1883),
	EXAMPLE(SOCKS, TCP, "\5\2\0\x20", 1080),
	EXAMPLE(SOCKS, TCP, "\4\3\0\x50\x5d\xb8\xd8\x77user\0", 1080),
	EXAMPLE(MODBUS, TCP, "\0\1\0\1\0\6\1\3\0\0\0\n", 502),
	EXAMPLE(MODBUS, TCP, "\0\1\0\0\0\6\1\0\0\0\0\n", 502),
	EXAMPLE(RTP, UDP, "\x80\xc8\0\6\0\0\0\xa0\x0e\xaf\x0e\xaf" A16, 5004), // RTCP
};
#define NB(list) (sizeof(list) / sizeof((list)[0]))

static enum pal_app
recognise(const struct example *e, size_t len, uint16_t port, bool is_all, uint64_t candidates)
{
	struct pal_proto_sample sample = {
		.bytes = pal_cursor_of(e->bytes, len),
		.over = e->over,
		.ports = {40000, port},
		.is_all = is_all,
	};

	return pal_proto_recognise(&sample, &candidates);
}

static void examples_are_recognised(void **)
{
	for (size_t i = 0; i < NB(examples); i++) {
		const struct example *e = &examples[i];
		enum pal_app app = recognise(e, e->len, e->port, true, PAL_APPS_ALL);

		if (app != e->app)
			fail_msg(
				"example %zu of %s: %s", i, pal_app_name(e->app), pal_app_name(app)
			);
	}
}

static void what_others_look_like_needs_its_port(void **)
{
	for (size_t i = 0; i < NB(examples); i++) {
		const struct example *e = &examples[i];

		if (e->port != 0)
			assert_int_not_equal(recognise(e, e->len, 9, true, PAL_APPS_ALL), e->app);
	}
}

static void near_misses_are_refused(void **)
{
	for (size_t i = 0; i < NB(near_misses); i++) {
		const struct example *e = &near_misses[i];

		if (recognise(e, e->len, e->port, true, UINT64_C(1) << e->app) == e->app)
			fail_msg("near miss %zu of %s", i, pal_app_name(e->app));
	}
}

static void wireguard_has_its_lengths(void **)
{
	uint8_t bytes[148] = {1};

	assert_int_equal(pal_wireguard_probe(pal_cursor_of(bytes, 148), UDP), PAL_PROBE_YES);
	bytes[0] = 2;
	assert_int_equal(pal_wireguard_probe(pal_cursor_of(bytes, 92), UDP), PAL_PROBE_YES);
	bytes[0] = 4;
	assert_int_equal(pal_wireguard_probe(pal_cursor_of(bytes, 32), UDP), PAL_PROBE_LIKELY);
	bytes[0] = 1;
	bytes[3] = 1;
	assert_int_equal(pal_wireguard_probe(pal_cursor_of(bytes, 148), UDP), PAL_PROBE_NO);
}

// What pal_probe_t promises, for each probe on the beginnings of everything above.
static void more_bytes_change_only_what_they_may(void **)
{
	for (size_t i = 0; i < NB(examples) + NB(near_misses); i++) {
		const struct example *e =
			i < NB(examples) ? &examples[i] : &near_misses[i - NB(examples)];

		for (enum pal_app app = PAL_APP_FAILED + 1; app < PAL_APP_COUNT; app++) {
			const struct pal_proto *proto = pal_proto_get(app);
			enum pal_probe before = PAL_PROBE_MORE, now;

			if (!(proto->over & TCP))
				continue;
			for (size_t len = 1; len <= e->len && len <= PAL_PROBE_BYTES; len++) {
				now = proto->probe(pal_cursor_of(e->bytes, len), TCP);
				if (now != before && before != PAL_PROBE_MORE &&
				    !(before == PAL_PROBE_LIKELY && now == PAL_PROBE_YES))
					fail_msg(
						"%s, %zu bytes of %zu: %d, then %d",
						proto->name,
						len,
						i,
						before,
						now
					);
				before = now;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_are_recognised),
		cmocka_unit_test(what_others_look_like_needs_its_port),
		cmocka_unit_test(near_misses_are_refused),
		cmocka_unit_test(wireguard_has_its_lengths),
		cmocka_unit_test(more_bytes_change_only_what_they_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
