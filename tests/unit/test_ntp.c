/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_ntp.h>
#include <pal_proto.h>

#define CURSOR(bytes) pal_cursor_of(bytes, sizeof(bytes))

static const uint8_t server[PAL_NTP_LEN] = {
	0x24, 2, 0x06, 0xec, 0, 0, 0x80, 0, 0,	  1, 0, 0, 0xcf, 0xc8, 0x51, 0x71,
	0xe0, 0, 0,    1,    0, 0, 0,	 0, 0xe0, 0, 0, 2, 0,	 0,    0,    0,
	0xe0, 0, 0,    3,    0, 0, 0,	 0, 0xe0, 0, 0, 4, 0x80, 0,    0,    0,
};

static enum pal_probe probe(const uint8_t *bytes, size_t len)
{
	return pal_ntp_probe(pal_cursor_of(bytes, len), PAL_OVER_UDP);
}

static void clock_packet_is_read(void **)
{
	struct pal_ntp ntp;

	assert_true(pal_ntp_read(&ntp, CURSOR(server)));
	assert_int_equal(ntp.leap, 0);
	assert_int_equal(ntp.version, 4);
	assert_int_equal(ntp.mode, PAL_NTP_SERVER);
	assert_int_equal(ntp.stratum, 2);
	assert_int_equal(ntp.root_delay, 0x8000);
	assert_int_equal(ntp.root_dispersion, 0x10000);
	assert_memory_equal(ntp.reference_id, "\xcf\xc8\x51\x71", 4);
	assert_int_equal(ntp.reference >> 32, 0xe0000001);
	assert_int_equal(ntp.origin >> 32, 0xe0000002);
	assert_int_equal(ntp.receive >> 32, 0xe0000003);
	assert_true(ntp.transmit == 0xe000000480000000);
	for (size_t len = 0; len < PAL_NTP_LEN; len++)
		assert_false(pal_ntp_read(&ntp, pal_cursor_of(server, len)));
}

static void control_and_private_packets_are_read(void **)
{
	static const uint8_t control[] = {0x16, 0xe2, 0, 7, 0, 0, 0, 9, 0, 0, 0, 0};
	static const uint8_t list[] = {0x97, 0x05, 3, 42, 0, 0, 0, 0};
	struct pal_ntp ntp;

	assert_true(pal_ntp_read(&ntp, CURSOR(control)));
	assert_int_equal(ntp.version, 2);
	assert_true(ntp.is_response && ntp.is_error && ntp.has_more);
	assert_int_equal(ntp.opcode, 2);
	assert_int_equal(ntp.sequence, 7);
	assert_int_equal(ntp.association, 9);
	assert_false(pal_ntp_read(&ntp, pal_cursor_of(control, 11)));
	assert_true(pal_ntp_read(&ntp, CURSOR(list)));
	assert_true(ntp.is_response);
	assert_int_equal(ntp.sequence, 5);
	assert_int_equal(ntp.implementation, 3);
	assert_int_equal(ntp.request_code, 42);
	assert_false(pal_ntp_read(&ntp, pal_cursor_of(list, 7)));
}

static void other_versions_are_refused(void **)
{
	struct pal_ntp ntp;

	for (unsigned int version = 0; version < 8; version++) {
		uint8_t bytes[PAL_NTP_LEN] = {(uint8_t)(version << 3 | PAL_NTP_CLIENT)};

		assert_int_equal(pal_ntp_read(&ntp, CURSOR(bytes)), version >= 1 && version <= 4);
	}
}

static void times_are_those_of_the_nearest_era(void **)
{
	assert_true(pal_ntp_time_ns(0) == 0);
	assert_true(pal_ntp_time_ns(UINT64_C(2208988799) << 32) == 0);
	assert_true(pal_ntp_time_ns(UINT64_C(2208988801) << 32 | 0x80000000) == 1500000000);
	// RFC 5905 figure 4: the first day of era 1 is 2036-02-07 06:28:16.
	assert_true(pal_ntp_time_ns(UINT64_C(1) << 32) == 2085978497 * UINT64_C(1000000000));
}

static void ports_have_the_last_word(void **)
{
	uint8_t bytes[PAL_NTP_LEN] = {0x23};

	assert_int_equal(probe(bytes, sizeof(bytes)), PAL_PROBE_LIKELY);
	bytes[1] = 17;
	assert_int_equal(probe(bytes, sizeof(bytes)), PAL_PROBE_NO);
	bytes[1] = 0;
	assert_int_equal(probe(bytes, 47), PAL_PROBE_NO);
	bytes[0] = 0x20; // version 4 has modes
	assert_int_equal(probe(bytes, sizeof(bytes)), PAL_PROBE_NO);
	bytes[0] = 0x08;
	assert_int_equal(probe(bytes, sizeof(bytes)), PAL_PROBE_LIKELY);
	bytes[0] = 0x17;
	assert_int_equal(probe(bytes, 8), PAL_PROBE_LIKELY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_packet_is_read),
		cmocka_unit_test(control_and_private_packets_are_read),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(times_are_those_of_the_nearest_era),
		cmocka_unit_test(ports_have_the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
