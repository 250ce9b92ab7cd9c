/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Between recognition and the plugins: once the protocol of a flow is known, who asked for it gets what was held
 * while it was not, and then what comes.
 */
#include "pipeline_priv.h"

#include <netinet/in.h>
#include <stdlib.h>

static void on_mismatch(struct lcore *lc, struct pal_flow *flow, uint64_t time_ns, uint64_t number)
{
	struct pal_anomaly_sink sink;

	lcore_anomaly_sink(lc, &sink);
	pal_plugin_anomaly(&sink, flow, PAL_APP_EVENT_MISMATCH, time_ns, number);
}

static bool
on_change(void *arg, struct pal_flow *flow, enum pal_dir dir, uint64_t from, enum pal_app expected)
{
	const struct lcore *lc = arg;

	return lc->detect != NULL && pal_detect_change(lc->detect, flow, dir, from, expected);
}

static void on_stay(void *arg, struct pal_flow *flow)
{
	const struct lcore *lc = arg;

	if (lc->detect != NULL)
		pal_detect_stay(lc->detect, flow);
}

void lcore_app_sink(struct lcore *lc, struct pal_app_sink *ret_sink)
{
	*ret_sink = (struct pal_app_sink){on_change, on_stay, lc};
}

// What a hook has said about the flow is done after it. Each change is one of PAL_DETECT_CHANGES, so this ends.
static void after_hooks(struct lcore *lc, struct pal_flow *flow)
{
	struct pal_detect_piece *piece, *next;

	switch (pal_detect_verdict(lc->detect, flow)) {
	case PAL_DETECT_CHANGES_NOW:
		pal_chain_app_close(lc->chain, flow);
		pal_detect_restart(lc->detect, flow);
		piece = pal_detect_release(lc->detect, flow);
		break;
	case PAL_DETECT_STAYS:
		piece = pal_detect_release(lc->detect, flow);
		break;
	default:
		return;
	}
	for (; piece != NULL; piece = next) {
		const struct pal_stream_data *data = &piece->data;

		next = piece->next;
		if (piece->gap_len != 0)
			lcore_app_gap(lc, flow, data->dir, data->offset, piece->gap_len);
		else
			lcore_app_stream(lc, flow, data);
		free(piece);
	}
}

static void deliver(struct lcore *lc, struct pal_flow *flow, const struct pal_stream_data *data)
{
	pal_chain_stream_to(lc->chain, flow, data, lc->chain->app_bits);
	if (pal_detect_keeps(lc->detect, flow, data->dir))
		pal_detect_keep(lc->detect, flow, data);
	after_hooks(lc, flow);
}

static void on_expected(struct lcore *lc, struct pal_flow *flow, uint64_t time_ns, uint64_t number)
{
	struct pal_anomaly_sink sink;

	if (flow->app_expected == PAL_APP_UNKNOWN || flow->app_expected == flow->app)
		return;
	lcore_anomaly_sink(lc, &sink);
	pal_plugin_anomaly(&sink, flow, PAL_APP_EVENT_UNEXPECTED, time_ns, number);
}

// Copied, because what is held goes where the flow changes by it.
static void on_known(struct lcore *lc, struct pal_flow *flow)
{
	uint8_t bytes[PAL_DIR_COUNT][PAL_PROBE_BYTES];
	struct pal_stream_data held[PAL_DIR_COUNT];
	uint8_t nb_changes = pal_detect_nb_changes(lc->detect, flow);
	unsigned int nb_held = 0;

	for (; pal_detect_held(lc->detect, flow, nb_held, &held[nb_held]); nb_held++) {
		memcpy(bytes[nb_held], held[nb_held].data, held[nb_held].len);
		held[nb_held].data = bytes[nb_held];
	}
	pal_detect_replayed(lc->detect, flow);
	pal_chain_app(lc->chain, flow);
	for (unsigned int i = 0; i < nb_held; i++) {
		// Recognition has seen them, unless they are another protocol's by now.
		if (pal_detect_nb_changes(lc->detect, flow) != nb_changes ||
		    pal_detect_keeps(lc->detect, flow, held[i].dir))
			lcore_app_stream(lc, flow, &held[i]);
		else
			deliver(lc, flow, &held[i]);
	}
}

// Returns whether that made it known: then what was held before these bytes went to the plugins, which may have changed it.
static bool recognise(struct lcore *lc, struct pal_flow *flow, const struct pal_stream_data *data)
{
	switch (pal_detect_stream(lc->detect, flow, data)) {
	case PAL_DETECT_KNOWN:
		on_expected(lc, flow, data->time_ns, data->number);
		on_known(lc, flow);
		return true;
	case PAL_DETECT_MISMATCH:
		on_mismatch(lc, flow, data->time_ns, data->number);
		break;
	default:
		if (flow->app == PAL_APP_FAILED)
			on_expected(lc, flow, data->time_ns, data->number);
		break;
	}
	return false;
}

void lcore_app_stream(struct lcore *lc, struct pal_flow *flow, const struct pal_stream_data *data)
{
	if (pal_detect_keeps(lc->detect, flow, data->dir)) {
		pal_detect_keep(lc->detect, flow, data);
		return;
	}
	if ((flow->wants & PAL_FLOW_WANTS_APP) && recognise(lc, flow, data))
		lcore_app_stream(lc, flow, data);
	else
		deliver(lc, flow, data);
}

void lcore_app_gap(
	struct lcore *lc,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
)
{
	if (pal_detect_keeps(lc->detect, flow, dir)) {
		pal_detect_keep_gap(lc->detect, flow, dir, offset, len);
		return;
	}
	if (flow->wants & PAL_FLOW_WANTS_APP)
		pal_detect_gap(lc->detect, flow, dir);
	pal_chain_gap_to(lc->chain, flow, dir, offset, len, lc->chain->app_bits);
	after_hooks(lc, flow);
}

static void decide_by_end(struct lcore *lc, struct pal_flow *flow)
{
	enum pal_detect_result result;

	if (!(flow->wants & PAL_FLOW_WANTS_APP))
		return;
	result = pal_detect_end(lc->detect, flow);
	if (flow->app != PAL_APP_UNKNOWN)
		on_expected(lc, flow, flow->last_ns, 0);
	if (result == PAL_DETECT_KNOWN)
		on_known(lc, flow);
}

// The end may make a protocol known, which may change by what it was known by, and so on.
void lcore_app_end(struct lcore *lc, struct pal_flow *flow)
{
	if (lc->detect == NULL)
		return;
	decide_by_end(lc, flow);
	while (pal_detect_force(lc->detect, flow)) {
		after_hooks(lc, flow);
		decide_by_end(lc, flow);
	}
}

void lcore_app_datagram(struct lcore *lc, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	enum pal_detect_result result;

	if (!(flow->wants & PAL_FLOW_WANTS_APP) || flow->key.proto != IPPROTO_UDP ||
	    pkt->payload_cap_len == 0)
		return;
	result = pal_detect_datagram(
		lc->detect,
		flow,
		pal_flow_dir(flow, pkt),
		pal_cursor_of(pkt->data + pkt->payload_off, pkt->payload_cap_len)
	);
	if (result == PAL_DETECT_KNOWN)
		pal_chain_app(lc->chain, flow);
	else if (result == PAL_DETECT_MISMATCH)
		on_mismatch(lc, flow, pkt->time_ns, pkt->number);
}
