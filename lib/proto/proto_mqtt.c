/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define CONNECT 0x10
#define CONNACK 0x20

// MQTT 5.0 section 1.5.5: seven bits a byte, four bytes at most. Returns YES, MORE or NO; moves behind it.
static enum pal_probe take_length(struct pal_cursor *cur)
{
	uint8_t b;

	for (int i = 0; i < 4; i++) {
		if (!pal_cursor_u8(cur, &b))
			return PAL_PROBE_MORE;
		if (!(b & 0x80))
			return PAL_PROBE_YES;
	}
	return PAL_PROBE_NO;
}

// MQTT 3.1.1 section 3.2: all of it; of 5.0 only what is alike.
static enum pal_probe probe_connack(struct pal_cursor bytes)
{
	size_t left = pal_cursor_left(&bytes);
	const uint8_t *p = bytes.pos;

	if ((left > 1 && (p[1] < 2 || p[1] > 127)) || (left > 2 && p[2] > 1) ||
	    (left > 3 && p[3] > 5 && p[3] < 0x80))
		return PAL_PROBE_NO;
	return left < 4 ? PAL_PROBE_MORE : PAL_PROBE_LIKELY;
}

// Section 3.1: a client begins with CONNECT, which has the protocol's name.
enum pal_probe pal_mqtt_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_cursor cur = bytes;
	enum pal_probe answer;
	uint8_t type = 0;

	pal_cursor_u8(&cur, &type);
	if (type == CONNACK)
		return probe_connack(bytes);
	if (type != CONNECT)
		return PAL_PROBE_NO;
	answer = take_length(&cur);
	if (answer != PAL_PROBE_YES)
		return answer;
	return probe_or(PROBE_BEGINS(cur, "\0\4MQTT"), PROBE_BEGINS(cur, "\0\6MQIsdp"));
}
