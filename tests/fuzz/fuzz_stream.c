/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: settings (4 bytes: policy, most pieces, recent segments, after how many calls a hook stops its direction),
 * then packets of one TCP connection, as fuzz/stream_seed.py writes them from captures:
 *
 *      who and TCP options' length (1)  flags (1)  seq (4)  ack (4)  window (2)  payload on the wire (2)
 *      captured (2)  options  payload
 *
 * Twice through flow table and streams: with packets held as they are, and as copies. Both must hand on the same
 * bytes, in order, with every gap stated; the books balance, the limits hold, all packets are given back, and each
 * stream says exactly once why it ended, and nothing after that.
 */
#include "../support/heap_mbuf.h"
#include "require.h"

#include <pal_cursor.h>
#include <pal_decode.h>
#include <pal_flow_table.h>
#include <pal_hash.h>
#include <pal_mbuf.h>
#include <pal_stream.h>
#include <pal_time.h>

#include <string.h>

#define MAX_BYTES 4096
#define MAX_PAYLOAD 2000
#define HEADERS (20 + 20)

/** Behind each flow. */
struct fuzz_flow {
	struct pal_stream stream;
	uint64_t next[PAL_DIR_COUNT];
	uint64_t half_closed[PAL_DIR_COUNT];
	bool is_stopped[PAL_DIR_COUNT];
	bool is_over;
};

static struct {
	struct pal_flow_table *flows;
	struct pal_streams *streams;
	struct pal_streams_conf conf;
	uint64_t digest;
	unsigned int stop_after;
	bool copies;
} run;

static struct fuzz_flow *fuzz_of(struct pal_flow *flow)
{
	return pal_flow_extra(flow, 0);
}

static void mix(uint64_t v)
{
	run.digest = pal_hash_mix(run.digest ^ v, 0x9e3779b97f4a7c15);
}

static void count_call(struct fuzz_flow *f, enum pal_dir dir)
{
	if (run.stop_after == 0 || --run.stop_after > 0)
		return;
	pal_stream_stop(&f->stream, dir);
	f->is_stopped[dir] = true;
}

static void on_data(void *, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct fuzz_flow *f = fuzz_of(flow);

	REQUIRE(!f->is_over && !f->is_stopped[data->dir] && data->len > 0);
	REQUIRE(data->offset == f->next[data->dir]);
	f->next[data->dir] += data->len;
	mix(pal_hash_bytes(data->dir, data->data, data->len));
	mix(data->number);
	count_call(f, data->dir);
}

static void on_gap(void *, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	struct fuzz_flow *f = fuzz_of(flow);

	REQUIRE(!f->is_over && !f->is_stopped[dir] && len > 0 && len < UINT32_MAX);
	REQUIRE(offset == f->next[dir]);
	f->next[dir] += len;
	mix(len);
	count_call(f, dir);
}

static void on_event(
	void *,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct fuzz_flow *f = fuzz_of(flow);

	REQUIRE(!f->is_over);
	mix((uint64_t)event << 8 | info->dir);
	mix(info->offset ^ info->len << 40);
	if (event == PAL_STREAM_EVENT_HALF_CLOSED)
		REQUIRE(f->half_closed[info->dir]++ == 0);
	if (event == PAL_STREAM_EVENT_OVERLAP_DIFFERENT) {
		REQUIRE(memcmp(info->old_data, info->new_data, info->len) != 0);
		mix(info->old_hash ^ info->new_hash);
	}
	f->is_over = pal_stream_event_kind(event) == PAL_STREAM_KIND_END;
	count_call(f, info->dir);
}

static struct rte_mbuf *keep(void *, struct rte_mbuf *m, bool *ret_copied)
{
	struct rte_mbuf *copy;

	if (!run.copies)
		return m;
	copy = heap_mbuf_copy(m);
	rte_pktmbuf_free(m);
	*ret_copied = true;
	return copy;
}

static void on_open(void *, struct pal_flow *, const struct pal_pkt *) {}

static void on_close(void *, struct pal_flow *flow)
{
	struct fuzz_flow *f = fuzz_of(flow);
	bool is_seen = false;

	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		is_seen |= f->stream.half[dir].flags != 0;
	pal_stream_close(run.streams, &f->stream, flow);
	REQUIRE(f->is_over == is_seen);
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		REQUIRE(f->stream.half[dir].parked_segs == 0 && f->stream.half[dir].root == 0);
}

static void start(struct pal_cursor *cur)
{
	struct pal_flow_conf flow_conf = {
		.max_flows = 2 * PAL_SHARDS,
		.extra_bytes = sizeof(struct fuzz_flow),
		.hooks = {on_open, on_close, NULL},
	};
	const uint8_t *settings = pal_cursor_take(cur, 4);

	for (int p = 0; p < PAL_FLOW_PROTO_COUNT; p++)
		for (int s = 0; s < PAL_FLOW_STATE_COUNT; s++)
			flow_conf.timeout_ns[p][s] = 600 * PAL_NS_PER_S;
	run.conf = (struct pal_streams_conf){
		.max_flow_bytes = MAX_BYTES,
		.max_flow_segs = 1 + settings[1] % 32,
		.max_shard_bytes = MAX_BYTES,
		.max_shard_segs = 32,
		.recent_segs = settings[2] % 5,
		.policy = settings[0] % PAL_STREAM_POLICY_COUNT,
		.hooks = {on_data, on_gap, on_event, keep, NULL},
	};
	run.stop_after = settings[3] < 128 ? 0 : settings[3] - 127;
	run.digest = 0;
	run.flows = pal_flow_table_create(&flow_conf, PAL_SHARDS);
	run.streams = pal_streams_create(&run.conf, PAL_SHARDS);
	REQUIRE(run.flows != NULL && run.streams != NULL);
}

static void store_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

// The next packet of the input, as IPv4; NULL at its end.
static struct rte_mbuf *next_packet(struct pal_cursor *cur)
{
	uint8_t bytes[HEADERS + 40 + MAX_PAYLOAD] = {0x45};
	const uint8_t *head = pal_cursor_take(cur, 16), *options, *payload;
	uint32_t wire_len, cap_len, options_len;
	bool is_server;
	struct rte_mbuf *m;

	if (head == NULL)
		return NULL;
	is_server = head[0] & 1;
	options_len = (head[0] >> 1) % 11 * 4u;
	wire_len = pal_load_be16(head + 12) % (MAX_PAYLOAD + 1);
	cap_len = pal_load_be16(head + 14) % (wire_len + 1);
	options = pal_cursor_take(cur, options_len);
	payload = pal_cursor_take(cur, cap_len);
	if (options == NULL || payload == NULL)
		return NULL;
	store_be16(bytes + 2, HEADERS + options_len + wire_len);
	bytes[8] = 64;
	bytes[9] = 6;
	bytes[15] = is_server ? 2 : 1;
	bytes[19] = is_server ? 1 : 2;
	store_be16(bytes + 20, is_server ? 80 : 40000);
	store_be16(bytes + 22, is_server ? 40000 : 80);
	memcpy(bytes + 24, head + 2, 8); // seq, ack
	bytes[32] = (uint8_t)((5 + options_len / 4) << 4);
	bytes[33] = head[1];
	memcpy(bytes + 34, head + 10, 2);
	memcpy(bytes + 38, head + 12, 2); // urgent pointer: what is at hand
	memcpy(bytes + HEADERS, options, options_len);
	memcpy(bytes + HEADERS + options_len, payload, cap_len);
	m = heap_mbuf(bytes, HEADERS + options_len + cap_len);
	pal_mbuf_pkt(m)->wire_len = HEADERS + options_len + wire_len;
	return m;
}

static void feed(struct rte_mbuf *m, uint64_t number)
{
	const struct pal_streams_stats *stats = pal_streams_stats_get(run.streams);
	struct pal_pkt *pkt = pal_mbuf_pkt(m);
	struct pal_decode_stats decode = {0};
	struct pal_flow *flow;

	pkt->linktype = 101;
	pkt->number = number;
	pkt->time_ns = number * PAL_NS_PER_MS;
	pal_decode(pkt, &decode);
	REQUIRE(pkt->drop == PAL_DROP_NONE);
	pal_steer_hash(pkt);
	pal_flow_prefetch(run.flows, &pkt, 1);
	flow = pal_flow_track(run.flows, 0, pkt);
	if (!pal_stream_segment(run.streams, &fuzz_of(flow)->stream, flow, m))
		rte_pktmbuf_free(m);
	REQUIRE(stats->parked <= MAX_BYTES);
	REQUIRE(stats->parked_segs <= 2 * run.conf.max_flow_segs);
}

static uint64_t run_all(const uint8_t *data, size_t size, bool copies)
{
	struct pal_cursor cur = pal_cursor_of(data, size);
	struct rte_mbuf *m;
	uint64_t number = 0;

	run.copies = copies;
	start(&cur);
	while ((m = next_packet(&cur)) != NULL)
		feed(m, ++number);
	pal_flow_finish(run.flows, 0);
	REQUIRE(pal_streams_stats_get(run.streams)->parked == 0);
	pal_streams_destroy(run.streams);
	pal_flow_table_destroy(run.flows);
	REQUIRE(heap_mbuf_count() == 0);
	return run.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 4 && size <= 65536)
		REQUIRE(run_all(data, size, false) == run_all(data, size, true));
	return 0;
}
