/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

// The protocol's paper, section 5.4: a type in four bytes, little endian, and fixed lengths but for data.
enum pal_probe pal_wireguard_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t len = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos;

	if (len < 32 || p[1] != 0 || p[2] != 0 || p[3] != 0)
		return PAL_PROBE_NO;
	switch (p[0]) {
	case 1: // initiation
		return len == 148 ? PAL_PROBE_YES : PAL_PROBE_NO;
	case 2: // response
		return len == 92 ? PAL_PROBE_YES : PAL_PROBE_NO;
	case 3: // cookie reply
		return len == 64 ? PAL_PROBE_LIKELY : PAL_PROBE_NO;
	case 4: // data
		return len % 16 == 0 ? PAL_PROBE_LIKELY : PAL_PROBE_NO;
	default:
		return PAL_PROBE_NO;
	}
}
