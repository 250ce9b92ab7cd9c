/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Lines, and whose turn it is. Commands and replies are numbered, so that a reply finds its command also where the
 * client does not wait for it (RFC 2920).
 */
#include "pal_text.h"

#include <errno.h>
#include <stdlib.h>

enum mode {
	MODE_COMMAND,
	MODE_DATA_ASKED, // the client may send content, if the server agrees
	MODE_DATA, // the client sends content; POP3: the server does
};

/* words */

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool pal_text_is(struct pal_cursor word, const char *name)
{
	size_t len = strlen(name);

	if (pal_cursor_left(&word) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (upper(word.pos[i]) != (uint8_t)name[i])
			return false;
	return true;
}

void pal_text_split(
	struct pal_cursor line,
	struct pal_cursor *ret_word,
	struct pal_cursor *ret_rest
)
{
	const uint8_t *p = line.pos;

	while (p < line.end && *p != ' ')
		p++;
	*ret_word = (struct pal_cursor){line.pos, p};
	while (p < line.end && *p == ' ')
		p++;
	*ret_rest = (struct pal_cursor){p, line.end};
}

// Digits at the beginning; false if there are none, or too many.
static bool take_number(struct pal_cursor *cur, uint64_t *ret_number)
{
	uint64_t number = 0;
	unsigned int nb = 0;

	for (; cur->pos < cur->end && is_digit(*cur->pos); cur->pos++, nb++)
		number = number * 10 + (uint64_t)(*cur->pos - '0');
	*ret_number = number;
	return nb != 0 && nb <= 18;
}

/* lines */

static void trim(struct pal_cursor *line)
{
	if (line->end > line->pos && line->end[-1] == '\r')
		line->end--;
}

static int gather(struct pal_text_half *h, const uint8_t *bytes, size_t len)
{
	size_t room = PAL_TEXT_LINE_MAX - h->len;

	if (len > room) {
		len = room;
		h->is_cut = true;
	}
	if (len == 0)
		return 0;
	if (h->len + len > h->room) {
		uint32_t want = (uint32_t)(h->len + len) * 2;
		uint8_t *more = realloc(h->bytes, want);

		if (more == NULL)
			return -ENOMEM;
		h->bytes = more;
		h->room = want;
	}
	memcpy(h->bytes + h->len, bytes, len);
	h->len += (uint32_t)len;
	return 0;
}

// As pal_text_next(). In place where the whole line is there.
static int next_line(
	struct pal_text_half *h,
	struct pal_cursor *cur,
	struct pal_cursor *ret_line,
	bool *ret_cut
)
{
	size_t left = pal_cursor_left(cur);
	const uint8_t *lf = left == 0 ? NULL : memchr(cur->pos, '\n', left);
	size_t len = lf == NULL ? left : (size_t)(lf - cur->pos);
	struct pal_cursor line = {cur->pos, cur->pos + len};

	if (h->is_given) {
		h->len = 0;
		h->is_cut = h->is_given = false;
	}
	cur->pos += lf == NULL ? len : len + 1;
	if (lf == NULL || h->len != 0) {
		int rc = h->is_lost ? 0 : gather(h, line.pos, len);

		if (lf == NULL || rc < 0)
			return rc;
		line = pal_cursor_of(h->bytes, h->len);
		h->is_given = true;
	}
	*ret_cut = h->is_cut;
	if (pal_cursor_left(&line) > PAL_TEXT_LINE_MAX) {
		pal_cursor_limit(&line, PAL_TEXT_LINE_MAX);
		*ret_cut = true;
	}
	trim(&line);
	*ret_line = line;
	return 1;
}

/* the client */

static void ask_tls(struct pal_text *t, struct pal_text_event *ev)
{
	t->tls_index = t->nb_commands;
	ev->tls = PAL_TEXT_TLS_ASKED;
}

// RFC 3030 section 2.
static void take_bdat(struct pal_text *t, struct pal_cursor rest)
{
	uint64_t len;

	if (take_number(&rest, &len))
		t->half[PAL_TEXT_CLIENT].skip = len;
}

static void smtp_command(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor word, rest;

	pal_text_split(ev->text, &word, &rest);
	if (pal_text_is(word, "STARTTLS")) { // RFC 3207
		ask_tls(t, ev);
	} else if (pal_text_is(word, "DATA")) {
		t->data_index = t->nb_commands;
		t->mode = MODE_DATA_ASKED;
	} else if (pal_text_is(word, "BDAT")) {
		take_bdat(t, rest);
	}
}

static void pop3_command(struct pal_text *t, struct pal_text_event *ev)
{
	static const char *const multi[] = {"RETR", "TOP", "CAPA"};
	static const char *const multi_alone[] = {"LIST", "UIDL", "AUTH"};
	struct pal_cursor word, rest;
	bool is_multi = false;

	pal_text_split(ev->text, &word, &rest);
	for (size_t i = 0; i < sizeof(multi) / sizeof(multi[0]); i++)
		is_multi |= pal_text_is(word, multi[i]) ||
			    (pal_text_is(word, multi_alone[i]) && pal_cursor_left(&rest) == 0);
	t->multi &= ~(UINT64_C(1) << t->nb_commands % PAL_TEXT_AHEAD_MAX);
	t->multi |= (uint64_t)is_multi << t->nb_commands % PAL_TEXT_AHEAD_MAX;
	if (pal_text_is(word, "STLS")) // RFC 2595 section 4
		ask_tls(t, ev);
}

// RFC 4217 section 4.
static void ftp_command(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor word, rest;

	pal_text_split(ev->text, &word, &rest);
	if (pal_text_is(word, "AUTH") && (pal_text_is(rest, "TLS") || pal_text_is(rest, "TLS-C") ||
					  pal_text_is(rest, "SSL") || pal_text_is(rest, "TLS-P")))
		ask_tls(t, ev);
}

// RFC 9051 section 4.3: {n} or {n+} at the end of a line announces n bytes, after which it goes on.
static void skip_literal(struct pal_text_half *h, struct pal_cursor line)
{
	const uint8_t *p = line.end;
	struct pal_cursor number;
	uint64_t len;

	if (p - line.pos < 3 || *--p != '}')
		return;
	if (p[-1] == '+')
		p--;
	number.end = p;
	while (p > line.pos && is_digit(p[-1]))
		p--;
	number.pos = p;
	if (p > line.pos && p[-1] == '{' && take_number(&number, &len))
		h->skip = len;
}

// RFC 9051 section 6.2.1.
static void imap_command(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor tag, rest;

	pal_text_split(ev->text, &tag, &rest);
	if (pal_text_is(rest, "STARTTLS") && pal_cursor_left(&tag) != 0 &&
	    pal_cursor_left(&tag) <= PAL_TEXT_TAG_MAX) {
		t->tag_len = (uint8_t)pal_cursor_left(&tag);
		memcpy(t->tag, tag.pos, t->tag_len);
		ask_tls(t, ev);
	}
	skip_literal(&t->half[PAL_TEXT_CLIENT], ev->text);
}

// A line that is a dot ends it, one that begins with one has one more, RFC 5321 section 4.5.2.
static bool take_content(struct pal_text_event *ev)
{
	if (pal_cursor_left(&ev->text) == 1 && *ev->text.pos == '.') {
		ev->type = PAL_TEXT_DATA_END;
		return true;
	}
	ev->type = PAL_TEXT_DATA;
	if (pal_cursor_left(&ev->text) != 0 && *ev->text.pos == '.')
		ev->text.pos++;
	return false;
}

static void smtp_content(struct pal_text *t, struct pal_text_event *ev)
{
	t->mode = MODE_DATA;
	if (!take_content(ev))
		return;
	t->mode = MODE_COMMAND;
	t->nb_commands++; // the dot has a reply of its own
}

static int on_client(struct pal_text *t, struct pal_text_event *ev)
{
	// Who does not wait for the answer to DATA, or whose server is not seen, has begun.
	if (t->kind == PAL_TEXT_SMTP && t->mode != MODE_COMMAND) {
		smtp_content(t, ev);
		return 1;
	}
	if (t->is_resync)
		t->nb_replies = t->nb_commands;
	t->is_resync = false;
	t->nb_commands++;
	ev->type = t->wants_answer ? PAL_TEXT_ANSWER : PAL_TEXT_COMMAND;
	if (t->wants_answer)
		t->wants_answer = false;
	else if (t->kind == PAL_TEXT_SMTP)
		smtp_command(t, ev);
	else if (t->kind == PAL_TEXT_FTP)
		ftp_command(t, ev);
	else if (t->kind == PAL_TEXT_POP3)
		pop3_command(t, ev);
	else
		imap_command(t, ev);
	return 1;
}

/* the server */

// A reply is complete: which command is it of, and what does that mean?
static void on_reply(struct pal_text *t, struct pal_text_event *ev, bool agrees_tls)
{
	if (t->is_resync || t->nb_replies == t->nb_commands) // the greeting, or a farewell
		return;
	t->nb_replies++;
	if (t->nb_replies == t->tls_index) {
		ev->tls = agrees_tls ? PAL_TEXT_TLS_AGREED : PAL_TEXT_TLS_REFUSED;
		t->tls_index = 0;
	}
	if (t->nb_replies == t->data_index) {
		if (t->mode == MODE_DATA_ASKED)
			t->mode = ev->code == 354 ? MODE_DATA : MODE_COMMAND;
		t->data_index = 0;
	}
}

// RFC 5321 section 4.2, RFC 959 section 4.2: three digits, then a hyphen if more lines follow.
static int on_coded(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor text = ev->text;
	const uint8_t *p = pal_cursor_take(&text, 3);
	bool coded = p != NULL && is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]) &&
		     (pal_cursor_left(&text) == 0 || *text.pos == ' ' || *text.pos == '-');
	uint16_t code = coded ? (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0') : 0;
	bool goes_on = coded && pal_cursor_left(&text) != 0 && *text.pos == '-';

	ev->type = PAL_TEXT_REPLY;
	// FTP: in between is any text, RFC 959 section 4.2.
	if (t->multi_code != 0 && code != t->multi_code) {
		ev->code = t->multi_code;
		return 1;
	}
	if (!coded)
		return -EPROTO;
	ev->code = code;
	if (pal_cursor_left(&text) != 0)
		text.pos++;
	ev->text = text;
	ev->is_last = !goes_on;
	t->multi_code = goes_on ? code : 0;
	if (goes_on)
		return 1;
	t->wants_answer = t->kind == PAL_TEXT_SMTP && code == 334; // RFC 4954 section 4
	// 1yz is followed by another, RFC 959 section 4.2.1.
	if (t->kind != PAL_TEXT_FTP || code >= 200)
		on_reply(t, ev, t->kind == PAL_TEXT_FTP ? code == 234 : code == 220);
	return 1;
}

// RFC 1939 section 3.
static int on_pop3(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor word, rest;

	if (t->mode == MODE_DATA) {
		if (take_content(ev))
			t->mode = MODE_COMMAND;
		return 1;
	}
	pal_text_split(ev->text, &word, &rest);
	ev->type = PAL_TEXT_REPLY;
	ev->code = pal_text_is(word, "+OK")    ? 200
		   : pal_text_is(word, "-ERR") ? 500
		   : pal_text_is(word, "+")    ? 300
					       : 0;
	if (ev->code == 0)
		return -EPROTO;
	ev->text = rest;
	ev->is_last = true;
	t->wants_answer = ev->code == 300; // RFC 5034 section 4
	on_reply(t, ev, ev->code == 200);
	if (ev->code == 200 && t->nb_replies != 0 &&
	    (t->multi >> t->nb_replies % PAL_TEXT_AHEAD_MAX & 1))
		t->mode = MODE_DATA;
	t->multi &= ~(UINT64_C(1) << t->nb_replies % PAL_TEXT_AHEAD_MAX);
	return 1;
}

static int on_imap(struct pal_text *t, struct pal_text_event *ev)
{
	struct pal_cursor tag, rest, word;

	ev->type = PAL_TEXT_REPLY;
	ev->is_last = true;
	pal_text_split(ev->text, &tag, &rest);
	pal_text_split(rest, &word, &rest);
	if (t->tls_index != 0 && pal_cursor_left(&tag) == t->tag_len &&
	    memcmp(tag.pos, t->tag, t->tag_len) == 0) {
		ev->tls = pal_text_is(word, "OK") ? PAL_TEXT_TLS_AGREED : PAL_TEXT_TLS_REFUSED;
		t->tls_index = 0;
	}
	skip_literal(&t->half[PAL_TEXT_SERVER], ev->text);
	return 1;
}

static int on_server(struct pal_text *t, struct pal_text_event *ev)
{
	if (t->kind == PAL_TEXT_POP3)
		return on_pop3(t, ev);
	return t->kind == PAL_TEXT_IMAP ? on_imap(t, ev) : on_coded(t, ev);
}

int pal_text_next(
	struct pal_text *t,
	enum pal_text_side side,
	struct pal_cursor *cur,
	struct pal_text_event *ret_event
)
{
	struct pal_text_half *h = &t->half[side];

	for (;;) {
		struct pal_text_event ev = {0};
		size_t left = pal_cursor_left(cur);
		int rc;

		if (h->skip != 0) {
			size_t nb = h->skip < left ? (size_t)h->skip : left;

			pal_cursor_skip(cur, nb);
			h->skip -= nb;
		}
		rc = next_line(h, cur, &ev.text, &ev.is_cut);
		if (rc <= 0)
			return rc;
		if (h->is_lost) {
			h->is_lost = false;
			continue;
		}
		rc = side == PAL_TEXT_CLIENT ? on_client(t, &ev) : on_server(t, &ev);
		if (rc > 0)
			*ret_event = ev;
		return rc;
	}
}

void pal_text_gap(struct pal_text *t, enum pal_text_side side, uint64_t len)
{
	struct pal_text_half *h = &t->half[side];
	bool in_data = t->mode == MODE_DATA;

	if (h->skip >= len) {
		h->skip -= len;
		return;
	}
	*h = (struct pal_text_half){.bytes = h->bytes, .room = h->room, .is_lost = true};
	if (side == PAL_TEXT_SERVER)
		t->multi_code = 0;
	if (!in_data)
		t->is_resync = true;
}

void pal_text_fini(struct pal_text *t)
{
	for (int i = 0; i < 2; i++)
		free(t->half[i].bytes);
	*t = (struct pal_text){.kind = t->kind};
}
