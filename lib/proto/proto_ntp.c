/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_ntp.h"
#include "pal_proto.h"

#define CONTROL_LEN 12
#define PRIVATE_LEN 8
#define NS_PER_S 1000000000u
#define EPOCH_S INT64_C(2208988800) // from 1900 to 1970

// RFC 5905 section 7.3.
static bool read_clock(struct pal_ntp *ntp, struct pal_cursor *msg)
{
	const uint8_t *p = pal_cursor_take(msg, PAL_NTP_LEN);

	if (p == NULL)
		return false;
	ntp->leap = p[0] >> 6;
	ntp->stratum = p[1];
	ntp->root_delay = pal_load_be32(p + 4);
	ntp->root_dispersion = pal_load_be32(p + 8);
	ntp->reference_id = p + 12;
	ntp->reference = pal_load_be64(p + 16);
	ntp->origin = pal_load_be64(p + 24);
	ntp->receive = pal_load_be64(p + 32);
	ntp->transmit = pal_load_be64(p + 40);
	return true;
}

// RFC 1305 appendix B.1.
static bool read_control(struct pal_ntp *ntp, struct pal_cursor *msg)
{
	const uint8_t *p = pal_cursor_take(msg, CONTROL_LEN);

	if (p == NULL)
		return false;
	ntp->is_response = p[1] & 0x80;
	ntp->is_error = p[1] & 0x40;
	ntp->has_more = p[1] & 0x20;
	ntp->opcode = p[1] & 0x1f;
	ntp->sequence = pal_load_be16(p + 2);
	ntp->association = pal_load_be16(p + 6);
	return true;
}

// RFC 1305 leaves mode 7 to implementations: the header of ntpd, whose first bit is that of a response.
static bool read_private(struct pal_ntp *ntp, struct pal_cursor *msg)
{
	const uint8_t *p = pal_cursor_take(msg, PRIVATE_LEN);

	if (p == NULL)
		return false;
	ntp->is_response = p[0] & 0x80;
	ntp->sequence = p[1] & 0x7f;
	ntp->implementation = p[2];
	ntp->request_code = p[3];
	return true;
}

bool pal_ntp_read(struct pal_ntp *ntp, struct pal_cursor msg)
{
	const uint8_t *first = pal_cursor_peek(&msg, 1);

	if (first == NULL)
		return false;
	*ntp = (struct pal_ntp){.version = *first >> 3 & 7, .mode = *first & 7};
	if (ntp->version < 1 || ntp->version > 4)
		return false;
	if (ntp->mode == PAL_NTP_CONTROL)
		return read_control(ntp, &msg);
	if (ntp->mode == PAL_NTP_PRIVATE)
		return read_private(ntp, &msg);
	return read_clock(ntp, &msg);
}

uint64_t pal_ntp_time_ns(uint64_t timestamp)
{
	int64_t seconds = (int64_t)(timestamp >> 32) - EPOCH_S;
	uint64_t fraction = timestamp & 0xffffffff;

	if (timestamp == 0)
		return 0;
	if (!(timestamp >> 63))
		seconds += INT64_C(1) << 32;
	if (seconds < 0)
		return 0;
	return (uint64_t)seconds * NS_PER_S + (fraction * NS_PER_S >> 32);
}

// A packet has nothing that tells it from others for sure: the port has the last word.
enum pal_probe pal_ntp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_ntp ntp;

	if (!pal_ntp_read(&ntp, bytes))
		return PAL_PROBE_NO;
	if (ntp.mode >= PAL_NTP_CONTROL)
		return PAL_PROBE_LIKELY;
	// RFC 5905 section 7.3: strata above 16 are reserved. Modes came with version 2.
	if (ntp.stratum > 16 || (ntp.mode == PAL_NTP_UNSPECIFIED && ntp.version != 1))
		return PAL_PROBE_NO;
	return PAL_PROBE_LIKELY;
}
