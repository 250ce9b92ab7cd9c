/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Protocols of lines by their first line: greetings of servers, and commands that no other protocol has. Commands that
 * several have (USER, QUIT) are likely: the port, or the other side, says which.
 */
#include "pal_proto.h"
#include "pal_text.h"

// How a line begins: as a word of a list, as the beginning of one, or as none.
static enum pal_probe begins_as(struct pal_cursor bytes, const char *const *words)
{
	size_t left = pal_cursor_left(&bytes);
	enum pal_probe answer = PAL_PROBE_NO;

	for (; *words != NULL; words++) {
		size_t len = strlen(*words), nb = left < len ? left : len;
		char word[16] = "";

		memcpy(word, *words, nb);
		if (!pal_text_is(pal_cursor_of(bytes.pos, nb), word))
			continue;
		if (nb == len)
			return PAL_PROBE_YES;
		answer = PAL_PROBE_MORE;
	}
	return answer;
}

static bool is_end(const struct pal_cursor *cur)
{
	return cur->pos == cur->end || *cur->pos == '\n';
}

// What a greeting with code 220 names first; likely where that is nothing.
static enum pal_probe greeting(struct pal_cursor bytes, const char *mine, const char *other)
{
	static const char *const codes[] = {"220 ", "220-", NULL};
	enum pal_probe begin = begins_as(bytes, codes);

	if (begin != PAL_PROBE_YES)
		return begin;
	for (struct pal_cursor cur = bytes; !is_end(&cur); cur.pos++) {
		size_t left = pal_cursor_left(&cur);

		if (left >= strlen(mine) && pal_text_is(pal_cursor_of(cur.pos, strlen(mine)), mine))
			return PAL_PROBE_YES;
		if (left >= strlen(other) &&
		    pal_text_is(pal_cursor_of(cur.pos, strlen(other)), other))
			return PAL_PROBE_NO;
	}
	if (pal_cursor_left(&bytes) < PAL_PROBE_BYTES &&
	    memchr(bytes.pos, '\n', pal_cursor_left(&bytes)) == NULL)
		return PAL_PROBE_MORE;
	return PAL_PROBE_LIKELY;
}

static enum pal_probe
commands(struct pal_cursor bytes, const char *const *certain, const char *const *likely)
{
	enum pal_probe answer = begins_as(bytes, certain);

	if (answer != PAL_PROBE_NO)
		return answer;
	answer = begins_as(bytes, likely);
	return answer == PAL_PROBE_YES ? PAL_PROBE_LIKELY : answer;
}

enum pal_probe pal_smtp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char *const certain[] = {"EHLO ", "HELO ", "LHLO ", "MAIL FROM:", NULL};
	static const char *const likely[] = {
		"RCPT TO:", "STARTTLS\r", "QUIT\r", "250-", "554 ", NULL};
	enum pal_probe answer = greeting(bytes, "SMTP", "FTP");

	// A greeting that says nothing may be FTP's; the client will tell.
	if (answer == PAL_PROBE_YES || answer == PAL_PROBE_MORE)
		return answer;
	return commands(bytes, certain, likely);
}

enum pal_probe pal_ftp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char *const certain[] = {NULL};
	static const char *const likely[] = {
		"USER ", "AUTH TLS", "AUTH SSL", "FEAT\r", "QUIT\r", NULL};
	enum pal_probe answer = greeting(bytes, "FTP", "SMTP");

	return answer != PAL_PROBE_NO ? answer : commands(bytes, certain, likely);
}

enum pal_probe pal_pop3_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char *const certain[] = {"+OK ", "APOP ", NULL};
	static const char *const likely[] = {
		"+OK\r", "-ERR ", "USER ", "CAPA\r", "STLS\r", "AUTH ", "QUIT\r", NULL};

	return commands(bytes, certain, likely);
}

// As clients choose them: RFC 9051 section 2.2.1 allows more.
static bool is_of_tag(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.';
}

// RFC 9051 section 7.1: greetings. A client begins with a tag of its own choice.
static enum pal_probe tagged(struct pal_cursor bytes)
{
	static const char *const verbs[] = {
		"CAPABILITY",
		"LOGIN ",
		"AUTHENTICATE ",
		"STARTTLS",
		"ID ",
		"SELECT ",
		"NOOP",
		"LOGOUT",
		"UID ",
		"FETCH ",
		NULL};
	const uint8_t *begin = bytes.pos;

	while (bytes.pos < bytes.end && bytes.pos - begin <= 16 && is_of_tag(*bytes.pos))
		bytes.pos++;
	if (bytes.pos == bytes.end)
		return PAL_PROBE_MORE;
	if (bytes.pos == begin || *bytes.pos != ' ')
		return PAL_PROBE_NO;
	bytes.pos++;
	return bytes.pos == bytes.end ? PAL_PROBE_MORE : begins_as(bytes, verbs);
}

enum pal_probe pal_imap_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char *const greetings[] = {"* OK", "* PREAUTH", "* BYE", NULL};
	enum pal_probe answer = begins_as(bytes, greetings);

	return answer != PAL_PROBE_NO ? answer : tagged(bytes);
}
