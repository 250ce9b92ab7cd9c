/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Example of the hooks `stream`, `gap` and `tcp_event`: the bytes of a TCP connection in their order. Here: the first line
 * that each side says, in a record `pal_example_stream` at the end of the stream.
 *
 * Shows: state that exists for the flows that need it only.
 */
#include <pal_plugin.h>

#include <stdlib.h>

#define LINE_MAX 80

struct line {
	uint8_t len;
	bool is_done; // it is there, or part of it is missing
	char text[LINE_MAX];
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

// Every flow has room for one pointer only: most never say a line.
static struct line **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

static struct line *line_of(const struct state *st, struct pal_flow *flow, enum pal_dir dir)
{
	struct line **slot = slot_of(st, flow);

	if (*slot == NULL)
		*slot = calloc(PAL_DIR_COUNT, sizeof(**slot));
	return *slot == NULL ? NULL : &(*slot)[dir];
}

// Bytes come as segments brought them: a line may be in many, or many lines in one.
static void example_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct line *line = line_of(state, flow, data->dir);

	for (uint32_t i = 0; line != NULL && i < data->len && !line->is_done; i++) {
		if (data->data[i] == '\r' || data->data[i] == '\n')
			line->is_done = true;
		else
			line->text[line->len++] = (char)data->data[i];
		line->is_done |= line->len == LINE_MAX;
	}
}

static void example_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct line *line = line_of(state, flow, dir);

	if (line != NULL)
		line->is_done = true;
}

static void put_line(struct pal_json *j, const char *key, const struct line *line)
{
	if (line->len == 0)
		return;
	pal_json_key_str(j, key);
	pal_json_put_str(j, line->text, line->len);
}

static void
example_tcp_event(void *state, struct pal_flow *flow, enum pal_stream_event event, const struct pal_stream_event_info *)
{
	struct state *st = state;
	const struct line *lines = *slot_of(st, flow);
	struct pal_json *j;

	// Exactly one a stream, after its last byte.
	if (pal_stream_event_kind(event) != PAL_STREAM_KIND_END || lines == NULL)
		return;
	j = pal_event_begin_flow(st->events, "pal_example_stream", flow, flow->last_ns);
	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	put_line(j, "to_server", &lines[PAL_DIR_TO_SERVER]);
	put_line(j, "to_client", &lines[PAL_DIR_TO_CLIENT]);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void example_flow_close(void *state, struct pal_flow *flow)
{
	free(*slot_of(state, flow));
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "example-stream",
	.version = PAL_PLUGIN_VERSION,
	.summary = "example: the first line of each side of a stream (EVE pal_example_stream)",
	.protos = PAL_PLUGIN_TCP,
	.flow_bytes = sizeof(struct line *),
	.lcore_init = example_lcore_init,
	.lcore_fini = free,
	.stream = example_stream,
	.gap = example_gap,
	.tcp_event = example_tcp_event,
	.flow_close = example_flow_close,
};
