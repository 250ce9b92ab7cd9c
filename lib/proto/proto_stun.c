/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define HEADER_LEN 20

// RFC 8489 section 5: two zero bits, a length in words of four bytes, and the magic cookie, which RFC 3489 has not.
enum pal_probe pal_stun_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};
	size_t left = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos;

	if ((p[0] & 0xc0) || (left > 3 && (p[3] & 3)))
		return PAL_PROBE_NO;
	if (left <= 4)
		return PAL_PROBE_MORE;
	if (over == PAL_OVER_UDP && left < HEADER_LEN)
		return PAL_PROBE_NO;
	pal_cursor_skip(&bytes, 4);
	return probe_begins(bytes, cookie, sizeof(cookie));
}
