/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `ldap` records: the schema of Suricata 8. Passwords of simple binds are not written.
 */
#include "ldap_record.h"

#include <inttypes.h>
#include <stdio.h>

// A text is cut after so many bytes, and lists end when a record has so many: it must fit into a block of the writer.
#define TEXT_MAX 4096
#define RECORD_MAX (64 * 1024)

static bool is_full(const struct pal_json *j)
{
	return pal_json_len(j) > RECORD_MAX;
}

static void put_text(struct pal_json *j, struct pal_cursor text)
{
	pal_cursor_limit(&text, is_full(j) ? 0 : TEXT_MAX);
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

static void put_bytes(struct pal_json *j, struct pal_cursor bytes)
{
	pal_cursor_limit(&bytes, is_full(j) ? 0 : TEXT_MAX);
	pal_json_put_hex(j, bytes.pos, pal_cursor_left(&bytes));
}

#define TEXT(j, key, text) (pal_json_put_key(j, PAL_JSON_KEY(key)), put_text(j, text))
#define BYTES(j, key, bytes) (pal_json_put_key(j, PAL_JSON_KEY(key)), put_bytes(j, bytes))

// An array that has nothing in it is left out.
static void close_filled(struct pal_json *j, char *before)
{
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before;
	else
		pal_json_close(j, ']');
}

static void put_values(struct pal_json *j, struct pal_cursor values)
{
	struct pal_cursor value;

	while (!is_full(j) && pal_ldap_value_next(&values, &value)) {
		pal_json_put_comma(j);
		put_text(j, value);
	}
}

/* requests */

static void put_bind(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_bind bind;

	if (!pal_ldap_bind(body, &bind))
		return;
	pal_json_open(j, "bind_request", '{');
	pal_json_u64(j, "version", bind.version);
	TEXT(j, "name", bind.name);
	if (bind.is_sasl) {
		pal_json_open(j, "sasl", '{');
		TEXT(j, "mechanism", bind.mechanism);
		if (bind.has_credentials)
			BYTES(j, "credentials", bind.credentials);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
}

static void put_search(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_search search;
	char *before;

	if (!pal_ldap_search(body, &search))
		return;
	pal_json_open(j, "search_request", '{');
	TEXT(j, "base_object", search.base);
	pal_json_u64(j, "scope", search.scope);
	pal_json_u64(j, "deref_alias", search.deref);
	pal_json_u64(j, "size_limit", search.size_limit);
	pal_json_u64(j, "time_limit", search.time_limit);
	pal_json_bool(j, "types_only", search.types_only);
	before = j->pos;
	pal_json_open(j, "attributes", '[');
	put_values(j, search.attributes);
	close_filled(j, before);
	pal_json_close(j, '}');
}

static void put_modify(struct pal_json *j, struct pal_cursor body)
{
	static const char *const names[] = {"add", "delete", "replace", "increment"};
	struct pal_ldap_attribute attribute;
	struct pal_ldap_entry entry;
	uint32_t operation;
	char *before;

	if (!pal_ldap_entry(body, &entry))
		return;
	pal_json_open(j, "modify_request", '{');
	TEXT(j, "object", entry.name);
	before = j->pos;
	pal_json_open(j, "changes", '[');
	while (!is_full(j) && pal_ldap_change_next(&entry.list, &operation, &attribute)) {
		char text[16];
		char *inner;

		snprintf(text, sizeof(text), "%" PRIu32, operation);
		pal_json_open_obj(j);
		pal_json_str(j, "operation", operation < 4 ? names[operation] : text);
		pal_json_open(j, "modification", '{');
		TEXT(j, "attribute_type", attribute.type);
		inner = j->pos;
		pal_json_open(j, "attribute_values", '[');
		put_values(j, attribute.values);
		close_filled(j, inner);
		pal_json_close(j, '}');
		pal_json_close(j, '}');
	}
	close_filled(j, before);
	pal_json_close(j, '}');
}

// Attributes of an entry: the key of their names is `name` in requests, `type` in responses.
static void put_attributes(struct pal_json *j, struct pal_cursor list, bool is_request)
{
	struct pal_ldap_attribute attribute;
	char *before = j->pos, *inner;

	pal_json_open(j, "attributes", '[');
	while (!is_full(j) && pal_ldap_attribute_next(&list, &attribute)) {
		pal_json_open_obj(j);
		if (is_request)
			TEXT(j, "name", attribute.type);
		else
			TEXT(j, "type", attribute.type);
		inner = j->pos;
		pal_json_open(j, "values", '[');
		put_values(j, attribute.values);
		close_filled(j, inner);
		pal_json_close(j, '}');
	}
	close_filled(j, before);
}

static void put_add(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_entry entry;

	if (!pal_ldap_entry(body, &entry))
		return;
	pal_json_open(j, "add_request", '{');
	TEXT(j, "entry", entry.name);
	put_attributes(j, entry.list, true);
	pal_json_close(j, '}');
}

static void put_mod_dn(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_mod_dn mod;

	if (!pal_ldap_mod_dn(body, &mod))
		return;
	pal_json_open(j, "mod_dn_request", '{');
	TEXT(j, "entry", mod.entry);
	TEXT(j, "new_rdn", mod.new_rdn);
	pal_json_bool(j, "delete_old_rdn", mod.delete_old_rdn);
	if (mod.has_superior)
		TEXT(j, "new_superior", mod.new_superior);
	pal_json_close(j, '}');
}

static void put_compare(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_compare compare;

	if (!pal_ldap_compare(body, &compare))
		return;
	pal_json_open(j, "compare_request", '{');
	TEXT(j, "entry", compare.entry);
	pal_json_open(j, "attribute_value_assertion", '{');
	TEXT(j, "description", compare.description);
	TEXT(j, "value", compare.value);
	pal_json_close(j, '}');
	pal_json_close(j, '}');
}

static void put_extended(struct pal_json *j, struct pal_cursor body)
{
	struct pal_ldap_extended extended;

	if (!pal_ldap_extended(body, &extended))
		return;
	if (extended.has_name)
		TEXT(j, "name", extended.name);
	if (extended.has_value)
		TEXT(j, "value", extended.value);
}

static void put_request(struct pal_json *j, const struct pal_ldap *ldap)
{
	int64_t id;

	pal_json_open(j, "request", '{');
	pal_json_u64(j, "message_id", ldap->message_id);
	pal_json_str(j, "operation", pal_ldap_op_name(ldap->op));
	switch (ldap->op) {
	case PAL_LDAP_BIND_REQUEST:
		put_bind(j, ldap->body);
		break;
	case PAL_LDAP_SEARCH_REQUEST:
		put_search(j, ldap->body);
		break;
	case PAL_LDAP_MODIFY_REQUEST:
		put_modify(j, ldap->body);
		break;
	case PAL_LDAP_ADD_REQUEST:
		put_add(j, ldap->body);
		break;
	case PAL_LDAP_DEL_REQUEST:
		pal_json_open(j, "del_request", '{');
		TEXT(j, "dn", ldap->body);
		pal_json_close(j, '}');
		break;
	case PAL_LDAP_MOD_DN_REQUEST:
		put_mod_dn(j, ldap->body);
		break;
	case PAL_LDAP_COMPARE_REQUEST:
		put_compare(j, ldap->body);
		break;
	case PAL_LDAP_EXTENDED_REQUEST:
		pal_json_open(j, "extended_request", '{');
		put_extended(j, ldap->body);
		pal_json_close(j, '}');
		break;
	case PAL_LDAP_ABANDON_REQUEST:
		if (!pal_ber_value(ldap->body, &id) || id < 0)
			break;
		pal_json_open(j, "abandon_request", '{');
		pal_json_u64(j, "message_id", (uint64_t)id);
		pal_json_close(j, '}');
		break;
	default:
		break;
	}
	pal_json_close(j, '}');
}

/* responses */

static void put_result(struct pal_json *j, enum pal_ldap_op op, struct pal_cursor body)
{
	struct pal_ldap_result result;
	const char *name;
	char text[16];

	if (!pal_ldap_result(body, &result))
		return;
	name = pal_ldap_result_name(result.code);
	snprintf(text, sizeof(text), "%" PRIu32, result.code);
	pal_json_key_str(j, pal_ldap_op_name(op));
	pal_json_put_char(j, '{');
	pal_json_str(j, "result_code", name != NULL ? name : text);
	TEXT(j, "matched_dn", result.matched_dn);
	TEXT(j, "message", result.message);
	if (op == PAL_LDAP_BIND_RESPONSE && result.has_value)
		BYTES(j, "server_sasl_creds", result.value);
	if (op == PAL_LDAP_EXTENDED_RESPONSE && result.has_name)
		TEXT(j, "name", result.name);
	if (op == PAL_LDAP_EXTENDED_RESPONSE && result.has_value)
		TEXT(j, "value", result.value);
	pal_json_close(j, '}');
}

static void put_response(struct pal_json *j, const struct pal_ldap *ldap, bool has_request)
{
	struct pal_ldap_entry entry;

	pal_json_open_obj(j);
	pal_json_str(j, "operation", pal_ldap_op_name(ldap->op));
	if (!has_request)
		pal_json_u64(j, "message_id", ldap->message_id);
	switch (ldap->op) {
	case PAL_LDAP_SEARCH_RESULT_ENTRY:
		if (!pal_ldap_entry(ldap->body, &entry))
			break;
		pal_json_open(j, "search_result_entry", '{');
		TEXT(j, "base_object", entry.name);
		put_attributes(j, entry.list, false);
		pal_json_close(j, '}');
		break;
	case PAL_LDAP_INTERMEDIATE_RESPONSE:
		pal_json_open(j, "intermediate_response", '{');
		put_extended(j, ldap->body);
		pal_json_close(j, '}');
		break;
	case PAL_LDAP_SEARCH_RESULT_REFERENCE:
		break;
	default:
		put_result(j, ldap->op, ldap->body);
		break;
	}
	pal_json_close(j, '}');
}

void ldap_put(struct pal_json *j, struct pal_cursor messages)
{
	bool has_request = false;
	struct pal_ldap ldap;
	char *before;

	pal_json_open(j, "ldap", '{');
	before = j->pos;
	while (pal_ldap_read(&messages, &ldap)) {
		if (pal_ldap_is_request(ldap.op)) {
			put_request(j, &ldap);
			has_request = true;
			before = j->pos;
			continue;
		}
		if (j->pos == before)
			pal_json_open(j, "responses", '[');
		put_response(j, &ldap, has_request);
	}
	if (j->pos != before)
		pal_json_close(j, ']');
	pal_json_close(j, '}');
}
