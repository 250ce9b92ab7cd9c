/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Fragments to datagrams: order, holes, identity, headers, sizes and time. */
#include "defrag_bed.h"

#include <pal_cursor.h>

#include <errno.h>

static const struct pal_defrag_conf defaults = {.policy = PAL_DEFRAG_BSD};

/* order, holes, duplicates */

static void whole_in_each_of_the_six_orders_of_three_fragments(void **)
{
	static const int orders[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	bed_start(&defaults);
	for (int v6 = 0; v6 < 2; v6++) {
		for (uint32_t i = 0; i < 6; i++) {
			const struct frag_spec f[3] = {
				frag4(i, 0, true, "AAAAAAAA"),
				frag4(i, 8, true, "BBBBBBBBCCCCCCCC"),
				frag4(i, 24, false, "DDD"),
			};
			struct frag_spec last;

			for (int k = 0; k < 2; k++) {
				struct frag_spec now = f[orders[i][k]];

				now.v6 = v6;
				assert_held(now);
			}
			last = f[orders[i][2]];
			last.v6 = v6;
			assert_whole(last, "AAAAAAAABBBBBBBBCCCCCCCCDDD");
			assert_int_equal(bed.whole.nb_frags, 3);
			assert_false(bed.whole.overlap);
		}
	}
	bed_end();
	assert_int_equal(bed.nb_lost, 0);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->completed[0], 6);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->completed[1], 6);
}

static void hole_of_two_fragments_is_filled(void **)
{
	bed_start(&defaults);
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	assert_held(frag4(1, 24, false, "D"));
	assert_held(frag4(1, 16, true, "CCCCCCCC"));
	assert_whole(frag4(1, 8, true, "BBBBBBBB"), "AAAAAAAABBBBBBBBCCCCCCCCD");
	bed_end();
}

static void fragment_that_covers_a_hole_in_part_leaves_the_rest_of_it(void **)
{
	bed_start(&defaults);
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	assert_held(frag4(1, 32, false, "E"));
	assert_held(frag4(1, 16, true, "CCCCCCCC"));
	// Over the hole before it, itself, and half of the hole behind.
	assert_held(frag4(1, 8, true, "BBBBBBBBcccccccc"));
	assert_whole(frag4(1, 24, true, "DDDDDDDD"), "AAAAAAAABBBBBBBBccccccccDDDDDDDDE");
	assert_true(bed.whole.conflict);
	bed_end();
}

static void duplicate_of_any_fragment_changes_nothing(void **)
{
	const struct frag_spec f[3] = {
		frag4(1, 0, true, "AAAAAAAA"),
		frag4(1, 8, true, "BBBBBBBB"),
		frag4(1, 16, false, "CC"),
	};

	for (int v6 = 0; v6 < 2; v6++) {
		for (int again = 0; again < 3; again++) {
			struct frag_spec g[3] = {f[0], f[1], f[2]};

			bed_start(&defaults);
			for (int i = 0; i < 3; i++)
				g[i].v6 = v6;
			for (int i = 0; i < 2; i++) {
				assert_held(g[i]);
				if (i == again)
					assert_held(g[i]);
			}
			assert_whole(g[2], "AAAAAAAABBBBBBBBCC");
			assert_false(bed.whole.overlap);
			if (again == 2) // that comes when the datagram has gone
				assert_dropped(g[2], "frag_duplicate");
			bed_end();
			assert_int_equal(pal_defrag_stats_get(bed.tbl)->completed[v6], 1);
			assert_int_equal(bed.nb_lost, 0);
		}
	}
}

static void identification_used_again_is_another_datagram(void **)
{
	bed_start(&defaults);
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	assert_whole(frag4(1, 8, false, "BB"), "AAAAAAAABB");
	// The same last fragment, but for one byte.
	assert_held(frag4(1, 8, false, "BC"));
	assert_whole(frag4(1, 0, true, "aaaaaaaa"), "aaaaaaaaBC");
	bed_end();
}

/* identity */

static void change_nothing(struct pal_pkt *, struct frag_spec *) {}

static void change_id(struct pal_pkt *, struct frag_spec *f)
{
	f->id++;
}

static void change_src(struct pal_pkt *, struct frag_spec *f)
{
	f->src = 9;
}

static void change_dst(struct pal_pkt *, struct frag_spec *f)
{
	f->dst = 9;
}

static void change_direction(struct pal_pkt *, struct frag_spec *f)
{
	f->dst = 1;
	f->src = 2;
}

static void change_proto(struct pal_pkt *, struct frag_spec *f)
{
	f->proto = IPPROTO_ICMP;
}

static void change_version(struct pal_pkt *, struct frag_spec *f)
{
	f->v6 = !f->v6;
}

static void change_vlan(struct pal_pkt *pkt, struct frag_spec *)
{
	pkt->key.vlan[0] = PAL_VLAN_TAGGED | 5;
}

static void change_tunnel(struct pal_pkt *pkt, struct frag_spec *)
{
	pkt->key.tunnel = 77;
}

// Is the last fragment, changed so, part of the datagram of the first?
static bool belongs(bool v6, void (*change)(struct pal_pkt *, struct frag_spec *))
{
	struct frag_spec first = frag4(1, 0, true, "AAAAAAAA"), last = frag4(1, 8, false, "B");
	enum pal_defrag_result result;
	struct pal_pkt pkt;

	bed_start(&defaults);
	first.v6 = last.v6 = v6;
	assert_held(first);
	change(&(struct pal_pkt){0}, &last);
	pkt = frag_build(&last);
	change(&pkt, &(struct frag_spec){0});
	result = bed_add_pkt(&pkt);
	free((void *)(uintptr_t)pkt.data);
	bed_end();
	return result == PAL_DEFRAG_WHOLE;
}

static void fragments_belong_together_by_addresses_id_vlan_and_tunnel(void **)
{
	for (int v6 = 0; v6 < 2; v6++) {
		assert_true(belongs(v6, change_nothing));
		assert_false(belongs(v6, change_id));
		assert_false(belongs(v6, change_src));
		assert_false(belongs(v6, change_dst));
		assert_false(belongs(v6, change_direction));
		assert_false(belongs(v6, change_version));
		assert_false(belongs(v6, change_vlan));
		assert_false(belongs(v6, change_tunnel));
	}
}

static void protocol_tells_ipv4_datagrams_apart_and_not_ipv6_ones(void **)
{
	assert_false(belongs(false, change_proto));
	assert_true(belongs(true, change_proto));
}

static void same_id_of_two_flows_gives_two_datagrams(void **)
{
	struct frag_spec a0 = frag4(7, 0, true, "AAAAAAAA"), a1 = frag4(7, 8, false, "A");
	struct frag_spec b0 = frag4(7, 0, true, "BBBBBBBB"), b1 = frag4(7, 8, false, "B");

	bed_start(&defaults);
	b0.src = b1.src = 3;
	assert_held(a0);
	assert_held(b0);
	assert_whole(b1, "BBBBBBBBB");
	assert_whole(a1, "AAAAAAAAA");
	bed_end();
}

/* headers */

static void ipv4_header_is_that_of_the_first_fragment_made_whole(void **)
{
	struct frag_spec first = frag4(0x1234, 0, true, "AAAAAAAAAAAAAAAA");
	struct frag_spec last = frag4(0x1234, 16, false, "BBB");
	struct pal_decode_stats stats = {0};
	struct pal_pkt pkt;
	uint32_t sum = 0;

	bed_start(&defaults);
	first.hdr_extra = 12;
	assert_held(last);
	assert_int_equal(bed_add(&first), PAL_DEFRAG_WHOLE);
	assert_int_equal(bed.whole.total_len, 32 + 19);
	assert_int_equal(bed.datagram[0], 0x48);
	assert_int_equal(pal_load_be16(bed.datagram + 2), 32 + 19);
	assert_int_equal(pal_load_be16(bed.datagram + 4), 0x1234);
	assert_int_equal(pal_load_be16(bed.datagram + 6), 0);
	for (int i = 0; i < 32; i += 2)
		sum += pal_load_be16(bed.datagram + i);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	for (int i = 20; i < 32; i++)
		assert_int_equal(bed.datagram[i], 1);
	assert_memory_equal(bed.datagram + 32, "AAAAAAAAAAAAAAAABBB", 19);

	pkt = decode_whole(&last, &stats);
	assert_int_equal(pkt.flags & PAL_PKT_FRAGMENT, 0);
	assert_int_equal(pkt.key.port[0], 0x4141);
	bed_end();
}

static void dont_fragment_bit_is_kept(void **)
{
	struct frag_spec first = frag4(1, 0, true, "AAAAAAAA"), last = frag4(1, 8, false, "B");
	struct pal_pkt pkt;

	bed_start(&defaults);
	first.time_ns = T0;
	pkt = frag_build(&first);
	((uint8_t *)(uintptr_t)pkt.data)[6] |= 0x40;
	assert_int_equal(bed_add_pkt(&pkt), PAL_DEFRAG_HELD);
	free((void *)(uintptr_t)pkt.data);
	assert_int_equal(bed_add(&last), PAL_DEFRAG_WHOLE);
	assert_int_equal(pal_load_be16(bed.datagram + 6), 0x4000);
	bed_end();
}

static void ipv6_fragment_header_is_taken_out_of_the_chain(void **)
{
	struct frag_spec first = frag6(1, 0, true, "\1\2\3\4AAAA"),
			 last = frag6(1, 8, false, "BBB");
	struct pal_decode_stats stats = {0};
	struct pal_pkt pkt;

	for (uint8_t extra = 0; extra <= 24; extra += 24) {
		bed_start(&defaults);
		first.hdr_extra = extra;
		// RFC 8200 section 4.5: the next header of the fragment with offset 0 counts.
		first.proto = IPPROTO_TCP;
		last.proto = IPPROTO_UDP;
		assert_held(last);
		assert_int_equal(bed_add(&first), PAL_DEFRAG_WHOLE);
		assert_int_equal(bed.whole.total_len, 40u + extra + 11);
		assert_int_equal(pal_load_be16(bed.datagram + 4), extra + 11);
		assert_int_equal(bed.datagram[6], extra ? IPPROTO_DSTOPTS : IPPROTO_TCP);
		if (extra != 0)
			assert_int_equal(bed.datagram[40], IPPROTO_TCP);
		assert_memory_equal(bed.datagram + 40 + extra, "\1\2\3\4AAAABBB", 11);

		pkt = decode_whole(&last, &stats);
		assert_int_equal(pkt.flags & PAL_PKT_FRAGMENT, 0);
		assert_int_equal(pkt.key.proto, IPPROTO_TCP);
		assert_int_equal(pkt.l4_off, 40 + extra);
		bed_end();
	}
}

static void ipv6_headers_longer_than_the_room_are_invalid(void **)
{
	struct frag_spec first = frag6(1, 0, true, "AAAAAAAA");

	bed_start(&defaults);
	first.hdr_extra = 216;
	assert_held(first);
	first.hdr_extra = 224;
	first.id = 2;
	assert_dropped(first, "frag_invalid");
	bed_end();
}

/* sizes */

static void longest_datagrams_are_whole(void **)
{
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (uint8_t)(i * 7 / 5);
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t total = v6 ? 65535 : 65535 - 20, hdr_len = v6 ? 40 : 20;

		bed_start(&defaults);
		for (uint32_t off = 0; off < total; off += 1480) {
			struct frag_spec f =
				big4((uint16_t)off,
				     total - off < 1480 ? total - off : 1480,
				     off + 1480 < total);

			f.v6 = v6;
			f.data = many + off;
			assert_int_equal(bed_add(&f), f.more ? PAL_DEFRAG_HELD : PAL_DEFRAG_WHOLE);
		}
		assert_int_equal(bed.whole.total_len, hdr_len + total);
		assert_memory_equal(bed.datagram + hdr_len, many, total);
		bed_end();
	}
}

static void ping_of_death_is_dropped_and_reported(void **)
{
	bed_start(&defaults);
	assert_held(big4(0, 1480, true));
	assert_dropped(big4(65528, 8, false), "frag_too_large");
	assert_events(TOO_LARGE, 1);
	assert_int_equal(bed.event.off, 65528);
	assert_int_equal(bed.event.len, 8);
	assert_int_equal(bed.event.number, 2);
	assert_held(big4(65496, 19, false)); // to the last byte
	bed_end();
}

static void options_of_the_first_fragment_count_towards_the_size(void **)
{
	struct frag_spec first = big4(0, 1480, true);

	bed_start(&defaults);
	first.hdr_extra = 4;
	assert_held(first);
	assert_dropped(big4(65496, 19, false), "frag_too_large");
	assert_held(big4(65496, 15, false));
	first.hdr_extra = 8;
	assert_dropped(first, "frag_too_large");
	assert_events(TOO_LARGE, 1); // once a datagram
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->events[PAL_DEFRAG_EVENT_TOO_LARGE], 2);
	bed_end();
}

static void fragments_without_bytes_are_invalid(void **)
{
	bed_start(&defaults);
	assert_dropped(frag4(1, 8, false, ""), "frag_invalid");
	assert_dropped(frag6(1, 8, true, ""), "frag_invalid");
	assert_dropped(frag4(1, 8, true, "1234567"), "frag_invalid"); // not one whole block
	assert_events(BAD_LENGTH, 3);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->active, 0);
	bed_end();
}

static void odd_length_is_cut_in_ipv4_and_invalid_in_ipv6(void **)
{
	bed_start(&defaults);
	assert_held(frag4(1, 0, true, "AAAAAAAAaaa"));
	assert_whole(frag4(1, 8, false, "BB"), "AAAAAAAABB");
	assert_false(bed.whole.overlap);
	assert_dropped(frag6(1, 0, true, "AAAAAAAAaaa"), "frag_invalid");
	assert_events(BAD_LENGTH, 2);
	bed_end();
}

/* time */

static void missing_last_fragment_times_out(void **)
{
	bed_start(&(struct pal_defrag_conf){.timeout_v4_ms = 5000, .timeout_v6_ms = 9000});
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	assert_held(frag6(1, 0, true, "AAAAAAAA"));
	bed.now_ns += 5 * SEC;
	assert_held(frag4(1, 8, true, "BBBBBBBB")); // not longer than its timeout
	assert_int_equal(bed.nb_lost, 0);
	bed.now_ns += 1;
	assert_held(frag4(2, 0, true, "AAAAAAAA"));
	assert_int_equal(bed.nb_lost, 1);
	assert_string_equal(pal_drop_name(bed.lost.drop), "frag_timeout");
	assert_int_equal(bed.lost.nb_frags, 2);
	assert_int_equal(bed.lost.first_number, 1);
	assert_int_equal(bed.lost.first_time_ns, T0);
	assert_events(TIMEOUT, 1);
	assert_int_equal(bed.event.number, 1);
	assert_int_equal(bed.event_key.ip_version, 4);
	assert_int_equal(bed.event_key.id, 1);
	bed.now_ns = T0 + 9 * SEC + 1;
	pal_defrag_tick(bed.tbl, bed.now_ns);
	assert_events(TIMEOUT, 2);
	assert_int_equal(bed.event_key.ip_version, 6);
	bed_end();
}

static void datagram_has_ended_though_no_sweep_has_seen_it(void **)
{
	bed_start(&(struct pal_defrag_conf){.timeout_v4_ms = 5000});
	// More than one fragment sweeps, all older than the one that counts.
	for (uint32_t id = 10; id < 20; id++)
		assert_held(frag4(id, 0, true, "AAAAAAAA"));
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	bed.now_ns += 5 * SEC + 1;
	assert_held(frag4(1, 8, false, "B"));
	assert_whole(frag4(1, 0, true, "aaaaaaaa"), "aaaaaaaaB");
	bed_end();
	assert_int_equal(bed.lost_frags, 11);
}

static void time_that_goes_back_ends_nothing(void **)
{
	bed_start(&(struct pal_defrag_conf){.timeout_v4_ms = 5000});
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	bed.now_ns -= 3600 * SEC;
	assert_whole(frag4(1, 8, false, "B"), "AAAAAAAAB");
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->clock_backward, 1);
	bed_end();
}

static void end_of_the_run_tells_timeout_from_incomplete(void **)
{
	bed_start(&(struct pal_defrag_conf){.timeout_v4_ms = 5000});
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	bed.now_ns += 3 * SEC;
	assert_held(frag4(2, 0, true, "AAAAAAAA"));
	bed.now_ns += 3 * SEC;
	bed_end();
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->exits.pkts[PAL_DROP_FRAG_TIMEOUT], 1);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->exits.pkts[PAL_DROP_FRAG_INCOMPLETE], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		defrag_test(whole_in_each_of_the_six_orders_of_three_fragments),
		defrag_test(hole_of_two_fragments_is_filled),
		defrag_test(fragment_that_covers_a_hole_in_part_leaves_the_rest_of_it),
		defrag_test(duplicate_of_any_fragment_changes_nothing),
		defrag_test(identification_used_again_is_another_datagram),
		defrag_test(fragments_belong_together_by_addresses_id_vlan_and_tunnel),
		defrag_test(protocol_tells_ipv4_datagrams_apart_and_not_ipv6_ones),
		defrag_test(same_id_of_two_flows_gives_two_datagrams),
		defrag_test(ipv4_header_is_that_of_the_first_fragment_made_whole),
		defrag_test(dont_fragment_bit_is_kept),
		defrag_test(ipv6_fragment_header_is_taken_out_of_the_chain),
		defrag_test(ipv6_headers_longer_than_the_room_are_invalid),
		defrag_test(longest_datagrams_are_whole),
		defrag_test(ping_of_death_is_dropped_and_reported),
		defrag_test(options_of_the_first_fragment_count_towards_the_size),
		defrag_test(fragments_without_bytes_are_invalid),
		defrag_test(odd_length_is_cut_in_ipv4_and_invalid_in_ipv6),
		defrag_test(missing_last_fragment_times_out),
		defrag_test(datagram_has_ended_though_no_sweep_has_seen_it),
		defrag_test(time_that_goes_back_ends_nothing),
		defrag_test(end_of_the_run_tells_timeout_from_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
