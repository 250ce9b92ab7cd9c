/* SPDX-License-Identifier: BSD-3-Clause */
/* Below IP. */
#include "decode_test.h"

/* ---- link types ---- */

static void every_link_type_reaches_ip(void **)
{
	static const uint8_t families6[] = {10, 24, 28, 30};
	struct pktbuild *(*const starts[])(void) = {
		pktbuild_eth,
		pktbuild_raw,
		pktbuild_sll,
		pktbuild_sll2,
		pktbuild_null,
		pktbuild_loop,
	};
	static const uint16_t raw4[] = {12, 14, 101, 228}, raw6[] = {12, 14, 101, 229};
	struct pktbuild *pb;
	size_t len;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct pal_pkt v4 = decode(tcp4(starts[i](), A4, B4));
		struct pal_pkt v6 = decode(udp6(starts[i](), A6, B6));

		assert_delivered(v4);
		assert_ports(v4, 1234, 80);
		assert_delivered(v6);
		assert_ports(v6, 5353, 53);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_delivered(decode(tcp4(pktbuild_bare(raw4[i]), A4, B4)));
		assert_delivered(decode(udp6(pktbuild_bare(raw6[i]), A6, B6)));

		pb = udp6(pktbuild_null(), A6, B6);
		pktbuild_bytes(pb, &len)[0] = families6[i];
		assert_delivered(decode(pb));
	}
	assert_int_equal(stats.layers[PAL_LAYER_SLL2], 2);
	assert_int_equal(stats.layers[PAL_LAYER_BSD_NULL], 8);
}

static void unknown_numbers_are_counted_by_number(void **)
{
	struct pktbuild *pb;

	for (int i = 0; i < 2; i++) {
		assert_drop(decode(pktbuild_bare(147)), "linktype_unknown");

		pb = pktbuild_eth();
		pktbuild_ethertype(pb, 0xfefe);
		assert_drop(decode(pb), "ethertype_unknown");

		pb = pktbuild_raw();
		pktbuild_ipv4(pb, A4, B4, 200);
		pktbuild_text(pb, "12345678");
		assert_delivered(decode(pb));
	}
	assert_int_equal(stats.unknown_linktype[0].number, 147);
	assert_int_equal(stats.unknown_linktype[0].pkts, 2);
	assert_int_equal(stats.unknown_ethertype[0].number, 0xfefe);
	assert_int_equal(stats.unknown_ethertype[0].pkts, 2);
	assert_int_equal(stats.unknown_ipproto[0].number, 200);
	assert_int_equal(stats.unknown_ipproto[0].pkts, 2);
	assert_int_equal(stats.unknown_ipproto[1].pkts, 0);
	assert_int_equal(stats.layers[PAL_LAYER_IP_OTHER], 2);
}

static void more_unknown_numbers_than_there_is_room_for_do_no_harm(void **)
{
	for (uint16_t i = 0; i < 100; i++)
		decode(pktbuild_bare(2000 + i));
	assert_int_equal(stats.unknown_linktype[PAL_DECODE_NUMBERS - 1].pkts, 1);
	assert_int_equal(stats.exits.pkts[PAL_DROP_LINKTYPE_UNKNOWN], 100);
}

static void link_frames_that_are_no_datagram_stop_by_name(void **)
{
	static const struct {
		uint16_t ethertype;
		enum pal_layer layer;
		const char *drop;
	} leaves[] = {
		{0x0806, PAL_LAYER_ARP, "arp"},
		{0x8035, PAL_LAYER_RARP, "arp"},
		{0x88cc, PAL_LAYER_LLDP, "lldp"},
		{0x8863, PAL_LAYER_PPPOE_DISCOVERY, "ethertype_not_ip"},
		{0x88e5, PAL_LAYER_MACSEC, "encrypted"},
		{0x888e, PAL_LAYER_EAPOL, "ethertype_not_ip"},
		{1501, PAL_LAYER_ETHERNET, "ethertype_unknown"}, // neither length nor type
	};
	struct pktbuild *pb;

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		uint64_t before = stats.layers[leaves[i].layer];
		struct pal_pkt pkt;

		pb = pktbuild_eth();
		pktbuild_ethertype(pb, leaves[i].ethertype);
		pkt = decode(pb);
		assert_drop(pkt, leaves[i].drop);
		assert_int_equal(pkt.ethertype, leaves[i].ethertype);
		assert_int_equal(stats.layers[leaves[i].layer], before + 1);
	}

	assert_drop(decode_bytes(101, (const uint8_t *)"\x50", 1, 1), "raw_not_ip");
	assert_drop(decode_bytes(0, (const uint8_t *)"\x07\0\0\0", 4, 4), "null_family_unknown");
	pb = pktbuild_sll();
	pktbuild_bytes(pb, NULL)[3] = 824 & 0xff; // netlink
	pktbuild_bytes(pb, NULL)[2] = 824 >> 8;
	assert_drop(decode(pb), "sll_payload_unknown");
	assert_drop(decode(pktbuild_sll()), "link_control"); // protocol 0
}

static void ip_over_snap_is_decoded(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_snap(pb);
	tcp4(pb, A4, B4);
	pktbuild_pad(pb, 80);
	pkt = decode(pb);
	assert_delivered(pkt);
	assert_payload(pkt, 62, 5);
	assert_int_equal(pkt.ethertype, 0x0800);
}

static void other_llc_is_link_control(void **)
{
	static const uint8_t stp[] = {0x42, 0x42, 0x03, 0, 0};
	static const uint8_t cdp[] = {0xaa, 0xaa, 0x03, 0, 0, 0x0c, 0x20, 0x00};
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ethertype(pb, sizeof(stp));
	pktbuild_payload(pb, stp, sizeof(stp));
	assert_drop(decode(pb), "link_control");
	pb = pktbuild_eth();
	pktbuild_ethertype(pb, sizeof(cdp));
	pktbuild_payload(pb, cdp, sizeof(cdp));
	assert_drop(decode(pb), "link_control");
	pb = pktbuild_eth();
	pktbuild_ethertype(pb, 2); // LLC does not fit into the length, padding is not LLC
	pktbuild_payload(pb, stp, sizeof(stp));
	assert_drop(decode(pb), "link_truncated");
	pb = pktbuild_sll();
	pktbuild_ethertype(pb, 0x0004);
	pktbuild_payload(pb, stp, sizeof(stp));
	assert_drop(decode(pb), "link_control");
}

/* ---- VLAN ---- */

static void vlan_ids_are_recorded_outermost_first(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_vlan_tpid(pb, 0x88a8, 0xe000 | 100); // priority bits are not identity
	pktbuild_vlan_tpid(pb, 0x9100, 200);
	pktbuild_vlan(pb, 0);
	pktbuild_vlan(pb, 400);
	pkt = decode(tcp4(pb, A4, B4));
	assert_delivered(pkt);
	assert_int_equal(pkt.nb_vlans, 4);
	assert_int_equal(pkt.key.vlan[0], 100 | PAL_VLAN_TAGGED);
	assert_int_equal(pkt.key.vlan[1], 200 | PAL_VLAN_TAGGED);
	assert_int_equal(pkt.key.vlan[2], 0 | PAL_VLAN_TAGGED);
	assert_int_equal(pkt.l3_off, 14 + 16);
	assert_int_equal(stats.layers[PAL_LAYER_VLAN], 4);
	assert_int_equal(stats.vlan_qinq, 1);
}

static void one_tag_is_no_qinq(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct pal_pkt pkt;

	pktbuild_vlan(pb, 5);
	pkt = decode(tcp4(pb, A4, B4));
	assert_int_equal(pkt.key.vlan[0], 5 | PAL_VLAN_TAGGED);
	assert_int_equal(pkt.key.vlan[1], 0);
	assert_int_equal(stats.vlan_qinq, 0);
}

static void nesting_ends_at_the_depth_limit(void **)
{
	for (int tags = 28; tags < 40; tags++) {
		struct pktbuild *pb = pktbuild_eth();
		struct pal_pkt pkt;

		for (int i = 0; i < tags; i++)
			pktbuild_vlan(pb, 1);
		pkt = decode(tcp4(pb, A4, B4));
		// Ethernet, IPv4 and TCP are layers as well.
		if (tags + 3 <= PAL_DECODE_DEPTH_MAX)
			assert_delivered(pkt);
		else
			assert_drop(pkt, "too_many_layers");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(every_link_type_reaches_ip),
		decode_test(unknown_numbers_are_counted_by_number),
		decode_test(more_unknown_numbers_than_there_is_room_for_do_no_harm),
		decode_test(link_frames_that_are_no_datagram_stop_by_name),
		decode_test(ip_over_snap_is_decoded),
		decode_test(other_llc_is_link_control),
		decode_test(vlan_ids_are_recorded_outermost_first),
		decode_test(one_tag_is_no_qinq),
		decode_test(nesting_ends_at_the_depth_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
