/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"
#include "pal_tls.h"

// Type, length and version of a hello: what probe_message() looks at.
#define HELLO_HEAD_LEN 5

// RFC 5246 appendix E.2: lengths that fit, and an offer of SSL 3 or later, or SSL 2 itself.
static enum pal_probe probe_v2(struct pal_cursor bytes)
{
	uint16_t len, version, ciphers, session, challenge;
	uint8_t type;

	if (!pal_cursor_be16(&bytes, &len) || !pal_cursor_u8(&bytes, &type))
		return PAL_PROBE_MORE;
	if (type != PAL_TLS_MSG_CLIENT_HELLO)
		return PAL_PROBE_NO;
	if (!pal_cursor_be16(&bytes, &version) || !pal_cursor_be16(&bytes, &ciphers) ||
	    !pal_cursor_be16(&bytes, &session) || !pal_cursor_be16(&bytes, &challenge))
		return PAL_PROBE_MORE;
	if ((version != PAL_TLS_SSL2 && (version < PAL_TLS_SSL3 || version > PAL_TLS_1_3)) ||
	    ciphers == 0 || ciphers % 3 != 0 || (session != 0 && session != 16) || challenge < 16 ||
	    challenge > 32)
		return PAL_PROBE_NO;
	return (len & 0x7fff) == 9 + ciphers + session + challenge ? PAL_PROBE_YES : PAL_PROBE_NO;
}

// RFC 8446 section 4.
static enum pal_probe probe_message(struct pal_cursor msg)
{
	uint8_t type, high, major;
	uint16_t low;

	if (!pal_cursor_u8(&msg, &type))
		return PAL_PROBE_MORE;
	// Others, in the middle of a handshake, look less like themselves.
	if (type != PAL_TLS_MSG_CLIENT_HELLO && type != PAL_TLS_MSG_SERVER_HELLO)
		return type == PAL_TLS_MSG_CERTIFICATE || (type >= 12 && type <= 16) ||
				       type == PAL_TLS_MSG_TICKET
			       ? PAL_PROBE_LIKELY
			       : PAL_PROBE_NO;
	if (!pal_cursor_u8(&msg, &high) || !pal_cursor_be16(&msg, &low) ||
	    !pal_cursor_u8(&msg, &major))
		return PAL_PROBE_MORE;
	return high <= 1 && (major == 3 || major == 0x7f) ? PAL_PROBE_YES : PAL_PROBE_NO;
}

// RFC 8446 section 5.1.
enum pal_probe pal_tls_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	uint8_t type, major, minor, first, level;
	struct pal_cursor at = bytes;
	uint16_t len;

	if (!pal_cursor_u8(&at, &type))
		return PAL_PROBE_MORE;
	if (type & 0x80)
		return probe_v2(bytes);
	if (type < PAL_TLS_RECORD_CHANGE_CIPHER || type > PAL_TLS_RECORD_HEARTBEAT)
		return PAL_PROBE_NO;
	if (!pal_cursor_u8(&at, &major))
		return PAL_PROBE_MORE;
	if (major != 3)
		return PAL_PROBE_NO;
	if (!pal_cursor_u8(&at, &minor))
		return PAL_PROBE_MORE;
	if (minor > 4)
		return PAL_PROBE_NO;
	if (!pal_cursor_be16(&at, &len))
		return PAL_PROBE_MORE;
	if (len == 0 || len > PAL_TLS_RECORD_MAX)
		return PAL_PROBE_NO;
	switch (type) {
	case PAL_TLS_RECORD_HANDSHAKE:
		// A hello that is cut into records so small hides from those who do not put it together.
		return len < HELLO_HEAD_LEN ? PAL_PROBE_LIKELY : probe_message(at);
	case PAL_TLS_RECORD_CHANGE_CIPHER:
		if (len != 1)
			return PAL_PROBE_NO;
		if (!pal_cursor_u8(&at, &first))
			return PAL_PROBE_MORE;
		return first == 1 ? PAL_PROBE_YES : PAL_PROBE_NO;
	case PAL_TLS_RECORD_ALERT:
		if (len != 2)
			return PAL_PROBE_LIKELY;
		if (!pal_cursor_u8(&at, &level))
			return PAL_PROBE_MORE;
		return level == 1 || level == 2 ? PAL_PROBE_YES : PAL_PROBE_NO;
	default:
		return PAL_PROBE_LIKELY;
	}
}
