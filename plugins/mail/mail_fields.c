/* SPDX-License-Identifier: BSD-3-Clause */
#include "mail_fields.h"

#include <pal_text.h>

#include <stdlib.h>

#define HEAD_LEN 3

static bool make_room(struct mail_fields *f, size_t len)
{
	uint8_t *bytes;
	uint32_t want;

	if (f->len + len > MAIL_FIELDS_MAX)
		return false;
	if (f->len + len <= f->room)
		return true;
	want = (uint32_t)(f->len + len) * 2;
	bytes = realloc(f->bytes, want);
	if (bytes == NULL)
		return false;
	f->bytes = bytes;
	f->room = want;
	return true;
}

void mail_fields_add(struct mail_fields *f, enum mail_field which, struct pal_cursor text)
{
	size_t len = pal_cursor_left(&text);

	f->goes_on = false;
	if (which == MAIL_HEADER_OTHER || !make_room(f, HEAD_LEN + len))
		return;
	f->last = f->len;
	f->goes_on = true;
	f->bytes[f->len] = (uint8_t)which;
	f->bytes[f->len + 1] = (uint8_t)(len >> 8);
	f->bytes[f->len + 2] = (uint8_t)len;
	if (len != 0)
		memcpy(f->bytes + f->len + HEAD_LEN, text.pos, len);
	f->len += (uint32_t)(HEAD_LEN + len);
}

// RFC 5322 section 2.2.3: a line that begins with white space goes on with the field before it.
static void unfold(struct mail_fields *f, struct pal_cursor text)
{
	size_t len = pal_cursor_left(&text), all;

	if (!f->goes_on || !make_room(f, len))
		return;
	memcpy(f->bytes + f->len, text.pos, len);
	f->len += (uint32_t)len;
	all = f->len - f->last - HEAD_LEN;
	f->bytes[f->last + 1] = (uint8_t)(all >> 8);
	f->bytes[f->last + 2] = (uint8_t)all;
}

static enum mail_field field_of(struct pal_cursor name)
{
	static const struct {
		const char *name;
		enum mail_field which;
	} names[] = {
		{"FROM", MAIL_HEADER_FROM},
		{"TO", MAIL_HEADER_TO},
		{"CC", MAIL_HEADER_CC},
		{"SUBJECT", MAIL_HEADER_SUBJECT},
		{"DATE", MAIL_HEADER_DATE},
		{"MESSAGE-ID", MAIL_HEADER_MESSAGE_ID},
		{"X-MAILER", MAIL_HEADER_X_MAILER},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pal_text_is(name, names[i].name))
			return names[i].which;
	return MAIL_HEADER_OTHER;
}

static struct pal_cursor trim(struct pal_cursor text)
{
	while (text.pos < text.end && (*text.pos == ' ' || *text.pos == '\t'))
		text.pos++;
	while (text.pos < text.end && (text.end[-1] == ' ' || text.end[-1] == '\t'))
		text.end--;
	return text;
}

void mail_fields_line(struct mail_fields *f, struct pal_cursor line)
{
	const uint8_t *colon;
	struct pal_cursor name;

	f->has_content = true;
	if (f->is_body)
		return;
	if (pal_cursor_left(&line) == 0) {
		f->is_body = true;
		return;
	}
	if (*line.pos == ' ' || *line.pos == '\t') {
		unfold(f, line);
		return;
	}
	f->goes_on = false;
	colon = memchr(line.pos, ':', pal_cursor_left(&line));
	if (colon == NULL)
		return;
	name = (struct pal_cursor){line.pos, colon};
	line.pos = colon + 1;
	mail_fields_add(f, field_of(trim(name)), trim(line));
}

/* the record */

// The next field of a kind after *at; false: there is none.
static bool next_field(
	const struct mail_fields *f,
	enum mail_field which,
	uint32_t *at,
	struct pal_cursor *ret_text
)
{
	while (*at < f->len) {
		const uint8_t *head = f->bytes + *at;
		uint32_t len = pal_load_be16(head + 1);

		*at += HEAD_LEN + len;
		if (head[0] != which)
			continue;
		*ret_text = trim(pal_cursor_of(head + HEAD_LEN, len));
		return true;
	}
	return false;
}

static void put_text(struct pal_json *j, struct pal_cursor text)
{
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

static void
put_one(struct pal_json *j, const struct mail_fields *f, enum mail_field which, const char *key)
{
	struct pal_cursor text;
	uint32_t at = 0;

	if (!next_field(f, which, &at, &text))
		return;
	pal_json_key_str(j, key);
	put_text(j, text);
}

// An address of a list, up to a comma that is in no quotes, no comment and no angle brackets.
static struct pal_cursor take_address(struct pal_cursor *list)
{
	struct pal_cursor address = *list;
	bool quoted = false;
	int depth = 0;

	for (; list->pos < list->end; list->pos++) {
		uint8_t c = *list->pos;

		if (c == '"')
			quoted = !quoted;
		else if (c == '(' || c == '<')
			depth++;
		else if (c == ')' || c == '>')
			depth--;
		else if (c == ',' && !quoted && depth <= 0)
			break;
	}
	address.end = list->pos;
	if (list->pos < list->end)
		list->pos++;
	return trim(address);
}

// An array that would be empty is left out.
static void put_list(
	struct pal_json *j,
	const struct mail_fields *f,
	enum mail_field which,
	const char *key,
	bool is_header
)
{
	char *before = j->pos;
	struct pal_cursor text;
	bool any = false;

	pal_json_key_str(j, key);
	pal_json_put_char(j, '[');
	for (uint32_t at = 0; next_field(f, which, &at, &text);) {
		while (pal_cursor_left(&text) != 0) {
			struct pal_cursor address = is_header ? take_address(&text) : text;

			if (!is_header)
				text.pos = text.end;
			if (pal_cursor_left(&address) == 0)
				continue;
			pal_json_put_comma(j);
			put_text(j, address);
			any = true;
		}
	}
	if (any)
		pal_json_close(j, ']');
	else
		j->pos = before;
}

void mail_fields_put(struct pal_json *j, const struct mail_fields *f, struct pal_cursor helo)
{
	pal_json_open(j, "smtp", '{');
	if (pal_cursor_left(&helo) != 0)
		pal_json_strn(j, "helo", (const char *)helo.pos, pal_cursor_left(&helo));
	put_one(j, f, MAIL_FROM, "mail_from");
	put_list(j, f, MAIL_RCPT, "rcpt_to", false);
	pal_json_close(j, '}');
	if (!f->has_content)
		return;
	pal_json_open(j, "email", '{');
	put_one(j, f, MAIL_HEADER_FROM, "from");
	put_list(j, f, MAIL_HEADER_TO, "to", true);
	put_list(j, f, MAIL_HEADER_CC, "cc", true);
	put_one(j, f, MAIL_HEADER_SUBJECT, "subject");
	put_one(j, f, MAIL_HEADER_DATE, "date");
	put_one(j, f, MAIL_HEADER_MESSAGE_ID, "message_id");
	put_one(j, f, MAIL_HEADER_X_MAILER, "x_mailer");
	pal_json_close(j, '}');
}

void mail_fields_clear(struct mail_fields *f)
{
	free(f->bytes);
	*f = (struct mail_fields){0};
}
