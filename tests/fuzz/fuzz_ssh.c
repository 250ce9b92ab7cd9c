/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: how pieces are cut (1 byte: length of a piece, 0: all at once), then the bytes of one side.
 *
 * The events are the same whether the bytes come at once or in pieces; reading ends.
 */
#include "require.h"

#include <pal_hash.h>
#include <pal_proto.h>
#include <pal_ssh.h>

static uint64_t mix(uint64_t digest, struct pal_cursor bytes)
{
	return pal_hash_bytes(digest, bytes.pos, pal_cursor_left(&bytes));
}

static uint64_t mix_event(uint64_t digest, enum pal_ssh_event event, const union pal_ssh_item *item)
{
	char text[PAL_SSH_PACKET_MAX];

	digest = pal_hash_mix(digest ^ event, 1);
	if (event == PAL_SSH_IDENT)
		return mix(mix(digest, item->ident.proto_version), item->ident.software_version);
	if (event != PAL_SSH_KEXINIT)
		return digest;
	for (int i = 0; i < PAL_SSH_LIST_COUNT; i++)
		digest = mix(digest, item->kexinit.lists[i]);
	REQUIRE(pal_ssh_hassh(&item->kexinit, digest & 1, text, sizeof(text)) != 0);
	return digest;
}

static uint64_t read_all(const uint8_t *data, size_t size, size_t step)
{
	struct pal_ssh_side side = {0};
	uint64_t digest = 0;
	int nb_events = 0;

	for (size_t at = 0; at < size; at += step) {
		struct pal_cursor bytes =
			pal_cursor_of(data + at, size - at < step ? size - at : step);
		enum pal_ssh_event event;
		union pal_ssh_item item;

		while ((event = pal_ssh_next(&side, &bytes, &item)) != PAL_SSH_MORE) {
			digest = mix_event(digest, event, &item);
			REQUIRE(++nb_events <= 3);
		}
		REQUIRE(pal_cursor_left(&bytes) == 0);
	}
	pal_ssh_stop(&side);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 2)
		return 0;
	step = data[0] != 0 ? data[0] : size;
	data++;
	size--;
	pal_ssh_probe(
		pal_cursor_of(data, size < PAL_PROBE_BYTES ? size : PAL_PROBE_BYTES), PAL_OVER_TCP
	);
	REQUIRE(read_all(data, size, size) == read_all(data, size, step));
	return 0;
}
