/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels on UDP, and L2TPv3, which is on IP as well. */
#include "decode_test.h"

#define C4 "192.0.2.1"
#define D4 "192.0.2.2"
#define TEREDO6 "2001:0:c000:203::1"

#define MACS "020000000002 020000000001"
#define FRAME4 MACS "0800"

#define EPHEMERAL 50000

static struct pktbuild *udp(uint16_t src_port, uint16_t dst_port, const char *header)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, C4, D4, IPPROTO_UDP);
	pktbuild_udp(pb, src_port, dst_port);
	pktbuild_hex(pb, header);
	return pb;
}

struct tunnel_case {
	uint16_t port;
	const char *header;
	enum pal_tunnel_type type;
	uint32_t id;
};

/** 45 bytes of IPv4 behind the header are found, and every cut of it is named. */
static void assert_carries(const struct tunnel_case *cases, size_t nb_cases)
{
	for (size_t i = 0; i < nb_cases; i++) {
		struct pktbuild *pb = tcp4(udp(EPHEMERAL, cases[i].port, cases[i].header), A4, B4);
		struct nest nest = decode_nest(pb);

		assert_int_equal(nest.nb_pkts, 2);
		assert_delivered(nest.pkts[0]);
		assert_int_equal(nest.pkts[0].inner_tunnel, cases[i].type);
		assert_int_equal(nest.pkts[0].inner_id, cases[i].id);
		assert_delivered(nest.pkts[1]);
		assert_ports(nest.pkts[1], 1234, 80);
		assert_int_equal(nest.pkts[1].payload_len, 5);
		nest_free(&nest);
		assert_cut_anywhere_is_named(
			tcp4(udp(EPHEMERAL, cases[i].port, cases[i].header), A4, B4)
		);
	}
}

#define assert_all_carry(cases) assert_carries(cases, sizeof(cases) / sizeof((cases)[0]))

static void assert_ports_plain(uint16_t src_port, uint16_t dst_port, const char *header)
{
	struct nest nest = decode_nest(tcp4(udp(src_port, dst_port, header), A4, B4));

	assert_int_equal(nest.nb_pkts, 1);
	assert_delivered(nest.pkts[0]);
	assert_int_equal(nest.pkts[0].flags & ~PAL_PKT_KEY_SWAPPED, 0);
	assert_int_equal(nest.pkts[0].payload_off, 42);
	assert_int_equal(nest.pkts[0].payload_len, nest.pkts[0].cap_len - 42);
	nest_free(&nest);
}

/** It is the datagram that it is, with all of its payload. */
static void assert_is_plain(uint16_t port, const char *header)
{
	assert_ports_plain(EPHEMERAL, port, header);
}

/* ---- VXLAN ---- */

static void vxlan_carries_frames(void **)
{
	static const struct tunnel_case cases[] = {
		{4789, "08000000 00007b00" FRAME4, PAL_TUNNEL_VXLAN, 123},
		{4789, "08000000 ffffff00" FRAME4, PAL_TUNNEL_VXLAN, 0xffffff},
		{8472, "08000000 00007b00" FRAME4, PAL_TUNNEL_VXLAN, 123},
		{4789, "88000064 00007b00" FRAME4, PAL_TUNNEL_VXLAN, 123}, // group 100
		{4789, "88480064 00007b00" FRAME4, PAL_TUNNEL_VXLAN, 123},
		{4789, "08000000 00007b00" MACS "8100 0005 0800", PAL_TUNNEL_VXLAN, 123},
	};

	assert_all_carry(cases);
}

static void what_is_no_vxlan_is_plain(void **)
{
	assert_is_plain(4789, "00000000 00007b00" FRAME4); // no number
	assert_is_plain(4789, "0c000000 00007b00" FRAME4); // reserved bits
	assert_is_plain(4789, "08000001 00007b00" FRAME4);
	assert_is_plain(4789, "88800064 00007b00" FRAME4);
	assert_is_plain(4790, "00000003 00007b00" FRAME4);
	assert_is_plain(4790, "1c000003 00007b00" FRAME4); // version 1
	assert_is_plain(4790, "0c000006 00007b00" FRAME4); // next protocol
	// A sender whose port happens to be the same.
	assert_ports_plain(4789, EPHEMERAL, "08000000 00007b00" FRAME4);
	assert_ports_plain(4790, EPHEMERAL, "0c000001 00007b00");
	assert_ports_plain(6081, EPHEMERAL, "0000 0800 00007b00");
}

static void vxlan_gpe_says_what_follows(void **)
{
	static const struct tunnel_case cases[] = {
		{4790, "0c000001 00007b00", PAL_TUNNEL_VXLAN_GPE, 123},
		{4790, "0c000003 00007b00" FRAME4, PAL_TUNNEL_VXLAN_GPE, 123},
		{4790, "08000000 00007b00" FRAME4, PAL_TUNNEL_VXLAN_GPE, 123},
		{4790, "08000001 00007b00", PAL_TUNNEL_VXLAN_GPE, 123}, // flag forgotten
		{4790, "0c000004 00007b00 0fc2 02 01 000001ff", PAL_TUNNEL_VXLAN_GPE, 123},
		{4790, "0c000005 00007b00 000111ff", PAL_TUNNEL_VXLAN_GPE, 123},
	};
	struct nest nest;

	assert_all_carry(cases);
	nest = decode_nest(udp6(udp(EPHEMERAL, 4790, "0c000002 00007b00"), A6, B6));
	assert_int_equal(nest.nb_pkts, 2);
	assert_int_equal(nest.pkts[1].key.ip_version, 6);
	nest_free(&nest);
}

/* ---- GENEVE ---- */

static void geneve_options_are_passed_over(void **)
{
	static const struct tunnel_case cases[] = {
		{6081, "0000 6558 00007b00" FRAME4, PAL_TUNNEL_GENEVE, 123},
		{6081, "0000 0800 00007b00", PAL_TUNNEL_GENEVE, 123},
		{6081, "0240 6558 00007b00 01030001 deadbeef" FRAME4, PAL_TUNNEL_GENEVE, 123},
		{6081, "0140 0800 00007b00 01038000", PAL_TUNNEL_GENEVE, 123}, // critical
		{6081, "0000 8847 00007b00 000111ff", PAL_TUNNEL_GENEVE, 123},
	};

	assert_all_carry(cases);
}

static void what_is_no_geneve_is_plain(void **)
{
	assert_is_plain(6081, "4000 6558 00007b00" FRAME4); // version 1
	assert_is_plain(6081, "3f00 6558 00007b00" FRAME4); // options longer than all
	assert_is_plain(6081, "0000 fefe 00007b00");
	assert_int_equal(stats.unknown_ethertype[0].number, 0xfefe);
}

/* ---- GTP-U ---- */

static void gtpu_extensions_are_passed_over(void **)
{
	static const struct tunnel_case cases[] = {
		{2152, "30ff 002d 00007b00", PAL_TUNNEL_GTPU, 0x7b00},
		{2152, "32ff 0031 00007b00 0001 00 00", PAL_TUNNEL_GTPU, 0x7b00}, // sequence number
		{2152, "31ff 0031 00007b00 0000 05 00", PAL_TUNNEL_GTPU, 0x7b00}, // N-PDU number
		{2152, "36ff 0035 00007b00 0001 00 85 01 0009 00", PAL_TUNNEL_GTPU, 0x7b00},
		{2152,
		 "34ff 003d 00007b00 0000 00 85 02 000900000000 40 01 0868 00",
		 PAL_TUNNEL_GTPU,
		 0x7b00},
		{2152, "38ff 002d 00007b00", PAL_TUNNEL_GTPU, 0x7b00}, // the spare bit
	};
	struct nest nest;

	assert_all_carry(cases);
	nest = decode_nest(udp6(udp(2152, EPHEMERAL, "30ff 0035 00007b00"), A6, B6));
	assert_int_equal(nest.nb_pkts, 2);
	assert_int_equal(nest.pkts[1].key.ip_version, 6);
	nest_free(&nest);
}

static void gtpu_packet_ends_where_its_length_says(void **)
{
	struct pktbuild *pb = udp(EPHEMERAL, 2152, "30ff 001e 00007b00");
	struct nest nest;

	pktbuild_ipv4(pb, A4, B4, 89);
	pktbuild_text(pb, "1234567890 and behind");
	nest = decode_nest(pb);
	assert_int_equal(nest.pkts[1].wire_len, 30);
	assert_int_equal(nest.pkts[1].payload_cap_len, 10);
	nest_free(&nest);
}

static void what_is_no_gtpu_packet_is_plain(void **)
{
	assert_is_plain(2152, "3001 002d 00000000"); // echo request
	assert_is_plain(2152, "301a 002d 00000000"); // error indication
	assert_is_plain(2152, "20ff 002d 00007b00"); // GTP'
	assert_is_plain(2152, "50ff 002d 00007b00"); // version 2
	assert_is_plain(2152, "30ff 002e 00007b00"); // longer than it is
	assert_is_plain(2152, "34ff 0035 00007b00 0000 00 85 00 0009 00"); // extension of 0
	assert_is_plain(2152, "34ff 0035 00007b00 0000 00 85 ff 0009 00");
	assert_is_plain(2152, "30ff 0031 00007b00 00000000"); // neither IPv4 nor IPv6
}

/* ---- L2TP ---- */

static void l2tp_carries_ppp_in_version_2(void **)
{
	static const struct tunnel_case cases[] = {
		{1701, "0002 0001 0002 ff03 0021", PAL_TUNNEL_L2TP, 0x10002},
		{1701, "0002 0001 0002 0021", PAL_TUNNEL_L2TP, 0x10002},
		{1701, "4002 0039 0001 0002 ff03 0021", PAL_TUNNEL_L2TP, 0x10002}, // length
		{1701, "0802 0001 0002 0005 0006 ff03 0021", PAL_TUNNEL_L2TP, 0x10002},
		{1701, "0202 0001 0002 0003 000000 ff03 0021", PAL_TUNNEL_L2TP, 0x10002}, // offset
		{1701,
		 "4b02 0041 0001 0002 0005 0006 0002 0000 ff03 0021",
		 PAL_TUNNEL_L2TP,
		 0x10002},
		{1701, "0102 0001 0002 ff03 0021", PAL_TUNNEL_L2TP, 0x10002}, // priority
	};
	struct nest nest;

	assert_all_carry(cases);
	nest = decode_nest(tcp4(udp(1701, EPHEMERAL, "0002 0001 0002 21"), A4, B4));
	assert_int_equal(nest.nb_pkts, 2);
	nest_free(&nest);
}

static void l2tp_version_3_is_found_by_what_makes_sense(void **)
{
	static const struct tunnel_case cases[] = {
		{1701, "0003 0000 00000007" FRAME4, PAL_TUNNEL_L2TPV3, 7},
		{1701, "0003 0000 00000007 deadbeef" FRAME4, PAL_TUNNEL_L2TPV3, 7}, // cookie
		{1701, "0003 0000 00000007 deadbeefdeadbeef" FRAME4, PAL_TUNNEL_L2TPV3, 7},
		{1701,
		 "0003 0000 00000007 deadbeefdeadbeef 40000001" FRAME4, // and sublayer
		 PAL_TUNNEL_L2TPV3,
		 7},
		{1701, "0003 0000 00000007 deadbeef ff03 0021", PAL_TUNNEL_L2TPV3, 7},
	};

	assert_all_carry(cases);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = pktbuild_eth();
		struct nest nest;

		pktbuild_ipv4(pb, C4, D4, 115);
		pktbuild_hex(pb, cases[i].header + strlen("0003 0000 "));
		nest = decode_nest(tcp4(pb, A4, B4));
		assert_int_equal(nest.nb_pkts, 2);
		assert_int_equal(nest.pkts[0].inner_tunnel, PAL_TUNNEL_L2TPV3);
		assert_int_equal(nest.pkts[0].inner_id, 7);
		assert_ports(nest.pkts[1], 1234, 80);
		nest_free(&nest);
	}
	assert_int_equal(stats.layers[PAL_LAYER_L2TP], 5);
}

static void what_is_no_l2tp_data_is_plain(void **)
{
	assert_is_plain(1701, "c802 0039 0001 0000 0000 0000"); // control message
	assert_is_plain(1701, "8003 0039 00000007 0000 0000");
	assert_is_plain(1701, "0001 0001 0002 ff03 0021"); // version 1
	assert_is_plain(1701, "0012 0001 0002 ff03 0021"); // reserved bits
	assert_is_plain(1701, "4002 0007 0001 0002 ff03 0021"); // length too short
	assert_is_plain(1701, "4002 003a 0001 0002 ff03 0021"); // ... too long
	assert_is_plain(1701, "0202 0001 0002 ffff ff03 0021"); // offset too long
	assert_is_plain(1701, "0003 0000 00000000" FRAME4); // session 0
	assert_is_plain(1701, "0003 0000 00000007 00000000000000000000000000000000");
}

/* ---- Teredo ---- */

#define ORIGIN "0000 1234 3ffffdfc"
#define AUTH "0001 04 04 01020304 05060708 0102030405060708 00"

static struct nest decode_teredo(const char *header, const char *src, const char *dst)
{
	return decode_nest(udp6(udp(EPHEMERAL, 3544, header), src, dst));
}

static void teredo_indications_are_passed_over(void **)
{
	static const char *const headers[] = {
		"", ORIGIN, AUTH, AUTH ORIGIN, "0001 00 00 0102030405060708 00"};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct nest nest = decode_teredo(headers[i], TEREDO6, B6);

		assert_int_equal(nest.nb_pkts, 2);
		assert_int_equal(nest.pkts[0].inner_tunnel, PAL_TUNNEL_TEREDO);
		assert_delivered(nest.pkts[1]);
		assert_ports(nest.pkts[1], 5353, 53);
		nest_free(&nest);
		assert_cut_anywhere_is_named(udp6(udp(EPHEMERAL, 3544, headers[i]), TEREDO6, B6));
		assert_cut_anywhere_is_named(udp6(udp(3544, EPHEMERAL, headers[i]), B6, TEREDO6));
	}
}

static void teredo_clients_look_for_their_server(void **)
{
	struct nest nest = decode_teredo(AUTH, "fe80::ffff:ffff:ffff", "ff02::2");

	assert_int_equal(nest.nb_pkts, 2);
	nest_free(&nest);
}

static void what_is_no_teredo_is_plain(void **)
{
	struct nest nest = decode_teredo("", A6, B6); // no end is at a Teredo address
	struct pktbuild *pb;

	assert_int_equal(nest.nb_pkts, 1);
	nest_free(&nest);
	nest = decode_teredo("00", TEREDO6, B6);
	assert_int_equal(nest.nb_pkts, 1);
	nest_free(&nest);
	assert_is_plain(3544, "");
	assert_is_plain(3544, ORIGIN);
	assert_is_plain(3544, "0001 ff ff");

	pb = udp6(udp(EPHEMERAL, 3544, ""), TEREDO6, B6);
	pktbuild_bytes(pb, NULL)[42 + 5]++; // a datagram longer than there is room for
	nest = decode_nest(pb);
	assert_int_equal(nest.nb_pkts, 1);
	nest_free(&nest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(vxlan_carries_frames),
		decode_test(what_is_no_vxlan_is_plain),
		decode_test(vxlan_gpe_says_what_follows),
		decode_test(geneve_options_are_passed_over),
		decode_test(what_is_no_geneve_is_plain),
		decode_test(gtpu_extensions_are_passed_over),
		decode_test(gtpu_packet_ends_where_its_length_says),
		decode_test(what_is_no_gtpu_packet_is_plain),
		decode_test(l2tp_carries_ppp_in_version_2),
		decode_test(l2tp_version_3_is_found_by_what_makes_sense),
		decode_test(what_is_no_l2tp_data_is_plain),
		decode_test(teredo_indications_are_passed_over),
		decode_test(teredo_clients_look_for_their_server),
		decode_test(what_is_no_teredo_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
