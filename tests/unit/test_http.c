/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_http.h>
#include <pal_proto.h>

#include <stdio.h>
#include <stdlib.h>

/* What a side says, as text: one line an event. */

static struct {
	struct pal_http_side side;
	char text[65536];
	size_t len;
} seen;

static void say(const char *what, const struct pal_cursor *a, const struct pal_cursor *b)
{
	seen.len += (size_t)snprintf(
		seen.text + seen.len,
		sizeof(seen.text) - seen.len,
		"%s[%.*s][%.*s]\n",
		what,
		(int)pal_cursor_left(a),
		(const char *)a->pos,
		(int)pal_cursor_left(b),
		(const char *)b->pos
	);
	assert_true(seen.len < sizeof(seen.text));
}

static void say_event(enum pal_http_event event, const union pal_http_item *item)
{
	const struct pal_http_start *start = &item->start;
	const struct pal_cursor none = pal_cursor_of("", 0);
	char number[24];
	struct pal_cursor text;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)seen.side.body_len);
	text = pal_cursor_of(number, strlen(number));
	switch (event) {
	case PAL_HTTP_START:
		say(start->kind == PAL_HTTP_REQUEST ? "request" : "response",
		    start->kind == PAL_HTTP_REQUEST ? &start->method : &start->reason,
		    start->kind == PAL_HTTP_REQUEST ? &start->target : &start->version);
		break;
	case PAL_HTTP_FIELD:
		say("field", &item->field.name, &item->field.value);
		break;
	case PAL_HTTP_HEAD:
		say("head", &none, &none);
		break;
	case PAL_HTTP_END:
		say("end", &text, &none);
		break;
	default:
		say("broken", &none, &none);
		break;
	}
}

static void drain(struct pal_cursor bytes)
{
	enum pal_http_event event;
	union pal_http_item item;

	while ((event = pal_http_next(&seen.side, &bytes, &item)) != PAL_HTTP_MORE)
		say_event(event, &item);
	assert_int_equal(pal_cursor_left(&bytes), 0);
}

static void begin(void)
{
	pal_http_fini(&seen.side);
	memset(&seen, 0, sizeof(seen));
}

// Each piece in memory of its own, so that a read past its end is seen.
static void feed(const char *bytes, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		size_t nb = len - at < step ? len - at : step;
		uint8_t *piece = malloc(nb);

		memcpy(piece, bytes + at, nb);
		drain(pal_cursor_of(piece, nb));
		free(piece);
	}
}

static void gap(uint64_t len)
{
	pal_http_gap(&seen.side, len);
	drain(pal_cursor_of("", 0));
}

static void check_n(const char *bytes, size_t len, const char *want)
{
	for (size_t step = len; step > 0; step--) {
		begin();
		feed(bytes, len, step);
		pal_http_close(&seen.side);
		drain(pal_cursor_of("", 0));
		assert_string_equal(seen.text, want);
	}
}

static void check(const char *bytes, const char *want)
{
	check_n(bytes, strlen(bytes), want);
}

/* tests */

static void pipelined_requests_are_read_one_by_one(void **)
{
	check("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
	      "request[GET][/a]\nfield[Host][x]\nhead[][]\nend[0][]\n"
	      "request[GET][/b]\nhead[][]\nend[0][]\n");
}

static void body_has_the_announced_length(void **)
{
	check("POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nab\r\ncGET /b HTTP/1.0\r\n\r\n",
	      "request[POST][/a]\nfield[Content-Length][5]\nhead[][]\nend[5][]\n"
	      "request[GET][/b]\nhead[][]\nend[0][]\n");
	check("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\nHTTP/1.1 404 Not Found\nContent-Length: "
	      "1\n\nx",
	      "response[OK][HTTP/1.1]\nfield[content-length][0]\nhead[][]\nend[0][]\n"
	      "response[Not Found][HTTP/1.1]\nfield[Content-Length][1]\nhead[][]\nend[1][]\n");
}

static void chunks_are_counted_without_their_wrapping(void **)
{
	check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n"
	      "5\r\nhello\r\n0A;x=y\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\nTrailer: no\r\n\r\n"
	      "HTTP/1.1 204 No Content\r\n\r\n",
	      "response[OK][HTTP/1.1]\nfield[Transfer-Encoding][gzip, Chunked]\n"
	      "field[Content-Length][1]\nhead[][]\nend[15][]\n"
	      "response[No Content][HTTP/1.1]\nhead[][]\nend[0][]\n");
}

static void body_without_length_ends_with_its_side(void **)
{
	check("HTTP/1.0 200 OK\r\n\r\nHTTP/1.0 200 OK\r\n",
	      "response[OK][HTTP/1.0]\nhead[][]\nend[17][]\n");
}

static void some_responses_have_no_body(void **)
{
	check("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n"
	      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
	      "HTTP/1.1 204 \r\n\r\nHTTP/1.1 103\r\n\r\n",
	      "response[Continue][HTTP/1.1]\nfield[Content-Length][9]\nhead[][]\nend[0][]\n"
	      "response[Not Modified][HTTP/1.1]\nfield[Content-Length][9]\nhead[][]\nend[0][]\n"
	      "response[][HTTP/1.1]\nhead[][]\nend[0][]\n"
	      "response[][HTTP/1.1]\nhead[][]\nend[0][]\n");
}

static void the_caller_may_say_that_there_is_no_body(void **)
{
	static const char bytes[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 "
				    "OK\r\nContent-Length: 0\r\n\r\n";
	struct pal_cursor cur = pal_cursor_of(bytes, strlen(bytes));
	enum pal_http_event event;
	union pal_http_item item;

	begin();
	while ((event = pal_http_next(&seen.side, &cur, &item)) != PAL_HTTP_MORE) {
		say_event(event, &item);
		if (event == PAL_HTTP_HEAD)
			pal_http_no_body(&seen.side);
	}
	assert_string_equal(
		seen.text,
		"response[OK][HTTP/1.1]\nfield[Content-Length][9]\nhead[][]\nend[0][]\n"
		"response[OK][HTTP/1.1]\nfield[Content-Length][0]\nhead[][]\nend[0][]\n"
	);
}

static void folded_values_are_one(void **)
{
	check("GET / HTTP/1.1\r\nX: a\r\n\tb\r\n c \r\nY : d\r\nno colon\r\n\r\n",
	      "request[GET][/]\nfield[X][a  \tb   c]\nfield[Y][d]\nhead[][]\nend[0][]\n");
}

static void lengths_that_differ_break_the_message(void **)
{
	check("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\n12345",
	      "response[OK][HTTP/1.1]\nfield[Content-Length][5, 5]\nfield[Content-Length][5]\n"
	      "head[][]\nend[5][]\n");
	check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
	      "response[OK][HTTP/1.1]\nfield[Content-Length][5]\nfield[Content-Length][6]\n"
	      "broken[][]\n");
	check("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\nx",
	      "request[GET][/]\nfield[Content-Length][-1]\nbroken[][]\n");
	check("GET / HTTP/1.1\r\nContent-Length:\r\n\r\nx",
	      "request[GET][/]\nfield[Content-Length][]\nbroken[][]\n");
	check("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx",
	      "request[POST][/]\nfield[Transfer-Encoding][gzip]\nbroken[][]\n");
}

static void bad_chunks_break_the_message(void **)
{
	static const char *const sizes[] = {"", "g", "-1", " ", "100000000000000000"};
	char bytes[256];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(
			bytes,
			sizeof(bytes),
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
			sizes[i]
		);
		check(bytes,
		      "response[OK][HTTP/1.1]\nfield[Transfer-Encoding][chunked]\nhead[][]\n"
		      "broken[][]\n");
	}
	check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
	      "response[OK][HTTP/1.1]\nfield[Transfer-Encoding][chunked]\nhead[][]\nbroken[][]\n");
}

static void what_is_no_message_breaks_a_side_that_had_one(void **)
{
	check("GET /a HTTP/1.1\r\n\r\n(no token) /\r\nGET /b HTTP/1.1\r\n\r\n",
	      "request[GET][/a]\nhead[][]\nend[0][]\nbroken[][]\n");
}

static void a_side_may_begin_in_the_middle(void **)
{
	check("tail of a body\r\nmore\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	      "response[OK][HTTP/1.1]\nfield[Content-Length][0]\nhead[][]\nend[0][]\n");
	check("{\"tail\": HTTP/1.1 1x HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	      "response[OK][HTTP/1.1]\nfield[Content-Length][0]\nhead[][]\nend[0][]\n");
	check("a=b&c=dPROPFIND /x HTTP/1.1\r\n\r\n", "request[PROPFIND][/x]\nhead[][]\nend[0][]\n");
}

static void long_lines_are_cut(void **)
{
	size_t len = PAL_HTTP_LINE_MAX * 3;
	char *bytes = malloc(len + 64);
	static const size_t steps[] = {1, 1000, PAL_HTTP_LINE_MAX, PAL_HTTP_LINE_MAX * 4};

	memset(bytes, 'x', len);
	memcpy(bytes, "GET /", 5);
	strcpy(bytes + len, " HTTP/1.1\r\n\r\n");
	for (size_t i = 0; i < 4; i++) {
		begin();
		feed(bytes, strlen(bytes), steps[i]);
		assert_int_equal(strlen(seen.text), PAL_HTTP_LINE_MAX - 4 + 33);
		assert_true(seen.side.room <= 2 * PAL_HTTP_LINE_MAX);
	}
	free(bytes);
}

// The end of a long line is what matters where a message is looked for.
static void a_message_is_found_behind_a_long_line(void **)
{
	size_t len = PAL_HTTP_LINE_MAX * 3;
	char *bytes = malloc(len + 64);
	static const size_t steps[] = {1, 1000, PAL_HTTP_LINE_MAX, PAL_HTTP_LINE_MAX * 4};

	memset(bytes, 'x', len);
	strcpy(bytes + len, "HTTP/1.1 204 No\r\n\r\n");
	for (size_t i = 0; i < 4; i++) {
		begin();
		gap(1);
		feed(bytes, strlen(bytes), steps[i]);
		assert_string_equal(seen.text, "response[No][HTTP/1.1]\nhead[][]\nend[0][]\n");
	}
	free(bytes);
}

static void gap_inside_a_body_is_part_of_it(void **)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab";
	static const char rest[] = "xxxxHTTP/1.1 204 No\r\n\r\n";

	begin();
	feed(head, strlen(head), 7);
	gap(4);
	feed(rest, strlen(rest), 7);
	assert_string_equal(
		seen.text,
		"response[OK][HTTP/1.1]\nfield[Content-Length][10]\nhead[][]\nend[10][]\n"
		"response[No][HTTP/1.1]\nhead[][]\nend[0][]\n"
	);
	begin();
	feed(head, strlen(head), 7);
	gap(8);
	assert_string_equal(
		seen.text,
		"response[OK][HTTP/1.1]\nfield[Content-Length][10]\nhead[][]\nend[10][]\n"
	);
}

static void gap_across_messages_ends_the_one_and_finds_the_next(void **)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab";
	static const char rest[] = "yz\nHTTP/1.1 204 No\r\n\r\n";

	for (size_t nb = 0; nb < 3; nb++) {
		begin();
		feed(head, strlen(head) - nb * 4, 100);
		gap(100);
		feed(rest, strlen(rest), 5);
		assert_non_null(
			strstr(seen.text, "end[2][]\nresponse[No]")
				?: strstr(seen.text, "end[0][]\nresponse[No]")
		);
		assert_true(seen.side.state != 0 || seen.side.was_lost);
	}
}

static void gap_in_a_first_line_leaves_what_was_whole(void **)
{
	static const char line[] = "GET /images/box.gif HTT";

	begin();
	feed(line, strlen(line), 6);
	gap(5);
	assert_string_equal(seen.text, "request[GET][/images/box.gif]\nend[0][]\n");
	begin();
	feed(line, 12, 6);
	gap(5);
	assert_string_equal(seen.text, "");
}

static void a_side_without_messages_is_given_up(void **)
{
	size_t len = PAL_HTTP_LOST_MAX + 2;
	char *bytes = malloc(len);

	memset(bytes, '\n', len);
	for (int i = 0; i < 2; i++) {
		begin();
		memset(bytes, i == 0 ? '\n' : 'x', len);
		gap(1);
		feed(bytes, PAL_HTTP_LOST_MAX, 5000);
		assert_false(pal_http_is_over(&seen.side));
		feed(bytes, 2, 2);
		assert_true(pal_http_is_over(&seen.side));
		assert_null(seen.side.line);
	}
	free(bytes);
}

/* recognition */

static enum pal_probe probe(const char *text)
{
	size_t len = strlen(text);
	enum pal_probe answer = PAL_PROBE_MORE;

	for (size_t nb = 1; nb <= len && nb <= PAL_PROBE_BYTES; nb++) {
		enum pal_probe next = pal_http_probe(pal_cursor_of(text, nb), PAL_OVER_TCP);

		// More bytes change MORE only.
		assert_true(answer == PAL_PROBE_MORE || next == answer);
		answer = next;
	}
	return answer;
}

static void both_sides_are_recognised(void **)
{
	assert_int_equal(probe("GET / HTTP/1.1\r\n"), PAL_PROBE_YES);
	assert_int_equal(probe("POST http://x/ HTTP/1.1\r\n"), PAL_PROBE_YES);
	assert_int_equal(probe("OPTIONS * HTTP/1.1\r\n"), PAL_PROBE_YES);
	assert_int_equal(probe("CONNECT a:443 HTTP/1.1\r\n"), PAL_PROBE_YES);
	assert_int_equal(probe("ANYTHING x HTTP/1.1\n"), PAL_PROBE_YES);
	assert_int_equal(probe("HTTP/1.1 200 OK"), PAL_PROBE_YES);
	assert_int_equal(probe("HTTP/1.0 404\r\n"), PAL_PROBE_YES);
}

static void others_are_not(void **)
{
	assert_int_equal(probe("OPTIONS sip:a@b SIP/2.0\r\n"), PAL_PROBE_NO);
	assert_int_equal(probe("OPTIONS * RTSP/1.0\r\n"), PAL_PROBE_NO);
	assert_int_equal(probe("HTTP/2 200\r\n___________"), PAL_PROBE_NO);
	assert_int_equal(probe("PRI * HTTP/2.0\r\n\r\n"), PAL_PROBE_NO);
	assert_int_equal(probe("USER anonymous\r\n"), PAL_PROBE_NO);
	assert_int_equal(probe("SSH-2.0-x\r\n"), PAL_PROBE_NO);
	assert_int_equal(probe("\x16\x03\x01"), PAL_PROBE_NO);
	assert_int_equal(
		probe("WORDS that go on and on without an end in the first bytes of a stream"),
		PAL_PROBE_NO
	);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelined_requests_are_read_one_by_one),
		cmocka_unit_test(body_has_the_announced_length),
		cmocka_unit_test(chunks_are_counted_without_their_wrapping),
		cmocka_unit_test(body_without_length_ends_with_its_side),
		cmocka_unit_test(some_responses_have_no_body),
		cmocka_unit_test(the_caller_may_say_that_there_is_no_body),
		cmocka_unit_test(folded_values_are_one),
		cmocka_unit_test(lengths_that_differ_break_the_message),
		cmocka_unit_test(bad_chunks_break_the_message),
		cmocka_unit_test(what_is_no_message_breaks_a_side_that_had_one),
		cmocka_unit_test(a_side_may_begin_in_the_middle),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(a_message_is_found_behind_a_long_line),
		cmocka_unit_test(gap_inside_a_body_is_part_of_it),
		cmocka_unit_test(gap_across_messages_ends_the_one_and_finds_the_next),
		cmocka_unit_test(gap_in_a_first_line_leaves_what_was_whole),
		cmocka_unit_test(a_side_without_messages_is_given_up),
		cmocka_unit_test(both_sides_are_recognised),
		cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
