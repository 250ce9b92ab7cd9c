/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The counters as records: `stats` by Suricata's names, `pal_stats` for what those have no name for.
 */
#include "pal_stats.h"

#include <pal_decode_anomaly.h>
#include <pal_proto.h>

static uint64_t kernel_drops(const struct pal_stats *stats)
{
	struct pal_books source;

	pal_stats_books(stats, PAL_BOOK_FRAMES, PAL_STAGE_SOURCE, &source);
	return source.exits.pkts;
}

// Over all books.
static uint64_t exits(const struct pal_stats *stats, enum pal_drop drop)
{
	return pal_stats_exit(stats, PAL_BOOK_FRAMES, drop).pkts +
	       pal_stats_exit(stats, PAL_BOOK_INNER, drop).pkts;
}

static uint64_t decode_exits(const struct pal_stats *stats)
{
	static const enum pal_drop invalid[] = {
		PAL_DROP_IPV4_TRUNCATED,
		PAL_DROP_IPV4_INVALID,
		PAL_DROP_IPV6_TRUNCATED,
		PAL_DROP_IPV6_INVALID,
		PAL_DROP_LINK_TRUNCATED,
		PAL_DROP_LINK_INVALID,
		PAL_DROP_VLAN_TRUNCATED,
		PAL_DROP_IPV6_EXT_TRUNCATED,
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		sum += exits(stats, invalid[i]);
	return sum;
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
	pal_json_u64(j, "unknown_ethertype", exits(stats, PAL_DROP_ETHERTYPE_UNKNOWN));
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
	pal_json_u64(j, "too_many_layers", exits(stats, PAL_DROP_TOO_MANY_LAYERS));
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
}

static void put_tcp(struct pal_json *j, const struct pal_stats *stats)
{
	const struct pal_streams_stats *s = &stats->streams;
	const struct pal_flow_stats *f = &stats->flow;

	pal_json_open(j, "tcp", '{');
	pal_json_u64(j, "sessions", f->opened_by[PAL_FLOW_TCP]);
	pal_json_u64(j, "syn", f->tcp_syn);
	pal_json_u64(j, "synack", f->tcp_synack);
	pal_json_u64(j, "rst", f->tcp_rst);
	pal_json_u64(j, "midstream_pickups", f->tcp_midstream);
	pal_json_u64(j, "reassembly_gap", s->gaps);
	pal_json_u64(j, "overlap", s->events[PAL_STREAM_EVENT_RETRANSMISSION]);
	pal_json_u64(j, "overlap_diff_data", s->events[PAL_STREAM_EVENT_OVERLAP_DIFFERENT]);
	pal_json_close(j, '}');
}

static void put_defrag(struct pal_json *j, const struct pal_defrag_stats *f)
{
	pal_json_open(j, "defrag", '{');
	pal_json_open(j, "ipv4", '{');
	pal_json_u64(j, "reassembled", f->completed[0]);
	pal_json_close(j, '}');
	pal_json_open(j, "ipv6", '{');
	pal_json_u64(j, "reassembled", f->completed[1]);
	pal_json_close(j, '}');
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
	put_tcp(j, stats);
	put_defrag(j, &stats->defrag);
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

static void put_stage(
	struct pal_json *j,
	const struct pal_stats *stats,
	bool final,
	enum pal_book book,
	enum pal_stage stage
)
{
	struct pal_books books;

	pal_stats_books(stats, book, stage, &books);
	put_amount(j, "in", books.in);
	pal_json_open(j, "exits", '{');
	for (enum pal_drop drop = PAL_DROP_NONE + 1; drop < PAL_DROP_COUNT; drop++) {
		struct pal_amount left = pal_stats_exit(stats, book, drop);

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

// The whole, then stage by stage; what `j` has open is the object that it goes into.
static void
put_book(struct pal_json *j, const struct pal_stats *stats, bool final, enum pal_book book)
{
	put_stage(j, stats, final, book, PAL_STAGE_COUNT);
	pal_json_open(j, "stages", '{');
	for (enum pal_stage stage = pal_stats_first_stage(book); stage < PAL_STAGE_COUNT; stage++) {
		pal_json_key_str(j, pal_stage_name(stage));
		pal_json_put_char(j, '{');
		put_stage(j, stats, final, book, stage);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
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

static void put_tunnels(struct pal_json *j, const struct pal_decode_stats *d)
{
	pal_json_open(j, "tunnels", '{');
	for (enum pal_tunnel_type type = PAL_TUNNEL_NONE + 1; type < PAL_TUNNEL_COUNT; type++) {
		if (d->tunnels[type] == 0)
			continue;
		pal_json_key_str(j, pal_tunnel_name(type));
		pal_json_put_u64(j, d->tunnels[type]);
	}
	pal_json_close(j, '}');
	pal_json_u64(j, "tunnel_too_deep", d->tunnel_too_deep);
}

static void put_fragments(struct pal_json *j, const struct pal_defrag_stats *f)
{
	pal_json_open(j, "fragments", '{');
	pal_json_u64(j, "fragments", f->frags);
	pal_json_u64(j, "begun", f->begun[0] + f->begun[1]);
	pal_json_u64(j, "completed", f->completed[0] + f->completed[1]);
	pal_json_u64(j, "active", f->active);
	pal_json_u64(j, "max_active", f->max_active);
	pal_json_u64(j, "clock_backward", f->clock_backward);
	pal_json_close(j, '}');
}

// in = delivered + duplicate + discarded + parked
static void put_streams(struct pal_json *j, const struct pal_streams_stats *s, bool live)
{
	uint64_t discarded = 0;

	pal_json_open(j, "streams", '{');
	pal_json_u64(j, "segments", s->segs);
	pal_json_u64(j, "in", s->in);
	pal_json_u64(j, "delivered", s->delivered);
	pal_json_u64(j, "delivered_parked", s->delivered_parked);
	pal_json_u64(j, "duplicate", s->duplicate);
	pal_json_open(j, "discarded", '{');
	for (enum pal_stream_discard why = 0; why < PAL_STREAM_DISCARD_COUNT; why++) {
		discarded += s->discards[why];
		pal_json_key_str(j, pal_stream_discard_name(why));
		pal_json_put_u64(j, s->discards[why]);
	}
	pal_json_close(j, '}');
	pal_json_u64(j, "parked", s->parked);
	pal_json_u64(j, "residual", s->in - s->delivered - s->duplicate - discarded - s->parked);
	if (live) { // how much is held, and how, differs from run to run
		pal_json_u64(j, "max_parked", s->max_parked);
		pal_json_u64(j, "copied_pkts", s->copied_pkts);
		pal_json_u64(j, "copied_bytes", s->copied_bytes);
	}
	pal_json_u64(j, "gaps", s->gaps);
	pal_json_u64(j, "gap_bytes", s->gap_bytes);
	pal_json_open(j, "events", '{');
	for (enum pal_stream_event event = 0; event < PAL_STREAM_EVENT_COUNT; event++) {
		if (s->events[event] == 0)
			continue;
		pal_json_key_str(j, pal_stream_event_name(event));
		pal_json_put_u64(j, s->events[event]);
	}
	pal_json_close(j, '}');
	pal_json_close(j, '}');
}

static const char *anomaly_name(unsigned int code)
{
	if (code >= PAL_ANOMALY_CODE_APPLAYER)
		return pal_app_event_name(code - PAL_ANOMALY_CODE_APPLAYER);
	if (code >= PAL_ANOMALY_CODE_STREAM)
		return pal_stream_event_name(code - PAL_ANOMALY_CODE_STREAM);
	if (code >= PAL_ANOMALY_CODE_DEFRAG)
		return pal_defrag_event_name(code - PAL_ANOMALY_CODE_DEFRAG);
	return pal_decode_anomaly_name(code - PAL_ANOMALY_CODE_DECODE);
}

static void put_anomalies(struct pal_json *j, const struct pal_stats *stats)
{
	pal_json_open(j, "anomalies", '{');
	for (unsigned int code = 0; code < PAL_ANOMALY_CODES; code++) {
		if (stats->pipeline.anomalies[code] == 0)
			continue;
		pal_json_key_str(j, anomaly_name(code));
		pal_json_put_u64(j, stats->pipeline.anomalies[code]);
	}
	pal_json_close(j, '}');
}

static void put_apps(struct pal_json *j, const struct pal_stats *stats)
{
	char *before = j->pos;
	bool any = false;

	pal_json_open(j, "apps", '{');
	for (enum pal_app app = PAL_APP_FAILED; app < PAL_APP_COUNT; app++) {
		if (stats->pipeline.apps[app] == 0)
			continue;
		pal_json_key_str(j, pal_app_name(app));
		pal_json_put_u64(j, stats->pipeline.apps[app]);
		any = true;
	}
	pal_json_close(j, '}');
	if (!any) // nobody asked
		j->pos = before;
}

static void put_plugins(struct pal_json *j, const struct pal_stats *stats)
{
	if (stats->nb_plugins == 0)
		return;
	pal_json_open(j, "plugins", '{');
	for (uint16_t i = 0; i < stats->nb_plugins; i++) {
		pal_json_key_str(j, stats->plugins[i].name);
		pal_json_put_char(j, '{');
		pal_json_u64(j, "calls", stats->plugins[i].calls);
		pal_json_u64(j, "cycles", stats->plugins[i].cycles);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
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
	put_book(j, stats, final, PAL_BOOK_FRAMES);
	pal_json_close(j, '}');
	pal_json_open(j, "ledger_inner", '{');
	put_book(j, stats, final, PAL_BOOK_INNER);
	pal_json_close(j, '}');
	put_layers(j, &stats->decode);
	put_tunnels(j, &stats->decode);
	put_fragments(j, &stats->defrag);
	put_streams(j, &stats->streams, stats->live);
	put_anomalies(j, stats);
	put_apps(j, stats);
	put_plugins(j, stats);
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
