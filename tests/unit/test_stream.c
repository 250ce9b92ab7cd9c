/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Order, repetition and gaps: what plugins hear of scripted connections. */
#include "stream_bed.h"

#include <pal_conf.h>

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
		bed_test(gap_is_given_up_when_it_is_acknowledged),
		bed_test(several_gaps_are_given_up_one_by_one),
		bed_test(late_bytes_for_a_gap_are_discarded_by_name),
		bed_test(gap_is_given_up_at_the_end),
		bed_test(missing_tail_is_a_gap),
		bed_test(snapped_segments_have_a_gap_each),
		bed_test(conf_is_checked),
		bed_test(names_are_there_and_are_found),
		bed_test(settings_know_the_same_policies),
		bed_test(stream_without_packets_has_nothing_to_say),
		bed_test(engine_frees_what_it_still_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
