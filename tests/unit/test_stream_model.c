/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The engine against a slow, obvious model: an array with one cell for each byte of the stream, and the rules of the
 * manual in plain words. Any split, order, duplication and overlap of segments must give what the model gives, byte
 * for byte and event for event, for every policy.
 *
 * A piece, in the model, is a run of neighbouring cells that came by the same segment.
 */
#include "stream_bed.h"

#define NB_CELLS 1024
#define NB_SEGS 40
#define NB_ROUNDS 40
#define NONE (-1)

static uint64_t random_state;

// splitmix64: the same numbers everywhere.
static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int random_below(int n)
{
	return (int)(random_u64() % (uint64_t)n);
}

/* the model */

struct model_conflict {
	int offset, len;
	bool new_wins;
};

static struct {
	enum pal_stream_policy policy;
	int max_bytes, max_pieces;
	int owner
		[NB_CELLS]; // segment that the byte in the cell came by, while it is parked; or NONE
	char value[NB_CELLS]; // of parked and of delivered bytes; 0 in a gap
	int next, acked, fin;
	char heard[NB_CELLS * 4];
	uint64_t in, delivered, old, after_fin;
	struct model_conflict conflicts[NB_SEGS];
	int nb_conflicts;
	bool old_conflict; // the last segment has brought other bytes than were delivered, and not acknowledged
	bool acked_conflict; // ... or acknowledged: compared if something else of their segment is not
} model;

static void model_start(enum pal_stream_policy policy, int max_bytes, int max_pieces)
{
	memset(&model, 0, sizeof(model));
	model.policy = policy;
	model.max_bytes = max_bytes;
	model.max_pieces = max_pieces;
	model.acked = 0;
	model.fin = NONE;
	for (int i = 0; i < NB_CELLS; i++)
		model.owner[i] = NONE;
}

// In words, what the operating systems do.
static bool new_wins(int new_begin, int new_end, int old_begin, int old_end)
{
	switch (model.policy) {
	case PAL_STREAM_LAST:
		return true;
	case PAL_STREAM_BSD:
	case PAL_STREAM_HPUX10:
	case PAL_STREAM_IRIX:
	case PAL_STREAM_MACOS:
	case PAL_STREAM_WINDOWS:
	case PAL_STREAM_WINDOWS2K3:
		return new_begin < old_begin;
	case PAL_STREAM_LINUX:
		return new_begin < old_begin || (new_begin == old_begin && new_end > old_end);
	case PAL_STREAM_OLD_LINUX:
		return new_begin < old_begin || (new_begin == old_begin && new_end >= old_end);
	case PAL_STREAM_SOLARIS:
	case PAL_STREAM_HPUX11:
		return (new_begin <= old_begin && new_end >= old_end) ||
		       (new_begin > old_begin && new_end > old_end);
	default:
		return false;
	}
}

static int piece_end(int begin)
{
	int end = begin;

	while (end < NB_CELLS && model.owner[end] == model.owner[begin])
		end++;
	return end;
}

static int first_parked(void)
{
	for (int i = model.next; i < NB_CELLS; i++)
		if (model.owner[i] != NONE)
			return i;
	return NONE;
}

static int parked_bytes(void)
{
	int n = 0;

	for (int i = 0; i < NB_CELLS; i++)
		n += model.owner[i] != NONE;
	return n;
}

static int parked_pieces(void)
{
	int n = 0;

	for (int i = 0; i < NB_CELLS; i++)
		n += model.owner[i] != NONE && (i == 0 || model.owner[i - 1] != model.owner[i]);
	return n;
}

static void model_drain(void)
{
	size_t len = strlen(model.heard);

	while (model.owner[model.next] != NONE) {
		model.owner[model.next] = NONE;
		model.heard[len++] = model.value[model.next++];
		model.delivered++;
	}
}

static void model_gap(int until)
{
	sprintf(model.heard + strlen(model.heard), "<%d>", until - model.next);
	model.next = until;
}

static void model_go_on(int begin)
{
	int first = first_parked();

	if (first != NONE && first < begin) {
		model_gap(first);
		model_drain();
	} else {
		model_gap(begin);
	}
}

// Put begin .. cap_end of segment `id` into the cells; the host saw it reach from wire_begin to wire_end.
static void
model_put(int id, int begin, int cap_end, int wire_begin, int wire_end, const char *bytes)
{
	for (int i = begin; i < cap_end;) {
		int old_begin = i, old_end, end;
		bool wins, differ = false;

		if (model.owner[i] == NONE) {
			model.owner[i] = id;
			model.value[i] = bytes[i - begin];
			i++;
			continue;
		}
		while (old_begin > 0 && model.owner[old_begin - 1] == model.owner[i])
			old_begin--;
		old_end = piece_end(i);
		end = old_end < cap_end ? old_end : cap_end;
		wins = new_wins(wire_begin, wire_end, old_begin, old_end);
		for (int k = i; k < end; k++)
			differ |= model.value[k] != bytes[k - begin];
		if (differ)
			model.conflicts[model.nb_conflicts++] =
				(struct model_conflict){i, end - i, wins};
		model.old += (uint64_t)(end - i);
		for (; i < end; i++) {
			if (wins) {
				model.owner[i] = id;
				model.value[i] = bytes[i - begin];
			}
		}
	}
}

static int model_trim_old(int *begin, int *len, int *cap, const char **bytes)
{
	int n = model.next - *begin < *len ? model.next - *begin : *len;
	int captured = n < *cap ? n : *cap;

	if (n <= 0)
		return 0;
	for (int i = 0; i < captured && !(*len == 1 && *begin + 1 == model.next); i++)
		if (model.value[*begin + i] != 0 && model.value[*begin + i] != (*bytes)[i])
			*(*begin + i < model.acked ? &model.acked_conflict : &model.old_conflict) =
				true;
	*begin += n;
	*len -= n;
	*cap -= captured;
	*bytes += n;
	return captured;
}

static void model_take(int begin, int len, int cap, int wire_begin, int id, const char *bytes)
{
	model_put(id, begin, begin + cap, wire_begin, begin + len, bytes);
	model_drain();
	while (model.next < begin + len) {
		int first = first_parked();

		model_gap(first != NONE && first < begin + len ? first : begin + len);
		model_drain();
	}
}

static void model_segment(int id, int begin, int len, int cap, const char *bytes)
{
	int wire_begin = begin, wire_end = begin + len;

	model.in += (uint64_t)cap;
	model.old_conflict = model.acked_conflict = false;
	if (model.fin != NONE && begin + len > model.fin) {
		int left = model.fin > begin ? model.fin - begin : 0;

		model.after_fin += (uint64_t)(cap > left ? cap - left : 0);
		len = left;
		cap = cap < left ? cap : left;
	}
	while (len > 0) {
		model.old += (uint64_t)model_trim_old(&begin, &len, &cap, &bytes);
		if (len == 0 || (begin > model.next && cap == 0))
			return;
		if (begin == model.next) {
			model_take(begin, len, cap, wire_begin, id, bytes);
			return;
		}
		if (model.acked < begin && parked_bytes() + cap <= model.max_bytes &&
		    parked_pieces() < model.max_pieces) {
			model_put(id, begin, begin + cap, wire_begin, wire_end, bytes);
			return;
		}
		model_go_on(begin);
	}
}

static void model_ack(int ack)
{
	if (ack < model.acked)
		return;
	model.acked = ack;
	if (model.fin != NONE && ack > model.fin + 1)
		model.fin = NONE;
	for (int first; (first = first_parked()) != NONE && ack >= first;) {
		model_gap(first);
		model_drain();
	}
}

static void model_fin(int fin)
{
	if (fin >= model.next && (model.fin == NONE || fin < model.fin))
		model.fin = fin;
}

static void model_close(void)
{
	int end = model.next;

	for (int first; (first = first_parked()) != NONE;) {
		if (first > model.next)
			model_gap(first);
		model_drain();
	}
	if (model.fin != NONE)
		end = model.fin;
	else if (model.acked > model.next + 1)
		end = model.acked;
	if (end > model.next)
		model_gap(end);
}

/* the engine beside it */

static uint32_t isn;

static void feed(int begin, int len, int cap, bool fin, const char *bytes)
{
	uint32_t seq = isn + 1 + (uint32_t)begin;
	struct pktbuild *pb = sb_head('c', fin ? A | F : A, seq, 501);

	pktbuild_payload(pb, bytes, (size_t)len);
	sb_feed_cut(pb, (size_t)(len - cap));
}

// Conflicts of the last segment with what was parked, in order; those with delivered bytes come before them.
static void check_conflicts(unsigned int nb_before, int next_before)
{
	int n = 0;
	bool old_conflict = false;

	for (unsigned int i = nb_before; i < sb.nb_events; i++) {
		const struct pal_stream_event_info *info = &sb.events[i].info;

		if (sb.events[i].event != PAL_STREAM_EVENT_OVERLAP_DIFFERENT)
			continue;
		if (info->offset < (uint64_t)next_before) {
			assert_false(info->new_wins);
			old_conflict = true;
			continue;
		}
		assert_true(n < model.nb_conflicts);
		assert_int_equal(info->offset, model.conflicts[n].offset);
		assert_int_equal(info->len, model.conflicts[n].len);
		assert_int_equal(info->new_wins, model.conflicts[n].new_wins);
		n++;
	}
	assert_int_equal(n, model.nb_conflicts);
	assert_true(old_conflict || !model.old_conflict);
	assert_true(!old_conflict || model.old_conflict || model.acked_conflict);
	model.nb_conflicts = 0;
}

// Neighbours of what comes next, mostly; some far ahead, some long gone.
static int pick_begin(void)
{
	int begin = model.next - 12 + random_below(random_below(4) == 0 ? 80 : 32);

	return begin < 0 ? 0 : begin;
}

static void step_segment(int id, bool same_bytes)
{
	unsigned int nb_before = sb.nb_events;
	int begin = pick_begin(), len = 1 + random_below(random_below(3) == 0 ? 24 : 8);
	int cap = random_below(12) == 0 ? random_below(len + 1) : len;
	int next_before = model.next;
	char bytes[32];

	for (int i = 0; i < len; i++)
		bytes[i] = (char)(same_bytes ? 'a' + (begin + i) * 7 % 26 : 'A' + random_below(3));
	model_segment(id, begin, len, cap, bytes);
	feed(begin, len, cap, false, bytes);
	// Bytes that were late for this one's own order are at or behind what was next, once a gap is given up.
	if (sb.counts[PAL_STREAM_EVENT_GAP] == 0)
		check_conflicts(nb_before, next_before);
	model.nb_conflicts = 0;
}

static void step(int id, bool same_bytes)
{
	int dice = random_below(20), ack;

	if (dice < 16) {
		step_segment(id, same_bytes);
	} else if (dice < 19) {
		ack = model.next + random_below(40) - 10;
		ack = ack < 0 ? 0 : ack;
		model_ack(ack);
		s(A, 501, isn + 1 + (uint32_t)ack, "");
	} else if (random_below(4) == 0) {
		int fin = model.next + random_below(40);

		model_fin(fin);
		feed(fin, 0, 0, true, "");
	}
}

static void check_books(void)
{
	const struct pal_streams_stats *stats = pal_streams_stats_get(sb.streams);

	assert_int_equal(stats->in, model.in);
	assert_int_equal(stats->delivered, model.delivered);
	assert_int_equal(stats->duplicate + stats->discards[PAL_STREAM_DISCARD_LATE], model.old);
	assert_int_equal(stats->discards[PAL_STREAM_DISCARD_AFTER_FIN], model.after_fin);
	assert_int_equal(stats->parked, parked_bytes());
	assert_int_equal(stats->parked_segs, parked_pieces());
}

static void
compare(enum pal_stream_policy policy, uint64_t seed, int max_bytes, int max_pieces, bool same_bytes
)
{
	struct pal_streams_conf conf = sb_conf();

	conf.policy = policy;
	conf.max_flow_bytes = (uint32_t)max_bytes;
	conf.max_flow_segs = (uint32_t)max_pieces;
	random_state = seed;
	isn = (uint32_t)(random_below(2) == 0 ? random_u64() : 0u - (uint64_t)random_below(200));
	model_start(policy, max_bytes, max_pieces);
	stream_bed_start(&conf);
	sb.copy = random_below(4) == 0;
	c(S, isn, 0, "");
	s(S | A, 500, isn + 1, "");
	for (int id = 0; id < NB_SEGS; id++) {
		step(id, same_bytes);
		if (strcmp(sb.heard[0], model.heard) != 0)
			fail_msg(
				"%s, seed %llu, step %d: %s, not %s",
				pal_stream_policy_name(policy),
				(unsigned long long)seed,
				id,
				sb.heard[0],
				model.heard
			);
		check_books();
	}
	model_close();
	stream_bed_finish();
	assert_string_equal(sb.heard[0], model.heard);
	check_books();
}

static void engine_does_what_the_model_does(void **)
{
	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++)
		for (uint64_t seed = 0; seed < NB_ROUNDS; seed++)
			compare((enum pal_stream_policy)policy, seed + 1, 1 << 20, 1024, false);
}

static void limits_do_what_the_model_does(void **)
{
	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++)
		for (uint64_t seed = 0; seed < NB_ROUNDS / 2; seed++)
			compare((enum pal_stream_policy)policy,
				seed + 1000,
				5 + (int)seed * 2,
				1 + (int)seed / 3,
				false);
}

// Where all sendings of a byte agree, no policy and no order makes a difference.
static void equal_bytes_are_never_a_conflict(void **)
{
	for (int policy = 0; policy < PAL_STREAM_POLICY_COUNT; policy++)
		for (uint64_t seed = 0; seed < NB_ROUNDS / 4; seed++) {
			compare((enum pal_stream_policy)policy, seed + 2000, 1 << 20, 1024, true);
			assert_event(OVERLAP_DIFFERENT, 0);
		}
}

#define bed_test(name) cmocka_unit_test_teardown(name, stream_bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(engine_does_what_the_model_does),
		bed_test(limits_do_what_the_model_does),
		bed_test(equal_bytes_are_never_a_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
