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

static void book_add(struct pal_book_stats *sum, const struct pal_book_stats *more)
{
	amount_add(&sum->input, &more->input);
	amount_add(&sum->datagrams, &more->datagrams);
	amount_add(&sum->whole, &more->whole);
	amount_add(&sum->steered, &more->steered);
	amount_add(&sum->delivered, &more->delivered);
	pal_exits_add(&sum->exits, &more->exits);
}

void pal_stats_add_pipeline(struct pal_stats *stats, const struct pal_lcore_stats *more)
{
	struct pal_lcore_stats *sum = &stats->pipeline;

	amount_add(&sum->received, &more->received);
	for (enum pal_book book = 0; book < PAL_BOOK_COUNT; book++)
		book_add(&sum->book[book], &more->book[book]);
	for (int i = 0; i < PAL_ANOMALY_CODES; i++)
		sum->anomalies[i] += more->anomalies[i];
	for (int i = 0; i < PAL_APP_COUNT; i++)
		sum->apps[i] += more->apps[i];
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

void pal_stats_add_defrag(struct pal_stats *stats, const struct pal_defrag_stats *more)
{
	struct pal_defrag_stats *sum = &stats->defrag;

	sum->frags += more->frags;
	sum->bytes += more->bytes;
	sum->held_frags += more->held_frags;
	sum->held_bytes += more->held_bytes;
	for (int i = 0; i < 2; i++) {
		sum->begun[i] += more->begun[i];
		sum->completed[i] += more->completed[i];
	}
	sum->active += more->active;
	sum->max_active += more->max_active;
	for (int i = 0; i < PAL_DEFRAG_EVENT_COUNT; i++)
		sum->events[i] += more->events[i];
	sum->clock_backward += more->clock_backward;
}

// All of them are counts, the two highest marks apart, whose sum bounds the whole.
void pal_stats_add_streams(struct pal_stats *stats, const struct pal_streams_stats *more)
{
	const uint64_t *from = (const uint64_t *)more;
	uint64_t *to = (uint64_t *)&stats->streams;

	static_assert(sizeof(*more) % sizeof(uint64_t) == 0, "counts only");
	for (size_t i = 0; i < sizeof(*more) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

uint64_t pal_stats_anomalies(const struct pal_stats *stats)
{
	uint64_t sum = 0;

	for (int i = 0; i < PAL_ANOMALY_CODES; i++)
		sum += stats->pipeline.anomalies[i];
	return sum;
}

static void add_exit(struct pal_amount *sum, const struct pal_exits *exits, enum pal_drop drop)
{
	sum->pkts += exits->pkts[drop];
	sum->bytes += exits->bytes[drop];
}

struct pal_amount
pal_stats_exit(const struct pal_stats *stats, enum pal_book book, enum pal_drop drop)
{
	struct pal_amount sum = {0};

	add_exit(&sum, &stats->pipeline.book[book].exits, drop);
	if (book == PAL_BOOK_FRAMES) {
		add_exit(&sum, &stats->source.exits, drop);
		add_exit(&sum, &stats->decode.exits, drop);
	} else {
		add_exit(&sum, &stats->decode.inner_exits, drop);
	}
	return sum;
}

enum pal_stage pal_stats_first_stage(enum pal_book book)
{
	return book == PAL_BOOK_FRAMES ? PAL_STAGE_SOURCE : PAL_STAGE_DECODE;
}

void pal_stats_books(
	const struct pal_stats *stats,
	enum pal_book book,
	enum pal_stage stage,
	struct pal_books *ret_books
)
{
	const struct pal_book_stats *b = &stats->pipeline.book[book];
	struct pal_amount offered = {stats->source.offered_pkts, stats->source.offered_bytes};
	// What flows between the stages: in of one is out of the one before.
	const struct pal_amount *between[PAL_STAGE_COUNT + 1] = {
		&offered,
		&stats->pipeline.received,
		&b->input,
		&b->datagrams,
		&b->whole,
		&b->steered,
		&b->delivered};
	enum pal_stage first = stage == PAL_STAGE_COUNT ? pal_stats_first_stage(book) : stage;
	struct pal_books books = {
		.in = *between[first],
		.out = *between[stage == PAL_STAGE_COUNT ? stage : stage + 1],
	};

	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, book, drop);

		if (stage == PAL_STAGE_COUNT || pal_drop_stage(drop) == stage)
			amount_add(&books.exits, &left);
	}
	books.residual.pkts = books.in.pkts - books.out.pkts - books.exits.pkts;
	books.residual.bytes = books.in.bytes - books.out.bytes - books.exits.bytes;
	*ret_books = books;
}

uint64_t pal_stats_lost(const struct pal_stats *stats)
{
	struct pal_books source, steer, inner;

	pal_stats_books(stats, PAL_BOOK_FRAMES, PAL_STAGE_SOURCE, &source);
	pal_stats_books(stats, PAL_BOOK_FRAMES, PAL_STAGE_STEER, &steer);
	pal_stats_books(stats, PAL_BOOK_INNER, PAL_STAGE_STEER, &inner);
	return source.exits.pkts + steer.exits.pkts + inner.exits.pkts;
}

static void print_amount(FILE *out, const char *name, const struct pal_amount *a, const char *text)
{
	fprintf(out, "  %-24s %15" PRIu64 " %20" PRIu64 "  %s\n", name, a->pkts, a->bytes, text);
}

static void print_book(const struct pal_stats *stats, enum pal_book book, FILE *out)
{
	struct pal_books books;

	pal_stats_books(stats, book, PAL_STAGE_COUNT, &books);
	print_amount(out, book == PAL_BOOK_FRAMES ? "offered" : "unwrapped", &books.in, "");
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, book, drop);

		if (left.pkts != 0)
			print_amount(out, pal_drop_name(drop), &left, pal_drop_text(drop));
	}
	print_amount(out, "delivered", &books.out, "to flows");
	for (enum pal_stage stage = pal_stats_first_stage(book); stage < PAL_STAGE_COUNT; stage++) {
		struct pal_books b;
		char name[32];

		pal_stats_books(stats, book, stage, &b);
		snprintf(name, sizeof(name), "residual %s", pal_stage_name(stage));
		if (b.residual.pkts != 0 || b.residual.bytes != 0)
			print_amount(out, name, &b.residual, "should be 0: please report this");
	}
	print_amount(out, "residual", &books.residual, "");
}

void pal_stats_print(const struct pal_stats *stats, FILE *out)
{
	fprintf(out, "  %-24s %15s %20s\n", "ledger", "packets", "bytes");
	print_book(stats, PAL_BOOK_FRAMES, out);
	if (stats->streams.segs != 0)
		fprintf(out,
			"  streams: %" PRIu64 " bytes delivered, %" PRIu64
			" of them after waiting, %" PRIu64 " copied to wait\n",
			stats->streams.delivered,
			stats->streams.delivered_parked,
			stats->streams.copied_bytes);
	if (stats->pipeline.book[PAL_BOOK_INNER].input.pkts == 0)
		return;
	fprintf(out, "  %-24s %15s %20s\n", "out of tunnels", "datagrams", "bytes");
	print_book(stats, PAL_BOOK_INNER, out);
}
