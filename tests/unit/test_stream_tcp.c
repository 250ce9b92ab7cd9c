/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The life of connections: beginnings with packets missing, data in SYNs, resets, ends. */
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
