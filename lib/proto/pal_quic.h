/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_QUIC_H
#define PAL_QUIC_H

/**
 * @file
 * QUIC: version 1 (RFC 9000), version 2 (RFC 9369) and drafts 23 to 34 of version 1, as far as everybody can read it.
 *
 *      datagram  ->  pal_quic_next()     packets, also several in a datagram
 *                ->  pal_quic_open()     Initial packets, decrypted: their keys are made of a connection ID (RFC 9001)
 *                ->  CRYPTO frames       put together, in any order, until both hellos are there
 *
 * pal_quic_read() does all of it. What is behind the hellos is encrypted with keys that nobody else has.
 *
 * Memory is taken for bytes that have come, as pal_pieces.h says.
 */

#include "pal_crypto.h"
#include "pal_pieces.h"
#include "pal_tls.h"

#define PAL_QUIC_CID_MAX 20
/** RFC 9000 section 14.1: a client's datagrams with an Initial packet have so many bytes at least. */
#define PAL_QUIC_INITIAL_MIN 1200
/** A longer Initial packet is not decrypted: it would not fit into a frame. */
#define PAL_QUIC_PACKET_MAX 9216

/** Datagrams that may bring nothing, after which a connection is given up. */
#define PAL_QUIC_VAIN_MAX 16

enum pal_quic_version {
	PAL_QUIC_NEGOTIATION = 0,
	PAL_QUIC_V1 = 1,
	PAL_QUIC_V2 = 0x6b3343cf,
	PAL_QUIC_DRAFT_23 = 0xff000017,
	PAL_QUIC_DRAFT_28 = 0xff00001c,
	PAL_QUIC_DRAFT_29 = 0xff00001d,
	PAL_QUIC_DRAFT_32 = 0xff000020,
	PAL_QUIC_DRAFT_34 = 0xff000022,
};

/** One whose Initial packets can be read. */
bool pal_quic_is_known(uint32_t version);

/** One that nobody speaks, sent to keep servers used to refusing: RFC 9000 section 15. Clients fill it as they do theirs. */
static inline bool pal_quic_is_reserved(uint32_t version)
{
	return (version & 0x0f0f0f0f) == 0x0a0a0a0a;
}

enum pal_quic_type {
	PAL_QUIC_INITIAL,
	PAL_QUIC_ZERO_RTT,
	PAL_QUIC_HANDSHAKE,
	PAL_QUIC_RETRY,
	PAL_QUIC_VERSIONS, /**< Version Negotiation. */
	PAL_QUIC_SHORT, /**< The rest of the datagram. */
	PAL_QUIC_UNKNOWN, /**< Of a version that is not known; the rest of the datagram. */
};

/** A packet in its datagram: RFC 9000 section 17. */
struct pal_quic_packet {
	enum pal_quic_type type;
	uint32_t version;
	struct pal_cursor dcid, scid;
	struct pal_cursor bytes; /**< All of it. */
	size_t number_off; /**< Where its number is, in bytes; 0: it has none. */
	struct pal_cursor versions; /**< Of Version Negotiation: four bytes each. */
};

/** The next packet of a datagram. false: there is none, or it breaks the rules. */
bool pal_quic_next(struct pal_cursor *datagram, struct pal_quic_packet *ret_packet);

/** A number of variable length: RFC 9000 section 16. */
bool pal_quic_varint(struct pal_cursor *cur, uint64_t *ret_v);

/* Initial packets */

struct pal_quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/** Keys of the Initial packets of both sides, made of the first connection ID that the client chose: RFC 9001 section 5.2. */
bool pal_quic_initial_keys(
	struct pal_crypto *crypto,
	uint32_t version,
	struct pal_cursor dcid,
	struct pal_quic_keys *ret_client,
	struct pal_quic_keys *ret_server
);

/** Room to decrypt in, of one lcore. */
struct pal_quic_room {
	struct pal_crypto *crypto;
	uint8_t header[PAL_QUIC_PACKET_MAX];
	uint8_t plain[PAL_QUIC_PACKET_MAX];
};

/**
 * Decrypt an Initial packet: RFC 9001 sections 5.3 and 5.4.
 *
 * @param largest
 *   The largest packet number of that side, or -1; set where the packet is what it should be.
 * @return
 *   Its frames, in room; false: these are not its keys.
 */
bool pal_quic_open(
	struct pal_quic_room *room,
	const struct pal_quic_packet *packet,
	const struct pal_quic_keys *keys,
	int64_t *largest,
	struct pal_cursor *ret_frames
);

/* Connections */

struct pal_quic_side {
	struct pal_pieces crypto; /**< Its CRYPTO stream. */
	int64_t largest; /**< Packet number; valid with has_packet. */
	bool has_packet;
	bool is_done; /**< Its hello is there. */
};

/** All zero at first; ended with pal_quic_fini(). */
struct pal_quic {
	struct pal_quic_side sides[2];
	struct pal_tls_handshake hs;
	struct pal_quic_keys keys[2]; /**< Of the client, of the server. */
	uint32_t keys_version; /**< 0: there are no keys yet. */
	uint8_t dcid[PAL_QUIC_CID_MAX]; /**< What they were made of. */
	uint8_t dcid_len;
	uint8_t client; /**< The side whose connection ID that was. */
	uint8_t nb_vain;
	uint32_t
		version; /**< Of the last Initial packet; while there was none, of the last packet. */
	bool has_retry;
	bool has_versions; /**< Version Negotiation was seen. */
};

enum pal_quic_event {
	PAL_QUIC_MORE,
	PAL_QUIC_MALFORMED, /**< Decrypted, and yet it breaks the rules. */
	PAL_QUIC_OVER, /**< Both hellos are there, or nothing more is expected. */
};

/** Read a datagram of one side, 0 or 1. */
enum pal_quic_event pal_quic_read(
	struct pal_quic *quic,
	struct pal_quic_room *room,
	unsigned int side,
	struct pal_cursor datagram
);

void pal_quic_fini(struct pal_quic *quic);

/** What the client calls itself, in a transport parameter of Google's. false: it does not. */
bool pal_quic_user_agent(const struct pal_tls_hello *hello, struct pal_cursor *ret_text);

#endif
