/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "convert.h"
#include "link.h"
#include "pktbuild.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define A "10.0.0.1"
#define B "10.0.0.2"
#define C "192.0.2.1"
#define D "192.0.2.2"

static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
static const struct rw_convert_conf to_raw = {.linktype = RW_LINKTYPE_RAW};
static const struct rw_convert_conf to_ether = {.linktype = RW_LINKTYPE_ETHERNET};

static struct rw_convert c; // of the test that runs
static struct pal_savefile_rec got;

static int teardown(void **)
{
	rw_convert_fini(&c);
	return 0;
}

// Convert the first cap_len bytes of a packet; they lie at exact size, so that AddressSanitizer sees a read past them.
static enum rw_lost
convert_cut(const struct rw_convert_conf *conf, struct pktbuild *pb, size_t cap_len)
{
	static uint8_t *copy;
	struct rw_packet p;
	struct pal_savefile_interface iface = {.mul = 1000, .div = 1};
	enum rw_lost lost;
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);

	free(copy);
	if (cap_len > len)
		cap_len = len;
	copy = malloc(cap_len);
	memcpy(copy, bytes, cap_len);
	got = (struct pal_savefile_rec){
		.data = copy,
		.cap_len = (uint32_t)cap_len,
		.wire_len = (uint32_t)len,
		.linktype = pktbuild_linktype(pb),
		.has_time = true,
	};
	rw_packet_fill(&p, &got, 1);
	rw_convert_fini(&c);
	rw_convert_init(&c, conf);
	lost = rw_convert(&c, &p, &iface, &got);
	pktbuild_free(pb);
	return lost;
}

static enum rw_lost convert(const struct rw_convert_conf *conf, struct pktbuild *pb)
{
	return convert_cut(conf, pb, SIZE_MAX);
}

// What came out is what was built, whole.
static void assert_is(struct pktbuild *pb)
{
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);

	assert_int_equal(got.linktype, pktbuild_linktype(pb));
	assert_int_equal(got.cap_len, len);
	assert_int_equal(got.wire_len, len);
	assert_memory_equal(got.data, bytes, len);
	pktbuild_free(pb);
}

static struct pktbuild *tcp4(struct pktbuild *pb)
{
	pktbuild_ipv4(pb, A, B, IPPROTO_TCP);
	pktbuild_tcp(pb, 1000, 80, 0x18, 1, 2);
	pktbuild_text(pb, "GET /");
	return pb;
}

static struct pktbuild *udp6(struct pktbuild *pb)
{
	pktbuild_ipv6(pb, "2001:db8::1", "2001:db8::2", 60);
	pktbuild_ipv6_ext(pb, IPPROTO_UDP, 8);
	pktbuild_udp(pb, 5353, 53);
	pktbuild_text(pb, "query");
	return pb;
}

static struct pktbuild *arp(struct pktbuild *pb)
{
	static const uint8_t bytes[28] = {0, 1, 8, 0, 6, 4, 0, 1};

	pktbuild_ethertype(pb, 0x0806);
	pktbuild_payload(pb, bytes, sizeof(bytes));
	return pb;
}

static struct pktbuild *tagged(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_vlan_tpid(pb, 0x88a8, 7);
	pktbuild_vlan(pb, 5);
	return pb;
}

// The frame as Ethernet with these addresses.
static struct pktbuild *with_macs(struct pktbuild *pb, const uint8_t *addrs)
{
	memcpy(pktbuild_bytes(pb, NULL), addrs, 12);
	return pb;
}

/* link types */

/* The seed took 14 bytes off whatever came, and left the lengths alone elsewhere. */
static void raw_is_the_datagram_and_nothing_else(void **)
{
	struct pktbuild *(*const starts[])(void) = {
		pktbuild_eth,
		tagged,
		pktbuild_raw,
		pktbuild_sll,
		pktbuild_sll2,
		pktbuild_null,
		pktbuild_loop,
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		assert_int_equal(convert(&to_raw, tcp4(starts[i]())), RW_LOST_NONE);
		assert_is(tcp4(pktbuild_raw()));
		assert_int_equal(convert(&to_raw, udp6(starts[i]())), RW_LOST_NONE);
		assert_is(udp6(pktbuild_raw()));
	}
}

static void padding_is_no_part_of_a_datagram(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth());

	pktbuild_pad(pb, 100);
	assert_int_equal(convert(&to_raw, pb), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_raw()));
}

static void lengths_follow_where_the_capture_is_cut(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth());

	pktbuild_pad(pb, 100);
	assert_int_equal(convert_cut(&to_raw, pb, 14 + 42), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 42);
	assert_int_equal(got.wire_len, 45); // what IP says, not the padding
	assert_int_equal(convert_cut(&to_ether, tcp4(pktbuild_sll()), 16 + 42), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 14 + 42);
	assert_int_equal(got.wire_len, 14 + 45);
}

static void ethernet_gets_the_addresses_given(void **)
{
	struct rw_convert_conf conf = to_ether;

	conf.has_macs = true;
	memcpy(conf.macs, macs, sizeof(macs));
	assert_int_equal(convert(&conf, tcp4(pktbuild_raw())), RW_LOST_NONE);
	assert_is(with_macs(tcp4(pktbuild_eth()), macs));
	assert_int_equal(convert(&conf, udp6(pktbuild_null())), RW_LOST_NONE);
	assert_is(with_macs(udp6(pktbuild_eth()), macs));
	assert_int_equal(convert(&conf, tcp4(pktbuild_eth())), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_eth())); // it has its own
}

static void a_cooked_frame_keeps_its_sender_and_what_follows(void **)
{
	uint8_t want[12] = {0};
	struct pktbuild *pb = pktbuild_sll();

	pktbuild_vlan(pb, 5);
	tcp4(pb);
	memcpy(pktbuild_bytes(pb, NULL) + 4, "\0\6\2\0\0\0\0\2", 8); // an address of six bytes
	memcpy(want + 6, macs + 6, 6);
	assert_int_equal(convert(&to_ether, pb), RW_LOST_NONE);
	pb = pktbuild_eth();
	pktbuild_vlan(pb, 5);
	assert_is(with_macs(tcp4(pb), want));

	pb = arp(pktbuild_sll2());
	pktbuild_bytes(pb, NULL)[11] = 0; // none
	memset(want, 0, sizeof(want));
	assert_int_equal(convert(&to_ether, pb), RW_LOST_NONE);
	assert_is(with_macs(arp(pktbuild_eth()), want));
}

static void what_cannot_be_converted_is_told(void **)
{
	struct pktbuild *pb;

	assert_int_equal(convert(&to_raw, arp(pktbuild_eth())), RW_LOST_NOT_IP);
	assert_int_equal(c.lost[RW_LOST_NOT_IP], 1);
	pb = pktbuild_eth();
	pktbuild_snap(pb);
	assert_int_equal(convert(&to_raw, arp(pb)), RW_LOST_NOT_IP);
	pb = pktbuild_bare(147); // LINKTYPE_USER0
	pktbuild_text(pb, "anything");
	assert_int_equal(convert(&to_ether, pb), RW_LOST_LINKTYPE);
	for (size_t len = 0; len < 14 + 20; len++)
		assert_int_equal(convert_cut(&to_raw, tcp4(pktbuild_eth()), len), RW_LOST_CUT);
	for (size_t len = 0; len < 16; len++)
		assert_int_equal(convert_cut(&to_ether, tcp4(pktbuild_sll()), len), RW_LOST_CUT);
}

static void vlan_tags_go_and_the_rest_stays(void **)
{
	static const struct rw_convert_conf strip = {.strip_vlans = true};

	assert_int_equal(convert(&strip, tcp4(tagged())), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_eth()));
	assert_int_equal(convert(&strip, arp(tagged())), RW_LOST_NONE);
	assert_is(arp(pktbuild_eth()));
	assert_int_equal(convert(&strip, tcp4(pktbuild_eth())), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_eth()));
	assert_int_equal(convert(&strip, tcp4(pktbuild_raw())), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_raw()));
	assert_int_equal(convert_cut(&strip, tcp4(tagged()), 14 + 4 + 4 + 10), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 14 + 10);
	assert_int_equal(got.wire_len, 14 + 45);
	assert_int_equal(convert_cut(&strip, tcp4(tagged()), 14 + 5), RW_LOST_CUT);
}

/* tunnels */

static void vxlan(struct pktbuild *pb)
{
	static const uint8_t hdr[8] = {0x08, [6] = 1};

	pktbuild_ipv4(pb, C, D, IPPROTO_UDP);
	pktbuild_udp(pb, 50000, 4789);
	pktbuild_payload(pb, hdr, sizeof(hdr));
	pktbuild_frame(pb);
}

static const struct rw_convert_conf decap = {.decap = true};

static void the_innermost_frame_is_taken_out(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	vxlan(pb);
	vxlan(pb);
	pktbuild_vlan(pb, 9);
	tcp4(pb);
	pktbuild_pad(pb, 400);
	assert_int_equal(convert(&decap, pb), RW_LOST_NONE);
	pb = pktbuild_eth();
	pktbuild_vlan(pb, 9);
	assert_is(tcp4(pb));

	pb = pktbuild_raw();
	vxlan(pb);
	arp(pb);
	assert_int_equal(convert(&decap, pb), RW_LOST_NONE);
	assert_is(arp(pktbuild_eth()));
}

static void a_datagram_goes_back_under_the_ethernet_header(void **)
{
	struct pktbuild *pb = tagged();

	pktbuild_ipv4(pb, C, D, IPPROTO_IPV6);
	udp6(pb);
	memcpy(pktbuild_bytes(pb, NULL), macs, sizeof(macs));
	assert_int_equal(convert(&decap, pb), RW_LOST_NONE);
	assert_is(with_macs(udp6(pktbuild_eth()), macs));

	pb = pktbuild_raw();
	pktbuild_ipv4(pb, C, D, IPPROTO_IPIP);
	assert_int_equal(convert(&decap, tcp4(pb)), RW_LOST_NONE);
	assert_is(tcp4(pktbuild_raw()));

	// The inner frame as well where another link type is asked for.
	pb = pktbuild_sll();
	vxlan(pb);
	assert_int_equal(
		convert(&(struct rw_convert_conf){.decap = true, .linktype = RW_LINKTYPE_RAW},
			tcp4(pb)),
		RW_LOST_NONE
	);
	assert_is(tcp4(pktbuild_raw()));
}

static void what_is_no_tunnel_stays(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_eth());

	pktbuild_pad(pb, 80);
	assert_int_equal(convert(&decap, pb), RW_LOST_NONE);
	pb = tcp4(pktbuild_eth());
	pktbuild_pad(pb, 80);
	assert_is(pb);
	assert_int_equal(convert(&decap, arp(pktbuild_sll())), RW_LOST_NONE);
	assert_is(arp(pktbuild_sll()));
}

static void inner_lengths_follow_where_the_capture_is_cut(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	vxlan(pb);
	tcp4(pb);
	assert_int_equal(convert_cut(&decap, pb, 14 + 28 + 8 + 14 + 30), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 14 + 30);
	assert_int_equal(got.wire_len, 14 + 45);
}

/* payload, length, time */

static uint32_t stripped(struct pktbuild *pb)
{
	size_t len;

	pktbuild_bytes(pb, &len);
	assert_int_equal(
		convert(&(struct rw_convert_conf){.strip_payload = true}, pb), RW_LOST_NONE
	);
	assert_int_equal(got.wire_len, len);
	return got.cap_len;
}

static void headers_stay_and_payload_goes(void **)
{
	struct pktbuild *pb;

	assert_int_equal(stripped(tcp4(pktbuild_eth())), 14 + 20 + 20);
	assert_int_equal(stripped(udp6(tagged())), 22 + 40 + 8 + 8);
	assert_int_equal(stripped(tcp4(pktbuild_raw())), 20 + 20);
	assert_int_equal(stripped(arp(pktbuild_eth())), 14 + 28);
	pb = pktbuild_eth();
	pktbuild_ipv4(pb, A, B, IPPROTO_ICMP);
	pktbuild_icmp(pb, 8, 0);
	pktbuild_text(pb, "ping");
	assert_int_equal(stripped(pb), 14 + 20 + 8);
	for (int first = 0; first < 2; first++) {
		pb = pktbuild_eth();
		pktbuild_ipv4(pb, A, B, IPPROTO_UDP);
		pktbuild_ipv4_fragment(pb, 7, first ? 0 : 8, first);
		pktbuild_text(pb, "0123456789abcdef");
		assert_int_equal(stripped(pb), first ? 14 + 20 + 8 : 14 + 20);
	}
	pb = pktbuild_eth();
	vxlan(pb);
	assert_int_equal(stripped(tcp4(pb)), 14 + 20 + 8);
	pb = tagged();
	pktbuild_ethertype(pb, 0x88cc); // LLDP
	pktbuild_text(pb, "name of a switch");
	assert_int_equal(stripped(pb), 14 + 8);
	pb = pktbuild_bare(147);
	pktbuild_text(pb, "who knows");
	assert_int_equal(stripped(pb), 0);
}

static void snapping_cuts_what_is_captured_only(void **)
{
	static const struct rw_convert_conf conf = {.snaplen = 20};

	assert_int_equal(convert(&conf, tcp4(pktbuild_eth())), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 20);
	assert_int_equal(got.wire_len, 14 + 45);
	assert_int_equal(convert_cut(&conf, tcp4(pktbuild_eth()), 19), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 19);
}

// A time of s seconds in this unit, moved by ns.
static void
assert_shift(struct pal_savefile_interface iface, uint64_t ticks, int64_t ns, uint64_t want)
{
	static const uint8_t byte;
	struct rw_packet p;

	got = (struct pal_savefile_rec){
		.data = &byte,
		.cap_len = 1,
		.wire_len = 1,
		.has_time = true,
		.ticks = ticks,
	};
	rw_packet_fill(&p, &got, 1);
	rw_convert_init(&c, &(struct rw_convert_conf){.shift_ns = ns});
	assert_int_equal(rw_convert(&c, &p, &iface, &got), RW_LOST_NONE);
	assert_int_equal(got.ticks, want);
}

static void time_moves_in_the_unit_of_its_interface(void **)
{
	const struct pal_savefile_interface us = {.mul = 1000, .div = 1}, ns = {.mul = 1, .div = 1},
					    ps = {.mul = 1, .div = 1000},
					    binary = {.mul = 1000000000, .div = 1, .shift = 10},
					    tiny = {.mul = 1,
						    .div = UINT64_C(10000000000000000000)};

	assert_shift(us, 1000000, 500000000, 1500000);
	assert_shift(us, 1000000, -500000000, 500000);
	assert_shift(us, 1000000, -1000000001, 0);
	assert_shift(us, 7, 499, 7); // rounded
	assert_shift(us, 7, 500, 8);
	assert_shift(us, 7, -500, 6);
	assert_shift(us, 5, -1000000, 0); // not before 1970
	assert_shift(ns, 7, -3, 4);
	assert_shift(ps, 7, 3, 3007);
	assert_shift(binary, 1024, 1500000000, 1024 + 1536);
	assert_shift(tiny, 7, 1, 7);
	assert_shift(ns, UINT64_MAX - 1, 5, UINT64_MAX);
}

static void one_after_the_other(void **)
{
	const struct rw_convert_conf conf = {
		.decap = true,
		.linktype = RW_LINKTYPE_ETHERNET,
		.strip_vlans = true,
		.strip_payload = true,
		.snaplen = 50,
	};
	struct pktbuild *pb = pktbuild_sll();

	vxlan(pb);
	pktbuild_vlan(pb, 9);
	tcp4(pb);
	assert_int_equal(convert(&conf, pb), RW_LOST_NONE);
	assert_int_equal(got.cap_len, 50);
	assert_int_equal(got.wire_len, 14 + 45);
	pb = tcp4(pktbuild_eth());
	assert_memory_equal(got.data, pktbuild_bytes(pb, NULL), 50);
	pktbuild_free(pb);
}

int main(void)
{
#define t(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		t(raw_is_the_datagram_and_nothing_else),
		t(padding_is_no_part_of_a_datagram),
		t(lengths_follow_where_the_capture_is_cut),
		t(ethernet_gets_the_addresses_given),
		t(a_cooked_frame_keeps_its_sender_and_what_follows),
		t(what_cannot_be_converted_is_told),
		t(vlan_tags_go_and_the_rest_stays),
		t(the_innermost_frame_is_taken_out),
		t(a_datagram_goes_back_under_the_ethernet_header),
		t(what_is_no_tunnel_stays),
		t(inner_lengths_follow_where_the_capture_is_cut),
		t(headers_stay_and_payload_goes),
		t(snapping_cuts_what_is_captured_only),
		t(time_moves_in_the_unit_of_its_interface),
		t(one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
