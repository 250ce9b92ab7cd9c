/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_STREAM_BED_H
#define PAL_TEST_STREAM_BED_H

/**
 * @file
 * A flow table with streams behind it, and a transcript of what plugins would hear of each direction:
 *
 *      stream_bed_start(NULL);
 *      handshake();
 *      c(A, 101, 501, "ABC");              client sends ...
 *      c(A, 107, 501, "GHI");
 *      s(A, 501, 110, "");                 server acknowledges
 *      assert_heard("ABC<3>GHI", "");      to the server, to the client; <n> is a gap of n bytes
 *      assert_event(GAP, 1);
 *      stream_bed_finish();
 *      assert_last(RUN_ENDED);
 *
 * The client begins at 100, the server at 500.
 */

#include "check.h"
#include "heap_mbuf.h"
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

#define S PAL_TCP_SYN
#define A PAL_TCP_ACK
#define F PAL_TCP_FIN
#define R PAL_TCP_RST
#define U PAL_TCP_URG

#define SEC PAL_NS_PER_S
#define T0 (UINT64_C(1700000000) * SEC)
#define SB_HEARD_MAX 65536
#define SB_EVENT_MAX 4096

/** One call of on_event. */
struct sb_event {
	enum pal_stream_event event;
	struct pal_stream_event_info info;
	char old_data[64], new_data[64]; /**< The beginning of them. */
};

/** Behind each flow. */
struct sb_flow {
	struct pal_stream stream;
	uint64_t next[PAL_DIR_COUNT]; /**< Offset that must come next. */
};

static struct {
	struct pal_flow_table *flows;
	struct pal_streams *streams;
	struct pal_decode_stats decode;
	uint64_t now_ns, number;
	struct pal_flow *flow; /**< Of the packet last fed. */
	char heard[PAL_DIR_COUNT][SB_HEARD_MAX];
	size_t nb_heard[PAL_DIR_COUNT];
	struct pal_stream_data last_data[PAL_DIR_COUNT];
	struct sb_event events[SB_EVENT_MAX];
	unsigned int nb_events; /**< Of which so many are in events[]. */
	unsigned int counts[PAL_STREAM_EVENT_COUNT];
	enum pal_stream_event last_event;
	unsigned int nb_flows; /**< Ended. */
	/* what to do */
	bool copy, no_memory; /**< keep() copies, or has none. */
	int stop_after; /**< Stop the direction after so many calls of on_data; 0: never. */
	bool stop_by_event; /**< Stop the direction at the next event about it, but those of its life. */
	uint16_t window; /**< Of the packets built. */
} sb;

static inline struct pal_stream *sb_stream(struct pal_flow *flow)
{
	return pal_flow_extra(flow, 0);
}

static inline uint64_t *sb_next(struct pal_flow *flow, enum pal_dir dir)
{
	return &((struct sb_flow *)pal_flow_extra(flow, 0))->next[dir];
}

static inline void sb_put(enum pal_dir dir, const void *bytes, size_t len)
{
	if (len > SB_HEARD_MAX - 1 - sb.nb_heard[dir])
		len = SB_HEARD_MAX - 1 - sb.nb_heard[dir];
	memcpy(sb.heard[dir] + sb.nb_heard[dir], bytes, len);
	sb.nb_heard[dir] += len;
	sb.heard[dir][sb.nb_heard[dir]] = '\0';
}

static void sb_on_data(void *, struct pal_flow *flow, const struct pal_stream_data *data)
{
	assert_int_equal(data->offset, *sb_next(flow, data->dir));
	assert_true(data->len > 0);
	assert_true(data->number <= sb.number);
	*sb_next(flow, data->dir) += data->len;
	sb.last_data[data->dir] = *data;
	sb_put(data->dir, data->data, data->len);
	if (sb.stop_after > 0 && --sb.stop_after == 0)
		pal_stream_stop(sb_stream(flow), data->dir);
}

static void
sb_on_gap(void *, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	char text[32];

	assert_int_equal(offset, *sb_next(flow, dir));
	assert_true(len > 0);
	*sb_next(flow, dir) += len;
	sb_put(dir, text, (size_t)snprintf(text, sizeof(text), "<%llu>", (unsigned long long)len));
}

static void sb_on_event(
	void *,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct sb_event *e = &sb.events[sb.nb_events];

	sb.counts[event]++;
	sb.last_event = event;
	if (sb.stop_by_event && pal_stream_event_kind(event) >= PAL_STREAM_KIND_ANOMALY)
		pal_stream_stop(sb_stream(flow), info->dir);
	if (sb.nb_events == SB_EVENT_MAX)
		return;
	sb.nb_events++;
	*e = (struct sb_event){.event = event, .info = *info};
	if (event != PAL_STREAM_EVENT_OVERLAP_DIFFERENT)
		return;
	assert_memory_not_equal(info->old_data, info->new_data, info->len);
	assert_int_not_equal(info->old_hash, info->new_hash);
	for (size_t i = 0; i < info->len && i < sizeof(e->old_data) - 1; i++) {
		e->old_data[i] = (char)info->old_data[i];
		e->new_data[i] = (char)info->new_data[i];
	}
}

static struct rte_mbuf *sb_keep(void *, struct rte_mbuf *m, bool *ret_copied)
{
	struct rte_mbuf *copy = NULL;

	if (!sb.copy && !sb.no_memory)
		return m;
	if (sb.copy) {
		copy = heap_mbuf_copy(m);
		*ret_copied = true;
	}
	rte_pktmbuf_free(m);
	return copy;
}

static void sb_on_open(void *, struct pal_flow *, const struct pal_pkt *) {}

static void sb_on_close(void *, struct pal_flow *flow)
{
	pal_stream_close(sb.streams, sb_stream(flow), flow);
	sb.nb_flows++;
}

/** Generous limits, all segments remembered, policy `first`. */
static inline struct pal_streams_conf sb_conf(void)
{
	return (struct pal_streams_conf){
		.max_flow_bytes = 1 << 20,
		.max_flow_segs = 1024,
		.max_shard_bytes = 1 << 20,
		.max_shard_segs = 1024,
		.recent_segs = PAL_STREAM_RECENT_MAX,
		.hooks = {sb_on_data, sb_on_gap, sb_on_event, sb_keep, NULL},
	};
}

static inline void stream_bed_stop(void)
{
	pal_flow_table_destroy(sb.flows);
	pal_streams_destroy(sb.streams);
	memset(&sb, 0, sizeof(sb));
	assert_int_equal(heap_mbuf_count(), 0);
}

/** conf NULL: sb_conf(). */
static inline void stream_bed_start(const struct pal_streams_conf *conf)
{
	struct pal_streams_conf defaults = sb_conf();
	struct pal_flow_conf flow_conf = {
		.max_flows = 64 * PAL_SHARDS,
		.extra_bytes = sizeof(struct sb_flow),
		.hooks = {sb_on_open, sb_on_close, NULL},
	};

	for (int p = 0; p < PAL_FLOW_PROTO_COUNT; p++)
		for (int state = 0; state < PAL_FLOW_STATE_COUNT; state++)
			flow_conf.timeout_ns[p][state] = 600 * SEC;
	stream_bed_stop();
	sb.flows = pal_flow_table_create(&flow_conf, PAL_SHARDS);
	sb.streams = pal_streams_create(conf != NULL ? conf : &defaults, PAL_SHARDS);
	assert_non_null(sb.flows);
	assert_non_null(sb.streams);
	sb.now_ns = T0;
	sb.window = UINT16_MAX;
}

static inline int stream_bed_teardown(void **)
{
	stream_bed_stop();
	return 0;
}

/** Give a packet to the flow table and to its stream. */
static inline struct pal_flow *sb_feed_mbuf(struct rte_mbuf *m)
{
	struct pal_pkt *pkt = pal_mbuf_pkt(m);
	struct pal_flow *flow;

	pkt->time_ns = sb.now_ns;
	pkt->number = ++sb.number;
	pal_decode(pkt, &sb.decode);
	assert_int_equal(pkt->drop, PAL_DROP_NONE);
	pal_steer_hash(pkt);
	pal_flow_prefetch(sb.flows, &pkt, 1);
	flow = pal_flow_track(sb.flows, 0, pkt);
	if (!pal_stream_segment(sb.streams, sb_stream(flow), flow, m))
		rte_pktmbuf_free(m);
	sb.flow = flow;
	return flow;
}

/** A packet of which the last `cut` bytes were not captured. */
static inline struct pal_flow *sb_feed_cut(struct pktbuild *pb, size_t cut)
{
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);
	struct rte_mbuf *m = heap_mbuf(bytes, len - cut);
	struct pal_pkt *pkt = pal_mbuf_pkt(m);

	pkt->wire_len = (uint32_t)len;
	pkt->linktype = pktbuild_linktype(pb);
	pktbuild_free(pb);
	return sb_feed_mbuf(m);
}

static inline struct pal_flow *sb_feed(struct pktbuild *pb)
{
	return sb_feed_cut(pb, 0);
}

static inline void stream_bed_finish(void)
{
	pal_flow_finish(sb.flows, sb.now_ns);
	pal_streams_flush(sb.streams);
	assert_int_equal(pal_streams_stats_get(sb.streams)->parked, 0);
	assert_int_equal(pal_streams_stats_get(sb.streams)->parked_segs, 0);
	assert_int_equal(heap_mbuf_count(), 0);
}

/* packets */

/** Built but for its payload: who is 'c' or 's'. */
static inline struct pktbuild *sb_head(char who, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct pktbuild *pb = pktbuild_eth();
	const char *addr[2] = {"10.0.0.1", "10.0.0.2"};
	uint16_t port[2] = {40000, 80};
	int from = who == 's';

	pktbuild_ipv4(pb, addr[from], addr[!from], IPPROTO_TCP);
	pktbuild_tcp(pb, port[from], port[!from], flags, seq, ack);
	pktbuild_tcp_window(pb, sb.window);
	return pb;
}

static inline struct pal_flow *
sb_say(char who, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	struct pktbuild *pb = sb_head(who, flags, seq, ack);

	pktbuild_text(pb, text);
	return sb_feed(pb);
}

#define c(flags, seq, ack, text) sb_say('c', flags, seq, ack, text)
#define s(flags, seq, ack, text) sb_say('s', flags, seq, ack, text)

static inline void handshake(void)
{
	c(S, 100, 0, "");
	s(S | A, 500, 101, "");
	c(A, 101, 501, "");
}

/* what must be */

#define assert_heard(to_server, to_client)                                                         \
	do {                                                                                       \
		assert_string_equal(sb.heard[PAL_DIR_TO_SERVER], to_server);                       \
		assert_string_equal(sb.heard[PAL_DIR_TO_CLIENT], to_client);                       \
	} while (0)

/** The n-th call of on_event with this event. */
static inline const struct sb_event *sb_event_of(enum pal_stream_event event, unsigned int n)
{
	for (unsigned int i = 0; i < sb.nb_events; i++)
		if (sb.events[i].event == event && n-- == 0)
			return &sb.events[i];
	fail_msg("no %s", pal_stream_event_name(event));
	return NULL;
}

#define assert_event(event, times) assert_int_equal(sb.counts[PAL_STREAM_EVENT_##event], times)

/** The last call was this event. */
#define assert_last(event)                                                                         \
	assert_string_equal(                                                                       \
		pal_stream_event_name(sb.last_event),                                              \
		pal_stream_event_name(PAL_STREAM_EVENT_##event)                                    \
	)

#define assert_discarded(why, nb_bytes)                                                            \
	assert_int_equal(                                                                          \
		pal_streams_stats_get(sb.streams)->discards[PAL_STREAM_DISCARD_##why], nb_bytes    \
	)

/** No event but those of a connection's life. */
static inline void assert_no_anomaly(void)
{
	for (int i = 0; i < PAL_STREAM_EVENT_COUNT; i++)
		if (pal_stream_event_kind((enum pal_stream_event)i) == PAL_STREAM_KIND_ANOMALY &&
		    sb.counts[i] > 0)
			fail_msg("%s", pal_stream_event_name((enum pal_stream_event)i));
}

#endif
