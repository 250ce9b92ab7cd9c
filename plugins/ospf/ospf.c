/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * OSPF, versions 2 and 3: a `pal_ospf` record for each packet. It is no application protocol: IP carries it, and its
 * number says what it is.
 */
#include "ospf_record.h"

#include <stdlib.h>

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
};

static void *ospf_lcore_init(struct pal_plugin_host *, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	return st;
}

// What IP carries, as far as it was captured.
static struct pal_cursor carried(const struct pal_pkt *pkt)
{
	struct pal_cursor cur = pal_cursor_of(pkt->data, pkt->cap_len);

	if (!pal_cursor_skip(&cur, pkt->l4_off))
		return pal_cursor_of(pkt->data, 0);
	pal_cursor_limit(&cur, pkt->l3_payload_len);
	return cur;
}

static void ospf_datagram(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct pal_cursor packet = carried(pkt);
	struct state *st = state;
	bool whole = false;
	struct pal_ospf ospf;
	struct pal_json *j;

	if (flow->key.proto != PAL_OSPF_IP_PROTO || (pkt->flags & PAL_PKT_FRAGMENT))
		return;
	if (pal_ospf_open(&ospf, packet)) {
		j = pal_event_begin_flow_pkt(
			st->events, "pal_ospf", flow, pkt->time_ns, pkt->number
		);
		if (j == NULL)
			return;
		whole = ospf_put(j, &ospf);
		pal_event_end(st->events);
	}
	// What the capture has cut off is nobody's fault.
	if (!whole && pal_cursor_left(&packet) == pkt->l3_payload_len)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ospf",
	.version = PAL_PLUGIN_VERSION,
	.summary = "packets of OSPF, versions 2 and 3 (pal_ospf)",
	.protos = PAL_PLUGIN_OTHER,
	.lcore_init = ospf_lcore_init,
	.lcore_fini = free,
	.datagram = ospf_datagram,
};
