/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DNS, mDNS and LLMNR over UDP, and DNS over TCP: an EVE `dns` record for each question asked, and one for each response.
 */
#include "dns_record.h"

#include <pal_messages.h>

#include <netinet/in.h>
#include <stdlib.h>

// RFC 1035 section 4.2.2: two bytes of length come first.
#define MESSAGE_MAX (2u + UINT16_MAX)

struct dns_flow {
	uint32_t nb_tx; // questions in version 2, messages in version 3
};

struct state {
	struct pal_messages messages; // first: its hooks are ours
	struct pal_events *events;
	struct dns_format format;
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

/* messages */

static struct pal_json *
begin(struct state *st, struct pal_flow *flow, const struct pal_message *msg)
{
	return pal_event_begin_flow_pkt(st->events, "dns", flow, msg->time_ns, msg->number);
}

// Version 2: a record for each question.
static void write_queries(
	struct state *st,
	struct pal_flow *flow,
	struct dns_message *msg,
	const struct pal_message *at
)
{
	struct dns_flow *df = pal_messages_flow(&st->messages, flow);
	struct pal_dns reader = msg->dns;
	struct pal_dns_rr rr;

	while (df != NULL && pal_dns_next(&reader, &rr) && rr.section == PAL_DNS_QUESTION) {
		struct pal_json *j = begin(st, flow, at);

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
	const struct pal_message *at
)
{
	struct pal_json *j = begin(st, flow, at);

	if (j == NULL)
		return;
	dns_put_answer(j, msg, &st->format);
	pal_event_end(st->events);
}

static void write_message(
	struct state *st,
	struct pal_flow *flow,
	struct dns_message *msg,
	const struct pal_message *at
)
{
	struct dns_flow *df = pal_messages_flow(&st->messages, flow);
	struct pal_json *j = df != NULL ? begin(st, flow, at) : NULL;

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

// What can be read of a message is written, also where the rest is damaged.
static bool dns_read(void *state, struct pal_flow *flow, const struct pal_message *msg)
{
	struct pal_cursor bytes = msg->bytes;
	struct state *st = state;
	struct dns_message dns;
	bool whole;

	if (flow->key.proto == IPPROTO_TCP && !pal_cursor_skip(&bytes, 2))
		return false;
	if (!pal_dns_open(&dns.dns, bytes))
		return false;
	whole = check(dns.dns, &dns.rcode);
	if (st->format.is_v3)
		write_message(st, flow, &dns, msg);
	else if (dns.dns.flags & PAL_DNS_QR)
		write_answer(st, flow, &dns, msg);
	else
		write_queries(st, flow, &dns, msg);
	return whole;
}

/* hooks */

static size_t len_of_message(struct pal_cursor head)
{
	uint16_t len;

	return pal_cursor_be16(&head, &len) ? 2u + len : PAL_GATHER_MORE;
}

static void *dns_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->messages = (struct pal_messages){
		.len_of = len_of_message,
		.max = MESSAGE_MAX,
		.flow_size = sizeof(struct dns_flow),
		.read = dns_read,
	};
	pal_messages_init(&st->messages, host, lcore);
	(void)read_keys(host, &st->format); // checked by dns_init()
	return st;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "dns",
	.version = PAL_PLUGIN_VERSION,
	.summary = "questions and responses of DNS, mDNS and LLMNR (EVE dns)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(DNS) | PAL_APPS(MDNS) | PAL_APPS(LLMNR),
	.flow_bytes = sizeof(void *),
	.init = dns_init,
	.lcore_init = dns_lcore_init,
	.lcore_fini = free,
	.payload = pal_messages_payload,
	.stream = pal_messages_stream,
	.gap = pal_messages_gap,
	.flow_close = pal_messages_close,
};
