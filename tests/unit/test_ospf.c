/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_ospf.h>

#include <string.h>

#define CURSOR(bytes) pal_cursor_of(bytes, sizeof(bytes) - 1)
#define HEADER_V2(type, len)                                                                       \
	"\2" type "\0" len "\1\1\1\1\0\0\0\x09\0\0\0\0"                                            \
	"\0\0\0\0\0\0\0\0"
#define HEADER_V3(type, len) "\3" type "\0" len "\1\1\1\1\0\0\0\x09\0\0\7\0"
#define HELLO_V2                                                                                   \
	HEADER_V2("\1", "\x30") "\xff\xff\xff\0\0\x0a\2\1\0\0\0\x28\n\0\0\1\n\0\0\2\2\2\2\2"
#define LSA_V2(type, len) "\0\1\2" type "\n\0\0\x63\1\1\1\1\x80\0\0\5\xab\xcd\0" len

static void hello_of_version_2(void **)
{
	struct pal_ospf_hello hello;
	struct pal_ospf ospf;

	assert_true(pal_ospf_open(&ospf, CURSOR(HELLO_V2)));
	assert_int_equal(ospf.version, 2);
	assert_int_equal(ospf.type, PAL_OSPF_HELLO);
	assert_memory_equal(ospf.router, "\1\1\1\1", 4);
	assert_memory_equal(ospf.area, "\0\0\0\x09", 4);
	assert_false(ospf.is_cut);
	assert_true(pal_ospf_hello(&ospf, &hello));
	assert_memory_equal(hello.mask, "\xff\xff\xff\0", 4);
	assert_int_equal(hello.hello_s, 10);
	assert_int_equal(hello.options, 2);
	assert_int_equal(hello.priority, 1);
	assert_int_equal(hello.dead_s, 40);
	assert_memory_equal(hello.designated, "\n\0\0\1", 4);
	assert_memory_equal(hello.backup, "\n\0\0\2", 4);
	assert_int_equal(pal_cursor_left(&hello.neighbours), 4);
}

static void hello_of_version_3(void **)
{
	struct pal_ospf_hello hello;
	struct pal_ospf ospf;

	assert_true(pal_ospf_open(
		&ospf,
		CURSOR(HEADER_V3("\1", "\x24") "\0\0\0\5\1\0\0\x13\0\x0a\0\x28\1\1\1\1\2\2\2\2")
	));
	assert_int_equal(ospf.instance, 7);
	assert_true(pal_ospf_hello(&ospf, &hello));
	assert_null(hello.mask);
	assert_int_equal(hello.interface_id, 5);
	assert_int_equal(hello.options, 0x13);
	assert_int_equal(hello.hello_s, 10);
	assert_int_equal(hello.dead_s, 40);
	assert_int_equal(pal_cursor_left(&hello.neighbours), 0);
}

static void description_has_headers(void **)
{
	struct pal_ospf_description dd;
	struct pal_ospf_lsa lsa;
	struct pal_ospf ospf;

	assert_true(pal_ospf_open(
		&ospf, CURSOR(HEADER_V2("\2", "\x34") "\5\xdc\2\7\0\0\0\x2a" LSA_V2("\1", "\x30"))
	));
	assert_true(pal_ospf_description(&ospf, &dd));
	assert_int_equal(dd.mtu, 1500);
	assert_int_equal(dd.flags, PAL_OSPF_INIT | PAL_OSPF_MORE | PAL_OSPF_MASTER);
	assert_int_equal(dd.sequence, 42);
	assert_true(pal_ospf_header_next(2, &dd.headers, &lsa));
	assert_int_equal(lsa.type, 1);
	assert_int_equal(lsa.age, 1);
	assert_int_equal(lsa.sequence, 0x80000005);
	assert_memory_equal(lsa.id, "\n\0\0\x63", 4);
	assert_false(pal_ospf_header_next(2, &dd.headers, &lsa));
}

static void request_names_advertisements(void **)
{
	struct pal_cursor list = CURSOR("\0\0\0\5\n\0\0\1\1\1\1\1\0\0");
	struct pal_ospf_lsa lsa;

	assert_true(pal_ospf_request_next(&list, &lsa));
	assert_int_equal(lsa.type, 5);
	assert_memory_equal(lsa.router, "\1\1\1\1", 4);
	assert_false(pal_ospf_request_next(&list, &lsa));
	assert_int_equal(pal_cursor_left(&list), 2);
}

static void router_links_are_read_over_their_metrics(void **)
{
	struct pal_cursor list = CURSOR(LSA_V2("\1", "\x34") "\0\0\0\2"
							     "\n\0\0\1\n\0\0\2\2\1\0\x0a\0\0\0\0"
							     "\n\0\1\0\xff\xff\xff\0\3\0\0\1");
	struct pal_ospf_link link;
	struct pal_ospf_lsa lsa;
	struct pal_cursor links;

	assert_true(pal_ospf_lsa_next(2, &list, &lsa));
	assert_true(pal_ospf_links(2, &lsa, &links));
	assert_true(pal_ospf_link_next(2, &links, &link));
	assert_int_equal(link.type, 2);
	assert_int_equal(link.metric, 10);
	assert_true(pal_ospf_link_next(2, &links, &link));
	assert_int_equal(link.type, 3);
	assert_memory_equal(link.data, "\xff\xff\xff\0", 4);
	assert_false(pal_ospf_link_next(2, &links, &link));
	assert_int_equal(pal_cursor_left(&links), 0);
}

static void external_route_has_tag_and_forwarding(void **)
{
	struct pal_cursor list =
		CURSOR(LSA_V2("\5", "\x24") "\xff\xff\0\0\x80\0\1\0\n\0\0\7\0\0\0\x0b");
	struct pal_ospf_route route;
	struct pal_ospf_lsa lsa;

	assert_true(pal_ospf_lsa_next(2, &list, &lsa));
	assert_true(pal_ospf_route(2, &lsa, &route));
	assert_true(route.is_external && route.is_type_2 && route.has_tag);
	assert_int_equal(route.metric, 256);
	assert_int_equal(route.tag, 11);
	assert_memory_equal(route.forwarding, "\n\0\0\7", 4);
	lsa.body.end -= 4;
	assert_false(pal_ospf_route(2, &lsa, &route));
	lsa.type = 3; // a summary ends with its metric
	assert_true(pal_ospf_route(2, &lsa, &route));
	assert_false(route.is_external);
}

static void prefixes_have_as_many_words_as_bits_need(void **)
{
	static const uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1};
	struct pal_cursor list =
		CURSOR("\x30\0\0\x0a\x20\1\r\xb8\0\1\0\0\0\0\0\1\x81\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		);
	struct pal_ospf_prefix prefix;

	assert_true(pal_ospf_prefix_next(&list, &prefix));
	assert_int_equal(prefix.len, 48);
	assert_int_equal(prefix.metric, 10);
	assert_memory_equal(prefix.addr, address, 16);
	assert_true(pal_ospf_prefix_next(&list, &prefix));
	assert_int_equal(prefix.len, 0);
	assert_false(pal_ospf_prefix_next(&list, &prefix)); // 129 bits
}

static void what_is_no_packet_is_refused(void **)
{
	uint8_t bytes[sizeof(HELLO_V2) - 1];
	struct pal_ospf_hello hello;
	struct pal_ospf ospf;

	memcpy(bytes, HELLO_V2, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		bool opened = pal_ospf_open(&ospf, pal_cursor_of(bytes, len));

		assert_int_equal(opened, len >= 24);
		if (opened)
			assert_int_equal(pal_ospf_hello(&ospf, &hello), len >= 44);
		if (opened)
			assert_int_equal(ospf.is_cut, len < sizeof(bytes));
	}
	bytes[0] = 4;
	assert_false(pal_ospf_open(&ospf, pal_cursor_of(bytes, sizeof(bytes))));
	bytes[0] = 2;
	bytes[1] = 6;
	assert_false(pal_ospf_open(&ospf, pal_cursor_of(bytes, sizeof(bytes))));
	bytes[1] = 1;
	bytes[3] = 23; // shorter than its header
	assert_false(pal_ospf_open(&ospf, pal_cursor_of(bytes, sizeof(bytes))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_of_version_2),
		cmocka_unit_test(hello_of_version_3),
		cmocka_unit_test(description_has_headers),
		cmocka_unit_test(request_names_advertisements),
		cmocka_unit_test(router_links_are_read_over_their_metrics),
		cmocka_unit_test(external_route_has_tag_and_forwarding),
		cmocka_unit_test(prefixes_have_as_many_words_as_bits_need),
		cmocka_unit_test(what_is_no_packet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
