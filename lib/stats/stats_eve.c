/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The counters as records: `stats` by Suricata's names, `pal_stats` for what those have no name for.
 */
#include "pal_stats.h"

static uint64_t kernel_drops(const struct pal_stats *stats)
{
	struct pal_books source;

	pal_stats_books(stats, PAL_STAGE_SOURCE, &source);
	return source.exits.pkts;
}

static uint64_t decode_exits(const struct pal_stats *stats)
{
	return pal_stats_exit(stats, PAL_DROP_IPV4_TRUNCATED).pkts +
	       pal_stats_exit(stats, PAL_DROP_IPV4_INVALID).pkts +
	       pal_stats_exit(stats, PAL_DROP_IPV6_TRUNCATED).pkts +
	       pal_stats_exit(stats, PAL_DROP_IPV6_INVALID).pkts +
	       pal_stats_exit(stats, PAL_DROP_IPV6_EXT_TRUNCATED).pkts +
	       pal_stats_exit(stats, PAL_DROP_LINK_TRUNCATED).pkts +
	       pal_stats_exit(stats, PAL_DROP_VLAN_TRUNCATED).pkts;
}

static void put_decoder(struct pal_json *j, const struct pal_stats *stats)
{
	const struct pal_decode_stats *d = &stats->decode;

	pal_json_open(j, "decoder", '{');
	pal_json_u64(j, "pkts", d->pkts);
	pal_json_u64(j, "bytes", d->bytes);
	pal_json_u64(j, "invalid", decode_exits(stats));
	pal_json_u64(j, "ipv4", d->layers[PAL_LAYER_IPV4]);
	pal_json_u64(j, "ipv6", d->layers[PAL_LAYER_IPV6]);
	pal_json_u64(j, "ethernet", d->layers[PAL_LAYER_ETHERNET]);
	pal_json_u64(j, "arp", d->layers[PAL_LAYER_ARP]);
	pal_json_u64(
		j, "unknown_ethertype", pal_stats_exit(stats, PAL_DROP_ETHERTYPE_UNKNOWN).pkts
	);
	pal_json_u64(j, "raw", d->layers[PAL_LAYER_RAW]);
	pal_json_u64(j, "null", d->layers[PAL_LAYER_BSD_NULL]);
	pal_json_u64(j, "sll", d->layers[PAL_LAYER_SLL]);
	pal_json_u64(j, "sll2", d->layers[PAL_LAYER_SLL2]);
	pal_json_u64(j, "tcp", d->layers[PAL_LAYER_TCP]);
	pal_json_u64(j, "udp", d->layers[PAL_LAYER_UDP]);
	pal_json_u64(j, "sctp", d->layers[PAL_LAYER_SCTP]);
	pal_json_u64(j, "esp", d->layers[PAL_LAYER_ESP]);
	pal_json_u64(j, "gre", d->layers[PAL_LAYER_GRE]);
	pal_json_u64(j, "icmpv4", d->layers[PAL_LAYER_ICMPV4]);
	pal_json_u64(j, "icmpv6", d->layers[PAL_LAYER_ICMPV6]);
	pal_json_u64(j, "vlan", d->layers[PAL_LAYER_VLAN]);
	pal_json_u64(j, "vlan_qinq", d->vlan_qinq);
	pal_json_u64(j, "too_many_layers", pal_stats_exit(stats, PAL_DROP_TOO_MANY_LAYERS).pkts);
	pal_json_u64(j, "avg_pkt_size", d->pkts == 0 ? 0 : d->bytes / d->pkts);
	pal_json_u64(j, "max_pkt_size", d->max_pkt_size);
	pal_json_close(j, '}');
}

static void put_flow(struct pal_json *j, const struct pal_flow_stats *f)
{
	pal_json_open(j, "flow", '{');
	pal_json_u64(j, "total", f->opened);
	pal_json_u64(j, "active", f->active);
	pal_json_u64(j, "tcp", f->opened_by[PAL_FLOW_TCP]);
	pal_json_u64(j, "udp", f->opened_by[PAL_FLOW_UDP]);
	pal_json_u64(j, "icmpv4", f->opened_by[PAL_FLOW_ICMP] - f->opened_icmpv6);
	pal_json_u64(j, "icmpv6", f->opened_icmpv6);
	pal_json_u64(j, "tcp_reuse", f->ended[PAL_FLOW_END_TCP_REUSE]);
	pal_json_u64(j, "get_used", f->ended[PAL_FLOW_END_FORCED]);
	pal_json_close(j, '}');
	pal_json_open(j, "tcp", '{');
	pal_json_u64(j, "sessions", f->opened_by[PAL_FLOW_TCP]);
	pal_json_u64(j, "syn", f->tcp_syn);
	pal_json_u64(j, "synack", f->tcp_synack);
	pal_json_u64(j, "rst", f->tcp_rst);
	pal_json_u64(j, "midstream_pickups", f->tcp_midstream);
	pal_json_close(j, '}');
}

static void write_suricata(
	const struct pal_stats *stats,
	struct pal_events *events,
	uint64_t time_ns,
	uint64_t uptime_s
)
{
	struct pal_json *j = pal_event_begin(events, "stats", time_ns);

	if (j == NULL)
		return;
	pal_json_open(j, "stats", '{');
	pal_json_u64(j, "uptime", uptime_s);
	pal_json_open(j, "capture", '{');
	pal_json_u64(j, "kernel_packets", stats->source.offered_pkts);
	pal_json_u64(j, "kernel_drops", kernel_drops(stats));
	pal_json_close(j, '}');
	put_decoder(j, stats);
	put_flow(j, &stats->flow);
	pal_json_close(j, '}');
	pal_event_end(events);
}

#define put_amount(j, key, a)                                                                      \
	do {                                                                                       \
		pal_json_open(j, key, '{');                                                        \
		pal_json_u64(j, "pkts", (a).pkts);                                                 \
		pal_json_u64(j, "bytes", (a).bytes);                                               \
		pal_json_close(j, '}');                                                            \
	} while (0)

// Counters of running lcores are read one after the other: a later one may be ahead of an earlier one.
static struct pal_amount in_flight(const struct pal_amount *difference)
{
	struct pal_amount amount = *difference;

	if ((int64_t)amount.pkts < 0)
		amount.pkts = 0;
	if ((int64_t)amount.bytes < 0)
		amount.bytes = 0;
	return amount;
}

static void
put_books(struct pal_json *j, const struct pal_stats *stats, bool final, enum pal_stage stage)
{
	struct pal_books books;

	pal_stats_books(stats, stage, &books);
	put_amount(j, "in", books.in);
	pal_json_open(j, "exits", '{');
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, drop);

		if (left.pkts == 0 || (stage != PAL_STAGE_COUNT && pal_drop_stage(drop) != stage))
			continue;
		pal_json_key_str(j, pal_drop_name(drop));
		pal_json_put_char(j, '{');
		pal_json_u64(j, "pkts", left.pkts);
		pal_json_u64(j, "bytes", left.bytes);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
	put_amount(j, "out", books.out);
	if (final)
		put_amount(j, "residual", books.residual);
	else
		put_amount(j, "in_flight", in_flight(&books.residual));
}

static void put_number(struct pal_json *j, const struct pal_decode_number *n)
{
	pal_json_open_obj(j);
	pal_json_u64(j, "number", n->number);
	pal_json_u64(j, "pkts", n->pkts);
	pal_json_close(j, '}');
}

static void
put_numbers(struct pal_json *j, const char *key, const struct pal_decode_number *numbers)
{
	pal_json_key_str(j, key);
	pal_json_put_char(j, '[');
	for (int i = 0; i < PAL_DECODE_NUMBERS && numbers[i].pkts != 0; i++)
		put_number(j, &numbers[i]);
	pal_json_close(j, ']');
}

static void put_layers(struct pal_json *j, const struct pal_decode_stats *d)
{
	pal_json_open(j, "layers", '{');
	for (enum pal_layer layer = PAL_LAYER_END + 1; layer < PAL_LAYER_COUNT; layer++) {
		if (d->layers[layer] == 0)
			continue;
		pal_json_key_str(j, pal_layer_name(layer));
		pal_json_put_u64(j, d->layers[layer]);
	}
	pal_json_close(j, '}');
	put_numbers(j, "unknown_linktype", d->unknown_linktype);
	put_numbers(j, "unknown_ethertype", d->unknown_ethertype);
	put_numbers(j, "unknown_ppp", d->unknown_ppp);
	put_numbers(j, "unknown_ipproto", d->unknown_ipproto);
}

static void put_ends(struct pal_json *j, const struct pal_flow_stats *f)
{
	pal_json_open(j, "flow_ends", '{');
	for (enum pal_flow_end end = PAL_FLOW_END_NONE + 1; end < PAL_FLOW_END_COUNT; end++) {
		pal_json_key_str(j, pal_flow_end_name(end));
		pal_json_put_u64(j, f->ended[end]);
	}
	pal_json_close(j, '}');
	pal_json_u64(j, "clock_backward", f->clock_backward);
}

static void
write_ledger(const struct pal_stats *stats, struct pal_events *events, bool final, uint64_t time_ns)
{
	struct pal_json *j = pal_event_begin(events, "pal_stats", time_ns);

	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_open(j, "ledger", '{');
	put_books(j, stats, final, PAL_STAGE_COUNT);
	pal_json_open(j, "stages", '{');
	for (enum pal_stage stage = 0; stage < PAL_STAGE_COUNT; stage++) {
		pal_json_key_str(j, pal_stage_name(stage));
		pal_json_put_char(j, '{');
		put_books(j, stats, final, stage);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
	pal_json_close(j, '}');
	put_layers(j, &stats->decode);
	put_ends(j, &stats->flow);
	pal_json_u64(j, "lost_records", stats->lost_records);
	pal_json_close(j, '}');
	pal_event_end(events);
}

void pal_stats_write_eve(
	const struct pal_stats *stats,
	struct pal_events *events,
	bool final,
	uint64_t time_ns,
	uint64_t uptime_s
)
{
	write_suricata(stats, events, time_ns, uptime_s);
	write_ledger(stats, events, final, time_ns);
}
