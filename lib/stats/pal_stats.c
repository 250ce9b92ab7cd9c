/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_stats.h"

#include <inttypes.h>

static void amount_add(struct pal_amount *a, const struct pal_amount *b)
{
	a->pkts += b->pkts;
	a->bytes += b->bytes;
}

void pal_stats_add_source(struct pal_stats *stats, const struct pal_source_stats *more)
{
	stats->source.offered_pkts += more->offered_pkts;
	stats->source.offered_bytes += more->offered_bytes;
	stats->source.errors += more->errors;
	pal_exits_add(&stats->source.exits, &more->exits);
}

void pal_stats_add_pipeline(struct pal_stats *stats, const struct pal_lcore_stats *more)
{
	struct pal_lcore_stats *sum = &stats->pipeline;

	amount_add(&sum->received, &more->received);
	amount_add(&sum->input, &more->input);
	amount_add(&sum->datagrams, &more->datagrams);
	amount_add(&sum->steered, &more->steered);
	amount_add(&sum->delivered, &more->delivered);
	pal_exits_add(&sum->exits, &more->exits);
	if (more->first_ns != 0 && (sum->first_ns == 0 || more->first_ns < sum->first_ns))
		sum->first_ns = more->first_ns;
	if (more->last_ns > sum->last_ns)
		sum->last_ns = more->last_ns;
}

static void add_number(struct pal_decode_number *sum, const struct pal_decode_number *more)
{
	for (int i = 0; i < PAL_DECODE_NUMBERS; i++) {
		if (sum[i].pkts != 0 && sum[i].number != more->number)
			continue;
		sum[i].number = more->number;
		sum[i].pkts += more->pkts;
		return;
	}
}

static void add_numbers(struct pal_decode_number *sum, const struct pal_decode_number *more)
{
	for (int i = 0; i < PAL_DECODE_NUMBERS && more[i].pkts != 0; i++)
		add_number(sum, &more[i]);
}

void pal_stats_add_decode(struct pal_stats *stats, const struct pal_decode_stats *more)
{
	struct pal_decode_stats *sum = &stats->decode;

	sum->pkts += more->pkts;
	sum->bytes += more->bytes;
	sum->inner_pkts += more->inner_pkts;
	sum->inner_bytes += more->inner_bytes;
	sum->whole_pkts += more->whole_pkts;
	sum->whole_bytes += more->whole_bytes;
	sum->vlan_qinq += more->vlan_qinq;
	for (int i = 0; i < PAL_LAYER_COUNT; i++)
		sum->layers[i] += more->layers[i];
	for (int i = 0; i < PAL_TUNNEL_COUNT; i++)
		sum->tunnels[i] += more->tunnels[i];
	sum->tunnel_too_deep += more->tunnel_too_deep;
	if (more->max_pkt_size > sum->max_pkt_size)
		sum->max_pkt_size = more->max_pkt_size;
	pal_exits_add(&sum->exits, &more->exits);
	pal_exits_add(&sum->inner_exits, &more->inner_exits);
	pal_exits_add(&sum->whole_exits, &more->whole_exits);
	add_numbers(sum->unknown_linktype, more->unknown_linktype);
	add_numbers(sum->unknown_ethertype, more->unknown_ethertype);
	add_numbers(sum->unknown_ppp, more->unknown_ppp);
	add_numbers(sum->unknown_ipproto, more->unknown_ipproto);
}

void pal_stats_add_flow(struct pal_stats *stats, const struct pal_flow_stats *more)
{
	struct pal_flow_stats *sum = &stats->flow;

	sum->pkts += more->pkts;
	sum->bytes += more->bytes;
	sum->opened += more->opened;
	for (int i = 0; i < PAL_FLOW_PROTO_COUNT; i++)
		sum->opened_by[i] += more->opened_by[i];
	sum->opened_icmpv6 += more->opened_icmpv6;
	for (int i = 0; i < PAL_FLOW_END_COUNT; i++)
		sum->ended[i] += more->ended[i];
	sum->active += more->active;
	sum->max_active += more->max_active;
	sum->tcp_syn += more->tcp_syn;
	sum->tcp_synack += more->tcp_synack;
	sum->tcp_rst += more->tcp_rst;
	sum->tcp_midstream += more->tcp_midstream;
	sum->clock_backward += more->clock_backward;
}

struct pal_amount pal_stats_exit(const struct pal_stats *stats, enum pal_drop drop)
{
	const struct pal_exits *exits[] = {
		&stats->source.exits, &stats->pipeline.exits, &stats->decode.exits};
	struct pal_amount sum = {0};

	for (int i = 0; i < 3; i++) {
		sum.pkts += exits[i]->pkts[drop];
		sum.bytes += exits[i]->bytes[drop];
	}
	return sum;
}

void pal_stats_books(
	const struct pal_stats *stats,
	enum pal_stage stage,
	struct pal_books *ret_books
)
{
	const struct pal_lcore_stats *p = &stats->pipeline;
	struct pal_amount offered = {stats->source.offered_pkts, stats->source.offered_bytes};
	// What flows between the stages: in of one is out of the one before.
	const struct pal_amount *between[PAL_STAGE_COUNT + 1] = {
		&offered, &p->received, &p->input, &p->datagrams, &p->steered, &p->delivered};
	struct pal_books books = {0};

	books.in = stage == PAL_STAGE_COUNT ? offered : *between[stage];
	books.out = stage == PAL_STAGE_COUNT ? p->delivered : *between[stage + 1];
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, drop);

		if (stage == PAL_STAGE_COUNT || pal_drop_stage(drop) == stage)
			amount_add(&books.exits, &left);
	}
	books.residual.pkts = books.in.pkts - books.out.pkts - books.exits.pkts;
	books.residual.bytes = books.in.bytes - books.out.bytes - books.exits.bytes;
	*ret_books = books;
}

uint64_t pal_stats_lost(const struct pal_stats *stats)
{
	struct pal_books source, steer;

	pal_stats_books(stats, PAL_STAGE_SOURCE, &source);
	pal_stats_books(stats, PAL_STAGE_STEER, &steer);
	return source.exits.pkts + steer.exits.pkts;
}

static void print_amount(FILE *out, const char *name, const struct pal_amount *a, const char *text)
{
	fprintf(out, "  %-24s %15" PRIu64 " %20" PRIu64 "  %s\n", name, a->pkts, a->bytes, text);
}

void pal_stats_print(const struct pal_stats *stats, FILE *out)
{
	struct pal_books books;

	fprintf(out, "  %-24s %15s %20s\n", "ledger", "packets", "bytes");
	pal_stats_books(stats, PAL_STAGE_COUNT, &books);
	print_amount(out, "offered", &books.in, "");
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, drop);

		if (left.pkts != 0)
			print_amount(out, pal_drop_name(drop), &left, pal_drop_text(drop));
	}
	print_amount(out, "delivered", &books.out, "to flows");
	for (enum pal_stage stage = 0; stage < PAL_STAGE_COUNT; stage++) {
		struct pal_books b;
		char name[32];

		pal_stats_books(stats, stage, &b);
		snprintf(name, sizeof(name), "residual %s", pal_stage_name(stage));
		if (b.residual.pkts != 0 || b.residual.bytes != 0)
			print_amount(out, name, &b.residual, "should be 0: please report this");
	}
	print_amount(out, "residual", &books.residual, "");
}
