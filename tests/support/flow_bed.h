/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_FLOW_BED_H
#define PAL_TEST_FLOW_BED_H

/**
 * @file
 * A flow table to put packets into, and a record of every flow that it ended. One bed a test.
 *
 *      bed_start(4096);
 *      flow = bed_feed(udp_pkt(A4, 1000, B4, 53, "query"), 5 * SEC);
 *      bed_finish(5 * SEC);
 *      assert_end(0, "shutdown");
 */

#include "check.h"
#include "pktbuild.h"

#include <pal_decode.h>
#include <pal_flow_table.h>
#include <pal_time.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SEC PAL_NS_PER_S
/** Some day in 2023. */
#define T0 (UINT64_C(1700000000) * SEC)
#define A4 "10.0.0.1"
#define B4 "10.0.0.2"

#define BED_EXTRA 24
#define BED_MAX 4096

/** Timeouts that are all different, in seconds. */
static const uint64_t bed_timeout_s[PAL_FLOW_PROTO_COUNT][PAL_FLOW_STATE_COUNT] = {
	[PAL_FLOW_TCP] = {60, 3600, 10},
	[PAL_FLOW_UDP] = {30, 300, 1},
	[PAL_FLOW_ICMP] = {20, 200, 1},
	[PAL_FLOW_OTHER] = {40, 400, 1},
};

struct bed_flow {
	struct pal_flow flow;
	uint8_t extra[BED_EXTRA];
};

static struct {
	struct pal_flow_table *tbl;
	struct pal_flow_conf conf;
	struct pal_decode_stats decode;
	unsigned int nb_opened;
	unsigned int nb_ended;
	struct bed_flow ended[BED_MAX];
} bed;

static void bed_on_open(void *, struct pal_flow *flow, const struct pal_pkt *)
{
	static const uint8_t zeros[BED_EXTRA];

	assert_memory_equal(pal_flow_extra(flow, 0), zeros, BED_EXTRA);
	assert_int_equal(flow->end, PAL_FLOW_END_NONE);
	// Something to be found again at the end, and to be gone when the memory is used again.
	memset(pal_flow_extra(flow, 0), (int)(flow->id & 0xff) | 1, BED_EXTRA);
	bed.nb_opened++;
}

static void bed_on_close(void *, struct pal_flow *flow)
{
	struct bed_flow *ended = &bed.ended[bed.nb_ended++];

	assert_true(bed.nb_ended <= BED_MAX);
	ended->flow = *flow;
	memcpy(ended->extra, pal_flow_extra(flow, 0), BED_EXTRA);
	for (int i = 0; i < BED_EXTRA; i++)
		assert_int_equal(ended->extra[i], (int)(flow->id & 0xff) | 1);
}

static inline struct pal_flow_conf bed_conf(uint32_t max_flows)
{
	struct pal_flow_conf conf = {
		.max_flows = max_flows,
		.extra_bytes = BED_EXTRA,
		.hooks = {bed_on_open, bed_on_close, NULL},
	};

	for (int p = 0; p < PAL_FLOW_PROTO_COUNT; p++)
		for (int s = 0; s < PAL_FLOW_STATE_COUNT; s++)
			conf.timeout_ns[p][s] = bed_timeout_s[p][s] * SEC;
	return conf;
}

/** A table of all shards, each for max_shard_flows flows. */
static inline void bed_start(uint32_t max_shard_flows)
{
	pal_flow_table_destroy(bed.tbl);
	memset(&bed, 0, sizeof(bed));
	bed.conf = bed_conf(max_shard_flows * PAL_SHARDS);
	bed.tbl = pal_flow_table_create(&bed.conf, PAL_SHARDS);
	assert_non_null(bed.tbl);
}

static inline int bed_teardown(void **)
{
	pal_flow_table_destroy(bed.tbl);
	memset(&bed, 0, sizeof(bed));
	return 0;
}

/** Decode and hash what was built, and free that. The bytes stay until free((void *)pkt.data). */
static inline struct pal_pkt bed_decode(struct pktbuild *pb, uint64_t time_ns)
{
	struct pal_pkt pkt = {.time_ns = time_ns, .linktype = pktbuild_linktype(pb)};
	const uint8_t *bytes;
	size_t len;

	bytes = pktbuild_bytes(pb, &len);
	pkt.data = memcpy(malloc(len), bytes, len);
	pkt.wire_len = pkt.cap_len = (uint32_t)len;
	pal_decode(&pkt, &bed.decode);
	assert_int_equal(pkt.drop, PAL_DROP_NONE);
	pal_steer_hash(&pkt);
	pktbuild_free(pb);
	return pkt;
}

static inline struct pal_flow *bed_track(struct pal_pkt *pkt)
{
	struct pal_flow *flow;

	pal_flow_prefetch(bed.tbl, &pkt, 1);
	flow = pal_flow_track(bed.tbl, 0, pkt);
	assert_ptr_equal(flow, pkt->flow);
	return flow;
}

/** Put one packet into the table. */
static inline struct pal_flow *bed_feed(struct pktbuild *pb, uint64_t time_ns)
{
	struct pal_pkt pkt = bed_decode(pb, time_ns);
	struct pal_flow *flow = bed_track(&pkt);

	free((void *)(uintptr_t)pkt.data);
	return flow;
}

static inline void bed_finish(uint64_t end_ns)
{
	const struct pal_flow_stats *stats = pal_flow_stats_get(bed.tbl);

	pal_flow_finish(bed.tbl, end_ns);
	assert_int_equal(stats->active, 0);
	assert_int_equal(stats->opened, bed.nb_opened);
	assert_int_equal(bed.nb_ended, bed.nb_opened);
}

#define assert_end(i, reason)                                                                      \
	do {                                                                                       \
		assert_true((i) < bed.nb_ended);                                                   \
		assert_string_equal(pal_flow_end_name(bed.ended[i].flow.end), reason);             \
	} while (0)

#define assert_counts(flow, to_server, to_client)                                                  \
	do {                                                                                       \
		assert_int_equal((flow)->pkts[PAL_DIR_TO_SERVER], to_server);                      \
		assert_int_equal((flow)->pkts[PAL_DIR_TO_CLIENT], to_client);                      \
	} while (0)

/* packets */

static inline struct pktbuild *
udp_pkt(const char *src, uint16_t src_port, const char *dst, uint16_t dst_port, const char *text)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_UDP);
	pktbuild_udp(pb, src_port, dst_port);
	pktbuild_text(pb, text);
	return pb;
}

static inline struct pktbuild *icmp_pkt(const char *src, const char *dst, uint8_t type)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_ICMP);
	pktbuild_icmp(pb, type, 0);
	return pb;
}

static inline struct pktbuild *other_pkt(const char *src, const char *dst)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_GRE + 200);
	pktbuild_text(pb, "what is this");
	return pb;
}

static inline struct pktbuild *
tcp_pkt(const char *src,
	uint16_t src_port,
	const char *dst,
	uint16_t dst_port,
	uint8_t flags,
	uint32_t seq,
	uint32_t ack,
	const char *text)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, src, dst, IPPROTO_TCP);
	pktbuild_tcp(pb, src_port, dst_port, flags, seq, ack);
	pktbuild_text(pb, text);
	return pb;
}

/** Client and server of the scripted connections. */
#define CLIENT_PORT 40000
#define SERVER_PORT 80

static inline struct pktbuild *
from_client(uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	return tcp_pkt(A4, CLIENT_PORT, B4, SERVER_PORT, flags, seq, ack, text);
}

static inline struct pktbuild *
from_server(uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	return tcp_pkt(B4, SERVER_PORT, A4, CLIENT_PORT, flags, seq, ack, text);
}

#define BED_SHARD_PORTS 64

/** The n-th source port whose UDP flow to B4:53 lies in the same shard as that of port 1000. */
static inline uint16_t port_in_shard(unsigned int n)
{
	static uint16_t ports[BED_SHARD_PORTS];
	static uint16_t shard;
	unsigned int nb_ports = 0;

	for (uint32_t port = 1000; ports[BED_SHARD_PORTS - 1] == 0; port++) {
		struct pal_pkt pkt = bed_decode(udp_pkt(A4, (uint16_t)port, B4, 53, ""), 0);

		free((void *)(uintptr_t)pkt.data);
		assert_true(port <= UINT16_MAX);
		if (port == 1000)
			shard = pal_steer_shard(&pkt);
		if (pal_steer_shard(&pkt) == shard)
			ports[nb_ports++] = (uint16_t)port;
	}
	return ports[n];
}

#endif
