/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Between the stream engine of an lcore and the plugins.
 *
 * A flow is followed while some plugin wants its stream (pal_flow.wants). When the last of them has had enough,
 * what is parked goes, and its segments are not looked at any more.
 */
#include "pipeline_priv.h"

static void stop_if_unwanted(struct lcore *lc, struct pal_flow *flow)
{
	struct pal_stream *s = pal_flow_side(lc->flows, flow);

	if (flow->wants & lc->chain->stream_bits)
		return;
	for (enum pal_dir dir = 0; dir < PAL_DIR_COUNT; dir++)
		pal_stream_stop(s, dir);
}

static void on_data(void *arg, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct lcore *lc = arg;

	pal_chain_stream_to(lc->chain, flow, data, ~lc->chain->app_bits);
	if (flow->wants & (lc->chain->app_bits | PAL_FLOW_WANTS_APP))
		lcore_app_stream(lc, flow, data);
	stop_if_unwanted(lc, flow);
}

static void
on_gap(void *arg, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	struct lcore *lc = arg;

	pal_chain_gap_to(lc->chain, flow, dir, offset, len, ~lc->chain->app_bits);
	if (flow->wants & (lc->chain->app_bits | PAL_FLOW_WANTS_APP))
		lcore_app_gap(lc, flow, dir, offset, len);
	stop_if_unwanted(lc, flow);
}

static void on_event(
	void *arg,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct lcore *lc = arg;

	if (pal_stream_event_kind(event) == PAL_STREAM_KIND_END)
		lcore_app_end(lc, flow);
	pal_chain_tcp_event(lc->chain, flow, event, info);
	if (pal_stream_event_kind(event) == PAL_STREAM_KIND_ANOMALY)
		lcore_stream_anomaly(lc, flow, event, info);
}

static struct rte_mbuf *keep(void *arg, struct rte_mbuf *m, bool *ret_copied)
{
	const struct lcore *lc = arg;
	uint64_t nb_copied = 0;
	struct rte_mbuf *kept = pal_source_keep(m, lc->kept, &nb_copied);

	*ret_copied = nb_copied != 0;
	return kept;
}

void lcore_stream_hooks(struct lcore *lc, struct pal_stream_hooks *ret_hooks)
{
	*ret_hooks = (struct pal_stream_hooks){on_data, on_gap, on_event, keep, lc};
}

bool lcore_stream(struct lcore *lc, struct pal_flow *flow, struct rte_mbuf *m)
{
	struct pal_stream *s;

	if (lc->streams == NULL || !(flow->wants & lc->chain->stream_bits))
		return false;
	s = pal_flow_side(lc->flows, flow);
	return s != NULL && pal_stream_segment(lc->streams, s, flow, m);
}

void lcore_stream_close(struct lcore *lc, struct pal_flow *flow)
{
	struct pal_stream *s;

	if (lc->streams == NULL)
		return;
	s = pal_flow_side(lc->flows, flow);
	if (s != NULL)
		pal_stream_close(lc->streams, s, flow);
}
