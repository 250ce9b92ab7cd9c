/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes to every probe of the table. Of a stream, what more bytes change is what pal_probe_t says: MORE to
 * anything, LIKELY to YES. A probe never looks past the end of what it gets, nor, of a stream, past PAL_PROBE_BYTES.
 */

#include <pal_proto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond, name)                                                                        \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, name, #cond);       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A copy of just these bytes: AddressSanitizer sees a read past their end.
static enum pal_probe
ask(const struct pal_proto *proto, const uint8_t *data, size_t len, enum pal_proto_over over)
{
	uint8_t *copy = malloc(len);
	enum pal_probe answer;

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	answer = proto->probe(pal_cursor_of(copy, len), over);
	free(copy);
	REQUIRE(answer >= PAL_PROBE_NO && answer <= PAL_PROBE_YES, proto->name);
	return answer;
}

static void ask_stream(const struct pal_proto *proto, const uint8_t *data, size_t size)
{
	enum pal_probe before = PAL_PROBE_MORE, now;

	for (size_t len = 1; len <= size && len <= PAL_PROBE_BYTES; len++) {
		now = ask(proto, data, len, PAL_OVER_TCP);
		REQUIRE(now == before || before == PAL_PROBE_MORE ||
				(before == PAL_PROBE_LIKELY && now == PAL_PROBE_YES),
			proto->name);
		before = now;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	for (enum pal_app app = PAL_APP_FAILED + 1; app < PAL_APP_COUNT; app++) {
		const struct pal_proto *proto = pal_proto_get(app);

		if (proto->over & PAL_OVER_UDP)
			ask(proto, data, size, PAL_OVER_UDP);
		if (proto->over & PAL_OVER_TCP)
			ask_stream(proto, data, size);
	}
	return 0;
}
