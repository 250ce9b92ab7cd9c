/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_proto.h>
#include <pal_snmp.h>

#include <stdlib.h>
#include <string.h>

#define VARS "\x30\x0d\x30\x0b\6\7\x2b\6\1\2\1\1\1\5\0"
#define PDU(tag) tag "\x18\2\1\7\2\1\0\2\1\0" VARS
#define V2(tag) "\x30\x25\2\1\1\4\6public" PDU(tag)
#define TRAP                                                                                       \
	"\x30\x32\2\1\0\4\6public\xa4\x25\6\5\x2b\6\1\4\1\x40\4\xc0\0\2\1\2\1\3\2\1\0\x43\1"       \
	"\x64" VARS
#define USM "\4\x15\x30\x13\4\1e\2\1\1\2\1\2\4\4user\4\0\4\0"
#define V3_HEADER(flags) "\2\1\3\x30\x0d\2\1\1\2\2\5\xdc\4\1" flags "\2\1\3"

#define TEXT(text) ((const uint8_t *)(text)), sizeof(text) - 1

// A message in memory of its exact size. Without its end it is none.
static struct pal_snmp message(const uint8_t *bytes, size_t len, uint8_t **ret_copy)
{
	struct pal_snmp snmp;

	*ret_copy = malloc(len);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, bytes, len);
	for (size_t cut = 0; cut < len; cut++)
		assert_false(pal_snmp_read(pal_cursor_of(*ret_copy, cut), &snmp));
	assert_true(pal_snmp_read(pal_cursor_of(*ret_copy, len), &snmp));
	return snmp;
}

static bool is(struct pal_cursor text, const char *want)
{
	return pal_cursor_left(&text) == strlen(want) && memcmp(text.pos, want, strlen(want)) == 0;
}

static void message_has_community_and_variables(void **)
{
	uint8_t *copy;
	struct pal_snmp snmp = message(TEXT(V2("\xa1")), &copy);
	struct pal_cursor oid;
	char text[PAL_BER_OID_MAX];

	assert_int_equal(snmp.version, 2);
	assert_int_equal(snmp.pdu, PAL_SNMP_GET_NEXT);
	assert_true(is(snmp.community, "public"));
	assert_null(snmp.user.pos);
	assert_true(pal_snmp_var_next(&snmp.vars, &oid));
	assert_int_equal(pal_ber_oid_text(oid, text, sizeof(text)), 15);
	assert_memory_equal(text, "1.3.6.1.2.1.1.1", 15);
	assert_false(pal_snmp_var_next(&snmp.vars, &oid));
	free(copy);
}

static void trap_of_version_1_says_who_and_what(void **)
{
	uint8_t *copy;
	struct pal_snmp snmp = message(TEXT(TRAP), &copy);

	assert_int_equal(snmp.version, 1);
	assert_int_equal(snmp.pdu, PAL_SNMP_TRAP_V1);
	assert_string_equal(pal_snmp_trap_name(snmp.generic_trap), "linkUp");
	assert_int_equal(pal_cursor_left(&snmp.agent), 4);
	assert_memory_equal(snmp.agent.pos, "\xc0\0\2\1", 4);
	free(copy);
}

static void version_3_has_a_user_and_may_be_encrypted(void **)
{
	uint8_t *copy;
	struct pal_snmp snmp =
		message(TEXT("\x30\x4a" V3_HEADER("\4") USM "\x30\x1f\4\1c\4\0" PDU("\xa5")),
			&copy);

	assert_int_equal(snmp.version, 3);
	assert_false(snmp.is_encrypted);
	assert_true(is(snmp.user, "user"));
	assert_int_equal(snmp.pdu, PAL_SNMP_GET_BULK);
	assert_null(snmp.community.pos);
	free(copy);
	snmp = message(TEXT("\x30\x2e" V3_HEADER("\7") USM "\4\3\x9a\xbc\xde"), &copy);
	assert_true(snmp.is_encrypted);
	assert_true(is(snmp.user, "user"));
	free(copy);
}

static void what_is_not_snmp_is_refused(void **)
{
	static const struct {
		const char *bytes;
		size_t len;
	} others[] = {
		{"\x30\x25\2\1\2\4\6public" PDU("\xa1"), 39}, // no such version
		{"\x30\x25\2\1\1\4\6public" PDU("\xa9"), 39}, // no such operation
		{"\x30\x25\2\1\1\4\6public" PDU("\x61"), 39}, // not of context
		{"\x30\x10\2\1\1\x60\x0b\2\1\3\4\2cn\x80\2pw", 18}, // LDAP
	};
	struct pal_snmp snmp;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(pal_snmp_read(pal_cursor_of(others[i].bytes, others[i].len), &snmp));
	assert_null(pal_snmp_pdu_name(PAL_SNMP_PDU_COUNT));
	assert_null(pal_snmp_trap_name(7));
}

static void is_recognised_on_any_port(void **)
{
	struct pal_proto_sample sample = {
		.bytes = pal_cursor_of(TEXT(V2("\xa0"))),
		.over = PAL_OVER_UDP,
		.ports = {40000, 40001},
		.is_all = true,
	};
	uint64_t candidates = PAL_APPS_ALL;

	assert_int_equal(pal_proto_recognise(&sample, &candidates), PAL_APP_SNMP);
}

/* RADIUS: recognition is all there is. */

static enum pal_probe radius(const void *bytes, size_t len)
{
	uint8_t datagram[64] = {0};

	memcpy(datagram, bytes, len < 4 ? len : 4);
	if (len > 20)
		memcpy(datagram + 20, (const uint8_t *)bytes + 4, len - 20);
	return pal_radius_probe(pal_cursor_of(datagram, len), PAL_OVER_UDP);
}

static void radius_is_a_code_a_length_and_attributes(void **)
{
	assert_int_equal(radius("\1\7\0\x1a\1\6user", 26), PAL_PROBE_LIKELY);
	assert_int_equal(radius("\2\7\0\x14", 20), PAL_PROBE_LIKELY);
	assert_int_equal(radius("\2\7\0\x14xx", 22), PAL_PROBE_LIKELY); // padding
	assert_int_equal(radius("\1\7\0\x1b\1\6user", 26), PAL_PROBE_NO); // longer than it is
	assert_int_equal(radius("\1\7\0\x1a\1\7user", 26), PAL_PROBE_NO);
	assert_int_equal(radius("\1\7\0\x1a\1\1user", 26), PAL_PROBE_NO);
	assert_int_equal(radius("\6\7\0\x14", 20), PAL_PROBE_NO); // no such code
	assert_int_equal(radius("\1\7\0\x13", 19), PAL_PROBE_NO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_has_community_and_variables),
		cmocka_unit_test(trap_of_version_1_says_who_and_what),
		cmocka_unit_test(version_3_has_a_user_and_may_be_encrypted),
		cmocka_unit_test(what_is_not_snmp_is_refused),
		cmocka_unit_test(is_recognised_on_any_port),
		cmocka_unit_test(radius_is_a_code_a_length_and_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
