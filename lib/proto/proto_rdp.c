/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define FIXED_LEN 11 // TPKT, and X.224 up to the class
#define CONNECTION_REQUEST 0xe0
#define CONNECTION_CONFIRM 0xd0

// A negotiation: type, flags, a length of eight bytes, little endian.
static enum pal_probe probe_negotiation(struct pal_cursor rest, uint8_t kind)
{
	size_t left = pal_cursor_left(&rest);
	const uint8_t *p = rest.pos;

	if (left == 0)
		return PAL_PROBE_MORE;
	if (kind == CONNECTION_REQUEST ? p[0] != 1 : p[0] != 2 && p[0] != 3)
		return PAL_PROBE_NO;
	if ((left > 2 && p[2] != 8) || (left > 3 && p[3] != 0))
		return PAL_PROBE_NO;
	return left < 4 ? PAL_PROBE_MORE : PAL_PROBE_YES;
}

// MS-RDPBCGR sections 2.2.1.1 and 2.2.1.2. With nothing behind the fixed part it could be any user of X.224 (RFC 1006).
enum pal_probe pal_rdp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t left = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos;
	uint8_t kind;

	if (p[0] != 3 || (left > 1 && p[1] != 0))
		return PAL_PROBE_NO;
	if (left > 5) {
		kind = p[5] & 0xf0;
		if ((kind != CONNECTION_REQUEST && kind != CONNECTION_CONFIRM) || p[4] < 6 ||
		    pal_load_be16(p + 2) != p[4] + 5)
			return PAL_PROBE_NO;
	}
	if (left < FIXED_LEN)
		return PAL_PROBE_MORE;
	if (p[4] == 6)
		return PAL_PROBE_LIKELY;
	pal_cursor_skip(&bytes, FIXED_LEN);
	if (kind == CONNECTION_REQUEST)
		return probe_or(PROBE_BEGINS(bytes, "Cookie: "), probe_negotiation(bytes, kind));
	return probe_negotiation(bytes, kind);
}
