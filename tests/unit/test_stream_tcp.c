/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The life of connections: beginnings with packets missing, resets, ends, windows, timestamps. */
#include "stream_bed.h"

/* beginnings */

static void lost_handshake_ack_changes_nothing(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(S | A, 500, 101, "");
	s(A, 501, 101, "220 hi");
	assert_heard("", "220 hi");
	c(A, 101, 507, "EHLO");
	s(A, 507, 105, "250");
	stream_bed_finish();
	assert_heard("EHLO", "220 hi250");
	assert_event(ESTABLISHED, 1);
	assert_no_anomaly();
}

static void lost_syn_ack_changes_nothing(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	c(A, 101, 501, "GET");
	s(A, 501, 104, "OK");
	assert_heard("GET", "OK");
	stream_bed_finish();
	assert_no_anomaly();
}

static void syn_ack_first_is_understood(void **)
{
	stream_bed_start(NULL);
	s(S | A, 500, 101, "");
	c(A, 104, 501, "x"); // the SYN+ACK says what comes first
	assert_heard("", "");
	c(A, 101, 501, "GET");
	s(A, 501, 105, "OK");
	assert_heard("GETx", "OK");
	c(S, 100, 0, ""); // late
	c(A, 105, 503, "y");
	assert_heard("GETxy", "OK");
	stream_bed_finish();
	assert_no_anomaly();
}

static void stream_picked_up_begins_with_its_first_byte(void **)
{
	stream_bed_start(NULL);
	s(A, 9000, 7000, "data");
	c(A, 7000, 9004, "answer");
	assert_heard("data", "answer"); // who is client, nobody knows
	stream_bed_finish();
	assert_no_anomaly();
	assert_event(GAP, 0);
}

static void acknowledgement_orders_what_was_picked_up(void **)
{
	stream_bed_start(NULL);
	c(A, 7000, 9000, ""); // waits for 9000
	s(A, 9004, 7000, "data");
	assert_heard("", "");
	s(A, 9000, 7000, "some");
	assert_heard("", "somedata");
	stream_bed_finish();
	assert_no_anomaly();

	// What is before the first byte that is seen is no gap.
	stream_bed_start(NULL);
	c(A, 7000, 9000, "");
	s(A, 9004, 7000, "data");
	c(A, 7000, 9008, "");
	assert_heard("", "data");
	assert_int_equal(sb.last_data[1].offset, 0);
	s(A, 8998, 7000, "<>some");
	assert_discarded(BEFORE_BASE, 6);
	stream_bed_finish();
	assert_event(GAP, 0);

	// Data that was acknowledged before the capture began is data all the same.
	stream_bed_start(NULL);
	c(A, 7000, 9000, "");
	s(A, 8996, 7000, "again");
	assert_heard("", "again");
	// And an acknowledgement far from all data is no guide.
	stream_bed_start(NULL);
	c(A, 7000, 9000, "");
	s(A, 3000000, 7000, "far");
	assert_heard("", "far");
	stream_bed_finish();
}

static void both_open_at_once(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(S, 500, 0, "");
	c(S | A, 100, 501, "");
	s(S | A, 500, 101, "");
	c(A, 101, 501, "hi");
	s(A, 501, 103, "ho");
	assert_heard("hi", "ho");
	stream_bed_finish();
	assert_no_anomaly();
}

static void handshake_may_be_split(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(A, 777, 101, "");
	s(S, 500, 0, "");
	c(S | A, 100, 501, "");
	s(A, 501, 101, "hello");
	c(A, 101, 506, "hi");
	assert_heard("hi", "hello");
	stream_bed_finish();
}

/* data in a SYN */

static void syn_data_waits_for_the_server(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "GET");
	assert_heard("", "");
	s(S | A, 500, 104, "");
	assert_heard("GET", "");
	c(A, 104, 501, "/x");
	assert_heard("GET/x", "");
	stream_bed_finish();
	assert_no_anomaly();
}

static void refused_syn_data_comes_again(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "GET");
	s(S | A, 500, 101, "");
	assert_heard("", "");
	assert_event(SYN_DATA_REFUSED, 1);
	c(A, 101, 501, "GET");
	assert_heard("GET", "");
	assert_discarded(REFUSED, 3);
	stream_bed_finish();
	assert_no_anomaly();

	// The server has read the second one.
	stream_bed_start(NULL);
	c(S, 100, 0, "good");
	s(S | A, 500, 101, "");
	c(A, 101, 501, "evil");
	assert_heard("evil", "");
	stream_bed_finish();
}

static void syn_data_without_the_answer(void **)
{
	// The SYN+ACK is lost: the client goes on behind it, so it was taken.
	stream_bed_start(NULL);
	c(S, 100, 0, "GET");
	c(A, 104, 501, "/x");
	assert_heard("GET/x", "");
	stream_bed_finish();
	// Or sends it again, so it was not.
	stream_bed_start(NULL);
	c(S, 100, 0, "GET");
	c(A, 101, 501, "PUT/x");
	assert_heard("PUT/x", "");
	assert_event(OVERLAP_DIFFERENT, 1);
	stream_bed_finish();
	// Nothing follows.
	stream_bed_start(NULL);
	c(S, 100, 0, "GET");
	c(S, 100, 0, "GET");
	stream_bed_finish();
	assert_heard("GET", "");
}

static void data_in_a_syn_ack_is_data(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(S | A, 500, 101, "early");
	c(A, 101, 506, "x");
	assert_heard("x", "early");
	stream_bed_finish();
	assert_no_anomaly();
}

/* what no host takes */

static void syn_ack_that_answers_nothing_is_refused(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(S | A, 900, 55555, "evil");
	assert_event(SYNACK_WRONG_ACK, 1);
	assert_discarded(INVALID_SYN, 4);
	s(S | A, 500, 101, "");
	c(A, 101, 501, "GET");
	s(A, 501, 104, "OK");
	assert_heard("GET", "OK");
	stream_bed_finish();
}

static void other_syn_changes_nothing(void **)
{
	stream_bed_start(NULL);
	handshake();
	s(S | A, 900, 101, "evil");
	assert_event(SYNACK_OTHER_SEQ, 1);
	c(S, 300, 0, "evil");
	assert_event(SYN_OTHER_SEQ, 1);
	assert_discarded(INVALID_SYN, 8);
	c(A, 101, 501, "GET");
	s(A, 501, 104, "OK");
	assert_heard("GET", "OK");
	stream_bed_finish();
}

static void syn_with_fin_is_reported(void **)
{
	stream_bed_start(NULL);
	c(S | F, 100, 0, "");
	assert_event(SYN_FIN, 1);
	stream_bed_finish();
}

static void data_without_ack_is_not_taken(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(0, 101, 0, "evil");
	c(PAL_TCP_PSH, 101, 501, "evil"); // a number alone does not acknowledge
	assert_event(NO_ACK, 1); // said once, counted twice
	assert_int_equal(pal_streams_stats_get(sb.streams)->events[PAL_STREAM_EVENT_NO_ACK], 2);
	assert_discarded(NO_ACK, 8);
	c(A, 101, 501, "good");
	assert_heard("good", "");
	stream_bed_finish();
}

static void impossible_ack_is_refused_with_its_data(void **)
{
	stream_bed_start(NULL);
	handshake();
	s(A, 501, 101, "hello");
	c(A, 101, 501 + 65537, "evil");
	assert_event(INVALID_ACK, 1);
	assert_discarded(INVALID_ACK, 4);
	c(A, 101, 506, "good");
	assert_heard("good", "hello");
	// Not captured, but possible.
	c(A, 105, 600, "!");
	s(A, 600, 106, "on");
	assert_heard("good!", "hello<94>on");
	stream_bed_finish();
}

static void far_away_is_nowhere(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "x");
	c(A, 101 + (1u << 30), 501, "far");
	c(A, 101 - (1u << 31), 501, "back");
	assert_discarded(TOO_FAR, 7);
	assert_event(OUT_OF_WINDOW, 1);
	stream_bed_finish();
	assert_heard("x", "");
}

static void data_outside_the_window_loses_against_all(void **)
{
	struct pal_streams_conf conf = sb_conf();

	stream_bed_start(&conf); // policy first
	sb.window = 10;
	handshake();
	c(A, 111, 501, "EVIL"); // the server has room up to 111
	assert_event(OUT_OF_WINDOW, 1);
	s(A, 501, 101, "");
	sb.window = 100;
	s(A, 501, 101, "");
	c(A, 109, 501, "--good");
	c(A, 101, 501, "12345678");
	assert_heard("12345678--good", "");
	assert_event(OVERLAP_DIFFERENT, 1);
	stream_bed_finish();
	// Without anything better it is what there is.
	stream_bed_start(&conf);
	sb.window = 10;
	handshake();
	c(A, 111, 501, "EVIL");
	stream_bed_finish();
	assert_heard("<10>EVIL", "");
}

/* resets */

static void reset_tail_is_handed_on_at_the_end(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET"); // never acknowledged
	c(A, 107, 501, "tail");
	s(R, 501, 0, "");
	assert_heard("GET", "");
	assert_event(RST, 1);
	stream_bed_finish();
	assert_heard("GET<3>tail", "");
	assert_last(RESET);
	assert_no_anomaly();
}

static void blind_reset_changes_nothing(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET");
	s(R, 501 + 70000, 0, "reason");
	assert_event(INVALID_RST, 1);
	assert_event(RST, 0);
	assert_discarded(RST, 6);
	c(A, 104, 501, "/x");
	assert_heard("GET/x", "");
	stream_bed_finish();
	assert_last(RUN_ENDED);
}

static void reset_that_was_ignored_is_reported(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET");
	s(R, 501, 0, ""); // in somebody else's name
	s(A, 501, 104, "OK");
	assert_heard("GET", "OK"); // nothing is lost by it
	assert_event(RST_IGNORED, 1);
	stream_bed_finish();
}

static void ports_are_used_again_after_a_reset(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "OLD");
	s(R | A, 501, 104, "");
	assert_int_equal(sb.nb_flows, 0);
	c(S, 3000, 0, "");
	assert_int_equal(sb.nb_flows, 1);
	assert_last(RESET);
	s(S | A, 9000, 3001, "");
	c(A, 3001, 9001, "NEW");
	assert_heard("OLDNEW", "");
	assert_int_equal(sb.last_data[0].offset, 0); // of the second flow
	stream_bed_finish();
	assert_int_equal(sb.nb_flows, 2);
	assert_last(RUN_ENDED);
}

static void refused_connection_ends_by_reset(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	s(R | A, 0, 101, "");
	stream_bed_finish();
	assert_event(RST, 1);
	assert_event(ESTABLISHED, 0);
	assert_last(RESET);
}

/* ends */

static void fin_with_data_closes_behind_it(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A | F, 101, 501, "bye");
	assert_heard("bye", "");
	assert_event(HALF_CLOSED, 1);
	assert_int_equal(sb_event_of(PAL_STREAM_EVENT_HALF_CLOSED, 0)->info.offset, 3);
	s(A, 501, 105, "still talking");
	s(A | F, 514, 105, "");
	c(A, 105, 515, "");
	assert_event(HALF_CLOSED, 2);
	assert_event(CLOSED, 0); // the last word comes last
	stream_bed_finish();
	assert_heard("bye", "still talking");
	assert_last(CLOSED);
	assert_event(GAP, 0);
	assert_no_anomaly();
}

static void early_fin_waits_for_what_is_missing(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A | F, 104, 501, "DEF");
	assert_event(HALF_CLOSED, 0);
	c(A, 101, 501, "ABC");
	assert_heard("ABCDEF", "");
	assert_event(HALF_CLOSED, 1);
	c(A | F, 104, 501, "DEF"); // retransmitted
	assert_event(HALF_CLOSED, 1);
	stream_bed_finish();
}

static void data_behind_a_fin_is_discarded(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A | F, 101, 501, "bye");
	c(A, 104, 501, "evil");
	assert_heard("bye", "");
	assert_event(DATA_AFTER_FIN, 1);
	assert_discarded(AFTER_FIN, 4);
	stream_bed_finish();
	assert_heard("bye", "");
}

static void fin_that_its_receiver_passes_over_is_none(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A | F, 101, 501, ""); // say, with a wrong checksum
	s(A, 501, 104, ""); // more than the FIN was acknowledged
	c(A, 104, 501, "more");
	assert_heard("<3>more", "");
	stream_bed_finish();
}

static void idle_connection_times_out(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "OLD");
	sb.now_ns += 4 * 3600 * SEC;
	c(A, 104, 501, "NEW"); // another flow
	assert_int_equal(sb.nb_flows, 1);
	assert_event(TIMED_OUT, 1);
	assert_heard("OLDNEW", "");
	stream_bed_finish();
}

static void silence_after_a_syn_times_out(void **)
{
	stream_bed_start(NULL);
	c(S, 100, 0, "");
	sb.now_ns += 4 * 3600 * SEC;
	stream_bed_finish();
	assert_last(TIMED_OUT);
	assert_event(ESTABLISHED, 0);
}

/* neither data nor nothing */

static void keep_alives_are_no_data(void **)
{
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "GET");
	s(A, 501, 104, "");
	c(A, 103, 501, ""); // without
	c(A, 103, 501, "?"); // and with a byte of garbage
	assert_event(KEEP_ALIVE, 2);
	s(A, 501, 104, "");
	c(A, 104, 501, "NEXT");
	assert_heard("GETNEXT", "");
	stream_bed_finish();
	assert_no_anomaly();
	assert_event(RETRANSMISSION, 0);
}

static void window_probe_is_data_once_it_is_taken(void **)
{
	// Not taken: the byte comes again when the window opens.
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "full");
	sb.window = 0;
	s(A, 501, 105, "");
	c(A, 105, 501, "p");
	assert_event(WINDOW_PROBE, 1);
	s(A, 501, 105, "");
	assert_heard("full", "");
	sb.window = 100;
	s(A, 501, 105, "");
	c(A, 105, 501, "probe");
	assert_heard("fullprobe", "");
	stream_bed_finish();
	assert_no_anomaly();
	// Taken.
	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "full");
	sb.window = 0;
	s(A, 501, 105, "");
	c(A, 105, 501, "p");
	sb.window = 100;
	s(A, 501, 106, "");
	assert_heard("fullp", "");
	c(A, 106, 501, "robe");
	assert_heard("fullprobe", "");
	stream_bed_finish();
	assert_no_anomaly();
}

static void urgent_byte_stays_in_place(void **)
{
	struct pktbuild *pb;

	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "AB");
	pb = sb_head('c', A | U, 103, 501);
	pktbuild_tcp_urgent(pb, 2);
	pktbuild_text(pb, "C!D");
	sb_feed(pb);
	assert_heard("ABC!D", "");
	assert_event(URGENT, 1);
	assert_int_equal(sb_event_of(PAL_STREAM_EVENT_URGENT, 0)->info.offset, 3);
	stream_bed_finish();
}

/* timestamps */

static void
say_stamped(char who, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t stamp, const char *text)
{
	uint8_t option[12] = {1, 1, 8, 10};
	struct pktbuild *pb = sb_head(who, flags, seq, ack);

	for (int i = 0; i < 4; i++)
		option[4 + i] = (uint8_t)(stamp >> (24 - 8 * i));
	pktbuild_tcp_options(pb, option, sizeof(option));
	pktbuild_text(pb, text);
	sb_feed(pb);
}

static void old_timestamps_are_refused(void **)
{
	stream_bed_start(NULL);
	say_stamped('c', S, 100, 0, 1000, "");
	say_stamped('s', S | A, 500, 101, 7000, "");
	say_stamped('c', A, 101, 501, 1001, "GET");
	say_stamped('c', A, 104, 501, 1000, "evil");
	assert_event(INVALID_TIMESTAMP, 1);
	assert_discarded(INVALID_TIMESTAMP, 4);
	say_stamped('c', A, 104, 501, 1001, "good");
	assert_heard("GETgood", "");
	// Early ones do not move the clock, so what they have overtaken is still taken.
	say_stamped('c', A, 110, 501, 1005, "B");
	say_stamped('c', A, 108, 501, 1002, "a-");
	assert_heard("GETgooda-B", "");
	// RFC 7323 section 3.2: one without a timestamp is not refused.
	c(A, 111, 501, "C");
	assert_heard("GETgooda-BC", "");
	stream_bed_finish();
}

static void timestamps_wrap(void **)
{
	stream_bed_start(NULL);
	say_stamped('c', S, 100, 0, UINT32_MAX - 1, "");
	say_stamped('s', S | A, 500, 101, 7000, "");
	say_stamped('c', A, 101, 501, 3, "GET");
	say_stamped('c', A, 104, 501, UINT32_MAX, "evil");
	assert_heard("GET", "");
	assert_event(INVALID_TIMESTAMP, 1);
	stream_bed_finish();
}

static void timestamps_count_where_both_have_agreed(void **)
{
	stream_bed_start(NULL);
	say_stamped('c', S, 100, 0, 1000, "");
	s(S | A, 500, 101, "");
	say_stamped('c', A, 101, 501, 1001, "GET");
	say_stamped('c', A, 104, 501, 5, "/x");
	assert_heard("GET/x", "");
	stream_bed_finish();
	assert_no_anomaly();
}

static void hpux11_looks_at_timestamps_in_order(void **)
{
	for (int is_hpux = 0; is_hpux < 2; is_hpux++) {
		struct pal_streams_conf conf = sb_conf();

		conf.policy = is_hpux ? PAL_STREAM_HPUX11 : PAL_STREAM_LINUX;
		stream_bed_start(&conf);
		say_stamped('c', S, 100, 0, 1000, "");
		say_stamped('s', S | A, 500, 101, 7000, "");
		say_stamped('c', A, 102, 501, 999, "B");
		say_stamped('c', A, 101, 501, 1000, "A");
		assert_heard(is_hpux ? "AB" : "A", "");
		stream_bed_finish();
	}
}

#define bed_test(name) cmocka_unit_test_teardown(name, stream_bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(lost_handshake_ack_changes_nothing),
		bed_test(lost_syn_ack_changes_nothing),
		bed_test(syn_ack_first_is_understood),
		bed_test(stream_picked_up_begins_with_its_first_byte),
		bed_test(acknowledgement_orders_what_was_picked_up),
		bed_test(both_open_at_once),
		bed_test(handshake_may_be_split),
		bed_test(syn_data_waits_for_the_server),
		bed_test(refused_syn_data_comes_again),
		bed_test(syn_data_without_the_answer),
		bed_test(data_in_a_syn_ack_is_data),
		bed_test(syn_ack_that_answers_nothing_is_refused),
		bed_test(other_syn_changes_nothing),
		bed_test(syn_with_fin_is_reported),
		bed_test(data_without_ack_is_not_taken),
		bed_test(impossible_ack_is_refused_with_its_data),
		bed_test(far_away_is_nowhere),
		bed_test(data_outside_the_window_loses_against_all),
		bed_test(reset_tail_is_handed_on_at_the_end),
		bed_test(blind_reset_changes_nothing),
		bed_test(reset_that_was_ignored_is_reported),
		bed_test(ports_are_used_again_after_a_reset),
		bed_test(refused_connection_ends_by_reset),
		bed_test(fin_with_data_closes_behind_it),
		bed_test(early_fin_waits_for_what_is_missing),
		bed_test(data_behind_a_fin_is_discarded),
		bed_test(fin_that_its_receiver_passes_over_is_none),
		bed_test(idle_connection_times_out),
		bed_test(silence_after_a_syn_times_out),
		bed_test(keep_alives_are_no_data),
		bed_test(window_probe_is_data_once_it_is_taken),
		bed_test(urgent_byte_stays_in_place),
		bed_test(old_timestamps_are_refused),
		bed_test(timestamps_wrap),
		bed_test(timestamps_count_where_both_have_agreed),
		bed_test(hpux11_looks_at_timestamps_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
