/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums: right, wrong, and left to the NIC. */
#include "decode_test.h"

#include <pal_checksum.h>

#define C4 "192.0.2.1"
#define D4 "192.0.2.2"

/** Transport protocols with a checksum, over both versions of IP. */
static const struct transport {
	uint8_t proto;
	bool over4, over6;
	uint32_t field, len; // the checksum in the header
} transports[] = {
	{IPPROTO_TCP, true, true, 16, 2},
	{IPPROTO_UDP, true, true, 6, 2},
	{IPPROTO_ICMP, true, false, 2, 2},
	{IPPROTO_ICMPV6, false, true, 2, 2},
	{IPPROTO_SCTP, true, true, 8, 4},
};

#define NB_TRANSPORTS (sizeof(transports) / sizeof(transports[0]))

static void add_transport(struct pktbuild *pb, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		pktbuild_tcp(pb, 1234, 80, PAL_TCP_ACK, 1, 2);
		break;
	case IPPROTO_UDP:
		pktbuild_udp(pb, 1234, 80);
		break;
	case IPPROTO_SCTP:
		pktbuild_sctp(pb, 1234, 80);
		break;
	default:
		pktbuild_icmp(pb, proto == IPPROTO_ICMP ? 8 : 128, 0);
		break;
	}
	pktbuild_text(pb, "payload");
}

static struct pktbuild *build(const struct transport *t, int version)
{
	struct pktbuild *pb = pktbuild_raw();

	if (version == 4)
		pktbuild_ipv4(pb, A4, B4, t->proto);
	else
		pktbuild_ipv6(pb, A6, B6, t->proto);
	add_transport(pb, t->proto);
	return pb;
}

/** Is the frame right, as it lies there now? */
static bool frame_ok(struct pktbuild *pb)
{
	struct pal_pkt pkt = {.linktype = pktbuild_linktype(pb)};
	size_t len;

	pkt.data = pktbuild_bytes(pb, &len);
	pkt.cap_len = pkt.wire_len = (uint32_t)len;
	pal_decode(&pkt, &stats);
	assert_delivered(pkt);
	return pal_checksum_ok(&pkt);
}

static void every_damaged_bit_of_a_transport_is_seen(void **)
{
	for (size_t i = 0; i < NB_TRANSPORTS; i++) {
		for (int version = 4; version <= 6; version += 2) {
			uint32_t l4_off = version == 4 ? 20 : 40;
			struct pktbuild *pb;
			uint8_t *bytes;
			size_t len;

			if (!(version == 4 ? transports[i].over4 : transports[i].over6))
				continue;
			pb = build(&transports[i], version);
			bytes = pktbuild_bytes(pb, &len);
			assert_true(frame_ok(pb));
			for (size_t at = l4_off; at < len; at++) {
				// A header or a length that makes no sense is another matter.
				if ((transports[i].proto == IPPROTO_TCP && at == l4_off + 12) ||
				    (transports[i].proto == IPPROTO_UDP && at - l4_off - 4 < 2))
					continue;
				for (int bit = 0; bit < 8; bit++) {
					bytes[at] ^= (uint8_t)(1 << bit);
					assert_false(frame_ok(pb));
					bytes[at] ^= (uint8_t)(1 << bit);
				}
			}
			pktbuild_free(pb);
		}
	}
}

static void addresses_belong_to_the_sum_of_the_transport(void **)
{
	for (int version = 4; version <= 6; version += 2) {
		struct pktbuild *pb = build(&transports[0], version);

		pktbuild_bytes(pb, NULL)[version == 4 ? 19 : 39] ^= 4;
		if (version == 4)
			pktbuild_bytes(pb, NULL)[10] = pktbuild_bytes(pb, NULL)[11] = 0;
		assert_false(frame_ok(pb));
		pktbuild_free(pb);
	}
}

static void a_wrong_ipv4_header_is_seen(void **)
{
	struct pktbuild *pb = build(&transports[1], 4);

	pktbuild_bytes(pb, NULL)[8]--; // TTL
	assert_false(frame_ok(pb));
	pktbuild_free(pb);
}

static void a_sum_of_zero_is_left_to_the_nic(void **)
{
	for (size_t i = 0; i < NB_TRANSPORTS; i++) {
		int version = transports[i].over4 ? 4 : 6;
		uint32_t l4_off = version == 4 ? 20 : 40;
		struct pktbuild *pb = build(&transports[i], version);
		uint8_t *bytes = pktbuild_bytes(pb, NULL);

		memset(bytes + l4_off + transports[i].field, 0, transports[i].len);
		if (version == 4)
			bytes[10] = bytes[11] = 0;
		assert_true(frame_ok(pb));
		pktbuild_free(pb);
	}
}

/** What the sender writes for its NIC: the sum of the pseudo-header. */
static void
leave_to_nic(uint8_t *l4, uint32_t field, const uint8_t *addr, size_t addr_len, uint32_t rest)
{
	uint32_t sum = rest;

	for (size_t i = 0; i < addr_len; i += 2)
		sum += (uint32_t)addr[i] << 8 | addr[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	l4[field] = (uint8_t)(sum >> 8);
	l4[field + 1] = (uint8_t)sum;
}

static void a_sum_of_the_pseudo_header_is_left_to_the_nic(void **)
{
	struct pktbuild *pb = build(&transports[0], 4);
	uint8_t *bytes = pktbuild_bytes(pb, NULL);

	leave_to_nic(bytes + 20, 16, bytes + 12, 8, IPPROTO_TCP + 27);
	assert_true(frame_ok(pb));
	bytes[20 + 17] ^= 1;
	assert_false(frame_ok(pb));
	pktbuild_free(pb);
	pb = build(&transports[1], 6);
	bytes = pktbuild_bytes(pb, NULL);
	leave_to_nic(bytes + 40, 6, bytes + 8, 32, IPPROTO_UDP + 15);
	assert_true(frame_ok(pb));
	pktbuild_free(pb);
}

static void udp_may_be_shorter_than_ip_says(void **)
{
	struct pktbuild *pb = build(&transports[1], 4);
	uint8_t *bytes;

	pktbuild_pad(pb, 60);
	bytes = pktbuild_bytes(pb, NULL);
	bytes[3] = 60; // up to the end of the frame
	bytes[10] = bytes[11] = 0;
	bytes[59] = 0x55;
	assert_true(frame_ok(pb));
	bytes[30] ^= 1;
	assert_false(frame_ok(pb));
	pktbuild_free(pb);
}

static void what_cannot_be_checked_is_right(void **)
{
	struct pktbuild *pb = pktbuild_raw();
	size_t len;
	const uint8_t *bytes;
	struct pal_pkt pkt;

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_ipv4_fragment(pb, 1, 0, true);
	pktbuild_text(pb, "fragment");
	assert_true(frame_ok(pb));
	pktbuild_free(pb);

	pb = pktbuild_raw();
	pktbuild_ipv6(pb, A6, B6, 43);
	pktbuild_ipv6_ext(pb, IPPROTO_UDP, 24);
	add_transport(pb, IPPROTO_UDP);
	pktbuild_bytes(pb, NULL)[70] ^= 1;
	assert_true(frame_ok(pb));
	pktbuild_free(pb);

	pb = build(&transports[0], 4); // snapped
	bytes = pktbuild_bytes(pb, &len);
	pkt = (struct pal_pkt
	){.linktype = 101, .data = bytes, .cap_len = 44, .wire_len = (uint32_t)len};
	pal_decode(&pkt, &stats);
	assert_true(pal_checksum_ok(&pkt));
	pktbuild_free(pb);
}

/* ---- tunnels ---- */

#define OUTER_UDP 34
#define INNER_IP (14 + 28 + 8 + 14)
#define INNER_TCP (INNER_IP + 20)

static struct pktbuild *build_vxlan(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, C4, D4, IPPROTO_UDP);
	pktbuild_udp(pb, 50000, 4789);
	pktbuild_hex(pb, "08000000 00007b00");
	pktbuild_frame(pb);
	return tcp4(pb, A4, B4);
}

static void a_wrong_sum_of_a_tunnel_is_seen(void **)
{
	struct pktbuild *pb = build_vxlan();

	assert_true(frame_ok(pb));
	pktbuild_bytes(pb, NULL)[OUTER_UDP + 7] ^= 1;
	assert_false(frame_ok(pb));
	pktbuild_free(pb);
}

static void a_sum_that_counts_offload_inside_a_tunnel_is_right(void **)
{
	struct pktbuild *pb = build_vxlan();
	uint8_t *bytes = pktbuild_bytes(pb, NULL);

	// The sum outside was made with the right one inside, which the NIC has yet to write.
	leave_to_nic(bytes + INNER_TCP, 16, bytes + INNER_IP + 12, 8, IPPROTO_TCP + 25);
	assert_true(frame_ok(pb));
	bytes[OUTER_UDP + 8 + 6] ^= 1; // VNI
	assert_false(frame_ok(pb));
	pktbuild_free(pb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		decode_test(every_damaged_bit_of_a_transport_is_seen),
		decode_test(addresses_belong_to_the_sum_of_the_transport),
		decode_test(a_wrong_ipv4_header_is_seen),
		decode_test(a_sum_of_zero_is_left_to_the_nic),
		decode_test(a_sum_of_the_pseudo_header_is_left_to_the_nic),
		decode_test(udp_may_be_shorter_than_ip_says),
		decode_test(what_cannot_be_checked_is_right),
		decode_test(a_wrong_sum_of_a_tunnel_is_seen),
		decode_test(a_sum_that_counts_offload_inside_a_tunnel_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
