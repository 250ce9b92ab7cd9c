/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies between a link and IP: MPLS, PPP, tags of providers and vendors. */
#include "decode_test.h"

#define LABEL_16 "00010 0 40" // label, not the bottom of the stack, TTL
#define LABEL_17_LAST "00011 1 40"

static struct pktbuild *ether(uint16_t ethertype)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ethertype(pb, ethertype);
	return pb;
}

/* ---- MPLS ---- */

static struct pktbuild *mpls(const char *bottom)
{
	struct pktbuild *pb = ether(0x8847);

	pktbuild_hex(pb, "00010 0 40");
	pktbuild_hex(pb, bottom);
	return pb;
}

static void mpls_stack_ends_at_its_bottom(void **)
{
	for (int labels = 0; labels < 40; labels++) {
		struct pktbuild *pb = ether(labels % 2 == 0 ? 0x8847 : 0x8848);
		struct pal_pkt pkt;

		for (int i = 0; i < labels; i++)
			pktbuild_hex(pb, LABEL_16);
		pktbuild_hex(pb, LABEL_17_LAST);
		pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
		pktbuild_tcp(pb, 1234, 80, PAL_TCP_SYN, 0, 0);
		pkt = decode(pb);
		assert_delivered(pkt);
		assert_int_equal(pkt.l3_off, 14 + 4 * (labels + 1));
	}
	assert_int_equal(stats.layers[PAL_LAYER_MPLS], 40);
}

static void mpls_stack_without_a_bottom_is_truncated(void **)
{
	struct pktbuild *pb = ether(0x8847);

	pktbuild_hex(pb, LABEL_16 LABEL_16 "00");
	assert_drop(decode(pb), "link_truncated");
}

static void mpls_payload_is_guessed(void **)
{
	static const struct {
		const char *payload; // in front of what the builder appends
		enum { IP4, IP6, FRAME } what;
		uint32_t l3_off; // behind the labels
	} cases[] = {
		{"", IP4, 0},
		{"", IP6, 0},
		{"020000000002 020000000001 0800", FRAME, 14}, // no control word
		{"001122334455 020000000001 0800", FRAME, 14}, // ... and an address like one
		{"450000000002 020000000001 0800", FRAME, 14}, // ... or like IPv4
		{"600000000002 020000000001 0800", FRAME, 14}, // ... or like IPv6
		{"100000000002 020000000001 0800", FRAME, 14}, // ... or like a channel
		{"00000001 020000000002 020000000001 0800", FRAME, 18},
		{"00000000 001122334455 020000000001 0800", FRAME, 18},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = mpls(LABEL_17_LAST);
		struct pal_pkt pkt;

		pktbuild_hex(pb, cases[i].payload);
		if (cases[i].what == IP6)
			udp6(pb, A6, B6);
		else
			tcp4(pb, A4, B4);
		pkt = decode(pb);
		assert_delivered(pkt);
		assert_int_equal(pkt.l3_off, 14 + 8 + cases[i].l3_off);
		assert_int_equal(pkt.key.ip_version, cases[i].what == IP6 ? 6 : 4);
	}
}

/** A datagram that claims more than is there, up to the end of the padding. */
static struct pal_pkt decode_padded(struct pktbuild *pb, size_t ip_off)
{
	uint8_t *ip;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_udp(pb, 1, 2);
	pktbuild_text(pb, "query");
	pktbuild_pad(pb, 100);
	ip = pktbuild_bytes(pb, NULL) + ip_off;
	ip[3] = 60;
	ip[20 + 5] = 40;
	return decode(pb);
}

static void control_word_says_the_length_of_a_short_frame(void **)
{
	struct pktbuild *pb = mpls(LABEL_17_LAST);
	struct pal_pkt pkt;

	pktbuild_hex(pb, "0033 0000 020000000002 020000000001 0800"); // 4 + 14 + 33 bytes
	pkt = decode_padded(pb, 14 + 8 + 4 + 14);
	assert_delivered(pkt);
	assert_int_equal(pkt.flags, PAL_PKT_SNAPPED);
	assert_int_equal(pkt.payload_cap_len, 5);
}

static void reserved_labels_say_what_follows(void **)
{
	struct pktbuild *pb;

	assert_delivered(decode(tcp4(mpls("00000 1 40"), A4, B4)));
	assert_delivered(decode(udp6(mpls("00002 1 40"), A6, B6)));
	assert_drop(decode(udp6(mpls("00000 1 40"), A6, B6)), "ipv4_invalid");
	pb = mpls("0000d 1 01"); // an associated channel
	pktbuild_hex(pb, "10000007 2040c8180500");
	assert_drop(decode(pb), "link_control");
	pb = mpls(LABEL_17_LAST);
	pktbuild_hex(pb, "10000021 4500"); // ... without that label
	assert_drop(decode(pb), "link_control");
}

/* ---- PPPoE and PPP ---- */

static struct pktbuild *pppoe(uint16_t ethertype, const char *start)
{
	struct pktbuild *pb = ether(ethertype);

	pktbuild_hex(pb, start);
	pktbuild_length(pb, 0);
	return pb;
}

static void pppoe_session_carries_ppp_up_to_its_length(void **)
{
	struct pktbuild *pb = pppoe(0x8864, "1100 0f07");
	struct pal_pkt pkt;

	pktbuild_hex(pb, "0021");
	pkt = decode_padded(pb, 14 + 8);
	assert_delivered(pkt);
	assert_int_equal(pkt.l3_off, 14 + 8);
	assert_int_equal(pkt.payload_cap_len, 5); // padding is no payload
	assert_int_equal(stats.layers[PAL_LAYER_PPPOE], 1);
	assert_int_equal(stats.layers[PAL_LAYER_PPP], 1);

	pb = pktbuild_eth();
	pktbuild_vlan(pb, 3704);
	pktbuild_vlan(pb, 2474);
	pktbuild_ethertype(pb, 0x8864);
	pktbuild_hex(pb, "1100 0f07");
	pktbuild_length(pb, 0);
	pktbuild_hex(pb, "0057");
	pkt = decode(udp6(pb, A6, B6));
	assert_delivered(pkt);
	assert_int_equal(pkt.nb_vlans, 2);
	assert_int_equal(pkt.key.ip_version, 6);
}

static void pppoe_that_is_no_session_has_a_name(void **)
{
	assert_drop(decode(pppoe(0x8863, "1109 0000")), "ethertype_not_ip");
	assert_int_equal(stats.layers[PAL_LAYER_PPPOE_DISCOVERY], 1);
	assert_drop(decode(pppoe(0x8864, "2100 0001")), "link_invalid");
	assert_drop(decode(pppoe(0x8864, "1109 0001")), "link_invalid");
}

static void ppp_headers_may_be_compressed(void **)
{
	static const struct {
		const char *start;
		int version;
	} cases[] = {
		{"ff03 0021", 4},
		{"ff03 21", 4},
		{"0021", 4},
		{"21", 4},
		{"ff03 0057", 6},
		{"57", 6},
		{"ff03 0281 000111ff", 4},
		{"0283 000111ff", 6},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = pktbuild_bare(9);
		struct pal_pkt pkt;

		pktbuild_hex(pb, cases[i].start);
		if (cases[i].version == 4)
			tcp4(pb, A4, B4);
		else
			udp6(pb, A6, B6);
		pkt = decode(pb);
		assert_delivered(pkt);
		assert_int_equal(pkt.key.ip_version, cases[i].version);
	}
}

static void ppp_control_protocols_have_names(void **)
{
	static const struct {
		const char *start;
		const char *layer;
		const char *drop;
	} cases[] = {
		{"ff03 c021", "lcp", "ppp_control"},
		{"c023", "pap", "ppp_control"},
		{"c025", "lqr", "ppp_control"},
		{"c223", "chap", "ppp_control"},
		{"c227", "eap", "ppp_control"},
		{"8021", "ipcp", "ppp_control"},
		{"8057", "ipv6cp", "ppp_control"},
		{"8281", "mplscp", "ppp_control"},
		{"80fd", "ccp", "ppp_control"},
		{"8053", "ecp", "ppp_control"},
		{"8031", "bcp", "ppp_control"},
		{"c029", "cbcp", "ppp_control"},
		{"2d", "ppp_vj", "ppp_not_ip"},
		{"003d", "ppp_multilink", "ppp_not_ip"},
		{"00fd", "ppp_compressed", "ppp_not_ip"},
		{"53", "ppp_encrypted", "encrypted"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = pktbuild_bare(9);
		uint64_t met = 0;

		pktbuild_hex(pb, cases[i].start);
		assert_drop(decode(pb), cases[i].drop);
		for (enum pal_layer layer = 0; layer < PAL_LAYER_COUNT; layer++)
			if (strcmp(pal_layer_name(layer), cases[i].layer) == 0)
				met += stats.layers[layer];
		assert_int_equal(met, 1);
	}
}

static void unknown_ppp_protocols_are_counted_by_number(void **)
{
	for (int i = 0; i < 3; i++) {
		struct pktbuild *pb = pktbuild_bare(9);

		pktbuild_hex(pb, i < 2 ? "ff03 4021" : "ff03 0201");
		assert_drop(decode(pb), "ppp_unknown");
	}
	assert_int_equal(stats.unknown_ppp[0].number, 0x4021);
	assert_int_equal(stats.unknown_ppp[0].pkts, 2);
	assert_int_equal(stats.unknown_ppp[1].number, 0x0201);
}

/* ---- tags ---- */

static void provider_backbone_frames_are_followed_inside(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_vlan_tpid(pb, 0x88a8, 10);
	pktbuild_ethertype(pb, 0x88e7);
	pktbuild_hex(pb, "00123456");
	pktbuild_frame(pb);
	pktbuild_vlan(pb, 20);
	pkt = decode(tcp4(pb, A4, B4));
	assert_delivered(pkt);
	assert_int_equal(pkt.depth, 0);
	assert_int_equal(pkt.l3_off, 14 + 4 + 4 + 14 + 4);
	assert_int_equal(pkt.key.vlan[0], 10 | PAL_VLAN_TAGGED);
	assert_int_equal(pkt.key.vlan[1], 20 | PAL_VLAN_TAGGED);
	assert_int_equal(stats.layers[PAL_LAYER_ETHERNET], 2);
}

static void macsec_is_named_and_not_opened(void **)
{
	struct pktbuild *pb = ether(0x88e5);

	pktbuild_hex(pb, "2c00 00000001 0001020304050001 0800");
	assert_drop(decode(tcp4(pb, A4, B4)), "encrypted");
	assert_int_equal(stats.layers[PAL_LAYER_MACSEC], 1);
	assert_int_equal(stats.layers[PAL_LAYER_IPV4], 0);
}

static void tags_of_cisco_are_passed_over(void **)
{
	struct pktbuild *pb = ether(0x8909);
	struct pal_pkt pkt;

	pktbuild_hex(pb, "01 01 0001 0002 0800");
	pkt = decode(tcp4(pb, A4, B4));
	assert_delivered(pkt);
	assert_int_equal(pkt.ethertype, 0x0800);
	pb = ether(0x8926);
	pktbuild_hex(pb, "c00a0001 8100 0005 86dd");
	pkt = decode(udp6(pb, A6, B6));
	assert_delivered(pkt);
	assert_int_equal(pkt.key.vlan[0], 5 | PAL_VLAN_TAGGED);
}

/* ---- NSH ---- */

#define NSH_CONTEXT "00000000 00000000 00000000 00000000" // of metadata type 1

static void nsh_says_what_follows(void **)
{
	static const struct {
		const char *header;
		int version;
	} cases[] = {
		{"0fc6 01 01 000001ff" NSH_CONTEXT, 4},
		{"0fc2 02 02 000001ff", 6},
		{"0fc2 02 03 000001ff 020000000002 020000000001 0800", 4},
		{"0fc2 02 04 000001ff 0fc3 02 01 000001ff 00000000", 4},
		{"0fc2 02 05 000001ff 000111ff", 6},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = ether(0x894f);
		struct pal_pkt pkt;

		pktbuild_hex(pb, cases[i].header);
		if (cases[i].version == 4)
			tcp4(pb, A4, B4);
		else
			udp6(pb, A6, B6);
		pkt = decode(pb);
		assert_delivered(pkt);
		assert_int_equal(pkt.key.ip_version, cases[i].version);
	}
}

static void nsh_that_makes_no_sense_has_a_name(void **)
{
	static const struct {
		const char *header;
		const char *drop;
	} cases[] = {
		{"4fc2 02 01 000001ff", "link_invalid"}, // version 1
		{"0fc1 02 01 000001ff", "link_invalid"}, // one word
		{"0fc0 02 01 000001ff", "link_invalid"},
		{"0fc6 01 01 000001ff", "link_truncated"},
		{"0fc2 02 06 000001ff", "link_payload_unknown"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = ether(0x894f);

		pktbuild_hex(pb, cases[i].header);
		assert_drop(decode(pb), cases[i].drop);
	}
}

/* ---- all of them ---- */

static void what_follows_may_be_cut_off_anywhere(void **)
{
	static const struct {
		uint16_t ethertype;
		const char *header;
	} cases[] = {
		{0x8847, LABEL_16 LABEL_17_LAST},
		{0x8847, LABEL_17_LAST "00000001 020000000002 020000000001 0800"},
		{0x8847, LABEL_17_LAST "020000000002 020000000001 0800"},
		{0x8864, "1100 0f07 0040 0021"},
		{0x8864, "1100 0f07 0040 ff03 0281 000111ff"},
		{0x88e7, "00123456 020000000002 020000000001 0800"},
		{0x894f, "0fc6 01 01 000001ff" NSH_CONTEXT},
		{0x894f, "0fc2 02 04 000001ff 0fc2 02 03 000001ff 020000000002 020000000001 0800"},
		{0x8909, "01 01 0001 0002 0800"},
		{0x8926, "c00a0001 8100 0005 0800"},
		{0x6558, "020000000002 020000000001 0800"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = ether(cases[i].ethertype);

		pktbuild_hex(pb, cases[i].header);
		assert_cut_anywhere_is_named(tcp4(pb, A4, B4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(mpls_stack_ends_at_its_bottom),
		decode_test(mpls_stack_without_a_bottom_is_truncated),
		decode_test(mpls_payload_is_guessed),
		decode_test(control_word_says_the_length_of_a_short_frame),
		decode_test(reserved_labels_say_what_follows),
		decode_test(pppoe_session_carries_ppp_up_to_its_length),
		decode_test(pppoe_that_is_no_session_has_a_name),
		decode_test(ppp_headers_may_be_compressed),
		decode_test(ppp_control_protocols_have_names),
		decode_test(unknown_ppp_protocols_are_counted_by_number),
		decode_test(provider_backbone_frames_are_followed_inside),
		decode_test(macsec_is_named_and_not_opened),
		decode_test(tags_of_cisco_are_passed_over),
		decode_test(nsh_says_what_follows),
		decode_test(nsh_that_makes_no_sense_has_a_name),
		decode_test(what_follows_may_be_cut_off_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
