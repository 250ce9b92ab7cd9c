/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

#define SESSION_AT 1
#define SESSION_LEN 8
#define REPLAY_LEN 8 // packet id and time
#define TAG_LEN 32 // of tls-crypt
#define STREAM_HEAD_LEN 2 // over TCP: the length of a packet

enum {
	HARD_RESET_CLIENT_V2 = 7,
	HARD_RESET_SERVER_V2 = 8,
	HARD_RESET_CLIENT_V3 = 10,
};

// Packet ids of the first packets of a session: small, and not zero.
static bool is_replay_id(const uint8_t *p)
{
	return p[0] == 0 && p[1] == 0 && p[2] == 0 && p[3] != 0;
}

/*
 * What a reset is made of, of a packet of len bytes of which left are there:
 *
 *      opcode and key id | session | [HMAC, packet id, time] | number of acknowledgements, these, peer's session | id 0
 *
 * With tls-crypt packet id and time come before the tag, and what follows is encrypted.
 */
static bool is_plain(const uint8_t *p, size_t left, size_t at, uint8_t nb_acks)
{
	// A server acknowledges the client's reset, whose id is 0.
	return left >= at + 5 && p[at] == nb_acks && pal_load_be32(p + at + 1) == 0;
}

// XXX: over TCP an HMAC of 48 or 64 bytes ends behind what a probe may look at: not recognised.
static bool is_reset(const uint8_t *p, size_t left, size_t len)
{
	static const uint8_t hmacs[] = {16, 20, 28, 32, 48, 64};
	uint8_t nb_acks = p[0] >> 3 == HARD_RESET_SERVER_V2 ? 1 : 0;
	size_t fixed = SESSION_AT + SESSION_LEN, rest = nb_acks ? 17 : 5;

	if (len == fixed + rest)
		return is_plain(p, left, fixed, nb_acks);
	for (size_t i = 0; i < sizeof(hmacs); i++) {
		size_t replay = fixed + hmacs[i];

		if (len == replay + REPLAY_LEN + rest && left >= replay + 4 &&
		    is_replay_id(p + replay) &&
		    (left < replay + REPLAY_LEN + 5 ||
		     is_plain(p, left, replay + REPLAY_LEN, nb_acks)))
			return true;
	}
	return len >= fixed + REPLAY_LEN + TAG_LEN + rest && is_replay_id(p + fixed) &&
	       (len == fixed + REPLAY_LEN + TAG_LEN + rest || p[0] >> 3 == HARD_RESET_CLIENT_V3);
}

// OpenVPN's ssl_pkt.h. The key id of a reset is 0.
static bool is_opcode(uint8_t first)
{
	return first == HARD_RESET_CLIENT_V2 << 3 || first == HARD_RESET_SERVER_V2 << 3 ||
	       first == HARD_RESET_CLIENT_V3 << 3;
}

static enum pal_probe probe_stream(struct pal_cursor bytes)
{
	size_t left = pal_cursor_left(&bytes), len;
	const uint8_t *p = bytes.pos;

	// A reset of version 3 has a wrapped key, of about a kilobyte.
	if (p[0] > 8 || (left > STREAM_HEAD_LEN && !is_opcode(p[2])))
		return PAL_PROBE_NO;
	if (left < STREAM_HEAD_LEN)
		return PAL_PROBE_MORE;
	len = pal_load_be16(p);
	if (len < 14)
		return PAL_PROBE_NO;
	if (left < STREAM_HEAD_LEN + len && left < PAL_PROBE_BYTES)
		return PAL_PROBE_MORE;
	// What comes after what a probe may look at has no say, however much of it is there.
	left = (left < PAL_PROBE_BYTES ? left : PAL_PROBE_BYTES) - STREAM_HEAD_LEN;
	return is_reset(p + STREAM_HEAD_LEN, left < len ? left : len, len) ? PAL_PROBE_YES
									   : PAL_PROBE_NO;
}

enum pal_probe pal_openvpn_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	size_t len = pal_cursor_left(&bytes);

	if (over == PAL_OVER_TCP)
		return probe_stream(bytes);
	return len >= 14 && is_opcode(bytes.pos[0]) && is_reset(bytes.pos, len, len) ? PAL_PROBE_YES
										     : PAL_PROBE_NO;
}
