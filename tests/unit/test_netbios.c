/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_netbios.h>
#include <pal_proto.h>

#include <string.h>

#define CURSOR(bytes) pal_cursor_of(bytes, sizeof(bytes) - 1)
#define WPAD "FHFAEBEECACACACACACACACACACACAAA"
#define SERVER "FDEFFCFGEFFCCACACACACACACACACACA" // "SERVER", 0x20
#define QUERY "\x80\x01\x01\x10\0\1\0\0\0\0\0\0\x20" WPAD "\0\0\x20\0\1"
#define SESSION "\x81\0\0\x44\x20" SERVER "\0\x20" WPAD "\0"

static void names_are_decoded(void **)
{
	struct pal_netbios_name name;
	struct pal_dns dns;
	struct pal_dns_rr rr;

	assert_true(pal_dns_open(&dns, CURSOR(QUERY)));
	assert_true(pal_dns_next(&dns, &rr));
	assert_true(pal_netbios_name(&rr.name, &name));
	assert_int_equal(name.len, 4);
	assert_memory_equal(name.text, "WPAD", 4);
	assert_int_equal(name.suffix, 0);
	rr.name.text[3] = 'Q';
	assert_false(pal_netbios_name(&rr.name, &name));
	rr.name.text[3] = 'A';
	rr.name.len = 31;
	assert_false(pal_netbios_name(&rr.name, &name));
	memcpy(rr.name.text + 32, ".SCOPE", 6);
	rr.name.len = 38;
	assert_true(pal_netbios_name(&rr.name, &name));
	rr.name.text[32] = 'A';
	assert_false(pal_netbios_name(&rr.name, &name));
}

static void addresses_and_names_of_a_node_are_read(void **)
{
	struct pal_cursor rdata = CURSOR("\0\0\n\0\0\1\x60\0\n\0\0\2\0\0\n");
	struct pal_netbios_name name;
	const uint8_t *addr;
	bool is_group;

	assert_true(pal_netbios_address_next(&rdata, &addr));
	assert_memory_equal(addr, "\n\0\0\1", 4);
	assert_true(pal_netbios_address_next(&rdata, &addr));
	assert_memory_equal(addr, "\n\0\0\2", 4);
	assert_false(pal_netbios_address_next(&rdata, &addr));

	rdata = CURSOR("\2NODE           \x20\x44\0GROUP          \0\xc4\0statistics of 46 bytes");
	assert_true(pal_netbios_status_open(&rdata));
	assert_true(pal_netbios_status_next(&rdata, &name, &is_group));
	assert_int_equal(name.len, 4);
	assert_int_equal(name.suffix, 0x20);
	assert_false(is_group);
	assert_true(pal_netbios_status_next(&rdata, &name, &is_group));
	assert_memory_equal(name.text, "GROUP", 5);
	assert_true(is_group);
	assert_false(pal_netbios_status_next(&rdata, &name, &is_group));
}

static void session_request_has_two_names(void **)
{
	struct pal_netbios_name called, calling;
	char bytes[] = SESSION;

	assert_true(pal_netbios_session(CURSOR(SESSION), &called, &calling));
	assert_memory_equal(called.text, "SERVER", 6);
	assert_int_equal(called.suffix, 0x20);
	assert_memory_equal(calling.text, "WPAD", 4);
	assert_false(pal_netbios_session(pal_cursor_of(bytes, 71), &called, &calling));
	bytes[0] = 0;
	assert_false(pal_netbios_session(CURSOR(bytes), &called, &calling));
}

static void name_service_is_told_from_dns(void **)
{
	char bytes[] = QUERY;

	assert_int_equal(pal_nbns_probe(CURSOR(QUERY), PAL_OVER_UDP), PAL_PROBE_YES);
	assert_int_equal(pal_dns_probe(CURSOR(QUERY), PAL_OVER_UDP), PAL_PROBE_NO);
	bytes[14] = 'Z';
	assert_int_equal(pal_nbns_probe(CURSOR(bytes), PAL_OVER_UDP), PAL_PROBE_NO);
	memcpy(bytes, QUERY, sizeof(bytes));
	bytes[2] = 0x19; // opcode 3
	assert_int_equal(pal_nbns_probe(CURSOR(bytes), PAL_OVER_UDP), PAL_PROBE_NO);
}

static void datagram_service_has_names(void **)
{
	char bytes[] = "\x11\x0a\0\1\n\0\0\1\0\x8a\0\xbb\0\0\x20" WPAD "\0";

	assert_int_equal(pal_nbdgm_probe(CURSOR(bytes), PAL_OVER_UDP), PAL_PROBE_YES);
	bytes[0] = 0x13;
	assert_int_equal(pal_nbdgm_probe(CURSOR(bytes), PAL_OVER_UDP), PAL_PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_decoded),
		cmocka_unit_test(addresses_and_names_of_a_node_are_read),
		cmocka_unit_test(session_request_has_two_names),
		cmocka_unit_test(name_service_is_told_from_dns),
		cmocka_unit_test(datagram_service_has_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
