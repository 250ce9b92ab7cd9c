/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Fragments to datagrams: room, what an attacker sends, captures that are cut off. */
#include "defrag_bed.h"

#include <pal_cursor.h>

#include <errno.h>

static const struct pal_defrag_conf defaults = {.policy = PAL_DEFRAG_BSD};

/* room */

static void oldest_datagram_goes_when_there_is_no_place(void **)
{
	bed_start(&(struct pal_defrag_conf){.max_datagrams = 3});
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	assert_held(frag6(2, 0, true, "BBBBBBBB"));
	assert_held(frag4(3, 0, true, "CCCCCCCC"));
	assert_held(frag4(1, 8, true, "AAAAAAAA")); // being heard again makes it no younger
	assert_held(frag4(4, 0, true, "DDDDDDDD"));
	assert_int_equal(bed.nb_lost, 1);
	assert_string_equal(pal_drop_name(bed.lost.drop), "frag_evicted");
	assert_int_equal(bed.lost.nb_frags, 2);
	assert_int_equal(bed.lost.first_number, 1);
	assert_events(IGNORED, 1);
	assert_held(frag4(5, 0, true, "EEEEEEEE"));
	assert_int_equal(bed.nb_lost, 2);
	assert_int_equal(bed.lost.first_number, 2);
	assert_whole(frag4(3, 8, false, "c"), "CCCCCCCCc");
	assert_whole(frag4(4, 8, false, "d"), "DDDDDDDDd");
	assert_whole(frag4(5, 8, false, "e"), "EEEEEEEEe");
	bed_end();
}

static void memory_of_datagrams_that_are_done_goes_first(void **)
{
	bed_start(&(struct pal_defrag_conf){.max_datagrams = 2});
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	for (uint32_t id = 2; id < 10; id++) {
		assert_held(frag4(id, 0, true, "BBBBBBBB"));
		assert_whole(frag4(id, 8, false, "b"), "BBBBBBBBb");
	}
	assert_whole(frag4(1, 8, false, "a"), "AAAAAAAAa");
	bed_end();
	assert_int_equal(bed.nb_lost, 0);
}

static void datagram_that_grows_takes_the_pages_of_the_oldest_others(void **)
{
	const struct frag_spec last = big4(64000, 5, false);
	uint32_t nb_small = 1;

	bed_start(&(struct pal_defrag_conf){.memory_bytes = 1 << 20});
	assert_held(big4(0, 8, true));
	// A page each, until there is none left. The first is the oldest of all.
	for (; nb_small * 1536 + 1536 <= 1 << 20; nb_small++)
		assert_held(frag4(1 + nb_small, 0, true, "AAAAAAAA"));
	assert_int_equal(bed.nb_lost, 0);
	for (uint32_t off = 0; off < 64000; off += 1600)
		assert_held(big4((uint16_t)off, 1600, true));
	assert_int_equal(bed.nb_lost, 62); // 63 pages have 64000 bytes, and it had one
	assert_int_equal(bed.lost.first_number, 63);
	assert_int_equal(bed_add(&last), PAL_DEFRAG_WHOLE);
	assert_int_equal(bed.whole.nb_frags, 42);
	// Its pages are there for others.
	bed.nb_lost = 0;
	for (uint32_t id = 5000; id < 5063; id++)
		assert_held(frag4(id, 0, true, "AAAAAAAA"));
	assert_int_equal(bed.nb_lost, 0);
	assert_held(frag4(5063, 0, true, "AAAAAAAA"));
	assert_int_equal(bed.nb_lost, 1);
	bed_end();
}

/* what an attacker sends: whatever it is, memory stays what it was, and the books balance */

// How much of the process is in memory, bytes.
static uint64_t resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &resident), 2);
	fclose(f);
	return resident * 4096;
}

// Fragments without a decoder between, because of their number: one packet, changed in place.
static struct pal_pkt hostile_pkt(uint8_t room[1500 + 20], uint32_t len)
{
	struct frag_spec f = {.src = 1, .dst = 2, .more = true, .data = many, .len = len};
	struct pal_pkt pkt;

	f.time_ns = T0;
	pkt = frag_build(&f);
	memcpy(room, pkt.data, pkt.cap_len);
	free((void *)(uintptr_t)pkt.data);
	pkt.data = room;
	return pkt;
}

static void million_first_fragments_stay_inside_the_memory(void **)
{
	const struct pal_defrag_conf conf = {.memory_bytes = 8 << 20, .max_datagrams = 4096};
	const uint32_t nb_frags = 1000000;
	uint8_t room[1520];
	struct pal_pkt pkt = hostile_pkt(room, 1480);
	const struct pal_defrag_stats *s;
	uint64_t before;

	bed_start(&conf);
	s = pal_defrag_stats_get(bed.tbl);
	before = resident_bytes();
	for (uint32_t i = 0; i < nb_frags; i++) {
		pkt.frag_id = i;
		assert_int_equal(bed_add_pkt(&pkt), PAL_DEFRAG_HELD);
	}
	assert_true(resident_bytes() < before + pal_defrag_bytes(bed.tbl) + (1 << 20));
	assert_int_equal(s->active, (8 << 20) / 1536 / 2); // two pages each
	assert_int_equal(s->max_active, s->active + 1); // begun before another goes
	assert_int_equal(s->exits.pkts[PAL_DROP_FRAG_EVICTED], nb_frags - s->active);
	assert_int_equal(s->events[PAL_DEFRAG_EVENT_IGNORED], nb_frags - s->active);
	bed_check_books();
	bed_end();
}

static void ten_thousand_fragments_of_one_datagram_are_whole(void **)
{
	uint8_t room[1520];
	struct pal_pkt pkt = hostile_pkt(room, 8);

	bed_start(&(struct pal_defrag_conf){.memory_bytes = 1 << 20});
	// Every second block, backwards; then all of them once more, the last one last.
	for (uint32_t block = 8180; block > 0; block -= 2) {
		pkt.frag_off = (uint16_t)(block * 8);
		assert_int_equal(bed_add_pkt(&pkt), PAL_DEFRAG_HELD);
	}
	for (uint32_t block = 0; block < 8181; block++) {
		pkt.frag_off = (uint16_t)(block * 8);
		assert_int_equal(bed_add_pkt(&pkt), PAL_DEFRAG_HELD);
	}
	pkt.frag_off = 8181 * 8;
	pkt.flags &= (uint16_t)~PAL_PKT_FRAGMENT_MORE;
	assert_int_equal(bed_add_pkt(&pkt), PAL_DEFRAG_WHOLE);
	assert_int_equal(bed.whole.total_len, 20 + 8182 * 8);
	assert_int_equal(bed.whole.nb_frags, 4090 + 8182);
	assert_false(bed.whole.overlap);
	bed_end();
}

/* captures that are cut off */

static void cut_off_fragments_complete_a_datagram_that_is_known_in_part(void **)
{
	struct frag_spec f[3] = {
		frag4(1, 0, true, "AAAAAAAABBBBBBBB"),
		frag4(1, 16, true, "CCCCCCCCDDDDDDDD"),
		frag4(1, 32, false, "EEE"),
	};
	static const struct {
		int frag;
		uint32_t cut, known;
	} cases[] = {
		{0, 16, 0}, {0, 9, 0}, {0, 8, 8}, {0, 1, 8}, {1, 16, 16}, {1, 3, 24}, {2, 1, 32}};
	struct pal_decode_stats stats = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frag_spec g[3] = {f[0], f[1], f[2]};
		struct pal_pkt pkt;

		bed_start(&defaults);
		g[cases[i].frag].cut = cases[i].cut;
		assert_held(g[1]);
		assert_held(g[2]);
		assert_int_equal(bed_add(&g[0]), PAL_DEFRAG_WHOLE);
		assert_int_equal(bed.whole.total_len, 20 + 35);
		assert_int_equal(bed.whole.cap_len, 20 + cases[i].known);
		assert_memory_equal(
			bed.datagram + 20, "AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDEEE", cases[i].known
		);
		pkt = decode_whole(&f[0], &stats);
		assert_true(pkt.flags & PAL_PKT_SNAPPED);
		bed_end();
	}
}

static void repetition_in_full_does_not_differ_from_one_cut_off(void **)
{
	struct frag_spec first = frag6(1, 0, true, "AAAAAAAABBBBBBBB");

	bed_start(&defaults);
	first.cut = 5;
	assert_held(first);
	first.cut = 0;
	assert_held(first);
	assert_held(first);
	assert_int_equal(bed.nb_lost, 0);
	bed_end();
}

/* the interface */

static void datagram_not_taken_is_gone_with_the_next_call(void **)
{
	struct frag_spec f = frag4(1, 0, true, "AAAAAAAA"), last = frag4(1, 8, false, "B");
	struct pal_pkt pkt;

	bed_start(&defaults);
	assert_held(f);
	pkt = frag_build(&last);
	assert_int_equal(pal_defrag_add(bed.tbl, &pkt, &bed.whole), PAL_DEFRAG_WHOLE);
	bed.whole_frags += 2;
	bed.whole_bytes += bed.whole.wire_bytes;
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->active, 1);
	assert_dropped(last, "frag_duplicate");
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->active, 0);

	assert_held(frag4(2, 0, true, "AAAAAAAA"));
	free((void *)(uintptr_t)pkt.data);
	last.id = 2;
	pkt = frag_build(&last);
	assert_int_equal(pal_defrag_add(bed.tbl, &pkt, &bed.whole), PAL_DEFRAG_WHOLE);
	bed.whole_frags += 2;
	bed.whole_bytes += bed.whole.wire_bytes;
	assert_int_equal(pal_defrag_take(bed.tbl, &bed.whole, NULL), 0);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->active, 0);
	free((void *)(uintptr_t)pkt.data);
	bed_end();
}

static void whole_tells_of_its_frames(void **)
{
	bed_start(&defaults);
	bed.number = 41;
	assert_held(frag4(1, 8, true, "BBBBBBBB"));
	bed.now_ns += SEC;
	assert_held(frag4(1, 0, true, "AAAAAAAA"));
	bed.now_ns += SEC;
	assert_whole(frag4(1, 16, false, "C"), "AAAAAAAABBBBBBBBC");
	assert_int_equal(bed.whole.nb_frags, 3);
	assert_int_equal(bed.whole.wire_bytes, 3 * 20 + 17);
	assert_int_equal(bed.whole.first_number, 42);
	assert_int_equal(bed.whole.first_time_ns, T0);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->whole_frags, 3);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->max_active, 1);
	bed_end();
}

static void limits_out_of_range_are_refused(void **)
{
	assert_null(pal_defrag_create(&(struct pal_defrag_conf){.memory_bytes = 1000}));
	assert_int_equal(errno, EINVAL);
	assert_null(pal_defrag_create(&(struct pal_defrag_conf
	){.max_datagrams = PAL_DEFRAG_MAX_DATAGRAMS + 1}));
	assert_int_equal(errno, EINVAL);
	assert_null(pal_defrag_create(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_POLICY_COUNT})
	);
	assert_int_equal(errno, EINVAL);
	pal_defrag_destroy(NULL);
}

static void memory_reserved_is_what_was_asked_for(void **)
{
	struct pal_defrag *tbl = pal_defrag_create(&(struct pal_defrag_conf
	){.memory_bytes = 100 << 20, .max_datagrams = 1000});

	assert_true(pal_defrag_bytes(tbl) > 100 << 20);
	assert_true(pal_defrag_bytes(tbl) < 102 << 20);
	pal_defrag_destroy(tbl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		defrag_test(oldest_datagram_goes_when_there_is_no_place),
		defrag_test(memory_of_datagrams_that_are_done_goes_first),
		defrag_test(datagram_that_grows_takes_the_pages_of_the_oldest_others),
		defrag_test(million_first_fragments_stay_inside_the_memory),
		defrag_test(ten_thousand_fragments_of_one_datagram_are_whole),
		defrag_test(cut_off_fragments_complete_a_datagram_that_is_known_in_part),
		defrag_test(repetition_in_full_does_not_differ_from_one_cut_off),
		defrag_test(datagram_not_taken_is_gone_with_the_next_call),
		defrag_test(whole_tells_of_its_frames),
		defrag_test(limits_out_of_range_are_refused),
		defrag_test(memory_reserved_is_what_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
