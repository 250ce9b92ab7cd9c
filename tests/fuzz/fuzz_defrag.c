/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: fragments, FRAG_BYTES each: what they are, where, how long, which of a few contents, how much later. Whatever
 * they are, the table answers as the slow model does; a table with hardly any room keeps its books as well.
 */
#include "../support/defrag_model.h"

#include <pal_cursor.h>
#include <pal_time.h>

#define FRAG_BYTES 8
#define FRAGS_MAX 48 /**< The model's cost is their square. */

static uint8_t contents[65536 + 8 * 256];
static struct model model;
static struct model_answer answer;

/** A table, and what came of the frames given to it. */
struct bed {
	struct pal_defrag *tbl;
	uint64_t lost, dropped;
};

/** Made once, and flushed after every input; only the clock goes on. */
static struct bed big, small;

static void on_lost(void *arg, const struct pal_defrag_lost *lost)
{
	struct bed *bed = arg;

	bed->lost += lost->nb_frags;
}

static void on_event(void *, enum pal_defrag_event event, const struct pal_defrag_event_info *info)
{
	frag_must(pal_defrag_event_name(event) != NULL && info->key->ip_version != 0);
}

static void
create(struct bed *bed, const struct pal_prefix_table *policies, uint64_t mib, uint32_t max)
{
	const struct pal_defrag_conf conf = {
		.memory_bytes = mib << 20,
		.max_datagrams = max,
		.policies = policies,
		.hooks = {on_event, on_lost, bed},
	};

	bed->tbl = pal_defrag_create(&conf);
	frag_must(bed->tbl != NULL);
}

static void prepare(void)
{
	static struct pal_prefix_table *policies;
	char text[512] = "", err[PAL_PREFIX_ERR_LEN];

	if (policies != NULL)
		return;
	for (size_t i = 0; i < sizeof(contents); i++)
		contents[i] = (uint8_t)(i * i >> 7 ^ i);
	for (int p = 0; p < PAL_DEFRAG_POLICY_COUNT; p++) {
		model.policy[p] = p;
		snprintf(
			text + strlen(text),
			sizeof(text) - strlen(text),
			"%s10.0.0.%d %s",
			p ? "," : "",
			p,
			pal_defrag_policy_name(p)
		);
	}
	frag_must(pal_defrag_policies_parse(text, &policies, err) == 0);
	create(&big, policies, 8, 256);
	create(&small, policies, 1, 3);
	model.timeout_ns[0] = 30 * PAL_NS_PER_S;
	model.timeout_ns[1] = 60 * PAL_NS_PER_S;
	model.clock_ns = 1000 * PAL_NS_PER_S;
}

static struct frag_spec spec_of(const uint8_t *in, uint64_t *now_ns)
{
	struct frag_spec f = {
		.v6 = in[0] & 1,
		.more = in[0] >> 1 & 1,
		.proto = in[0] >> 2 & 1 ? IPPROTO_TCP : IPPROTO_UDP,
		.src = 100,
		.dst = in[0] >> 3 & 7,
		.id = in[0] >> 6,
		.hdr_extra = (in[1] & 3) * 8,
		.off = (uint16_t)((pal_load_be16(in + 2) & 0x1fff) * 8),
		.len = pal_load_be16(in + 4),
		.data = contents,
		.time_ns = *now_ns,
	};

	// Most bytes are what every fragment has at that place.
	f.data = contents + (f.off + (in[1] >> 2 & 3) * 8u) % (sizeof(contents) - f.len);
	if (f.off == 0)
		f.more = true;
	if (f.len > 65000)
		f.len = 65000;
	f.cut = in[6] < f.len ? in[6] : f.len;
	if (in[1] & 0x10)
		f.cut = 0;
	*now_ns += (uint64_t)(int64_t)(int8_t)in[7] * PAL_NS_PER_S / 2;
	return f;
}

static void check_books(const struct bed *bed)
{
	const struct pal_defrag_stats *s = pal_defrag_stats_get(bed->tbl);
	uint64_t gone = 0, gone_bytes = 0;

	for (int i = 0; i < PAL_DROP_COUNT; i++) {
		gone += s->exits.pkts[i];
		gone_bytes += s->exits.bytes[i];
	}
	frag_must(s->frags == s->held_frags + s->whole_frags + gone);
	frag_must(s->bytes == s->held_bytes + s->whole_bytes + gone_bytes);
	frag_must(gone == bed->lost + bed->dropped);
	frag_must((s->active == 0) == (s->held_frags == 0));
}

static void compare_whole(const struct frag_spec *f, const struct pal_defrag_whole *whole)
{
	uint8_t *bytes = malloc(whole->total_len);
	uint32_t hdr_len = (f->v6 ? 40u : 20u) + answer.hdr_extra;

	frag_must(bytes != NULL);
	frag_must(pal_defrag_take(big.tbl, whole, bytes) == whole->cap_len);
	frag_must(whole->nb_frags == answer.nb_frags && whole->hdr_len == hdr_len);
	frag_must(whole->overlap == answer.overlap && whole->conflict == answer.conflict);
	frag_must(whole->total_len == hdr_len + answer.payload_len);
	frag_must(whole->cap_len == hdr_len + answer.known_len);
	frag_must(memcmp(bytes + hdr_len, answer.payload, answer.known_len) == 0);
	free(bytes);
}

static void add(const struct frag_spec *f)
{
	struct pal_pkt pkt = frag_build(f);
	enum pal_defrag_result result;
	struct pal_defrag_whole whole;

	model_add(&model, f, &answer);
	result = pal_defrag_add(big.tbl, &pkt, &whole);
	frag_must(result == answer.result);
	frag_must(result != PAL_DEFRAG_DROPPED || whole.drop == answer.drop);
	big.dropped += result == PAL_DEFRAG_DROPPED;
	if (result == PAL_DEFRAG_WHOLE)
		compare_whole(f, &whole);
	result = pal_defrag_add(small.tbl, &pkt, &whole);
	small.dropped += result == PAL_DEFRAG_DROPPED;
	if (result == PAL_DEFRAG_WHOLE)
		pal_defrag_take(small.tbl, &whole, NULL);
	check_books(&big);
	check_books(&small);
	free((void *)(uintptr_t)pkt.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t now_ns;

	prepare();
	now_ns = model.clock_ns;
	for (size_t i = 0; i < FRAGS_MAX && size >= FRAG_BYTES; i++) {
		struct frag_spec f = spec_of(data, &now_ns);

		add(&f);
		data += FRAG_BYTES;
		size -= FRAG_BYTES;
	}
	model.gone += model_held(&model);
	model_clear(&model);
	pal_defrag_flush(big.tbl, now_ns);
	pal_defrag_flush(small.tbl, now_ns);
	check_books(&big);
	check_books(&small);
	frag_must(pal_defrag_stats_get(big.tbl)->frags == model.wholes + model.gone);
	if (now_ns > model.clock_ns)
		model.clock_ns = now_ns;
	return 0;
}
