/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_ber.h>
#include <pal_gather.h>

#include <stdlib.h>
#include <string.h>

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

// Bytes in memory of their exact size: AddressSanitizer sees a read behind them.
static struct pal_cursor copy_of(const uint8_t *bytes, size_t len, uint8_t **ret_copy)
{
	*ret_copy = malloc(len + (len == 0));
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, bytes, len);
	return pal_cursor_of(*ret_copy, len);
}

// How long is the first element's body, and how much is left behind it? -1: there is none.
static int body_of(const uint8_t *bytes, size_t len, size_t *ret_left)
{
	struct pal_ber ber;
	uint8_t *copy;
	struct pal_cursor cur = copy_of(bytes, len, &copy);
	bool ok = pal_ber_next(&cur, &ber);

	*ret_left = pal_cursor_left(&cur);
	if (!ok)
		assert_int_equal(*ret_left, len); // moves nothing
	free(copy);
	return ok ? (int)pal_cursor_left(&ber.body) : -1;
}

static void body_is(const uint8_t *bytes, size_t len, int body, size_t left)
{
	size_t got;

	assert_int_equal(body_of(bytes, len, &got), body);
	assert_int_equal(got, body < 0 ? len : left);
	// Without its end there is no element.
	if (body >= 0)
		for (size_t cut = 0; cut < len - left; cut++)
			assert_int_equal(body_of(bytes, cut, &got), -1);
}

static void definite_lengths_have_one_to_five_bytes(void **)
{
	body_is(BYTES(4, 0), 0, 0);
	body_is(BYTES(4, 2, 'a', 'b', 'c'), 2, 1);
	body_is(BYTES(4, 0x81, 2, 'a', 'b'), 2, 0);
	body_is(BYTES(4, 0x84, 0, 0, 0, 1, 'a', 'b'), 1, 1);
	body_is(BYTES(4, 0x85, 0, 0, 0, 0, 1, 'a'), -1, 0);
	body_is(BYTES(4, 0x84, 0xff, 0xff, 0xff, 0xff, 'a'), -1, 0);
	body_is(BYTES(0x1f, 0x81, 1, 1, 'a'), 1, 0); // tag number 129
	body_is(BYTES(0x1f, 0x81, 0x81), -1, 0);
}

static void indefinite_length_ends_at_its_own_end(void **)
{
	body_is(BYTES(0x30, 0x80, 0, 0, 'x'), 0, 1);
	body_is(BYTES(0x30, 0x80, 4, 1, 0, 0, 0), 3, 0);
	body_is(BYTES(0x30, 0x80, 0x30, 0x80, 2, 1, 5, 0, 0, 0, 0), 7, 0);
	// What looks like an end inside a definite length is none.
	body_is(BYTES(0x30, 0x80, 4, 4, 0, 0, 0, 0, 0, 0), 6, 0);
	body_is(BYTES(0x04, 0x80, 0, 0), -1, 0); // not constructed
	body_is(BYTES(0x30, 0x80, 0, 1, 'x', 0, 0), -1, 0); // an end that has something
}

static void depth_of_indefinite_lengths_is_bounded(void **)
{
	for (size_t depth = 1; depth <= PAL_BER_DEPTH + 2; depth++) {
		uint8_t bytes[128];
		size_t len = 0;

		for (size_t i = 0; i < depth; i++) {
			bytes[len++] = 0x30;
			bytes[len++] = 0x80;
		}
		memset(bytes + len, 0, 2 * depth);
		len += 2 * depth;
		body_is(bytes, len, depth <= PAL_BER_DEPTH ? (int)(len - 4) : -1, 0);
	}
}

static void int_is(const uint8_t *bytes, size_t len, bool ok, int64_t want)
{
	struct pal_cursor cur = pal_cursor_of(bytes, len);
	int64_t value = 77;

	assert_int_equal(pal_ber_int(&cur, PAL_BER_INTEGER, &value), ok);
	assert_int_equal(value, ok ? want : 77);
	assert_int_equal(pal_cursor_left(&cur), ok ? 0 : len);
}

static void numbers_are_twos_complement(void **)
{
	int_is(BYTES(2, 1, 0), true, 0);
	int_is(BYTES(2, 1, 0x7f), true, 127);
	int_is(BYTES(2, 1, 0x80), true, -128);
	int_is(BYTES(2, 2, 0, 0x80), true, 128);
	int_is(BYTES(2, 4, 0xff, 0xff, 0xff, 0xfe), true, -2);
	int_is(BYTES(2, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), true, INT64_MAX);
	int_is(BYTES(2, 8, 0x80, 0, 0, 0, 0, 0, 0, 0), true, INT64_MIN);
	int_is(BYTES(2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1), false, 0);
	int_is(BYTES(2, 0), false, 0);
	int_is(BYTES(3, 1, 1), false, 0); // another type
}

static void u32_refuses_what_is_no_u32(void **)
{
	struct pal_cursor cur = pal_cursor_of(BYTES(2, 5, 0, 0xff, 0xff, 0xff, 0xff));
	uint32_t value;

	assert_true(pal_ber_u32(&cur, PAL_BER_INTEGER, &value));
	assert_int_equal(value, UINT32_MAX);
	cur = pal_cursor_of(BYTES(2, 5, 1, 0, 0, 0, 0));
	assert_false(pal_ber_u32(&cur, PAL_BER_INTEGER, &value));
	cur = pal_cursor_of(BYTES(2, 1, 0xff));
	assert_false(pal_ber_u32(&cur, PAL_BER_INTEGER, &value));
	assert_int_equal(pal_cursor_left(&cur), 3);
}

static void oid_is(const uint8_t *bytes, size_t len, const char *want)
{
	char text[PAL_BER_OID_MAX + 1];
	size_t got = pal_ber_oid_text(pal_cursor_of(bytes, len), text, PAL_BER_OID_MAX);

	text[got] = '\0';
	assert_string_equal(text, want);
	if (got != 0)
		assert_int_equal(pal_ber_oid_text(pal_cursor_of(bytes, len), text, got - 1), 0);
}

// X.690 section 8.19.5 has the last but one.
static void object_identifiers_are_written_with_dots(void **)
{
	oid_is(BYTES(0x2b, 6, 1, 2, 1), "1.3.6.1.2.1");
	oid_is(BYTES(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12), "1.2.840.113554");
	oid_is(BYTES(0), "0.0");
	oid_is(BYTES(0x88, 0x37, 3), "2.999.3");
	oid_is(BYTES(0x2b, 0x86), ""); // goes on
	oid_is(BYTES(0x2b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), "");
}

static void length_of_a_message_shows_in_its_head(void **)
{
	static const uint8_t head[] = {0x30, 0x82, 1, 0, 2};

	for (size_t len = 1; len <= sizeof(head); len++)
		assert_int_equal(
			pal_ber_len(pal_cursor_of(head, len)), len < 4 ? PAL_GATHER_MORE : 4 + 256
		);
	assert_int_equal(pal_ber_len(pal_cursor_of(BYTES(0x30, 5))), 7);
	assert_true(pal_ber_len(pal_cursor_of(BYTES(0x30, 0x80))) == PAL_GATHER_BAD);
	assert_true(pal_ber_len(pal_cursor_of(BYTES(0x30, 0x85))) == PAL_GATHER_BAD);
	assert_true(pal_ber_len(pal_cursor_of(BYTES(0x1f))) == PAL_GATHER_BAD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(definite_lengths_have_one_to_five_bytes),
		cmocka_unit_test(indefinite_length_ends_at_its_own_end),
		cmocka_unit_test(depth_of_indefinite_lengths_is_bounded),
		cmocka_unit_test(numbers_are_twos_complement),
		cmocka_unit_test(u32_refuses_what_is_no_u32),
		cmocka_unit_test(object_identifiers_are_written_with_dots),
		cmocka_unit_test(length_of_a_message_shows_in_its_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
