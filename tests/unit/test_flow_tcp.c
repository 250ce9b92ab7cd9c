/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The state of a TCP connection by scripted exchanges, and when a SYN begins a new flow. */
#include "flow_bed.h"

#define S PAL_TCP_SYN
#define A PAL_TCP_ACK
#define F PAL_TCP_FIN
#define R PAL_TCP_RST
#define P PAL_TCP_PSH

/** One packet of a script: who, flags, sequence and acknowledgement number, payload; then the state that is expected. */
struct step {
	char who; /**< c, s; 0 ends the script. */
	uint8_t flags;
	uint32_t seq, ack;
	const char *text;
	enum pal_tcp_state state;
};

#define SCRIPT_MAX 16
// Client begins at 100, server at 500.
#define HANDSHAKE                                                                                  \
	{'c', S, 100, 0, "", PAL_TCP_SYN_SENT}, {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},      \
	{                                                                                          \
		'c', A, 101, 501, "", PAL_TCP_ESTABLISHED                                          \
	}

static struct pal_flow *say(const struct step *step, uint64_t time_ns)
{
	struct pktbuild *pb = step->who == 'c'
				      ? from_client(step->flags, step->seq, step->ack, step->text)
				      : from_server(step->flags, step->seq, step->ack, step->text);

	return bed_feed(pb, time_ns);
}

static void check_states(const struct pal_flow *flow, const struct step *step, int i)
{
	enum pal_flow_state expected = PAL_FLOW_ESTABLISHED;

	if (flow->tcp_state != step->state)
		fail_msg(
			"step %d: %s, not %s",
			i,
			pal_tcp_state_name(flow->tcp_state),
			pal_tcp_state_name(step->state)
		);
	if (step->state < PAL_TCP_ESTABLISHED)
		expected = PAL_FLOW_NEW;
	else if (step->state == PAL_TCP_LAST_ACK || step->state >= PAL_TCP_TIME_WAIT)
		expected = PAL_FLOW_CLOSED;
	assert_int_equal(flow->state, expected);
}

/** Run a script: all of it is one flow. */
static struct pal_flow *run_script(const struct step *script)
{
	struct pal_flow *flow = NULL;

	bed_start(64);
	for (int i = 0; script[i].who != 0; i++) {
		struct pal_flow *now = say(&script[i], T0 + (uint64_t)i);

		assert_true(flow == NULL || flow == now);
		flow = now;
		check_states(flow, &script[i], i);
	}
	return flow;
}

#define play(...) run_script((const struct step[SCRIPT_MAX]){__VA_ARGS__})

static bool client_is_initiator(const struct pal_flow *flow)
{
	return flow->key.port[flow->initiator] == CLIENT_PORT;
}

/* closing */

static void client_closes_first(void **)
{
	struct pal_flow *flow =
		play(HANDSHAKE,
		     {'c', A | P, 101, 501, "GET", PAL_TCP_ESTABLISHED},
		     {'s', A | P, 501, 104, "OK", PAL_TCP_ESTABLISHED},
		     {'c', F | A, 104, 503, "", PAL_TCP_FIN_WAIT1},
		     {'s', A, 503, 105, "", PAL_TCP_FIN_WAIT2},
		     {'s', F | A, 503, 105, "", PAL_TCP_TIME_WAIT},
		     {'c', A, 105, 504, "", PAL_TCP_CLOSED});

	assert_counts(flow, 5, 4);
	assert_int_equal(flow->tcp_flags[PAL_DIR_TO_SERVER], S | A | P | F);
	assert_int_equal(flow->tcp_flags[PAL_DIR_TO_CLIENT], S | A | P | F);
	assert_true(client_is_initiator(flow));
}

static void server_closes_first(void **)
{
	play(HANDSHAKE,
	     {'s', F | A | P, 501, 101, "bye", PAL_TCP_CLOSE_WAIT},
	     {'c', A, 101, 505, "", PAL_TCP_CLOSE_WAIT},
	     {'c', F | A, 101, 505, "", PAL_TCP_LAST_ACK},
	     {'s', A, 505, 102, "", PAL_TCP_CLOSED});
}

static void fin_that_acks_a_fin(void **)
{
	play(HANDSHAKE,
	     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
	     {'s', F | A, 501, 102, "", PAL_TCP_TIME_WAIT},
	     {'c', A, 102, 502, "", PAL_TCP_CLOSED});
}

static void both_close_at_once(void **)
{
	play(HANDSHAKE,
	     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
	     {'s', F | A, 501, 101, "", PAL_TCP_CLOSING},
	     {'c', A, 102, 502, "", PAL_TCP_TIME_WAIT},
	     {'s', A, 502, 102, "", PAL_TCP_TIME_WAIT});
	play(HANDSHAKE,
	     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
	     {'s', F | A, 501, 101, "", PAL_TCP_CLOSING},
	     {'s', A, 502, 102, "", PAL_TCP_TIME_WAIT},
	     {'c', A, 102, 502, "", PAL_TCP_CLOSED});
}

static void half_closed_connection_is_alive(void **)
{
	struct pal_flow *flow =
		play(HANDSHAKE,
		     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
		     {'s', A | P, 501, 102, "much", PAL_TCP_FIN_WAIT2},
		     {'c', A, 102, 505, "", PAL_TCP_FIN_WAIT2},
		     {'s', A | P, 505, 102, "more", PAL_TCP_FIN_WAIT2},
		     {'s', F | A, 509, 102, "", PAL_TCP_TIME_WAIT});

	assert_counts(flow, 4, 4);
	play(HANDSHAKE,
	     {'s', F | A, 501, 101, "", PAL_TCP_CLOSE_WAIT},
	     {'c', A | P, 101, 502, "upload", PAL_TCP_CLOSE_WAIT},
	     {'s', A, 502, 107, "", PAL_TCP_CLOSE_WAIT});
}

static void data_does_not_ack_a_fin_behind_it(void **)
{
	play(HANDSHAKE,
	     {'c', F | A | P, 101, 501, "last words", PAL_TCP_FIN_WAIT1},
	     {'s', A, 501, 105, "", PAL_TCP_FIN_WAIT1},
	     {'s', A, 501, 111, "", PAL_TCP_FIN_WAIT1},
	     {'s', A, 501, 112, "", PAL_TCP_FIN_WAIT2});
}

static void acks_wrap_around(void **)
{
	play({'c', S, UINT32_MAX - 4, 0, "", PAL_TCP_SYN_SENT},
	     {'s', S | A, UINT32_MAX, UINT32_MAX - 3, "", PAL_TCP_SYN_RECV},
	     {'c', A | P, UINT32_MAX - 3, 0, "12345678", PAL_TCP_ESTABLISHED},
	     {'c', F | A, 5, 0, "", PAL_TCP_FIN_WAIT1},
	     {'s', A, 0, UINT32_MAX, "", PAL_TCP_FIN_WAIT1},
	     {'s', A, 0, 6, "", PAL_TCP_FIN_WAIT2});
}

static void reset_closes_in_every_state(void **)
{
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT}, {'s', R | A, 0, 101, "", PAL_TCP_CLOSED});
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
	     {'c', R, 101, 0, "", PAL_TCP_CLOSED});
	play(HANDSHAKE, {'s', R, 501, 0, "", PAL_TCP_CLOSED});
	play(HANDSHAKE,
	     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
	     {'s', R, 501, 0, "", PAL_TCP_CLOSED},
	     {'s', A, 501, 102, "", PAL_TCP_CLOSED},
	     {'c', F | A, 101, 501, "", PAL_TCP_CLOSED});
	play({'c', R, 101, 0, "", PAL_TCP_CLOSED});
}

/* resets; windows are 65535 bytes, not scaled */

static void reset_with_the_next_number_closes(void **)
{
	play(HANDSHAKE,
	     {'s', A | P, 501, 101, "hello", PAL_TCP_ESTABLISHED},
	     {'s', R, 506, 0, "", PAL_TCP_CLOSED});
	play(HANDSHAKE,
	     {'c', A | P, 101, 501, "hello", PAL_TCP_ESTABLISHED},
	     {'c', R | A, 106, 501, "", PAL_TCP_CLOSED});
}

static void reset_in_the_window_closes(void **)
{
	play(HANDSHAKE, {'s', R, 501 + 65535, 0, "", PAL_TCP_CLOSED});
	// The receiver may have less than was sent: what is on its way is at most a window.
	play(HANDSHAKE,
	     {'s', A | P, 501, 101, "on its way", PAL_TCP_ESTABLISHED},
	     {'s', R, 501, 0, "", PAL_TCP_CLOSED});
}

static void blind_reset_changes_nothing(void **)
{
	struct pal_flow *flow =
		play(HANDSHAKE,
		     {'s', R, 501 + 65536, 0, "", PAL_TCP_ESTABLISHED},
		     {'s', R, 501 - 65536, 0, "", PAL_TCP_ESTABLISHED},
		     {'c', R | A, UINT32_MAX - 70000, 501, "", PAL_TCP_ESTABLISHED},
		     {'c', R, 101 + 2000000000, 0, "", PAL_TCP_ESTABLISHED},
		     {'c', A | P, 101, 501, "still there", PAL_TCP_ESTABLISHED});

	assert_int_equal(flow->fin_seen & PAL_FLOW_RST_SEEN(PAL_DIR_TO_SERVER), 0);
	assert_int_equal(flow->fin_seen & PAL_FLOW_RST_SEEN(PAL_DIR_TO_CLIENT), 0);
	// It was seen all the same.
	assert_true(flow->tcp_flags[PAL_DIR_TO_SERVER] & R);
	assert_true(flow->tcp_flags[PAL_DIR_TO_CLIENT] & R);
}

static void reset_that_answers_a_syn_must_acknowledge_it(void **)
{
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'s', R, 0, 0, "", PAL_TCP_SYN_SENT},
	     {'s', R | A, 0, 100, "", PAL_TCP_SYN_SENT},
	     {'s', R | A, 0, 102, "", PAL_TCP_SYN_SENT},
	     {'s', R | A, 0, 101, "", PAL_TCP_CLOSED});
	// With or without its data.
	play({'c', S, 100, 0, "fast", PAL_TCP_SYN_SENT}, {'s', R | A, 0, 101, "", PAL_TCP_CLOSED});
	play({'c', S, 100, 0, "fast", PAL_TCP_SYN_SENT}, {'s', R | A, 0, 105, "", PAL_TCP_CLOSED});
	play({'c', S, 100, 0, "fast", PAL_TCP_SYN_SENT},
	     {'s', R | A, 0, 106, "", PAL_TCP_SYN_SENT});
}

static void reset_of_the_syn_by_its_sender_closes(void **)
{
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT}, {'c', R, 101, 0, "", PAL_TCP_CLOSED});
}

static void reset_by_a_side_not_heard_is_measured_by_acknowledgements(void **)
{
	play({'c', A, 101, 70501, "", PAL_TCP_ESTABLISHED}, {'s', R, 70501, 0, "", PAL_TCP_CLOSED});
}

static void after_a_blind_reset_a_syn_is_not_a_new_flow(void **)
{
	struct step syn = {'c', S, 9999, 0, "", PAL_TCP_ESTABLISHED};

	play(HANDSHAKE, {'s', R, 501 + 65536, 0, "", PAL_TCP_ESTABLISHED});
	say(&syn, T0 + 100);
	assert_int_equal(bed.nb_opened, 1);
}

static struct pktbuild *with_scale(struct pktbuild *pb, uint8_t scale)
{
	const uint8_t option[4] = {3, 3, scale, 1};

	pktbuild_tcp_options(pb, option, sizeof(option));
	return pb;
}

static void window_is_scaled_when_both_syns_say_so(void **)
{
	struct step far = {'s', R, 501 + 65535 * 8 + 1, 0, "", PAL_TCP_ESTABLISHED};
	struct step near = {'s', R, 501 + 65535 * 8, 0, "", PAL_TCP_CLOSED};
	struct step outside = {'s', R, 501 + 65536, 0, "", PAL_TCP_ESTABLISHED};
	struct pal_flow *flow;

	for (int both = 0; both < 2; both++) {
		bed_start(64);
		bed_feed(with_scale(from_client(S, 100, 0, ""), 3), T0);
		bed_feed(
			both ? with_scale(from_server(S | A, 500, 101, ""), 7)
			     : from_server(S | A, 500, 101, ""),
			T0
		);
		flow = bed_feed(from_client(A, 101, 501, ""), T0);
		say(both ? &far : &outside, T0);
		assert_int_equal(flow->state, PAL_FLOW_ESTABLISHED);
		say(&near, T0);
		assert_int_equal(flow->state, both ? PAL_FLOW_CLOSED : PAL_FLOW_ESTABLISHED);
	}
}

/* opening, with packets missing */

static void syn_ack_first_is_the_reply(void **)
{
	struct pal_flow *flow =
		play({'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
		     {'c', A, 101, 501, "", PAL_TCP_ESTABLISHED});

	assert_true(client_is_initiator(flow));
	assert_counts(flow, 1, 1);
	// The SYN comes late.
	flow =
		play({'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
		     {'c', S, 100, 0, "", PAL_TCP_SYN_RECV},
		     {'c', A, 101, 501, "", PAL_TCP_ESTABLISHED});
	assert_counts(flow, 2, 1);
}

static void lost_handshake_packets_do_not_matter(void **)
{
	// The SYN+ACK, the last ACK, both.
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT}, {'c', A, 101, 501, "", PAL_TCP_ESTABLISHED});
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
	     {'s', A | P, 501, 101, "220 welcome", PAL_TCP_ESTABLISHED});
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'s', A | P, 501, 101, "220 welcome", PAL_TCP_ESTABLISHED});
	play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'s', F | A, 501, 101, "", PAL_TCP_CLOSE_WAIT});
	play({'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
	     {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1});
}

static void midstream_is_established(void **)
{
	struct pal_flow *flow =
		play({'s', A | P, 9000, 7000, "data", PAL_TCP_ESTABLISHED},
		     {'c', A, 7000, 9004, "", PAL_TCP_ESTABLISHED},
		     {'c', F | A, 7000, 9004, "", PAL_TCP_CLOSE_WAIT});

	assert_false(client_is_initiator(flow)); // nobody knows better
	assert_int_equal(pal_flow_stats_get(bed.tbl)->tcp_midstream, 1);
	play({'c', F | A, 1, 1, "", PAL_TCP_FIN_WAIT1});
	// Neither SYN nor ACK: says nothing.
	play({'c', 0, 1, 0, "", PAL_TCP_NONE},
	     {'c', F | P | PAL_TCP_URG, 1, 0, "", PAL_TCP_FIN_WAIT1});
}

static void both_open_at_once(void **)
{
	struct pal_flow *flow =
		play({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
		     {'s', S, 500, 0, "", PAL_TCP_SYN_SENT},
		     {'c', S | A, 100, 501, "", PAL_TCP_SYN_SENT},
		     {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV},
		     {'c', A | P, 101, 501, "hi", PAL_TCP_ESTABLISHED});

	assert_true(client_is_initiator(flow));
	assert_counts(flow, 3, 2);
}

static void data_in_the_syn_is_data_of_the_flow(void **)
{
	play({'c', S, 100, 0, "fast open", PAL_TCP_SYN_SENT},
	     {'s', S | A, 500, 110, "", PAL_TCP_SYN_RECV},
	     {'s', A | P, 501, 110, "at once", PAL_TCP_ESTABLISHED});
}

/* a SYN where a flow is */

// The script, then a SYN: is that a new flow?
static void check_syn(const struct step *script, uint32_t seq, bool is_new)
{
	struct step syn = {'c', S, seq, 0, "", PAL_TCP_SYN_SENT};
	uint64_t old_id, now_ns = T0 + 100;
	struct pal_flow *flow;

	old_id = run_script(script)->id;
	flow = say(&syn, now_ns);
	assert_int_equal(bed.nb_opened, is_new ? 2 : 1);
	assert_int_equal(bed.nb_ended, is_new);
	if (is_new) {
		assert_end(0, "tcp_reuse");
		assert_int_not_equal(flow->id, old_id);
		assert_int_equal(bed.ended[0].flow.id, old_id);
		assert_int_equal(flow->first_ns, now_ns);
		assert_int_equal(flow->tcp_state, PAL_TCP_SYN_SENT);
		assert_counts(flow, 1, 0);
		assert_true(client_is_initiator(flow));
		assert_int_equal(pal_flow_stats_get(bed.tbl)->ended[PAL_FLOW_END_TCP_REUSE], 1);
	}
	bed_finish(now_ns);
}

#define script(...) ((const struct step[SCRIPT_MAX]){__VA_ARGS__})

static void syn_on_a_closed_flow_is_a_new_flow(void **)
{
	check_syn(script(HANDSHAKE, {'s', R, 501, 0, "", PAL_TCP_CLOSED}), 9999, true);
	check_syn(
		script(HANDSHAKE,
		       {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
		       {'s', F | A, 501, 102, "", PAL_TCP_TIME_WAIT},
		       {'c', A, 102, 502, "", PAL_TCP_CLOSED}),
		9999,
		true
	);
	// RFC 9293 section 3.6.1: also from TIME-WAIT; and the last ACK may have been lost.
	check_syn(
		script(HANDSHAKE,
		       {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1},
		       {'s', F | A, 501, 102, "", PAL_TCP_TIME_WAIT}),
		9999,
		true
	);
	check_syn(
		script(HANDSHAKE,
		       {'s', F | A, 501, 101, "", PAL_TCP_CLOSE_WAIT},
		       {'c', F | A, 101, 502, "", PAL_TCP_LAST_ACK}),
		9999,
		true
	);
}

static void syn_after_the_fin_of_its_side_is_a_new_flow(void **)
{
	check_syn(script(HANDSHAKE, {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1}), 9999, true);
	check_syn(script({'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1}), 9999, true); // midstream
	// The other side's FIN says nothing about this one.
	check_syn(script(HANDSHAKE, {'s', F | A, 501, 101, "", PAL_TCP_CLOSE_WAIT}), 9999, false);
}

static void syn_in_a_live_flow_is_not_a_new_one(void **)
{
	check_syn(script(HANDSHAKE), 100, false);
	check_syn(script(HANDSHAKE), 9999, false);
	check_syn(script({'s', A | P, 1, 1, "midstream", PAL_TCP_ESTABLISHED}), 9999, false);
}

static void repeated_syn_is_the_same_flow(void **)
{
	check_syn(script({'c', S, 100, 0, "", PAL_TCP_SYN_SENT}), 100, false);
	check_syn(
		script({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
		       {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV}),
		100,
		false
	);
	// A copy that was delayed for the whole connection; a scanner's SYN+FIN sent twice.
	check_syn(script(HANDSHAKE, {'c', F | A, 101, 501, "", PAL_TCP_FIN_WAIT1}), 100, false);
	play({'c', S | F, 100, 0, "", PAL_TCP_SYN_SENT},
	     {'c', S | F, 100, 0, "", PAL_TCP_SYN_SENT});
}

static void syn_with_another_number_is_another_attempt(void **)
{
	check_syn(script({'c', S, 100, 0, "", PAL_TCP_SYN_SENT}), 9999, true);
	check_syn(
		script({'c', S, 100, 0, "", PAL_TCP_SYN_SENT},
		       {'s', S | A, 500, 101, "", PAL_TCP_SYN_RECV}),
		9999,
		true
	);
}

static void syn_ack_on_a_closed_flow(void **)
{
	struct step again = {'s', S | A, 500, 101, "", PAL_TCP_CLOSED};
	struct step other = {'s', S | A, 7777, 101, "", PAL_TCP_SYN_RECV};
	struct pal_flow *flow;

	play(HANDSHAKE, {'c', R, 101, 0, "", PAL_TCP_CLOSED});
	say(&again, T0 + 100); // repeated: belongs to the old connection
	assert_int_equal(bed.nb_opened, 1);
	flow = say(&other, T0 + 101); // answers a SYN that was not seen
	assert_int_equal(bed.nb_opened, 2);
	assert_true(client_is_initiator(flow));
	assert_counts(flow, 0, 1);
}

static void server_may_become_client(void **)
{
	struct step syn = {'s', S, 7000, 0, "", PAL_TCP_SYN_SENT};
	struct pal_flow *flow;

	play(HANDSHAKE, {'c', R, 101, 0, "", PAL_TCP_CLOSED});
	flow = say(&syn, T0 + 100);
	assert_int_equal(bed.nb_opened, 2);
	assert_false(client_is_initiator(flow));
}

static void syn_after_the_timeout_ends_by_timeout(void **)
{
	struct step syn = {'c', S, 9999, 0, "", PAL_TCP_SYN_SENT};

	play(HANDSHAKE, {'c', R, 101, 0, "", PAL_TCP_CLOSED});
	say(&syn, T0 + 11 * SEC);
	assert_end(0, "timeout");
	bed_finish(T0 + 11 * SEC);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->ended[PAL_FLOW_END_TCP_REUSE], 0);
}

static void stragglers_stay_with_the_closed_flow(void **)
{
	struct pal_flow *flow =
		play(HANDSHAKE,
		     {'s', R, 501, 0, "", PAL_TCP_CLOSED},
		     {'c', A | P, 101, 501, "late", PAL_TCP_CLOSED},
		     {'c', F | A, 105, 501, "", PAL_TCP_CLOSED},
		     {'s', R, 501, 0, "", PAL_TCP_CLOSED});

	assert_counts(flow, 4, 3);
}

#define bed_test(name) cmocka_unit_test_teardown(name, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(client_closes_first),
		bed_test(server_closes_first),
		bed_test(fin_that_acks_a_fin),
		bed_test(both_close_at_once),
		bed_test(half_closed_connection_is_alive),
		bed_test(data_does_not_ack_a_fin_behind_it),
		bed_test(acks_wrap_around),
		bed_test(reset_closes_in_every_state),
		bed_test(reset_with_the_next_number_closes),
		bed_test(reset_in_the_window_closes),
		bed_test(blind_reset_changes_nothing),
		bed_test(reset_that_answers_a_syn_must_acknowledge_it),
		bed_test(reset_of_the_syn_by_its_sender_closes),
		bed_test(reset_by_a_side_not_heard_is_measured_by_acknowledgements),
		bed_test(after_a_blind_reset_a_syn_is_not_a_new_flow),
		bed_test(window_is_scaled_when_both_syns_say_so),
		bed_test(syn_ack_first_is_the_reply),
		bed_test(lost_handshake_packets_do_not_matter),
		bed_test(midstream_is_established),
		bed_test(both_open_at_once),
		bed_test(data_in_the_syn_is_data_of_the_flow),
		bed_test(syn_on_a_closed_flow_is_a_new_flow),
		bed_test(syn_after_the_fin_of_its_side_is_a_new_flow),
		bed_test(syn_in_a_live_flow_is_not_a_new_one),
		bed_test(repeated_syn_is_the_same_flow),
		bed_test(syn_with_another_number_is_another_attempt),
		bed_test(syn_ack_on_a_closed_flow),
		bed_test(server_may_become_client),
		bed_test(syn_after_the_timeout_ends_by_timeout),
		bed_test(stragglers_stay_with_the_closed_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
