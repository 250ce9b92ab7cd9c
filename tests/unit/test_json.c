/* SPDX-License-Identifier: BSD-3-Clause */
/** @file JSON into memory. tests/fuzz/fuzz_json.c holds it against a parser. */
#include "check.h"

#include <pal_json.h>
#include <pal_pkt.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static char buf[4096];

static struct pal_json start(void)
{
	return pal_json_of(buf, sizeof(buf));
}

static void assert_json(const struct pal_json *j, const char *expected)
{
	assert_false(j->overflow);
	assert_int_equal(pal_json_len(j), strlen(expected));
	assert_memory_equal(j->start, expected, strlen(expected));
}

static void assert_str(const char *s, size_t len, const char *expected)
{
	struct pal_json j = start();

	pal_json_put_str(&j, s, len);
	assert_json(&j, expected);
}

#define assert_string(literal, expected) assert_str(literal, sizeof(literal) - 1, expected)

static void nesting_puts_commas_where_they_are_due(void **)
{
	struct pal_json j = start();

	pal_json_open_obj(&j);
	pal_json_u64(&j, "a", 1);
	pal_json_open(&j, "b", '{');
	pal_json_close(&j, '}');
	pal_json_open(&j, "c", '[');
	pal_json_elem_u64(&j, 1);
	pal_json_elem_u64(&j, 2);
	pal_json_open_obj(&j);
	pal_json_bool(&j, "d", true);
	pal_json_bool(&j, "e", false);
	pal_json_close(&j, '}');
	pal_json_open_obj(&j);
	pal_json_close(&j, '}');
	pal_json_close(&j, ']');
	pal_json_str(&j, "f", "");
	pal_json_hex8(&j, "g", 0x0f);
	pal_json_key_str(&j, "not \"literal\"");
	pal_json_put_u64(&j, 3);
	pal_json_open(&j, "h", '[');
	pal_json_close(&j, ']');
	pal_json_close(&j, '}');
	assert_json(
		&j,
		"{\"a\":1,\"b\":{},\"c\":[1,2,{\"d\":true,\"e\":false},{}],\"f\":\"\",\"g\":\"0f\","
		"\"not \\\"literal\\\"\":3,\"h\":[]}"
	);
}

static void commas_do_not_mistake_text_for_braces(void **)
{
	struct pal_json j = start();

	pal_json_open_obj(&j);
	pal_json_str(&j, "a", "{");
	pal_json_str(&j, "b", "[");
	pal_json_close(&j, '}');
	assert_json(&j, "{\"a\":\"{\",\"b\":\"[\"}");
}

static void numbers_are_as_printf_has_them(void **)
{
	uint64_t v = 0;
	char expected[32];

	for (int digits = 0; digits <= 20; digits++) {
		for (int64_t near = -1; near <= 1; near++) {
			struct pal_json j = start();

			snprintf(expected, sizeof(expected), "%" PRIu64, v + (uint64_t)near);
			pal_json_put_u64(&j, v + (uint64_t)near);
			assert_json(&j, expected);
		}
		v = v == 0 ? 1 : v * 10;
	}
	for (uint64_t n = 0; n < 20000; n++) {
		struct pal_json j = start();

		snprintf(expected, sizeof(expected), "%" PRIu64, n);
		pal_json_put_u64(&j, n);
		assert_json(&j, expected);
	}
}

static void hex_is_two_digits(void **)
{
	for (unsigned int v = 0; v < 256; v++) {
		struct pal_json j = start();
		char expected[8];

		snprintf(expected, sizeof(expected), "\"%02x\"", v);
		pal_json_put_hex8(&j, (uint8_t)v);
		assert_json(&j, expected);
	}
}

static void control_characters_are_escaped(void **)
{
	assert_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	assert_string("\n\r\t", "\"\\n\\r\\t\"");
	assert_string("\0\x01\x1f\x7f", "\"\\u0000\\u0001\\u001f\\u007f\"");
	assert_string("", "\"\"");
	assert_string("nothing to do here", "\"nothing to do here\"");
	assert_string("plain\nplain", "\"plain\\nplain\"");
}

static void valid_utf8_stays(void **)
{
	assert_string("\xc2\x80 \xdf\xbf", "\"\xc2\x80 \xdf\xbf\"");
	assert_string("\xe0\xa0\x80 \xef\xbf\xbf", "\"\xe0\xa0\x80 \xef\xbf\xbf\"");
	assert_string(
		"\xed\x9f\xbf \xee\x80\x80", "\"\xed\x9f\xbf \xee\x80\x80\""
	); // beside surrogates
	assert_string("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"");
	assert_string("h\xc3\xa9llo \xe2\x82\xac", "\"h\xc3\xa9llo \xe2\x82\xac\"");
}

#define FFFD "\\ufffd"

static void invalid_utf8_is_replaced(void **)
{
	assert_string("\x80", "\"" FFFD "\""); // continuation alone
	assert_string(
		"\xbf"
		"a",
		"\"" FFFD "a\""
	);
	assert_string("\xc2", "\"" FFFD "\""); // cut off
	assert_string("\xc2\"", "\"" FFFD "\\\"\"");
	assert_string("\xe2\x82", "\"" FFFD FFFD "\"");
	assert_string("\xf0\x9f\x98", "\"" FFFD FFFD FFFD "\"");
	assert_string("\xc0\x80", "\"" FFFD FFFD "\""); // overlong
	assert_string("\xc1\xbf", "\"" FFFD FFFD "\"");
	assert_string("\xe0\x9f\xbf", "\"" FFFD FFFD FFFD "\"");
	assert_string("\xf0\x8f\xbf\xbf", "\"" FFFD FFFD FFFD FFFD "\"");
	assert_string("\xed\xa0\x80", "\"" FFFD FFFD FFFD "\""); // surrogates
	assert_string("\xed\xbf\xbf", "\"" FFFD FFFD FFFD "\"");
	assert_string("\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\""); // above U+10FFFF
	assert_string("\xf5\x80\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"");
	assert_string("\xff\xfe", "\"" FFFD FFFD "\"");
	assert_string("\xe2\x82\xc2\x80", "\"" FFFD FFFD "\xc2\x80\""); // goes on with a good one
}

// The definition, by decoding: RFC 3629 section 3.
static bool is_utf8_character(const uint8_t *s, size_t len)
{
	static const uint8_t masks[] = {0, 0x80, 0xe0, 0xf0, 0xf8},
			     leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	if ((s[0] & masks[len]) != leads[len])
		return false;
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return false;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c >= smallest[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static void every_two_bytes_are_judged_by_definition(void **)
{
	for (unsigned int v = 0x8000; v <= 0xffff; v++) { // the first is not ASCII
		const uint8_t s[2] = {(uint8_t)(v >> 8), (uint8_t)v};
		struct pal_json j = start();
		bool is_kept;

		pal_json_put_str(&j, (const char *)s, 2);
		is_kept = pal_json_len(&j) == 4 && memcmp(buf + 1, s, 2) == 0;
		assert_int_equal(is_kept, is_utf8_character(s, 2));
	}
}

static void every_three_bytes_are_judged_by_definition(void **)
{
	for (uint32_t v = 0xe08080; v <= 0xefffff; v++) {
		const uint8_t s[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
		struct pal_json j = start();
		bool is_kept;

		if ((s[2] & 15) % 15 != 0) // the ends of each range are enough
			continue;
		pal_json_put_str(&j, (const char *)s, 3);
		is_kept = pal_json_len(&j) == 5 && memcmp(buf + 1, s, 3) == 0;
		if (is_kept != is_utf8_character(s, 3))
			fail_msg("%06x", v);
	}
}

static void put_address(struct pal_json *j, const char *text)
{
	union pal_addr addr = {0};
	bool is_v6 = strchr(text, ':') != NULL;

	assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, text, addr.b), 1);
	pal_json_put_addr(j, &addr, is_v6 ? 6 : 4);
}

static void addresses_are_as_inet_ntop_has_them(void **)
{
	static const char *const texts[] = {
		"0.0.0.0",
		"1.20.255.9",
		"255.255.255.255",
		"10.100.99.0",
		"::",
		"::1",
		"2001:db8::8:800:200c:417a",
		"ff02::1:ff00:0",
		"::ffff:1.2.3.4",
		"1:2:3:4:5:6:7:8",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pal_json j = start();
		char expected[64];

		snprintf(expected, sizeof(expected), "\"%s\"", texts[i]);
		put_address(&j, texts[i]);
		assert_json(&j, expected);
	}
}

// One of everything.
static void put_all(struct pal_json *j)
{
	pal_json_open_obj(j);
	pal_json_u64(j, "number", UINT64_MAX);
	pal_json_str(j, "string", "a\nb\x01\xff\xe2\x82\xac");
	pal_json_hex8(j, "flags", 0xa5);
	pal_json_bool(j, "yes", true);
	pal_json_key_str(j, "no\t");
	pal_json_put_bool(j, false);
	pal_json_open(j, "list", '[');
	pal_json_elem_u64(j, 1);
	pal_json_open_obj(j);
	pal_json_close(j, '}');
	pal_json_close(j, ']');
	pal_json_put_key(j, PAL_JSON_KEY("addr"));
	put_address(j, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	pal_json_put_key(j, PAL_JSON_KEY("addr4"));
	put_address(j, "255.255.255.255");
	pal_json_close(j, '}');
	pal_json_put_char(j, '\n');
}

static void any_room_is_kept_to(void **)
{
	struct pal_json whole = start();
	size_t len;

	put_all(&whole);
	assert_false(whole.overflow);
	len = pal_json_len(&whole);
	for (size_t room = 0; room <= len; room++) {
		char *exact = malloc(room + (room == 0)); // AddressSanitizer watches its end
		struct pal_json j = pal_json_of(exact, room);

		put_all(&j);
		assert_int_equal(j.overflow, room < len);
		assert_true(pal_json_len(&j) <= room);
		if (room == len)
			assert_memory_equal(exact, whole.start, len);
		free(exact);
	}
}

static void overflow_is_never_taken_back(void **)
{
	struct pal_json j = pal_json_of(buf, 8);

	pal_json_put_raw(&j, "123456", 6);
	pal_json_put_raw(&j, "789", 3);
	assert_true(j.overflow);
	pal_json_put_char(&j, 'x'); // would fit
	assert_true(j.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_puts_commas_where_they_are_due),
		cmocka_unit_test(commas_do_not_mistake_text_for_braces),
		cmocka_unit_test(numbers_are_as_printf_has_them),
		cmocka_unit_test(hex_is_two_digits),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(valid_utf8_stays),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(every_two_bytes_are_judged_by_definition),
		cmocka_unit_test(every_three_bytes_are_judged_by_definition),
		cmocka_unit_test(addresses_are_as_inet_ntop_has_them),
		cmocka_unit_test(any_room_is_kept_to),
		cmocka_unit_test(overflow_is_never_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
