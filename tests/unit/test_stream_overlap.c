/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Bytes that were sent twice: who is told, and whose are read. */
#include "stream_bed.h"

#include <pal_prefix.h>

static void different_bytes_after_delivery_are_reported(void **)
{
	const struct sb_event *e;

	stream_bed_start(NULL);
	handshake();
	c(A, 101, 501, "good");
	c(A, 105, 501, " day");
	c(A, 101, 501, "evil");
	assert_heard("good day", "");
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 0);
	assert_int_equal(e->info.offset, 0);
	assert_int_equal(e->info.len, 4);
	assert_int_equal(e->info.old_number, 4);
	assert_int_equal(e->info.dir, PAL_DIR_TO_SERVER);
	assert_false(e->info.new_wins);
	assert_string_equal(e->old_data, "good");
	assert_string_equal(e->new_data, "evil");
	// Other ranges than the first ones.
	c(A, 103, 501, "od dAY");
	assert_event(OVERLAP_DIFFERENT, 2);
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 1);
	assert_int_equal(e->info.offset, 4);
	assert_string_equal(e->old_data, " day");
	assert_string_equal(e->new_data, " dAY");
	stream_bed_finish();
	assert_heard("good day", "");
}

static void different_bytes_of_parked_segments_are_reported(void **)
{
	const struct sb_event *e;

	stream_bed_start(NULL);
	handshake();
	c(A, 103, 501, "good");
	c(A, 104, 501, "evil");
	e = sb_event_of(PAL_STREAM_EVENT_OVERLAP_DIFFERENT, 0);
	assert_int_equal(e->info.offset, 3);
	assert_int_equal(e->info.len, 3);
	assert_string_equal(e->old_data, "ood");
	assert_string_equal(e->new_data, "evi");
	// The segment that fills the gap, too.
	c(A, 101, 501, "..G");
	assert_event(OVERLAP_DIFFERENT, 2);
	assert_heard("..goodl", "");
	stream_bed_finish();
}

static void recent_segments_are_few(void **)
{
	struct pal_streams_conf conf = sb_conf();

	conf.recent_segs = 2;
	stream_bed_start(&conf);
	handshake();
	c(A, 101, 501, "one");
	c(A, 104, 501, "two");
	c(A, 107, 501, "three");
	c(A, 101, 501, "ONE"); // too long ago
	assert_event(OVERLAP_DIFFERENT, 0);
	c(A, 104, 501, "TWO");
	assert_event(OVERLAP_DIFFERENT, 1);
	stream_bed_finish();

	conf.recent_segs = 0;
	stream_bed_start(&conf);
	handshake();
	c(A, 101, 501, "one");
	c(A, 101, 501, "ONE");
	assert_event(OVERLAP_DIFFERENT, 0);
	assert_event(RETRANSMISSION, 1);
	stream_bed_finish();
}

/* policies */

struct overlap {
	uint32_t seq;
	const char *text;
};

// Early segments and what fills the gap before them at last; then what a host of each policy reads.
static void check_policies(
	const struct overlap *segs,
	const char *const expected[PAL_STREAM_POLICY_COUNT],
	uint32_t isn
)
{
	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++) {
		struct pal_streams_conf conf = sb_conf();

		if (expected[policy] == NULL)
			continue;
		conf.policy = (enum pal_stream_policy)policy;
		stream_bed_start(&conf);
		c(S, isn, 0, "");
		for (const struct overlap *o = segs; o->text != NULL; o++)
			c(A, isn + o->seq, 501, o->text);
		if (strcmp(sb.heard[0], expected[policy]) != 0)
			fail_msg(
				"%s: %s, not %s",
				pal_stream_policy_name((enum pal_stream_policy)policy),
				sb.heard[0],
				expected[policy]
			);
		stream_bed_finish();
	}
}

/*
 * The test of Novak and Sturges: twelve ways to overlap in one stream, and what became of it on the hosts that they
 * tried. Suricata expects the same of its policies.
 */
static void hosts_read_what_was_found_out(void **)
{
	static const struct overlap segs[] = {
		{2, "AAA"},  {6, "BB"},	  {8, "CCC"},  {12, "D"}, {15, "EE"},
		{17, "FFF"}, {20, "GG"},  {22, "HH"},  {24, "I"}, {3, "JJJJ"},
		{8, "KKK"},  {11, "LLL"}, {14, "MMM"}, {18, "N"}, {21, "O"},
		{22, "P"},   {24, "QQ"},  {1, "0"},    {0, NULL},
	};
#define ALWAYS_FIRST "0AAAJBBCCCLDLMEEFFFGGHHIQ"
#define BSD_LIKE "0AAAJJBCCCLLLMMMFFFGGHHIQ"
#define SOLARIS_LIKE "0AJJJBBKKKLLLMMMFFFGGHHQQ"
	static const char *const expected[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = ALWAYS_FIRST,
		[PAL_STREAM_LAST] = "0AJJJJBKKKLLLMMMFNFGOPHQQ",
		[PAL_STREAM_BSD] = BSD_LIKE,
		[PAL_STREAM_BSD_RIGHT] = ALWAYS_FIRST,
		[PAL_STREAM_OLD_LINUX] = "0AAAJJBKKKLLLMMMFFFGGHHQQ",
		[PAL_STREAM_LINUX] = "0AAAJJBCCCLLLMMMFFFGGHHQQ",
		[PAL_STREAM_OLD_SOLARIS] = ALWAYS_FIRST,
		[PAL_STREAM_SOLARIS] = SOLARIS_LIKE,
		[PAL_STREAM_HPUX10] = BSD_LIKE,
		[PAL_STREAM_HPUX11] = SOLARIS_LIKE,
		[PAL_STREAM_IRIX] = BSD_LIKE,
		[PAL_STREAM_MACOS] = BSD_LIKE,
		[PAL_STREAM_WINDOWS] = BSD_LIKE,
		[PAL_STREAM_VISTA] = ALWAYS_FIRST,
		[PAL_STREAM_WINDOWS2K3] = BSD_LIKE,
	};
	static const uint32_t isns[] = {99, 0, UINT32_MAX, UINT32_MAX - 10};

	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++)
		assert_non_null(expected[policy]);
	for (int i = 0; i < 4; i++)
		check_policies(segs, expected, isns[i]);
}

static void segment_that_fills_the_gap_meets_the_policy_too(void **)
{
	static const struct overlap before[] = {{3, "cc"}, {6, "ff"}, {1, "ABCDEFGH"}, {0, NULL}};
	static const char *const expected[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = "ABccEffH",
		[PAL_STREAM_LAST] = "ABCDEFGH",
		[PAL_STREAM_LINUX] = "ABCDEFGH",
		[PAL_STREAM_SOLARIS] = "ABCDEFGH",
		[PAL_STREAM_VISTA] = "ABccEffH",
	};
	static const struct overlap part[] = {{3, "ccccc"}, {1, "ABCD"}, {0, NULL}};
	static const char *const expected_part[PAL_STREAM_POLICY_COUNT] = {
		[PAL_STREAM_FIRST] = "ABccccc",
		[PAL_STREAM_BSD] = "ABCDccc",
		[PAL_STREAM_SOLARIS] = "ABccccc",
	};

	check_policies(before, expected, 99);
	check_policies(part, expected_part, 99);
}

static void policy_is_that_of_the_receiving_host(void **)
{
	struct pal_streams_conf conf = sb_conf();
	struct pal_prefix_table *table;
	char err[PAL_PREFIX_ERR_LEN];

	assert_int_equal(
		pal_prefix_parse(
			"10.0.0.0/8 first, 10.0.0.2 last", pal_stream_policy_words(), &table, err
		),
		0
	);
	conf.policies = table;
	conf.policy = PAL_STREAM_BSD;
	stream_bed_start(&conf);
	handshake();
	c(A, 103, 501, "cd");
	c(A, 103, 501, "CD");
	c(A, 101, 501, "ab");
	s(A, 503, 101, "cd");
	s(A, 503, 101, "CD");
	s(A, 501, 101, "ab");
	assert_heard("abCD", "abcd");
	stream_bed_finish();
	pal_prefix_destroy(table);
}

#define bed_test(name) cmocka_unit_test_teardown(name, stream_bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(different_bytes_after_delivery_are_reported),
		bed_test(different_bytes_of_parked_segments_are_reported),
		bed_test(recent_segments_are_few),
		bed_test(hosts_read_what_was_found_out),
		bed_test(segment_that_fills_the_gap_meets_the_policy_too),
		bed_test(policy_is_that_of_the_receiving_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
