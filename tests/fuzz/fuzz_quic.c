/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: datagrams of a connection: kind (1), length (2), bytes. Bit 0 of kind: the side; bit 1: the bytes are frames,
 * which are put into an Initial packet that can be decrypted; bits 2 to 4: its version.
 *
 * All is read, then all that was kept is taken apart.
 */
#include "../support/quic_build.h"
#include "require.h"

#include <pal_ja.h>
#include <pal_proto.h>

static struct pal_quic_room room;

// Frames in a packet; what does not fit is left out.
static void
seal(struct tls_bytes *datagram, uint8_t kind, unsigned int number, struct pal_cursor bytes)
{
	static const uint32_t versions[8] = {
		PAL_QUIC_V1,
		PAL_QUIC_V2,
		PAL_QUIC_DRAFT_23,
		PAL_QUIC_DRAFT_29,
		0x0a0a0a0a,
		PAL_QUIC_V1,
		PAL_QUIC_V1,
		PAL_QUIC_V1};
	static const uint8_t dcid[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct quic_build build = {
		.version = versions[kind >> 2 & 7],
		.dcid = pal_cursor_of(dcid, sizeof(dcid)),
		.keys_of = pal_cursor_of(dcid, sizeof(dcid)),
		.is_server = kind & 1,
		.number = number,
	};
	struct tls_bytes frames = {.len = 0};

	pal_cursor_limit(&bytes, 2000);
	put_bytes(&frames, bytes.pos, pal_cursor_left(&bytes));
	put_initial(datagram, room.crypto, &build, &frames);
}

static void take_apart(const struct pal_quic *quic)
{
	static struct pal_ja *ja;
	struct pal_tls_hello hello;
	char ja4[PAL_JA4_LEN + 1];
	struct pal_cursor text;
	struct pal_ja3 ja3;

	if (ja == NULL)
		ja = pal_ja_create(room.crypto);
	if (!pal_tls_handshake_client(&quic->hs, false, &hello))
		return;
	REQUIRE(pal_ja3(ja, &hello, &ja3));
	REQUIRE(pal_ja4(ja, &hello, PAL_JA4_QUIC, ja4));
	pal_quic_user_agent(&hello, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor input = pal_cursor_of(data, size);
	struct pal_quic quic = {0};
	unsigned int number = 0;
	uint16_t len;
	uint8_t kind;

	if (size == 0)
		return 0;
	if (room.crypto == NULL)
		room.crypto = pal_crypto_create();
	REQUIRE(room.crypto != NULL);
	while (number < 64 && pal_cursor_u8(&input, &kind) && pal_cursor_be16(&input, &len)) {
		struct tls_bytes sealed = {.len = 0};
		struct pal_cursor bytes = input;

		pal_cursor_limit(&bytes, len);
		input.pos = bytes.end;
		if (kind & 2) {
			seal(&sealed, kind, number, bytes);
			bytes = cursor_of(&sealed);
		}
		number++;
		if (pal_cursor_left(&bytes) != 0)
			pal_quic_probe(bytes, PAL_OVER_UDP);
		if (pal_quic_read(&quic, &room, kind & 1, bytes) != PAL_QUIC_MORE)
			break;
		for (int side = 0; side < 2; side++) {
			REQUIRE(quic.sides[side].crypto.held.len <= PAL_PIECES_HELD_MAX);
			REQUIRE(quic.sides[side].crypto.nb_pieces <= PAL_PIECES_MAX);
			REQUIRE(quic.sides[side].crypto.whole.len <= PAL_TLS_HELLO_MAX + 4);
		}
	}
	take_apart(&quic);
	pal_quic_fini(&quic);
	return 0;
}
