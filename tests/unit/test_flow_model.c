/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The flow table against a slow, obvious model: a list of flows, searched from end to end, and the rules of the
 * manual. Packets are random, over few keys in few shards, with times that jump and go back.
 *
 * The model follows each packet: which flow it belongs to, what ends before it, and why. Which flow goes when a
 * shard is full is the table's choice; that it had to choose, and that the choice is the same however the shards
 * are dealt, is checked.
 */
#include "flow_model.h"

/* what the table does, held against it */

static uint32_t nb_open_in(uint16_t shard)
{
	uint32_t n = 0;

	for (int i = 0; i < model.nb_flows; i++)
		n += model.flows[i].is_open && model.flows[i].shard == shard;
	return n;
}

static void model_on_open(void *, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct model_flow *f = &model.flows[model.nb_flows];

	assert_ptr_equal(pkt, model.pkt);
	assert_int_equal(model.current, -1);
	model.current = model.nb_flows;
	memcpy(pal_flow_extra(flow, 0), &model.nb_flows, sizeof(model.nb_flows));
	model.nb_flows++;
	*f = (struct model_flow){
		.key = pkt->key,
		.shard = pal_steer_shard(pkt),
		.initiator = pal_pkt_sender(pkt),
		.first_ns = pkt->time_ns,
		.last_ns = pkt->time_ns,
		.first_number = pkt->number,
		.is_open = true,
	};
	if (pkt->tcp_flags & PAL_TCP_SYN && pkt->tcp_flags & PAL_TCP_ACK)
		f->initiator ^= 1;
	assert_true(nb_open_in(f->shard) <= model.cap);
}

// The next to time out goes, as far as ticks of 4 s tell. Only where a timeout never becomes shorter.
static void check_victim(const struct model_flow *victim)
{
	uint64_t due_ns = victim->heard_ns + model_timeout_ns(victim);

	for (int i = 0; i < model.nb_flows && model.check_victims; i++) {
		const struct model_flow *f = &model.flows[i];

		if (f->is_open && f->shard == victim->shard)
			assert_true(due_ns <= f->heard_ns + model_timeout_ns(f) + 4 * SEC);
	}
}

static void model_on_close(void *, struct pal_flow *flow)
{
	struct model_flow *f;
	int i;

	memcpy(&i, pal_flow_extra(flow, 0), sizeof(i));
	f = &model.flows[i];
	assert_true(f->is_open);
	switch (flow->end) {
	case PAL_FLOW_END_TIMEOUT:
		assert_true(model_is_over(f, model.now_ns));
		break;
	case PAL_FLOW_END_TCP_REUSE:
		assert_int_equal(i, model.reused);
		break;
	case PAL_FLOW_END_FORCED:
		assert_non_null(model.pkt);
		assert_int_equal(model.current, -1);
		assert_int_equal(f->shard, pal_steer_shard(model.pkt));
		assert_int_equal(nb_open_in(f->shard), model.cap);
		assert_false(model_is_over(f, model.now_ns));
		check_victim(f);
		model.nb_forced++;
		break;
	default:
		assert_int_equal(flow->end, PAL_FLOW_END_SHUTDOWN);
		assert_null(model.pkt);
		assert_false(model_is_over(f, model.now_ns));
	}
	assert_memory_equal(&flow->key, &f->key, sizeof(f->key));
	assert_memory_equal(flow->pkts, f->pkts, sizeof(f->pkts));
	assert_memory_equal(flow->bytes, f->bytes, sizeof(f->bytes));
	assert_memory_equal(flow->tcp_flags, f->flags, sizeof(f->flags));
	assert_int_equal(flow->first_ns, f->first_ns);
	assert_int_equal(flow->last_ns, f->last_ns);
	assert_int_equal(flow->first_number, f->first_number);
	assert_int_equal(flow->initiator, f->initiator);
	assert_int_equal(flow->state, model_state(f));
	assert_int_equal(flow->tcp_state, f->tcp);
	f->is_open = false;
}

static void follow(struct pal_pkt *pkt, uint16_t i)
{
	const struct pal_flow *flow;
	int index;

	model_expect(pkt);
	flow = pal_flow_track(bed.tbl, i, pkt);
	memcpy(&index, (const uint8_t *)flow + sizeof(*flow), sizeof(index));
	assert_int_equal(index, model.current); // on_open has made it, if it is new
	if (model.reused >= 0)
		assert_false(model.flows[model.reused].is_open);
	model_count(&model.flows[index], pkt);
	assert_int_equal(flow->tcp_state, model.flows[index].tcp);
	assert_int_equal(flow->state, model_state(&model.flows[index]));
}

static void finish_model(void)
{
	uint64_t end_ns = 0;

	for (int i = 0; i < NB_PKTS; i++)
		if (traffic[i].pkt.time_ns > end_ns)
			end_ns = traffic[i].pkt.time_ns;
	model.pkt = NULL;
	model.now_ns = end_ns; // no clock is ahead of it
	pal_flow_finish(bed.tbl, end_ns);
	for (int i = 0; i < model.nb_flows; i++)
		assert_false(model.flows[i].is_open);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->opened, model.nb_flows);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->pkts, NB_PKTS);
	assert_int_equal(pal_flow_stats_get(bed.tbl)->active, 0);
}

static void compare(uint32_t cap, uint64_t seed, uint32_t nb_keys_used, bool check_victims)
{
	struct pal_flow_conf conf = bed_conf(cap * PAL_SHARDS);

	memset(&model, 0, sizeof(model));
	model.cap = cap;
	model.check_victims = check_victims;
	conf.hooks = (struct pal_flow_hooks){model_on_open, model_on_close, NULL};
	bed.tbl = pal_flow_table_create(&conf, PAL_SHARDS);
	assert_non_null(bed.tbl);
	make_traffic(seed, nb_keys_used);
	for (int i = 0; i < NB_PKTS;) {
		struct pal_pkt *pkts[PAL_BURST_MAX];
		uint16_t n = (uint16_t)(1 + random_below(PAL_BURST_MAX));

		if (n > NB_PKTS - i)
			n = (uint16_t)(NB_PKTS - i);
		for (uint16_t k = 0; k < n; k++)
			pkts[k] = &traffic[i + k].pkt;
		pal_flow_prefetch(bed.tbl, pkts, n);
		for (uint16_t k = 0; k < n; k++)
			follow(pkts[k], k);
		i += n;
	}
	finish_model();
	bed_teardown(NULL);
}

static void table_does_what_the_model_does(void **)
{
	static const uint32_t caps[] = {1, 2, 3, 7, 64};

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		compare(caps[i], 100 + i, NB_KEYS, false);
		assert_true(caps[i] == 64 || model.nb_forced > 50); // the cap was met
		compare(caps[i], 200 + i, 3, false); // few keys: much happens to each
	}
}

/* what is decided does not depend on who owns which shard */

/** All that a record of a flow is made of. */
struct record {
	struct pal_flow_key key;
	uint64_t id, first_ns, last_ns, first_number;
	uint64_t pkts[PAL_DIR_COUNT], bytes[PAL_DIR_COUNT];
	uint8_t end, state, tcp_state, initiator, flags[PAL_DIR_COUNT], pad[2];
};

struct records {
	size_t nb;
	struct record all[NB_PKTS];
};

static void ignore_open(void *, struct pal_flow *, const struct pal_pkt *) {}

static void record_close(void *arg, struct pal_flow *flow)
{
	struct records *records = arg;
	struct record *r = &records->all[records->nb++];

	memset(r, 0, sizeof(*r));
	r->key = flow->key;
	r->id = flow->id;
	r->first_ns = flow->first_ns;
	r->last_ns = flow->last_ns;
	r->first_number = flow->first_number;
	memcpy(r->pkts, flow->pkts, sizeof(r->pkts));
	memcpy(r->bytes, flow->bytes, sizeof(r->bytes));
	memcpy(r->flags, flow->tcp_flags, sizeof(r->flags));
	r->end = flow->end;
	r->state = flow->state;
	r->tcp_state = flow->tcp_state;
	r->initiator = flow->initiator;
}

static int compare_records(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct record));
}

// The packets of shards i % nb_tables == own, through a table of their own, in bursts of any size.
static void
run_table(struct records *records, uint32_t cap, unsigned int own, unsigned int nb_tables)
{
	struct pal_flow_conf conf = bed_conf(cap * PAL_SHARDS);
	struct pal_pkt *pkts[PAL_BURST_MAX];
	uint16_t n = 0, want = 1;
	uint64_t end_ns = 0;

	conf.hooks = (struct pal_flow_hooks){ignore_open, record_close, records};
	bed.tbl = pal_flow_table_create(&conf, (PAL_SHARDS + nb_tables - 1) / nb_tables);
	assert_non_null(bed.tbl);
	for (int i = 0; i < NB_PKTS; i++) {
		struct pal_pkt *pkt = &traffic[i].pkt;

		if (pkt->time_ns > end_ns)
			end_ns = pkt->time_ns;
		if (pal_steer_shard(pkt) % nb_tables == own)
			pkts[n++] = pkt;
		if (n < want && i != NB_PKTS - 1)
			continue;
		pal_flow_prefetch(bed.tbl, pkts, n);
		for (uint16_t k = 0; k < n; k++)
			pal_flow_track(bed.tbl, k, pkts[k]);
		n = 0;
		want = (uint16_t)(1 + random_below(PAL_BURST_MAX));
	}
	pal_flow_finish(bed.tbl, end_ns);
	bed_teardown(NULL);
}

static void any_dealing_gives_the_same_records(void **)
{
	static const unsigned int nb_tables[] = {1, 2, 3, 5};
	static struct records first, other;

	for (uint32_t cap = 1; cap <= 16; cap *= 4) {
		make_traffic(300 + cap, NB_KEYS);
		for (size_t t = 0; t < 4; t++) {
			struct records *records = t == 0 ? &first : &other;

			records->nb = 0;
			random_state = t;
			for (unsigned int own = 0; own < nb_tables[t]; own++)
				run_table(records, cap, own, nb_tables[t]);
			qsort(records->all, records->nb, sizeof(records->all[0]), compare_records);
			assert_int_equal(records->nb, first.nb);
			assert_memory_equal(
				records->all, first.all, first.nb * sizeof(first.all[0])
			);
		}
		assert_true(first.nb > 500);
	}
}

static void full_shard_ends_the_next_to_time_out(void **)
{
	struct gen_pkt saved[NB_KEYS][PAL_DIR_COUNT];

	// UDP alone: its timeouts only grow, and lie within reach of the wheel.
	memcpy(saved, templates, sizeof(saved));
	for (unsigned int k = 0; k < NB_KEYS - 2; k++) {
		uint16_t port = templates[k][0].pkt.key.port[0];

		make_template(&templates[k][0], udp_pkt(A4, port, B4, 80, "question"));
		make_template(&templates[k][1], udp_pkt(A4, port, B4, 80, "another"));
	}
	for (uint32_t cap = 2; cap <= 7; cap++) {
		compare(cap, 400 + cap, NB_KEYS, true);
		assert_true(model.nb_forced > 50);
	}
	memcpy(templates, saved, sizeof(saved));
}

#define bed_test(name) cmocka_unit_test_teardown(name, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(table_does_what_the_model_does),
		bed_test(any_dealing_gives_the_same_records),
		bed_test(full_shard_ends_the_next_to_time_out),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
