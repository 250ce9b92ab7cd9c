/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_dhcp.h>
#include <pal_dhcpv6.h>
#include <pal_proto.h>

#include <string.h>

#define COOKIE_AT 236
#define OPTIONS_AT 240

static uint8_t msg[576];

// A message up to its options; these follow. Returns all of it.
static struct pal_cursor build(uint8_t op, const void *options, size_t len)
{
	static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};

	memset(msg, 0, sizeof(msg));
	msg[0] = op;
	msg[1] = 1;
	msg[2] = 6;
	memcpy(msg + 4, "\x12\x34\x56\x78", 4); // xid
	memcpy(msg + 16, "\x0a\x00\x00\x05", 4); // your address
	memcpy(msg + 28, "\x00\x11\x22\x33\x44\x55", 6);
	memcpy(msg + COOKIE_AT, cookie, sizeof(cookie));
	memcpy(msg + OPTIONS_AT, options, len);
	return pal_cursor_of(msg, OPTIONS_AT + len);
}
#define BUILD(op, options) build(op, options, sizeof(options) - 1)

static void expect(struct pal_cursor option, const char *want)
{
	assert_int_equal(pal_cursor_left(&option), strlen(want));
	assert_memory_equal(option.pos, want, strlen(want));
}

static enum pal_probe probe(struct pal_cursor bytes)
{
	return pal_dhcp_probe(bytes, PAL_OVER_UDP);
}

static void header_and_options_are_read(void **)
{
	struct pal_cursor all = BUILD(1, "\x35\x01\x03\x00\x00\x0c\x04Shen\xff\x0c\x01x");
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;

	assert_true(pal_dhcp_open(&dhcp, all));
	assert_int_equal(dhcp.op, PAL_DHCP_BOOTREQUEST);
	assert_int_equal(dhcp.xid, 0x12345678);
	assert_true(dhcp.is_dhcp);
	assert_false(dhcp.is_cut);
	assert_memory_equal(dhcp.your_ip, "\x0a\x00\x00\x05", 4);
	assert_int_equal(pal_cursor_left(&dhcp.hardware), 6);
	assert_memory_equal(dhcp.hardware.pos, "\x00\x11\x22\x33\x44\x55", 6);
	assert_true(pal_dhcp_options(&dhcp, options));
	expect(options[PAL_DHCP_TYPE], "\x03");
	expect(options[PAL_DHCP_HOSTNAME], "Shen"); // nothing is read behind the end
	assert_null(options[PAL_DHCP_CLIENT_ID].pos);
}

static void first_of_two_options_counts(void **)
{
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;

	assert_true(pal_dhcp_open(
		&dhcp,
		BUILD(2,
		      "\x0c\x01"
		      "a"
		      "\x0c\x01"
		      "b")
	));
	assert_true(pal_dhcp_options(&dhcp, options));
	expect(options[PAL_DHCP_HOSTNAME], "a");
}

static void option_past_the_end_is_an_error(void **)
{
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;

	assert_true(pal_dhcp_open(&dhcp, BUILD(1, "\x35\x01\x01\x0c\x09Shen")));
	assert_false(pal_dhcp_options(&dhcp, options));
	expect(options[PAL_DHCP_TYPE], "\x01");
	assert_null(options[PAL_DHCP_HOSTNAME].pos);
	assert_true(pal_dhcp_open(&dhcp, BUILD(1, "\x35")));
	assert_false(pal_dhcp_options(&dhcp, options));
}

static void options_go_on_in_the_name_fields(void **)
{
	struct pal_cursor all = BUILD(2, "\x34\x01\x03\xff");
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;

	memcpy(msg + 108,
	       "\x0c\x01"
	       "f\xff",
	       4);
	memcpy(msg + 44,
	       "\x0c\x01"
	       "s\x35\x01\x05\xff",
	       7);
	assert_true(pal_dhcp_open(&dhcp, all));
	assert_true(pal_dhcp_options(&dhcp, options));
	expect(options[PAL_DHCP_HOSTNAME], "f");
	expect(options[PAL_DHCP_TYPE], "\x05");

	all = BUILD(2, "\x34\x01\x01\xff");
	memcpy(msg + 44, "\x35\x01\x05\xff", 4);
	assert_true(pal_dhcp_open(&dhcp, all));
	assert_true(pal_dhcp_options(&dhcp, options));
	assert_null(options[PAL_DHCP_TYPE].pos); // not said to be there
}

static void what_is_cut_off_is_read_up_to_the_addresses(void **)
{
	struct pal_cursor all = BUILD(2, "\x35\x01\x05\xff"), options[256];
	struct pal_dhcp dhcp;

	for (size_t len = 0; len <= pal_cursor_left(&all); len++) {
		struct pal_cursor cut = pal_cursor_of(msg, len);
		bool opened = pal_dhcp_open(&dhcp, cut);

		assert_int_equal(opened, len >= PAL_DHCP_FIXED_LEN);
		if (!opened)
			continue;
		assert_int_equal(dhcp.is_cut, len < COOKIE_AT);
		assert_int_equal(dhcp.is_dhcp, len >= OPTIONS_AT);
		pal_dhcp_options(&dhcp, options);
	}
}

static void cookie_makes_certain(void **)
{
	struct pal_cursor all = BUILD(1, "\x35\x01\x01\xff");

	assert_int_equal(probe(all), PAL_PROBE_YES);
	assert_int_equal(probe(pal_cursor_of(msg, 100)), PAL_PROBE_LIKELY);
	msg[COOKIE_AT] ^= 1;
	assert_int_equal(probe(all), PAL_PROBE_LIKELY); // BOOTP
}

static void near_misses_are_refused(void **)
{
	static const struct {
		int at;
		uint8_t value;
	} wrong[] = {{0, 0}, {0, 3}, {1, 40}, {2, 17}, {3, 17}, {10, 1}, {11, 1}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pal_cursor all = BUILD(1, "\xff");

		msg[wrong[i].at] = wrong[i].value;
		assert_int_equal(probe(all), PAL_PROBE_NO);
	}
	assert_int_equal(probe(pal_cursor_of(msg, 11)), PAL_PROBE_NO);
}

static void names_are_those_of_the_protocol(void **)
{
	assert_string_equal(pal_dhcp_type_name(5), "ack");
	assert_null(pal_dhcp_type_name(0));
	assert_null(pal_dhcp_type_name(200));
	assert_string_equal(pal_dhcp_param_name(6), "dns_server");
	assert_null(pal_dhcp_param_name(0));
	assert_string_equal(pal_dhcpv6_type_name(13), "relay_repl");
	assert_null(pal_dhcpv6_type_name(0));
	assert_null(pal_dhcpv6_type_name(255));
	assert_string_equal(pal_dhcpv6_status_name(3), "no_binding");
	assert_null(pal_dhcpv6_status_name(7));
}

/* DHCPv6 */

#define CURSOR(bytes) pal_cursor_of(bytes, sizeof(bytes) - 1)
#define SOLICIT                                                                                    \
	"\x01\xb5\xa4\x38"                                                                         \
	"\x00\x08\x00\x02\x00\x00"                                                                 \
	"\x00\x01\x00\x06\x00\x03\x00\x01\xaa\xbb"

static void v6_options_are_read_in_order(void **)
{
	struct pal_dhcpv6_option option;
	struct pal_dhcpv6 dhcp;

	assert_true(pal_dhcpv6_open(&dhcp, CURSOR(SOLICIT)));
	assert_int_equal(dhcp.type, 1);
	assert_int_equal(dhcp.xid, 0xb5a438);
	assert_false(dhcp.is_relay);
	assert_true(pal_dhcpv6_find(dhcp.options, PAL_DHCPV6_CLIENT_ID, &option));
	assert_int_equal(pal_cursor_left(&option.data), 6);
	assert_false(pal_dhcpv6_find(dhcp.options, PAL_DHCPV6_SERVER_ID, &option));
	assert_true(pal_dhcpv6_next(&dhcp.options, &option));
	assert_int_equal(option.code, 8);
	assert_true(pal_dhcpv6_next(&dhcp.options, &option));
	assert_int_equal(option.code, PAL_DHCPV6_CLIENT_ID);
	assert_false(pal_dhcpv6_next(&dhcp.options, &option));
	assert_int_equal(pal_cursor_left(&dhcp.options), 0);
}

static void v6_option_past_the_end_stays(void **)
{
	struct pal_dhcpv6_option option;
	struct pal_dhcpv6 dhcp;

	assert_true(pal_dhcpv6_open(&dhcp, CURSOR("\x01\x00\x00\x01\x00\x08\x00\x03\x00\x00")));
	assert_false(pal_dhcpv6_next(&dhcp.options, &option));
	assert_int_equal(pal_cursor_left(&dhcp.options), 6);
}

static void v6_relay_has_addresses_and_a_message(void **)
{
	uint8_t relay[34 + 4 + sizeof(SOLICIT) - 1] = {PAL_DHCPV6_RELAY_FORW, 2, 0xfd, [18] = 0xfe};
	struct pal_dhcpv6_option option;
	struct pal_dhcpv6 dhcp;

	relay[35] = PAL_DHCPV6_RELAY_MSG;
	relay[37] = sizeof(SOLICIT) - 1;
	memcpy(relay + 38, SOLICIT, sizeof(SOLICIT) - 1);
	assert_true(pal_dhcpv6_open(&dhcp, pal_cursor_of(relay, sizeof(relay))));
	assert_true(dhcp.is_relay);
	assert_int_equal(dhcp.hop_count, 2);
	assert_int_equal(dhcp.link[0], 0xfd);
	assert_int_equal(dhcp.peer[0], 0xfe);
	assert_true(pal_dhcpv6_find(dhcp.options, PAL_DHCPV6_RELAY_MSG, &option));
	assert_true(pal_dhcpv6_open(&dhcp, option.data));
	assert_int_equal(dhcp.xid, 0xb5a438);
	assert_false(pal_dhcpv6_open(&dhcp, pal_cursor_of(relay, 33)));
}

static void v6_associations_have_options_inside(void **)
{
	struct pal_dhcpv6_option ia = {.code = PAL_DHCPV6_IA_NA, .data = CURSOR("0123456789abxyz")};
	struct pal_cursor inner;

	assert_true(pal_dhcpv6_ia(&ia, &inner));
	expect(inner, "xyz");
	ia.code = PAL_DHCPV6_IA_TA;
	assert_true(pal_dhcpv6_ia(&ia, &inner));
	expect(inner, "456789abxyz");
	ia.code = PAL_DHCPV6_ORO;
	assert_false(pal_dhcpv6_ia(&ia, &inner));
	ia = (struct pal_dhcpv6_option){.code = PAL_DHCPV6_IA_PD, .data = CURSOR("0123456789a")};
	assert_false(pal_dhcpv6_ia(&ia, &inner));
}

static void v6_is_certain_with_an_identifier(void **)
{
	struct pal_cursor all = CURSOR(SOLICIT), cut = all;

	assert_int_equal(pal_dhcpv6_probe(all, PAL_OVER_UDP), PAL_PROBE_YES);
	cut.end--;
	assert_int_equal(pal_dhcpv6_probe(cut, PAL_OVER_UDP), PAL_PROBE_LIKELY);
	assert_int_equal(pal_dhcpv6_probe(CURSOR("\x16\x00\x00\x00"), PAL_OVER_UDP), PAL_PROBE_NO);
	assert_int_equal(pal_dhcpv6_probe(CURSOR("\x01\x00\x00"), PAL_OVER_UDP), PAL_PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_options_are_read),
		cmocka_unit_test(first_of_two_options_counts),
		cmocka_unit_test(option_past_the_end_is_an_error),
		cmocka_unit_test(options_go_on_in_the_name_fields),
		cmocka_unit_test(what_is_cut_off_is_read_up_to_the_addresses),
		cmocka_unit_test(cookie_makes_certain),
		cmocka_unit_test(near_misses_are_refused),
		cmocka_unit_test(names_are_those_of_the_protocol),
		cmocka_unit_test(v6_options_are_read_in_order),
		cmocka_unit_test(v6_option_past_the_end_stays),
		cmocka_unit_test(v6_relay_has_addresses_and_a_message),
		cmocka_unit_test(v6_associations_have_options_inside),
		cmocka_unit_test(v6_is_certain_with_an_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
