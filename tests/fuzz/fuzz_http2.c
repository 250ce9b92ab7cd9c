/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Input: how pieces are cut (1 byte: length of a piece, 0: all at once), where a gap is (2 bytes: after so many
 * bytes; 1 byte: how long), then the bytes of one side.
 *
 * What is read is the same whether the bytes come at once or in pieces, but for the pieces of DATA; what is kept
 * stays within its limit.
 */
#include "require.h"

#include <pal_hash.h>
#include <pal_http2.h>
#include <pal_proto.h>

struct plan {
	size_t step, gap_at;
	uint64_t gap_len;
};

struct result {
	uint64_t digest, body_len;
};

static uint64_t mix(uint64_t digest, struct pal_cursor text)
{
	return pal_hash_bytes(digest, text.pos, pal_cursor_left(&text));
}

static void drain(struct pal_http2_side *side, struct pal_cursor bytes, struct result *result)
{
	enum pal_http2_event event;
	struct pal_http2_item item;

	while ((event = pal_http2_next(side, &bytes, &item)) != PAL_HTTP2_MORE) {
		if (event == PAL_HTTP2_DATA) {
			result->body_len += item.len;
			continue;
		}
		result->digest = pal_hash_mix(result->digest ^ event, item.stream);
		if (event == PAL_HTTP2_FIELD)
			result->digest = mix(mix(result->digest, item.name), item.value);
		if (event == PAL_HTTP2_SETTINGS)
			result->digest = mix(result->digest, item.settings);
		result->digest ^= item.code + item.weight + item.is_promise;
	}
	REQUIRE(pal_cursor_left(&bytes) == 0);
	REQUIRE(side->frame_room <= 2 * PAL_HTTP2_FRAME_MAX);
}

static struct result read_all(const uint8_t *data, size_t size, const struct plan *plan)
{
	struct pal_http2_side side = {0};
	struct result result = {0};
	size_t at = 0;

	pal_http2_table_size(&side, 5000);
	while (at < size) {
		size_t len = size - at;

		if (at == plan->gap_at && plan->gap_len != 0) {
			pal_http2_gap(&side, plan->gap_len);
			drain(&side, pal_cursor_of("", 0), &result);
		}
		if (at < plan->gap_at && plan->gap_at - at < len)
			len = plan->gap_at - at;
		if (plan->step != 0 && plan->step < len)
			len = plan->step;
		drain(&side, pal_cursor_of(data + at, len), &result);
		at += len;
	}
	pal_http2_stop(&side);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan at_once = {0}, pieces;
	struct result whole, cut;

	if (size < 5)
		return 0;
	at_once.gap_at = pal_load_le16(data + 1);
	at_once.gap_len = data[3];
	pieces = at_once;
	pieces.step = data[0];
	data += 4;
	size -= 4;
	pal_http2_probe(
		pal_cursor_of(data, size < PAL_PROBE_BYTES ? size : PAL_PROBE_BYTES), PAL_OVER_TCP
	);
	whole = read_all(data, size, &at_once);
	cut = read_all(data, size, &pieces);
	REQUIRE(whole.digest == cut.digest && whole.body_len == cut.body_len);
	return 0;
}
