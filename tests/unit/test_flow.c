/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The flow table: who is one flow, how long it lives, what goes when a shard is full. TCP is in test_flow_tcp.c. */
#include "flow_bed.h"

/* who is one flow, and which way packets go */

static void first_sender_is_client(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(udp_pkt(B4, 5000, A4, 53, "question"), T0);
	assert_ptr_equal(bed_feed(udp_pkt(A4, 53, B4, 5000, "an answer"), T0 + 1), flow);
	assert_ptr_equal(bed_feed(udp_pkt(B4, 5000, A4, 53, "another question"), T0 + 2), flow);
	assert_counts(flow, 2, 1);
	assert_int_equal(flow->bytes[PAL_DIR_TO_SERVER], 14 + 20 + 8 + 8 + 14 + 20 + 8 + 16);
	assert_int_equal(flow->bytes[PAL_DIR_TO_CLIENT], 14 + 20 + 8 + 9);
	assert_int_equal(flow->key.port[flow->initiator], 5000);
	assert_int_equal(flow->first_ns, T0);
	assert_int_equal(flow->last_ns, T0 + 2);
	bed_finish(T0 + 2);
	assert_int_equal(bed.nb_ended, 1);
}

static void both_initiators_are_told_apart(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(udp_pkt(A4, 1, B4, 2, ""), T0);
	assert_int_equal(flow->key.port[flow->initiator], 1);
	flow = bed_feed(udp_pkt(B4, 4, A4, 3, ""), T0);
	assert_int_equal(flow->key.port[flow->initiator], 4);
	bed_finish(T0);
	assert_int_equal(bed.nb_ended, 2);
}

static void reply_establishes_udp(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(udp_pkt(A4, 5000, B4, 53, "a"), T0);
	bed_feed(udp_pkt(A4, 5000, B4, 53, "b"), T0);
	assert_int_equal(flow->state, PAL_FLOW_NEW);
	bed_feed(udp_pkt(B4, 53, A4, 5000, "c"), T0);
	assert_int_equal(flow->state, PAL_FLOW_ESTABLISHED);
	assert_int_equal(flow->tcp_state, PAL_TCP_NONE);
}

static void ping_and_answer_are_one_flow(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(icmp_pkt(B4, A4, 8), T0);
	assert_ptr_equal(bed_feed(icmp_pkt(A4, B4, 0), T0 + 1), flow);
	assert_counts(flow, 1, 1);
	assert_int_equal(flow->state, PAL_FLOW_ESTABLISHED);
	assert_int_equal(flow->icmp_type, 8);
	assert_int_equal(flow->icmp_code, 0);
	// What nothing answers is a flow for each direction.
	assert_ptr_not_equal(bed_feed(icmp_pkt(A4, B4, 3), T0), bed_feed(icmp_pkt(B4, A4, 3), T0));
	assert_int_equal(pal_flow_stats_get(bed.tbl)->opened_by[PAL_FLOW_ICMP], 3);
}

static struct pktbuild *on_vlan(uint16_t outer, uint16_t inner)
{
	struct pktbuild *pb = pktbuild_eth();

	if (outer != 0)
		pktbuild_vlan(pb, outer);
	if (inner != 0)
		pktbuild_vlan(pb, inner);
	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_udp(pb, 1, 2);
	return pb;
}

static void vlans_are_separate_flows(void **)
{
	struct pal_flow *plain, *five, *six, *nested;

	bed_start(64);
	plain = bed_feed(on_vlan(0, 0), T0);
	five = bed_feed(on_vlan(5, 0), T0);
	six = bed_feed(on_vlan(6, 0), T0);
	nested = bed_feed(on_vlan(5, 6), T0);
	assert_int_equal(bed.nb_opened, 4);
	assert_ptr_equal(bed_feed(on_vlan(0, 0), T0), plain);
	assert_ptr_equal(bed_feed(on_vlan(5, 0), T0), five);
	assert_ptr_equal(bed_feed(on_vlan(6, 0), T0), six);
	assert_ptr_equal(bed_feed(on_vlan(5, 6), T0), nested);
	assert_int_equal(bed.nb_opened, 4);
}

static struct pktbuild *fragment(uint16_t offset, bool more)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, A4, B4, IPPROTO_UDP);
	pktbuild_ipv4_fragment(pb, 7, offset, more);
	pktbuild_text(pb, "01234567");
	return pb;
}

static void fragments_are_a_flow_of_their_own(void **)
{
	struct pal_flow *whole, *fragments;

	bed_start(64);
	whole = bed_feed(udp_pkt(A4, 1, B4, 2, ""), T0);
	fragments = bed_feed(fragment(0, true), T0);
	assert_ptr_not_equal(whole, fragments);
	assert_ptr_equal(bed_feed(fragment(8, true), T0), fragments);
	assert_ptr_equal(bed_feed(fragment(16, false), T0), fragments);
	assert_counts(fragments, 3, 0);
	assert_int_equal(fragments->key.proto, IPPROTO_UDP);
}

/* timeouts */

// A packet of the kind: i % 2 says which way.
static struct pktbuild *kind_pkt(enum pal_flow_proto proto, int i)
{
	const char *src = i % 2 == 0 ? A4 : B4, *dst = i % 2 == 0 ? B4 : A4;

	switch (proto) {
	case PAL_FLOW_TCP:
		return i == 0	? from_client(PAL_TCP_SYN, 100, 0, "")
		       : i == 1 ? from_server(PAL_TCP_SYN | PAL_TCP_ACK, 500, 101, "")
				: from_client(PAL_TCP_ACK, 101, 501, "");
	case PAL_FLOW_UDP:
		return i % 2 == 0 ? udp_pkt(src, 1, dst, 2, "") : udp_pkt(src, 2, dst, 1, "");
	case PAL_FLOW_ICMP:
		return icmp_pkt(src, dst, i % 2 == 0 ? 8 : 0);
	default:
		return other_pkt(src, dst);
	}
}

// The flow of one protocol in one state, then silence.
static struct pal_flow *
make_flow(enum pal_flow_proto proto, enum pal_flow_state state, uint64_t time_ns)
{
	struct pal_flow *flow = NULL;
	int nb_pkts = state == PAL_FLOW_NEW ? 1 : proto == PAL_FLOW_TCP ? 3 : 2;

	for (int i = 0; i < nb_pkts; i++)
		flow = bed_feed(kind_pkt(proto, i), time_ns);
	if (state == PAL_FLOW_CLOSED)
		flow = bed_feed(from_client(PAL_TCP_RST, 101, 0, ""), time_ns);
	assert_int_equal(flow->state, state);
	return flow;
}

static void
check_timeout(enum pal_flow_proto proto, enum pal_flow_state state, uint64_t idle_ns, bool is_over)
{
	int straggler = proto == PAL_FLOW_TCP && state != PAL_FLOW_NEW ? 2 : 0;

	bed_start(64);
	make_flow(proto, state, T0);
	bed_feed(kind_pkt(proto, straggler), T0 + idle_ns);
	assert_int_equal(bed.nb_opened, is_over ? 2 : 1);
	assert_int_equal(bed.nb_ended, is_over);
	if (is_over)
		assert_end(0, "timeout");
	bed_finish(T0 + idle_ns);
}

static void timeouts_are_exact(void **)
{
	for (int proto = 0; proto < PAL_FLOW_PROTO_COUNT; proto++) {
		for (int state = 0; state < PAL_FLOW_STATE_COUNT; state++) {
			uint64_t timeout_ns = bed_timeout_s[proto][state] * SEC;

			if (state == PAL_FLOW_CLOSED && proto != PAL_FLOW_TCP)
				continue;
			check_timeout(proto, state, timeout_ns - 1, false);
			check_timeout(proto, state, timeout_ns, false);
			check_timeout(proto, state, timeout_ns + 1, true);
			check_timeout(proto, state, 1000 * 24 * 3600 * SEC, true);
		}
	}
}

static void finish_applies_timeouts_first(void **)
{
	for (int proto = 0; proto < PAL_FLOW_PROTO_COUNT; proto++) {
		uint64_t timeout_ns = bed_timeout_s[proto][PAL_FLOW_NEW] * SEC;

		bed_start(64);
		make_flow(proto, PAL_FLOW_NEW, T0);
		bed_finish(T0 + timeout_ns);
		assert_end(0, "shutdown");
		bed_start(64);
		make_flow(proto, PAL_FLOW_NEW, T0);
		bed_finish(T0 + timeout_ns + 1);
		assert_end(0, "timeout");
		// The end of the run lies before the shard's clock: nothing ends by that.
		bed_start(64);
		make_flow(proto, PAL_FLOW_NEW, T0);
		bed_finish(0);
		assert_end(0, "shutdown");
	}
}

static void every_packet_prolongs_the_flow(void **)
{
	struct pal_flow *flow;
	uint64_t now_ns = T0;

	bed_start(64);
	flow = bed_feed(udp_pkt(A4, 1, B4, 2, ""), now_ns);
	for (int i = 0; i < 100; i++) {
		now_ns += 30 * SEC;
		assert_ptr_equal(bed_feed(udp_pkt(A4, 1, B4, 2, ""), now_ns), flow);
	}
	assert_counts(flow, 101, 0);
	bed_finish(now_ns);
	assert_int_equal(bed.nb_ended, 1);
}

static void four_hours_of_silence_make_a_new_flow(void **)
{
	bed_start(64);
	make_flow(PAL_FLOW_TCP, PAL_FLOW_ESTABLISHED, T0);
	bed_feed(from_server(PAL_TCP_ACK | PAL_TCP_PSH, 501, 101, "late"), T0 + 4 * 3600 * SEC);
	assert_int_equal(bed.nb_opened, 2);
	assert_end(0, "timeout");
	assert_int_equal(bed.ended[0].flow.pkts[PAL_DIR_TO_CLIENT], 1);
	bed_finish(T0 + 4 * 3600 * SEC);
	// What follows is a flow that began in the middle, by who spoke.
	assert_int_equal(bed.ended[1].flow.key.port[bed.ended[1].flow.initiator], SERVER_PORT);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->tcp_midstream, 1);
}

static void sweep_gives_memory_back(void **)
{
	uint16_t other = port_in_shard(1);
	const struct pal_flow_stats *stats;

	bed_start(64);
	stats = pal_flow_stats_get(bed.tbl);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	// Another flow of the shard is what moves its clock.
	for (uint64_t s = 1; s <= 30; s++)
		bed_feed(udp_pkt(A4, other, B4, 53, ""), T0 + s * SEC);
	assert_int_equal(stats->active, 2);
	for (uint64_t s = 31; s <= 40; s++)
		bed_feed(udp_pkt(A4, other, B4, 53, ""), T0 + s * SEC);
	assert_int_equal(stats->active, 1);
	assert_end(0, "timeout");
	assert_int_equal(bed.ended[0].flow.last_ns, T0);
	assert_int_equal(stats->ended[PAL_FLOW_END_TIMEOUT], 1);
}

static void other_shards_do_not_move_the_clock(void **)
{
	bed_start(64);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	bed_feed(udp_pkt(A4, 1001, B4, 53, ""), T0 + 1000 * SEC);
	assert_int_equal(bed.nb_ended, 0);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0 + 30 * SEC);
	assert_int_equal(bed.nb_opened, 2);
}

static void tick_moves_silent_shards(void **)
{
	bed_start(64);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	for (int i = 0; i < PAL_SHARDS; i++)
		pal_flow_tick(bed.tbl, T0 + 30 * SEC);
	assert_int_equal(bed.nb_ended, 0);
	for (int i = 0; i < PAL_SHARDS; i++)
		pal_flow_tick(bed.tbl, T0 + 40 * SEC);
	assert_end(0, "timeout");
	assert_int_equal(pal_flow_stats_get(bed.tbl)->active, 0);
	// A clock that lags behind the packets changes nothing.
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0 + 100 * SEC);
	for (int i = 0; i < PAL_SHARDS; i++)
		pal_flow_tick(bed.tbl, T0);
	assert_int_equal(bed.nb_ended, 1);
}

/* time that behaves badly */

static void time_going_backwards_ends_nothing(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	assert_ptr_equal(bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0 - 5000 * SEC), flow);
	assert_ptr_equal(bed_feed(udp_pkt(A4, 1000, B4, 53, ""), 0), flow);
	assert_int_equal(flow->first_ns, T0);
	assert_int_equal(flow->last_ns, T0);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->clock_backward, 2);
	// It was heard just now by the shard's clock.
	assert_ptr_equal(bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0 + 30 * SEC), flow);
	assert_int_equal(flow->last_ns, T0 + 30 * SEC);
	bed_finish(T0 + 30 * SEC);
}

static void flow_that_begins_in_the_past_is_not_over(void **)
{
	uint16_t other = port_in_shard(1);
	struct pal_flow *flow;

	bed_start(64);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	flow = bed_feed(udp_pkt(A4, other, B4, 53, ""), T0 - 3600 * SEC);
	assert_int_equal(flow->first_ns, T0 - 3600 * SEC);
	assert_ptr_equal(bed_feed(udp_pkt(A4, other, B4, 53, ""), T0 - 3599 * SEC), flow);
	assert_int_equal(flow->last_ns, T0 - 3599 * SEC);
	assert_int_equal(bed.nb_ended, 0);
	bed_finish(T0);
}

static void jumps_of_any_length_end_what_they_must(void **)
{
	static const uint64_t jumps_s[] = {
		31,
		63 * 4,
		64 * 4,
		65 * 4,
		1000 * 4,
		100000,
		365 * 86400,
		UINT64_C(400) * 365 * 86400};
	uint16_t ports[8];

	for (unsigned int i = 0; i < 8; i++)
		ports[i] = port_in_shard(i);
	for (size_t j = 0; j < sizeof(jumps_s) / sizeof(jumps_s[0]); j++) {
		uint64_t now_ns = T0;

		bed_start(64);
		for (int i = 0; i < 8; i++)
			bed_feed(udp_pkt(A4, ports[i], B4, 53, ""), now_ns + (uint64_t)i * SEC);
		now_ns += jumps_s[j] * SEC + 8 * SEC;
		bed_feed(udp_pkt(A4, ports[0], B4, 53, ""), now_ns);
		for (unsigned int i = 1; i < 8; i++) // two ticks on, memory is given back as well
			bed_feed(udp_pkt(A4, ports[0], B4, 53, ""), now_ns + i * 2 * SEC);
		assert_int_equal(bed.nb_ended, 8);
		for (unsigned int i = 0; i < 8; i++)
			assert_end(i, "timeout");
		assert_int_equal(pal_flow_stats_get(bed.tbl)->active, 1);
		bed_finish(now_ns);
	}
}

static void largest_time_is_survived(void **)
{
	struct pal_flow *flow;

	bed_start(64);
	bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0);
	flow = bed_feed(udp_pkt(A4, 1000, B4, 53, ""), UINT64_MAX);
	assert_end(0, "timeout");
	assert_ptr_equal(bed_feed(udp_pkt(A4, 1000, B4, 53, ""), T0), flow);
	assert_ptr_equal(bed_feed(udp_pkt(A4, 1000, B4, 53, ""), UINT64_MAX), flow);
	for (int i = 0; i < PAL_SHARDS; i++)
		pal_flow_tick(bed.tbl, UINT64_MAX);
	bed_finish(UINT64_MAX);
	assert_end(1, "shutdown");
}

/* the cap */

static void full_shard_ends_the_flow_next_to_time_out(void **)
{
	const struct pal_flow_stats *stats;
	uint16_t ports[6];

	for (unsigned int i = 0; i < 6; i++)
		ports[i] = port_in_shard(i);
	bed_start(4);
	stats = pal_flow_stats_get(bed.tbl);
	for (int i = 0; i < 4; i++) // a tick apart, so that the order is known
		bed_feed(udp_pkt(A4, ports[i], B4, 53, ""), T0 + (uint64_t)i * 5 * SEC);
	bed_feed(udp_pkt(A4, ports[0], B4, 53, ""), T0 + 20 * SEC); // the oldest is heard again
	bed_feed(udp_pkt(A4, ports[4], B4, 53, ""), T0 + 20 * SEC);
	assert_int_equal(bed.nb_ended, 1);
	assert_end(0, "forced");
	assert_int_equal(bed.ended[0].flow.first_ns, T0 + 5 * SEC);
	bed_feed(udp_pkt(A4, ports[5], B4, 53, ""), T0 + 20 * SEC);
	assert_int_equal(bed.ended[1].flow.first_ns, T0 + 10 * SEC);
	assert_int_equal(stats->ended[PAL_FLOW_END_FORCED], 2);
	assert_int_equal(stats->active, 4);
	assert_int_equal(stats->max_active, 4);
}

static void shards_do_not_take_from_each_other(void **)
{
	bed_start(1);
	// 2000 flows over all shards: each shard keeps the last one that it saw.
	for (uint16_t port = 1; port <= 2000; port++)
		bed_feed(udp_pkt(A4, port, B4, 53, ""), T0);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->opened, 2000);
	assert_true(pal_flow_stats_get(bed.tbl)->active <= PAL_SHARDS);
	assert_int_equal(
		pal_flow_stats_get(bed.tbl)->active +
			pal_flow_stats_get(bed.tbl)->ended[PAL_FLOW_END_FORCED],
		2000
	);
	bed_finish(T0);
	for (unsigned int i = 0; i < bed.nb_ended; i++)
		assert_int_equal(bed.ended[i].flow.pkts[PAL_DIR_TO_SERVER], 1);
}

static void flood_does_not_end_busy_flows(void **)
{
	uint16_t ports[32];
	struct pal_flow *busy;

	for (unsigned int i = 0; i < 32; i++)
		ports[i] = port_in_shard(i);
	bed_start(4);
	busy = bed_feed(udp_pkt(A4, ports[0], B4, 53, ""), T0);
	bed_feed(udp_pkt(B4, 53, A4, ports[0], ""), T0); // established: the flood is not
	for (unsigned int i = 1; i < 32; i++) {
		bed_feed(udp_pkt(A4, ports[i], B4, 53, ""), T0 + i * SEC / 2);
		assert_ptr_equal(
			bed_feed(udp_pkt(A4, ports[0], B4, 53, ""), T0 + i * SEC / 2), busy
		);
	}
	assert_int_equal(pal_flow_stats_get(bed.tbl)->active, 4);
	assert_counts(busy, 32, 1);
}

static void memory_is_used_again_and_clean(void **)
{
	uint16_t ports[64];

	for (unsigned int i = 0; i < 64; i++)
		ports[i] = port_in_shard(i);
	bed_start(2);
	// bed_on_open() checks that plugin bytes are zero, bed_on_close() that they are still there.
	for (unsigned int i = 0; i < 640; i++) {
		struct pal_flow *flow =
			bed_feed(udp_pkt(A4, ports[i % 64], B4, 53, ""), T0 + i * SEC);

		assert_counts(flow, 1, 0);
		assert_int_equal(flow->wants, 0);
		assert_int_equal(flow->state, PAL_FLOW_NEW);
	}
	bed_finish(T0 + 640 * SEC);
	assert_int_equal(bed.nb_ended, 640);
}

/* ids */

static uint64_t id_of(struct pktbuild *pb, uint64_t time_ns)
{
	struct pal_flow *flow;

	bed_start(64);
	flow = bed_feed(pb, time_ns);
	assert_true(flow->id < UINT64_C(1) << 51);
	return flow->id;
}

static void ids_depend_on_packets_and_not_on_time(void **)
{
	uint64_t id = id_of(udp_pkt(A4, 1, B4, 53, "query"), T0);

	assert_int_equal(id_of(udp_pkt(A4, 1, B4, 53, "query"), T0 + 12345), id);
	assert_int_not_equal(id_of(udp_pkt(A4, 1, B4, 53, "other"), T0), id);
	assert_int_not_equal(id_of(udp_pkt(A4, 2, B4, 53, "query"), T0), id);
	assert_int_not_equal(id_of(udp_pkt(B4, 53, A4, 1, "query"), T0), id);
	assert_int_not_equal(
		id_of(from_client(PAL_TCP_SYN, 1, 0, ""), T0),
		id_of(from_client(PAL_TCP_SYN, 2, 0, ""), T0)
	);
}

// A sweep may have taken the old flow away before, or not: the id must not tell.
static void id_after_a_timeout_is_of_the_first_packet_alone(void **)
{
	for (int swept = 0; swept < 2; swept++) {
		uint64_t ids[3];

		bed_start(64);
		ids[0] = bed_feed(udp_pkt(A4, 1, B4, 53, "the same"), T0)->id;
		for (int i = 0; swept && i < 2 * PAL_SHARDS; i++)
			pal_flow_tick(bed.tbl, T0 + 40 * SEC);
		assert_int_equal(pal_flow_stats_get(bed.tbl)->active, !swept);
		ids[1] = bed_feed(udp_pkt(A4, 1, B4, 53, "the same"), T0 + 41 * SEC)->id;
		ids[2] = bed_feed(udp_pkt(A4, 1, B4, 53, "another"), T0 + 82 * SEC)->id;
		assert_int_equal(ids[0], ids[1]);
		assert_int_not_equal(ids[1], ids[2]);
		assert_int_equal(bed.nb_ended, 2);
	}
}

/* books */

static void counters_add_up(void **)
{
	const struct pal_flow_stats *stats;
	struct pktbuild *ping6 = pktbuild_eth();

	pktbuild_ipv6(ping6, "2001:db8::1", "2001:db8::2", IPPROTO_ICMPV6);
	pktbuild_icmp(ping6, 128, 0);
	bed_start(64);
	stats = pal_flow_stats_get(bed.tbl);
	bed_feed(udp_pkt(A4, 1, B4, 2, ""), T0);
	bed_feed(icmp_pkt(A4, B4, 8), T0);
	bed_feed(ping6, T0);
	bed_feed(other_pkt(A4, B4), T0);
	make_flow(PAL_FLOW_TCP, PAL_FLOW_CLOSED, T0);
	assert_int_equal(stats->opened, 5);
	assert_int_equal(stats->opened_by[PAL_FLOW_TCP], 1);
	assert_int_equal(stats->opened_by[PAL_FLOW_UDP], 1);
	assert_int_equal(stats->opened_by[PAL_FLOW_ICMP], 2);
	assert_int_equal(stats->opened_icmpv6, 1);
	assert_int_equal(stats->opened_by[PAL_FLOW_OTHER], 1);
	assert_int_equal(stats->tcp_syn, 1);
	assert_int_equal(stats->tcp_synack, 1);
	assert_int_equal(stats->tcp_rst, 1);
	assert_int_equal(stats->tcp_midstream, 0);
	assert_int_equal(stats->pkts, 8);
	assert_int_equal(stats->bytes, 42 + 42 + (14 + 40 + 8) + (34 + 12) + 4 * 54);
	bed_finish(T0);
}

static void bad_settings_are_refused(void **)
{
	struct pal_flow_conf conf = bed_conf(PAL_SHARDS - 1);

	errno = 0;
	assert_null(pal_flow_table_create(&conf, PAL_SHARDS));
	assert_int_equal(errno, EINVAL);
	conf = bed_conf(PAL_SHARDS);
	conf.extra_bytes = 7;
	assert_null(pal_flow_table_create(&conf, PAL_SHARDS));
	conf.extra_bytes = 8;
	assert_null(pal_flow_table_create(&conf, 0));
	pal_flow_table_destroy(NULL);
}

static void flow_fits_the_promised_memory(void **)
{
	bed_start(64);
	// Issue 2: at most 384 bytes a TCP flow without protocol state.
	assert_true(pal_flow_bytes(bed.tbl) <= 384);
	assert_true(pal_flow_table_bytes(bed.tbl) >= 64 * PAL_SHARDS * sizeof(struct pal_flow));
}

static void names_are_complete(void **)
{
	for (int i = 0; i < PAL_FLOW_STATE_COUNT; i++)
		assert_non_null(pal_flow_state_name(i));
	for (int i = 0; i < PAL_FLOW_END_COUNT; i++)
		assert_non_null(pal_flow_end_name(i));
	for (int i = 0; i < PAL_TCP_STATE_COUNT; i++)
		assert_non_null(pal_tcp_state_name(i));
}

#define bed_test(name) cmocka_unit_test_teardown(name, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(first_sender_is_client),
		bed_test(both_initiators_are_told_apart),
		bed_test(reply_establishes_udp),
		bed_test(ping_and_answer_are_one_flow),
		bed_test(vlans_are_separate_flows),
		bed_test(fragments_are_a_flow_of_their_own),
		bed_test(timeouts_are_exact),
		bed_test(finish_applies_timeouts_first),
		bed_test(every_packet_prolongs_the_flow),
		bed_test(four_hours_of_silence_make_a_new_flow),
		bed_test(sweep_gives_memory_back),
		bed_test(other_shards_do_not_move_the_clock),
		bed_test(tick_moves_silent_shards),
		bed_test(time_going_backwards_ends_nothing),
		bed_test(flow_that_begins_in_the_past_is_not_over),
		bed_test(jumps_of_any_length_end_what_they_must),
		bed_test(largest_time_is_survived),
		bed_test(full_shard_ends_the_flow_next_to_time_out),
		bed_test(shards_do_not_take_from_each_other),
		bed_test(flood_does_not_end_busy_flows),
		bed_test(memory_is_used_again_and_clean),
		bed_test(ids_depend_on_packets_and_not_on_time),
		bed_test(id_after_a_timeout_is_of_the_first_packet_alone),
		bed_test(counters_add_up),
		bed_test(bad_settings_are_refused),
		bed_test(flow_fits_the_promised_memory),
		bed_test(names_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
