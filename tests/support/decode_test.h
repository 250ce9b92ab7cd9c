/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_DECODE_TEST_H
#define PAL_TEST_DECODE_TEST_H

/** @file What the tests of lib/decode have in common: building, decoding at exact size, asserting. */

#include "decode_check.h"
#include "pktbuild.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
// cmocka.h needs those before it
#include <cmocka.h>

#define A4 "10.0.0.1"
#define B4 "10.0.0.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8::2"

/** Counted since the test began. */
static struct pal_decode_stats stats;

static inline int reset_stats(void **)
{
	memset(&stats, 0, sizeof(stats));
	return 0;
}

/** Decode a copy of exactly cap_len bytes, so that AddressSanitizer sees a read past them. */
static inline struct pal_pkt
decode_bytes(uint16_t linktype, const uint8_t *bytes, size_t cap_len, size_t wire_len)
{
	uint8_t *copy = malloc(cap_len);
	struct pal_pkt pkt;

	memset(&pkt, 0xa5, sizeof(pkt)); // whatever decode does not set, a test should see
	pkt.linktype = linktype;
	pkt.wire_len = (uint32_t)wire_len;
	pkt.cap_len = (uint32_t)cap_len;
	pkt.data = memcpy(copy, bytes, cap_len);
	pal_decode(&pkt, &stats);
	decode_check(&pkt);
	free(copy);
	return pkt;
}

/** Decode the first cap_len bytes of what was built. */
static inline struct pal_pkt decode_cut(struct pktbuild *pb, size_t cap_len)
{
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);

	return decode_bytes(pktbuild_linktype(pb), bytes, cap_len < len ? cap_len : len, len);
}

/** Decode what was built, and free it. */
static inline struct pal_pkt decode(struct pktbuild *pb)
{
	struct pal_pkt pkt = decode_cut(pb, SIZE_MAX);

	pktbuild_free(pb);
	return pkt;
}

/** What a frame holds, from the outside in; the bytes stay until nest_free(). */
struct nest {
	int nb_pkts;
	struct pal_pkt pkts[PAL_TUNNEL_MAX + 1];
	uint8_t *bytes;
};

/** Decode the first cap_len bytes of what was built, and what is inside, and what is inside of that. */
static inline struct nest decode_nest_cut(struct pktbuild *pb, size_t cap_len)
{
	struct nest nest = {.nb_pkts = 1};
	struct pal_pkt *pkt = nest.pkts;
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);

	if (cap_len > len)
		cap_len = len;
	nest.bytes = malloc(cap_len);
	memset(nest.pkts, 0xa5, sizeof(nest.pkts));
	pkt->time_ns = 42;
	pkt->number = 7;
	pkt->input = 3;
	pkt->linktype = pktbuild_linktype(pb);
	pkt->wire_len = (uint32_t)len;
	pkt->cap_len = (uint32_t)cap_len;
	pkt->data = memcpy(nest.bytes, bytes, cap_len);
	pal_decode(pkt, &stats);
	decode_check(pkt);
	for (; pkt->drop == PAL_DROP_NONE && pkt->inner_layer != PAL_LAYER_END; pkt++) {
		pal_decode_inner(pkt + 1, pkt, &stats);
		decode_check(pkt + 1);
		nest.nb_pkts++;
	}
	return nest;
}

/** The same for all of it; frees what was built. */
static inline struct nest decode_nest(struct pktbuild *pb)
{
	struct nest nest = decode_nest_cut(pb, SIZE_MAX);

	pktbuild_free(pb);
	return nest;
}

static inline void nest_free(struct nest *nest)
{
	free(nest->bytes);
}

/** Levels of a nest that are datagrams. */
static inline int nb_delivered(const struct nest *nest)
{
	int last = nest->nb_pkts - 1;

	return last + (nest->pkts[last].drop == PAL_DROP_NONE);
}

/**
 * Cut what was built at every byte, and free it: more bytes never make it less of a datagram, and where it is
 * none the reason is that it was truncated.
 */
static inline void assert_cut_anywhere_is_named(struct pktbuild *pb)
{
	struct nest whole = decode_nest_cut(pb, SIZE_MAX);
	int delivered = 0;

	assert_int_equal(nb_delivered(&whole), whole.nb_pkts);
	for (uint32_t len = 0; len < whole.pkts[0].wire_len; len++) {
		struct nest nest = decode_nest_cut(pb, len);
		const struct pal_pkt *last = &nest.pkts[nest.nb_pkts - 1];

		assert_true(nest.pkts[0].flags & PAL_PKT_SNAPPED);
		assert_true(nb_delivered(&nest) >= delivered);
		delivered = nb_delivered(&nest);
		if (last->drop != PAL_DROP_NONE)
			assert_non_null(strstr(pal_drop_name(last->drop), "truncated"));
		for (int i = 0; i < delivered; i++)
			if (nest.pkts[i].cap_len >= whole.pkts[i].l4_off + 4)
				assert_memory_equal(
					&nest.pkts[i].key,
					&whole.pkts[i].key,
					sizeof(whole.pkts[i].key)
				);
		nest_free(&nest);
	}
	nest_free(&whole);
	pktbuild_free(pb);
}

static inline struct pktbuild *tcp4(struct pktbuild *pb, const char *src, const char *dst)
{
	pktbuild_ipv4(pb, src, dst, IPPROTO_TCP);
	pktbuild_tcp(pb, 1234, 80, PAL_TCP_ACK | PAL_TCP_PSH, 1000, 2000);
	pktbuild_text(pb, "GET /");
	return pb;
}

static inline struct pktbuild *udp6(struct pktbuild *pb, const char *src, const char *dst)
{
	pktbuild_ipv6(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, 5353, 53);
	pktbuild_text(pb, "query");
	return pb;
}

#define assert_delivered(pkt) assert_string_equal(pal_drop_name((pkt).drop), "delivered")
#define assert_drop(pkt, name) assert_string_equal(pal_drop_name((pkt).drop), name)
#define assert_ports(pkt, port0, port1)                                                            \
	do {                                                                                       \
		assert_int_equal((pkt).key.port[0], port0);                                        \
		assert_int_equal((pkt).key.port[1], port1);                                        \
	} while (0)
#define assert_payload(pkt, off, len)                                                              \
	do {                                                                                       \
		assert_int_equal((pkt).payload_off, off);                                          \
		assert_int_equal((pkt).payload_len, len);                                          \
		assert_int_equal((pkt).payload_cap_len, len);                                      \
	} while (0)

static inline void assert_addr(const struct pal_pkt *pkt, int endpoint, const char *text)
{
	union pal_addr addr = {0};

	assert_int_equal(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, addr.b), 1);
	assert_memory_equal(addr.b, pkt->key.addr[endpoint].b, 16);
}

#define decode_test(name) cmocka_unit_test_setup(name, reset_stats)

#endif
