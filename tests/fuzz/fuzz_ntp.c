/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as an NTP packet: who has the bytes of one reads it, whatever follows.
 */

#include "require.h"

#include <pal_ntp.h>
#include <pal_proto.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor all = pal_cursor_of(data, size);
	bool was_read = false;
	struct pal_ntp ntp;

	for (size_t len = 0; len <= size && len <= 2 * PAL_NTP_LEN; len++) {
		bool now = pal_ntp_read(&ntp, pal_cursor_of(data, len));

		REQUIRE(now || !was_read);
		was_read = now;
	}
	if (!pal_ntp_read(&ntp, all)) {
		REQUIRE(pal_ntp_probe(all, PAL_OVER_UDP) == PAL_PROBE_NO);
		return 0;
	}
	REQUIRE(ntp.version >= 1 && ntp.version <= 4 && ntp.mode <= PAL_NTP_PRIVATE);
	REQUIRE(ntp.mode >= PAL_NTP_CONTROL || ntp.reference_id == data + 12);
	REQUIRE(pal_ntp_time_ns(ntp.transmit) / 1000000000 < UINT64_C(1) << 33);
	return 0;
}
