/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * LDAP over TCP and UDP: an EVE `ldap` record for each request with its responses.
 *
 * Messages are kept as they came until the last response, and read again for the record.
 */
#include "ldap_record.h"

#include <pal_messages.h>

#include <stdlib.h>

// What is kept of one request and its responses. More is another record, of responses alone.
#define EXCHANGE_MAX (16 * 1024)
// Requests that wait for responses, of one flow. When there are more the oldest is written as it is.
#define EXCHANGES_MAX 32

struct exchange {
	struct exchange *next;
	uint32_t message_id;
	bool starts_tls; // it asks for TLS
	uint32_t len, room;
	uint64_t time_ns, number; // of the last message
	uint8_t *bytes;
};

struct ldap_flow {
	struct exchange *oldest;
	uint32_t nb_exchanges;
};

struct state {
	struct pal_messages messages; // first: its hooks are ours
	struct pal_events *events;
};

static void write_record(
	struct state *st,
	struct pal_flow *flow,
	struct pal_cursor messages,
	uint64_t time_ns,
	uint64_t number
)
{
	struct pal_json *j = pal_event_begin_flow_pkt(st->events, "ldap", flow, time_ns, number);

	if (j == NULL)
		return;
	ldap_put(j, messages);
	pal_event_end(st->events);
}

static void write_exchange(struct state *st, struct pal_flow *flow, struct exchange *x)
{
	if (x->len != 0)
		write_record(st, flow, pal_cursor_of(x->bytes, x->len), x->time_ns, x->number);
	x->len = 0;
}

static void remove_exchange(struct ldap_flow *lf, struct exchange **at)
{
	struct exchange *x = *at;

	*at = x->next;
	free(x->bytes);
	free(x);
	lf->nb_exchanges--;
}

static struct exchange **find(struct ldap_flow *lf, uint32_t message_id)
{
	struct exchange **at = &lf->oldest;

	while (*at != NULL && (*at)->message_id != message_id)
		at = &(*at)->next;
	return at;
}

static bool append(struct exchange *x, struct pal_cursor bytes)
{
	size_t len = pal_cursor_left(&bytes);

	if (x->len + len > x->room) {
		size_t room = (x->len + len) * 2 < EXCHANGE_MAX ? (x->len + len) * 2 : EXCHANGE_MAX;
		uint8_t *grown = realloc(x->bytes, room);

		if (grown == NULL)
			return false;
		x->bytes = grown;
		x->room = (uint32_t)room;
	}
	memcpy(x->bytes + x->len, bytes.pos, len);
	x->len += (uint32_t)len;
	return true;
}

// A message joins its exchange; false: it has to be written by itself.
static bool
keep(struct state *st, struct pal_flow *flow, struct exchange *x, const struct pal_message *msg)
{
	size_t len = pal_cursor_left(&msg->bytes);

	if (x->len + len > EXCHANGE_MAX)
		write_exchange(st, flow, x);
	if (len > EXCHANGE_MAX || !append(x, msg->bytes))
		return false;
	x->time_ns = msg->time_ns;
	x->number = msg->number;
	return true;
}

// RFC 4511 section 4.14.1.
static bool is_start_tls(const struct pal_ldap *ldap)
{
	static const char oid[] = "1.3.6.1.4.1.1466.20037";
	struct pal_ldap_extended extended;

	return ldap->op == PAL_LDAP_EXTENDED_REQUEST && pal_ldap_extended(ldap->body, &extended) &&
	       extended.has_name && pal_cursor_left(&extended.name) == sizeof(oid) - 1 &&
	       memcmp(extended.name.pos, oid, sizeof(oid) - 1) == 0;
}

static bool add_request(
	struct state *st,
	struct pal_flow *flow,
	struct ldap_flow *lf,
	const struct pal_ldap *ldap,
	const struct pal_message *msg
)
{
	struct exchange **at = find(lf, ldap->message_id), *x;

	// Asked again under the same number: the one before gets no more answers.
	if (*at != NULL) {
		write_exchange(st, flow, *at);
		remove_exchange(lf, at);
	}
	if (lf->nb_exchanges == EXCHANGES_MAX) {
		write_exchange(st, flow, lf->oldest);
		remove_exchange(lf, &lf->oldest);
	}
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return false;
	x->message_id = ldap->message_id;
	x->starts_tls = is_start_tls(ldap);
	for (at = &lf->oldest; *at != NULL; at = &(*at)->next)
		;
	*at = x;
	lf->nb_exchanges++;
	return keep(st, flow, x, msg);
}

static bool is_success(const struct pal_ldap *ldap)
{
	struct pal_ldap_result result;

	return pal_ldap_result(ldap->body, &result) && result.code == 0;
}

static bool add_response(
	struct state *st,
	struct pal_flow *flow,
	struct ldap_flow *lf,
	const struct pal_ldap *ldap,
	const struct pal_message *msg
)
{
	struct exchange **at = find(lf, ldap->message_id);
	bool is_kept;

	if (*at == NULL)
		return false;
	is_kept = keep(st, flow, *at, msg);
	if (!pal_ldap_is_last(ldap->op))
		return is_kept;
	if (is_kept)
		write_exchange(st, flow, *at);
	// XXX: what follows is TLS, and nobody's here.
	if ((*at)->starts_tls && is_success(ldap))
		pal_messages_enough(&st->messages, flow);
	remove_exchange(lf, at);
	return is_kept;
}

static void on_message(
	struct state *st,
	struct pal_flow *flow,
	struct ldap_flow *lf,
	const struct pal_ldap *ldap,
	const struct pal_message *msg
)
{
	bool is_kept;

	if (!pal_ldap_is_request(ldap->op))
		is_kept = add_response(st, flow, lf, ldap, msg);
	else
		is_kept = !pal_ldap_is_last(ldap->op) && add_request(st, flow, lf, ldap, msg);
	if (!is_kept)
		write_record(st, flow, msg->bytes, msg->time_ns, msg->number);
}

static bool ldap_read(void *state, struct pal_flow *flow, const struct pal_message *msg)
{
	struct pal_cursor rest = msg->bytes;
	struct state *st = state;
	struct ldap_flow *lf = pal_messages_flow(&st->messages, flow);

	// Signed or encrypted from here on.
	if (pal_ldap_is_sasl(rest)) {
		pal_messages_enough(&st->messages, flow);
		return true;
	}
	if (lf == NULL)
		return true;
	// A datagram may have several: MS-ADTS section 6.3.3.
	do {
		struct pal_message one = *msg;
		struct pal_ldap ldap;

		one.bytes.pos = rest.pos;
		if (!pal_ldap_read(&rest, &ldap))
			return false;
		one.bytes.end = rest.pos;
		on_message(st, flow, lf, &ldap, &one);
	} while (pal_cursor_left(&rest) != 0);
	return true;
}

/* hooks */

static void *ldap_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->messages = (struct pal_messages){
		.len_of = pal_ldap_len,
		.max = PAL_LDAP_MESSAGE_MAX,
		.flow_size = sizeof(struct ldap_flow),
		.read = ldap_read,
	};
	pal_messages_init(&st->messages, host, lcore);
	return st;
}

// Requests that were never answered, and what was cut off.
static void ldap_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	struct ldap_flow *lf = pal_messages_flow_if_any(&st->messages, flow);

	while (lf != NULL && lf->oldest != NULL) {
		write_exchange(st, flow, lf->oldest);
		remove_exchange(lf, &lf->oldest);
	}
	pal_messages_close(st, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ldap",
	.version = PAL_PLUGIN_VERSION,
	.summary = "requests of LDAP and their responses (EVE ldap)",
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(LDAP),
	.flow_bytes = sizeof(void *),
	.lcore_init = ldap_lcore_init,
	.lcore_fini = free,
	.payload = pal_messages_payload,
	.stream = pal_messages_stream,
	.gap = pal_messages_gap,
	.flow_close = ldap_flow_close,
};
