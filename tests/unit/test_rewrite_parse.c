/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void assert_time(const char *text, uint64_t ns)
{
	uint64_t got = 0;

	assert_int_equal(rw_parse_time(text, &got), 0);
	assert_int_equal(got, ns);
}

static void times_are_seconds_or_dates(void **)
{
	assert_time("0", 0);
	assert_time("1700000000", UINT64_C(1700000000000000000));
	assert_time("1700000000.5", UINT64_C(1700000000500000000));
	assert_time("1700000000.123456789", UINT64_C(1700000000123456789));
	assert_time("1700000000.1234567899", UINT64_C(1700000000123456789)); // finer is cut off
	assert_time("2023-11-14T22:13:20Z", UINT64_C(1700000000000000000));
	assert_time("2023-11-14 22:13:20.25Z", UINT64_C(1700000000250000000));
	assert_time("2023-11-14T23:13:20+01:00", UINT64_C(1700000000000000000));
	assert_time("2023-11-14T19:43:20-0230", UINT64_C(1700000000000000000));
	assert_time("2023-11-14T22:13Z", UINT64_C(1699999980000000000));
}

static void a_date_without_a_zone_is_local(void **)
{
	setenv("TZ", "UTC-3", 1); // three hours ahead
	tzset();
	assert_time("2023-11-15T01:13:20", UINT64_C(1700000000000000000));
	setenv("TZ", "UTC", 1);
	tzset();
	assert_time("2023-11-14T22:13:20", UINT64_C(1700000000000000000));
}

static void what_is_no_time_is_refused(void **)
{
	static const char *const bad[] = {
		"",
		"x",
		"-1",
		"1.5s",
		"1e9",
		" 1",
		"99999999999999999999",
		"2023-11-14",
		"2023-11-14T",
		"2023-11-14T22",
		"2023-13-14T22:13:20Z",
		"2023-11-14T22:13:20z",
		"2023-11-14T22:13:20+1",
		"2023-11-14T22:13:20+01:00x",
		"1960-01-01T00:00:00Z",
	};
	uint64_t ns;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rw_parse_time(bad[i], &ns) == 0)
			fail_msg("'%s' is taken for a time", bad[i]);
}

static void seconds_have_a_sign_and_nanoseconds(void **)
{
	int64_t ns;

	assert_int_equal(rw_parse_seconds("1", &ns), 0);
	assert_int_equal(ns, 1000000000);
	assert_int_equal(rw_parse_seconds("-0.000000001", &ns), 0);
	assert_int_equal(ns, -1);
	assert_int_equal(rw_parse_seconds("+3600.5", &ns), 0);
	assert_int_equal(ns, INT64_C(3600500000000));
	assert_int_equal(rw_parse_seconds("--1", &ns), -EINVAL);
	assert_int_equal(rw_parse_seconds("", &ns), -EINVAL);
	assert_int_equal(rw_parse_seconds("9999999999999", &ns), -EINVAL);
}

static void a_prefix_has_no_bits_behind_its_length(void **)
{
	struct rw_prefix p;
	static const uint8_t zeros[16];

	assert_int_equal(rw_parse_prefix("10.1.2.3", &p), 0);
	assert_int_equal(p.version, 4);
	assert_int_equal(p.len, 32);
	assert_memory_equal(p.addr.b, "\x0a\x01\x02\x03", 4);
	assert_memory_equal(p.addr.b + 4, zeros, 12);
	assert_int_equal(rw_parse_prefix("10.255.2.3/9", &p), 0);
	assert_memory_equal(p.addr.b, "\x0a\x80\x00\x00", 4);
	assert_int_equal(rw_parse_prefix("1.2.3.4/0", &p), 0);
	assert_memory_equal(p.addr.b, zeros, 16);
	assert_int_equal(rw_parse_prefix("2001:db8:ffff::1/33", &p), 0);
	assert_int_equal(p.version, 6);
	assert_int_equal(p.len, 33);
	assert_memory_equal(p.addr.b, "\x20\x01\x0d\xb8\x80\x00", 6);
	assert_memory_equal(p.addr.b + 6, zeros, 10);
	for (int i = 0; i < 8; i++) {
		static const char *const bad[] = {
			"",
			"10.0.0",
			"10.0.0.0/33",
			"::/129",
			"10.0.0.0/",
			"10.0.0.0/8x",
			"host",
			"/8"};

		assert_int_equal(rw_parse_prefix(bad[i], &p), -EINVAL);
	}
}

static void numbers_are_digits_up_to_a_limit(void **)
{
	uint64_t v;

	assert_int_equal(rw_parse_number("255", 255, &v), 0);
	assert_int_equal(v, 255);
	assert_int_equal(rw_parse_number("256", 255, &v), -EINVAL);
	assert_int_equal(rw_parse_number("-1", 255, &v), -EINVAL);
	assert_int_equal(rw_parse_number("+1", 255, &v), -EINVAL);
	assert_int_equal(rw_parse_number("1 ", 255, &v), -EINVAL);
	assert_int_equal(rw_parse_number("", 255, &v), -EINVAL);
	assert_int_equal(rw_parse_number("18446744073709551616", UINT64_MAX, &v), -EINVAL);
}

static void a_mac_has_six_bytes(void **)
{
	uint8_t mac[6];

	assert_int_equal(rw_parse_mac("02:00:5e:00:53:FF", mac), 0);
	assert_memory_equal(mac, "\x02\x00\x5e\x00\x53\xff", 6);
	assert_int_equal(rw_parse_mac("02:00:5e:00:53", mac), -EINVAL);
	assert_int_equal(rw_parse_mac("02:00:5e:00:53:ff:00", mac), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_seconds_or_dates),
		cmocka_unit_test(a_date_without_a_zone_is_local),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(seconds_have_a_sign_and_nanoseconds),
		cmocka_unit_test(a_prefix_has_no_bits_behind_its_length),
		cmocka_unit_test(numbers_are_digits_up_to_a_limit),
		cmocka_unit_test(a_mac_has_six_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
