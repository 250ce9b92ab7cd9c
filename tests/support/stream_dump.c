/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Prints the TCP streams of a capture file as plugins would get them, for tests/golden/check_streams.py: decode, fragments,
 * flow table and streams on one thread, without EAL.
 *
 *      stream_dump [POLICY] FILE     a JSON object for each direction that has data, when its flow ends
 *
 * The digest is of the bytes with each gap filled with zeros, from the first byte to the last that was seen.
 */

#include "heap_mbuf.h"

#include <pal_decode.h>
#include <pal_defrag.h>
#include <pal_flow_table.h>
#include <pal_mbuf.h>
#include <pal_savefile.h>
#include <pal_stream.h>
#include <pal_time.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YEARS (UINT64_C(1000000000) * PAL_NS_PER_S)

/** Behind each flow. */
struct dump_flow {
	struct pal_stream stream;
	struct dump_half {
		EVP_MD_CTX *sha256;
		char *gaps;
		size_t nb_gaps_chars;
		FILE *gaps_out;
		uint64_t end; // after the last byte
		uint64_t conflicts, keep_alives;
	} half[PAL_DIR_COUNT];
};
static_assert(sizeof(struct dump_flow) % 8 == 0);

static struct pal_flow_table *flows;
static struct pal_streams *streams;
static struct pal_defrag *defrag;
static struct pal_decode_stats decode;

static struct dump_flow *dump_of(struct pal_flow *flow)
{
	return pal_flow_extra(flow, 0);
}

// Direction of the packet under way, if the capture has cut it; -1.
static int cut_dir = -1;

static struct dump_half *half_of(struct pal_flow *flow, enum pal_dir dir)
{
	struct dump_half *half = &dump_of(flow)->half[dir];

	if (half->sha256 == NULL) {
		half->sha256 = EVP_MD_CTX_new();
		EVP_DigestInit_ex(half->sha256, EVP_sha256(), NULL);
		half->gaps_out = open_memstream(&half->gaps, &half->nb_gaps_chars);
	}
	return half;
}

static void fill(struct dump_half *half, uint64_t end)
{
	static const uint8_t zeros[65536];

	if (end > half->end)
		fprintf(half->gaps_out,
			"%s[%" PRIu64 ",%" PRIu64 "]",
			ftell(half->gaps_out) > 0 ? "," : "",
			half->end,
			end - half->end);
	while (half->end < end) {
		uint64_t n = end - half->end;

		n = n > sizeof(zeros) ? sizeof(zeros) : n;
		EVP_DigestUpdate(half->sha256, zeros, n);
		half->end += n;
	}
}

static void on_data(void *, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct dump_half *half = half_of(flow, data->dir);

	fill(half, data->offset);
	EVP_DigestUpdate(half->sha256, data->data, data->len);
	half->end += data->len;
}

// A gap is filled when something comes behind it. One that the snap length has made is as good as captured.
static void on_gap(void *, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	if (cut_dir == (int)dir)
		fill(half_of(flow, dir), offset + len);
}

static void on_event(
	void *,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct dump_half *half = &dump_of(flow)->half[info->dir];

	half->conflicts += event == PAL_STREAM_EVENT_OVERLAP_DIFFERENT;
	half->keep_alives += event == PAL_STREAM_EVENT_KEEP_ALIVE;
}

static struct rte_mbuf *keep(void *, struct rte_mbuf *m, bool *)
{
	return m;
}

static void print_endpoint(const char *name, const struct pal_flow *flow, unsigned int endpoint)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(
		flow->key.ip_version == 4 ? AF_INET : AF_INET6,
		flow->key.addr[endpoint].b,
		text,
		sizeof(text)
	);
	printf("\"%s\":\"%s:%u\",", name, text, pal_flow_key_port(&flow->key, endpoint));
}

static void print_half(const struct pal_flow *flow, struct dump_half *half, enum pal_dir dir)
{
	unsigned int from = flow->initiator ^ (unsigned int)dir;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (half->sha256 == NULL)
		return;
	EVP_DigestFinal_ex(half->sha256, digest, &len);
	EVP_MD_CTX_free(half->sha256);
	fclose(half->gaps_out);
	printf("{");
	print_endpoint("from", flow, from);
	print_endpoint("to", flow, !from);
	printf("\"bytes\":%" PRIu64 ",\"conflicts\":%" PRIu64 ",\"keep_alives\":%" PRIu64
	       ",\"gaps\":[%s],\"sha256\":\"",
	       half->end,
	       half->conflicts,
	       half->keep_alives,
	       half->gaps);
	for (unsigned int i = 0; i < len; i++)
		printf("%02x", digest[i]);
	printf("\"}\n");
	free(half->gaps);
}

static void on_open(void *, struct pal_flow *, const struct pal_pkt *) {}

static void on_close(void *, struct pal_flow *flow)
{
	struct dump_flow *dump = dump_of(flow);

	pal_stream_close(streams, &dump->stream, flow);
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		print_half(flow, &dump->half[dir], (enum pal_dir)dir);
}

// Takes m.
static void take_datagram(struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);
	struct pal_flow *flow;

	pal_steer_hash(pkt);
	pal_flow_prefetch(flows, &pkt, 1);
	flow = pal_flow_track(flows, 0, pkt);
	cut_dir = pkt->payload_cap_len < pkt->payload_len ? (int)pal_flow_dir(flow, pkt) : -1;
	if (pkt->key.proto != IPPROTO_TCP || pkt->tcp_flags == 0 ||
	    !pal_stream_segment(streams, &dump_of(flow)->stream, flow, m))
		rte_pktmbuf_free(m);
}

// What is inside a datagram, with a copy of the bytes. Takes m.
static struct rte_mbuf *unwrap(struct rte_mbuf *m)
{
	struct pal_pkt outer = *pal_mbuf_pkt(m);
	struct rte_mbuf *inner = heap_mbuf(outer.data, outer.cap_len);

	take_datagram(m);
	outer.data = pal_mbuf_pkt(inner)->data;
	pal_decode_inner(pal_mbuf_pkt(inner), &outer, &decode);
	return inner;
}

// The datagram that this fragment completes; NULL: none. Takes m.
static struct rte_mbuf *put_together(struct rte_mbuf *m)
{
	static uint8_t bytes[2 * 65536];
	struct rte_mbuf *datagram = NULL;
	struct pal_defrag_whole whole;

	if (pal_defrag_add(defrag, pal_mbuf_pkt(m), &whole) == PAL_DEFRAG_WHOLE) {
		pal_defrag_take(defrag, &whole, bytes);
		datagram =
			heap_mbuf(bytes, whole.cap_len < UINT16_MAX ? whole.cap_len : UINT16_MAX);
		pal_mbuf_pkt(datagram)->wire_len = whole.total_len;
		pal_decode_datagram(pal_mbuf_pkt(datagram), pal_mbuf_pkt(m), &decode);
	}
	rte_pktmbuf_free(m);
	return datagram;
}

static void take(const struct pal_savefile_rec *rec, uint64_t number)
{
	struct rte_mbuf *m;
	struct pal_pkt *pkt;

	if (rec->cap_len > UINT16_MAX)
		return; // XXX: buffers of the tests are no longer than those of a card
	m = heap_mbuf(rec->data, rec->cap_len);
	pkt = pal_mbuf_pkt(m);
	pkt->time_ns = rec->time_ns;
	pkt->number = number;
	pkt->wire_len = rec->wire_len;
	pkt->linktype = rec->linktype;
	pal_decode(pkt, &decode);
	while (m != NULL && pal_mbuf_pkt(m)->drop == PAL_DROP_NONE) {
		pkt = pal_mbuf_pkt(m);
		if (pkt->flags & PAL_PKT_FRAGMENT) {
			m = put_together(m);
		} else if (pkt->inner_layer != PAL_LAYER_END) {
			m = unwrap(m);
		} else {
			take_datagram(m);
			return;
		}
	}
	rte_pktmbuf_free(m);
}

static void create(enum pal_stream_policy policy)
{
	struct pal_flow_conf flow_conf = {
		.max_flows = 64 * PAL_SHARDS,
		.extra_bytes = sizeof(struct dump_flow),
		.hooks = {on_open, on_close, NULL},
	};
	struct pal_streams_conf conf = {
		.max_flow_bytes = 16 << 20,
		.max_flow_segs = 16384,
		.max_shard_bytes = 64 << 20,
		.max_shard_segs = 65536,
		.recent_segs = 8,
		.policy = policy,
		.hooks = {on_data, on_gap, on_event, keep, NULL},
	};

	for (int p = 0; p < PAL_FLOW_PROTO_COUNT; p++)
		for (int s = 0; s < PAL_FLOW_STATE_COUNT; s++)
			flow_conf.timeout_ns[p][s] = YEARS;
	flows = pal_flow_table_create(&flow_conf, PAL_SHARDS);
	streams = pal_streams_create(&conf, PAL_SHARDS);
	defrag = pal_defrag_create(&(struct pal_defrag_conf){0});
	if (flows == NULL || streams == NULL || defrag == NULL)
		abort();
}

int main(int argc, char **argv)
{
	int policy = argc == 3 ? pal_stream_policy_parse(argv[1]) : PAL_STREAM_FIRST;
	char err[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_reader *r;
	struct pal_savefile_rec rec;
	uint64_t number = 0;
	int rc;

	if (argc < 2 || policy < 0) {
		fprintf(stderr, "usage: stream_dump [POLICY] FILE\n");
		return 2;
	}
	r = pal_savefile_open(argv[argc - 1], NULL, err);
	if (r == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	create((enum pal_stream_policy)policy);
	while ((rc = pal_savefile_next(r, &rec)) > 0)
		take(&rec, ++number);
	cut_dir = -1;
	pal_flow_finish(flows, 0);
	pal_defrag_destroy(defrag);
	pal_streams_destroy(streams);
	pal_flow_table_destroy(flows);
	pal_savefile_close(r);
	if (heap_mbuf_count() != 0) {
		fprintf(stderr, "%lu packets were not given back\n", heap_mbuf_count());
		return 3;
	}
	return 0;
}
