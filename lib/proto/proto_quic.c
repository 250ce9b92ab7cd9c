/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"
#include "pal_quic.h"

static enum pal_probe probe_versions(struct pal_cursor versions)
{
	enum pal_probe answer = PAL_PROBE_LIKELY;
	uint32_t v;

	if (pal_cursor_left(&versions) == 0 || pal_cursor_left(&versions) % 4 != 0)
		return PAL_PROBE_NO;
	while (pal_cursor_be32(&versions, &v))
		if (pal_quic_is_known(v))
			answer = PAL_PROBE_YES;
	return answer;
}

// A packet with a long header, whose version is known and whose length fits. Short headers say nothing.
enum pal_probe pal_quic_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t len = pal_cursor_left(&bytes);
	struct pal_quic_packet packet;
	uint8_t first = *bytes.pos;

	if (!pal_quic_next(&bytes, &packet))
		return PAL_PROBE_NO;
	switch (packet.type) {
	case PAL_QUIC_SHORT:
		return PAL_PROBE_NO;
	case PAL_QUIC_VERSIONS:
		return probe_versions(packet.versions);
	case PAL_QUIC_UNKNOWN:
		return PAL_PROBE_NO;
	case PAL_QUIC_INITIAL:
		if (pal_quic_is_reserved(packet.version) && len < PAL_QUIC_INITIAL_MIN)
			return PAL_PROBE_NO;
		[[fallthrough]];
	case PAL_QUIC_HANDSHAKE:
		// RFC 9000 section 17.2: the fixed bit.
		return first & 0x40 ? PAL_PROBE_YES : PAL_PROBE_NO;
	default:
		return first & 0x40 ? PAL_PROBE_LIKELY : PAL_PROBE_NO;
	}
}
