/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

#define HEADER_LEN 20

// RFC 2865 section 3, RFC 2866, RFC 5176: requests, replies, accounting, status, changes and disconnects.
static bool is_code(uint8_t code)
{
	return (code >= 1 && code <= 5) || (code >= 11 && code <= 13) || (code >= 40 && code <= 45);
}

// RFC 2865 section 5: attributes, each with its length, fill what the header's length leaves.
static bool are_attributes(struct pal_cursor cur)
{
	uint8_t type, len;

	while (pal_cursor_u8(&cur, &type))
		if (!pal_cursor_u8(&cur, &len) || type == 0 || len < 2 ||
		    !pal_cursor_skip(&cur, len - 2u))
			return false;
	return true;
}

enum pal_probe pal_radius_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	const uint8_t *header = pal_cursor_take(&bytes, HEADER_LEN);
	size_t len;

	if (header == NULL || !is_code(header[0]))
		return PAL_PROBE_NO;
	len = pal_load_be16(header + 2);
	// Section 3: what is behind the length is padding.
	if (len < HEADER_LEN || len > 4096 || len - HEADER_LEN > pal_cursor_left(&bytes))
		return PAL_PROBE_NO;
	pal_cursor_limit(&bytes, len - HEADER_LEN);
	if (!are_attributes(bytes))
		return PAL_PROBE_NO;
	// Two bytes of length and an attribute may be anybody's.
	return PAL_PROBE_LIKELY;
}
