/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

#define HEADER_LEN 8 // up to the function code

// MODBUS Messaging on TCP/IP, section 3.1.3: a protocol number of zero, a length, unit, function.
enum pal_probe pal_modbus_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t left = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos;

	if ((left > 2 && p[2] != 0) || (left > 3 && p[3] != 0) || (left > 4 && p[4] != 0) ||
	    (left > 5 && (p[5] < 2 || p[5] == 255)) || (left > 7 && (p[7] & 0x7f) == 0))
		return PAL_PROBE_NO;
	return left < HEADER_LEN ? PAL_PROBE_MORE : PAL_PROBE_LIKELY;
}
