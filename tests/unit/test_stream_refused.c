/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Packets that their receiver does not take, and those that only look like data. */
#include "stream_bed.h"

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
		bed_test(syn_ack_that_answers_nothing_is_refused),
		bed_test(other_syn_changes_nothing),
		bed_test(syn_with_fin_is_reported),
		bed_test(data_without_ack_is_not_taken),
		bed_test(impossible_ack_is_refused_with_its_data),
		bed_test(far_away_is_nowhere),
		bed_test(data_outside_the_window_loses_against_all),
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
