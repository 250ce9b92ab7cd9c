/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The table against the slow model of defrag_model.h, fragment by fragment: what comes of it, the bytes of whole
 * datagrams, the hashes of both readings. Fragments are random: of datagrams cut anywhere, in any order, repeated,
 * over each other with the same and with other bytes, cut off by the capture, with times that jump and go back.
 */
#include "defrag_bed.h"
#include "defrag_model.h"

static uint64_t random_state;

// splitmix64: the same numbers everywhere.
static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)(random_u64() % n);
}

static bool chance(uint32_t percent)
{
	return random_below(100) < percent;
}

static struct model model;
static struct model_answer answer;
static uint64_t nb_results[3], nb_conflicts, nb_snapped;

/* Hosts 10.0.0.P and 2001:db8::P have policy P; others that of the table. */
static struct pal_prefix_table *policies;

static void start(uint64_t seed)
{
	char text[512] = "", err[PAL_PREFIX_ERR_LEN];

	pal_prefix_destroy(policies);
	policies = NULL;
	model_clear(&model);
	memset(&model, 0, sizeof(model));
	for (int p = 0; p < PAL_DEFRAG_POLICY_COUNT; p++) {
		model.policy[p] = p;
		snprintf(
			text + strlen(text),
			sizeof(text) - strlen(text),
			"%s10.0.0.%d %s",
			p ? ", " : "",
			p,
			pal_defrag_policy_name(p)
		);
	}
	assert_int_equal(pal_defrag_policies_parse(text, &policies, err), 0);
	model.timeout_ns[0] = 30 * SEC;
	model.timeout_ns[1] = 60 * SEC;
	random_state = seed;
	bed_start(&(struct pal_defrag_conf){.policies = policies});
}

static void compare_whole(const struct frag_spec *f)
{
	uint32_t hdr_len = (f->v6 ? 40u : 20u) + answer.hdr_extra;

	assert_int_equal(bed.whole.nb_frags, answer.nb_frags);
	assert_int_equal(bed.whole.overlap, answer.overlap);
	assert_int_equal(bed.whole.conflict, answer.conflict);
	assert_int_equal(bed.whole.total_len, hdr_len + answer.payload_len);
	assert_int_equal(bed.whole.cap_len, hdr_len + answer.known_len);
	assert_memory_equal(bed.datagram + hdr_len, answer.payload, answer.known_len);
	if (!f->v6)
		assert_int_equal(bed.datagram[9], answer.proto);
	else if (answer.hdr_extra != 0)
		assert_int_equal(bed.datagram[40], answer.proto);
	else
		assert_int_equal(bed.datagram[6], answer.proto);
	nb_snapped += answer.known_len < answer.payload_len;
}

static void add(const struct frag_spec *f)
{
	unsigned int nb_differs = bed.nb_events[PAL_DEFRAG_EVENT_OVERLAP_DIFFERS];
	enum pal_defrag_result result;

	model_add(&model, f, &answer);
	result = bed_add(f);
	assert_int_equal(result, answer.result);
	nb_results[result]++;
	if (result == PAL_DEFRAG_WHOLE)
		compare_whole(f);
	else if (result == PAL_DEFRAG_DROPPED)
		assert_int_equal(bed.whole.drop, answer.drop);
	nb_differs = bed.nb_events[PAL_DEFRAG_EVENT_OVERLAP_DIFFERS] - nb_differs;
	assert_int_equal(nb_differs, answer.differs);
	if (nb_differs != 0) {
		assert_true(bed.event.old_hash == answer.old_hash);
		assert_true(bed.event.new_hash == answer.new_hash);
		nb_conflicts++;
	}
}

static void finish(void)
{
	uint64_t held = model_held(&model);

	bed_end();
	assert_int_equal(bed.whole_frags + bed.lost_frags + bed.dropped_frags, model.frags);
	assert_int_equal(model.frags, model.wholes + model.gone + held); // the model's own books
	assert_int_equal(
		pal_defrag_stats_get(bed.tbl)->completed[0] +
			pal_defrag_stats_get(bed.tbl)->completed[1],
		model.wholes
	);
}

static void check_tried(void)
{
	assert_true(nb_results[PAL_DEFRAG_HELD] > 100 && nb_results[PAL_DEFRAG_WHOLE] > 100);
}

/* datagrams that somebody has cut up, as a network may deliver them */

#define MAX_PIECES 256

static uint8_t payload[65536];

static uint32_t cut_up(struct frag_spec *pieces, const struct frag_spec *base, uint32_t len)
{
	uint32_t max_blocks = 1 + random_below(chance(50) ? 4 : 200), nb_pieces = 0;

	if (len / max_blocks / 8 >= MAX_PIECES / 4)
		max_blocks = len / 8 / 20 + 1;
	for (uint32_t off = 0; off < len; nb_pieces++) {
		struct frag_spec *f = &pieces[nb_pieces];
		uint32_t n = (1 + random_below(max_blocks)) * 8;

		assert_true(nb_pieces < MAX_PIECES);
		*f = *base;
		f->off = (uint16_t)off;
		f->len = n < len - off ? n : len - off;
		f->data = payload + off;
		f->more = off + f->len < len;
		off += f->len;
	}
	return nb_pieces;
}

static void shuffle(struct frag_spec *pieces, uint32_t nb_pieces)
{
	for (uint32_t i = nb_pieces; i > 1; i--) {
		uint32_t k = random_below(i);
		struct frag_spec f = pieces[k];

		pieces[k] = pieces[i - 1];
		pieces[i - 1] = f;
	}
}

/* Any cut, any order, any repetition: one datagram, the same bytes. */
static void any_fragmentation_gives_the_datagram(void **)
{
	start(1);
	for (uint32_t round = 0; round < 1500; round++) {
		struct frag_spec pieces[MAX_PIECES];
		struct frag_spec base = {
			.v6 = chance(50),
			.src = 100,
			.dst = (uint8_t)random_below(PAL_DEFRAG_POLICY_COUNT),
			.id = round,
			.proto = IPPROTO_UDP,
		};
		uint32_t len = 9 + random_below(chance(5) ? 65000 : 4000), nb_pieces;
		uint32_t nb_whole = 0;

		for (uint32_t i = 0; i < len; i++)
			payload[i] = (uint8_t)random_u64();
		nb_pieces = cut_up(pieces, &base, len);
		if (nb_pieces == 1)
			continue; // no fragment
		if (chance(70))
			shuffle(pieces, nb_pieces);
		for (uint32_t i = 0; i < nb_pieces; i++) {
			pieces[i].time_ns = T0 + round * PAL_NS_PER_MS;
			add(&pieces[i]);
			nb_whole += answer.result == PAL_DEFRAG_WHOLE;
			while (chance(10)) {
				struct frag_spec again = pieces[random_below(i + 1)];

				// Repeating the only fragment of one that has gone would begin another.
				if (nb_whole != 0)
					again = pieces[i];
				add(&again);
			}
		}
		assert_int_equal(nb_whole, 1);
		assert_int_equal(answer.result == PAL_DEFRAG_HELD, false);
		assert_memory_equal(answer.payload, payload, len);
		model_clear(&model); // it has few places, and the next round has another id
	}
	check_tried();
	pal_defrag_flush(bed.tbl, bed.now_ns);
	assert_int_equal(bed.nb_lost, 0);
	bed_check_books();
}

/* fragments that nobody has cut, over each other in every way */

static struct frag_spec random_fragment(uint32_t max_blocks, uint64_t now_ns)
{
	static const uint8_t protos[] = {IPPROTO_UDP, IPPROTO_UDP, IPPROTO_TCP};
	struct frag_spec f = {
		.v6 = chance(20),
		.src = 100,
		.dst = (uint8_t)random_below(PAL_DEFRAG_POLICY_COUNT),
		.id = random_below(2),
		.proto = protos[random_below(3)],
		.hdr_extra = chance(10) ? (uint8_t)(8 * random_below(5)) : 0,
		.more = chance(70),
		.time_ns = now_ns,
	};

	f.off = (uint16_t)(random_below(max_blocks) * 8);
	f.len = (1 + random_below(max_blocks)) * 8;
	if (!f.more || chance(3))
		f.len -= random_below(8);
	if (chance(2))
		f.len = 0;
	if (f.off == 0)
		f.more = true;
	// Mostly what is at that place in every datagram, sometimes something else.
	f.data = payload + f.off + (chance(75) ? 0 : 8 * random_below(64));
	if (chance(5))
		f.cut = random_below(f.len + 1);
	return f;
}

static uint64_t step_time(uint64_t now_ns)
{
	uint32_t dice = random_below(1000);

	if (dice < 900)
		return now_ns + random_below(20) * PAL_NS_PER_MS;
	if (dice < 980)
		return now_ns - random_below(100) * SEC;
	return now_ns + random_below(70) * SEC + random_below(2);
}

static void fragments_over_each_other_end_as_the_policies_say(void **)
{
	for (uint64_t seed = 10; seed < 30; seed++) {
		uint64_t now_ns = T0;

		start(seed);
		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = (uint8_t)random_u64();
		for (int i = 0; i < 4000; i++) {
			struct frag_spec f = random_fragment(2 + (uint32_t)seed % 10, now_ns);

			add(&f);
			now_ns = step_time(now_ns);
		}
		bed.now_ns = now_ns;
		finish();
	}
	check_tried();
	assert_true(nb_conflicts > 1000 && nb_snapped > 100);
	assert_true(nb_results[PAL_DEFRAG_DROPPED] > 1000);
}

/* Near the greatest length, where offsets and lengths add up to more than a datagram can have. */
static void fragments_near_the_limit_are_taken_or_too_large(void **)
{
	uint64_t nb_too_large = 0;

	start(99);
	for (int i = 0; i < 3000; i++) {
		struct frag_spec f = random_fragment(4, T0 + (uint64_t)i * SEC);

		f.v6 = chance(50);
		f.hdr_extra = chance(50) ? (uint8_t)(8 * random_below(6)) : 0;
		if (chance(80))
			f.off = (uint16_t)(65536 - 8 * (1 + random_below(8)));
		f.data = payload;
		add(&f);
		nb_too_large += answer.result == PAL_DEFRAG_DROPPED &&
				answer.drop == PAL_DROP_FRAG_TOO_LARGE;
	}
	bed.now_ns = T0 + 3000 * SEC;
	finish();
	assert_true(nb_too_large > 500);
}

static int teardown(void **state)
{
	model_clear(&model);
	pal_prefix_destroy(policies);
	policies = NULL;
	memset(nb_results, 0, sizeof(nb_results));
	return bed_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(any_fragmentation_gives_the_datagram, teardown),
		cmocka_unit_test_teardown(
			fragments_over_each_other_end_as_the_policies_say, teardown
		),
		cmocka_unit_test_teardown(
			fragments_near_the_limit_are_taken_or_too_large, teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
