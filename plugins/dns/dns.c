/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * DNS, mDNS and LLMNR over UDP, and DNS over TCP: an EVE `dns` record for each question asked, and one for each response.
 */
#include "dns_record.h"

#include <netinet/in.h>
#include <stdlib.h>

// Of one direction of a TCP stream: a message that came in pieces, its two bytes of length first.
struct side {
	uint32_t len, room;
	uint8_t *bytes; // NULL: nothing is waiting
	bool is_lost; // where messages begin is not known any more
};

struct dns_flow {
	uint32_t nb_queries;
	struct side *sides; // of both directions; NULL until the first byte of a stream
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	struct dns_format format;
	uint32_t flow_offset;
	uint32_t bit;
};

static const struct pal_plugin_key keys[] = {
	{"detailed", "yes", "list the answers of a response one by one (dns.answers)"},
	{"grouped", "yes", "list the answers of a response by type (dns.grouped)"},
	{.name = NULL},
};

static int read_keys(struct pal_plugin_host *host, struct dns_format *format)
{
	int rc = pal_plugin_conf_bool(host, "detailed", &format->detailed);

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

static struct dns_flow *flow_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
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

static void write_queries(
	struct state *st,
	struct pal_flow *flow,
	const struct pal_dns *dns,
	const struct stamp *stamp
)
{
	struct pal_dns reader = *dns;
	struct pal_dns_rr rr;

	while (pal_dns_next(&reader, &rr) && rr.section == PAL_DNS_QUESTION) {
		uint32_t tx_id = flow_of(st, flow)->nb_queries++;
		struct pal_json *j = begin(st, flow, stamp);

		if (j == NULL)
			continue;
		dns_put_query(j, dns, &rr, tx_id);
		pal_event_end(st->events);
	}
}

static void write_answer(
	struct state *st,
	struct pal_flow *flow,
	const struct pal_dns *dns,
	uint16_t rcode,
	const struct stamp *stamp
)
{
	struct pal_json *j = begin(st, flow, stamp);

	if (j == NULL)
		return;
	dns_put_answer(j, dns, rcode, &st->format);
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
	struct pal_dns dns;
	uint16_t rcode;
	bool whole;

	if (!pal_dns_open(&dns, msg))
		return false;
	whole = check(dns, &rcode);
	if (dns.flags & PAL_DNS_QR)
		write_answer(st, flow, &dns, rcode, stamp);
	else
		write_queries(st, flow, &dns, stamp);
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

static void drop_sides(struct dns_flow *df)
{
	if (df->sides == NULL)
		return;
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		free(df->sides[dir].bytes);
	free(df->sides);
	df->sides = NULL;
}

// NULL when there is no memory: then no more of this flow is read.
static struct side *side_of(const struct state *st, struct pal_flow *flow, enum pal_dir dir)
{
	struct dns_flow *df = flow_of(st, flow);

	if (df->sides == NULL)
		df->sides = calloc(PAL_DIR_COUNT, sizeof(*df->sides));
	if (df->sides != NULL)
		return &df->sides[dir];
	pal_plugin_enough(flow, st->bit);
	return NULL;
}

static void lose(struct state *st, struct pal_flow *flow, struct side *side)
{
	struct dns_flow *df = flow_of(st, flow);

	free(side->bytes);
	*side = (struct side){.is_lost = true};
	if (!df->sides[0].is_lost || !df->sides[1].is_lost)
		return;
	drop_sides(df);
	pal_plugin_enough(flow, st->bit);
}

// RFC 1035 section 4.2.2. Whole messages leave the cursor; false: what came is none.
static bool take_messages(
	struct state *st,
	struct pal_flow *flow,
	struct pal_cursor *cur,
	const struct stamp *stamp
)
{
	for (;;) {
		struct pal_cursor at = *cur;
		const uint8_t *msg;
		uint16_t len;

		if (!pal_cursor_be16(&at, &len))
			return true;
		msg = pal_cursor_take(&at, len);
		if (msg == NULL)
			return true;
		*cur = at;
		if (!on_message(st, flow, pal_cursor_of(msg, len), stamp))
			return false;
	}
}

// Room is for what has come, never for what a length announces.
static bool append(struct side *side, const uint8_t *data, uint32_t len)
{
	if (side->len + len > side->room) {
		uint32_t room = (side->len + len) * 2;
		uint8_t *bytes = realloc(side->bytes, room);

		if (bytes == NULL)
			return false;
		side->bytes = bytes;
		side->room = room;
	}
	memcpy(side->bytes + side->len, data, len);
	side->len += len;
	return true;
}

// Bytes that wait are one message at most: as many are added as it needs, the rest is read where it is.
static bool finish_waiting(
	struct state *st,
	struct pal_flow *flow,
	struct side *side,
	struct pal_cursor *cur,
	const struct stamp *stamp
)
{
	while (side->len != 0 && pal_cursor_left(cur) != 0) {
		struct pal_cursor msg;
		uint32_t want = side->len < 2 ? 2 : 2u + pal_load_be16(side->bytes);
		size_t more = want - side->len;

		if (more > pal_cursor_left(cur))
			more = pal_cursor_left(cur);
		if (!append(side, pal_cursor_take(cur, more), (uint32_t)more))
			return false;
		msg = pal_cursor_of(side->bytes, side->len);
		if (!take_messages(st, flow, &msg, stamp))
			return false;
		side->len = (uint32_t)pal_cursor_left(&msg);
	}
	return true;
}

static bool take_bytes(
	struct state *st,
	struct pal_flow *flow,
	struct side *side,
	const struct pal_stream_data *data,
	const struct stamp *stamp
)
{
	struct pal_cursor cur = pal_cursor_of(data->data, data->len);
	size_t left;

	if (!finish_waiting(st, flow, side, &cur, stamp) || !take_messages(st, flow, &cur, stamp))
		return false;
	left = pal_cursor_left(&cur);
	return left == 0 || append(side, pal_cursor_take(&cur, left), (uint32_t)left);
}

static void dns_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	const struct stamp stamp = {data->time_ns, data->number};
	struct state *st = state;
	struct side *side = side_of(st, flow, data->dir);

	if (side == NULL || side->is_lost)
		return;
	if (take_bytes(st, flow, side, data, &stamp))
		return;
	pal_plugin_anomaly(
		&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, stamp.time_ns, stamp.number
	);
	lose(st, flow, side);
}

// Where the next message begins is not known.
static void dns_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct side *side = side_of(state, flow, dir);

	if (side != NULL && !side->is_lost)
		lose(state, flow, side);
}

static void dns_flow_close(void *state, struct pal_flow *flow)
{
	if (flow->key.proto == IPPROTO_TCP)
		drop_sides(flow_of(state, flow));
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "dns",
	.version = PAL_PLUGIN_VERSION,
	.summary = "questions and responses of DNS, mDNS and LLMNR (EVE dns)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(DNS) | PAL_APPS(MDNS) | PAL_APPS(LLMNR),
	.flow_bytes = sizeof(struct dns_flow),
	.init = dns_init,
	.lcore_init = dns_lcore_init,
	.lcore_fini = free,
	.payload = dns_payload,
	.stream = dns_stream,
	.gap = dns_gap,
	.flow_close = dns_flow_close,
};
