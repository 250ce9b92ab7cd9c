/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_proto.h>
#include <pal_text.h>

#include <stdio.h>
#include <string.h>

static struct pal_text text;

// All events of these bytes, as letters: C(ommand), A(nswer), R(eply, r where it goes on), D(ata), E(nd of it); with
// t, y, n where TLS is asked for, agreed on, refused; ! where it is not the protocol.
static const char *heard(enum pal_text_side side, const char *bytes)
{
	static const char letters[] = {'C', 'A', 'R', 'D', 'E'};
	static const char *const tls[] = {"", "t", "y", "n"};
	static char out[256];
	struct pal_cursor cur = pal_cursor_of(bytes, strlen(bytes));
	struct pal_text_event ev;
	size_t len = 0;
	int rc;

	while ((rc = pal_text_next(&text, side, &cur, &ev)) > 0) {
		out[len++] = ev.type == PAL_TEXT_REPLY && !ev.is_last ? 'r' : letters[ev.type];
		len += (size_t)sprintf(out + len, "%s", tls[ev.tls]);
	}
	if (rc < 0)
		out[len++] = '!';
	out[len] = '\0';
	return out;
}

#define client(bytes) heard(PAL_TEXT_CLIENT, bytes)
#define server(bytes) heard(PAL_TEXT_SERVER, bytes)

static void begin(enum pal_text_kind kind)
{
	pal_text_fini(&text);
	text = (struct pal_text){.kind = kind};
}

static int teardown(void **)
{
	pal_text_fini(&text);
	return 0;
}

static void replies_find_their_commands(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(server("220 hello\r\n"), "R");
	assert_string_equal(client("EHLO a\r\nRSET\r\nSTARTTLS\r\n"), "CCCt");
	assert_string_equal(server("250-a\r\n250 b\r\n220 odd\r\n"), "rRR");
	assert_string_equal(server("220 go on\r\n"), "Ry");
}

static void content_begins_when_the_server_agrees(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(server("220 hello\r\n"), "R");
	assert_string_equal(client("DATA\r\n"), "C");
	assert_string_equal(server("503 no\r\n"), "R");
	assert_string_equal(client("DATA\r\n"), "C");
	assert_string_equal(server("354 yes\r\n"), "R");
	assert_string_equal(client("STARTTLS\r\n..\r\n.\r\nSTARTTLS\r\n"), "DDECt");
	assert_string_equal(server("250 ok\r\n454 no\r\n"), "RRn");
}

static void what_a_server_asks_for_is_no_command(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(client("AUTH LOGIN\r\n"), "C");
	assert_string_equal(server("334 user?\r\n"), "R");
	assert_string_equal(client("STARTTLS\r\n"), "A");
	assert_string_equal(server("334 password?\r\n"), "R");
	assert_string_equal(client("DATA\r\n"), "A");
	assert_string_equal(server("235 ok\r\n"), "R");
	assert_string_equal(client("STARTTLS\r\n"), "Ct");
	assert_string_equal(server("220 ok\r\n"), "Ry");
}

static void bytes_that_were_announced_are_no_lines(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(client("BDAT 10 LAST\r\nSTARTTLS\r\nRSET\r\n"), "CC");
	begin(PAL_TEXT_IMAP);
	assert_string_equal(client("a1 LOGIN {10+}\r\na STARTTLS x\r\nb2 STARTTLS\r\n"), "CCCt");
	assert_string_equal(server("* {4}\r\nb2 OK\r\n"), "RR");
	assert_string_equal(server("a1 OK\r\nb2 OK\r\n"), "RRy");
}

static void replies_of_several_lines_end_with_a_dot(void **)
{
	begin(PAL_TEXT_POP3);
	assert_string_equal(server("+OK hello\r\n"), "R");
	assert_string_equal(client("LIST\r\nLIST 1\r\nRETR 1\r\nSTLS\r\n"), "CCCCt");
	assert_string_equal(
		server("+OK\r\n1 2\r\n.\r\n+OK 1 2\r\n-ERR none\r\n+OK\r\n"), "RDERRRy"
	);
}

static void ftp_replies_twice_where_it_takes_a_while(void **)
{
	begin(PAL_TEXT_FTP);
	assert_string_equal(server("220-a\r\n 220 not yet\r\nb\r\n220 c\r\n"), "rrrR");
	assert_string_equal(client("LIST\r\nAUTH TLS\r\n"), "CCt");
	assert_string_equal(server("150 wait\r\n226 done\r\n234 ok\r\n"), "RRRy");
}

static void a_gap_is_survived(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(client("EHLO a\r\nMAIL FR"), "C");
	pal_text_gap(&text, PAL_TEXT_CLIENT, 100);
	pal_text_gap(&text, PAL_TEXT_SERVER, 100);
	assert_string_equal(client("x>\r\nSTARTTLS\r\n"), "Ct");
	assert_string_equal(server("rest of it\r\n220 ok\r\n"), "Ry");
}

static void a_long_line_is_cut(void **)
{
	static char line[3 * PAL_TEXT_LINE_MAX];
	struct pal_cursor cur;
	struct pal_text_event ev;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (size_t step = 1; step <= sizeof(line); step = step * 7 + 1) {
		unsigned int nb = 0;

		begin(PAL_TEXT_SMTP);
		for (size_t at = 0; at < sizeof(line); at += step) {
			size_t len = sizeof(line) - at < step ? sizeof(line) - at : step;

			cur = pal_cursor_of(line + at, len);
			while (pal_text_next(&text, PAL_TEXT_CLIENT, &cur, &ev) > 0) {
				nb++;
				assert_true(ev.is_cut);
				assert_int_equal(pal_cursor_left(&ev.text), PAL_TEXT_LINE_MAX);
			}
		}
		assert_int_equal(nb, 1);
	}
}

static void a_server_that_does_not_reply_is_none(void **)
{
	begin(PAL_TEXT_SMTP);
	assert_string_equal(server("220 hello\r\nwhat?\r\n"), "R!");
	begin(PAL_TEXT_POP3);
	assert_string_equal(server("+OK\r\nwhat?\r\n"), "R!");
}

static void ports_are_found(void **)
{
	struct pal_ftp_port port;

#define FOUND(fn, s) fn(pal_cursor_of(s, strlen(s)), &port)
	assert_true(FOUND(pal_ftp_port, "10,0,0,2,4,5"));
	assert_int_equal(port.port, 1029);
	assert_memory_equal(port.addr, "\x0a\0\0\x02", 4);
	assert_true(FOUND(pal_ftp_port, "Entering Passive Mode (10,0,0,2,255,255)."));
	assert_int_equal(port.port, 65535);
	assert_false(FOUND(pal_ftp_port, "10,0,0,2,256,5"));
	assert_false(FOUND(pal_ftp_port, "10,0,0,2,4"));
	assert_true(FOUND(pal_ftp_eport, "|2|1080::8:800:200C:417A|5282|"));
	assert_int_equal(port.port, 5282);
	assert_true(FOUND(pal_ftp_eport, "Entering Extended Passive Mode (|||6446|)"));
	assert_int_equal(port.port, 6446);
	assert_false(FOUND(pal_ftp_eport, "|1|1.2.3.4|65536|"));
	assert_false(FOUND(pal_ftp_eport, "|1|1.2.3.4|6446"));
	assert_false(FOUND(pal_ftp_eport, ""));
}

static void first_bytes_are_told_apart(void **)
{
	static const struct {
		const char *bytes;
		uint16_t port;
		enum pal_app app;
	} cases[] = {
		{"220 mx.example.org ESMTP\r\n", 9, PAL_APP_SMTP},
		{"220 ftp.example.org FTP\r\n", 25, PAL_APP_FTP},
		{"220 hello\r\n", 21, PAL_APP_FTP},
		{"EHLO a\r\n", 9, PAL_APP_SMTP},
		{"+OK hello\r\n", 9, PAL_APP_POP3},
		{"* OK hello\r\n", 9, PAL_APP_IMAP},
		{"a001 CAPABILITY\r\n", 9, PAL_APP_IMAP},
		{"USER joe\r\n", 21, PAL_APP_FTP},
		{"GET / HTTP/1.1\r\n", 25, PAL_APP_FAILED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t text_apps =
			PAL_APPS(SMTP) | PAL_APPS(FTP) | PAL_APPS(POP3) | PAL_APPS(IMAP);
		uint64_t candidates = text_apps;
		struct pal_proto_sample sample = {
			.bytes = pal_cursor_of(cases[i].bytes, strlen(cases[i].bytes)),
			.over = PAL_OVER_TCP,
			.ports = {40000, cases[i].port},
		};

		assert_int_equal(pal_proto_recognise(&sample, &candidates), cases[i].app);
	}
}

static void the_other_side_tells_what_is_likely(void **)
{
	uint64_t candidates = PAL_APPS_ALL;
	struct pal_proto_sample sample = {
		.bytes = pal_cursor_of("USER joe\r\n", 10),
		.over = PAL_OVER_TCP,
		.ports = {40000, 9},
		.other = PAL_APP_POP3,
	};

	assert_int_equal(pal_proto_recognise(&sample, &candidates), PAL_APP_POP3);
	sample.other = PAL_APP_FTP;
	candidates = PAL_APPS_ALL;
	assert_int_equal(pal_proto_recognise(&sample, &candidates), PAL_APP_FTP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_find_their_commands),
		cmocka_unit_test(content_begins_when_the_server_agrees),
		cmocka_unit_test(what_a_server_asks_for_is_no_command),
		cmocka_unit_test(bytes_that_were_announced_are_no_lines),
		cmocka_unit_test(replies_of_several_lines_end_with_a_dot),
		cmocka_unit_test(ftp_replies_twice_where_it_takes_a_while),
		cmocka_unit_test(a_gap_is_survived),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(a_server_that_does_not_reply_is_none),
		cmocka_unit_test(ports_are_found),
		cmocka_unit_test(first_bytes_are_told_apart),
		cmocka_unit_test(the_other_side_tells_what_is_likely),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
