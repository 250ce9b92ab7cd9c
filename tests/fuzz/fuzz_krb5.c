/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a message of Kerberos, as a stream of them, and as what recognition looks at.
 *
 * What is read lies inside the message; the stream gives the same however it is cut: the first byte of the input
 * says where.
 */

#include <pal_gather.h>
#include <pal_krb5.h>
#include <pal_proto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define MAX_INPUT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct pal_cursor part, struct pal_cursor whole)
{
	REQUIRE(part.pos == NULL ||
		(part.pos >= whole.pos && part.pos <= part.end && part.end <= whole.end));
}

// A sum over what a message says.
static uint64_t read_message(struct pal_cursor msg)
{
	struct pal_krb5 krb5;
	char text[100];
	uint64_t sum;

	if (!pal_krb5_read(msg, &krb5))
		return 1;
	within(krb5.realm, msg);
	within(krb5.cname, msg);
	within(krb5.sname, msg);
	sum = krb5.type + krb5.error_code + (uint32_t)krb5.etype;
	for (size_t room = 0; room <= sizeof(text); room += 50) {
		size_t len = pal_krb5_name_text(krb5.sname, text, room);

		REQUIRE(len <= room);
		sum = sum * 31 + len;
	}
	return sum;
}

static uint64_t read_stream(const uint8_t *data, size_t size, size_t step)
{
	struct pal_gather g = {0};
	uint64_t sum = 0;

	for (size_t at = 0; at < size; at += step) {
		size_t len = step < size - at ? step : size - at;
		uint8_t *copy = malloc(len); // of its exact size
		struct pal_cursor segment = pal_cursor_of(copy, len), msg;

		REQUIRE(copy != NULL);
		memcpy(copy, data + at, len);
		while (pal_gather_next(&g, &segment, pal_krb5_len, PAL_KRB5_MESSAGE_MAX, &msg) > 0
		) {
			REQUIRE(pal_cursor_skip(&msg, 4));
			sum = sum * 31 + read_message(msg);
		}
		free(copy);
	}
	pal_gather_reset(&g);
	return sum;
}

// More bytes change MORE to anything, LIKELY to YES, nothing else.
static void probe(const uint8_t *data, size_t size)
{
	enum pal_probe before = PAL_PROBE_MORE;

	for (size_t len = 1; len <= size && len <= PAL_PROBE_BYTES; len++) {
		enum pal_probe now = pal_krb5_probe(pal_cursor_of(data, len), PAL_OVER_TCP);

		REQUIRE(before == PAL_PROBE_MORE || now == before ||
			(before == PAL_PROBE_LIKELY && now == PAL_PROBE_YES));
		before = now;
	}
	(void)pal_krb5_probe(pal_cursor_of(data, size), PAL_OVER_UDP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 2 || size > MAX_INPUT)
		return 0;
	step = data[0] + 1u;
	data++;
	size--;
	read_message(pal_cursor_of(data, size));
	REQUIRE(read_stream(data, size, step) == read_stream(data, size, size));
	probe(data, size);
	return 0;
}
