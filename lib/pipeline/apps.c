/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Between recognition and the plugins: once the protocol of a flow is known, who asked for it gets what was held
 * while it was not, and then what comes.
 */
#include "pipeline_priv.h"

#include <netinet/in.h>

static void on_mismatch(struct lcore *lc, struct pal_flow *flow, uint64_t time_ns, uint64_t number)
{
	struct pal_anomaly_sink sink;

	lcore_anomaly_sink(lc, &sink);
	pal_plugin_anomaly(&sink, flow, PAL_APP_EVENT_MISMATCH, time_ns, number);
}

static void on_known(struct lcore *lc, struct pal_flow *flow)
{
	uint32_t bits = pal_chain_app(lc->chain, flow);
	struct pal_stream_data held;

	for (unsigned int i = 0; pal_detect_held(lc->detect, flow, i, &held); i++)
		pal_chain_stream_to(lc->chain, flow, &held, bits);
	pal_detect_replayed(lc->detect, flow);
}

void lcore_app_stream(struct lcore *lc, struct pal_flow *flow, const struct pal_stream_data *data)
{
	if (!(flow->wants & PAL_FLOW_WANTS_APP))
		return;
	switch (pal_detect_stream(lc->detect, flow, data)) {
	case PAL_DETECT_KNOWN:
		on_known(lc, flow);
		break;
	case PAL_DETECT_MISMATCH:
		on_mismatch(lc, flow, data->time_ns, data->number);
		break;
	default:
		break;
	}
}

void lcore_app_end(struct lcore *lc, struct pal_flow *flow)
{
	if (!(flow->wants & PAL_FLOW_WANTS_APP))
		return;
	if (pal_detect_end(lc->detect, flow) == PAL_DETECT_KNOWN)
		on_known(lc, flow);
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
