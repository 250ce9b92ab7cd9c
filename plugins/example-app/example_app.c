/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Example of a plugin for an application protocol: it names it (`apps`), and its hooks are called for flows that were
 * recognised as that, from their first byte. Here: what SSH servers and clients call themselves, `pal_example_app`.
 *
 * Shows: a protocol of lib/proto, having enough of a flow, an anomaly.
 */
#include <pal_plugin.h>

#include <stdlib.h>

#define BANNER_MAX 255 // RFC 4253 section 4.2

// On the heap: recognised flows only.
struct banner {
	uint8_t len[PAL_DIR_COUNT];
	bool is_done[PAL_DIR_COUNT];
	char text[PAL_DIR_COUNT][BANNER_MAX];
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	uint32_t flow_offset;
	uint32_t bit;
};

static void *example_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	return st;
}

static struct banner **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

// The record has the time of the packet that made the line complete: the same however the bytes were cut.
static void write_banner(
	struct state *st,
	struct pal_flow *flow,
	const struct banner *b,
	const struct pal_stream_data *data
)
{
	struct pal_json *j = pal_event_begin_flow_pkt(
		st->events, "pal_example_app", flow, data->time_ns, data->number
	);

	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_str(j, "side", data->dir == PAL_DIR_TO_SERVER ? "client" : "server");
	pal_json_strn(j, "banner", b->text[data->dir], b->len[data->dir]);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

// Returns false where there is no line, after all.
static bool take(struct banner *b, const struct pal_stream_data *data)
{
	for (uint32_t i = 0; i < data->len && !b->is_done[data->dir]; i++) {
		if (data->data[i] == '\n')
			b->is_done[data->dir] = true;
		else if (b->len[data->dir] == BANNER_MAX)
			return false;
		else if (data->data[i] != '\r')
			b->text[data->dir][b->len[data->dir]++] = (char)data->data[i];
	}
	return true;
}

static void example_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct state *st = state;
	struct banner **slot = slot_of(st, flow), *b;
	bool was_done;

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	b = *slot;
	if (b == NULL) {
		pal_plugin_enough(flow, st->bit);
		return;
	}
	was_done = b->is_done[data->dir];
	if (!take(b, data)) {
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, data->time_ns, data->number
		);
		pal_plugin_enough(flow, st->bit);
	} else if (b->is_done[data->dir] && !was_done) {
		write_banner(st, flow, b, data);
	}
	// The rest is encrypted. When no plugin wants it, the stream is not even put in order any more.
	if (b->is_done[PAL_DIR_TO_SERVER] && b->is_done[PAL_DIR_TO_CLIENT])
		pal_plugin_enough(flow, st->bit);
}

static void example_gap(void *state, struct pal_flow *flow, enum pal_dir, uint64_t, uint64_t)
{
	const struct state *st = state;

	pal_plugin_enough(flow, st->bit);
}

static void example_flow_close(void *state, struct pal_flow *flow)
{
	struct banner **slot = slot_of(state, flow);

	free(*slot);
	*slot = NULL; // the flow may have become another protocol, and not have ended
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "example-app",
	.version = PAL_PLUGIN_VERSION,
	.summary = "example: what both sides of SSH call themselves (EVE pal_example_app)",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(SSH),
	.flow_bytes = sizeof(struct banner *),
	.lcore_init = example_lcore_init,
	.lcore_fini = free,
	.stream = example_stream,
	.gap = example_gap,
	.flow_close = example_flow_close,
};
