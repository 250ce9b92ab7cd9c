/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole packets: fields, counters, keys; and packets cut anywhere. */
#include "decode_test.h"
#include "eal.h"

#include <pal_mbuf.h>

/* ---- a whole packet ---- */

static void tcp_fields_are_those_of_the_packet(void **)
{
	struct pal_pkt pkt = decode(tcp4(pktbuild_eth(), A4, B4));

	assert_delivered(pkt);
	assert_addr(&pkt, 0, A4);
	assert_addr(&pkt, 1, B4);
	assert_ports(pkt, 1234, 80);
	assert_int_equal(pkt.key.proto, IPPROTO_TCP);
	assert_int_equal(pkt.key.ip_version, 4);
	assert_int_equal(pkt.flags, 0);
	assert_int_equal(pkt.ethertype, 0x0800);
	assert_int_equal(pkt.l3_off, 14);
	assert_int_equal(pkt.l4_off, 34);
	assert_int_equal(pkt.l3_payload_len, 25);
	assert_int_equal(pkt.l4_hdr_len, 20);
	assert_payload(pkt, 54, 5);
	assert_int_equal(pkt.tcp_seq, 1000);
	assert_int_equal(pkt.tcp_ack, 2000);
	assert_int_equal(pkt.tcp_flags, PAL_TCP_ACK | PAL_TCP_PSH);
	assert_int_equal(pkt.tcp_window, 65535);
	assert_int_equal(pkt.ttl, 64);
}

static void layers_frames_and_exits_are_counted(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	decode(tcp4(pktbuild_eth(), A4, B4));
	pktbuild_ethertype(pb, 0x0806);
	pktbuild_pad(pb, 60);
	decode(pb);
	assert_int_equal(stats.pkts, 2);
	assert_int_equal(stats.bytes, 59 + 60);
	assert_int_equal(stats.max_pkt_size, 60);
	assert_int_equal(stats.layers[PAL_LAYER_ETHERNET], 2);
	assert_int_equal(stats.layers[PAL_LAYER_IPV4], 1);
	assert_int_equal(stats.layers[PAL_LAYER_TCP], 1);
	assert_int_equal(stats.layers[PAL_LAYER_ARP], 1);
	assert_int_equal(stats.exits.pkts[PAL_DROP_ARP], 1);
	assert_int_equal(stats.exits.bytes[PAL_DROP_ARP], 60);
	assert_string_equal(pal_layer_name(PAL_LAYER_ARP), "arp");
}

static void every_layer_has_a_name(void **)
{
	for (int i = 0; i < PAL_LAYER_COUNT; i++)
		assert_non_null(pal_layer_name(i));
}

static void mbuf_of_a_built_packet_decodes(void **)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("test", 31, 0, PAL_MBUF_PRIV_SIZE, 2048, SOCKET_ID_ANY);
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
	struct rte_mbuf *m;

	assert_non_null(pool);
	m = pktbuild_mbuf(pb, pool, 42);
	pal_decode(pal_mbuf_pkt(m), &stats);
	assert_delivered(*pal_mbuf_pkt(m));
	assert_int_equal(pal_mbuf_pkt(m)->time_ns, 42);
	assert_int_equal(pal_mbuf_pkt(m)->payload_len, 5);
	rte_pktmbuf_free(m);
	rte_mempool_free(pool);
	pktbuild_free(pb);
}

/* ---- the key ---- */

static void both_directions_have_one_key(void **)
{
	struct pktbuild *there = pktbuild_eth(), *back = pktbuild_eth();
	struct pal_pkt a, b;

	pktbuild_ipv6(there, A6, B6, IPPROTO_TCP);
	pktbuild_tcp(there, 80, 1234, PAL_TCP_SYN, 1, 0);
	pktbuild_ipv6(back, B6, A6, IPPROTO_TCP);
	pktbuild_tcp(back, 1234, 80, PAL_TCP_SYN | PAL_TCP_ACK, 1, 2);
	a = decode(there);
	b = decode(back);
	assert_memory_equal(&a.key, &b.key, sizeof(a.key));
	assert_int_equal(pal_pkt_sender(&a), 0);
	assert_int_equal(pal_pkt_sender(&b), 1);
	assert_addr(&a, 0, A6);
	assert_ports(a, 80, 1234);
}

static void addresses_are_ordered_as_bytes_not_as_numbers(void **)
{
	// As little-endian words 1.0.0.2 is the larger one.
	struct pal_pkt pkt = decode(tcp4(pktbuild_raw(), "2.0.0.1", "1.0.0.2"));

	assert_addr(&pkt, 0, "1.0.0.2");
	assert_int_equal(pal_pkt_sender(&pkt), 1);
	assert_ports(pkt, 80, 1234);
}

static void equal_addresses_are_ordered_by_port(void **)
{
	struct pal_pkt v4 = decode(tcp4(pktbuild_raw(), A4, A4));
	struct pal_pkt v6 = decode(udp6(pktbuild_raw(), A6, A6));

	assert_ports(v4, 80, 1234);
	assert_int_equal(pal_pkt_sender(&v4), 1);
	assert_ports(v6, 53, 5353);
	assert_int_equal(pal_pkt_sender(&v6), 1);
}

static void equal_endpoints_are_not_swapped(void **)
{
	struct pktbuild *pb = pktbuild_raw();
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, A4, IPPROTO_TCP);
	pktbuild_tcp(pb, 7, 7, PAL_TCP_SYN, 0, 0);
	pkt = decode(pb);
	assert_int_equal(pal_pkt_sender(&pkt), 0);
}

/* ---- cut at every byte ---- */

static struct pktbuild *build_deep(int which)
{
	struct pktbuild *pb;

	switch (which) {
	case 0:
		pb = pktbuild_eth();
		pktbuild_vlan(pb, 1);
		pktbuild_vlan(pb, 2);
		pktbuild_ipv4(pb, A4, B4, IPPROTO_TCP);
		pktbuild_ipv4_options(pb, 8);
		pktbuild_tcp(pb, 7, 8, PAL_TCP_ACK, 0, 0);
		pktbuild_tcp_options(pb, "\1\1\1\1", 4);
		break;
	case 1:
		pb = pktbuild_eth();
		pktbuild_snap(pb);
		pktbuild_ipv6(pb, A6, B6, 0);
		pktbuild_ipv6_ext(pb, 44, 16);
		pktbuild_ipv6_fragment(pb, 51, 1, 0, false);
		pktbuild_ah(pb, IPPROTO_UDP, 12);
		pktbuild_udp(pb, 7, 8);
		break;
	case 2:
		pb = pktbuild_sll2();
		pktbuild_ipv4(pb, A4, B4, IPPROTO_SCTP);
		pktbuild_sctp(pb, 7, 8);
		break;
	case 3:
		pb = pktbuild_sll();
		pktbuild_ipv6(pb, A6, B6, IPPROTO_ICMPV6);
		pktbuild_icmp(pb, 128, 0);
		break;
	case 4:
		pb = pktbuild_null();
		pktbuild_ipv4(pb, A4, B4, 51);
		pktbuild_ah(pb, IPPROTO_ICMP, 16);
		pktbuild_icmp(pb, 8, 0);
		break;
	default:
		pb = pktbuild_raw();
		pktbuild_ipv6(pb, A6, B6, 44);
		pktbuild_ipv6_fragment(pb, IPPROTO_UDP, 1, 8, false);
		break;
	}
	pktbuild_text(pb, "payload");
	return pb;
}

static void cut_anywhere_is_a_named_stop_or_a_flag(void **)
{
	for (int which = 0; which <= 5; which++) {
		struct pktbuild *pb = build_deep(which);
		struct pal_pkt whole = decode_cut(pb, SIZE_MAX);
		bool delivered = false;

		assert_delivered(whole);
		for (uint32_t len = 0; len < whole.wire_len; len++) {
			struct pal_pkt pkt = decode_cut(pb, len);

			assert_true(pkt.flags & PAL_PKT_SNAPPED);
			// More bytes never make a datagram less of one.
			assert_true(pkt.drop == PAL_DROP_NONE || !delivered);
			delivered = pkt.drop == PAL_DROP_NONE;
			if (!delivered)
				assert_non_null(strstr(pal_drop_name(pkt.drop), "truncated"));
			else if (len < whole.payload_off)
				assert_true(pkt.flags & PAL_PKT_L4_TRUNCATED);
			else
				assert_int_equal(pkt.payload_len, whole.payload_len);
			if (delivered && len >= whole.l4_off + 4)
				assert_memory_equal(&pkt.key, &whole.key, sizeof(pkt.key));
		}
		pktbuild_free(pb);
	}
}

static void ports_that_were_captured_are_used(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
	struct pal_pkt pkt = decode_cut(pb, 34 + 4);

	assert_int_equal(pkt.flags, PAL_PKT_SNAPPED | PAL_PKT_L4_TRUNCATED);
	assert_ports(pkt, 1234, 80);
	pkt = decode_cut(pb, 34 + 3);
	assert_int_equal(pkt.flags, PAL_PKT_SNAPPED | PAL_PKT_L4_TRUNCATED);
	assert_ports(pkt, 0, 0);
	pktbuild_free(pb);
}

static void frame_longer_than_it_says_is_read_to_its_end(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth(), A4, B4);
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);
	struct pal_pkt pkt = decode_bytes(1, bytes, len, 0);

	assert_delivered(pkt);
	assert_payload(pkt, 54, 5);
	pktbuild_free(pb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(tcp_fields_are_those_of_the_packet),
		decode_test(layers_frames_and_exits_are_counted),
		decode_test(every_layer_has_a_name),
		decode_test(mbuf_of_a_built_packet_decodes),
		decode_test(both_directions_have_one_key),
		decode_test(addresses_are_ordered_as_bytes_not_as_numbers),
		decode_test(equal_addresses_are_ordered_by_port),
		decode_test(equal_endpoints_are_not_swapped),
		decode_test(cut_anywhere_is_a_named_stop_or_a_flag),
		decode_test(ports_that_were_captured_are_used),
		decode_test(frame_longer_than_it_says_is_read_to_its_end),
	};

	pal_test_eal_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
