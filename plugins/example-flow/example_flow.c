/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Example of the hooks `flow_open`, `datagram` and `flow_close`: one record for each flow, `pal_example_flow`. Here: how
 * long the longest silence within it was.
 *
 * Shows: bytes of one's own in every flow, an EVE record.
 */
#include <pal_plugin.h>

#include <stdlib.h>

// In every flow, zeroed when it opens.
struct silence {
	uint64_t last_ns, longest_ns;
};

struct state {
	struct pal_events *events;
	uint32_t flow_offset;
};

static void *example_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->flow_offset = pal_plugin_flow_offset(host);
	return st;
}

// Before the first datagram of the flow.
static void example_flow_open(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	const struct state *st = state;
	struct silence *s = pal_plugin_flow_data(flow, st->flow_offset);

	s->last_ns = pkt->time_ns;
}

static void example_datagram(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	const struct state *st = state;
	struct silence *s = pal_plugin_flow_data(flow, st->flow_offset);

	// Times may go backwards: a capture is written by more than one clock.
	if (pkt->time_ns > s->last_ns && pkt->time_ns - s->last_ns > s->longest_ns)
		s->longest_ns = pkt->time_ns - s->last_ns;
	s->last_ns = pkt->time_ns;
}

// The last call about the flow, whatever ended it.
static void example_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	const struct silence *s = pal_plugin_flow_data(flow, st->flow_offset);
	struct pal_json *j =
		pal_event_begin_flow(st->events, "pal_example_flow", flow, flow->last_ns);

	if (j == NULL) // nobody wants records, or there is no room: counted already
		return;
	pal_json_open(j, "pal", '{');
	pal_json_u64(j, "longest_silence_ns", s->longest_ns);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "example-flow",
	.version = PAL_PLUGIN_VERSION,
	.summary = "example: the longest silence of each flow (EVE pal_example_flow)",
	.flow_bytes = sizeof(struct silence),
	.lcore_init = example_lcore_init,
	.lcore_fini = free,
	.flow_open = example_flow_open,
	.datagram = example_datagram,
	.flow_close = example_flow_close,
};
