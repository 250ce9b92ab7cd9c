/* SPDX-License-Identifier: BSD-3-Clause */
#include "anonymise.h"
#include "check.h"
#include "link.h"
#include "pktbuild.h"
#include "scratch.h"

#include <pal_checksum.h>
#include <pal_cursor.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

// Key and results: the sample trace that comes with the authors' own program.
static const uint8_t key[RW_CRYPTOPAN_KEY_LEN] = {
	21,  34,  23,  141, 51,	 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39,	98, 87, 76, 45, 42, 132, 34,  2,
};

#define A "10.0.0.1"
#define B "10.0.0.2"
#define C "192.0.2.1"
#define D "192.0.2.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8::2"

static struct rw_cryptopan *pan;
static struct pal_decode_stats stats;
static struct rw_frame frame;

static int setup(void **)
{
	pan = rw_cryptopan_create(key);
	assert_non_null(pan);
	memset(&stats, 0, sizeof(stats));
	frame = (struct rw_frame){.stats = &stats};
	return 0;
}

static int teardown(void **)
{
	rw_cryptopan_destroy(pan);
	rw_frame_fini(&frame);
	return 0;
}

/* Crypto-PAn */

static void assert_ipv4(const char *from, const char *to)
{
	uint8_t addr[4];
	char text[INET_ADDRSTRLEN];

	for (int again = 0; again < 2; again++) { // computed, then remembered
		inet_pton(AF_INET, from, addr);
		rw_cryptopan_ipv4(pan, addr);
		inet_ntop(AF_INET, addr, text, sizeof(text));
		assert_string_equal(text, to);
	}
}

static void addresses_are_those_of_the_published_trace(void **)
{
	assert_ipv4("128.11.68.132", "135.242.180.132");
	assert_ipv4("129.118.74.4", "134.136.186.123");
	assert_ipv4("130.132.252.244", "133.68.164.234");
	assert_ipv4("141.223.7.43", "141.167.8.160");
	assert_ipv4("141.233.145.108", "141.129.237.235");
}

static unsigned int common_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int n = 0;

	while (n < bits && ((a[n / 8] ^ b[n / 8]) >> (7 - n % 8) & 1) == 0)
		n++;
	return n;
}

static void prefixes_are_as_long_as_before(void **)
{
	srand(1);
	for (int i = 0; i < 3000; i++) {
		bool v6 = i % 2;
		unsigned int bits = v6 ? 128 : 32, share = (unsigned int)rand() % (bits + 1),
			     before;
		uint8_t a[16], b[16];

		for (int k = 0; k < 16; k++) {
			a[k] = (uint8_t)rand();
			b[k] = (uint8_t)rand();
		}
		for (unsigned int k = 0; k < share; k++) {
			uint8_t bit = (uint8_t)(0x80 >> (k % 8));

			b[k / 8] = (uint8_t)((b[k / 8] & ~bit) | (a[k / 8] & bit));
		}
		before = common_bits(a, b, bits);
		for (int k = 0; k < 2; k++)
			(v6 ? rw_cryptopan_ipv6 : rw_cryptopan_ipv4)(pan, k ? b : a);
		assert_int_equal(common_bits(a, b, bits), before);
	}
}

static void ipv6_is_the_same_over_128_bits(void **)
{
	// The first 32 bits depend on nothing but themselves, so they are those of the IPv4 address.
	uint8_t addr[16] = {128, 11, 68, 132}, want[4];

	inet_pton(AF_INET, "135.242.180.132", want);
	rw_cryptopan_ipv6(pan, addr);
	assert_memory_equal(addr, want, 4);
}

static struct rw_cryptopan *load(const void *text, size_t len)
{
	FILE *f = fopen(scratch_path("key"), "wb");

	fwrite(text, 1, len, f);
	fclose(f);
	return rw_cryptopan_load(scratch_path("key"));
}

static void keys_are_bytes_or_digits(void **)
{
	char hex[80];
	uint8_t addr[4] = {128, 11, 68, 132};
	struct rw_cryptopan *loaded;

	for (int i = 0; i < RW_CRYPTOPAN_KEY_LEN; i++)
		sprintf(hex + 2 * i, i % 2 ? "%02x" : "%02X", key[i]);
	strcat(hex, "\n");
	for (int i = 0; i < 2; i++) {
		loaded = i == 0 ? load(key, sizeof(key)) : load(hex, strlen(hex));
		assert_non_null(loaded);
		memcpy(addr, "\x80\x0b\x44\x84", 4);
		rw_cryptopan_ipv4(loaded, addr);
		assert_memory_equal(addr, "\x87\xf2\xb4\x84", 4);
		rw_cryptopan_destroy(loaded);
	}
	assert_null(load(hex, 63));
	assert_null(load("x", 1));
	hex[5] = 'g';
	assert_null(load(hex, 64));
	assert_null(rw_cryptopan_load("/no/such/file"));
}

/* packets */

// Anonymise the first cap_len bytes.
static enum rw_lost anonymise_cut(struct pktbuild *pb, size_t cap_len)
{
	struct pal_pkt pkt = {.linktype = pktbuild_linktype(pb)};
	enum rw_lost lost;
	size_t len;
	uint8_t *copy;

	pkt.data = pktbuild_bytes(pb, &len);
	pkt.cap_len = (uint32_t)(cap_len < len ? cap_len : len);
	pkt.wire_len = (uint32_t)len;
	copy = malloc(pkt.cap_len);
	pkt.data = memcpy(copy, pkt.data, pkt.cap_len);
	rw_frame_set(&frame, &pkt);
	lost = rw_anonymise(&frame, pan);
	free(copy);
	pktbuild_free(pb);
	return lost;
}

static enum rw_lost anonymise(struct pktbuild *pb)
{
	return anonymise_cut(pb, SIZE_MAX);
}

// The address at off is what becomes of this one.
static void assert_addr(size_t off, const char *text)
{
	uint8_t addr[16];
	bool v6 = strchr(text, ':') != NULL;

	inet_pton(v6 ? AF_INET6 : AF_INET, text, addr);
	(v6 ? rw_cryptopan_ipv6 : rw_cryptopan_ipv4)(pan, addr);
	assert_true(off + (v6 ? 16 : 4) <= frame.cap_len);
	assert_memory_equal(frame.data + off, addr, v6 ? 16 : 4);
}

// All checksums are right, those inside as well.
static void assert_checksums(void)
{
	struct pal_pkt pkt = *rw_frame_decode(&frame), inner;

	assert_int_equal(pkt.drop, PAL_DROP_NONE);
	for (;;) {
		assert_true(pal_checksum_ok(&pkt));
		if (pkt.inner_layer == PAL_LAYER_END || !pal_decode_inner(&inner, &pkt, &stats))
			break;
		pkt = inner;
	}
}

static struct pktbuild *tcp4(struct pktbuild *pb, const char *src, const char *dst)
{
	pktbuild_ipv4(pb, src, dst, IPPROTO_TCP);
	pktbuild_tcp(pb, 1000, 80, 0x18, 1, 2);
	pktbuild_text(pb, "odd");
	return pb;
}

static struct pktbuild *udp6(struct pktbuild *pb, const char *src, const char *dst)
{
	pktbuild_ipv6(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, 5353, 53);
	pktbuild_text(pb, "query");
	return pb;
}

static void headers_and_checksums_are_right(void **)
{
	struct pktbuild *pb;

	assert_int_equal(anonymise(tcp4(pktbuild_eth(), A, B)), RW_LOST_NONE);
	assert_addr(14 + 12, A);
	assert_addr(14 + 16, B);
	assert_checksums();
	assert_int_equal(anonymise(udp6(pktbuild_sll(), A6, B6)), RW_LOST_NONE);
	assert_addr(16 + 8, A6);
	assert_addr(16 + 24, B6);
	assert_checksums();
	pb = pktbuild_raw();
	pktbuild_ipv6(pb, A6, B6, IPPROTO_ICMPV6);
	pktbuild_icmp(pb, 128, 0);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_checksums();
	pb = pktbuild_raw();
	pktbuild_ipv4(pb, A, B, IPPROTO_ICMP);
	pktbuild_icmp(pb, 8, 0);
	pktbuild_text(pb, "ping");
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_checksums();
}

static void many_packets_have_right_checksums(void **)
{
	srand(5);
	for (int i = 0; i < 3000; i++) {
		char src[48], dst[48];
		struct pktbuild *pb = pktbuild_raw();

		if (i % 2) {
			sprintf(src,
				"%d.%d.%d.%d",
				rand() % 256,
				rand() % 256,
				rand() % 256,
				rand() % 256);
			sprintf(dst,
				"%d.%d.%d.%d",
				rand() % 256,
				rand() % 256,
				rand() % 256,
				rand() % 256);
			pktbuild_ipv4(pb, src, dst, IPPROTO_UDP);
		} else {
			sprintf(src, "%x:%x::%x", rand() % 65536, rand() % 65536, rand() % 65536);
			sprintf(dst, "%x:%x::%x", rand() % 65536, rand() % 65536, rand() % 65536);
			pktbuild_ipv6(pb, src, dst, IPPROTO_UDP);
		}
		pktbuild_udp(pb, (uint16_t)rand(), 53);
		assert_int_equal(anonymise(pb), RW_LOST_NONE);
		assert_checksums();
	}
}

static void what_was_wrong_or_not_there_stays_so(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_raw(), A, B);
	uint8_t *bytes = pktbuild_bytes(pb, NULL);
	struct pal_pkt pkt;

	bytes[36] ^= 1;
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	pkt = *rw_frame_decode(&frame);
	assert_false(pal_checksum_ok(&pkt));

	pb = udp6(pktbuild_raw(), A6, B6); // without a checksum
	memset(pktbuild_bytes(pb, NULL) + 46, 0, 2);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_memory_equal(frame.data + 46, "\0\0", 2);

	pb = tcp4(pktbuild_raw(), A, B); // IPv4's left to the NIC
	memset(pktbuild_bytes(pb, NULL) + 10, 0, 2);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_memory_equal(frame.data + 10, "\0\0", 2);
}

static void what_was_left_to_the_nic_is_left_to_it(void **)
{
	struct pktbuild *pb = tcp4(pktbuild_raw(), A, B);
	uint8_t *bytes = pktbuild_bytes(pb, NULL);
	uint16_t sum = pal_checksum_fold(pal_checksum_add(23 + IPPROTO_TCP, bytes + 12, 8));

	bytes[36] = (uint8_t)(sum >> 8);
	bytes[37] = (uint8_t)sum;
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	sum = pal_checksum_fold(pal_checksum_add(23 + IPPROTO_TCP, frame.data + 12, 8));
	assert_int_equal(pal_load_be16(frame.data + 36), sum);
}

static void a_cut_packet_has_the_checksum_of_the_whole(void **)
{
	uint8_t whole[64];

	assert_int_equal(anonymise(tcp4(pktbuild_raw(), A, B)), RW_LOST_NONE);
	memcpy(whole, frame.data, 40);
	assert_int_equal(anonymise_cut(tcp4(pktbuild_raw(), A, B), 40), RW_LOST_NONE);
	assert_memory_equal(frame.data, whole, 40);
	for (size_t len = 20; len < 40; len++) {
		assert_int_equal(anonymise_cut(tcp4(pktbuild_raw(), A, B), len), RW_LOST_NONE);
		assert_int_equal(frame.cap_len, len);
	}
	for (size_t len = 0; len < 20; len++)
		assert_int_equal(
			anonymise_cut(tcp4(pktbuild_raw(), A, B), len), RW_LOST_NO_ADDRESS
		);
}

static void tunnels_are_followed(void **)
{
	static const uint8_t hdr[8] = {0x08, [6] = 1};
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, C, D, IPPROTO_UDP);
	pktbuild_udp(pb, 50000, 4789);
	pktbuild_payload(pb, hdr, sizeof(hdr));
	pktbuild_frame(pb);
	pktbuild_ipv6(pb, A6, B6, IPPROTO_IPIP);
	tcp4(pb, A, B);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(14 + 12, C);
	assert_addr(14 + 28 + 8 + 14 + 8, A6);
	assert_addr(14 + 28 + 8 + 14 + 40 + 12, A);
	assert_addr(14 + 28 + 8 + 14 + 40 + 16, B);
	assert_checksums();
}

// An error about a datagram, of which so much is quoted.
static struct pktbuild *icmp_error(uint8_t version, size_t quoted)
{
	struct pktbuild *pb = pktbuild_eth(), *about = pktbuild_raw();
	const uint8_t *bytes;
	size_t len;

	if (version == 4)
		tcp4(about, C, D);
	else
		udp6(about, "2001:db8:1::1", "2001:db8:2::2");
	bytes = pktbuild_bytes(about, &len);
	if (version == 4) {
		pktbuild_ipv4(pb, A, C, IPPROTO_ICMP);
		pktbuild_icmp(pb, 3, 1);
	} else {
		pktbuild_ipv6(pb, A6, "2001:db8:1::1", IPPROTO_ICMPV6);
		pktbuild_icmp(pb, 1, 0);
	}
	pktbuild_payload(pb, bytes, quoted < len ? quoted : len);
	pktbuild_free(about);
	return pb;
}

static void quotes_in_errors_are_followed(void **)
{
	struct pktbuild *pb;

	assert_int_equal(anonymise(icmp_error(4, SIZE_MAX)), RW_LOST_NONE);
	assert_addr(14 + 20 + 8 + 12, C);
	assert_addr(14 + 20 + 8 + 16, D);
	assert_checksums();
	assert_int_equal(anonymise(icmp_error(4, 28)), RW_LOST_NONE);
	assert_addr(14 + 20 + 8 + 16, D);
	assert_checksums();
	assert_int_equal(anonymise(icmp_error(6, SIZE_MAX)), RW_LOST_NONE);
	assert_addr(14 + 40 + 8 + 8, "2001:db8:1::1");
	assert_addr(14 + 40 + 8 + 24, "2001:db8:2::2");
	assert_checksums();
	// Addresses that are cut off are addresses, too.
	for (size_t len = 1; len < 20; len++)
		assert_int_equal(anonymise(icmp_error(4, len)), RW_LOST_NO_ADDRESS);
	// What follows a quote that is shorter than it says is not its own.
	pb = icmp_error(4, 28);
	pktbuild_pad(pb, 90);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	for (size_t i = 14 + 20 + 8 + 28; i < 90; i++)
		assert_int_equal(frame.data[i], 0);
	assert_checksums();
}

static void neighbours_and_groups_are_found(void **)
{
	struct pktbuild *pb = pktbuild_eth();
	uint8_t bytes[64] = {0};

	inet_pton(AF_INET6, "2001:db8::77", bytes);
	memcpy(bytes + 16, "\1\1\2\0\0\0\0\1", 8); // source link-layer address
	pktbuild_ipv6(pb, A6, B6, IPPROTO_ICMPV6);
	pktbuild_icmp(pb, 135, 0);
	pktbuild_payload(pb, bytes, 24);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(14 + 40 + 8, "2001:db8::77");
	assert_memory_equal(frame.data + 14 + 40 + 24, "\1\1\2\0\0\0\0\1", 8);
	assert_checksums();

	pb = pktbuild_eth(); // report of one group with one source
	memset(bytes, 0, sizeof(bytes));
	bytes[3] = 1;
	inet_pton(AF_INET6, "ff05::9", bytes + 4);
	inet_pton(AF_INET6, "2001:db8::5", bytes + 20);
	pktbuild_ipv6(pb, A6, B6, IPPROTO_ICMPV6);
	pktbuild_icmp(pb, 143, 0);
	pktbuild_payload(pb, bytes, 36);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(14 + 40 + 8 + 4, "ff05::9");
	assert_addr(14 + 40 + 8 + 20, "2001:db8::5");
	assert_checksums();

	pb = pktbuild_eth(); // IGMP, version 2
	memset(bytes, 0, sizeof(bytes));
	bytes[0] = 0x16;
	inet_pton(AF_INET, "224.0.0.251", bytes + 4);
	memcpy(bytes + 2, "\x09\x04", 2);
	assert_int_equal(pal_checksum_fold(pal_checksum_add(0, bytes, 8)), 0xffff);
	pktbuild_ipv4(pb, A, B, IPPROTO_IGMP);
	pktbuild_payload(pb, bytes, 8);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(14 + 20 + 4, "224.0.0.251");
	assert_int_equal(pal_checksum_fold(pal_checksum_add(0, frame.data + 34, 8)), 0xffff);
}

static void arp_has_two_addresses(void **)
{
	uint8_t bytes[28] = {0, 1, 8, 0, 6, 4, 0, 1};
	struct pktbuild *pb = pktbuild_eth();

	inet_pton(AF_INET, A, bytes + 14);
	inet_pton(AF_INET, B, bytes + 24);
	pktbuild_vlan(pb, 5);
	pktbuild_ethertype(pb, 0x0806);
	pktbuild_payload(pb, bytes, sizeof(bytes));
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(18 + 14, A);
	assert_addr(18 + 24, B);
	assert_memory_equal(frame.data + 18, bytes, 14);
}

static void routes_are_replaced(void **)
{
	static const uint8_t lsrr[8] = {131, 7, 4, 10, 0, 0, 9, 0};
	uint8_t *bytes;
	struct pktbuild *pb = pktbuild_raw();

	pktbuild_ipv4(pb, A, B, IPPROTO_ICMP);
	pktbuild_ipv4_options(pb, 8);
	pktbuild_icmp(pb, 8, 0);
	bytes = pktbuild_bytes(pb, NULL);
	memcpy(bytes + 20, lsrr, 8);
	memset(bytes + 10, 0, 2);
	bytes[10] = (uint8_t)(~pal_checksum_fold(pal_checksum_add(0, bytes, 28)) >> 8);
	bytes[11] = (uint8_t)~pal_checksum_fold(pal_checksum_add(0, bytes, 28) - bytes[10] * 256u);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_addr(23, "10.0.0.9");
	assert_checksums();
}

static void fragments_keep_the_checksum_of_the_datagram(void **)
{
	struct pktbuild *whole = tcp4(pktbuild_raw(), A, B), *pb = pktbuild_raw();
	const uint8_t *bytes = pktbuild_bytes(whole, NULL);
	uint16_t want;

	pktbuild_ipv4(pb, A, B, IPPROTO_TCP);
	pktbuild_ipv4_fragment(pb, 7, 0, true);
	pktbuild_payload(pb, bytes + 20, 20);
	assert_int_equal(anonymise(whole), RW_LOST_NONE);
	want = pal_load_be16(frame.data + 36);
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_int_equal(pal_load_be16(frame.data + 36), want);

	pb = pktbuild_raw(); // a later one: bytes that look like a checksum are none
	pktbuild_ipv4(pb, A, B, IPPROTO_TCP);
	pktbuild_ipv4_fragment(pb, 7, 16, false);
	pktbuild_text(pb, "0123456789abcdefghijk");
	assert_int_equal(anonymise(pb), RW_LOST_NONE);
	assert_memory_equal(frame.data + 20, "0123456789abcdefghijk", 21);

	pb = pktbuild_raw(); // of a tunnel: who knows where an address is in it
	pktbuild_ipv4(pb, A, B, IPPROTO_IPIP);
	pktbuild_ipv4_fragment(pb, 7, 16, false);
	pktbuild_text(pb, "0123456789abcdefghijk");
	assert_int_equal(anonymise(pb), RW_LOST_NO_ADDRESS);
}

static void what_has_no_known_address_is_not_written(void **)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ethertype(pb, 0x88cc);
	pktbuild_text(pb, "management address");
	assert_int_equal(anonymise(pb), RW_LOST_NO_ADDRESS);
	pb = pktbuild_bare(147);
	pktbuild_text(pb, "anything");
	assert_int_equal(anonymise(pb), RW_LOST_NO_ADDRESS);
}

int main(void)
{
#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		t(addresses_are_those_of_the_published_trace),
		t(prefixes_are_as_long_as_before),
		t(ipv6_is_the_same_over_128_bits),
		t(keys_are_bytes_or_digits),
		t(headers_and_checksums_are_right),
		t(many_packets_have_right_checksums),
		t(what_was_wrong_or_not_there_stays_so),
		t(what_was_left_to_the_nic_is_left_to_it),
		t(a_cut_packet_has_the_checksum_of_the_whole),
		t(tunnels_are_followed),
		t(quotes_in_errors_are_followed),
		t(neighbours_and_groups_are_found),
		t(arp_has_two_addresses),
		t(routes_are_replaced),
		t(fragments_keep_the_checksum_of_the_datagram),
		t(what_has_no_known_address_is_not_written),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
