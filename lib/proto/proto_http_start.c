/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_start.h"
#include "pal_proto.h"

// RFC 9110 section 5.6.2.
static bool is_token_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const struct pal_cursor *text)
{
	for (const uint8_t *p = text->pos; p < text->end; p++)
		if (!is_token_char(*p))
			return false;
	return pal_cursor_left(text) != 0;
}

static bool begins(const struct pal_cursor *text, const char *head)
{
	size_t len = strlen(head);

	return pal_cursor_left(text) >= len && memcmp(text->pos, head, len) == 0;
}

// Up to a blank, and past all blanks behind it.
static struct pal_cursor take_word(struct pal_cursor *line)
{
	struct pal_cursor word = {line->pos, line->pos};

	while (word.end < line->end && *word.end != ' ' && *word.end != '\t')
		word.end++;
	line->pos = word.end;
	while (line->pos < line->end && (*line->pos == ' ' || *line->pos == '\t'))
		line->pos++;
	return word;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

// RFC 9112 section 4.
static bool parse_response(struct pal_cursor line, struct pal_http_start *ret_start)
{
	struct pal_cursor status;

	*ret_start = (struct pal_http_start){.kind = PAL_HTTP_RESPONSE};
	ret_start->version = take_word(&line);
	status = take_word(&line);
	ret_start->reason = line;
	if (pal_cursor_left(&status) != 3 || !is_digit(status.pos[0]) || !is_digit(status.pos[1]) ||
	    !is_digit(status.pos[2]))
		return false;
	ret_start->status = (uint16_t
	)((status.pos[0] - '0') * 100 + (status.pos[1] - '0') * 10 + (status.pos[2] - '0'));
	return ret_start->status >= 100;
}

// RFC 9112 section 3. Without a version it is a request of HTTP/0.9, or one that was cut off.
static bool parse_request(struct pal_cursor line, struct pal_http_start *ret_start)
{
	*ret_start = (struct pal_http_start){.kind = PAL_HTTP_REQUEST};
	ret_start->method = take_word(&line);
	ret_start->target = take_word(&line);
	ret_start->version = line;
	return is_token(&ret_start->method) && pal_cursor_left(&ret_start->target) != 0;
}

bool http_start_parse(struct pal_cursor line, struct pal_http_start *ret_start)
{
	return begins(&line, "HTTP/") ? parse_response(line, ret_start)
				      : parse_request(line, ret_start);
}

static bool is_version_1(const struct pal_cursor *text)
{
	return begins(text, "HTTP/1.") && pal_cursor_left(text) == 8 && is_digit(text->pos[7]);
}

static bool is_certain(struct pal_cursor line)
{
	struct pal_http_start start;

	return http_start_parse(line, &start) && is_version_1(&start.version);
}

// IANA's methods, and others that are in use.
static const char *const methods[] = {
	"GET",	       "POST",	       "HEAD",	     "OPTIONS",	  "PUT",    "DELETE",
	"PATCH",       "TRACE",	       "PROPFIND",   "PROPPATCH", "MKCOL",  "COPY",
	"MOVE",	       "LOCK",	       "UNLOCK",     "REPORT",	  "SEARCH", "MKCALENDAR",
	"CHECKOUT",    "MERGE",	       "MKACTIVITY", "SUBSCRIBE", "NOTIFY", "CCM_POST",
	"RPC_IN_DATA", "RPC_OUT_DATA", "BITS_POST",
};
#define METHOD_MAX 20

static bool is_known(const struct pal_cursor *method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (pal_cursor_left(method) == strlen(methods[i]) && begins(method, methods[i]))
			return true;
	return false;
}

bool http_start_is_likely(const struct pal_http_start *start)
{
	return start->kind == PAL_HTTP_RESPONSE || is_known(&start->method) ||
	       begins(&start->version, "HTTP/");
}

/* looking for a message */

static bool find_response(struct pal_cursor line, struct pal_http_start *ret_start)
{
	for (;;) {
		line.pos = memmem(line.pos, pal_cursor_left(&line), "HTTP/1.", 7);
		if (line.pos == NULL)
			return false;
		if (parse_response(line, ret_start) && is_version_1(&ret_start->version))
			return true;
		line.pos++;
	}
}

// The longest known method at the end of a word.
static size_t method_at_end(const struct pal_cursor *word)
{
	size_t best = 0, left = pal_cursor_left(word);

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t len = strlen(methods[i]);

		if (len > best && len <= left && memcmp(word->end - len, methods[i], len) == 0)
			best = len;
	}
	return best;
}

// The last three words of the line.
static bool find_request(struct pal_cursor line, struct pal_http_start *ret_start)
{
	struct pal_cursor word = {line.end, line.end};
	size_t method_len;

	for (int nb = 0; nb < 3; nb++) {
		word.end = word.pos;
		while (nb != 0 && word.end > line.pos && word.end[-1] == ' ')
			word.end--;
		word.pos = word.end;
		while (word.pos > line.pos && word.pos[-1] != ' ')
			word.pos--;
	}
	method_len = method_at_end(&word);
	line.pos = word.end - method_len;
	return method_len != 0 && parse_request(line, ret_start) &&
	       is_version_1(&ret_start->version);
}

bool http_start_find(
	struct pal_cursor line,
	enum pal_http_kind kind,
	struct pal_http_start *ret_start
)
{
	return (kind != PAL_HTTP_REQUEST && find_response(line, ret_start)) ||
	       (kind != PAL_HTTP_RESPONSE && find_request(line, ret_start));
}

/* recognition */

static enum pal_probe probe_response(const struct pal_cursor *bytes)
{
	const uint8_t *b = pal_cursor_peek(bytes, sizeof("HTTP/1.1 200") - 1);

	if (b == NULL)
		return PAL_PROBE_MORE;
	return is_digit(b[7]) && b[8] == ' ' && is_digit(b[9]) && is_digit(b[10]) && is_digit(b[11])
		       ? PAL_PROBE_YES
		       : PAL_PROBE_NO;
}

static enum pal_probe probe_request(struct pal_cursor bytes)
{
	struct pal_cursor rest = bytes, method = take_word(&rest);
	bool is_last = pal_cursor_left(&bytes) >= PAL_PROBE_BYTES;
	const uint8_t *lf;

	if (!is_token(&method) || pal_cursor_left(&method) > METHOD_MAX)
		return PAL_PROBE_NO;
	if (is_known(&method) && (begins(&rest, "/") || begins(&rest, "http://")))
		return PAL_PROBE_YES;
	// Else the version, which ends the line, must be there, too.
	lf = memchr(bytes.pos, '\n', pal_cursor_left(&bytes));
	if (lf == NULL)
		return is_last ? PAL_PROBE_NO : PAL_PROBE_MORE;
	bytes.end = lf > bytes.pos && lf[-1] == '\r' ? lf - 1 : lf;
	return is_certain(bytes) ? PAL_PROBE_YES : PAL_PROBE_NO;
}

enum pal_probe pal_http_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char head[] = "HTTP/1.";
	size_t len = pal_cursor_left(&bytes);

	if (memcmp(bytes.pos, head, len < sizeof(head) - 1 ? len : sizeof(head) - 1) == 0)
		return probe_response(&bytes);
	return probe_request(bytes);
}
