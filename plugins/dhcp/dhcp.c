/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DHCP and BOOTP: an EVE `dhcp` record for each message, or for each that a server assigns an address with. DHCPv6: a
 * `pal_dhcpv6` record for each message.
 */
#include "dhcp_record.h"

#include <stdlib.h>

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	bool extended;
};

static const struct pal_plugin_key keys[] = {
	{"extended",
	 "yes",
	 "a record for each message with all fields; no: a short one for each address that is "
	 "assigned"},
	{.name = NULL},
};

static int dhcp_init(struct pal_plugin_host *host)
{
	bool extended;

	return pal_plugin_conf_bool(host, "extended", &extended);
}

static void *dhcp_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	(void)pal_plugin_conf_bool(host, "extended", &st->extended); // checked by dhcp_init()
	return st;
}

static bool is_ack(const struct pal_cursor *options)
{
	struct pal_cursor type = options[PAL_DHCP_TYPE];

	return pal_cursor_left(&type) != 0 && type.pos[0] == 5;
}

// Both: false where a message is not whole. What can be read of it is written all the same.

static bool
on_dhcp(struct state *st, struct pal_flow *flow, const struct pal_pkt *pkt, struct pal_cursor msg)
{
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;
	struct pal_json *j;
	bool whole;

	if (!pal_dhcp_open(&dhcp, msg))
		return false;
	whole = pal_dhcp_options(&dhcp, options);
	if (!st->extended && !is_ack(options))
		return whole;
	j = pal_event_begin_flow_pkt(st->events, "dhcp", flow, pkt->time_ns, pkt->number);
	if (j == NULL)
		return whole;
	dhcp_put(j, &dhcp, options, st->extended);
	pal_event_end(st->events);
	return whole;
}

static bool
on_dhcpv6(struct state *st, struct pal_flow *flow, const struct pal_pkt *pkt, struct pal_cursor msg)
{
	struct pal_dhcpv6 dhcp;
	struct pal_json *j;
	bool whole;

	if (!pal_dhcpv6_open(&dhcp, msg))
		return false;
	j = pal_event_begin_flow_pkt(st->events, "pal_dhcpv6", flow, pkt->time_ns, pkt->number);
	if (j == NULL)
		return true;
	whole = dhcpv6_put(j, &dhcp);
	pal_event_end(st->events);
	return whole;
}

static void dhcp_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct pal_cursor msg = pal_cursor_of(data, len);
	struct state *st = state;
	bool whole = flow->app == PAL_APP_DHCP ? on_dhcp(st, flow, pkt, msg)
					       : on_dhcpv6(st, flow, pkt, msg);

	// What the capture has cut off is nobody's fault.
	if (!whole && len == pkt->payload_len)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "dhcp",
	.version = PAL_PLUGIN_VERSION,
	.summary = "messages of DHCP (EVE dhcp) and DHCPv6 (pal_dhcpv6)",
	.keys = keys,
	.protos = PAL_PLUGIN_UDP,
	.apps = PAL_APPS(DHCP) | PAL_APPS(DHCPV6),
	.init = dhcp_init,
	.lcore_init = dhcp_lcore_init,
	.lcore_fini = free,
	.payload = dhcp_payload,
};
