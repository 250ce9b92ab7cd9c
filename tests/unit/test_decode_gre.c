/* SPDX-License-Identifier: BSD-3-Clause */
/* GRE, and what lies on it: frames, PPP of PPTP, mirrors of ERSPAN, redirections of WCCP. */
#include "decode_test.h"

#define C4 "192.0.2.1"
#define D4 "192.0.2.2"

#define MACS "020000000002 020000000001"
#define FRAME4 MACS "0800"

static struct pktbuild *gre(const char *header)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, C4, D4, IPPROTO_GRE);
	pktbuild_hex(pb, header);
	return pb;
}

static struct nest decode_gre(const char *header)
{
	return decode_nest(tcp4(gre(header), A4, B4));
}

struct gre_case {
	const char *header;
	enum pal_tunnel_type type;
	uint32_t id;
};

/** What is inside is found, and every cut of it is named. */
static void assert_carries(const struct gre_case *cases, size_t nb_cases)
{
	for (size_t i = 0; i < nb_cases; i++) {
		struct nest nest = decode_gre(cases[i].header);

		assert_int_equal(nest.nb_pkts, 2);
		assert_delivered(nest.pkts[0]);
		assert_int_equal(nest.pkts[0].key.proto, IPPROTO_GRE);
		assert_int_equal(nest.pkts[0].inner_tunnel, cases[i].type);
		assert_int_equal(nest.pkts[0].inner_id, cases[i].id);
		assert_delivered(nest.pkts[1]);
		assert_ports(nest.pkts[1], 1234, 80);
		assert_int_equal(nest.pkts[1].payload_len, 5);
		nest_free(&nest);
		assert_cut_anywhere_is_named(tcp4(gre(cases[i].header), A4, B4));
	}
}

/** The datagram outside is all there is. */
static void assert_is_plain(const char *header)
{
	struct nest nest = decode_gre(header);

	assert_int_equal(nest.nb_pkts, 1);
	assert_delivered(nest.pkts[0]);
	assert_int_equal(nest.pkts[0].payload_off, 34);
	assert_int_equal(nest.pkts[0].payload_len, nest.pkts[0].l3_payload_len);
	nest_free(&nest);
}

static void every_optional_field_of_gre_is_passed_over(void **)
{
	static const struct gre_case cases[] = {
		{"0000 0800", PAL_TUNNEL_GRE, 0},
		{"8000 0800 1234 0000", PAL_TUNNEL_GRE, 0}, // checksum
		{"2000 0800 00000007", PAL_TUNNEL_GRE, 7}, // key
		{"1000 0800 00000001", PAL_TUNNEL_GRE, 0}, // sequence number
		{"b000 0800 1234 0000 00000007 00000001", PAL_TUNNEL_GRE, 7},
		{"0300 0800", PAL_TUNNEL_GRE, 0}, // recursion control, RFC 1701
		{"0000 8847 000111ff", PAL_TUNNEL_GRE, 0},
		{"2000 8909 00000028 0800 01 01 0001 0000", PAL_TUNNEL_GRE, 0x28}, // metadata
		{"0000 894f 0fc2 02 01 000001ff", PAL_TUNNEL_GRE, 0},
		{"0000 880b ff03 0021", PAL_TUNNEL_GRE, 0},
	};

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));
}

static void source_routes_of_gre_are_passed_over(void **)
{
	static const struct gre_case cases[] = {
		// Checksum and offset are there as well; an entry of one address, and the end.
		{"4000 0800 0000 0000 0800 00 04 c0000203 00000000", PAL_TUNNEL_GRE, 0},
		{"e000 0800 0000 0000 00000007 0800 04 08 c0000203 c0000204 0800 00 00 00000000",
		 PAL_TUNNEL_GRE,
		 7},
		{"4000 0800 0000 0000 00000000", PAL_TUNNEL_GRE, 0},
		{"4000 0800 0000 0000 0000 00 04 c0000203 00000000", PAL_TUNNEL_GRE, 0},
	};

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));
	assert_is_plain("4000 0800 0000 0000 0800 00 ff c0000203");
	assert_is_plain("4000 0800 0000 0000 0800 00 00 0800 00 00 0800 00 ff");
}

static void gre_that_says_nothing_known_is_plain(void **)
{
	struct nest nest;

	assert_is_plain("0000 0000"); // keepalive
	assert_is_plain("0002 0800"); // version
	assert_is_plain("0008 0800"); // reserved bits
	assert_is_plain("0000 0123"); // length of LLC
	assert_int_equal(stats.tunnels[PAL_TUNNEL_GRE], 0);
	assert_is_plain("0000 fefe");
	assert_int_equal(stats.unknown_ethertype[0].number, 0x0123);
	assert_int_equal(stats.unknown_ethertype[1].number, 0xfefe);
	assert_int_equal(stats.unknown_ethertype[1].pkts, 1);

	nest = decode_gre("0000 0806");
	assert_int_equal(nest.nb_pkts, 2);
	assert_drop(nest.pkts[1], "arp");
	nest_free(&nest);
}

/* ---- frames ---- */

static void frames_in_gre_are_nvgre_where_the_key_is_a_network(void **)
{
	static const struct gre_case cases[] = {
		{"0000 6558" FRAME4, PAL_TUNNEL_GRE, 0},
		{"2000 6558 00123456" FRAME4, PAL_TUNNEL_NVGRE, 0x1234},
		{"2000 6558 00100000" FRAME4, PAL_TUNNEL_NVGRE, 0x1000},
		{"2000 6558 000fffff" FRAME4, PAL_TUNNEL_GRE, 0xfffff}, // reserved
		{"2000 6558 02000000" FRAME4, PAL_TUNNEL_GRE, 0x02000000}, // 2, little endian
		{"3000 6558 00123456 00000001" FRAME4, PAL_TUNNEL_GRE, 0x123456},
		{"2000 6558 00123456" MACS "8100 0005 0800", PAL_TUNNEL_NVGRE, 0x1234},
	};

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));
}

static uint32_t number_of(const char *header)
{
	struct nest nest = decode_gre(header);
	uint32_t number;

	assert_int_equal(nest.nb_pkts, 2);
	number = nest.pkts[1].key.tunnel;
	nest_free(&nest);
	return number;
}

static void keys_that_may_differ_by_direction_tell_no_tunnels_apart(void **)
{
	assert_int_equal(number_of("2000 0800 00000001"), number_of("2000 0800 00000002"));
	assert_int_equal(number_of("2000 0800 00000001"), number_of("1000 0800 00000001"));
	assert_int_equal(
		number_of("2000 6558 00000000" FRAME4), number_of("2000 6558 02000000" FRAME4)
	);
	// The flow of a virtual network is in its lowest byte.
	assert_int_equal(
		number_of("2000 6558 00123456" FRAME4), number_of("2000 6558 00123478" FRAME4)
	);
	assert_int_not_equal(
		number_of("2000 6558 00123456" FRAME4), number_of("2000 6558 00123556" FRAME4)
	);
	// Call ids are those of the receiver.
	assert_int_equal(
		number_of("3001 880b 0031 0001 00000001 ff03 0021"),
		number_of("3001 880b 0031 0002 00000001 ff03 0021")
	);
	// Mirrors of one flow come from several switches.
	assert_int_equal(
		number_of("1000 88be 00000001 10170864 00000000" FRAME4),
		number_of("1000 88be 00000001 10170865 00000000" FRAME4)
	);
}

/* ---- PPTP ---- */

static void pptp_carries_ppp_up_to_its_length(void **)
{
	static const struct gre_case cases[] = {
		{"3001 880b 0031 0007 00000001 ff03 0021", PAL_TUNNEL_PPTP, 7},
		{"3081 880b 0031 0007 00000001 00000001 ff03 0021", PAL_TUNNEL_PPTP, 7},
		{"3001 880b 002e 0007 00000001 21", PAL_TUNNEL_PPTP, 7},
	};
	struct pktbuild *pb = gre("3001 880b 001f 0007 00000001 ff03 0021");
	struct nest nest;

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_text(pb, "1234567 behind it");
	nest = decode_nest(pb);
	assert_int_equal(nest.pkts[1].wire_len, 0x1f);
	nest_free(&nest);
}

static void pptp_without_a_payload_is_plain(void **)
{
	assert_is_plain("2081 880b 0000 0007 00000001"); // acknowledgement
	assert_is_plain("2001 880b 0031 0007 ff03 0021");
	assert_is_plain("1001 880b 00000001 ff03 0021"); // no key
	assert_is_plain("b001 880b 00000000 0031 0007 00000001 ff03 0021"); // checksum
	assert_is_plain("3001 0800 0031 0007 00000001");
	assert_is_plain("3001 880b 0032 0007 00000001 ff03 0021"); // longer than it is
}

static void pptp_cut_inside_its_header_is_plain(void **)
{
	struct pktbuild *pb = tcp4(gre("3081 880b 0031 0007 00000001 00000001 ff03 0021"), A4, B4);

	for (size_t len = 34; len < 34 + 16; len++) {
		struct nest nest = decode_nest_cut(pb, len);

		assert_int_equal(nest.nb_pkts, 1);
		assert_delivered(nest.pkts[0]);
		nest_free(&nest);
	}
	pktbuild_free(pb);
}

/* ---- ERSPAN ---- */

static void erspan_is_read_in_all_three_types(void **)
{
	static const struct gre_case cases[] = {
		{"0000 88be" FRAME4, PAL_TUNNEL_ERSPAN1, 0},
		// VLAN 23, encapsulation 1, session 100
		{"1000 88be 00000001 10170864 00000000" FRAME4, PAL_TUNNEL_ERSPAN2, 100},
		{"1000 22eb 00000001 20170064 01020304 0000 0000" FRAME4, PAL_TUNNEL_ERSPAN3, 100},
		{"1000 88be 00000001 20170064 01020304 0000 0000" FRAME4, PAL_TUNNEL_ERSPAN3, 100},
		{"1000 22eb 00000001 20170064 01020304 0000 0001 0102030405060708" FRAME4,
		 PAL_TUNNEL_ERSPAN3,
		 100},
		{"0000 22eb 20170064 01020304 0000 0800", PAL_TUNNEL_ERSPAN3, 100}, // IP
	};

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));
}

static void erspan_of_another_version_or_content_is_plain(void **)
{
	assert_is_plain("1000 88be 00000001 30170864 00000000" FRAME4);
	assert_is_plain("1000 88be 00000001 00170864 00000000" FRAME4);
	assert_is_plain("1000 22eb 00000001 20170064 01020304 0000 1000"); // frame type 4
}

/* ---- WCCP ---- */

static void wccp_is_read_in_both_versions(void **)
{
	static const struct gre_case cases[] = {
		{"0000 883e", PAL_TUNNEL_WCCP, 0},
		{"0000 883e 00000102", PAL_TUNNEL_WCCP, 0},
		{"0000 883e 80330000", PAL_TUNNEL_WCCP, 0},
	};

	assert_carries(cases, sizeof(cases) / sizeof(cases[0]));
	assert_is_plain("0000 883e 00000102 00000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(every_optional_field_of_gre_is_passed_over),
		decode_test(source_routes_of_gre_are_passed_over),
		decode_test(gre_that_says_nothing_known_is_plain),
		decode_test(frames_in_gre_are_nvgre_where_the_key_is_a_network),
		decode_test(keys_that_may_differ_by_direction_tell_no_tunnels_apart),
		decode_test(pptp_carries_ppp_up_to_its_length),
		decode_test(pptp_without_a_payload_is_plain),
		decode_test(pptp_cut_inside_its_header_is_plain),
		decode_test(erspan_is_read_in_all_three_types),
		decode_test(erspan_of_another_version_or_content_is_plain),
		decode_test(wccp_is_read_in_both_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
