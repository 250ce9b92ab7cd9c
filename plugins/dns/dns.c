/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DNS, mDNS and LLMNR over UDP, and DNS over TCP: an EVE `dns` record for each question asked, and one for each response.
 */
#include "dns_record.h"

#include <pal_gather.h>

#include <stdlib.h>

// RFC 1035 section 4.2.2: two bytes of length come first.
#define MESSAGE_MAX (2u + UINT16_MAX)

// What a flow keeps: made when it is first needed, at the one pointer in the flow.
struct dns_flow {
	uint32_t nb_tx; // questions in version 2, messages in version 3
	struct pal_gather sides[PAL_DIR_COUNT]; // of a TCP stream
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct dns_format format;
	uint32_t flow_offset;
	uint32_t bit;
};

static const struct pal_plugin_key keys[] = {
	{"version",
	 "2",
	 "records: 2, one a question and one a response; 3, one a message, as Suricata 8"},
	{"detailed", "yes", "list the answers of a response one by one (dns.answers)"},
	{"grouped", "yes", "list the answers of a response by type (dns.grouped)"},
	{.name = NULL},
};

static int read_keys(struct pal_plugin_host *host, struct dns_format *format)
{
	uint64_t version;
	int rc = pal_plugin_conf_u64(host, "version", &version);

	if (rc < 0)
		return rc;
	if (version != 2 && version != 3)
		return pal_plugin_fail(host, EINVAL, "version: must be 2 or 3");
	format->is_v3 = version == 3;
	rc = pal_plugin_conf_bool(host, "detailed", &format->detailed);
	return rc < 0 ? rc : pal_plugin_conf_bool(host, "grouped", &format->grouped);
}

static int dns_init(struct pal_plugin_host *host)
{
	struct dns_format format;

	return read_keys(host, &format);
}

static void *dns_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	(void)read_keys(host, &st->format); // checked by dns_init()
	return st;
}

// NULL when there is no memory: then no more of this flow is read.
static struct dns_flow *flow_of(const struct state *st, struct pal_flow *flow)
{
	struct dns_flow **df = pal_plugin_flow_data(flow, st->flow_offset);

	if (*df == NULL)
		*df = calloc(1, sizeof(**df));
	if (*df == NULL)
		pal_plugin_enough(flow, st->bit);
	return *df;
}

static void drop_flow(const struct state *st, struct pal_flow *flow)
{
	struct dns_flow **df = pal_plugin_flow_data(flow, st->flow_offset);

	if (*df == NULL)
		return;
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		pal_gather_reset(&(*df)->sides[dir]);
	free(*df);
	*df = NULL;
}

/* messages */

// When and where a message was complete.
struct stamp {
	uint64_t time_ns, number;
};

static struct pal_json *begin(struct state *st, struct pal_flow *flow, const struct stamp *stamp)
{
	return pal_event_begin_flow_pkt(st->events, "dns", flow, stamp->time_ns, stamp->number);
}

// Version 2: a record for each question.
static void write_queries(
	struct state *st,
	struct pal_flow *flow,
	struct dns_message *msg,
	const struct stamp *stamp
)
{
	struct dns_flow *df = flow_of(st, flow);
	struct pal_dns reader = msg->dns;
	struct pal_dns_rr rr;

	while (df != NULL && pal_dns_next(&reader, &rr) && rr.section == PAL_DNS_QUESTION) {
		struct pal_json *j = begin(st, flow, stamp);

		msg->tx_id = df->nb_tx++;
		if (j == NULL)
			continue;
		dns_put_query(j, msg, &rr);
		pal_event_end(st->events);
	}
}

static void write_answer(
	struct state *st,
	struct pal_flow *flow,
	const struct dns_message *msg,
	const struct stamp *stamp
)
{
	struct pal_json *j = begin(st, flow, stamp);

	if (j == NULL)
		return;
	dns_put_answer(j, msg, &st->format);
	pal_event_end(st->events);
}

static void write_message(
	struct state *st,
	struct pal_flow *flow,
	struct dns_message *msg,
	const struct stamp *stamp
)
{
	struct dns_flow *df = flow_of(st, flow);
	struct pal_json *j = df != NULL ? begin(st, flow, stamp) : NULL;

	if (df != NULL)
		msg->tx_id = df->nb_tx++;
	if (j == NULL)
		return;
	dns_put_message(j, msg, &st->format);
	pal_event_end(st->events);
}

// To its end: true if all of it can be read. RFC 6891 section 6.1.3: OPT has the upper bits of the rcode.
static bool check(struct pal_dns dns, uint16_t *ret_rcode)
{
	struct pal_dns_rr rr;

	*ret_rcode = dns.flags & 15;
	while (pal_dns_next(&dns, &rr))
		if (rr.section == PAL_DNS_ADDITIONAL && rr.type == PAL_DNS_OPT)
			*ret_rcode = (uint16_t)((rr.ttl >> 24) << 4 | (dns.flags & 15));
	return !dns.is_malformed;
}

// What can be read of a message is written, also where the rest is damaged. Returns whether it is whole.
static bool on_message(
	struct state *st,
	struct pal_flow *flow,
	struct pal_cursor msg,
	const struct stamp *stamp
)
{
	struct dns_message message;
	bool whole;

	if (!pal_dns_open(&message.dns, msg))
		return false;
	whole = check(message.dns, &message.rcode);
	if (st->format.is_v3)
		write_message(st, flow, &message, stamp);
	else if (message.dns.flags & PAL_DNS_QR)
		write_answer(st, flow, &message, stamp);
	else
		write_queries(st, flow, &message, stamp);
	return whole;
}

static void dns_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	const struct stamp stamp = {pkt->time_ns, pkt->number};
	struct state *st = state;
	bool whole = on_message(st, flow, pal_cursor_of(data, len), &stamp);

	// What the capture has cut off is nobody's fault.
	if (!whole && len == pkt->payload_len)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp.time_ns, stamp.number
		);
}

/* streams */

static size_t len_of_message(struct pal_cursor head)
{
	uint16_t len;

	return pal_cursor_be16(&head, &len) ? 2u + len : PAL_GATHER_MORE;
}

// false: what came is no message.
static bool take_messages(
	struct state *st,
	struct pal_flow *flow,
	struct pal_gather *side,
	struct pal_cursor segment,
	const struct stamp *stamp
)
{
	struct pal_cursor msg;
	int rc;

	while ((rc = pal_gather_next(side, &segment, len_of_message, MESSAGE_MAX, &msg)) > 0)
		if (!pal_cursor_skip(&msg, 2) || !on_message(st, flow, msg, stamp))
			return false;
	return rc == 0;
}

// Whoever has lost both sides reads no more.
static void lose(struct state *st, struct pal_flow *flow, struct dns_flow *df, enum pal_dir dir)
{
	pal_gather_lose(&df->sides[dir]);
	if (!df->sides[PAL_DIR_TO_SERVER].is_lost || !df->sides[PAL_DIR_TO_CLIENT].is_lost)
		return;
	drop_flow(st, flow);
	pal_plugin_enough(flow, st->bit);
}

static void dns_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	const struct stamp stamp = {data->time_ns, data->number};
	struct pal_cursor segment = pal_cursor_of(data->data, data->len);
	struct state *st = state;
	struct dns_flow *df = flow_of(st, flow);

	if (df == NULL || df->sides[data->dir].is_lost)
		return;
	if (take_messages(st, flow, &df->sides[data->dir], segment, &stamp))
		return;
	pal_plugin_anomaly(
		&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp.time_ns, stamp.number
	);
	lose(st, flow, df, data->dir);
}

// Where the next message begins is not known.
static void dns_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct state *st = state;
	struct dns_flow *df = flow_of(st, flow);

	if (df != NULL)
		lose(st, flow, df, dir);
}

static void dns_flow_close(void *state, struct pal_flow *flow)
{
	drop_flow(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "dns",
	.version = PAL_PLUGIN_VERSION,
	.summary = "questions and responses of DNS, mDNS and LLMNR (EVE dns)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(DNS) | PAL_APPS(MDNS) | PAL_APPS(LLMNR),
	.flow_bytes = sizeof(struct dns_flow *),
	.init = dns_init,
	.lcore_init = dns_lcore_init,
	.lcore_fini = free,
	.payload = dns_payload,
	.stream = dns_stream,
	.gap = dns_gap,
	.flow_close = dns_flow_close,
};
