/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4, IPv6, and the headers between them and the transport. */
#include "decode_test.h"

/* ---- IPv4 ---- */

static void ethernet_padding_is_no_payload(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
	pktbuild_tcp(pb, 1, 2, PAL_TCP_ACK, 0, 0);
	pktbuild_pad(pb, 60);
	pkt = decode(pb);
	assert_payload(pkt, 54, 0);
	assert_int_equal(pkt.flags, 0);

	pb = udp6(pktbuild_eth(), A6, B6);
	pktbuild_pad(pb, 80);
	pkt = decode(pb);
	assert_payload(pkt, 62, 5);
}

static void ipv4_options_are_skipped(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_ipv4_options(pb, 40);
	pktbuild_udp(pb, 1, 2);
	pktbuild_text(pb, "abc");
	pkt = decode(pb);
	assert_ports(pkt, 1, 2);
	assert_int_equal(pkt.l4_off, 14 + 60);
	assert_payload(pkt, 14 + 60 + 8, 3);
}

static void total_length_zero_means_the_rest_of_the_frame(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
	uint8_t *bytes = pktbuild_bytes(pb, NULL);
	struct pal_pkt pkt;

	bytes[16] = bytes[17] = 0;
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.l3_payload_len, 25);
	assert_payload(pkt, 54, 5);
}

static void total_length_beyond_the_frame_is_snapped(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
	struct pal_pkt pkt;

	pktbuild_bytes(pb, NULL)[16] = 1; // total length + 256
	pkt = decode(pb);
	assert_int_equal(pkt.flags, PAL_PKT_SNAPPED);
	assert_int_equal(pkt.l3_payload_len, 25 + 256);
	assert_payload(pkt, 54, 5); // the frame was not longer, whatever IP says
}

static void wrong_ipv4_headers_are_invalid(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);

	pktbuild_bytes(pb, NULL)[14] = 0x55;
	assert_drop(decode_cut(pb, SIZE_MAX), "ipv4_invalid");
	pktbuild_bytes(pb, NULL)[14] = 0x44;
	assert_drop(decode_cut(pb, SIZE_MAX), "ipv4_invalid");
	pktbuild_bytes(pb, NULL)[14] = 0x45;
	pktbuild_bytes(pb, NULL)[17] = 19;
	assert_drop(decode(pb), "ipv4_invalid");
}

static void ipv4_fragments_have_no_ports(void **)
{
	static const struct {
		uint16_t offset;
		bool more;
		uint16_t flags;
	} cases[] = {
		{0, true, PAL_PKT_FRAGMENT | PAL_PKT_FRAGMENT_FIRST | PAL_PKT_FRAGMENT_MORE},
		{1480, true, PAL_PKT_FRAGMENT | PAL_PKT_FRAGMENT_MORE},
		{65528, false, PAL_PKT_FRAGMENT},
		{0, false, 0},
	};

	for (size_t i = 0; i < 4; i++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
		pktbuild_ipv4_fragment(pb, 0xbeef, cases[i].offset, cases[i].more);
		pktbuild_udp(pb, 1000, 2000);
		pktbuild_text(pb, "12345678");
		pkt = decode(pb);
		assert_delivered(pkt);
		assert_int_equal(pkt.flags, cases[i].flags);
		assert_int_equal(pkt.key.proto, IPPROTO_UDP);
		assert_int_equal(pkt.l4_off, 34);
		assert_int_equal(pkt.l3_payload_len, 16);
		assert_ports(pkt, cases[i].flags ? 0 : 1000, cases[i].flags ? 0 : 2000);
		if (cases[i].flags == 0)
			continue;
		assert_int_equal(pkt.frag_id, 0xbeef);
		assert_int_equal(pkt.frag_off, cases[i].offset);
	}
}

static void fragment_of_a_ping_has_no_ports(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_ICMP);
	pktbuild_ipv4_fragment(pb, 7, 0, true);
	pktbuild_icmp(pb, 8, 0);
	pkt = decode(pb);
	assert_int_equal(
		pkt.flags, PAL_PKT_FRAGMENT | PAL_PKT_FRAGMENT_FIRST | PAL_PKT_FRAGMENT_MORE
	);
	assert_ports(pkt, 0, 0);
}

/* ---- IPv6 ---- */

static void chain_of_extension_headers_is_followed(void **)
{
	// hop-by-hop, routing, destination options, mobility, HIP, Shim6, AH
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv6(pb, A6, B6, 0);
	pktbuild_ipv6_ext(pb, 43, 8);
	pktbuild_ipv6_ext(pb, 60, 24);
	pktbuild_ipv6_ext(pb, 135, 16);
	pktbuild_ipv6_ext(pb, 139, 8);
	pktbuild_ipv6_ext(pb, 140, 40);
	pktbuild_ipv6_ext(pb, 51, 8);
	pktbuild_ah(pb, IPPROTO_TCP, 12);
	pktbuild_tcp(pb, 1, 2, PAL_TCP_SYN, 3, 4);
	pktbuild_text(pb, "x");
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_ports(pkt, 1, 2);
	assert_int_equal(pkt.key.proto, IPPROTO_TCP);
	assert_int_equal(pkt.l4_off, 14 + 40 + 104 + 24);
	assert_int_equal(pkt.l3_payload_len, 21);
	assert_int_equal(stats.layers[PAL_LAYER_IPV6_EXT], 6);
	assert_int_equal(stats.layers[PAL_LAYER_AH], 1);
}

static void endless_extension_headers_end(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, A6, B6, 60);
	for (int i = 0; i < 1000; i++)
		pktbuild_ipv6_ext(pb, 60, 8);
	assert_drop(decode(pb), "too_many_layers");
}

static void extension_header_beyond_the_datagram_is_truncated(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, A6, B6, 60);
	pktbuild_ipv6_ext(pb, IPPROTO_TCP, 8);
	pktbuild_pad(pb, 200);
	pktbuild_bytes(pb, NULL)[14 + 40 + 1] = 5; // into the padding
	assert_drop(decode(pb), "ipv6_ext_truncated");
}

static void atomic_fragment_is_a_whole_datagram(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv6(pb, A6, B6, 44);
	pktbuild_ipv6_fragment(pb, IPPROTO_UDP, 9, 0, false);
	pktbuild_udp(pb, 1, 2);
	pkt = decode(pb);
	assert_int_equal(pkt.flags, 0);
	assert_ports(pkt, 1, 2);
}

static void ipv6_fragments_have_no_ports(void **)
{
	for (int first = 0; first < 2; first++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv6(pb, A6, B6, 0);
		pktbuild_ipv6_ext(pb, 44, 8);
		pktbuild_ipv6_fragment(pb, IPPROTO_UDP, 0xdeadbeef, first ? 0 : 1448, first);
		pktbuild_udp(pb, 1, 2);
		pkt = decode(pb);
		assert_int_equal(
			pkt.flags,
			PAL_PKT_FRAGMENT |
				(first ? PAL_PKT_FRAGMENT_FIRST | PAL_PKT_FRAGMENT_MORE : 0)
		);
		assert_int_equal(pkt.key.proto, IPPROTO_UDP);
		assert_int_equal(pkt.l4_off, 14 + 40 + 8 + 8);
		assert_int_equal(pkt.l3_payload_len, 8);
		assert_ports(pkt, 0, 0);
		assert_int_equal(pkt.frag_id, 0xdeadbeef);
		assert_int_equal(pkt.frag_off, first ? 0 : 1448);
		assert_int_equal(pkt.frag_next_off, 14 + 40); // the hop-by-hop options say it
	}
}

static void what_announced_an_ipv6_fragment_is_said(void **)
{
	static const struct {
		uint8_t first;
		uint32_t next_off;
	} cases[] = {{44, 14 + 6}, {60, 14 + 40}, {51, 14 + 40}};

	for (size_t i = 0; i < 3; i++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv6(pb, A6, B6, cases[i].first);
		if (cases[i].first == 60)
			pktbuild_ipv6_ext(pb, 44, 24);
		if (cases[i].first == 51)
			pktbuild_ah(pb, 44, 12);
		pktbuild_ipv6_fragment(pb, IPPROTO_UDP, 1, 8, false);
		pkt = decode(pb);
		assert_int_equal(pkt.flags, PAL_PKT_FRAGMENT);
		assert_int_equal(pkt.frag_next_off, cases[i].next_off);
	}
}

static void fragment_header_number_over_ipv4_is_no_fragment(void **)
{
	struct pktbuild *pb = pktbuild_raw();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, 44);
	pktbuild_text(pb, "\x11\x00\x00\x01 whatever");
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.key.proto, 44);
	assert_int_equal(pkt.flags, 0);
}

static void jumbogram_reaches_to_the_end_of_the_frame(void **)
{
	static const char data[70000];
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv6(pb, A6, B6, 0);
	pktbuild_ipv6_ext(pb, IPPROTO_UDP, 8);
	pktbuild_udp(pb, 1, 2);
	pktbuild_payload(pb, data, sizeof(data));
	pkt = decode(pb); // both lengths are 0
	assert_int_equal(pkt.flags, 0);
	assert_payload(pkt, 14 + 40 + 8 + 8, sizeof(data));
}

/** Hop-by-hop options in front of UDP with data; the length field of IPv6 is 0. */
static struct pktbuild *jumbogram(const char *options, size_t len)
{
	static const uint8_t data[70000];
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, A6, B6, 0);
	pktbuild_hex(pb, "11 00");
	pktbuild_hex(pb, options);
	pktbuild_udp(pb, 1, 2);
	pktbuild_payload(pb, data, len);
	return pb;
}

static void jumbo_option_says_where_the_datagram_ends(void **)
{
	struct pktbuild *pb = jumbogram("c2 04 00011010", 70000); // 8 + 8 + 69616 bytes
	struct pal_pkt pkt = decode(pb);

	assert_delivered(pkt);
	assert_payload(pkt, 14 + 40 + 8 + 8, 0x11010 - 16);
	assert_int_equal(pkt.l3_payload_len, 0x11010 - 8);
	assert_int_equal(pkt.flags, 0);

	pb = jumbogram("c2 04 00020000", 70000); // more than there is
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.flags, PAL_PKT_SNAPPED);
	assert_int_equal(pkt.l3_payload_len, 0x20000 - 8);
}

static void jumbo_option_that_makes_no_sense_is_not_believed(void **)
{
	static const char *const options[] = {
		"c2 04 0000ffff", // would have fitted
		"c2 03 010000 00",
		"c2 ff 00020000",
		"00 00 00 00 00 c2",
		"c3 04 00020000",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct pal_pkt pkt = decode(jumbogram(options[i], 70000));

		assert_delivered(pkt);
		assert_payload(pkt, 14 + 40 + 8 + 8, 70000);
	}
}

static void jumbo_option_counts_for_a_length_of_zero_only(void **)
{
	struct pal_pkt pkt = decode(jumbogram("c2 04 00011010", 100));

	assert_delivered(pkt);
	assert_payload(pkt, 14 + 40 + 8 + 8, 100);
}

static void nothing_follows_no_next_header(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv6(pb, A6, B6, 59);
	pktbuild_text(pb, "to be ignored");
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.key.proto, 59);
	assert_payload(pkt, 54, 0);
}

static void esp_is_opaque(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_ipv6(pb, A6, B6, 50);
	pktbuild_text(pb, "\x06\x01 looks like an extension header");
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_int_equal(pkt.key.proto, 50);
	assert_ports(pkt, 0, 0);
	assert_int_equal(pkt.payload_off, pkt.l4_off);
	assert_int_equal(stats.layers[PAL_LAYER_ESP], 1);
}

static void wrong_ipv6_version_is_invalid(void **)
{
	struct pktbuild *pb = udp6(pktbuild_eth(), A6, B6);

	pktbuild_bytes(pb, NULL)[14] = 0x40;
	assert_drop(decode(pb), "ipv6_invalid");
}

static void ah_is_followed_over_ipv4(void **)
{
	for (size_t icv_len = 0; icv_len <= 64; icv_len += 4) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv4(pb, A4, B4, 51);
		pktbuild_ah(pb, IPPROTO_UDP, icv_len);
		pktbuild_udp(pb, 1, 2);
		pkt = decode(pb);
		assert_ports(pkt, 1, 2);
		assert_int_equal(pkt.l4_off, 34 + 12 + icv_len);
		assert_int_equal(pkt.flags, 0);
	}
}

static void wrong_ah_is_a_flow_of_its_own(void **)
{
	static const uint8_t lengths[] = {0, 200}; // shorter than AH, longer than the datagram

	for (int i = 0; i < 2; i++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		pktbuild_ipv4(pb, A4, B4, 51);
		pktbuild_ah(pb, IPPROTO_UDP, 12);
		pktbuild_udp(pb, 1, 2);
		pktbuild_bytes(pb, NULL)[35] = lengths[i];
		pkt = decode(pb);
		assert_int_equal(pkt.flags, PAL_PKT_L4_INVALID);
		assert_int_equal(pkt.key.proto, 51);
		assert_ports(pkt, 0, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(ethernet_padding_is_no_payload),
		decode_test(ipv4_options_are_skipped),
		decode_test(total_length_zero_means_the_rest_of_the_frame),
		decode_test(total_length_beyond_the_frame_is_snapped),
		decode_test(wrong_ipv4_headers_are_invalid),
		decode_test(ipv4_fragments_have_no_ports),
		decode_test(fragment_of_a_ping_has_no_ports),
		decode_test(chain_of_extension_headers_is_followed),
		decode_test(endless_extension_headers_end),
		decode_test(extension_header_beyond_the_datagram_is_truncated),
		decode_test(atomic_fragment_is_a_whole_datagram),
		decode_test(ipv6_fragments_have_no_ports),
		decode_test(what_announced_an_ipv6_fragment_is_said),
		decode_test(fragment_header_number_over_ipv4_is_no_fragment),
		decode_test(jumbogram_reaches_to_the_end_of_the_frame),
		decode_test(jumbo_option_says_where_the_datagram_ends),
		decode_test(jumbo_option_that_makes_no_sense_is_not_believed),
		decode_test(jumbo_option_counts_for_a_length_of_zero_only),
		decode_test(nothing_follows_no_next_header),
		decode_test(esp_is_opaque),
		decode_test(wrong_ipv6_version_is_invalid),
		decode_test(ah_is_followed_over_ipv4),
		decode_test(wrong_ah_is_a_flow_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
