/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define SESSION_MESSAGE 0x00
#define SESSION_REQUEST 0x81

// RFC 1002 section 4.3.2: two names of 32 letters, each with its length before and its scope behind.
static enum pal_probe probe_session_request(struct pal_cursor bytes)
{
	static const uint8_t head[] = {SESSION_REQUEST, 0, 0, 68, 32};
	enum pal_probe answer = probe_begins(bytes, head, sizeof(head));

	if (answer != PAL_PROBE_YES)
		return answer;
	pal_cursor_skip(&bytes, sizeof(head));
	for (int i = 0; i < 32; i++) {
		uint8_t letter;

		if (!pal_cursor_u8(&bytes, &letter))
			return PAL_PROBE_MORE;
		if (letter < 'A' || letter > 'P')
			return PAL_PROBE_NO;
	}
	return PAL_PROBE_YES;
}

// MS-CIFS 2.2.3.1, MS-SMB2 2.2.1 and 2.2.41: version 1, versions 2 and 3, and encrypted.
static enum pal_probe probe_message(struct pal_cursor bytes)
{
	if (pal_cursor_left(&bytes) <= 4)
		return PAL_PROBE_MORE;
	pal_cursor_skip(&bytes, 4);
	return probe_or(
		PROBE_BEGINS(bytes, "\xffSMB"),
		probe_or(PROBE_BEGINS(bytes, "\xfeSMB"), PROBE_BEGINS(bytes, "\xfdSMB"))
	);
}

// MS-SMB2 section 2.1: four bytes with type and length come first, on port 445 as on 139, where a session is opened before.
enum pal_probe pal_smb_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	switch (bytes.pos[0]) {
	case SESSION_MESSAGE:
		return probe_message(bytes);
	case SESSION_REQUEST:
		return probe_session_request(bytes);
	default:
		return PAL_PROBE_NO;
	}
}
