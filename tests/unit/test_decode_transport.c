/* SPDX-License-Identifier: BSD-3-Clause */
/* Above IP. */
#include "decode_test.h"

/* ---- transport ---- */

static void wrong_tcp_data_offset_keeps_the_ports(void **)
{
	static const uint8_t offsets[] = {0x00, 0x40, 0x70, 0xf0}; // 25 bytes are there

	for (int i = 0; i < 4; i++) {
		struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
		struct pal_pkt pkt;

		pktbuild_bytes(pb, NULL)[34 + 12] = offsets[i];
		pkt = decode(pb);
		assert_int_equal(pkt.flags, PAL_PKT_L4_INVALID);
		assert_ports(pkt, 1234, 80);
		assert_payload(pkt, 54, 0);
	}
}

static void tcp_options_belong_to_the_header(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
	pktbuild_tcp(pb, 1, 2, PAL_TCP_ACK, 0, 0);
	pktbuild_tcp_options(pb, "\1\1\x08\x0a\0\0\0\1\0\0\0\2", 12);
	pktbuild_text(pb, "data");
	pkt = decode_cut(pb, SIZE_MAX);
	assert_int_equal(pkt.l4_hdr_len, 32);
	assert_payload(pkt, 66, 4);

	pkt = decode_cut(pb, 60); // inside the options
	assert_int_equal(pkt.flags, PAL_PKT_L4_TRUNCATED | PAL_PKT_SNAPPED);
	assert_ports(pkt, 1, 2);
	assert_int_equal(pkt.tcp_flags, PAL_TCP_ACK);
	assert_int_equal(pkt.payload_len, 4); // so that sequence numbers add up
	assert_int_equal(pkt.payload_cap_len, 0);
	pktbuild_free(pb);
}

static void udp_length_bounds_the_payload(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_udp(pb, 1, 2);
	pktbuild_text(pb, "0123456789");
	pktbuild_bytes(pb, NULL)[39] = 8 + 4;
	pkt = decode(pb);
	assert_int_equal(pkt.flags, 0);
	assert_payload(pkt, 42, 4);
}

static void wrong_udp_length_keeps_the_ports(void **)
{
	static const uint8_t lengths[] = {0, 7, 19}; // 18 bytes are there

	for (int i = 0; i < 3; i++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
		pktbuild_udp(pb, 1, 2);
		pktbuild_text(pb, "0123456789");
		pktbuild_bytes(pb, NULL)[39] = lengths[i];
		pkt = decode(pb);
		assert_int_equal(pkt.flags, PAL_PKT_L4_INVALID);
		assert_ports(pkt, 1, 2);
		assert_payload(pkt, 42, 0);
	}
}

static void sctp_has_ports(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_SCTP);
	pktbuild_sctp(pb, 2905, 2906);
	pktbuild_text(pb, "chunk");
	pkt = decode(pb);
	assert_ports(pkt, 2905, 2906);
	assert_payload(pkt, 46, 5);
}

/* ---- ICMP ---- */

static struct pal_pkt decode_icmp(bool v6, bool back, uint8_t type, uint8_t code)
{
	struct pktbuild *pb = pktbuild_eth();

	if (v6)
		pktbuild_ipv6(pb, back ? B6 : A6, back ? A6 : B6, IPPROTO_ICMPV6);
	else
		pktbuild_ipv4(pb, back ? B4 : A4, back ? A4 : B4, IPPROTO_ICMP);
	pktbuild_icmp(pb, type, code);
	return decode(pb);
}

/** Community ID version 1, written down a second time: every type, both versions, both directions. */
static void icmp_ports_are_those_of_community_id(void **)
{
	static const uint8_t pairs[2][6][2] = {
		{{8, 0}, {9, 10}, {13, 14}, {15, 16}, {17, 18}, {0, 8}},
		{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}},
	};

	for (int v6 = 0; v6 < 2; v6++) {
		for (int type = 0; type < 256; type++) {
			struct pal_pkt there = decode_icmp(v6, false, (uint8_t)type, 3);
			int other = -1;

			for (int i = 0; i < 6; i++) {
				if (pairs[v6][i][0] == type)
					other = pairs[v6][i][1];
				else if (pairs[v6][i][1] == type)
					other = pairs[v6][i][0];
			}
			assert_int_equal(there.icmp_type, type);
			assert_int_equal(there.icmp_code, 3);
			assert_ports(there, type, other < 0 ? PAL_PORT_ONE_WAY | 3 : other);
			assert_int_equal(there.flags, other < 0 ? PAL_PKT_ICMP_ONE_WAY : 0);
			if (other >= 0) {
				struct pal_pkt back = decode_icmp(v6, true, (uint8_t)other, 0);

				assert_memory_equal(&there.key, &back.key, sizeof(back.key));
				assert_int_equal(pal_pkt_sender(&back), 1);
			}
		}
	}
}

static void one_way_icmp_keeps_type_with_its_sender(void **)
{
	struct pal_pkt pkt = decode_icmp(false, true, 3, 1);

	assert_int_equal(pal_pkt_sender(&pkt), 1);
	assert_int_equal(pal_flow_key_port(&pkt.key, 1), 3);
	assert_int_equal(pal_flow_key_port(&pkt.key, 0), 1);
}

static void one_way_icmp_has_a_flow_per_direction(void **)
{
	// Type and code alike, and type and code the other way round.
	static const uint8_t cases[][2] = {{3, 3}, {3, 1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pal_pkt there = decode_icmp(false, false, cases[i][0], cases[i][1]);
		struct pal_pkt back = decode_icmp(false, true, cases[i][1], cases[i][0]);

		assert_memory_not_equal(&there.key, &back.key, sizeof(back.key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(wrong_tcp_data_offset_keeps_the_ports),
		decode_test(tcp_options_belong_to_the_header),
		decode_test(udp_length_bounds_the_payload),
		decode_test(wrong_udp_length_keeps_the_ports),
		decode_test(sctp_has_ports),
		decode_test(icmp_ports_are_those_of_community_id),
		decode_test(one_way_icmp_keeps_type_with_its_sender),
		decode_test(one_way_icmp_has_a_flow_per_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
