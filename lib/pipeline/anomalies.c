/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What decode, defragmentation and streams find odd, on its way to the plugins.
 */
#include "pipeline_priv.h"

#include <pal_decode_anomaly.h>

#include <string.h>

// Suricata's name, where there is one.
#define KNOWN(prefix, name) (sizeof(name) == 1 ? NULL : prefix name)

void lcore_anomaly(struct lcore *lc, const struct pal_anomaly *anomaly)
{
	lc->stats.anomalies[anomaly->code]++;
	pal_chain_anomaly(lc->chain, anomaly);
}

static void on_plugin_anomaly(void *arg, const struct pal_anomaly *anomaly)
{
	lcore_anomaly(arg, anomaly);
}

void lcore_anomaly_sink(struct lcore *lc, struct pal_anomaly_sink *ret_sink)
{
	*ret_sink = (struct pal_anomaly_sink){on_plugin_anomaly, lc};
}

void lcore_decode_anomalies(struct lcore *lc, const struct pal_pkt *pkt)
{
	struct pal_anomaly anomaly;

	if (pal_decode_is_odd(pkt) && pal_decode_anomaly(pkt, &anomaly))
		lcore_anomaly(lc, &anomaly);
}

void lcore_on_defrag_event(
	void *arg,
	enum pal_defrag_event event,
	const struct pal_defrag_event_info *info
)
{
	static const char *const known[PAL_DEFRAG_EVENT_COUNT][2] = {
#define PAL_DEFRAG_EVENT(id, name, suricata, text)                                                 \
	[PAL_DEFRAG_EVENT_##                                                                       \
		id] = {KNOWN("decoder.ipv4.", suricata), KNOWN("decoder.ipv6.", suricata)},
#include <defrag_events.def>
#undef PAL_DEFRAG_EVENT
	};
	struct pal_flow_key key = {0};
	struct pal_anomaly anomaly = {
		.name = pal_defrag_event_name(event),
		.known = known[event][info->key->ip_version == 6],
		.code = (uint16_t)(PAL_ANOMALY_CODE_DEFRAG + event),
		.type = PAL_ANOMALY_DECODE,
		.key = &key,
		.time_ns = info->time_ns,
		.number = info->number,
		.offset = info->off,
		.len = info->len,
		.old_hash = info->old_hash,
		.new_hash = info->new_hash,
	};

	key.addr[0] = info->key->src;
	key.addr[1] = info->key->dst;
	memcpy(key.vlan, info->key->vlan, sizeof(key.vlan));
	key.proto = info->proto;
	key.ip_version = info->key->ip_version;
	key.tunnel = info->key->tunnel;
	lcore_anomaly(arg, &anomaly);
}

void lcore_stream_anomaly(
	struct lcore *lc,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct pal_anomaly anomaly = {
		.name = pal_stream_event_name(event),
		.known = pal_stream_event_suricata(event),
		.code = (uint16_t)(PAL_ANOMALY_CODE_STREAM + event),
		.type = PAL_ANOMALY_STREAM,
		.pkt = info->pkt,
		.flow = flow,
		.key = &flow->key,
		.time_ns = info->pkt != NULL ? info->pkt->time_ns : flow->last_ns,
		.number = info->pkt != NULL ? info->pkt->number : 0,
		.offset = info->offset,
		.len = (uint32_t)info->len,
		.old_hash = info->old_hash,
		.new_hash = info->new_hash,
	};

	lcore_anomaly(lc, &anomaly);
}
