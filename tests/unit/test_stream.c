/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Order, gaps, overlaps, limits: what plugins hear of scripted connections. */
#include "stream_bed.h"

#include <pal_conf.h>
#include <pal_prefix.h>

#include <time.h>

/* in order */

static void bytes_are_handed_on_at_once_and_in_place(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET ");
	assert_heard("GET ", ""); // nobody has acknowledged it
	c(A, 105, 501, "/x");
	s(A, 501, 107, "200 OK");
	assert_heard("GET /x", "200 OK");
	assert_int_equal(sb.last_data[PAL_DIR_TO_SERVER].offset, 4);
	assert_int_equal(sb.last_data[PAL_DIR_TO_SERVER].number, 5);
	assert_int_equal(sb.last_data[PAL_DIR_TO_SERVER].time_ns, T0);
	assert_false(sb.last_data[PAL_DIR_TO_SERVER].was_parked);
	stream_bed_finish();
	assert_heard("GET /x", "200 OK");
	assert_int_equal(pal_streams_stats_get(sb.streams)->delivered, 12);
	assert_int_equal(pal_streams_stats_get(sb.streams)->copied_pkts, 0);
	assert_int_equal(pal_streams_stats_get(sb.streams)->max_parked, 0);
	assert_no_anomaly();
}

static void one_way_capture_is_handed_on(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	c(A, 101, 501, "GET");
	c(A, 104, 501, "x");
	assert_heard("GETx", "");
	stream_bed_finish();
	assert_heard("GETx", "");
}

static void early_segments_wait_for_their_turn(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 107, 501, "GHI");
	c(A, 104, 501, "DEF");
	assert_heard("", "");
	assert_int_equal(pal_streams_stats_get(sb.streams)->parked, 6);
	c(A, 101, 501, "ABC");
	assert_heard("ABCDEFGHI", "");
	assert_true(sb.last_data[PAL_DIR_TO_SERVER].was_parked);
	assert_int_equal(sb.last_data[PAL_DIR_TO_SERVER].number, 4);
	assert_int_equal(pal_streams_stats_get(sb.streams)->delivered_parked, 6);
	stream_bed_finish();
	assert_no_anomaly();
}

static void any_order_of_six_segments_gives_the_same(void **)
{
	static const char *const text[] = {"AB", "C", "DEF", "G", "HIJ", "KL"};

	for (int n = 0; n < 720; n++) {
		bool used[6] = {false};

		stream_bed_start(NULL);
		handshake();
		for (int i = 6, rest = n; i > 0; rest /= i, i--) {
			int pick = rest % i, k = 0;
			uint32_t seq = 101;

			while (used[k] || pick-- > 0)
				k++;
			used[k] = true;
			for (int j = 0; j < k; j++)
				seq += (uint32_t)strlen(text[j]);
			c(A, seq, 501, text[k]);
		}
		assert_heard("ABCDEFGHIJKL", "");
		stream_bed_finish();
	}
}

static void sequence_numbers_wrap(void **)
{
	stream_bed_start(NULL);
	c(S, UINT32_MAX - 3, 0, "");
	s(S | A, UINT32_MAX, UINT32_MAX - 2, "");
	c(A, UINT32_MAX - 2, 0, "AB");
	c(A, 1, 0, "DE");
	c(A, UINT32_MAX, 0, "C-");
	s(A, 0, 3, "ok");
	assert_heard("ABC-DE", "ok");
	stream_bed_finish();
	assert_no_anomaly();
}

static void offsets_go_beyond_4_gib(void **)
{
	static const uint8_t scale[] = {3, 3, 14, 1};
	const uint32_t step = 500000000;
	struct pktbuild *pb;
	uint32_t seq = 101;
	uint64_t offset = 0;

	stream_bed_start(NULL);
	pb = sb_head('c', S, 100, 0);
	pktbuild_tcp_options(pb, scale, sizeof(scale));
	sb_feed(pb);
	pb = sb_head('s', S | A, 500, 101);
	pktbuild_tcp_options(pb, scale, sizeof(scale));
	sb_feed(pb);
	s(A, 501, 101, ""); // the window of a SYN is not scaled
	// 10 GiB, most of them acknowledged, but not captured.
	while (offset < UINT64_C(10) << 30) {
		c(A, seq, 501, "ABC");
		assert_int_equal(sb.last_data[0].offset, offset);
		s(A, 501, seq + step, "");
		seq += step;
		offset += step;
	}
	c(A, seq + 3, 501, "GHI");
	c(A, seq, 501, "DEF");
	assert_int_equal(sb.last_data[0].offset, offset + 3);
	assert_int_equal(pal_streams_stats_get(sb.streams)->gap_bytes, offset / step * (step - 3));
	stream_bed_finish();
	assert_no_anomaly();
}

/* what was there already */

static void retransmission_after_the_ack_is_trimmed(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET");
	s(A, 501, 104, "");
	c(A, 101, 501, "GET");
	c(A, 104, 501, "/x");
	s(A, 501, 106, "");
	c(A, 101, 501, "GET/x/y");
	assert_heard("GET/x/y", "");
	stream_bed_finish();
	assert_heard("GET/x/y", "");
	assert_event(RETRANSMISSION, 2);
	assert_int_equal(pal_streams_stats_get(sb.streams)->duplicate, 8);
	assert_no_anomaly();
}

static void retransmission_of_parked_bytes_is_trimmed(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 104, 501, "DEF");
	c(A, 104, 501, "DEF");
	c(A, 105, 501, "E");
	c(A, 104, 501, "DEFGH");
	c(A, 101, 501, "ABC");
	assert_heard("ABCDEFGH", "");
	stream_bed_finish();
	assert_int_equal(pal_streams_stats_get(sb.streams)->duplicate, 7);
	assert_no_anomaly();
}

static void different_bytes_after_delivery_are_reported(void **)
{
	const struct sb_event *e;

	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "good");
	c(A, 105, 501, " day");
	c(A, 101, 501, "evil");
	assert_heard("good day", "");
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 0);
	assert_int_equal(e->info.offset, 0);
	assert_int_equal(e->info.len, 4);
	assert_int_equal(e->info.old_number, 4);
	assert_int_equal(e->info.dir, PAL_DIR_TO_SERVER);
	assert_false(e->info.new_wins);
	assert_string_equal(e->old_data, "good");
	assert_string_equal(e->new_data, "evil");
	// Other ranges than the first ones.
	c(A, 103, 501, "od dAY");
	assert_event(OVERLAP_DIFFERENT, 2);
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 1);
	assert_int_equal(e->info.offset, 4);
	assert_string_equal(e->old_data, " day");
	assert_string_equal(e->new_data, " dAY");
	stream_bed_finish();
	assert_heard("good day", "");
}

static void different_bytes_of_parked_segments_are_reported(void **)
{
	const struct sb_event *e;

	stream_bed_start(NULL);
	handshake();
	c(A, 103, 501, "good");
	c(A, 104, 501, "evil");
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 0);
	assert_int_equal(e->info.offset, 3);
	assert_int_equal(e->info.len, 3);
	assert_string_equal(e->old_data, "ood");
	assert_string_equal(e->new_data, "evi");
	// The segment that fills the gap, too.
	c(A, 101, 501, "..G");
	assert_event(OVERLAP_DIFFERENT, 2);
	assert_heard("..goodl", "");
	stream_bed_finish();
}

static void recent_segments_are_few(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.recent_segs = 2;
	stream_bed_start(&conf);
	handshake();
	c(A, 101, 501, "one");
	c(A, 104, 501, "two");
	c(A, 107, 501, "three");
	c(A, 101, 501, "ONE"); // too long ago
	assert_event(OVERLAP_DIFFERENT, 0);
	c(A, 104, 501, "TWO");
	assert_event(OVERLAP_DIFFERENT, 1);
	stream_bed_finish();

	conf.recent_segs = 0;
	stream_bed_start(&conf);
	handshake();
	c(A, 101, 501, "one");
	c(A, 101, 501, "ONE");
	assert_event(OVERLAP_DIFFERENT, 0);
	assert_event(RETRANSMISSION, 1);
	stream_bed_finish();
}

/* gaps */

static void gap_is_given_up_when_it_is_acknowledged(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "ABC");
	c(A, 107, 501, "GHI");
	s(A, 501, 104, "");
	s(A, 501, 106, ""); // not all of it
	assert_heard("ABC", "");
	s(A, 501, 110, "");
	assert_heard("ABC<3>GHI", "");
	c(A, 110, 501, "J");
	assert_heard("ABC<3>GHIJ", "");
	stream_bed_finish();
	assert_event(GAP, 1);
	assert_int_equal(pal_streams_stats_get(sb.streams)->gap_bytes, 3);
}

static void several_gaps_are_given_up_one_by_one(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 103, 501, "C");
	c(A, 106, 501, "F");
	c(A, 109, 501, "I");
	s(A, 501, 107, "");
	assert_heard("<2>C<2>F", "");
	c(A, 107, 501, "GH");
	assert_heard("<2>C<2>FGHI", "");
	stream_bed_finish();
}

static void late_bytes_for_a_gap_are_discarded_by_name(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 104, 501, "DEF");
	s(A, 501, 107, "");
	c(A, 101, 501, "ABC");
	assert_heard("<3>DEF", "");
	assert_discarded(LATE, 3);
	c(A, 101, 501, "ABCDEFG");
	assert_heard("<3>DEFG", "");
	assert_discarded(LATE, 6);
	assert_int_equal(pal_streams_stats_get(sb.streams)->duplicate, 3);
	stream_bed_finish();
}

static void gap_is_given_up_at_the_end(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "ABC");
	c(A, 107, 501, "GHI");
	c(A, 111, 501, "K");
	assert_heard("ABC", "");
	stream_bed_finish();
	assert_heard("ABC<3>GHI<1>K", "");
	assert_last(RUN_ENDED);
}

static void missing_tail_is_a_gap(void **)
{
	// Acknowledged, but never captured.
	stream_bed_start(NULL);
	handshake();
	s(A, 501, 101, "AB");
	c(A, 101, 510, "");
	stream_bed_finish();
	assert_heard("", "AB<7>");
	// Promised by a FIN.
	stream_bed_start(NULL);
	handshake();
	s(A, 501, 101, "AB");
	s(A | F, 507, 101, "");
	stream_bed_finish();
	assert_heard("", "AB<4>");
	assert_event(HALF_CLOSED, 1);
	// One byte more may be the number of a FIN.
	stream_bed_start(NULL);
	handshake();
	s(A, 501, 101, "AB");
	c(A, 101, 504, "");
	stream_bed_finish();
	assert_heard("", "AB");
}

static void snapped_segments_have_a_gap_each(void **)
{
	struct pktbuild *pb;

	stream_bed_start(NULL);
	handshake();
	pb = sb_head('c', A, 101, 501);
	pktbuild_text(pb, "ABCDEFGH");
	sb_feed_cut(pb, 5);
	assert_heard("ABC<5>", "");
	pb = sb_head('c', A, 109, 501);
	pktbuild_text(pb, "IJ");
	sb_feed_cut(pb, 2);
	c(A, 111, 501, "K");
	assert_heard("ABC<5><2>K", "");
	// Early: what is missing may come by another packet.
	pb = sb_head('c', A, 114, 501);
	pktbuild_text(pb, "NOPQ");
	sb_feed_cut(pb, 2);
	c(A, 112, 501, "LM");
	c(A, 116, 501, "P");
	s(A, 501, 118, "");
	assert_heard("ABC<5><2>KLMNOP", "");
	c(A, 118, 501, "R");
	assert_heard("ABC<5><2>KLMNOP<1>R", "");
	stream_bed_finish();
}

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

#ifdef __SANITIZE_ADDRESS__
#define SECONDS_MAX 20
#else
#define SECONDS_MAX 1
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

/* policies */

struct overlap {
	uint32_t seq;
	const char *text;
};

// Early segments and what fills the gap before them at last; then what a host of each policy reads.
static void check_policies(
	const struct overlap *segs,
	const char *const expected[PAL_STREAM_POLICY_COUNT],
	uint32_t isn
)
{
	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++) {
		struct pal_streams_conf conf = sb_conf();

		if (expected[policy] == NULL)
			continue;
		conf.policy = (enum pal_stream_policy)policy;
		stream_bed_start(&conf);
		c(S, isn, 0, "");
		for (const struct overlap *o = segs; o->text != NULL; o++)
			c(A, isn + o->seq, 501, o->text);
		if (strcmp(sb.heard[0], expected[policy]) != 0)
			fail_msg(
				"%s: %s, not %s",
				pal_stream_policy_name((enum pal_stream_policy)policy),
				sb.heard[0],
				expected[policy]
			);
		stream_bed_finish();
	}
}

/*
 * The test of Novak and Sturges: twelve ways to overlap in one stream, and what became of it on the hosts that they
 * tried. Suricata expects the same of its policies.
 */
static void hosts_read_what_was_found_out(void **)
{
	static const struct overlap segs[] = {
		{2, "AAA"},  {6, "BB"},	  {8, "CCC"},  {12, "D"}, {15, "EE"},
		{17, "FFF"}, {20, "GG"},  {22, "HH"},  {24, "I"}, {3, "JJJJ"},
		{8, "KKK"},  {11, "LLL"}, {14, "MMM"}, {18, "N"}, {21, "O"},
		{22, "P"},   {24, "QQ"},  {1, "0"},    {0, NULL},
	};
#define ALWAYS_FIRST "0AAAJBBCCCLDLMEEFFFGGHHIQ"
#define BSD_LIKE "0AAAJJBCCCLLLMMMFFFGGHHIQ"
#define SOLARIS_LIKE "0AJJJBBKKKLLLMMMFFFGGHHQQ"
	static const char *const expected[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = ALWAYS_FIRST,
		[PAL_STREAM_LAST] = "0AJJJJBKKKLLLMMMFNFGOPHQQ",
		[PAL_STREAM_BSD] = BSD_LIKE,
		[PAL_STREAM_BSD_RIGHT] = ALWAYS_FIRST,
		[PAL_STREAM_OLD_LINUX] = "0AAAJJBKKKLLLMMMFFFGGHHQQ",
		[PAL_STREAM_LINUX] = "0AAAJJBCCCLLLMMMFFFGGHHQQ",
		[PAL_STREAM_OLD_SOLARIS] = ALWAYS_FIRST,
		[PAL_STREAM_SOLARIS] = SOLARIS_LIKE,
		[PAL_STREAM_HPUX10] = BSD_LIKE,
		[PAL_STREAM_HPUX11] = SOLARIS_LIKE,
		[PAL_STREAM_IRIX] = BSD_LIKE,
		[PAL_STREAM_MACOS] = BSD_LIKE,
		[PAL_STREAM_WINDOWS] = BSD_LIKE,
		[PAL_STREAM_VISTA] = ALWAYS_FIRST,
		[PAL_STREAM_WINDOWS2K3] = BSD_LIKE,
	};
	static const uint32_t isns[] = {99, 0, UINT32_MAX, UINT32_MAX - 10};

	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++)
		assert_non_null(expected[policy]);
	for (int i = 0; i < 4; i++)
		check_policies(segs, expected, isns[i]);
}

static void segment_that_fills_the_gap_meets_the_policy_too(void **)
{
	static const struct overlap before[] = {{3, "cc"}, {6, "ff"}, {1, "ABCDEFGH"}, {0, NULL}};
	static const char *const expected[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = "ABccEffH",
		[PAL_STREAM_LAST] = "ABCDEFGH",
		[PAL_STREAM_LINUX] = "ABCDEFGH",
		[PAL_STREAM_SOLARIS] = "ABCDEFGH",
		[PAL_STREAM_VISTA] = "ABccEffH",
	};
	static const struct overlap part[] = {{3, "ccccc"}, {1, "ABCD"}, {0, NULL}};
	static const char *const expected_part[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = "ABccccc",
		[PAL_STREAM_BSD] = "ABCDccc",
		[PAL_STREAM_SOLARIS] = "ABccccc",
	};

	check_policies(before, expected, 99);
	check_policies(part, expected_part, 99);
}

static void policy_is_that_of_the_receiving_host(void **)
{
	struct pal_streams_conf conf = sb_conf();
	struct pal_prefix_table *table;
	char err[PAL_PREFIX_ERR_LEN];

	assert_int_equal(
		pal_prefix_parse(
			"10.0.0.0/8 first, 10.0.0.2 last", pal_stream_policy_words(), &table, err
		),
		0
	);
	conf.policies = table;
	conf.policy = PAL_STREAM_BSD;
	stream_bed_start(&conf);
	handshake();
	c(A, 103, 501, "cd");
	c(A, 103, 501, "CD");
	c(A, 101, 501, "ab");
	s(A, 503, 101, "cd");
	s(A, 503, 101, "CD");
	s(A, 501, 101, "ab");
	assert_heard("abCD", "abcd");
	stream_bed_finish();
	pal_prefix_destroy(table);
}

/* the rest */

static void conf_is_checked(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.max_flow_segs = 0;
	assert_null(pal_streams_create(&conf, 1));
	conf = sb_conf();
	conf.recent_segs = PAL_STREAM_RECENT_MAX + 1;
	assert_null(pal_streams_create(&conf, 1));
	conf = sb_conf();
	assert_null(pal_streams_create(&conf, 0));
	conf.policy = PAL_STREAM_POLICY_COUNT;
	assert_null(pal_streams_create(&conf, 1));
	pal_streams_destroy(NULL);
}

static void names_are_there_and_are_found(void **)
{
	for (int i = 0; i < PAL_STREAM_POLICY_COUNT; i++)
		assert_int_equal(
			pal_stream_policy_parse(pal_stream_policy_name((enum pal_stream_policy)i)),
			i
		);
	assert_int_equal(pal_stream_policy_parse("beos"), -22);
	assert_null(pal_stream_policy_words()[PAL_STREAM_POLICY_COUNT]);
	for (int i = 0; i < PAL_STREAM_EVENT_COUNT; i++) {
		const char *name = pal_stream_event_suricata((enum pal_stream_event)i);

		assert_true(name == NULL || strncmp(name, "stream.", 7) == 0);
		assert_non_null(pal_stream_event_text((enum pal_stream_event)i));
	}
	for (int i = 0; i < PAL_STREAM_DISCARD_COUNT; i++)
		assert_true(
			pal_stream_discard_name((enum pal_stream_discard)i)[0] != '\0' &&
			pal_stream_discard_text((enum pal_stream_discard)i)[0] != '\0'
		);
}

static void settings_know_the_same_policies(void **)
{
	struct pal_conf *conf = pal_conf_create();
	char assignment[64], err[PAL_CONF_ERR_LEN];

	assert_true(pal_stream_policy_parse(pal_conf_get(conf)->stream_policy) >= 0);
	for (int i = 0; i < PAL_STREAM_POLICY_COUNT; i++) {
		snprintf(
			assignment,
			sizeof(assignment),
			"stream.policy=%s",
			pal_stream_policy_words()[i]
		);
		assert_int_equal(pal_conf_set(conf, assignment, "--set", err), 0);
	}
	pal_conf_destroy(conf);
}

static void stream_without_packets_has_nothing_to_say(void **)
{
	struct pal_stream stream = {0};
	struct pal_flow flow = {0};

	stream_bed_start(NULL);
	pal_stream_close(sb.streams, &stream, &flow);
	assert_int_equal(sb.nb_events, 0);
}

static void engine_frees_what_it_still_holds(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "remembered");
	c(A, 200, 501, "parked");
	assert_int_equal(heap_mbuf_count(), 2);
	stream_bed_stop(); // the flow was not closed
}

#define bed_test(name) cmocka_unit_test_teardown(name, stream_bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(bytes_are_handed_on_at_once_and_in_place),
		bed_test(one_way_capture_is_handed_on),
		bed_test(early_segments_wait_for_their_turn),
		bed_test(any_order_of_six_segments_gives_the_same),
		bed_test(sequence_numbers_wrap),
		bed_test(offsets_go_beyond_4_gib),
		bed_test(retransmission_after_the_ack_is_trimmed),
		bed_test(retransmission_of_parked_bytes_is_trimmed),
		bed_test(different_bytes_after_delivery_are_reported),
		bed_test(different_bytes_of_parked_segments_are_reported),
		bed_test(recent_segments_are_few),
		bed_test(gap_is_given_up_when_it_is_acknowledged),
		bed_test(several_gaps_are_given_up_one_by_one),
		bed_test(late_bytes_for_a_gap_are_discarded_by_name),
		bed_test(gap_is_given_up_at_the_end),
		bed_test(missing_tail_is_a_gap),
		bed_test(snapped_segments_have_a_gap_each),
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
		bed_test(hosts_read_what_was_found_out),
		bed_test(segment_that_fills_the_gap_meets_the_policy_too),
		bed_test(policy_is_that_of_the_receiving_host),
		bed_test(conf_is_checked),
		bed_test(names_are_there_and_are_found),
		bed_test(settings_know_the_same_policies),
		bed_test(stream_without_packets_has_nothing_to_say),
		bed_test(engine_frees_what_it_still_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
