/* SPDX-License-Identifier: BSD-3-Clause */
/** @file What is parked, held and copied, and when it is enough. */
#include "stream_bed.h"

#include <time.h>

/* limits */

static void full_flow_gives_up_its_first_gap(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.max_flow_segs = 3;
	stream_bed_start(&conf);
	handshake();
	c(A, 103, 501, "C");
	c(A, 105, 501, "E");
	c(A, 107, 501, "G");
	assert_heard("", "");
	c(A, 109, 501, "I");
	assert_heard("<2>C", "");
	assert_event(LIMIT_FLOW, 1);
	stream_bed_finish();
	assert_heard("<2>C<1>E<1>G<1>I", "");

	// Before the first gap that is parked lies that of the segment itself.
	stream_bed_start(&conf);
	handshake();
	c(A, 105, 501, "E");
	c(A, 107, 501, "G");
	c(A, 109, 501, "I");
	c(A, 103, 501, "CD");
	assert_heard("<2>CDE", "");
	stream_bed_finish();
}

static void bytes_are_limited_over_both_directions(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.max_flow_bytes = 10;
	stream_bed_start(&conf);
	handshake();
	s(A, 503, 101, "12345");
	c(A, 103, 501, "12345");
	assert_heard("", "");
	c(A, 110, 501, "x");
	assert_heard("<2>12345", "");
	s(A, 510, 101, "more than ten");
	assert_heard("<2>12345", "<2>12345<2>more than ten");
	assert_int_equal(pal_streams_stats_get(sb.streams)->max_parked, 10);
	stream_bed_finish();
	assert_heard("<2>12345<2>x", "<2>12345<2>more than ten");
}

static void full_shard_gives_up_the_gap_of_who_wants_more(void **)
{
	struct pal_streams_conf conf = sb_conf();
	struct pktbuild *pb;
	uint16_t shard, port = 40001;

	conf.max_shard_segs = 2;
	stream_bed_start(&conf);
	handshake();
	c(A, 103, 501, "C");
	c(A, 105, 501, "E");
	shard = sb.flow->shard;
	// Another flow of the same shard.
	for (;; port++) {
		struct rte_mbuf *m;
		const uint8_t *bytes;
		size_t len;
		bool same;

		pb = pktbuild_eth();
		pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
		pktbuild_tcp(pb, port, 80, S, 100, 0);
		bytes = pktbuild_bytes(pb, &len);
		m = heap_mbuf(bytes, len);
		pal_mbuf_pkt(m)->linktype = pktbuild_linktype(pb);
		pal_decode(pal_mbuf_pkt(m), &sb.decode);
		pal_steer_hash(pal_mbuf_pkt(m));
		same = pal_steer_shard(pal_mbuf_pkt(m)) == shard;
		rte_pktmbuf_free(m);
		if (same)
			break;
		pktbuild_free(pb);
	}
	sb_feed(pb);
	for (uint32_t seq = 103; seq < 106; seq += 2) {
		pb = pktbuild_eth();
		pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
		pktbuild_tcp(pb, port, 80, A, seq, 501);
		pktbuild_text(pb, "x");
		sb_feed(pb);
	}
	assert_heard("<2>x<1>x", "");
	assert_event(LIMIT_SHARD, 1);
	assert_int_equal(
		pal_streams_stats_get(sb.streams)->events[PAL_STREAM_EVENT_LIMIT_SHARD], 2
	);
	sb.nb_heard[0] = 0;
	c(A, 101, 501, "AB"); // the first flow has lost nothing
	assert_heard("ABC", "");
	pal_flow_finish(sb.flows, sb.now_ns);
}

static void data_in_syns_is_limited_too(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.max_shard_segs = 1;
	conf.max_flow_segs = 1;
	stream_bed_start(&conf);
	for (uint16_t port = 1; port < 2000; port++) {
		struct pktbuild *pb = pktbuild_eth();

		pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
		pktbuild_tcp(pb, port, 80, S, 100, 0);
		pktbuild_text(pb, "x");
		sb_feed(pb);
	}
	assert_true(pal_streams_stats_get(sb.streams)->max_parked_segs <= PAL_SHARDS);
	// The others are handed on at once.
	assert_true(sb.nb_heard[0] >= 2000 - 1 - PAL_SHARDS);
	pal_flow_finish(sb.flows, sb.now_ns);
	assert_int_equal(sb.nb_heard[0], 1999);
}

// The packet that every segment of one byte looks like.
static struct rte_mbuf *one_byte_at(uint32_t seq)
{
	static struct rte_mbuf *template;
	struct rte_mbuf *m;

	if (template == NULL) {
		struct pktbuild *pb = sb_head('c', A, 0, 501);
		const uint8_t *bytes;
		size_t len;

		pktbuild_text(pb, "x");
		bytes = pktbuild_bytes(pb, &len);
		template = heap_mbuf(bytes, len);
		pal_mbuf_pkt(template)->linktype = pktbuild_linktype(pb);
		pal_decode(pal_mbuf_pkt(template), &sb.decode);
		pal_steer_hash(pal_mbuf_pkt(template));
		pktbuild_free(pb);
	}
	if (seq == 0) { // done with it
		rte_pktmbuf_free(template);
		return template = NULL;
	}
	m = heap_mbuf_copy(template);
	pal_mbuf_pkt(m)->tcp_seq = seq;
	return m;
}

// Half a second of CPU on a quiet machine; a search through what is parked would take minutes.
#ifdef __SANITIZE_ADDRESS__
#define SECONDS_MAX 40
#else
#define SECONDS_MAX 10
#endif

static void half_a_million_early_segments_are_cheap_and_capped(void **)
{
	enum { NB = 500000, LIMIT = 8192 };
	struct pal_streams_conf conf = sb_conf();
	const struct pal_streams_stats *stats;
	struct pal_flow *flow;
	clock_t start;

	conf.max_flow_segs = conf.max_shard_segs = LIMIT;
	conf.recent_segs = 0;
	stream_bed_start(&conf);
	handshake();
	flow = sb.flow;
	stats = pal_streams_stats_get(sb.streams);
	c(A, 101, 501, "?");
	start = clock();
	// Every second byte of a range, in bit-reversed order, which is as far from sorted as can be; then the next.
	for (uint32_t i = 0; i < NB; i++) {
		uint32_t bits = 0;
		struct rte_mbuf *m;

		for (int b = 0; b < 12; b++)
			bits |= (i >> b & 1) << (11 - b);
		m = one_byte_at(103 + ((i & ~4095u) + bits) * 2);
		if (!pal_stream_segment(sb.streams, sb_stream(flow), flow, m))
			rte_pktmbuf_free(m);
		assert_true(stats->parked_segs <= LIMIT);
	}
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < SECONDS_MAX);
	assert_int_equal(stats->max_parked_segs, LIMIT);
	one_byte_at(0);
	stream_bed_finish();
	assert_int_equal(stats->delivered, NB + 1);
}

/* memory */

static void copies_are_counted_and_as_good(void **)
{
	stream_bed_start(NULL);
	sb.copy = true;
	handshake();
	c(A, 104, 501, "DEF");
	c(A, 106, 501, "FGHI");
	c(A, 101, 501, "ABC");
	c(A, 101, 501, "abc");
	assert_heard("ABCDEFGHI", "");
	assert_event(OVERLAP_DIFFERENT, 1);
	// Two were parked, one is remembered.
	assert_int_equal(pal_streams_stats_get(sb.streams)->copied_pkts, 3);
	assert_true(pal_streams_stats_get(sb.streams)->copied_bytes > 0);
	stream_bed_finish();
}

static void without_memory_early_bytes_are_lost_by_name(void **)
{
	stream_bed_start(NULL);
	handshake();
	sb.no_memory = true;
	c(A, 104, 501, "DEF");
	assert_discarded(NO_MEMORY, 3);
	c(A, 101, 501, "ABC");
	assert_heard("ABC", "");
	sb.no_memory = false;
	c(A, 104, 501, "DEF");
	assert_heard("ABCDEF", "");
	stream_bed_finish();
}

/* nobody wants more */

static void stopped_direction_is_silent(void **)
{
	stream_bed_start(NULL);
	handshake();
	sb.stop_after = 2;
	c(A, 104, 501, "DEF");
	c(A, 107, 501, "GHI");
	c(A, 111, 501, "K");
	c(A, 101, 501, "ABC"); // ABC, DEF, and no more
	assert_heard("ABCDEF", "");
	c(A, 110, 501, "JK");
	c(A, 120, 501, "U");
	s(A, 501, 112, "OK");
	assert_heard("ABCDEF", "OK");
	c(A | F, 121, 501, "");
	assert_event(HALF_CLOSED, 1); // it is still known where it stands
	stream_bed_finish();
	assert_heard("ABCDEF", "OK");
	assert_discarded(UNWANTED, 4 + 2 + 1);
	assert_event(GAP, 0);
}

static void stop_in_the_middle_of_a_segment(void **)
{
	static const int expected[] = {2, 3, 4, 5};

	for (int after = 1; after <= 4; after++) {
		stream_bed_start(NULL);
		handshake();
		c(A, 103, 501, "C");
		c(A, 105, 501, "E");
		sb.stop_after = after;
		c(A, 101, 501, "ABCDEFG"); // in parts, between what was parked
		c(A, 108, 501, "H");
		stream_bed_finish();
		assert_int_equal(strncmp("ABCDEFGH", sb.heard[0], strlen(sb.heard[0])), 0);
		assert_int_equal(strlen(sb.heard[0]), expected[after - 1]);
	}
}

static void stop_by_an_event_about_what_is_parked(void **)
{
	static const enum pal_stream_policy policies[] = {PAL_STREAM_FIRST, PAL_STREAM_LAST};

	for (int i = 0; i < 2; i++) {
		struct pal_streams_conf conf = sb_conf();

		conf.policy = policies[i];
		// Different bytes among what is parked.
		stream_bed_start(&conf);
		handshake();
		c(A, 103, 501, "CDE");
		c(A, 107, 501, "GHI");
		sb.stop_by_event = true;
		c(A, 102, 501, "........");
		assert_int_equal(pal_streams_stats_get(sb.streams)->parked, 0);
		stream_bed_finish();
		assert_heard("", "");
		// ... and under a segment that is next.
		stream_bed_start(&conf);
		handshake();
		c(A, 103, 501, "CDE");
		c(A, 107, 501, "GHI");
		sb.stop_by_event = true;
		c(A, 101, 501, "........");
		stream_bed_finish();
		assert_int_equal(strncmp(sb.heard[0], "..", 2), 0);
		// A gap, data in a SYN.
		stream_bed_start(&conf);
		handshake();
		c(A, 103, 501, "C");
		c(A, 105, 501, "E");
		sb.stop_by_event = true;
		s(A, 501, 106, "");
		assert_heard("<2>", "");
		stream_bed_finish();
		stream_bed_start(&conf);
		c(S, 100, 0, "GET");
		sb.stop_by_event = true;
		s(S | A, 500, 101, "");
		stream_bed_finish();
		assert_heard("", "");
	}
}

#define bed_test(name) cmocka_unit_test_teardown(name, stream_bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(full_flow_gives_up_its_first_gap),
		bed_test(bytes_are_limited_over_both_directions),
		bed_test(full_shard_gives_up_the_gap_of_who_wants_more),
		bed_test(data_in_syns_is_limited_too),
		bed_test(half_a_million_early_segments_are_cheap_and_capped),
		bed_test(copies_are_counted_and_as_good),
		bed_test(without_memory_early_bytes_are_lost_by_name),
		bed_test(stopped_direction_is_silent),
		bed_test(stop_in_the_middle_of_a_segment),
		bed_test(stop_by_an_event_about_what_is_parked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
