/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_messages.h"

#include <stdlib.h>

struct kept {
	struct pal_gather sides[PAL_DIR_COUNT]; // of a TCP stream
	max_align_t own[]; // the plugin's
};

void pal_messages_init(
	struct pal_messages *m,
	struct pal_plugin_host *host,
	const struct pal_plugin_lcore *lcore
)
{
	m->anomalies = lcore->anomalies;
	m->flow_offset = pal_plugin_flow_offset(host);
	m->bit = pal_plugin_bit(host);
}

static struct kept **slot_of(const struct pal_messages *m, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, m->flow_offset);
}

static struct kept *kept_of(const struct pal_messages *m, struct pal_flow *flow)
{
	struct kept **kept = slot_of(m, flow);

	if (*kept == NULL)
		*kept = calloc(1, sizeof(**kept) + m->flow_size);
	if (*kept == NULL)
		pal_messages_enough(m, flow);
	return *kept;
}

void *pal_messages_flow(const struct pal_messages *m, struct pal_flow *flow)
{
	struct kept *kept = kept_of(m, flow);

	return kept == NULL ? NULL : kept->own;
}

void *pal_messages_flow_if_any(const struct pal_messages *m, struct pal_flow *flow)
{
	struct kept *kept = *slot_of(m, flow);

	return kept == NULL ? NULL : kept->own;
}

void pal_messages_enough(const struct pal_messages *m, struct pal_flow *flow)
{
	pal_plugin_enough(flow, m->bit);
}

static void say_malformed(
	const struct pal_messages *m,
	struct pal_flow *flow,
	uint64_t time_ns,
	uint64_t number
)
{
	pal_plugin_anomaly(&m->anomalies, flow, PAL_APP_EVENT_MALFORMED, time_ns, number);
}

void pal_messages_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	const struct pal_messages *m = state;
	const struct pal_message msg = {
		.bytes = pal_cursor_of(data, len),
		.dir = pal_flow_dir(flow, pkt),
		.is_cut = len != pkt->payload_len,
		.time_ns = pkt->time_ns,
		.number = pkt->number,
	};

	// What the capture has cut off is nobody's fault.
	if (!m->read(state, flow, &msg) && !msg.is_cut)
		say_malformed(m, flow, msg.time_ns, msg.number);
}

// false: what came is no message.
static bool take_messages(
	void *state,
	struct pal_flow *flow,
	struct pal_gather *side,
	const struct pal_stream_data *data
)
{
	const struct pal_messages *m = state;
	struct pal_message msg = {
		.dir = data->dir,
		.time_ns = data->time_ns,
		.number = data->number,
	};
	struct pal_cursor segment = pal_cursor_of(data->data, data->len);
	int rc;

	while ((rc = pal_gather_next(side, &segment, m->len_of, m->max, &msg.bytes)) > 0) {
		if (!m->read(state, flow, &msg))
			return false;
		if (!(flow->wants & m->bit))
			return true;
	}
	// No memory is nobody's fault, either.
	return rc == 0 || rc == -ENOMEM;
}

// Whoever has lost both sides reads no more.
static void
lose(const struct pal_messages *m, struct pal_flow *flow, struct kept *kept, enum pal_dir dir)
{
	pal_gather_lose(&kept->sides[dir]);
	if (kept->sides[PAL_DIR_TO_SERVER].is_lost && kept->sides[PAL_DIR_TO_CLIENT].is_lost)
		pal_messages_enough(m, flow);
}

void pal_messages_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	const struct pal_messages *m = state;
	struct kept *kept = kept_of(m, flow);

	if (kept == NULL || kept->sides[data->dir].is_lost)
		return;
	if (take_messages(state, flow, &kept->sides[data->dir], data))
		return;
	say_malformed(m, flow, data->time_ns, data->number);
	lose(m, flow, kept, data->dir);
}

// Where the next message begins is not known.
void pal_messages_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	const struct pal_messages *m = state;
	struct kept *kept = kept_of(m, flow);

	if (kept != NULL)
		lose(m, flow, kept, dir);
}

void pal_messages_close(void *state, struct pal_flow *flow)
{
	struct kept **kept = slot_of(state, flow);

	if (*kept == NULL)
		return;
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		pal_gather_reset(&(*kept)->sides[dir]);
	free(*kept);
	*kept = NULL;
}
