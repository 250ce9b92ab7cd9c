/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_gather.h>
#include <pal_ldap.h>
#include <pal_proto.h>

#include <stdlib.h>
#include <string.h>

#define MESSAGE(text) ((const uint8_t *)(text)), sizeof(text) - 1
#define IS(cursor, text)                                                                           \
	(pal_cursor_left(&(cursor)) == sizeof(text) - 1 &&                                         \
	 memcmp((cursor).pos, text, sizeof(text) - 1) == 0)

#define BIND "\x30\x10\2\1\1\x60\x0b\2\1\3\4\2cn\x80\2pw"
#define SEARCH                                                                                     \
	"\x30\x25\2\1\2\x63\x20\4\4dc="                                                            \
	"x\x0a\1\2\x0a\1\0\2\1\0\2\1\x1e\1\1\xff\x87\1o\x30\6\4\1a\4\1b"
#define DONE "\x30\x0c\2\1\2\x65\7\x0a\1\x20\4\0\4\0"

// A message in memory of its exact size.
static struct pal_ldap message(const uint8_t *bytes, size_t len, uint8_t **ret_copy)
{
	struct pal_cursor cur;
	struct pal_ldap ldap;

	*ret_copy = malloc(len);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, bytes, len);
	for (size_t cut = 0; cut < len; cut++) {
		cur = pal_cursor_of(*ret_copy, cut);
		assert_false(pal_ldap_read(&cur, &ldap));
	}
	cur = pal_cursor_of(*ret_copy, len);
	assert_true(pal_ldap_read(&cur, &ldap));
	assert_int_equal(pal_cursor_left(&cur), 0);
	return ldap;
}

static void bind_has_name_and_no_password(void **)
{
	uint8_t *copy;
	struct pal_ldap ldap = message(MESSAGE(BIND), &copy);
	struct pal_ldap_bind bind;

	assert_int_equal(ldap.message_id, 1);
	assert_int_equal(ldap.op, PAL_LDAP_BIND_REQUEST);
	assert_true(pal_ldap_bind(ldap.body, &bind));
	assert_int_equal(bind.version, 3);
	assert_true(IS(bind.name, "cn"));
	assert_false(bind.is_sasl);
	free(copy);
}

static void bind_with_sasl_has_mechanism_and_credentials(void **)
{
	uint8_t *copy;
	struct pal_ldap ldap =
		message(MESSAGE("\x30\x18\2\1\1\x60\x13\2\1\3\4\0\xa3\x0c\4\6GSSAPI\4\2hi"), &copy);
	struct pal_ldap_bind bind;

	assert_true(pal_ldap_bind(ldap.body, &bind));
	assert_true(bind.is_sasl && bind.has_credentials);
	assert_true(IS(bind.mechanism, "GSSAPI"));
	assert_true(IS(bind.credentials, "hi"));
	free(copy);
}

static void search_has_its_attributes(void **)
{
	uint8_t *copy;
	struct pal_ldap ldap = message(MESSAGE(SEARCH), &copy);
	struct pal_ldap_search search;
	struct pal_cursor value;

	assert_true(pal_ldap_search(ldap.body, &search));
	assert_true(IS(search.base, "dc=x"));
	assert_int_equal(search.scope, 2);
	assert_int_equal(search.time_limit, 30);
	assert_true(search.types_only);
	assert_int_equal(search.filter.id, PAL_BER_CONTEXT(7));
	assert_true(pal_ldap_value_next(&search.attributes, &value) && IS(value, "a"));
	assert_true(pal_ldap_value_next(&search.attributes, &value) && IS(value, "b"));
	assert_false(pal_ldap_value_next(&search.attributes, &value));
	free(copy);
}

static void result_has_what_its_operation_adds(void **)
{
	uint8_t *copy;
	struct pal_ldap ldap = message(MESSAGE(DONE), &copy);
	struct pal_ldap_result result;

	assert_true(pal_ldap_result(ldap.body, &result));
	assert_int_equal(result.code, 32);
	assert_string_equal(pal_ldap_result_name(result.code), "no_such_object");
	assert_false(result.has_name || result.has_value);
	free(copy);
	ldap = message(MESSAGE("\x30\x12\2\1\3\x78\x0d\x0a\1\0\4\0\4\0\x8a\1n\x8b\1v"), &copy);
	assert_true(pal_ldap_result(ldap.body, &result));
	assert_true(result.has_name && IS(result.name, "n"));
	assert_true(result.has_value && IS(result.value, "v"));
	free(copy);
}

static void entry_has_attributes_and_modify_has_changes(void **)
{
	uint8_t *copy;
	struct pal_ldap ldap =
		message(MESSAGE("\x30\x14\2\1\2\x64\x0f\4\1e\x30\x0a\x30\x08\4\1t\x31\3\4\1v"),
			&copy);
	struct pal_ldap_attribute attribute;
	struct pal_ldap_entry entry;
	struct pal_cursor value;
	uint32_t operation;

	assert_true(pal_ldap_entry(ldap.body, &entry) && IS(entry.name, "e"));
	assert_true(pal_ldap_attribute_next(&entry.list, &attribute) && IS(attribute.type, "t"));
	assert_true(pal_ldap_value_next(&attribute.values, &value) && IS(value, "v"));
	assert_false(pal_ldap_attribute_next(&entry.list, &attribute));
	free(copy);
	ldap =
		message(MESSAGE("\x30\x19\2\1\2\x66\x14\4\1e\x30\x0f\x30\x0d\x0a\1\2\x30\x08\4\1t"
				"\x31\3\4\1v"),
			&copy);
	assert_true(pal_ldap_entry(ldap.body, &entry));
	assert_true(pal_ldap_change_next(&entry.list, &operation, &attribute));
	assert_int_equal(operation, 2);
	assert_true(IS(attribute.type, "t"));
	free(copy);
}

static void stream_is_recognised_in_any_pieces(void **)
{
	static const uint8_t bytes[] = BIND;
	static const uint8_t wide[] = "\x30\x84\0\0\0\x10\2\1\1\x60\x0b";

	for (size_t len = 1; len < sizeof(bytes); len++)
		assert_int_equal(
			pal_ldap_probe(pal_cursor_of(bytes, len), PAL_OVER_TCP),
			len < 6 ? PAL_PROBE_MORE : PAL_PROBE_YES
		);
	for (size_t len = 1; len < sizeof(wide); len++)
		assert_int_equal(
			pal_ldap_probe(pal_cursor_of(wide, len), PAL_OVER_TCP),
			len < 10 ? PAL_PROBE_MORE : PAL_PROBE_YES
		);
}

// SNMP begins the same way; so does a certificate.
static void others_that_begin_with_a_sequence_are_not_ldap(void **)
{
	static const uint8_t snmp[] = "\x30\x0b\2\1\1\4\6public";

	assert_int_equal(pal_ldap_probe(pal_cursor_of(snmp, 13), PAL_OVER_TCP), PAL_PROBE_NO);
	assert_int_equal(pal_ldap_probe(pal_cursor_of(snmp, 13), PAL_OVER_UDP), PAL_PROBE_NO);
	assert_int_equal(
		pal_ldap_probe(pal_cursor_of("\x30\x82\3\1\x30\x82", 6), PAL_OVER_TCP), PAL_PROBE_NO
	);
}

static void layers_of_sasl_have_a_length_of_their_own(void **)
{
	struct pal_cursor layer = pal_cursor_of("\0\0\0\2xy", 6);

	assert_int_equal(pal_ldap_len(layer), 6);
	assert_true(pal_ldap_is_sasl(layer));
	assert_true(pal_ldap_len(pal_cursor_of("\0\0\0", 3)) == PAL_GATHER_MORE);
	assert_true(pal_ldap_len(pal_cursor_of("GET ", 4)) == PAL_GATHER_BAD);
	assert_int_equal(pal_ldap_len(pal_cursor_of(MESSAGE(BIND))), sizeof(BIND) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_has_name_and_no_password),
		cmocka_unit_test(bind_with_sasl_has_mechanism_and_credentials),
		cmocka_unit_test(search_has_its_attributes),
		cmocka_unit_test(result_has_what_its_operation_adds),
		cmocka_unit_test(entry_has_attributes_and_modify_has_changes),
		cmocka_unit_test(stream_is_recognised_in_any_pieces),
		cmocka_unit_test(others_that_begin_with_a_sequence_are_not_ldap),
		cmocka_unit_test(layers_of_sasl_have_a_length_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
