/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define HEADER_LEN 19
#define MAX_LEN 4096

// RFC 4271 section 4.1: sixteen bytes of ones, length, type; type 5 is of RFC 2918.
enum pal_probe pal_bgp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const uint8_t marker[16] = {
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
		0xff,
	};
	enum pal_probe answer = probe_begins(bytes, marker, sizeof(marker));
	uint16_t len;
	uint8_t type;

	if (answer != PAL_PROBE_YES)
		return answer;
	pal_cursor_skip(&bytes, sizeof(marker));
	if (!pal_cursor_be16(&bytes, &len))
		return PAL_PROBE_MORE;
	if (len < HEADER_LEN || len > MAX_LEN)
		return PAL_PROBE_NO;
	if (!pal_cursor_u8(&bytes, &type))
		return PAL_PROBE_MORE;
	return type >= 1 && type <= 5 ? PAL_PROBE_YES : PAL_PROBE_NO;
}
