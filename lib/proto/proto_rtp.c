/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

#define HEADER_LEN 12

// RFC 3550 section 5.1. Two bits of version are all that is fixed: never more than likely.
enum pal_probe pal_rtp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	const uint8_t *p = pal_cursor_take(&bytes, HEADER_LEN);
	uint8_t type;

	if (p == NULL || p[0] >> 6 != 2)
		return PAL_PROBE_NO;
	type = p[1] & 0x7f;
	// RFC 3551 section 6: 35 to 95 are not assigned, and some of them are those of RTCP.
	if ((type >= 35 && type < 96) || !pal_cursor_skip(&bytes, 4u * (p[0] & 15)))
		return PAL_PROBE_NO;
	if (p[0] & 0x10) {
		uint16_t profile, words;

		if (!pal_cursor_be16(&bytes, &profile) || !pal_cursor_be16(&bytes, &words) ||
		    !pal_cursor_skip(&bytes, 4u * words))
			return PAL_PROBE_NO;
	}
	return pal_cursor_left(&bytes) != 0 ? PAL_PROBE_LIKELY : PAL_PROBE_NO;
}
