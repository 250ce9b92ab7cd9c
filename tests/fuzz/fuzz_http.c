/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: how pieces are cut (1 byte: length of a piece, 0: all at once), where a gap is (2 bytes: after so many
 * bytes; 1 byte: how long), then the bytes of one side.
 *
 * The events are the same whether the bytes come at once or in pieces; what is kept stays within its limit.
 */
#include "require.h"

#include <pal_hash.h>
#include <pal_http.h>
#include <pal_proto.h>

struct plan {
	size_t step, gap_at;
	uint64_t gap_len;
};

static uint64_t mix(uint64_t digest, struct pal_cursor text)
{
	return pal_hash_bytes(digest, text.pos, pal_cursor_left(&text));
}

static uint64_t mix_event(
	uint64_t digest,
	const struct pal_http_side *side,
	enum pal_http_event event,
	const union pal_http_item *item
)
{
	digest = pal_hash_mix(digest ^ event, side->body_len);
	if (event == PAL_HTTP_START) {
		digest = mix(mix(digest, item->start.method), item->start.target);
		digest = mix(mix(digest, item->start.version), item->start.reason);
		digest ^= (uint64_t)item->start.status << 8 | item->start.kind;
	} else if (event == PAL_HTTP_FIELD) {
		digest = mix(mix(digest, item->field.name), item->field.value);
	}
	return digest;
}

static uint64_t drain(struct pal_http_side *side, struct pal_cursor bytes, uint64_t digest)
{
	size_t nb_events = 0, most = 4 * pal_cursor_left(&bytes) + 4;
	enum pal_http_event event;
	union pal_http_item item;

	while ((event = pal_http_next(side, &bytes, &item)) != PAL_HTTP_MORE) {
		digest = mix_event(digest, side, event, &item);
		if (event == PAL_HTTP_HEAD && (digest & 7) == 0)
			pal_http_no_body(side);
		REQUIRE(nb_events++ < most);
	}
	REQUIRE(pal_cursor_left(&bytes) == 0);
	REQUIRE(side->room <= 2 * PAL_HTTP_LINE_MAX);
	return digest;
}

static uint64_t read_all(const uint8_t *data, size_t size, const struct plan *plan)
{
	struct pal_http_side side = {0};
	uint64_t digest = 0;
	size_t at = 0;

	while (at < size) {
		size_t len = size - at;

		if (at == plan->gap_at && plan->gap_len != 0) {
			pal_http_gap(&side, plan->gap_len);
			digest = drain(&side, pal_cursor_of("", 0), digest);
		}
		if (at < plan->gap_at && plan->gap_at - at < len)
			len = plan->gap_at - at;
		if (plan->step != 0 && plan->step < len)
			len = plan->step;
		digest = drain(&side, pal_cursor_of(data + at, len), digest);
		at += len;
	}
	pal_http_close(&side);
	digest = drain(&side, pal_cursor_of("", 0), digest);
	pal_http_fini(&side);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan at_once = {0}, pieces;

	if (size < 5)
		return 0;
	at_once.gap_at = pal_load_le16(data + 1);
	at_once.gap_len = data[3];
	pieces = at_once;
	pieces.step = data[0];
	data += 4;
	size -= 4;
	pal_http_probe(
		pal_cursor_of(data, size < PAL_PROBE_BYTES ? size : PAL_PROBE_BYTES), PAL_OVER_TCP
	);
	REQUIRE(read_all(data, size, &at_once) == read_all(data, size, &pieces));
	return 0;
}
