/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as BER, as LDAP messages, as a stream of them, and as what recognition looks at.
 *
 * What is read lies inside the message, every step moves on; the stream gives the same messages however it is cut:
 * the first byte of the input says where.
 */

#include "messages.h"

#include <pal_ldap.h>

#define MAX_INPUT 4096
#define MAX_DEPTH 8

static uint64_t sum;
static struct pal_cursor whole;

static void take(struct pal_cursor part)
{
	REQUIRE(part.pos >= whole.pos && part.pos <= part.end && part.end <= whole.end);
	sum = sum * 31 + pal_cursor_left(&part);
}

static void walk(struct pal_cursor cur, int depth)
{
	struct pal_ber ber;

	for (;;) {
		const uint8_t *before = cur.pos;
		char text[PAL_BER_OID_MAX];

		if (!pal_ber_next(&cur, &ber)) {
			REQUIRE(cur.pos == before);
			return;
		}
		REQUIRE(cur.pos >= before + 2);
		take(ber.body);
		REQUIRE(pal_ber_oid_text(ber.body, text, sizeof(text)) <= sizeof(text));
		if (depth < MAX_DEPTH && (ber.id & PAL_BER_CONSTRUCTED))
			walk(ber.body, depth + 1);
	}
}

static void read_list(struct pal_cursor list)
{
	struct pal_ldap_attribute attribute;
	struct pal_cursor changes = list, value;
	uint32_t operation;

	while (pal_ldap_attribute_next(&list, &attribute)) {
		take(attribute.type);
		while (pal_ldap_value_next(&attribute.values, &value))
			take(value);
	}
	while (pal_ldap_change_next(&changes, &operation, &attribute))
		take(attribute.type);
}

static void read_message(struct pal_cursor msg)
{
	struct pal_ldap_extended extended;
	struct pal_ldap_compare compare;
	struct pal_ldap_search search;
	struct pal_ldap_result result;
	struct pal_ldap_mod_dn mod;
	struct pal_ldap_entry entry;
	struct pal_ldap_bind bind;
	struct pal_ldap ldap;

	whole = msg;
	walk(msg, 0);
	while (pal_ldap_read(&msg, &ldap)) {
		REQUIRE(pal_ldap_op_name(ldap.op) != NULL);
		take(ldap.body);
		sum = sum * 31 + ldap.message_id + ldap.op;
		if (pal_ldap_bind(ldap.body, &bind))
			take(bind.name);
		if (pal_ldap_search(ldap.body, &search))
			take(search.attributes);
		if (pal_ldap_result(ldap.body, &result))
			take(result.message);
		if (pal_ldap_extended(ldap.body, &extended) && extended.has_value)
			take(extended.value);
		if (pal_ldap_mod_dn(ldap.body, &mod))
			take(mod.new_rdn);
		if (pal_ldap_compare(ldap.body, &compare))
			take(compare.value);
		if (pal_ldap_entry(ldap.body, &entry))
			read_list(entry.list);
	}
}

static uint64_t sum_of_message(struct pal_cursor msg)
{
	sum = 0;
	read_message(msg);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct message_protocol ldap = {
		.probe = pal_ldap_probe,
		.len_of = pal_ldap_len,
		.max = PAL_LDAP_MESSAGE_MAX,
		.read = sum_of_message,
	};

	if (size >= 2 && size <= MAX_INPUT)
		check_messages(&ldap, data, size);
	return 0;
}
