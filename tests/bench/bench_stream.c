/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What streams cost: ns per packet, from memory, beside what decode and the flow table cost without them. A gigabyte
 * of one TCP connection in full segments, each packet in memory of its own, as a file reader would hand it over.
 *
 *      in_order      as sent
 *      reordered     every tenth segment comes three later
 *      lossy         one of a hundred is missing, and nobody acknowledges: as much waits as may
 *      small         64 bytes of payload instead of 1448, in order
 */

#include "eal.h"
#include "pktbuild.h"

#include <pal_decode.h>
#include <pal_flow_table.h>
#include <pal_mbuf.h>
#include <pal_stream.h>
#include <pal_time.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NB_MBUFS 8192
#define NB_RUNS 5
#define FULL 1448
#define TOTAL_BYTES (UINT64_C(1) << 30)

static struct rte_mempool *pool;
static uint8_t *packets; // back to back
static uint32_t nb_packets, packet_len;
static uint32_t *order; // which packet comes when
static uint64_t nb_data_bytes;

/* the hooks of a plugin that only counts */

static void on_data(void *, struct pal_flow *, const struct pal_stream_data *data)
{
	nb_data_bytes += data->len;
}

static void on_gap(void *, struct pal_flow *, enum pal_dir, uint64_t, uint64_t) {}

static void
on_event(void *, struct pal_flow *, enum pal_stream_event, const struct pal_stream_event_info *)
{
}

static struct rte_mbuf *keep(void *, struct rte_mbuf *m, bool *)
{
	return m;
}

static void on_open(void *, struct pal_flow *, const struct pal_pkt *) {}

static struct pal_streams *streams;

static void on_close(void *, struct pal_flow *flow)
{
	if (streams != NULL)
		pal_stream_close(streams, pal_flow_extra(flow, 0), flow);
}

/* the packets */

static void store_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static void make_packets(uint32_t payload_len)
{
	static const uint8_t stamps[12] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1};
	static uint8_t payload[FULL];
	struct pktbuild *pb = pktbuild_eth();
	const uint8_t *bytes;
	size_t len;

	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
	pktbuild_tcp(pb, 40000, 80, PAL_TCP_ACK, 0, 1);
	pktbuild_tcp_options(pb, stamps, sizeof(stamps));
	pktbuild_payload(pb, payload, payload_len);
	bytes = pktbuild_bytes(pb, &len);
	packet_len = (uint32_t)len;
	nb_packets = (uint32_t)(TOTAL_BYTES / packet_len);
	for (uint32_t i = 0; i < nb_packets; i++) {
		memcpy(packets + (size_t)i * packet_len, bytes, packet_len);
		store_be32(packets + (size_t)i * packet_len + 14 + 20 + 4, 1 + i * payload_len);
	}
	pktbuild_free(pb);
}

static void in_order(void)
{
	for (uint32_t i = 0; i < nb_packets; i++)
		order[i] = i;
}

static void reordered(void)
{
	in_order();
	for (uint32_t i = 0; i + 10 <= nb_packets; i += 10) {
		uint32_t late = order[i];

		memmove(&order[i], &order[i + 1], 3 * sizeof(order[0]));
		order[i + 3] = late;
	}
}

static void lossy(void)
{
	in_order();
	for (uint32_t i = 100; i < nb_packets; i += 100)
		order[i] = order[i - 1];
}

/* the run */

static struct pal_pkt *take(struct rte_mbuf *m, uint32_t i)
{
	static struct rte_mbuf_ext_shared_info shinfo;
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	// Never given back to anybody: the packets stay for the next run.
	shinfo.refcnt = 1000;
	rte_pktmbuf_attach_extbuf(
		m, packets + (size_t)i * packet_len, RTE_BAD_IOVA, (uint16_t)packet_len, &shinfo
	);
	m->data_len = (uint16_t)packet_len;
	m->pkt_len = packet_len;
	pkt->data = packets + (size_t)i * packet_len;
	pkt->cap_len = pkt->wire_len = packet_len;
	pkt->linktype = 1;
	pkt->time_ns = UINT64_C(1700000000) * PAL_NS_PER_S + i;
	pkt->number = i + 1;
	return pkt;
}

// Of this thread: others may want the machine, too.
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * PAL_NS_PER_S + (uint64_t)ts.tv_nsec;
}

// As the worker does it. Returns ns per packet.
static double run(const struct pal_streams_conf *conf, struct pal_streams_stats *ret_stats)
{
	struct pal_flow_conf flow_conf = {
		.max_flows = PAL_SHARDS,
		.extra_bytes = sizeof(struct pal_stream),
		.hooks = {on_open, on_close, NULL},
	};
	struct pal_flow_table *flows;
	struct pal_decode_stats decode = {0};
	uint64_t start_ns, spent_ns;

	for (int p = 0; p < PAL_FLOW_PROTO_COUNT; p++)
		for (int s = 0; s < PAL_FLOW_STATE_COUNT; s++)
			flow_conf.timeout_ns[p][s] = 600 * PAL_NS_PER_S;
	flows = pal_flow_table_create(&flow_conf, PAL_SHARDS);
	streams = conf != NULL ? pal_streams_create(conf, PAL_SHARDS) : NULL;
	if (flows == NULL || (conf != NULL && streams == NULL))
		abort();
	start_ns = cpu_ns();
	for (uint32_t at = 0; at + PAL_BURST_MAX <= nb_packets; at += PAL_BURST_MAX) {
		struct rte_mbuf *mbufs[PAL_BURST_MAX];
		struct pal_pkt *pkts[PAL_BURST_MAX];
		uint16_t nb_left = 0;

		if (rte_pktmbuf_alloc_bulk(pool, mbufs, PAL_BURST_MAX) != 0)
			abort();
		for (int i = 0; i < PAL_BURST_MAX; i++) {
			pkts[i] = take(mbufs[i], order[at + (uint32_t)i]);
			pal_decode(pkts[i], &decode);
			pal_steer_hash(pkts[i]);
		}
		pal_flow_prefetch(flows, pkts, PAL_BURST_MAX);
		for (uint16_t i = 0; i < PAL_BURST_MAX; i++) {
			struct pal_flow *flow = pal_flow_track(flows, i, pkts[i]);

			if (streams == NULL ||
			    !pal_stream_segment(streams, pal_flow_extra(flow, 0), flow, mbufs[i]))
				mbufs[nb_left++] = mbufs[i];
		}
		pal_mbuf_free_bulk(mbufs, nb_left);
		if (streams != NULL)
			pal_streams_flush(streams);
	}
	spent_ns = cpu_ns() - start_ns;
	pal_flow_finish(flows, 0);
	if (streams != NULL)
		*ret_stats = *pal_streams_stats_get(streams);
	pal_streams_destroy(streams);
	pal_flow_table_destroy(flows);
	return (double)spent_ns / nb_packets;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, uint32_t recent_segs)
{
	struct pal_streams_conf conf = {
		.max_flow_bytes = 4 << 20,
		.max_flow_segs = 4096,
		.max_shard_bytes = 8 << 20,
		.max_shard_segs = 8192,
		.recent_segs = recent_segs,
		.hooks = {on_data, on_gap, on_event, keep, NULL},
	};
	struct pal_streams_stats stats = {0};
	double flow_ns[NB_RUNS], both_ns[NB_RUNS];

	for (int i = 0; i < NB_RUNS; i++) { // in turn, so that both see the same machine
		flow_ns[i] = run(NULL, NULL);
		both_ns[i] = run(&conf, &stats);
	}
	qsort(flow_ns, NB_RUNS, sizeof(flow_ns[0]), compare_doubles);
	qsort(both_ns, NB_RUNS, sizeof(both_ns[0]), compare_doubles);
	printf("{\"bench\":\"stream\",\"kind\":\"%s\",\"recent_segs\":%u,\"pkts\":%u,\"ns_per_"
	       "pkt\":%.1f,"
	       "\"without_ns_per_pkt\":%.1f,\"ratio\":%.2f,\"min\":%.1f,\"max\":%.1f,\"copied_"
	       "bytes\":%llu,"
	       "\"parked_pkts_max\":%llu}\n",
	       name,
	       recent_segs,
	       nb_packets,
	       both_ns[NB_RUNS / 2],
	       flow_ns[NB_RUNS / 2],
	       both_ns[NB_RUNS / 2] / flow_ns[NB_RUNS / 2],
	       both_ns[0],
	       both_ns[NB_RUNS - 1],
	       (unsigned long long)stats.copied_bytes,
	       (unsigned long long)stats.max_parked_segs);
	fflush(stdout);
}

int main(void)
{
	pal_test_eal_start();
	pool = rte_pktmbuf_pool_create(
		"bench", NB_MBUFS, 256, PAL_MBUF_PRIV_SIZE, 128, SOCKET_ID_ANY
	);
	packets = malloc(TOTAL_BYTES);
	order = malloc(TOTAL_BYTES / 64 * sizeof(order[0]));
	if (pool == NULL || packets == NULL || order == NULL)
		return 1;
	make_packets(FULL);
	in_order();
	measure("in_order", 0);
	measure("in_order", 8);
	reordered();
	measure("reordered", 0);
	measure("reordered", 8);
	lossy();
	measure("lossy", 8);
	make_packets(64);
	in_order();
	measure("small", 0);
	measure("small", 8);
	return nb_data_bytes == 0;
}
