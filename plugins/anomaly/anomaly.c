/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What is wrong with packets, fragments and streams: EVE `anomaly` where Suricata has a name for it, `pal_anomaly`
 * where it has none, or where there is more to say than it has place for.
 *
 * Hostile traffic can make millions of them: each event has so many records a second (of packet time) in each part
 * of the flows, the rest is counted. The parts are the shards, so that what is written does not depend on the
 * number of lcores.
 */
#include <pal_plugin.h>

#include <stdlib.h>

#define SHARDS 512

// Of one event, in one shard: records written in the second that was looked at last.
struct window {
	uint32_t second;
	uint32_t nb_written;
};

struct total {
	uint64_t seen;
	uint64_t suppressed;
	const char *name, *known;
};

struct state {
	struct pal_events *events;
	uint64_t limit; // 0: none
	struct total totals[PAL_ANOMALY_CODES];
	struct window unsharded[PAL_ANOMALY_CODES]; // before the flow is known
	struct window sharded[SHARDS][PAL_ANOMALY_CODES];
};

static const struct pal_plugin_key keys[] = {
	{"limit",
	 "5",
	 "records of one event a second, in each 1/512 of the flows; 0 for no limit. The rest is "
	 "counted"},
	{"stream",
	 "no",
	 "follow TCP streams for their anomalies, also where no other plugin wants streams"},
	{.name = NULL},
};

static int anomaly_init(struct pal_plugin_host *host)
{
	uint64_t limit;
	bool stream;
	int rc = pal_plugin_conf_u64(host, "limit", &limit);

	if (rc == 0)
		rc = pal_plugin_conf_bool(host, "stream", &stream);
	if (rc == 0 && !stream)
		pal_plugin_no_streams(host);
	return rc;
}

static void *anomaly_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	(void)pal_plugin_conf_u64(host, "limit", &st->limit); // checked by anomaly_init()
	return st;
}

static bool is_one_too_many(struct state *st, const struct pal_anomaly *a)
{
	struct window *w = a->flow == NULL ? &st->unsharded[a->code]
					   : &st->sharded[a->flow->shard % SHARDS][a->code];
	uint32_t second = (uint32_t)(a->time_ns / PAL_NS_PER_S);

	if (w->second != second)
		*w = (struct window){.second = second};
	if (st->limit != 0 && w->nb_written >= st->limit)
		return true;
	w->nb_written++;
	return false;
}

static struct pal_json *begin(struct state *st, const char *type, const struct pal_anomaly *a)
{
	if (a->flow != NULL)
		return pal_event_begin_flow_pkt(st->events, type, a->flow, a->time_ns, a->number);
	return pal_event_begin_pkt(st->events, type, a->pkt, a->key, a->time_ns);
}

static const char *type_name(const struct pal_anomaly *a)
{
	switch (a->type) {
	case PAL_ANOMALY_STREAM:
		return "stream";
	case PAL_ANOMALY_APPLAYER:
		return "applayer";
	default:
		return "decode";
	}
}

static void write_known(struct state *st, const struct pal_anomaly *a)
{
	struct pal_json *j = begin(st, "anomaly", a);

	if (j == NULL)
		return;
	pal_json_open(j, "anomaly", '{');
	pal_json_str(j, "type", type_name(a));
	pal_json_str(j, "event", a->known);
	if (a->type == PAL_ANOMALY_APPLAYER) {
		pal_json_str(j, "layer", pal_app_event_layer(a->code - PAL_ANOMALY_CODE_APPLAYER));
		pal_json_str(j, "app_proto", pal_app_name(a->flow->app));
	}
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void write_ours(struct state *st, const struct pal_anomaly *a)
{
	struct pal_json *j = begin(st, "pal_anomaly", a);

	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_str(j, "type", type_name(a));
	pal_json_str(j, "event", a->name);
	if (a->number != 0)
		pal_json_u64(j, "pcap_cnt", a->number);
	if (a->len != 0) {
		pal_json_u64(j, "offset", a->offset);
		pal_json_u64(j, "len", a->len);
	}
	if (a->old_hash != a->new_hash) {
		pal_json_hex64(j, "old_hash", a->old_hash);
		pal_json_hex64(j, "new_hash", a->new_hash);
	}
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void anomaly_anomaly(void *state, const struct pal_anomaly *a)
{
	struct state *st = state;
	struct total *total = &st->totals[a->code];

	total->name = a->name;
	total->known = a->known;
	total->seen++;
	if (is_one_too_many(st, a)) {
		total->suppressed++;
		return;
	}
	if (a->known != NULL)
		write_known(st, a);
	if (a->known == NULL || a->old_hash != a->new_hash)
		write_ours(st, a);
}

// Nothing to do, but whoever has this hook has streams followed: their anomalies come by the hook above.
static void
anomaly_tcp_event(void *, struct pal_flow *, enum pal_stream_event, const struct pal_stream_event_info *)
{
}

static void anomaly_merge(void *into, void *from)
{
	struct state *a = into;
	const struct state *b = from;

	for (int i = 0; i < PAL_ANOMALY_CODES; i++) {
		a->totals[i].seen += b->totals[i].seen;
		a->totals[i].suppressed += b->totals[i].suppressed;
		if (a->totals[i].name == NULL) {
			a->totals[i].name = b->totals[i].name;
			a->totals[i].known = b->totals[i].known;
		}
	}
}

static void put_totals(struct pal_json *j, const struct state *st)
{
	pal_json_open(j, "events", '[');
	for (int i = 0; i < PAL_ANOMALY_CODES; i++) {
		const struct total *total = &st->totals[i];

		if (total->seen == 0)
			continue;
		pal_json_open_obj(j);
		pal_json_str(j, "event", total->name);
		if (total->known != NULL)
			pal_json_str(j, "known", total->known);
		pal_json_u64(j, "seen", total->seen);
		pal_json_u64(j, "suppressed", total->suppressed);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

static bool has_seen_any(const struct state *st)
{
	for (int i = 0; i < PAL_ANOMALY_CODES; i++)
		if (st->totals[i].seen != 0)
			return true;
	return false;
}

static int anomaly_report(struct pal_plugin_host *host, void *state)
{
	struct pal_events *events = pal_plugin_events(host);
	struct pal_json *j;

	if (!has_seen_any(state))
		return 0;
	j = pal_event_begin(events, "pal_anomaly_totals", pal_plugin_last_ns(host));
	if (j == NULL)
		return 0;
	pal_json_open(j, "pal", '{');
	put_totals(j, state);
	pal_json_close(j, '}');
	pal_event_end(events);
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "anomaly",
	.version = PAL_PLUGIN_VERSION,
	.summary = "what is wrong with packets, fragments and streams (EVE anomaly, pal_anomaly)",
	.keys = keys,
	.init = anomaly_init,
	.lcore_init = anomaly_lcore_init,
	.lcore_fini = free,
	.tcp_event = anomaly_tcp_event,
	.anomaly = anomaly_anomaly,
	.merge = anomaly_merge,
	.report = anomaly_report,
};
