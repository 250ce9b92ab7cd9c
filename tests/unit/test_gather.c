/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_gather.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX 300

// A message: two bytes of length of what follows them. 0xffff begins none.
static size_t len_of(struct pal_cursor head)
{
	uint16_t len;

	if (!pal_cursor_be16(&head, &len))
		return PAL_GATHER_MORE;
	return len == 0xffff ? PAL_GATHER_BAD : 2u + len;
}

// All messages, one behind the other, as they came out.
struct found {
	uint8_t bytes[4096];
	size_t len, nb;
	int rc;
};

static void feed(struct pal_gather *g, const uint8_t *data, size_t len, struct found *found)
{
	// Of the exact size: AddressSanitizer sees a read behind it.
	uint8_t *copy = malloc(len + 1);
	struct pal_cursor segment, msg;
	int rc;

	assert_non_null(copy);
	memcpy(copy + 1, data, len);
	segment = pal_cursor_of(copy + 1, len);
	while ((rc = pal_gather_next(g, &segment, len_of, MAX, &msg)) > 0) {
		memcpy(found->bytes + found->len, msg.pos, pal_cursor_left(&msg));
		found->len += pal_cursor_left(&msg);
		found->nb++;
	}
	assert_int_equal(pal_cursor_left(&segment), 0);
	assert_true(g->room <= MAX);
	assert_true(g->len <= g->room);
	if (rc < 0) {
		assert_int_equal(found->rc, 0); // said once
		found->rc = rc;
	}
	free(copy);
}

static size_t make(uint8_t *out, const uint16_t *lens, size_t nb)
{
	size_t len = 0;

	for (size_t i = 0; i < nb; i++) {
		out[len++] = (uint8_t)(lens[i] >> 8);
		out[len++] = (uint8_t)lens[i];
		for (size_t k = 0; k < lens[i]; k++)
			out[len++] = (uint8_t)(i * 16 + k);
	}
	return len;
}

static void any_two_cuts_give_the_same_messages(void **)
{
	static const uint16_t lens[] = {3, 0, 0, 40, 1, 7};
	uint8_t bytes[256];
	size_t len = make(bytes, lens, 6);

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			struct pal_gather g = {0};
			struct found found = {0};

			feed(&g, bytes, a, &found);
			feed(&g, bytes + a, b - a, &found);
			feed(&g, bytes + b, len - b, &found);
			assert_int_equal(found.rc, 0);
			assert_int_equal(found.nb, 6);
			assert_int_equal(found.len, len);
			assert_memory_equal(found.bytes, bytes, len);
			assert_null(g.bytes); // nothing is held that nobody needs
		}
}

static void byte_by_byte_gives_the_same_messages(void **)
{
	static const uint16_t lens[] = {MAX - 2, 0, 5, MAX - 2};
	uint8_t bytes[1024];
	size_t len = make(bytes, lens, 4);
	struct pal_gather g = {0};
	struct found found = {0};

	for (size_t i = 0; i < len; i++)
		feed(&g, bytes + i, 1, &found);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.nb, 4);
	assert_memory_equal(found.bytes, bytes, len);
	pal_gather_reset(&g);
}

static void whole_message_is_not_copied(void **)
{
	static const uint8_t bytes[] = {0, 1, 'x', 0, 2, 'y'};
	struct pal_cursor segment = pal_cursor_of(bytes, sizeof(bytes)), msg;
	struct pal_gather g = {0};

	assert_int_equal(pal_gather_next(&g, &segment, len_of, MAX, &msg), 1);
	assert_ptr_equal(msg.pos, bytes);
	assert_null(g.bytes);
	assert_int_equal(pal_gather_next(&g, &segment, len_of, MAX, &msg), 0);
	assert_int_equal(g.len, 3);
	pal_gather_reset(&g);
	assert_null(g.bytes);
}

static void announced_length_takes_no_memory(void **)
{
	static const uint8_t bytes[] = {0xff, 0xf0, 'x'};
	struct pal_cursor segment = pal_cursor_of(bytes, sizeof(bytes)), msg;
	struct pal_gather g = {0};

	assert_int_equal(pal_gather_next(&g, &segment, len_of, 0x10000, &msg), 0);
	assert_true(g.room <= 2 * sizeof(bytes));
	pal_gather_reset(&g);
}

static void refuse(const uint8_t *bytes, size_t len, int rc)
{
	for (size_t cut = 0; cut <= len; cut++) {
		struct pal_gather g = {0};
		struct found found = {0};

		feed(&g, bytes, cut, &found);
		feed(&g, bytes + cut, len - cut, &found);
		feed(&g, bytes, len, &found); // as if nothing had come
		assert_int_equal(found.rc, rc);
		assert_int_equal(found.nb, 1); // what came before it is given
		assert_true(g.is_lost);
		assert_null(g.bytes);
	}
}

static void what_is_no_message_loses_the_direction(void **)
{
	refuse((const uint8_t[]){0, 1, 'x', 0xff, 0xff, 0, 0}, 7, -EBADMSG);
}

static void too_long_a_message_loses_the_direction(void **)
{
	refuse((const uint8_t[]){0, 1, 'x', 1, 43, 0, 0}, 7, -EMSGSIZE);
}

static size_t never_sure(struct pal_cursor)
{
	return PAL_GATHER_MORE;
}

static void length_that_never_shows_is_too_long(void **)
{
	struct pal_gather g = {0};
	struct pal_cursor msg;
	int rc = 0;

	for (int i = 0; i < MAX; i++) {
		struct pal_cursor segment = pal_cursor_of("x", 1);

		assert_int_equal(rc, 0);
		rc = pal_gather_next(&g, &segment, never_sure, MAX, &msg);
	}
	for (int i = 0; i < 2 && rc == 0; i++) {
		struct pal_cursor segment = pal_cursor_of("x", 1);

		rc = pal_gather_next(&g, &segment, never_sure, MAX, &msg);
	}
	assert_int_equal(rc, -EMSGSIZE);
	assert_null(g.bytes);
}

static void lost_is_lost(void **)
{
	static const uint16_t lens[] = {3, 4};
	uint8_t bytes[64];
	size_t len = make(bytes, lens, 2);
	struct pal_gather g = {0};
	struct found found = {0};

	feed(&g, bytes, 2, &found);
	pal_gather_lose(&g);
	assert_null(g.bytes);
	feed(&g, bytes, len, &found);
	assert_int_equal(found.nb, 0);
	assert_int_equal(found.rc, 0);
	pal_gather_reset(&g);
	feed(&g, bytes, len, &found);
	assert_int_equal(found.nb, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_cuts_give_the_same_messages),
		cmocka_unit_test(byte_by_byte_gives_the_same_messages),
		cmocka_unit_test(whole_message_is_not_copied),
		cmocka_unit_test(announced_length_takes_no_memory),
		cmocka_unit_test(what_is_no_message_loses_the_direction),
		cmocka_unit_test(too_long_a_message_loses_the_direction),
		cmocka_unit_test(length_that_never_shows_is_too_long),
		cmocka_unit_test(lost_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
