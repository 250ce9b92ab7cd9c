/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_gather.h"
#include "pal_ldap.h"
#include "pal_proto.h"

#define OP_TAG 0x1f

// RFC 4511 section 4.1.1: SEQUENCE { messageID, protocolOp, controls }.
bool pal_ldap_read(struct pal_cursor *cur, struct pal_ldap *ret_ldap)
{
	struct pal_cursor at = *cur, seq;
	struct pal_ber op;
	uint32_t id;

	if (!pal_ber_open(&at, PAL_BER_SEQUENCE, &seq) ||
	    !pal_ber_u32(&seq, PAL_BER_INTEGER, &id) || id > INT32_MAX || !pal_ber_next(&seq, &op))
		return false;
	if ((op.id & 0xc0) != PAL_BER_APPLICATION(0) || pal_ldap_op_name(op.id & OP_TAG) == NULL)
		return false;
	*cur = at;
	*ret_ldap = (struct pal_ldap){.message_id = id, .op = op.id & OP_TAG, .body = op.body};
	return true;
}

static bool octets(struct pal_cursor *cur, struct pal_cursor *ret_text)
{
	return pal_ber_open(cur, PAL_BER_OCTETS, ret_text);
}

// An element that may be missing.
static bool has(struct pal_cursor *cur, uint8_t id, struct pal_cursor *ret_text)
{
	return pal_ber_open(cur, id, ret_text);
}

/* operations */

// Section 4.2.
bool pal_ldap_bind(struct pal_cursor body, struct pal_ldap_bind *ret_bind)
{
	struct pal_ldap_bind bind = {0};
	struct pal_cursor sasl;

	if (!pal_ber_u32(&body, PAL_BER_INTEGER, &bind.version) || !octets(&body, &bind.name))
		return false;
	if (pal_ber_open(&body, PAL_BER_CONTEXT(3) | PAL_BER_CONSTRUCTED, &sasl)) {
		bind.is_sasl = true;
		if (!octets(&sasl, &bind.mechanism))
			return false;
		bind.has_credentials = octets(&sasl, &bind.credentials);
	}
	*ret_bind = bind;
	return true;
}

// Section 4.5.1.
bool pal_ldap_search(struct pal_cursor body, struct pal_ldap_search *ret_search)
{
	struct pal_ldap_search search = {0};

	if (!octets(&body, &search.base) ||
	    !pal_ber_u32(&body, PAL_BER_ENUMERATED, &search.scope) ||
	    !pal_ber_u32(&body, PAL_BER_ENUMERATED, &search.deref) ||
	    !pal_ber_u32(&body, PAL_BER_INTEGER, &search.size_limit) ||
	    !pal_ber_u32(&body, PAL_BER_INTEGER, &search.time_limit) ||
	    !pal_ber_bool(&body, PAL_BER_BOOLEAN, &search.types_only) ||
	    !pal_ber_next(&body, &search.filter) ||
	    !pal_ber_open(&body, PAL_BER_SEQUENCE, &search.attributes))
		return false;
	*ret_search = search;
	return true;
}

// Section 4.1.9, 4.2.2, 4.12.
bool pal_ldap_result(struct pal_cursor body, struct pal_ldap_result *ret_result)
{
	struct pal_ldap_result result = {0};
	struct pal_cursor referral;

	if (!pal_ber_u32(&body, PAL_BER_ENUMERATED, &result.code) ||
	    !octets(&body, &result.matched_dn) || !octets(&body, &result.message))
		return false;
	has(&body, PAL_BER_CONTEXT(3) | PAL_BER_CONSTRUCTED, &referral);
	if (has(&body, PAL_BER_CONTEXT(7), &result.value)) {
		result.has_value = true;
	} else {
		result.has_name = has(&body, PAL_BER_CONTEXT(10), &result.name);
		result.has_value = has(&body, PAL_BER_CONTEXT(11), &result.value);
	}
	*ret_result = result;
	return true;
}

// Section 4.12, 4.13: both have the same two, and only the response may lack the name.
bool pal_ldap_extended(struct pal_cursor body, struct pal_ldap_extended *ret_extended)
{
	struct pal_ldap_extended extended = {0};

	extended.has_name = has(&body, PAL_BER_CONTEXT(0), &extended.name);
	extended.has_value = has(&body, PAL_BER_CONTEXT(1), &extended.value);
	*ret_extended = extended;
	return extended.has_name || extended.has_value || pal_cursor_left(&body) == 0;
}

// Section 4.9.
bool pal_ldap_mod_dn(struct pal_cursor body, struct pal_ldap_mod_dn *ret_mod)
{
	struct pal_ldap_mod_dn mod = {0};

	if (!octets(&body, &mod.entry) || !octets(&body, &mod.new_rdn) ||
	    !pal_ber_bool(&body, PAL_BER_BOOLEAN, &mod.delete_old_rdn))
		return false;
	mod.has_superior = has(&body, PAL_BER_CONTEXT(0), &mod.new_superior);
	*ret_mod = mod;
	return true;
}

// Section 4.10.
bool pal_ldap_compare(struct pal_cursor body, struct pal_ldap_compare *ret_compare)
{
	struct pal_ldap_compare compare = {0};
	struct pal_cursor ava;

	if (!octets(&body, &compare.entry) || !pal_ber_open(&body, PAL_BER_SEQUENCE, &ava) ||
	    !octets(&ava, &compare.description) || !octets(&ava, &compare.value))
		return false;
	*ret_compare = compare;
	return true;
}

// Section 4.5.2, 4.6, 4.7.
bool pal_ldap_entry(struct pal_cursor body, struct pal_ldap_entry *ret_entry)
{
	return octets(&body, &ret_entry->name) &&
	       pal_ber_open(&body, PAL_BER_SEQUENCE, &ret_entry->list);
}

// Section 4.1.7.
bool pal_ldap_attribute_next(struct pal_cursor *list, struct pal_ldap_attribute *ret_attribute)
{
	struct pal_cursor at = *list, seq;

	if (!pal_ber_open(&at, PAL_BER_SEQUENCE, &seq) || !octets(&seq, &ret_attribute->type) ||
	    !pal_ber_open(&seq, PAL_BER_SET, &ret_attribute->values))
		return false;
	*list = at;
	return true;
}

bool pal_ldap_change_next(
	struct pal_cursor *list,
	uint32_t *ret_operation,
	struct pal_ldap_attribute *ret_attribute
)
{
	struct pal_cursor at = *list, seq;

	if (!pal_ber_open(&at, PAL_BER_SEQUENCE, &seq) ||
	    !pal_ber_u32(&seq, PAL_BER_ENUMERATED, ret_operation) ||
	    !pal_ldap_attribute_next(&seq, ret_attribute))
		return false;
	*list = at;
	return true;
}

bool pal_ldap_value_next(struct pal_cursor *values, struct pal_cursor *ret_value)
{
	return octets(values, ret_value);
}

/* streams */

// RFC 4422 section 3.7: four bytes of length. None of them begins as a SEQUENCE: it would be longer than any message.
size_t pal_ldap_len(struct pal_cursor head)
{
	uint32_t len;

	if (pal_ber_is(&head, PAL_BER_SEQUENCE))
		return pal_ber_len(head);
	if (head.pos[0] != 0)
		return PAL_GATHER_BAD;
	return pal_cursor_be32(&head, &len) ? 4u + len : PAL_GATHER_MORE;
}

bool pal_ldap_is_sasl(struct pal_cursor message)
{
	return pal_ber_is(&message, 0);
}

/* recognition */

// The heads of a message, its id and its operation: as far as they are there, are they those of LDAP?
enum pal_probe pal_ldap_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	struct pal_cursor cur = bytes;
	uint32_t id;
	size_t len;

	if (!pal_ber_is(&cur, PAL_BER_SEQUENCE))
		return PAL_PROBE_NO;
	if (over == PAL_OVER_UDP) {
		struct pal_ldap ldap;

		return pal_ldap_read(&cur, &ldap) ? PAL_PROBE_YES : PAL_PROBE_NO;
	}
	len = pal_ber_len(cur);
	if (len == PAL_GATHER_MORE)
		return PAL_PROBE_MORE;
	if (len == PAL_GATHER_BAD || len > PAL_LDAP_MESSAGE_MAX)
		return PAL_PROBE_NO;
	// Behind the head: its length is known, so all of it is there.
	pal_cursor_skip(&cur, cur.pos[1] < 0x80 ? 2 : 2u + (cur.pos[1] & 0x7f));
	if (pal_cursor_left(&cur) < 2)
		return pal_cursor_left(&cur) != 0 && !pal_ber_is(&cur, PAL_BER_INTEGER)
			       ? PAL_PROBE_NO
			       : PAL_PROBE_MORE;
	// Message ids have 31 bits: four bytes.
	if (cur.pos[0] != PAL_BER_INTEGER || cur.pos[1] == 0 || cur.pos[1] > 4)
		return PAL_PROBE_NO;
	if (pal_cursor_left(&cur) < 2u + cur.pos[1])
		return PAL_PROBE_MORE;
	if (!pal_ber_u32(&cur, PAL_BER_INTEGER, &id))
		return PAL_PROBE_NO;
	if (pal_cursor_left(&cur) < 1)
		return PAL_PROBE_MORE;
	if ((cur.pos[0] & 0xc0) != PAL_BER_APPLICATION(0) ||
	    pal_ldap_op_name(cur.pos[0] & OP_TAG) == NULL)
		return PAL_PROBE_NO;
	return PAL_PROBE_YES;
}

/* names */

static const char *const op_names[] = {
	[PAL_LDAP_BIND_REQUEST] = "bind_request",
	[PAL_LDAP_BIND_RESPONSE] = "bind_response",
	[PAL_LDAP_UNBIND_REQUEST] = "unbind_request",
	[PAL_LDAP_SEARCH_REQUEST] = "search_request",
	[PAL_LDAP_SEARCH_RESULT_ENTRY] = "search_result_entry",
	[PAL_LDAP_SEARCH_RESULT_DONE] = "search_result_done",
	[PAL_LDAP_MODIFY_REQUEST] = "modify_request",
	[PAL_LDAP_MODIFY_RESPONSE] = "modify_response",
	[PAL_LDAP_ADD_REQUEST] = "add_request",
	[PAL_LDAP_ADD_RESPONSE] = "add_response",
	[PAL_LDAP_DEL_REQUEST] = "del_request",
	[PAL_LDAP_DEL_RESPONSE] = "del_response",
	[PAL_LDAP_MOD_DN_REQUEST] = "mod_dn_request",
	[PAL_LDAP_MOD_DN_RESPONSE] = "mod_dn_response",
	[PAL_LDAP_COMPARE_REQUEST] = "compare_request",
	[PAL_LDAP_COMPARE_RESPONSE] = "compare_response",
	[PAL_LDAP_ABANDON_REQUEST] = "abandon_request",
	[PAL_LDAP_SEARCH_RESULT_REFERENCE] = "search_result_reference",
	[PAL_LDAP_EXTENDED_REQUEST] = "extended_request",
	[PAL_LDAP_EXTENDED_RESPONSE] = "extended_response",
	[PAL_LDAP_INTERMEDIATE_RESPONSE] = "intermediate_response",
};

const char *pal_ldap_op_name(enum pal_ldap_op op)
{
	return op < sizeof(op_names) / sizeof(op_names[0]) ? op_names[op] : NULL;
}

bool pal_ldap_is_request(enum pal_ldap_op op)
{
	switch (op) {
	case PAL_LDAP_BIND_REQUEST:
	case PAL_LDAP_UNBIND_REQUEST:
	case PAL_LDAP_SEARCH_REQUEST:
	case PAL_LDAP_MODIFY_REQUEST:
	case PAL_LDAP_ADD_REQUEST:
	case PAL_LDAP_DEL_REQUEST:
	case PAL_LDAP_MOD_DN_REQUEST:
	case PAL_LDAP_COMPARE_REQUEST:
	case PAL_LDAP_ABANDON_REQUEST:
	case PAL_LDAP_EXTENDED_REQUEST:
		return true;
	default:
		return false;
	}
}

// Section 4.3, 4.11: these two have no response.
bool pal_ldap_is_last(enum pal_ldap_op op)
{
	if (pal_ldap_is_request(op))
		return op == PAL_LDAP_UNBIND_REQUEST || op == PAL_LDAP_ABANDON_REQUEST;
	return op != PAL_LDAP_SEARCH_RESULT_ENTRY && op != PAL_LDAP_SEARCH_RESULT_REFERENCE &&
	       op != PAL_LDAP_INTERMEDIATE_RESPONSE;
}

const char *pal_ldap_result_name(uint32_t code)
{
	switch (code) {
#define PAL_LDAP_RESULT(value, name)                                                               \
	case value:                                                                                \
		return name;
#include "ldap_results.def"
	default:
		return NULL;
	}
}
