/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_quic.h"

#define LONG_HEADER 0x80

bool pal_quic_is_known(uint32_t version)
{
	return version == PAL_QUIC_V1 || version == PAL_QUIC_V2 ||
	       (version >= PAL_QUIC_DRAFT_23 && version <= PAL_QUIC_DRAFT_34);
}

bool pal_quic_varint(struct pal_cursor *cur, uint64_t *ret_v)
{
	const uint8_t *p = pal_cursor_peek(cur, 1);
	size_t len;
	uint64_t v;

	if (p == NULL)
		return false;
	len = (size_t)1 << (p[0] >> 6);
	p = pal_cursor_take(cur, len);
	if (p == NULL)
		return false;
	v = p[0] & 0x3f;
	for (size_t i = 1; i < len; i++)
		v = v << 8 | p[i];
	*ret_v = v;
	return true;
}

static bool take_cid(struct pal_cursor *cur, struct pal_cursor *ret_cid)
{
	const uint8_t *cid;
	uint8_t len;

	if (!pal_cursor_u8(cur, &len) || len > PAL_QUIC_CID_MAX)
		return false;
	cid = pal_cursor_take(cur, len);
	if (cid == NULL)
		return false;
	*ret_cid = pal_cursor_of(cid, len);
	return true;
}

// RFC 9369 section 3.2: version 2 has its own numbers for the same types.
static enum pal_quic_type type_of(uint32_t version, uint8_t first)
{
	unsigned int bits = first >> 4 & 3;

	if (version == PAL_QUIC_V2)
		bits = (bits + 3) & 3;
	return (enum pal_quic_type)(PAL_QUIC_INITIAL + bits);
}

// RFC 9000 section 17.2: token and length, by type. The packet ends where its length says.
static bool take_rest(struct pal_cursor *cur, struct pal_quic_packet *packet)
{
	uint64_t token_len, len;

	if (packet->type == PAL_QUIC_INITIAL &&
	    (!pal_quic_varint(cur, &token_len) || !pal_cursor_skip(cur, token_len)))
		return false;
	if (!pal_quic_varint(cur, &len))
		return false;
	packet->number_off = (size_t)(cur->pos - packet->bytes.pos);
	if (!pal_cursor_skip(cur, len))
		return false;
	packet->bytes.end = cur->pos;
	return true;
}

bool pal_quic_next(struct pal_cursor *datagram, struct pal_quic_packet *ret_packet)
{
	struct pal_cursor cur = *datagram;
	struct pal_quic_packet packet = {.bytes = cur};
	uint8_t first;

	if (!pal_cursor_u8(&cur, &first))
		return false;
	if (!(first & LONG_HEADER)) {
		packet.type = PAL_QUIC_SHORT;
		cur.pos = cur.end;
		goto done;
	}
	if (!pal_cursor_be32(&cur, &packet.version) || !take_cid(&cur, &packet.dcid) ||
	    !take_cid(&cur, &packet.scid))
		return false;
	packet.type = packet.version == PAL_QUIC_NEGOTIATION ? PAL_QUIC_VERSIONS
		      : pal_quic_is_known(packet.version) || pal_quic_is_reserved(packet.version)
			      ? type_of(packet.version, first)
			      : PAL_QUIC_UNKNOWN;
	switch (packet.type) {
	case PAL_QUIC_VERSIONS:
		packet.versions = cur;
		cur.pos = cur.end;
		break;
	case PAL_QUIC_RETRY:
	case PAL_QUIC_UNKNOWN:
		cur.pos = cur.end;
		break;
	default:
		if (!take_rest(&cur, &packet))
			return false;
	}
done:
	*datagram = cur;
	*ret_packet = packet;
	return true;
}
