/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_http2.h>
#include <pal_proto.h>

#include <stdio.h>
#include <stdlib.h>

static struct pal_http2_side side;
static char text[4096];
static size_t text_len;
static uint64_t body_len;
static uint8_t stream[131072];
static size_t stream_len;

static void say(const char *what, const struct pal_http2_item *item)
{
	text_len += (size_t)snprintf(
		text + text_len,
		sizeof(text) - text_len,
		"%s %u[%.*s][%.*s]\n",
		what,
		item->stream,
		(int)pal_cursor_left(&item->name),
		(const char *)item->name.pos,
		(int)pal_cursor_left(&item->value),
		(const char *)item->value.pos
	);
	assert_true(text_len < sizeof(text));
}

static void drain(struct pal_cursor bytes)
{
	static const char *const names[] = {
		"more", "settings", "field", "head", "data", "end", "reset", "broken"};
	enum pal_http2_event event;
	struct pal_http2_item item;

	while ((event = pal_http2_next(&side, &bytes, &item)) != PAL_HTTP2_MORE) {
		if (event == PAL_HTTP2_DATA)
			body_len += item.len;
		else
			say(names[event], &item);
	}
	assert_int_equal(pal_cursor_left(&bytes), 0);
}

static void begin(void)
{
	pal_http2_stop(&side);
	memset(&side, 0, sizeof(side));
	text_len = body_len = 0;
	text[0] = 0;
}

// Each piece in memory of its own, so that a read past its end is seen.
static void feed(size_t step)
{
	for (size_t at = 0; at < stream_len; at += step) {
		size_t nb = stream_len - at < step ? stream_len - at : step;
		uint8_t *piece = malloc(nb);

		memcpy(piece, stream + at, nb);
		drain(pal_cursor_of(piece, nb));
		free(piece);
	}
}

static void put(const void *bytes, size_t len)
{
	assert_true(stream_len + len <= sizeof(stream));
	memcpy(stream + stream_len, bytes, len);
	stream_len += len;
}

static void put_frame(uint8_t type, uint8_t flags, uint8_t id, const void *payload, size_t len)
{
	const uint8_t head[] = {
		(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, flags, 0, 0, 0, id};

	put(head, sizeof(head));
	put(payload, len);
}

static void check(const char *want, uint64_t want_len)
{
	for (size_t step = stream_len; step > 0; step--) {
		begin();
		feed(step);
		assert_string_equal(text, want);
		assert_int_equal(body_len, want_len);
	}
	begin();
	stream_len = 0;
}

/* RFC 7541 appendix A: 2 is ":method: GET", 8 is ":status: 200". */

static void heads_and_bodies_are_read(void **)
{
	put(PAL_HTTP2_PREFACE, 24);
	put_frame(4, 0, 0, "\0\3\0\0\0\1", 6);
	put_frame(4, 1, 0, "", 0);
	put_frame(1, 4 | 1, 1, "\x82\x40\1a\1b", 6);
	put_frame(1, 4, 3, "\xbe", 1);
	put_frame(0, 8, 3, "\2hello\0\0", 8);
	put_frame(6, 0, 0, "12345678", 8);
	put_frame(0, 1, 3, "", 0);
	check("settings 0[][]\nfield 1[:method][GET]\nfield 1[a][b]\nhead 1[][]\nend 1[][]\n"
	      "field 3[a][b]\nhead 3[][]\nend 3[][]\n",
	      5);
}

static void a_head_goes_on_in_other_frames(void **)
{
	put_frame(1, 1 | 8 | 32, 1, "\1\0\0\0\0\7\x82\x40\0", 9);
	put_frame(9, 0, 1, "", 0);
	put_frame(9, 0, 1, "\1a\1", 3);
	put_frame(9, 4, 1, "b", 1);
	check("field 1[:method][GET]\nfield 1[a][b]\nhead 1[][]\nend 1[][]\n", 0);
}

static void nothing_comes_between_the_frames_of_a_head(void **)
{
	put_frame(1, 0, 1, "\x82", 1);
	put_frame(0, 0, 1, "x", 1);
	check("field 1[:method][GET]\nbroken 0[][]\n", 0);
	put_frame(1, 0, 1, "\x82", 1);
	put_frame(9, 4, 3, "\x82", 1);
	check("field 1[:method][GET]\nbroken 0[][]\n", 0);
	put_frame(9, 4, 1, "\x82", 1);
	check("broken 0[][]\n", 0);
}

static void a_promise_is_of_the_promised_stream(void **)
{
	put_frame(5, 4, 1, "\0\0\0\2\x82", 5);
	put_frame(3, 0, 2, "\0\0\0\x08", 4);
	check("field 2[:method][GET]\nhead 2[][]\nreset 2[][]\n", 0);
}

static void what_breaks_the_rules_is_said_once(void **)
{
	put_frame(1, 4 | 8, 1, "\5\x82", 2); // more padding than payload
	put_frame(1, 4, 1, "\x82", 1);
	check("broken 0[][]\n", 0);
	put_frame(0, 8, 1, "\5x", 2);
	check("broken 0[][]\n", 0);
	put_frame(0, 8, 1, "", 0);
	check("broken 0[][]\n", 0);
	put_frame(4, 0, 0, "12345", 5);
	check("broken 0[][]\n", 0);
	put_frame(3, 0, 1, "123", 3);
	check("broken 0[][]\n", 0);
	put_frame(1, 4, 1, "\xff\x80\1", 3); // no such entry
	check("broken 0[][]\n", 0);
	put("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n", 24);
	check("broken 0[][]\n", 0);
}

static void a_gap_inside_data_is_part_of_it(void **)
{
	put_frame(0, 1, 1, "1234567890", 10);
	stream_len -= 6;
	begin();
	feed(3);
	pal_http2_gap(&side, 6);
	drain(pal_cursor_of("", 0));
	assert_int_equal(body_len, 10);
	assert_string_equal(text, "end 1[][]\n");
	assert_false(pal_http2_is_over(&side));
	begin();
	feed(3);
	pal_http2_gap(&side, 7);
	drain(pal_cursor_of("", 0));
	assert_true(pal_http2_is_over(&side));
	stream_len = 0;
	begin();
}

static void memory_is_bounded(void **)
{
	static uint8_t zeros[PAL_HTTP2_FRAME_MAX];

	put_frame(1, 4, 1, zeros, 0);
	stream[0] = 1; // of a length that nobody sends
	stream[2] = 1;
	begin();
	feed(4);
	assert_string_equal(text, "broken 0[][]\n");
	assert_null(side.frame);
	stream_len = 0;
	// A small entry that is large, named again and again.
	memset(zeros, 0xbe, sizeof(zeros));
	memcpy(zeros, "\x40\1a\x7f\xe9\x1e", 6); // 4072 bytes
	memset(zeros + 6, 'x', 4050);
	begin();
	put_frame(1, 4, 1, zeros, 4300);
	text_len = 0;
	{
		struct pal_cursor bytes = pal_cursor_of(stream, stream_len);
		enum pal_http2_event event;
		struct pal_http2_item item;
		size_t len = 0;

		while ((event = pal_http2_next(&side, &bytes, &item)) == PAL_HTTP2_FIELD)
			len += pal_cursor_left(&item.name) + pal_cursor_left(&item.value);
		assert_int_equal(event, PAL_HTTP2_BROKEN);
		assert_true(len <= PAL_HTTP2_HEAD_MAX);
	}
	stream_len = 0;
	begin();
}

static void a_larger_table_may_be_allowed(void **)
{
	for (int allowed = 0; allowed < 2; allowed++) {
		begin();
		if (allowed)
			pal_http2_table_size(&side, 8192);
		put_frame(1, 4, 1, "\x3f\xe1\x3f\x82", 4); // its size from now on: 8192
		feed(1);
		assert_string_equal(
			text, allowed ? "field 1[:method][GET]\nhead 1[][]\n" : "broken 0[][]\n"
		);
		stream_len = 0;
	}
	begin();
}

static enum pal_probe probe(const char *bytes, size_t len)
{
	enum pal_probe answer = PAL_PROBE_MORE;

	for (size_t nb = 1; nb <= len; nb++) {
		enum pal_probe next = pal_http2_probe(pal_cursor_of(bytes, nb), PAL_OVER_TCP);

		// More bytes change MORE only.
		assert_true(answer == PAL_PROBE_MORE || next == answer);
		answer = next;
	}
	return answer;
}

static void both_sides_are_recognised_and_others_are_not(void **)
{
	assert_int_equal(probe(PAL_HTTP2_PREFACE, 24), PAL_PROBE_YES);
	assert_int_equal(probe("PRI * HTTP/2.1\r\n", 16), PAL_PROBE_NO);
	assert_int_equal(probe("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\1", 15), PAL_PROBE_YES);
	assert_int_equal(probe("\0\0\6\4\1\0\0\0\0\0\3", 11), PAL_PROBE_NO);
	assert_int_equal(probe("\0\0\0\4\0\0\0\0\0\0\3", 11), PAL_PROBE_NO);
	assert_int_equal(probe("\0\0\7\4\0\0\0\0\0\0\3", 11), PAL_PROBE_NO);
	assert_int_equal(probe("GET / HTTP/1.1\r\n", 16), PAL_PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_and_bodies_are_read),
		cmocka_unit_test(a_head_goes_on_in_other_frames),
		cmocka_unit_test(nothing_comes_between_the_frames_of_a_head),
		cmocka_unit_test(a_promise_is_of_the_promised_stream),
		cmocka_unit_test(what_breaks_the_rules_is_said_once),
		cmocka_unit_test(a_gap_inside_data_is_part_of_it),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_larger_table_may_be_allowed),
		cmocka_unit_test(both_sides_are_recognised_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
