/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a conversation of one of the protocols of lines, and reads it in whole turns and byte by byte: the
 * events must be the same. The probes see its first bytes, which must not change their mind.
 *
 *      first byte: which protocol; then turns: side and length in one byte, so many bytes
 */
#include "messages.h"

#include <pal_proto.h>
#include <pal_text.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t mix_event(uint64_t hash, const struct pal_text_event *ev)
{
	const uint8_t flags[] = {
		(uint8_t)ev->type,
		(uint8_t)ev->tls,
		(uint8_t)ev->code,
		(uint8_t)(ev->code >> 8),
		ev->is_last,
		ev->is_cut};

	REQUIRE(pal_cursor_left(&ev->text) <= PAL_TEXT_LINE_MAX);
	return mix(mix(hash, flags, sizeof(flags)), ev->text.pos, pal_cursor_left(&ev->text));
}

// In memory of its own, so that a sanitizer sees what is read behind it.
static int
take(struct pal_text *t, enum pal_text_side side, const uint8_t *bytes, size_t len, uint64_t *hash)
{
	uint8_t *copy = malloc(len + 1);
	struct pal_cursor cur = pal_cursor_of(copy, len);
	struct pal_text_event ev;
	int rc;

	REQUIRE(copy != NULL);
	memcpy(copy, bytes, len);
	while ((rc = pal_text_next(t, side, &cur, &ev)) > 0)
		*hash = mix_event(*hash, &ev);
	REQUIRE(rc < 0 || pal_cursor_left(&cur) == 0);
	free(copy);
	return rc;
}

static uint64_t converse(uint8_t kind, struct pal_cursor turns, bool by_bytes)
{
	struct pal_text text = {.kind = kind};
	uint64_t hash = 0;
	uint8_t head;
	int rc = 0;

	while (rc >= 0 && pal_cursor_u8(&turns, &head)) {
		enum pal_text_side side = head & 1;
		struct pal_cursor turn = turns;

		// Now and then something is missing.
		if (head == 0xff) {
			pal_text_gap(&text, PAL_TEXT_SERVER, 5);
			continue;
		}
		pal_cursor_limit(&turn, head >> 1);
		turns.pos = turn.end;
		if (!by_bytes) {
			rc = take(&text, side, turn.pos, pal_cursor_left(&turn), &hash);
			continue;
		}
		for (; rc >= 0 && turn.pos < turn.end; turn.pos++)
			rc = take(&text, side, turn.pos, 1, &hash);
	}
	pal_text_fini(&text);
	return mix(hash, &rc, sizeof(rc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_ftp_port port;

	if (size == 0)
		return 0;
	REQUIRE(converse(data[0] & 3, pal_cursor_of(data + 1, size - 1), false) ==
		converse(data[0] & 3, pal_cursor_of(data + 1, size - 1), true));
	check_probe(pal_smtp_probe, data + 1, size - 1);
	check_probe(pal_ftp_probe, data + 1, size - 1);
	check_probe(pal_pop3_probe, data + 1, size - 1);
	check_probe(pal_imap_probe, data + 1, size - 1);
	(void)pal_ftp_port(pal_cursor_of(data, size), &port);
	(void)pal_ftp_eport(pal_cursor_of(data, size), &port);
	return 0;
}
