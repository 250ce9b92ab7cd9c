/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The bottom layer: the cursor never leaves its bytes, errors say so twice, times are as EVE has them. */
#include "check.h"

#include <pal_cursor.h>
#include <pal_err.h>
#include <pal_time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* cursor */

// Bytes 1, 2, 3 ... in memory of exactly that size, so that AddressSanitizer sees a read beside it. Inlined, with
// sizes that are known, gcc 12 warns of an overflow that is none.
__attribute__((noinline)) static uint8_t *make_bytes(size_t len)
{
	uint8_t *bytes = malloc(len == 0 ? 1 : len);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i + 1);
	return bytes;
}

static void reading_goes_on_where_it_ended(void **)
{
	uint8_t *bytes = make_bytes(10);
	struct pal_cursor cur = pal_cursor_of(bytes, 10);
	uint8_t v8 = 0;
	uint16_t v16 = 0;
	uint32_t v32 = 0;

	assert_true(pal_cursor_u8(&cur, &v8));
	assert_int_equal(v8, 1);
	assert_true(pal_cursor_be16(&cur, &v16));
	assert_int_equal(v16, 0x0203);
	assert_true(pal_cursor_be32(&cur, &v32));
	assert_int_equal(v32, 0x04050607);
	assert_true(pal_cursor_skip(&cur, 1));
	assert_int_equal(pal_cursor_left(&cur), 2);
	assert_ptr_equal(pal_cursor_peek(&cur, 2), bytes + 8);
	assert_ptr_equal(pal_cursor_take(&cur, 2), bytes + 8);
	assert_int_equal(pal_cursor_left(&cur), 0);
	free(bytes);
}

static void what_does_not_fit_changes_nothing(void **)
{
	for (size_t len = 0; len < 4; len++) {
		uint8_t *bytes = make_bytes(len);
		const struct pal_cursor all = pal_cursor_of(bytes, len);
		struct pal_cursor cur = all;
		uint8_t v8 = 0x55;
		uint16_t v16 = 0x5555;
		uint32_t v32 = 0x55555555;

		assert_null(pal_cursor_take(&cur, len + 1));
		assert_null(pal_cursor_peek(&cur, len + 1));
		assert_false(pal_cursor_skip(&cur, len + 1));
		assert_null(pal_cursor_take(&cur, SIZE_MAX));
		assert_null(pal_cursor_peek(&cur, SIZE_MAX));
		assert_false(pal_cursor_skip(&cur, SIZE_MAX));
		assert_false(pal_cursor_be32(&cur, &v32));
		assert_int_equal(v32, 0x55555555);
		if (len < 2) {
			assert_false(pal_cursor_be16(&cur, &v16));
			assert_int_equal(v16, 0x5555);
		}
		if (len < 1) {
			assert_false(pal_cursor_u8(&cur, &v8));
			assert_int_equal(v8, 0x55);
		}
		assert_ptr_equal(cur.pos, all.pos);
		assert_ptr_equal(cur.end, all.end);
		free(bytes);
	}
}

static void limit_only_takes_away(void **)
{
	uint8_t *bytes = make_bytes(8);
	struct pal_cursor cur = pal_cursor_of(bytes, 8);

	pal_cursor_limit(&cur, 8);
	assert_int_equal(pal_cursor_left(&cur), 8);
	pal_cursor_limit(&cur, SIZE_MAX);
	assert_int_equal(pal_cursor_left(&cur), 8);
	assert_true(pal_cursor_skip(&cur, 2));
	pal_cursor_limit(&cur, 3);
	assert_int_equal(pal_cursor_left(&cur), 3);
	pal_cursor_limit(&cur, 5); // what was given up does not come back
	assert_int_equal(pal_cursor_left(&cur), 3);
	assert_null(pal_cursor_take(&cur, 4));
	assert_ptr_equal(pal_cursor_take(&cur, 3), bytes + 2);
	pal_cursor_limit(&cur, 0);
	assert_int_equal(pal_cursor_left(&cur), 0);
	free(bytes);
}

static void loads_take_either_order_at_any_place(void **)
{
	uint8_t *bytes = make_bytes(16);

	for (size_t at = 0; at < 8; at++) {
		const uint8_t *p = bytes + at;
		uint64_t be = 0, le = 0;

		for (size_t i = 0; i < 8; i++) {
			be = be << 8 | p[i];
			le |= (uint64_t)p[i] << 8 * i;
		}
		assert_true(pal_load_be16(p) == be >> 48);
		assert_true(pal_load_be32(p) == be >> 32);
		assert_true(pal_load_be64(p) == be);
		assert_true(pal_load_le16(p) == (le & 0xffff));
		assert_true(pal_load_le32(p) == (le & 0xffffffff));
		assert_true(pal_load_le64(p) == le);
	}
	free(bytes);
}

// The model: two numbers.
static void any_calls_stay_inside(void **)
{
	uint32_t random = 1;

	for (int round = 0; round < 2000; round++) {
		size_t at = 0, end = random % 40;
		uint8_t *bytes = make_bytes(end);
		struct pal_cursor cur = pal_cursor_of(bytes, end);

		for (int i = 0; i < 20; i++) {
			size_t n;
			bool fits;

			random = random * 1664525 + 1013904223;
			n = random >> 16 & 15;
			fits = n <= end - at;
			switch (random >> 24 & 3) {
			case 0:
				assert_ptr_equal(
					pal_cursor_take(&cur, n), fits ? bytes + at : NULL
				);
				at += fits ? n : 0;
				break;
			case 1:
				assert_ptr_equal(
					pal_cursor_peek(&cur, n), fits ? bytes + at : NULL
				);
				break;
			case 2:
				assert_int_equal(pal_cursor_skip(&cur, n), fits);
				at += fits ? n : 0;
				break;
			default:
				pal_cursor_limit(&cur, n + 8);
				end = n + 8 < end - at ? at + n + 8 : end;
			}
			assert_int_equal(pal_cursor_left(&cur), end - at);
		}
		free(bytes);
	}
}

/* errors */

static void errors_are_returned_and_in_errno(void **)
{
	errno = 0;
	assert_int_equal(pal_err(ENOSPC), -ENOSPC);
	assert_int_equal(errno, ENOSPC);
	assert_null(pal_err_null(EINVAL));
	assert_int_equal(errno, EINVAL);
}

/* time */

static void assert_time(uint64_t time_ns, const char *expected)
{
	static struct pal_time_cache kept;
	struct pal_time_cache fresh = {0};
	char text[PAL_TIME_ISO_LEN];

	assert_int_equal(pal_time_iso(&fresh, time_ns, text), 31);
	assert_string_equal(text, expected);
	assert_int_equal(pal_time_iso(&kept, time_ns, text), 31);
	assert_string_equal(text, expected);
}

static void times_are_as_eve_has_them(void **)
{
	assert_time(0, "1970-01-01T00:00:00.000000+0000");
	assert_time(UINT64_C(1425669142414373000), "2015-03-06T19:12:22.414373+0000");
	assert_time(UINT64_C(1425669142414373999), "2015-03-06T19:12:22.414373+0000");
	assert_time(UINT64_C(999999999), "1970-01-01T00:00:00.999999+0000");
	assert_time(UINT64_C(1709251199999999999), "2024-02-29T23:59:59.999999+0000");
	assert_time(UINT64_C(1709251200000000000), "2024-03-01T00:00:00.000000+0000");
	assert_time(UINT64_C(1709251199999999999), "2024-02-29T23:59:59.999999+0000"); // back a day
	assert_time(UINT64_C(4294967296000001000), "2106-02-07T06:28:16.000001+0000");
	assert_time(UINT64_MAX, "2554-07-21T23:34:33.709551+0000");
}

static void times_agree_with_gmtime(void **)
{
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t time_ns = i * UINT64_C(922337203685477); // ten and a half days apart
		time_t t = (time_t)(time_ns / PAL_NS_PER_S);
		char expected[64];
		struct tm tm;
		size_t len;

		gmtime_r(&t, &tm);
		len = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(
			expected + len,
			sizeof(expected) - len,
			".%06u+0000",
			(unsigned int)(time_ns % PAL_NS_PER_S / PAL_NS_PER_US)
		);
		assert_time(time_ns, expected);
	}
}

static void clocks_go_forward(void **)
{
	uint64_t mono_ns = pal_time_mono_ns(), wall_s = (uint64_t)time(NULL);

	for (int i = 0; i < 1000; i++) {
		uint64_t now_ns = pal_time_mono_ns();

		assert_true(now_ns >= mono_ns);
		mono_ns = now_ns;
	}
	// time() may read a clock that is a tick behind.
	assert_true(pal_time_wall_ns() / PAL_NS_PER_S - wall_s < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_goes_on_where_it_ended),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(limit_only_takes_away),
		cmocka_unit_test(loads_take_either_order_at_any_place),
		cmocka_unit_test(any_calls_stay_inside),
		cmocka_unit_test(errors_are_returned_and_in_errno),
		cmocka_unit_test(times_are_as_eve_has_them),
		cmocka_unit_test(times_agree_with_gmtime),
		cmocka_unit_test(clocks_go_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
