/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Initial packets: keys made of a connection ID, header protection, decryption. RFC 9001 section 5, RFC 9369 section 3.3.
 */
#include "pal_quic.h"

#define SALT_LEN 20
#define SAMPLE_LEN 16
#define TAG_LEN 16
#define NUMBER_MAX 4

static const uint8_t *salt_of(uint32_t version)
{
	static const uint8_t v1[SALT_LEN] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
					     0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
					     0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	static const uint8_t v2[SALT_LEN] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
					     0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
					     0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
	static const uint8_t draft_29[SALT_LEN] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
						   0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
						   0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
	static const uint8_t draft_23[SALT_LEN] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
						   0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
						   0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};

	if (version == PAL_QUIC_V2)
		return v2;
	if (version >= PAL_QUIC_DRAFT_23 && version <= PAL_QUIC_DRAFT_28)
		return draft_23;
	if (version >= PAL_QUIC_DRAFT_29 && version <= PAL_QUIC_DRAFT_32)
		return draft_29;
	return v1;
}

// HKDF-Expand-Label of RFC 8446 section 7.1, for no more than one block.
static bool
expand(struct pal_crypto *crypto,
       const uint8_t secret[PAL_DIGEST_SHA256_LEN],
       const char *label,
       uint8_t *ret_key,
       uint8_t len)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[64], block[PAL_DIGEST_SHA256_LEN];
	size_t prefix_len = sizeof(prefix) - 1, label_len = strlen(label), at = 0;

	info[at++] = 0;
	info[at++] = len;
	info[at++] = (uint8_t)(prefix_len + label_len);
	memcpy(info + at, prefix, prefix_len);
	memcpy(info + at + prefix_len, label, label_len);
	at += prefix_len + label_len;
	info[at++] = 0;
	info[at++] = 1; // the counter of HKDF-Expand, RFC 5869 section 2.3
	if (!pal_crypto_hmac(crypto, secret, PAL_DIGEST_SHA256_LEN, info, at, block))
		return false;
	memcpy(ret_key, block, len);
	return true;
}

static bool side_keys(
	struct pal_crypto *crypto,
	uint32_t version,
	const uint8_t initial[PAL_DIGEST_SHA256_LEN],
	const char *label,
	struct pal_quic_keys *ret_keys
)
{
	bool is_v2 = version == PAL_QUIC_V2;
	uint8_t secret[PAL_DIGEST_SHA256_LEN];

	return expand(crypto, initial, label, secret, sizeof(secret)) &&
	       expand(crypto, secret, is_v2 ? "quicv2 key" : "quic key", ret_keys->key, 16) &&
	       expand(crypto, secret, is_v2 ? "quicv2 iv" : "quic iv", ret_keys->iv, 12) &&
	       expand(crypto, secret, is_v2 ? "quicv2 hp" : "quic hp", ret_keys->hp, 16);
}

bool pal_quic_initial_keys(
	struct pal_crypto *crypto,
	uint32_t version,
	struct pal_cursor dcid,
	struct pal_quic_keys *ret_client,
	struct pal_quic_keys *ret_server
)
{
	uint8_t initial[PAL_DIGEST_SHA256_LEN];

	return pal_crypto_hmac(
		       crypto, salt_of(version), SALT_LEN, dcid.pos, pal_cursor_left(&dcid), initial
	       ) &&
	       side_keys(crypto, version, initial, "client in", ret_client) &&
	       side_keys(crypto, version, initial, "server in", ret_server);
}

// RFC 9000 appendix A.3: the number next to what is expected that ends like this.
static uint64_t whole_number(uint64_t truncated, unsigned int nb_bytes, int64_t largest)
{
	uint64_t expected = (uint64_t)(largest + 1), window = UINT64_C(1) << (8 * nb_bytes);
	uint64_t candidate = (expected & ~(window - 1)) | truncated;

	if (candidate + window / 2 <= expected && candidate + window < UINT64_C(1) << 62)
		return candidate + window;
	if (candidate > expected + window / 2 && candidate >= window)
		return candidate - window;
	return candidate;
}

// RFC 9001 section 5.4: first byte and number, into room. Returns the length of the header, 0 where there is no room.
static size_t unprotect(
	struct pal_quic_room *room,
	const struct pal_quic_packet *packet,
	const struct pal_quic_keys *keys,
	unsigned int *ret_nb_bytes
)
{
	size_t len = pal_cursor_left(&packet->bytes), off = packet->number_off;
	const uint8_t *bytes = packet->bytes.pos;
	uint8_t mask[SAMPLE_LEN];
	unsigned int nb;

	if (packet->type != PAL_QUIC_INITIAL || len > PAL_QUIC_PACKET_MAX ||
	    len < off + NUMBER_MAX + SAMPLE_LEN)
		return 0;
	if (!pal_crypto_aes_block(room->crypto, keys->hp, bytes + off + NUMBER_MAX, mask))
		return 0;
	memcpy(room->header, bytes, off + NUMBER_MAX);
	room->header[0] ^= mask[0] & 0x0f;
	nb = (room->header[0] & 3) + 1u;
	for (unsigned int i = 0; i < nb; i++)
		room->header[off + i] ^= mask[1 + i];
	*ret_nb_bytes = nb;
	return off + nb;
}

bool pal_quic_open(
	struct pal_quic_room *room,
	const struct pal_quic_packet *packet,
	const struct pal_quic_keys *keys,
	int64_t *largest,
	struct pal_cursor *ret_frames
)
{
	uint64_t number = 0;
	uint8_t nonce[12];
	unsigned int nb;
	size_t header_len = unprotect(room, packet, keys, &nb), len;
	struct pal_crypto_gcm gcm;

	if (header_len == 0)
		return false;
	for (unsigned int i = 0; i < nb; i++)
		number = number << 8 | room->header[packet->number_off + i];
	number = whole_number(number, nb, *largest);
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (unsigned int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(number >> (8 * i));
	len = pal_cursor_left(&packet->bytes) - header_len;
	gcm = (struct pal_crypto_gcm
	){.key = keys->key,
	  .nonce = nonce,
	  .aad = room->header,
	  .aad_len = header_len,
	  .text = packet->bytes.pos + header_len,
	  .len = len};
	if (!pal_crypto_gcm_open(room->crypto, &gcm, room->plain))
		return false;
	if ((int64_t)number > *largest)
		*largest = (int64_t)number;
	*ret_frames = pal_cursor_of(room->plain, len - TAG_LEN);
	return true;
}
