/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A record for every flow that ended: EVE `flow`, and the seed's flows.json.
 */
#include <pal_plugin.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct state {
	struct pal_events *events;
	struct pal_out *out;
	int sink; // flows.json; negative: not wanted
};

static const struct pal_plugin_key keys[] = {
	{"json", "yes", "write flows.json beside the records"},
	{.name = NULL},
};

static const struct pal_sink_frame json_object = {
	.head = "{\n",
	.separator = ",\n",
	.tail = "\n}\n"};

static int flows_init(struct pal_plugin_host *host)
{
	int *sink;
	bool json;
	int rc = pal_plugin_conf_bool(host, "json", &json);

	if (rc < 0)
		return rc;
	sink = malloc(sizeof(*sink));
	if (sink == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	*sink = json ? pal_plugin_open(host, "flows.json", &json_object) : -ENOENT;
	pal_plugin_set_data(host, sink);
	return *sink < 0 && *sink != -ENOENT ? *sink : 0;
}

static void flows_fini(struct pal_plugin_host *host)
{
	free(pal_plugin_data(host));
}

static void *flows_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->out = lcore->out;
	st->sink = *(const int *)pal_plugin_data(host);
	return st;
}

// As Suricata has it: what each side's bytes look like, what it was before, and was to be, where that is something else.
static void put_app(struct pal_json *j, const struct pal_flow *flow)
{
	uint8_t ts = flow->app_dir[PAL_DIR_TO_SERVER], tc = flow->app_dir[PAL_DIR_TO_CLIENT];

	if (flow->app != PAL_APP_UNKNOWN)
		pal_json_str(j, "app_proto", pal_app_name(flow->app));
	if (ts != PAL_APP_UNKNOWN && ts != flow->app)
		pal_json_str(j, "app_proto_ts", pal_app_name(ts));
	if (tc != PAL_APP_UNKNOWN && tc != flow->app)
		pal_json_str(j, "app_proto_tc", pal_app_name(tc));
	if (flow->app_orig != PAL_APP_UNKNOWN && flow->app_orig != flow->app)
		pal_json_str(j, "app_proto_orig", pal_app_name(flow->app_orig));
	if (flow->app_expected != PAL_APP_UNKNOWN && flow->app_expected != flow->app)
		pal_json_str(j, "app_proto_expected", pal_app_name(flow->app_expected));
}

static void put_flow(struct pal_events *events, struct pal_json *j, const struct pal_flow *flow)
{
	pal_json_open(j, "flow", '{');
	pal_json_u64(j, "pkts_toserver", flow->pkts[PAL_DIR_TO_SERVER]);
	pal_json_u64(j, "pkts_toclient", flow->pkts[PAL_DIR_TO_CLIENT]);
	pal_json_u64(j, "bytes_toserver", flow->bytes[PAL_DIR_TO_SERVER]);
	pal_json_u64(j, "bytes_toclient", flow->bytes[PAL_DIR_TO_CLIENT]);
	pal_event_time(events, j, "start", flow->first_ns);
	pal_event_time(events, j, "end", flow->last_ns);
	pal_json_u64(j, "age", (flow->last_ns - flow->first_ns) / PAL_NS_PER_S);
	pal_json_str(j, "state", pal_flow_state_name(flow->state));
	pal_json_str(j, "reason", pal_flow_end_name(flow->end));
	pal_json_bool(j, "alerted", false);
	pal_json_close(j, '}');
}

// A flag is in the record when some packet had it, as Suricata has it.
#define put_flag(j, key, flags, bit)                                                               \
	do {                                                                                       \
		if ((flags) & (bit))                                                               \
			pal_json_bool(j, key, true);                                               \
	} while (0)

static void put_tcp(struct pal_json *j, const struct pal_flow *flow)
{
	uint8_t flags = flow->tcp_flags[PAL_DIR_TO_SERVER] | flow->tcp_flags[PAL_DIR_TO_CLIENT];

	pal_json_open(j, "tcp", '{');
	pal_json_hex8(j, "tcp_flags", flags);
	pal_json_hex8(j, "tcp_flags_ts", flow->tcp_flags[PAL_DIR_TO_SERVER]);
	pal_json_hex8(j, "tcp_flags_tc", flow->tcp_flags[PAL_DIR_TO_CLIENT]);
	put_flag(j, "syn", flags, PAL_TCP_SYN);
	put_flag(j, "fin", flags, PAL_TCP_FIN);
	put_flag(j, "rst", flags, PAL_TCP_RST);
	put_flag(j, "psh", flags, PAL_TCP_PSH);
	put_flag(j, "ack", flags, PAL_TCP_ACK);
	put_flag(j, "urg", flags, PAL_TCP_URG);
	put_flag(j, "ecn", flags, PAL_TCP_ECE);
	put_flag(j, "cwr", flags, PAL_TCP_CWR);
	pal_json_str(j, "state", pal_tcp_state_name(flow->tcp_state));
	pal_json_close(j, '}');
}

static void write_record(struct state *st, struct pal_flow *flow)
{
	struct pal_json *j = pal_event_begin_flow(st->events, "flow", flow, flow->last_ns);

	if (j == NULL)
		return;
	put_app(j, flow);
	put_flow(st->events, j, flow);
	if (flow->key.proto == IPPROTO_TCP)
		put_tcp(j, flow);
	pal_event_end(st->events);
}

static void put_path(struct pal_json *j, const struct pal_tunnel *t)
{
	pal_json_open(j, "path", '[');
	for (int i = 0; i < PAL_TUNNEL_MAX && t->types[i] != PAL_TUNNEL_NONE; i++) {
		pal_json_put_comma(j);
		pal_json_put_str(
			j, pal_tunnel_name(t->types[i]), strlen(pal_tunnel_name(t->types[i]))
		);
	}
	pal_json_close(j, ']');
	pal_json_u64(j, "id", t->id);
}

static void put_carries(struct pal_json *j, uint32_t carries)
{
	pal_json_open(j, "carries", '[');
	for (enum pal_tunnel_type type = PAL_TUNNEL_NONE + 1; type < PAL_TUNNEL_COUNT; type++) {
		if (!(carries & UINT32_C(1) << type))
			continue;
		pal_json_put_comma(j);
		pal_json_put_str(j, pal_tunnel_name(type), strlen(pal_tunnel_name(type)));
	}
	pal_json_close(j, ']');
}

// Which tunnels a flow came out of, and which it is one of: EVE's `flow` has no place for that.
static void write_tunnel(struct state *st, struct pal_flow *flow)
{
	struct pal_json *j;

	if (flow->tunnel == NULL && flow->carries == 0)
		return;
	j = pal_event_begin_flow(st->events, "pal_tunnel", flow, flow->last_ns);
	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	if (flow->tunnel != NULL)
		put_path(j, flow->tunnel);
	if (flow->carries != 0)
		put_carries(j, flow->carries);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

// Seconds and microseconds as the seed writes them, but with all six digits.
static void put_seconds(struct pal_json *j, uint64_t time_ns)
{
	uint32_t us = (uint32_t)(time_ns % PAL_NS_PER_S / PAL_NS_PER_US);
	char fraction[7] = ".000000";

	for (int i = 6; i > 0; i--, us /= 10)
		fraction[i] = (char)('0' + us % 10);
	pal_json_put_char(j, '"');
	pal_json_put_u64(j, time_ns / PAL_NS_PER_S);
	pal_json_put_raw(j, fraction, sizeof(fraction));
	pal_json_put_char(j, '"');
}

static void write_json(struct state *st, const struct pal_flow *flow)
{
	const struct pal_flow_key *key = &flow->key;
	unsigned int src = flow->initiator;
	struct pal_json j;
	size_t len;
	char *dst = pal_out_reserve(st->out, st->sink, 0, &len);

	if (dst == NULL)
		return;
	j = pal_json_of(dst, len);
	pal_json_put_char(&j, '"');
	pal_json_put_u64(&j, flow->id);
	pal_json_put_raw(&j, "\":{", 3);
	pal_json_u64(&j, "proto", key->proto);
	pal_json_addr(&j, "src", &key->addr[src], key->ip_version);
	pal_json_addr(&j, "dst", &key->addr[!src], key->ip_version);
	pal_json_u64(&j, "src_port", pal_flow_key_port(key, src));
	pal_json_u64(&j, "dst_port", pal_flow_key_port(key, !src));
	pal_json_u64(&j, "flow_id", flow->id);
	pal_json_put_key(&j, PAL_JSON_KEY("first_seen"));
	put_seconds(&j, flow->first_ns);
	pal_json_put_key(&j, PAL_JSON_KEY("last_seen"));
	put_seconds(&j, flow->last_ns);
	pal_json_close(&j, '}');
	pal_out_commit(st->out, st->sink, pal_json_len(&j));
}

static void flows_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;

	write_record(st, flow);
	write_tunnel(st, flow);
	if (st->sink >= 0)
		write_json(st, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "flows",
	.version = PAL_PLUGIN_VERSION,
	.summary = "a record for every flow that ended (EVE flow, flows.json)",
	.keys = keys,
	.init = flows_init,
	.fini = flows_fini,
	.lcore_init = flows_lcore_init,
	.lcore_fini = free,
	.flow_close = flows_flow_close,
};
