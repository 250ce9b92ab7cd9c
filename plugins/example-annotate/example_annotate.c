/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Example of the hooks `payload`, `annotate`, `anomaly` and `tick`: it adds `pal_payloads` to every record about a flow,
 * whichever plugin writes it, and counts anomalies for example-annotate.json.
 *
 * Shows: a key of the configuration.
 */
#include <pal_plugin.h>

#include <stdlib.h>

struct state {
	uint32_t flow_offset;
	uint32_t bit;
	uint64_t max_payloads;
	uint64_t nb_anomalies;
	bool ticked;
};

static const struct pal_plugin_key keys[] = {
	{"max", "100", "payloads of a flow that are counted"},
	{.name = NULL},
};

// A bad value stops the program before it starts.
static int example_init(struct pal_plugin_host *host)
{
	uint64_t max;

	return pal_plugin_conf_u64(host, "max", &max);
}

static void *example_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)pal_plugin_conf_u64(host, "max", &st->max_payloads); // checked by example_init()
	return st;
}

// In the order of arrival, as captured. After `enough` it is not called for this flow any more.
static void example_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *,
	const uint8_t *,
	uint32_t
)
{
	const struct state *st = state;
	uint64_t *nb_payloads = pal_plugin_flow_data(flow, st->flow_offset);

	if (++*nb_payloads >= st->max_payloads)
		pal_plugin_enough(flow, st->bit);
}

// The record is open, and the writer's fields follow.
static void example_annotate(void *state, struct pal_flow *flow, struct pal_json *j)
{
	const struct state *st = state;
	const uint64_t *nb_payloads = pal_plugin_flow_data(flow, st->flow_offset);

	pal_json_u64(j, "pal_payloads", *nb_payloads);
}

static void example_anomaly(void *state, const struct pal_anomaly *)
{
	((struct state *)state)->nb_anomalies++;
}

// About once a second of packet time, on each lcore by itself: for what must go on where few packets come.
static void example_tick(void *state, uint64_t)
{
	((struct state *)state)->ticked = true;
}

static void example_merge(void *into, void *from)
{
	struct state *a = into;
	const struct state *b = from;

	a->nb_anomalies += b->nb_anomalies;
	a->ticked |= b->ticked;
}

static int example_report(struct pal_plugin_host *host, void *state)
{
	static const struct pal_sink_frame document = {.tail = "\n"};
	const struct state *st = state;
	int sink = pal_plugin_open(host, "example-annotate.json", &document);
	char text[128];
	struct pal_json j = pal_json_of(text, sizeof(text));

	if (sink < 0) // -ENOENT: there is no folder for results
		return sink == -ENOENT ? 0 : sink;
	pal_json_open_obj(&j);
	pal_json_u64(&j, "anomalies", st->nb_anomalies);
	pal_json_bool(&j, "ticked", st->ticked);
	pal_json_close(&j, '}');
	pal_out_raw(pal_plugin_out(host), sink, text, pal_json_len(&j));
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "example-annotate",
	.version = PAL_PLUGIN_VERSION,
	.summary = "example: payloads of a flow in every record about it (pal_payloads)",
	.keys = keys,
	.flow_bytes = sizeof(uint64_t),
	.init = example_init,
	.lcore_init = example_lcore_init,
	.lcore_fini = free,
	.payload = example_payload,
	.annotate = example_annotate,
	.anomaly = example_anomaly,
	.tick = example_tick,
	.merge = example_merge,
	.report = example_report,
};
