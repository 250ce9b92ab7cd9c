/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Fragments that overlap or contradict each other: who wins, and what is said of it. */
#include "defrag_bed.h"

#include <arpa/inet.h>
#include <errno.h>

/* fragments of whole blocks, one letter a block */

static const char *blocks(char letter, unsigned int n)
{
	static char text[8 * 32 + 1];

	memset(text, letter, n * 8);
	text[n * 8] = '\0';
	return text;
}

static struct frag_spec block_frag(unsigned int start, unsigned int end, char letter, bool more)
{
	return frag4(1, (uint16_t)(start * 8), more, blocks(letter, end - start));
}

// The datagram that has just become whole, one letter a block.
static const char *letters(void)
{
	static char text[64];
	uint32_t n = (bed.whole.total_len - 20) / 8;

	for (uint32_t b = 0; b < n; b++) {
		text[b] = (char)bed.datagram[20 + b * 8];
		for (uint32_t i = 0; i < 8; i++)
			assert_int_equal(bed.datagram[20 + b * 8 + i], text[b]);
	}
	text[n] = '\0';
	return text;
}

/*
 * The fragments of J. Novak, "Target-Based Fragmentation Reassembly" (2005), in blocks: A to I come first and do not
 * overlap each other but for the holes that they leave, J to Q over them. The first 12 blocks are those of Shankar
 * and Paxson's "Active Mapping" (2003).
 */
static const struct {
	unsigned int start, end;
	char letter;
} novak[] = {
	{0, 3, 'A'},
	{4, 6, 'B'},
	{6, 9, 'C'},
	{10, 11, 'D'},
	{13, 15, 'E'},
	{15, 18, 'F'},
	{18, 20, 'G'},
	{20, 22, 'H'},
	{22, 23, 'I'},
	{1, 5, 'J'},
	{6, 9, 'K'},
	{9, 12, 'L'},
	{12, 15, 'M'},
	{16, 17, 'N'},
	{19, 20, 'O'},
	{20, 21, 'P'},
	{22, 24, 'Q'},
};

#define NB_NOVAK ((int)(sizeof(novak) / sizeof(novak[0])))

static void policies_read_novaks_fragments_as_their_hosts_do(void **)
{
	static const char *const want[PAL_DEFRAG_POLICY_COUNT] = {
		[PAL_DEFRAG_FIRST] = "AAAJBBCCCLDLMEEFFFGGHHIQ",
		[PAL_DEFRAG_LAST] = "AJJJJBKKKLLLMMMFNFGOPHQQ",
		[PAL_DEFRAG_BSD] = "AAAJJBCCCLLLMMMFFFGGHHIQ",
		[PAL_DEFRAG_BSD_RIGHT] = "AJJJBBKKKLLLMMMFFFGGHHQQ",
		[PAL_DEFRAG_LINUX] = "AAAJJBKKKLLLMMMFFFGGPHQQ",
		[PAL_DEFRAG_WINDOWS] = "AAAJBBCCCLLLMEEFFFGGHHIQ",
		[PAL_DEFRAG_SOLARIS] = "AAAJBBCCCLLLMMMFFFGGHHIQ",
	};

	for (enum pal_defrag_policy policy = 0; policy < PAL_DEFRAG_DISCARD; policy++) {
		bed_start(&(struct pal_defrag_conf){.policy = policy});
		for (int i = 0; i < NB_NOVAK; i++) {
			struct frag_spec f = block_frag(
				novak[i].start, novak[i].end, novak[i].letter, i < NB_NOVAK - 1
			);

			assert_int_equal(bed_add(&f), f.more ? PAL_DEFRAG_HELD : PAL_DEFRAG_WHOLE);
		}
		assert_string_equal(letters(), want[policy]);
		assert_true(bed.whole.overlap);
		assert_true(bed.whole.conflict);
		assert_events(OVERLAP_DIFFERS, 1);
		assert_events(OVERLAP, 0);
		assert_int_equal(bed.whole.nb_frags, NB_NOVAK);
		bed_end();
	}
}

/* Two fragments over each other in every way, between a first and a last that do not touch them. */
static void policies_decide_every_way_in_which_two_fragments_can_lie(void **)
{
	// The new one N over the old one O: where each starts and ends in blocks, and block by block who wins.
	static const struct {
		unsigned int old[2], new[2];
		const char
			*want[PAL_DEFRAG_DISCARD]; // bsd first last bsd-right linux windows solaris
	} cases[] = {
		// the same place
		{{1, 3}, {1, 3}, {"OO", "OO", "NN", "NN", "NN", "OO", "OO"}},
		// starts together
		{{1, 3}, {1, 4}, {"OON", "OON", "NNN", "NNN", "NNN", "OON", "OON"}},
		{{1, 4}, {1, 3}, {"OOO", "OOO", "NNO", "OOO", "NNO", "OOO", "OOO"}},
		// ends together
		{{2, 4}, {1, 4}, {"NNN", "NOO", "NNN", "NNN", "NNN", "NOO", "NNN"}},
		{{1, 4}, {2, 4}, {"OOO", "OOO", "ONN", "OOO", "OOO", "OOO", "OOO"}},
		// shifted
		{{2, 4}, {1, 3}, {"NNO", "NOO", "NNO", "NOO", "NNO", "NOO", "NOO"}},
		{{1, 3}, {2, 4}, {"OON", "OON", "ONN", "ONN", "OON", "OON", "OON"}},
		// one inside the other
		{{2, 3}, {1, 4}, {"NNN", "NON", "NNN", "NNN", "NNN", "NNN", "NNN"}},
		{{1, 4}, {2, 3}, {"OOO", "OOO", "ONO", "OOO", "OOO", "OOO", "OOO"}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (enum pal_defrag_policy policy = 0; policy < PAL_DEFRAG_DISCARD; policy++) {
			char want[32];

			bed_start(&(struct pal_defrag_conf){.policy = policy});
			assert_held(block_frag(cases[i].old[0], cases[i].old[1], 'O', true));
			assert_held(block_frag(cases[i].new[0], cases[i].new[1], 'N', true));
			assert_held(block_frag(0, 1, '(', true));
			snprintf(want, sizeof(want), "(%s)", cases[i].want[policy]);
			{
				unsigned int end = (unsigned int)strlen(want);
				struct frag_spec last = block_frag(end - 1, end, ')', false);

				assert_int_equal(bed_add(&last), PAL_DEFRAG_WHOLE);
			}
			assert_string_equal(letters(), want);
			bed_end();
		}
	}
}

static void hosts_have_their_own_policy(void **)
{
	struct pal_prefix_table *policies = NULL;
	char err[PAL_PREFIX_ERR_LEN];
	struct frag_spec f;

	assert_int_equal(
		pal_defrag_policies_parse(
			"10.0.0.0/8 linux, 10.0.0.2 last, ::/0 first", &policies, err
		),
		0
	);
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_FIRST, .policies = policies});
	for (uint8_t dst = 2; dst <= 3; dst++) {
		for (int i = 0; i < NB_NOVAK; i++) {
			f = block_frag(
				novak[i].start, novak[i].end, novak[i].letter, i < NB_NOVAK - 1
			);
			f.dst = dst;
			bed_add(&f);
		}
		assert_string_equal(
			letters(),
			dst == 2 ? "AJJJJBKKKLLLMMMFNFGOPHQQ" : "AAAJJBKKKLLLMMMFFFGGPHQQ"
		);
	}
	// No list makes an IPv6 host take fragments that overlap.
	assert_held(frag6(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_dropped(frag6(1, 8, true, "bbbbbbbb"), "frag_overlap");
	bed_end();
	pal_prefix_destroy(policies);
}

/* RFC 5722 */

static void overlap_discards_an_ipv6_datagram_whole(void **)
{
	bed_start(&(struct pal_defrag_conf){.timeout_v6_ms = 60000});
	assert_held(frag6(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_held(frag6(1, 24, false, "D"));
	assert_dropped(frag6(1, 8, true, "BBBBBBBBCCCCCCCC"), "frag_overlap"); // the same bytes
	assert_int_equal(bed.nb_lost, 1);
	assert_string_equal(pal_drop_name(bed.lost.drop), "frag_overlap");
	assert_int_equal(bed.lost.nb_frags, 2);
	assert_events(OVERLAP, 1);
	// ... with the fragments that still come, until its timeout
	bed.now_ns += 60 * SEC;
	assert_dropped(frag6(1, 16, true, "CCCCCCCC"), "frag_overlap");
	assert_dropped(frag6(1, 0, true, "AAAAAAAA"), "frag_overlap");
	bed.now_ns += 1;
	assert_held(frag6(1, 0, true, "AAAAAAAA"));
	assert_whole(frag6(1, 8, false, "B"), "AAAAAAAAB");
	bed_end();
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->exits.pkts[PAL_DROP_FRAG_OVERLAP], 5);
}

static void exact_repetition_of_an_ipv6_fragment_is_no_overlap(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_BSD});
	assert_held(frag6(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_held(frag6(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_whole(frag6(1, 16, false, "C"), "AAAAAAAABBBBBBBBC");
	assert_held(frag6(2, 0, true, "AAAAAAAABBBBBBBB"));
	assert_dropped(frag6(2, 0, true, "AAAAAAAABBBBBBBb"), "frag_overlap");
	assert_held(frag6(3, 0, true, "AAAAAAAABBBBBBBB"));
	assert_dropped(frag6(3, 0, true, "AAAAAAAA"), "frag_overlap");
	assert_held(frag6(4, 0, true, "AAAAAAAA"));
	assert_held(frag6(4, 8, true, "BBBBBBBB"));
	assert_dropped(frag6(4, 0, true, "AAAAAAAABBBBBBBB"), "frag_overlap");
	bed_end();
}

static void ipv4_hosts_may_discard_as_well(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_DISCARD});
	assert_held(frag4(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_held(frag4(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_dropped(frag4(1, 8, false, "BB"), "frag_overlap");
	bed_end();
}

static void fragments_beyond_the_end_discard_an_ipv6_datagram(void **)
{
	bed_start(&(struct pal_defrag_conf){});
	assert_held(frag6(1, 8, false, "B"));
	assert_dropped(frag6(1, 16, true, "CCCCCCCC"), "frag_overlap");
	assert_held(frag6(2, 16, true, "CCCCCCCC"));
	assert_dropped(frag6(2, 8, false, "B"), "frag_overlap");
	assert_held(frag6(3, 8, false, "B"));
	assert_dropped(frag6(3, 16, false, "C"), "frag_overlap");
	assert_events(END_CONFLICT, 2);
	assert_events(TEARDROP, 1);
	bed_end();
}

/* ends that contradict each other */

static void datagram_ends_where_the_last_fragment_with_the_highest_end_says(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_BSD});
	assert_held(frag4(1, 16, false, "CCCC"));
	assert_held(frag4(1, 24, false, "DD"));
	assert_events(END_CONFLICT, 1);
	assert_held(frag4(1, 0, true, "AAAAAAAABBBBBBBB"));
	// The block that was filled in part, as the end of the datagram, is nobody's again.
	assert_whole(frag4(1, 16, true, "cccccccc"), "AAAAAAAABBBBBBBBccccccccDD");

	assert_held(frag4(2, 16, false, "CCCC"));
	assert_held(frag4(2, 8, false, "BBBBBBBBbb"));
	assert_whole(frag4(2, 0, true, "AAAAAAAA"), "AAAAAAAABBBBBBBBCCCC");
	bed_end();
}

static void bytes_beyond_the_end_are_not_looked_at(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_BSD});
	assert_held(frag4(1, 8, true, "BBBBBBBBCCCCCCCCDDDDDDDD"));
	assert_held(frag4(1, 48, true, "EEEEEEEE"));
	assert_held(frag4(1, 16, false, "ccc"));
	assert_events(TEARDROP, 1);
	assert_whole(frag4(1, 0, true, "AAAAAAAA"), "AAAAAAAABBBBBBBBCCC");
	bed_end();

	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_BSD});
	assert_held(frag4(1, 8, false, "B"));
	assert_held(frag4(1, 1600, true, "CCCCCCCC"));
	assert_events(END_CONFLICT, 1);
	assert_whole(frag4(1, 0, true, "AAAAAAAA"), "AAAAAAAAB");
	bed_end();
}

/* what is said */

static void overlap_with_the_same_bytes_is_said_once(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_WINDOWS});
	assert_held(frag4(1, 0, true, "AAAAAAAABBBBBBBB"));
	assert_held(frag4(1, 8, true, "BBBBBBBBCCCCCCCC"));
	assert_events(OVERLAP, 1);
	assert_int_equal(bed.event.off, 8);
	assert_int_equal(bed.event.len, 8);
	assert_int_equal(bed.event.number, 2);
	assert_int_equal(bed.event.first_number, 1);
	assert_int_equal(bed.event.policy, PAL_DEFRAG_WINDOWS);
	assert_int_equal(bed.event.proto, IPPROTO_UDP);
	assert_held(frag4(1, 8, true, "BBBBBBBB"));
	assert_events(OVERLAP, 1);
	assert_int_equal(pal_defrag_stats_get(bed.tbl)->events[PAL_DEFRAG_EVENT_OVERLAP], 2);
	assert_whole(frag4(1, 24, false, "D"), "AAAAAAAABBBBBBBBCCCCCCCCD");
	assert_true(bed.whole.overlap);
	assert_false(bed.whole.conflict);
	bed_end();
}

static void overlap_with_other_bytes_tells_both_readings(void **)
{
	bed_start(&(struct pal_defrag_conf){.policy = PAL_DEFRAG_LAST});
	assert_held(frag4(1, 8, false, "foobar"));
	assert_held(frag4(1, 8, false, "raboof"));
	assert_events(OVERLAP_DIFFERS, 1);
	assert_int_equal(bed.event.off, 8);
	assert_int_equal(bed.event.len, 6);
	// The test vector of the FNV reference for "foobar", and the same function's for the other.
	assert_true(bed.event.old_hash == 0x85944171f73967e8);
	assert_true(bed.event.new_hash == 0x4bedc277acafaa72);

	// What both have: the hole between does not count.
	assert_held(frag4(2, 8, true, "BBBBBBBB"));
	assert_held(frag4(2, 24, true, "DDDDDDDD"));
	assert_held(frag4(2, 0, true, "aaaaaaaabbbbbbbbccccccccDDDDDDDDeeeeeeee"));
	assert_int_equal(bed.event.off, 8);
	assert_int_equal(bed.event.len, 24);
	assert_true(bed.event.old_hash == 0xd0acab49c815c8e5);
	assert_true(bed.event.new_hash == 0x465bc42a4f2552e5);
	bed_end();
}

static void tiny_fragments_of_tcp_are_reported(void **)
{
	struct frag_spec f = frag4(1, 0, true, "AAAAAAAA");

	bed_start(&(struct pal_defrag_conf){});
	assert_held(f);
	assert_events(TINY, 0); // UDP
	f.proto = IPPROTO_TCP;
	assert_held(f);
	assert_events(TINY, 1);
	f = frag4(2, 0, true, "AAAAAAAAAAAAAAAA");
	f.proto = IPPROTO_TCP;
	assert_held(f);
	assert_events(TINY, 1);
	f = frag4(2, 8, true, "AAAAAAAA");
	f.proto = IPPROTO_TCP;
	assert_held(f);
	assert_events(TINY, 2);
	bed_end();
}

/* names */

static void names_are_complete(void **)
{
	for (enum pal_defrag_policy i = 0; i < PAL_DEFRAG_POLICY_COUNT; i++)
		assert_int_equal(pal_defrag_policy_parse(pal_defrag_policy_name(i)), i);
	assert_int_equal(pal_defrag_policy_parse("Linux"), -EINVAL);
	for (enum pal_defrag_event i = 0; i < PAL_DEFRAG_EVENT_COUNT; i++) {
		assert_int_equal(strncmp(pal_defrag_event_name(i), "frag_", 5), 0);
		assert_non_null(pal_defrag_event_text(i));
	}
	assert_string_equal(
		pal_defrag_event_suricata(PAL_DEFRAG_EVENT_OVERLAP_DIFFERS), "frag_overlap"
	);
	assert_null(pal_defrag_event_suricata(PAL_DEFRAG_EVENT_TINY));
}

static void list_of_hosts_says_what_is_wrong_with_it(void **)
{
	struct pal_prefix_table *policies = NULL;
	char err[PAL_PREFIX_ERR_LEN];

	assert_int_equal(pal_defrag_policies_parse("10.0.0.0/8 beos", &policies, err), -EINVAL);
	assert_string_equal(
		err,
		"beos: must be one of bsd, first, last, bsd-right, linux, windows, solaris, discard"
	);
	assert_null(policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		defrag_test(policies_read_novaks_fragments_as_their_hosts_do),
		defrag_test(policies_decide_every_way_in_which_two_fragments_can_lie),
		defrag_test(hosts_have_their_own_policy),
		defrag_test(overlap_discards_an_ipv6_datagram_whole),
		defrag_test(exact_repetition_of_an_ipv6_fragment_is_no_overlap),
		defrag_test(ipv4_hosts_may_discard_as_well),
		defrag_test(fragments_beyond_the_end_discard_an_ipv6_datagram),
		defrag_test(datagram_ends_where_the_last_fragment_with_the_highest_end_says),
		defrag_test(bytes_beyond_the_end_are_not_looked_at),
		defrag_test(overlap_with_the_same_bytes_is_said_once),
		defrag_test(overlap_with_other_bytes_tells_both_readings),
		defrag_test(tiny_fragments_of_tcp_are_reported),
		defrag_test(names_are_complete),
		defrag_test(list_of_hosts_says_what_is_wrong_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
