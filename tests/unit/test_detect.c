/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_detect.h>

#include <stdlib.h>
#include <string.h>

#define SERVER PAL_DIR_TO_SERVER
#define CLIENT PAL_DIR_TO_CLIENT

// A DNS query over TCP, its length first.
static const char dns_query[] = "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				"\x07"
				"example\x03"
				"com\x00\x00\x01\x00\x01";
#define DNS_LEN (sizeof(dns_query) - 1)

static struct {
	struct pal_detect *det;
	struct {
		struct pal_flow flow;
		struct pal_detect_flow own;
	} f;
	uint64_t next[PAL_DIR_COUNT]; // offset of the next byte of each side
	uint64_t number;
} bed;

static struct pal_flow *flow_open(bool syn_seen)
{
	memset(&bed.f, 0, sizeof(bed.f));
	memset(bed.next, 0, sizeof(bed.next));
	bed.number = 0;
	bed.f.flow.wants = PAL_FLOW_WANTS_APP;
	bed.f.flow.tcp_flags[SERVER] = bed.f.flow.tcp_flags[CLIENT] = syn_seen ? PAL_TCP_SYN : 0;
	bed.f.flow.key.port[0] = bed.f.flow.key.port[1] = 4000;
	return &bed.f.flow;
}

static struct pal_stream_data piece(enum pal_dir dir, const void *bytes, size_t len)
{
	struct pal_stream_data data = {
		.data = bytes,
		.offset = bed.next[dir],
		.time_ns = ++bed.number,
		.number = bed.number,
		.len = (uint32_t)len,
		.dir = (uint8_t)dir,
	};

	bed.next[dir] += len;
	return data;
}

static enum pal_detect_result say_n(enum pal_dir dir, const void *bytes, size_t len)
{
	struct pal_stream_data data = piece(dir, bytes, len);

	return pal_detect_stream(bed.det, &bed.f.flow, &data);
}

static enum pal_detect_result say(enum pal_dir dir, const char *text)
{
	return say_n(dir, text, strlen(text));
}

static bool wanted(void)
{
	return bed.f.flow.wants & PAL_FLOW_WANTS_APP;
}

static int setup(void **)
{
	bed.det = pal_detect_create(4, 0);
	return bed.det == NULL;
}

static int teardown(void **)
{
	pal_detect_destroy(bed.det);
	return 0;
}

static void any_split_gives_the_same_answer(void **)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum pal_app app;
	} cases[] = {
		{"SSH-2.0-OpenSSH\r\n", 17, PAL_APP_SSH},
		{dns_query, DNS_LEN, PAL_APP_DNS},
		{"\x01\x02 nobody knows this, and nobody ever will; it goes on and on and on",
		 70,
		 PAL_APP_FAILED},
	};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		for (size_t i = 1; i < cases[c].len; i++) {
			for (size_t k = i; k < cases[c].len; k++) {
				struct pal_flow *flow = flow_open(true);

				say_n(SERVER, cases[c].bytes, i);
				if (k > i)
					say_n(SERVER, cases[c].bytes + i, k - i);
				say_n(SERVER, cases[c].bytes + k, cases[c].len - k);
				assert_int_equal(flow->app_dir[SERVER], cases[c].app);
				pal_detect_close(bed.det, flow);
				assert_int_equal(bed.f.own.held, 0);
			}
		}
	}
}

static void what_was_held_comes_back_as_it_came(void **)
{
	struct pal_stream_data held;
	struct pal_flow *flow = flow_open(true);

	assert_int_equal(say(CLIENT, "SS"), PAL_DETECT_NOTHING);
	assert_int_equal(say_n(SERVER, dns_query, 3), PAL_DETECT_NOTHING);
	assert_int_equal(say(CLIENT, "H-2.0-OpenSSH_9\r\n"), PAL_DETECT_KNOWN);
	assert_int_equal(flow->app, PAL_APP_SSH);
	assert_true(pal_detect_held(bed.det, flow, 0, &held));
	assert_int_equal(held.dir, CLIENT);
	assert_int_equal(held.len, 2);
	assert_int_equal(held.offset, 0);
	assert_int_equal(held.number, 1);
	assert_memory_equal(held.data, "SS", 2);
	assert_true(pal_detect_held(bed.det, flow, 1, &held));
	assert_int_equal(held.dir, SERVER);
	assert_memory_equal(held.data, dns_query, 3);
	assert_false(pal_detect_held(bed.det, flow, 2, &held));
	pal_detect_replayed(bed.det, flow);
	pal_detect_close(bed.det, flow);
}

static void a_flow_that_is_given_up_is_not_looked_at_any_more(void **)
{
	struct pal_flow *flow = flow_open(true);

	say(SERVER, "\x01\x02 nobody knows this");
	assert_true(wanted()); // the other side may still say
	say(CLIENT, "\x01\x02 nor that, of all things");
	assert_int_equal(flow->app, PAL_APP_FAILED);
	assert_false(wanted());
	assert_int_equal(bed.f.own.held, 0);
}

static void who_talks_on_and_on_is_given_up(void **)
{
	static char much[PAL_DETECT_STREAM_BYTES + 1];
	struct pal_flow *flow = flow_open(false);

	memset(much, 1, sizeof(much));
	say_n(SERVER, much, sizeof(much));
	assert_true(wanted());
	say(SERVER, "more");
	assert_false(wanted());
	assert_int_equal(flow->app, PAL_APP_FAILED);
}

static void in_the_middle_each_turn_is_another_try(void **)
{
	for (unsigned int nb_turns = 0; nb_turns <= PAL_DETECT_TURNS; nb_turns++) {
		struct pal_flow *flow = flow_open(false);
		bool in_time = nb_turns < PAL_DETECT_TURNS;

		for (unsigned int i = 0; i < nb_turns; i++) {
			say(SERVER, "\x01\x02 the rest of something");
			say(SERVER, "SSH-2.0 in the same turn is not looked at");
			say(CLIENT, "\x01\x02 an answer that is long");
		}
		say(SERVER, "SSH-2.0-OpenSSH_9\r\n");
		assert_int_equal(flow->app, in_time ? PAL_APP_SSH : PAL_APP_FAILED);
		assert_int_equal(wanted(), in_time); // the other side may still say
		pal_detect_close(bed.det, flow);
	}
}

static void a_gap_is_a_try_in_vain(void **)
{
	struct pal_flow *flow = flow_open(true);

	say(SERVER, "SSH");
	pal_detect_gap(bed.det, flow, SERVER);
	bed.next[SERVER] += 10;
	assert_int_equal(say(SERVER, "SSH-2.0-OpenSSH_9\r\n"), PAL_DETECT_NOTHING);
	say(CLIENT, "\x01\x02 something else, too");
	assert_int_equal(say(SERVER, "SSH-2.0-OpenSSH_9\r\n"), PAL_DETECT_KNOWN);
	pal_detect_close(bed.det, flow);
}

static void two_sides_that_differ_are_a_mismatch(void **)
{
	struct pal_flow *flow = flow_open(true);

	assert_int_equal(say(SERVER, "SSH-2.0-OpenSSH_9\r\n"), PAL_DETECT_KNOWN);
	pal_detect_replayed(bed.det, flow);
	assert_int_equal(say_n(CLIENT, dns_query, DNS_LEN), PAL_DETECT_MISMATCH);
	assert_int_equal(flow->app, PAL_APP_SSH);
	assert_int_equal(flow->app_dir[CLIENT], PAL_APP_DNS);
	assert_false(wanted());
}

static void the_end_decides_what_was_undecided(void **)
{
	struct pal_flow *flow = flow_open(true);

	say(SERVER, "SS");
	assert_int_equal(pal_detect_end(bed.det, flow), PAL_DETECT_NOTHING);
	assert_int_equal(flow->app, PAL_APP_FAILED);
	assert_false(wanted());
	pal_detect_close(bed.det, flow);
}

/* changes */

// A flow that is SSH, until somebody says something else.
static struct pal_flow *open_known(void)
{
	struct pal_flow *flow = flow_open(true);

	say(SERVER, "SSH-2.0-OpenSSH_9\r\n");
	pal_detect_replayed(bed.det, flow);
	say(CLIENT, "SSH-2.0-OpenSSH_9\r\n");
	assert_int_equal(bed.f.own.held, 0);
	return flow;
}

static void keep(enum pal_dir dir, const void *bytes, size_t len)
{
	struct pal_stream_data data = piece(dir, bytes, len);

	assert_true(pal_detect_keeps(bed.det, &bed.f.flow, dir));
	pal_detect_keep(bed.det, &bed.f.flow, &data);
}

static void recognition_begins_anew_with_the_bytes_said(void **)
{
	struct pal_flow *flow = open_known();
	struct pal_stream_data segment = piece(SERVER, "CHANGE\r\n\x00\x1d", 10);
	struct pal_detect_piece *p, *next;

	assert_true(pal_detect_change(bed.det, flow, SERVER, segment.offset + 8, PAL_APP_DNS));
	pal_detect_keep(bed.det, flow, &segment);
	assert_int_equal(pal_detect_verdict(bed.det, flow), PAL_DETECT_WAITS);
	keep(SERVER, dns_query + 2, DNS_LEN - 2);
	assert_false(pal_detect_keeps(bed.det, flow, CLIENT));
	assert_true(pal_detect_change(bed.det, flow, CLIENT, bed.next[CLIENT], PAL_APP_DNS));
	assert_int_equal(pal_detect_verdict(bed.det, flow), PAL_DETECT_CHANGES_NOW);

	pal_detect_restart(bed.det, flow);
	p = pal_detect_release(bed.det, flow);
	assert_int_equal(flow->app, PAL_APP_UNKNOWN);
	assert_int_equal(flow->app_orig, PAL_APP_SSH);
	assert_int_equal(flow->app_expected, PAL_APP_DNS);
	assert_int_equal(p->data.offset, segment.offset + 8);
	assert_int_equal(p->data.number, segment.number);
	assert_int_equal(pal_detect_stream(bed.det, flow, &p->data), PAL_DETECT_NOTHING);
	next = p->next;
	free(p);
	assert_int_equal(next->data.offset, segment.offset + 10);
	assert_int_equal(pal_detect_stream(bed.det, flow, &next->data), PAL_DETECT_KNOWN);
	assert_int_equal(flow->app, PAL_APP_DNS);
	assert_null(next->next);
	free(next);
	pal_detect_close(bed.det, flow);
}

static void what_is_not_the_new_protocol_at_once_is_given_up(void **)
{
	struct pal_flow *flow = open_known();

	pal_detect_change(bed.det, flow, SERVER, bed.next[SERVER], PAL_APP_DNS);
	pal_detect_change(bed.det, flow, CLIENT, bed.next[CLIENT], PAL_APP_DNS);
	pal_detect_restart(bed.det, flow);
	assert_null(pal_detect_release(bed.det, flow));
	assert_true(wanted());
	say(SERVER, "\x01\x02 none that is known");
	say(CLIENT, "\x01\x02 none that is known");
	assert_false(wanted());
	assert_int_equal(flow->app, PAL_APP_FAILED);
	assert_int_equal(flow->app_orig, PAL_APP_SSH);
	assert_int_equal(bed.f.own.held, 0);
}

static void a_refusal_gives_back_what_was_kept(void **)
{
	struct pal_flow *flow = open_known();
	struct pal_detect_piece *p;

	pal_detect_change(bed.det, flow, SERVER, bed.next[SERVER], PAL_APP_UNKNOWN);
	keep(SERVER, "abc", 3);
	pal_detect_stay(bed.det, flow);
	assert_int_equal(pal_detect_verdict(bed.det, flow), PAL_DETECT_STAYS);
	p = pal_detect_release(bed.det, flow);
	assert_int_equal(p->data.len, 3);
	assert_memory_equal(p->data.data, "abc", 3);
	assert_null(p->next);
	free(p);
	assert_int_equal(flow->app, PAL_APP_SSH);
	assert_int_equal(pal_detect_verdict(bed.det, flow), PAL_DETECT_WAITS);
	assert_int_equal(bed.f.own.held, 0);
}

static void what_finds_no_room_is_a_gap(void **)
{
	static char much[PAL_DETECT_KEPT_BYTES];
	struct pal_flow *flow = open_known();
	struct pal_detect_piece *p, *gap;
	uint64_t from = bed.next[SERVER];

	pal_detect_change(bed.det, flow, SERVER, from, PAL_APP_UNKNOWN);
	keep(SERVER, "abc", 3);
	pal_detect_keep_gap(bed.det, flow, SERVER, from + 3, 5);
	bed.next[SERVER] += 5;
	keep(SERVER, much, sizeof(much));
	keep(SERVER, much, sizeof(much));
	pal_detect_stay(bed.det, flow);
	p = pal_detect_release(bed.det, flow);
	gap = p->next;
	assert_int_equal(p->gap_len, 0);
	assert_int_equal(gap->data.offset, from + 3);
	assert_int_equal(gap->gap_len, 5 + 2 * sizeof(much));
	assert_null(gap->next);
	free(p);
	free(gap);
}

static void the_end_hands_out_what_was_kept(void **)
{
	struct pal_flow *flow = open_known();
	struct pal_detect_piece *p;

	assert_false(pal_detect_force(bed.det, flow));
	pal_detect_change(bed.det, flow, SERVER, bed.next[SERVER], PAL_APP_UNKNOWN);
	assert_false(pal_detect_force(bed.det, flow)); // nothing came after that
	keep(SERVER, "abc", 3);
	assert_true(pal_detect_force(bed.det, flow));
	assert_int_equal(pal_detect_verdict(bed.det, flow), PAL_DETECT_CHANGES_NOW);
	p = pal_detect_release(bed.det, flow);
	assert_non_null(p);
	free(p);
	pal_detect_close(bed.det, flow);
}

static void a_flow_that_closes_frees_what_was_kept(void **)
{
	struct pal_flow *flow = open_known();

	pal_detect_change(bed.det, flow, SERVER, bed.next[SERVER], PAL_APP_UNKNOWN);
	keep(SERVER, "abc", 3);
	pal_detect_close(bed.det, flow); // or LeakSanitizer says so
	assert_int_equal(bed.f.own.held, 0);
}

static void a_flow_changes_so_often_and_no_more(void **)
{
	struct pal_flow *flow = open_known();

	for (int i = 0; i < PAL_DETECT_CHANGES; i++) {
		assert_true(pal_detect_change(bed.det, flow, SERVER, 19, PAL_APP_UNKNOWN));
		assert_true(pal_detect_change(bed.det, flow, CLIENT, 19, PAL_APP_UNKNOWN));
		pal_detect_restart(bed.det, flow);
		assert_null(pal_detect_release(bed.det, flow));
	}
	assert_false(pal_detect_change(bed.det, flow, SERVER, 19, PAL_APP_UNKNOWN));
	pal_detect_close(bed.det, flow);
}

static void a_udp_flow_has_some_datagrams_to_say(void **)
{
	struct pal_flow *flow = flow_open(false);

	for (int i = 0; i < PAL_DETECT_DATAGRAMS; i++) {
		assert_true(wanted());
		pal_detect_datagram(bed.det, flow, i & 1, pal_cursor_of("\x01\x02", 2));
	}
	assert_false(wanted());
	assert_int_equal(flow->app, PAL_APP_FAILED);
	flow = flow_open(false);
	assert_int_equal(
		pal_detect_datagram(
			bed.det, flow, CLIENT, pal_cursor_of(dns_query + 2, DNS_LEN - 2)
		),
		PAL_DETECT_KNOWN
	);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_gives_the_same_answer),
		cmocka_unit_test(what_was_held_comes_back_as_it_came),
		cmocka_unit_test(a_flow_that_is_given_up_is_not_looked_at_any_more),
		cmocka_unit_test(who_talks_on_and_on_is_given_up),
		cmocka_unit_test(in_the_middle_each_turn_is_another_try),
		cmocka_unit_test(a_gap_is_a_try_in_vain),
		cmocka_unit_test(two_sides_that_differ_are_a_mismatch),
		cmocka_unit_test(the_end_decides_what_was_undecided),
		cmocka_unit_test(recognition_begins_anew_with_the_bytes_said),
		cmocka_unit_test(what_is_not_the_new_protocol_at_once_is_given_up),
		cmocka_unit_test(a_refusal_gives_back_what_was_kept),
		cmocka_unit_test(what_finds_no_room_is_a_gap),
		cmocka_unit_test(the_end_hands_out_what_was_kept),
		cmocka_unit_test(a_flow_that_closes_frees_what_was_kept),
		cmocka_unit_test(a_flow_changes_so_often_and_no_more),
		cmocka_unit_test(a_udp_flow_has_some_datagrams_to_say),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
