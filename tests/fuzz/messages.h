/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FUZZ_MESSAGES_H
#define PAL_FUZZ_MESSAGES_H

/** @file What fuzz targets of application protocols have in common. */

#include "require.h"

#include <pal_gather.h>
#include <pal_proto.h>

#include <string.h>

static inline void within(struct pal_cursor part, struct pal_cursor whole)
{
	REQUIRE(part.pos == NULL ||
		(part.pos >= whole.pos && part.pos <= part.end && part.end <= whole.end));
}

/** More bytes of a stream change MORE to anything, LIKELY to YES, nothing else. */
static inline void check_probe(pal_probe_t probe, const uint8_t *data, size_t size)
{
	enum pal_probe before = PAL_PROBE_MORE;

	for (size_t len = 1; len <= size && len <= PAL_PROBE_BYTES; len++) {
		enum pal_probe now = probe(pal_cursor_of(data, len), PAL_OVER_TCP);

		REQUIRE(now == before || before == PAL_PROBE_MORE ||
			(before == PAL_PROBE_LIKELY && now == PAL_PROBE_YES));
		before = now;
	}
}

/** A protocol whose messages announce their length in a stream. */
struct message_protocol {
	pal_probe_t probe;
	pal_gather_len_t len_of;
	size_t max;
	size_t head_len; /**< Of what only a stream has in front of a message. */
	bool any_length; /**< No length is wrong: all bytes of a stream are taken. */
	/** Read one; a sum over what it says. */
	uint64_t (*read)(struct pal_cursor msg);
};

static inline uint64_t
read_stream(const struct message_protocol *p, const uint8_t *data, size_t size, size_t step)
{
	struct pal_gather g = {0};
	uint64_t sum = 0;

	for (size_t at = 0; at < size; at += step) {
		size_t len = step < size - at ? step : size - at;
		uint8_t *copy = malloc(len); // of its exact size
		struct pal_cursor segment = pal_cursor_of(copy, len), msg;

		REQUIRE(copy != NULL);
		memcpy(copy, data + at, len);
		while (pal_gather_next(&g, &segment, p->len_of, p->max, &msg) > 0) {
			REQUIRE(pal_cursor_skip(&msg, p->head_len));
			sum = sum * 31 + p->read(msg);
		}
		REQUIRE(!p->any_length || pal_cursor_left(&segment) == 0);
		free(copy);
	}
	pal_gather_reset(&g);
	return sum;
}

/**
 * Any bytes as a message, as a stream of them, and as what recognition looks at. The stream gives the same however it is
 * cut: the first byte of the input says where.
 */
static inline void
check_messages(const struct message_protocol *p, const uint8_t *data, size_t size)
{
	size_t step = data[0] + 1u;

	data++;
	size--;
	p->read(pal_cursor_of(data, size));
	REQUIRE(read_stream(p, data, size, step) == read_stream(p, data, size, size));
	check_probe(p->probe, data, size);
	(void)p->probe(pal_cursor_of(data, size), PAL_OVER_UDP);
}

#endif
