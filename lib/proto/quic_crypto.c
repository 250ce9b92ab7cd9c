/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Connections: whose keys, which frames, and the hellos out of them.
 *
 * Keys are made of the connection ID in the client's first Initial packet. Which packet that is, is not asked for: one
 * that can be decrypted with keys made of its own ID is a client's, be it the first one, the one after a Retry (which
 * has another ID), or the one after a negotiation (which has another version).
 */
#include "pal_quic.h"

enum frame {
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
	FRAME_CLOSE = 0x1c,
};

#define MESSAGE_HEADER_LEN 4

// The first message, once it is whole. false: it breaks the rules.
static bool take_hello(struct pal_quic *quic, unsigned int side)
{
	struct pal_quic_side *s = &quic->sides[side];
	struct pal_cursor msg = pal_tls_cursor(&s->crypto.whole);
	const uint8_t *head = pal_cursor_take(&msg, MESSAGE_HEADER_LEN);
	uint32_t len;
	bool ok;

	if (head == NULL || s->is_done)
		return true;
	if (head[0] != (side == quic->client ? PAL_TLS_MSG_CLIENT_HELLO : PAL_TLS_MSG_SERVER_HELLO))
		return false;
	len = (uint32_t)head[1] << 16 | pal_load_be16(head + 2);
	if (len > pal_cursor_left(&msg))
		return len <= PAL_TLS_HELLO_MAX;
	pal_cursor_limit(&msg, len);
	// XXX: where the server asks for another ClientHello, its second ServerHello is not waited for: rare, and what
	// it says of the server is said by the first one.
	ok = pal_tls_handshake_take(&quic->hs, side, head[0], msg, false) == PAL_TLS_TAKEN;
	s->is_done = true;
	pal_pieces_free(&s->crypto);
	return ok;
}

/* frames */

// RFC 9000 section 19.3.
static bool skip_ack(struct pal_cursor *cur, bool has_ecn)
{
	uint64_t v, nb_ranges;

	if (!pal_quic_varint(cur, &v) || !pal_quic_varint(cur, &v) ||
	    !pal_quic_varint(cur, &nb_ranges) || !pal_quic_varint(cur, &v))
		return false;
	if (nb_ranges > pal_cursor_left(cur))
		return false;
	for (uint64_t i = 0; i < 2 * nb_ranges + (has_ecn ? 3 : 0); i++)
		if (!pal_quic_varint(cur, &v))
			return false;
	return true;
}

// RFC 9000 section 12.4: these are all that an Initial packet may have. false: there are others.
static bool read_frames(struct pal_quic_side *s, struct pal_cursor frames)
{
	uint64_t type, offset, len;
	const uint8_t *data;

	while (pal_quic_varint(&frames, &type)) {
		switch (type) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
		case FRAME_ACK_ECN:
			if (!skip_ack(&frames, type == FRAME_ACK_ECN))
				return false;
			break;
		case FRAME_CRYPTO:
			if (!pal_quic_varint(&frames, &offset) || !pal_quic_varint(&frames, &len))
				return false;
			data = pal_cursor_take(&frames, len);
			if (data == NULL)
				return false;
			if (!s->is_done)
				pal_pieces_add(
					&s->crypto,
					PAL_TLS_HELLO_MAX + MESSAGE_HEADER_LEN,
					offset,
					pal_cursor_of(data, len)
				);
			break;
		case FRAME_CLOSE:
			return true;
		default:
			return false;
		}
	}
	return pal_cursor_left(&frames) == 0;
}

/* packets */

static bool make_keys(
	struct pal_quic *quic,
	struct pal_crypto *crypto,
	uint32_t version,
	struct pal_cursor dcid
)
{
	return pal_quic_initial_keys(crypto, version, dcid, &quic->keys[0], &quic->keys[1]);
}

static bool try_open(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	const struct pal_quic_packet *packet,
	struct pal_cursor *ret_frames
)
{
	struct pal_quic_side *s = &quic->sides[side];
	int64_t largest = s->has_packet ? s->largest : -1;

	if (!pal_quic_open(room, packet, &quic->keys[side != quic->client], &largest, ret_frames))
		return false;
	s->largest = largest;
	s->has_packet = true;
	return true;
}

// With the keys there are. RFC 9369 section 4.1: the server may have gone on to another version.
static bool open_by_known(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	const struct pal_quic_packet *packet,
	struct pal_cursor *ret_frames
)
{
	if (quic->keys_version == 0)
		return false;
	if (packet->version != quic->keys_version) {
		if (!make_keys(
			    quic,
			    room->crypto,
			    packet->version,
			    pal_cursor_of(quic->dcid, quic->dcid_len)
		    ))
			return false;
		quic->keys_version = packet->version;
	}
	return try_open(quic, room, side, packet, ret_frames);
}

// The salts that a version may go with: of one that nobody speaks, those that its senders have.
static uint32_t salt_version(uint32_t version, unsigned int i)
{
	static const uint32_t others[] = {PAL_QUIC_V1, PAL_QUIC_DRAFT_29};

	if (!pal_quic_is_reserved(version))
		return i == 0 ? version : 0;
	return i < sizeof(others) / sizeof(others[0]) ? others[i] : 0;
}

// As a client's, with keys made of its own connection ID.
static bool open_by_own(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	const struct pal_quic_packet *packet,
	struct pal_cursor *ret_frames
)
{
	struct pal_quic_keys before[2] = {quic->keys[0], quic->keys[1]};
	uint8_t client = quic->client;

	if (quic->keys_version != 0 && client != side)
		return false;
	quic->client = (uint8_t)side;
	quic->sides[side].has_packet = false; // it may be another connection
	for (unsigned int i = 0; salt_version(packet->version, i) != 0; i++) {
		uint32_t version = salt_version(packet->version, i);

		if (!make_keys(quic, room->crypto, version, packet->dcid) ||
		    !try_open(quic, room, side, packet, ret_frames))
			continue;
		quic->keys_version = packet->version;
		quic->dcid_len = (uint8_t)pal_cursor_left(&packet->dcid);
		memcpy(quic->dcid, packet->dcid.pos, quic->dcid_len);
		return true;
	}
	quic->client = client;
	memcpy(quic->keys, before, sizeof(before));
	return false;
}

// false: it breaks the rules.
static bool read_initial(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	const struct pal_quic_packet *packet
)
{
	struct pal_cursor frames;

	if (!open_by_known(quic, room, side, packet, &frames) &&
	    !open_by_own(quic, room, side, packet, &frames))
		return true; // somebody else's, or damaged
	quic->version = packet->version;
	return read_frames(&quic->sides[side], frames) && take_hello(quic, side);
}

static uint32_t progress(const struct pal_quic *quic)
{
	return pal_pieces_len(&quic->sides[0].crypto) + pal_pieces_len(&quic->sides[1].crypto) +
	       quic->sides[0].is_done + quic->sides[1].is_done;
}

enum pal_quic_event pal_quic_read(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	struct pal_cursor datagram
)
{
	uint32_t before = progress(quic);
	struct pal_quic_packet packet;

	while (pal_quic_next(&datagram, &packet)) {
		if (packet.type == PAL_QUIC_RETRY)
			quic->has_retry = true;
		if (packet.type == PAL_QUIC_VERSIONS)
			quic->has_versions = true;
		else if (quic->keys_version == 0 && packet.version != 0)
			quic->version = packet.version;
		if (packet.type == PAL_QUIC_INITIAL && !read_initial(quic, room, side, &packet))
			return PAL_QUIC_MALFORMED;
	}
	if (quic->sides[0].is_done && quic->sides[1].is_done)
		return PAL_QUIC_OVER;
	if (progress(quic) == before && ++quic->nb_vain == PAL_QUIC_VAIN_MAX)
		return PAL_QUIC_OVER;
	return PAL_QUIC_MORE;
}

void pal_quic_fini(struct pal_quic *quic)
{
	pal_tls_handshake_free(&quic->hs);
	pal_pieces_free(&quic->sides[0].crypto);
	pal_pieces_free(&quic->sides[1].crypto);
}

/* transport parameters */

#define PARAMETER_USER_AGENT 0x3129

// RFC 9000 section 18.
bool pal_quic_user_agent(const struct pal_tls_hello *hello, struct pal_cursor *ret_text)
{
	struct pal_cursor parameters;
	const uint8_t *value;
	uint64_t id, len;

	if (!pal_tls_ext_find(hello, PAL_TLS_EXT_QUIC, &parameters) &&
	    !pal_tls_ext_find(hello, PAL_TLS_EXT_QUIC_DRAFT, &parameters))
		return false;
	while (pal_quic_varint(&parameters, &id) && pal_quic_varint(&parameters, &len)) {
		value = pal_cursor_take(&parameters, len);
		if (value == NULL)
			return false;
		if (id == PARAMETER_USER_AGENT) {
			*ret_text = pal_cursor_of(value, len);
			return true;
		}
	}
	return false;
}
