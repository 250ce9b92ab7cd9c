/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams in datagrams: what both say, what tells tunnels apart, and where nesting ends. */
#include "decode_test.h"

#define C4 "192.0.2.1"
#define D4 "192.0.2.2"
#define C6 "2001:db8::c"
#define D6 "2001:db8::d"

static void vxlan(struct pktbuild *pb, const char *src, const char *dst, uint32_t vni)
{
	uint8_t hdr[8] = {0x08, [4] = vni >> 16 & 0xff, vni >> 8 & 0xff, vni & 0xff};

	pktbuild_ipv4(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, 50000, 4789);
	pktbuild_payload(pb, hdr, sizeof(hdr));
	pktbuild_frame(pb);
}

/* ---- what both say ---- */

static void outer_and_inner_are_complete_datagrams(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	const struct pal_pkt *outer, *inner;
	struct nest nest;

	pktbuild_vlan(pb, 100);
	vxlan(pb, D4, C4, 0x123456);
	pktbuild_vlan(pb, 7);
	tcp4(pb, A4, B4);
	nest = decode_nest(pb);
	assert_int_equal(nest.nb_pkts, 2);
	outer = &nest.pkts[0];
	inner = &nest.pkts[1];

	assert_delivered(*outer);
	assert_int_equal(outer->depth, 0);
	assert_int_equal(outer->key.tunnel, 0);
	assert_int_equal(outer->key.vlan[0], 100 | PAL_VLAN_TAGGED);
	assert_ports(*outer, 4789, 50000);
	assert_payload(*outer, 18 + 28, 8 + 18 + 45);
	assert_int_equal(outer->inner_tunnel, PAL_TUNNEL_VXLAN);
	assert_int_equal(outer->inner_layer, PAL_LAYER_ETHERNET);
	assert_int_equal(outer->inner_id, 0x123456);

	assert_delivered(*inner);
	assert_int_equal(inner->depth, 1);
	assert_addr(inner, 0, A4);
	assert_ports(*inner, 1234, 80);
	assert_payload(*inner, 18 + 40, 5);
	assert_memory_equal(inner->data + inner->payload_off, "GET /", 5);
	assert_int_equal(inner->wire_len, 18 + 45);
	assert_int_equal(inner->cap_len, 18 + 45);
	assert_int_equal(
		inner->key.vlan[0], 7 | PAL_VLAN_TAGGED
	); // the tag inside, not the one outside
	assert_int_equal(inner->key.vlan[1], 0);
	assert_int_equal(inner->time_ns, 42);
	assert_int_equal(inner->number, 7);
	assert_int_equal(inner->input, 3);
	assert_int_equal(inner->linktype, 1);

	assert_int_equal(inner->tunnel.types[0], PAL_TUNNEL_VXLAN);
	assert_int_equal(inner->tunnel.id, 0x123456);
	assert_memory_equal(inner->tunnel.src.b, "\xc0\0\2\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(inner->tunnel.dst.b, "\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(inner->tunnel.src_port, 50000);
	assert_int_equal(inner->tunnel.dst_port, 4789);
	assert_int_equal(inner->tunnel.proto, IPPROTO_UDP);
	assert_int_equal(inner->tunnel.ip_version, 4);
	nest_free(&nest);
}

static void frames_and_inner_datagrams_have_books_of_their_own(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct nest nest;

	vxlan(pb, C4, D4, 1);
	tcp4(pb, A4, B4);
	nest = decode_nest(pb);
	nest_free(&nest);
	pb = pktbuild_eth();
	vxlan(pb, C4, D4, 1);
	pktbuild_ethertype(pb, 0x0806);
	nest = decode_nest(pb);
	assert_drop(nest.pkts[1], "arp");
	nest_free(&nest);

	assert_int_equal(stats.pkts, 2);
	assert_int_equal(stats.exits.pkts[PAL_DROP_ARP], 0);
	assert_int_equal(stats.max_pkt_size, 14 + 36 + 14 + 45);
	assert_int_equal(stats.inner_pkts, 2);
	assert_int_equal(stats.inner_bytes, 14 + 45 + 14);
	assert_int_equal(stats.inner_exits.pkts[PAL_DROP_ARP], 1);
	assert_int_equal(stats.inner_exits.bytes[PAL_DROP_ARP], 14);
	assert_int_equal(stats.tunnels[PAL_TUNNEL_VXLAN], 2);
	assert_int_equal(stats.layers[PAL_LAYER_ETHERNET], 4);
	assert_int_equal(stats.layers[PAL_LAYER_UDP], 2);
	assert_int_equal(stats.layers[PAL_LAYER_TCP], 1);
}

/* ---- IP on IP ---- */

static void ip_on_ip_is_a_tunnel_in_all_four_ways(void **)
{
	static const enum pal_tunnel_type types[2][2] = {
		{PAL_TUNNEL_IPIP, PAL_TUNNEL_6IN4},
		{PAL_TUNNEL_4IN6, PAL_TUNNEL_6IN6},
	};

	for (int i = 0; i < 4; i++) {
		bool outer6 = i & 2, inner6 = i & 1;
		struct pktbuild *pb = pktbuild_eth();
		const struct pal_pkt *inner;
		struct nest nest;

		if (outer6)
			pktbuild_ipv6(pb, C6, D6, inner6 ? 41 : 4);
		else
			pktbuild_ipv4(pb, C4, D4, inner6 ? 41 : 4);
		if (inner6)
			udp6(pb, A6, B6);
		else
			tcp4(pb, A4, B4);
		pktbuild_pad(pb, 200);
		nest = decode_nest(pb);
		inner = &nest.pkts[1];
		assert_int_equal(nest.nb_pkts, 2);
		assert_int_equal(nest.pkts[0].key.proto, inner6 ? 41 : 4);
		assert_ports(nest.pkts[0], 0, 0);
		assert_delivered(*inner);
		assert_int_equal(inner->key.ip_version, inner6 ? 6 : 4);
		assert_int_equal(inner->tunnel.types[0], types[outer6][inner6]);
		assert_int_equal(inner->tunnel.ip_version, outer6 ? 6 : 4);
		assert_int_equal(inner->tunnel.src_port, 0);
		assert_int_equal(inner->payload_len, 5);
		assert_int_equal(inner->wire_len, inner6 ? 53 : 45); // without the padding
		nest_free(&nest);
	}
}

static void ip_on_ip_of_the_other_version_is_no_tunnel(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	struct nest nest;

	pktbuild_ipv4(pb, C4, D4, 41);
	tcp4(pb, A4, B4);
	nest = decode_nest(pb);
	assert_int_equal(nest.nb_pkts, 1);
	assert_delivered(nest.pkts[0]);
	assert_int_equal(nest.pkts[0].payload_len, 45);
	assert_int_equal(stats.tunnels[PAL_TUNNEL_6IN4], 0);
	nest_free(&nest);
}

/* ---- what tells tunnels apart ---- */

static uint32_t number_of(struct pktbuild *pb)
{
	struct nest nest = decode_nest(tcp4(pb, A4, B4));
	uint32_t number = nest.pkts[nest.nb_pkts - 1].key.tunnel;

	assert_true(nest.nb_pkts > 1);
	assert_int_not_equal(number, 0);
	nest_free(&nest);
	return number;
}

static uint32_t vxlan_number(const char *src, const char *dst, uint16_t vlan, uint32_t vni)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_vlan(pb, vlan);
	vxlan(pb, src, dst, vni);
	return number_of(pb);
}

static uint32_t ipip_number(const char *src, const char *dst, uint16_t vlan)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_vlan(pb, vlan);
	pktbuild_ipv4(pb, src, dst, 4);
	return number_of(pb);
}

static void vxlan_networks_are_told_apart_by_their_number(void **)
{
	uint32_t number = vxlan_number(C4, D4, 1, 5);

	assert_int_equal(number, vxlan_number(D4, C4, 1, 5));
	assert_int_equal(number, vxlan_number(C4, "192.0.2.3", 2, 5));
	assert_int_not_equal(number, vxlan_number(C4, D4, 1, 6));
}

static void ip_tunnels_are_told_apart_by_their_ends(void **)
{
	uint32_t number = ipip_number(C4, D4, 1);

	assert_int_equal(number, ipip_number(D4, C4, 1));
	assert_int_not_equal(number, ipip_number(C4, "192.0.2.3", 1));
	assert_int_not_equal(number, ipip_number(C4, D4, 2));
	assert_int_not_equal(number, vxlan_number(C4, D4, 1, 0));
}

static void the_whole_path_tells_tunnels_apart(void **)
{
	uint32_t numbers[2];

	for (int i = 0; i < 2; i++) {
		struct pktbuild *pb = pktbuild_eth();

		vxlan(pb, C4, D4, i + 1);
		pktbuild_ipv4(pb, C4, D4, 4);
		numbers[i] = number_of(pb);
	}
	assert_int_not_equal(numbers[0], numbers[1]);
}

/* ---- where nesting ends ---- */

static void nesting_of_tunnels_is_followed_to_its_limit(void **)
{
	for (int tunnels = 1; tunnels < PAL_TUNNEL_MAX + 3; tunnels++) {
		struct pktbuild *pb = pktbuild_eth();
		struct nest nest;

		for (int i = 0; i < tunnels; i++)
			pktbuild_ipv4(pb, C4, D4, 4);
		nest = decode_nest(tcp4(pb, A4, B4));
		for (int i = 0; i < nest.nb_pkts; i++) {
			assert_delivered(nest.pkts[i]);
			assert_int_equal(nest.pkts[i].depth, i);
		}
		assert_int_equal(
			nest.nb_pkts, (tunnels < PAL_TUNNEL_MAX ? tunnels : PAL_TUNNEL_MAX) + 1
		);
		nest_free(&nest);
	}
	assert_int_equal(stats.tunnel_too_deep, 2);
}

static void cut_inside_a_tunnel_leaves_the_outer_datagram_whole(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	uint32_t outer_hdrs = 14 + 28, len = outer_hdrs + 8 + 14 + 45;

	vxlan(pb, C4, D4, 5);
	tcp4(pb, A4, B4);
	for (uint32_t cut = 0; cut < len; cut++) {
		struct nest nest = decode_nest_cut(pb, cut);
		const struct pal_pkt *inner = &nest.pkts[1];

		if (cut >= outer_hdrs) {
			assert_delivered(nest.pkts[0]);
			assert_int_equal(nest.pkts[0].payload_len, 8 + 14 + 45);
		}
		assert_int_equal(nest.nb_pkts, cut < outer_hdrs + 8 ? 1 : 2);
		if (nest.nb_pkts == 2) {
			assert_true(inner->flags & PAL_PKT_SNAPPED);
			assert_int_equal(inner->wire_len, 14 + 45);
			assert_int_equal(
				inner->drop == PAL_DROP_NONE, cut >= outer_hdrs + 8 + 14 + 20
			);
		}
		nest_free(&nest);
	}
	pktbuild_free(pb);
}

/* ---- whole datagrams ---- */

static void a_whole_datagram_inherits_what_lies_below_ip(void **)
{
	struct pktbuild *pb = pktbuild_eth(), *rebuilt = pktbuild_raw();
	struct pal_pkt whole;
	struct nest nest;
	size_t len;

	pktbuild_vlan(pb, 100);
	vxlan(pb, C4, D4, 5);
	pktbuild_vlan(pb, 7);
	pktbuild_vlan(pb, 8);
	pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
	pktbuild_ipv4_fragment(pb, 1, 8, false);
	pktbuild_text(pb, "T /");
	nest = decode_nest(pb);
	assert_true(nest.pkts[1].flags & PAL_PKT_FRAGMENT);

	memset(&whole, 0xa5, sizeof(whole));
	whole.data = pktbuild_bytes(tcp4(rebuilt, A4, B4), &len);
	whole.cap_len = whole.wire_len = (uint32_t)len;
	assert_true(pal_decode_datagram(&whole, &nest.pkts[1], &stats));
	decode_check(&whole);
	assert_delivered(whole);
	assert_int_equal(whole.flags, PAL_PKT_REASSEMBLED);
	assert_ports(whole, 1234, 80);
	assert_payload(whole, 40, 5);
	assert_int_equal(whole.key.vlan[0], 7 | PAL_VLAN_TAGGED);
	assert_int_equal(whole.key.vlan[1], 8 | PAL_VLAN_TAGGED);
	assert_int_equal(whole.nb_vlans, 2);
	assert_int_equal(whole.ethertype, 0x0800);
	assert_int_equal(whole.key.tunnel, nest.pkts[1].key.tunnel);
	assert_int_equal(whole.depth, 1);
	assert_memory_equal(&whole.tunnel, &nest.pkts[1].tunnel, sizeof(whole.tunnel));
	assert_int_equal(whole.time_ns, 42);
	assert_int_equal(whole.number, 7);
	assert_int_equal(whole.input, 3);
	assert_int_equal(stats.whole_pkts, 1);
	assert_int_equal(stats.whole_bytes, len);
	pktbuild_free(rebuilt);
	nest_free(&nest);
}

static void a_whole_datagram_may_be_a_tunnel(void **)
{
	static const struct {
		uint8_t proto;
		const char *header;
		enum pal_tunnel_type type;
	} cases[] = {
		{IPPROTO_UDP, "c350 2152 0041 0000 30ff 002d 00000001", PAL_TUNNEL_NONE},
		{IPPROTO_UDP, "c350 0868 003d 0000 30ff 002d 00000001", PAL_TUNNEL_GTPU},
		{IPPROTO_GRE, "0000 0800", PAL_TUNNEL_GRE},
		{IPPROTO_IPIP, "", PAL_TUNNEL_IPIP},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pktbuild *pb = pktbuild_eth(), *rebuilt = pktbuild_raw();
		struct pal_pkt last, whole, inner;
		size_t len;

		pktbuild_ipv4(pb, C4, D4, cases[i].proto);
		pktbuild_ipv4_fragment(pb, 1, 8, false);
		last = decode(pb);
		assert_int_equal(last.inner_layer, PAL_LAYER_END);

		pktbuild_ipv4(rebuilt, C4, D4, cases[i].proto);
		pktbuild_hex(rebuilt, cases[i].header);
		whole.data = pktbuild_bytes(tcp4(rebuilt, A4, B4), &len);
		whole.cap_len = whole.wire_len = (uint32_t)len;
		assert_true(pal_decode_datagram(&whole, &last, &stats));
		decode_check(&whole);
		if (cases[i].type == PAL_TUNNEL_NONE) {
			assert_int_equal(whole.inner_layer, PAL_LAYER_END);
		} else {
			assert_int_equal(whole.inner_tunnel, cases[i].type);
			assert_true(pal_decode_inner(&inner, &whole, &stats));
			decode_check(&inner);
			assert_ports(inner, 1234, 80);
			assert_int_equal(inner.flags, 0); // that one was in one piece
		}
		pktbuild_free(rebuilt);
	}
}

static void a_whole_datagram_that_is_none_has_a_name(void **)
{
	struct pktbuild *pb = pktbuild_raw();
	struct pal_pkt last,
		whole = {.data = (const uint8_t *)"\x45\0\0\x14", .cap_len = 4, .wire_len = 4};

	pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
	pktbuild_ipv4_fragment(pb, 1, 8, false);
	last = decode(pb);
	assert_false(pal_decode_datagram(&whole, &last, &stats));
	assert_drop(whole, "ipv4_truncated");
	assert_int_equal(stats.whole_exits.pkts[PAL_DROP_IPV4_TRUNCATED], 1);
	assert_int_equal(stats.exits.pkts[PAL_DROP_IPV4_TRUNCATED], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(outer_and_inner_are_complete_datagrams),
		decode_test(frames_and_inner_datagrams_have_books_of_their_own),
		decode_test(ip_on_ip_is_a_tunnel_in_all_four_ways),
		decode_test(ip_on_ip_of_the_other_version_is_no_tunnel),
		decode_test(vxlan_networks_are_told_apart_by_their_number),
		decode_test(ip_tunnels_are_told_apart_by_their_ends),
		decode_test(the_whole_path_tells_tunnels_apart),
		decode_test(nesting_of_tunnels_is_followed_to_its_limit),
		decode_test(cut_inside_a_tunnel_leaves_the_outer_datagram_whole),
		decode_test(a_whole_datagram_inherits_what_lies_below_ip),
		decode_test(a_whole_datagram_may_be_a_tunnel),
		decode_test(a_whole_datagram_that_is_none_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
