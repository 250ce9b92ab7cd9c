/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * SNMP over UDP: an EVE `snmp` record for each message. The fields of traps of version 1 are in the schema of
 * Suricata 8 only.
 */
#include <pal_messages.h>
#include <pal_snmp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

// Lists end when a record has so many bytes: it must fit into a block of the writer.
#define RECORD_MAX (64 * 1024)

struct state {
	struct pal_messages messages; // first: its hooks are ours
	struct pal_events *events;
};

static void put_oid(struct pal_json *j, struct pal_cursor oid)
{
	char text[PAL_BER_OID_MAX];

	pal_json_put_str(j, text, pal_ber_oid_text(oid, text, sizeof(text)));
}

static void put_trap(struct pal_json *j, const struct pal_snmp *snmp)
{
	const char *name = pal_snmp_trap_name(snmp->generic_trap);
	char number[16];

	snprintf(number, sizeof(number), "%" PRIu32, snmp->generic_trap);
	pal_json_str(j, "trap_type", name != NULL ? name : number);
	pal_json_put_key(j, PAL_JSON_KEY("trap_oid"));
	put_oid(j, snmp->enterprise);
	pal_json_addr(j, "trap_address", snmp->agent.pos, 4);
}

static void put_vars(struct pal_json *j, struct pal_cursor vars)
{
	struct pal_cursor oid;
	char *before = j->pos;

	pal_json_open(j, "vars", '[');
	while (pal_json_len(j) < RECORD_MAX && pal_snmp_var_next(&vars, &oid)) {
		pal_json_put_comma(j);
		put_oid(j, oid);
	}
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before;
	else
		pal_json_close(j, ']');
}

static void put_snmp(struct pal_json *j, const struct pal_snmp *snmp)
{
	pal_json_open(j, "snmp", '{');
	pal_json_u64(j, "version", snmp->version);
	pal_json_str(
		j, "pdu_type", snmp->is_encrypted ? "encrypted" : pal_snmp_pdu_name(snmp->pdu)
	);
	if (!snmp->is_encrypted && snmp->pdu == PAL_SNMP_TRAP_V1)
		put_trap(j, snmp);
	if (!snmp->is_encrypted)
		put_vars(j, snmp->vars);
	if (snmp->community.pos != NULL)
		pal_json_strn(
			j,
			"community",
			(const char *)snmp->community.pos,
			pal_cursor_left(&snmp->community)
		);
	if (snmp->user.pos != NULL)
		pal_json_strn(j, "usm", (const char *)snmp->user.pos, pal_cursor_left(&snmp->user));
	pal_json_close(j, '}');
}

static bool snmp_read(void *state, struct pal_flow *flow, const struct pal_message *msg)
{
	struct state *st = state;
	struct pal_snmp snmp;
	struct pal_json *j;

	if (!pal_snmp_read(msg->bytes, &snmp))
		return false;
	j = pal_event_begin_flow_pkt(st->events, "snmp", flow, msg->time_ns, msg->number);
	if (j == NULL)
		return true;
	put_snmp(j, &snmp);
	pal_event_end(st->events);
	return true;
}

static void *snmp_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->messages.read = snmp_read;
	pal_messages_init(&st->messages, host, lcore);
	return st;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "snmp",
	.version = PAL_PLUGIN_VERSION,
	.summary = "messages of SNMP, versions 1, 2c and 3 (EVE snmp)",
	.protos = PAL_PLUGIN_UDP,
	.apps = PAL_APPS(SNMP),
	.lcore_init = snmp_lcore_init,
	.lcore_fini = free,
	.payload = pal_messages_payload,
};
