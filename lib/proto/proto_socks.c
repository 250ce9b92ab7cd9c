/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

// RFC 1928 sections 4 and 6: version, command or reply, zero, type of address.
static bool is_request(const uint8_t *p, uint8_t low, uint8_t high)
{
	return p[0] == 5 && p[1] >= low && p[1] <= high && p[2] == 0 &&
	       (p[3] == 1 || p[3] == 3 || p[3] == 4);
}

// RFC 1928 section 3: a greeting is the methods of the client, or the one that the server took; a request or a reply
// behind it makes certain.
static enum pal_probe probe_5(struct pal_cursor bytes)
{
	size_t left = pal_cursor_left(&bytes), greeting;
	const uint8_t *p = bytes.pos;

	if (left < 2)
		return PAL_PROBE_MORE;
	if (p[1] == 0 || p[1] == 0xff) {
		if (left >= 6 && is_request(p + 2, 0, 8))
			return PAL_PROBE_YES;
		return PAL_PROBE_LIKELY;
	}
	greeting = 2u + p[1];
	if (p[1] > 10)
		return PAL_PROBE_NO;
	// IANA: methods 0 to 9 are assigned, those from 128 on are private.
	for (size_t i = 2; i < greeting && i < left; i++)
		if (p[i] > 9 && p[i] < 0x80)
			return PAL_PROBE_NO;
	if (left < greeting)
		return PAL_PROBE_MORE;
	return left >= greeting + 4 && is_request(p + greeting, 1, 3) ? PAL_PROBE_YES
								      : PAL_PROBE_LIKELY;
}

static bool is_text(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return false;
	return true;
}

// SOCKS 4: version, command, port, address, the user's name to a NUL; 4A: with an address 0.0.0.x a host's name to a NUL.
static enum pal_probe probe_4(struct pal_cursor bytes)
{
	size_t left = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos, *user, *nul;

	if (left > 1 && p[1] != 1 && p[1] != 2)
		return PAL_PROBE_NO;
	if (left < 9)
		return PAL_PROBE_MORE;
	user = p + 8;
	nul = memchr(user, 0, (size_t)(bytes.end - user));
	if (!is_text(user, nul != NULL ? nul : bytes.end))
		return PAL_PROBE_NO;
	if (nul == NULL)
		return PAL_PROBE_MORE;
	if (nul > user)
		return PAL_PROBE_YES;
	return PAL_PROBE_LIKELY;
}

enum pal_probe pal_socks_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	switch (bytes.pos[0]) {
	case 5:
		return probe_5(bytes);
	case 4:
		return probe_4(bytes);
	default:
		return PAL_PROBE_NO;
	}
}
