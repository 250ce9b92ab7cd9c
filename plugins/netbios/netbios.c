/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * NetBIOS: a `pal_netbios` record for each message of the name service, and for each session that is asked for over TCP.
 */
#include <pal_netbios.h>
#include <pal_plugin.h>

#include <stdlib.h>

// A session request that came in pieces.
struct session {
	uint8_t len;
	uint8_t bytes[PAL_NETBIOS_SESSION_LEN];
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	uint32_t flow_offset;
	uint32_t bit;
};

static void *netbios_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
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

#define put_name(j, key, name)                                                                     \
	do {                                                                                       \
		pal_json_strn(j, key, (name)->text, (name)->len);                                  \
		pal_json_hex8(j, key "_suffix", (name)->suffix);                                   \
	} while (0)

/* names */

static void put_addresses(struct pal_json *j, struct pal_cursor rdata)
{
	const uint8_t *addr;

	pal_json_open(j, "addresses", '[');
	while (pal_netbios_address_next(&rdata, &addr)) {
		pal_json_put_comma(j);
		pal_json_put_addr(j, addr, 4);
	}
	pal_json_close(j, ']');
}

static void put_status(struct pal_json *j, struct pal_cursor rdata)
{
	struct pal_netbios_name name;
	bool is_group;

	if (!pal_netbios_status_open(&rdata))
		return;
	pal_json_open(j, "names", '[');
	while (pal_netbios_status_next(&rdata, &name, &is_group)) {
		pal_json_open_obj(j);
		put_name(j, "name", &name);
		pal_json_bool(j, "group", is_group);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

// Of the first record that has data: there is no more than one.
static void put_rdata(struct pal_json *j, struct pal_dns dns)
{
	struct pal_dns_rr rr;

	while (pal_dns_next(&dns, &rr)) {
		if (rr.section == PAL_DNS_QUESTION || pal_cursor_left(&rr.rdata) == 0)
			continue;
		pal_json_u64(j, "ttl", rr.ttl);
		if (rr.type == PAL_NETBIOS_NB)
			put_addresses(j, rr.rdata);
		else if (rr.type == PAL_NETBIOS_NBSTAT)
			put_status(j, rr.rdata);
		return;
	}
}

static void put_message(struct pal_json *j, const struct pal_dns *dns)
{
	const char *opcode = pal_netbios_opcode_name(pal_dns_opcode(dns->flags));
	struct pal_dns reader = *dns;
	struct pal_netbios_name name;
	struct pal_dns_rr rr;

	pal_json_open(j, "pal", '{');
	pal_json_str(j, "type", dns->flags & PAL_DNS_QR ? "response" : "request");
	pal_json_u64(j, "id", dns->id);
	pal_json_str(j, "opcode", opcode != NULL ? opcode : "unknown");
	if (dns->flags & PAL_DNS_QR)
		pal_json_u64(j, "rcode", dns->flags & 15);
	if (pal_dns_next(&reader, &rr)) {
		if (pal_netbios_name(&rr.name, &name))
			put_name(j, "name", &name);
		pal_json_u64(j, "rrtype", rr.type);
	}
	put_rdata(j, *dns);
	pal_json_close(j, '}');
}

static bool is_whole(struct pal_dns dns)
{
	struct pal_dns_rr rr;

	while (pal_dns_next(&dns, &rr))
		;
	return !dns.is_malformed;
}

static void netbios_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct pal_dns dns;
	bool opened = pal_dns_open(&dns, pal_cursor_of(data, len));
	struct pal_json *j;

	if (opened) {
		j = pal_event_begin_flow_pkt(
			st->events, "pal_netbios", flow, pkt->time_ns, pkt->number
		);
		if (j != NULL) {
			put_message(j, &dns);
			pal_event_end(st->events);
		}
	}
	// What the capture has cut off is nobody's fault.
	if ((!opened || !is_whole(dns)) && len == pkt->payload_len)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
}

/* sessions */

static struct session **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

static void finish(struct state *st, struct pal_flow *flow)
{
	free(*slot_of(st, flow));
	*slot_of(st, flow) = NULL;
	pal_plugin_enough(flow, st->bit);
}

static void write_session(
	struct state *st,
	struct pal_flow *flow,
	const struct pal_stream_data *data,
	struct pal_cursor msg
)
{
	struct pal_netbios_name called, calling;
	struct pal_json *j;

	if (!pal_netbios_session(msg, &called, &calling))
		return;
	j = pal_event_begin_flow_pkt(st->events, "pal_netbios", flow, data->time_ns, data->number);
	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_str(j, "type", "session");
	put_name(j, "called", &called);
	put_name(j, "calling", &calling);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

// A session is asked for by the first bytes of a connection, or it was not seen.
static void netbios_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct state *st = state;
	struct session **s = slot_of(st, flow);
	uint32_t nb;

	if (data->dir != PAL_DIR_TO_SERVER)
		return;
	if (*s == NULL && data->offset == 0 && data->data[0] == 0x81)
		*s = calloc(1, sizeof(**s));
	if (*s == NULL || data->offset != (*s)->len) {
		finish(st, flow);
		return;
	}
	nb = PAL_NETBIOS_SESSION_LEN - (*s)->len;
	nb = data->len < nb ? data->len : nb;
	memcpy((*s)->bytes + (*s)->len, data->data, nb);
	(*s)->len = (uint8_t)((*s)->len + nb);
	if ((*s)->len < PAL_NETBIOS_SESSION_LEN)
		return;
	write_session(st, flow, data, pal_cursor_of((*s)->bytes, (*s)->len));
	finish(st, flow);
}

static void netbios_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	if (dir == PAL_DIR_TO_SERVER)
		finish(state, flow);
}

static void netbios_flow_close(void *state, struct pal_flow *flow)
{
	free(*slot_of(state, flow));
	*slot_of(state, flow) = NULL;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "netbios",
	.version = PAL_PLUGIN_VERSION,
	.summary = "names and sessions of NetBIOS (pal_netbios)",
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(NBNS) | PAL_APPS(SMB),
	.flow_bytes = sizeof(struct session *),
	.lcore_init = netbios_lcore_init,
	.lcore_fini = free,
	.payload = netbios_payload,
	.stream = netbios_stream,
	.gap = netbios_gap,
	.flow_close = netbios_flow_close,
};
