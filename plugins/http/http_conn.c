/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_conn.h"

#include <stdlib.h>

struct http_tx *http_tx_add(struct http_conn *conn)
{
	struct http_tx *tx = calloc(1, sizeof(*tx));

	if (tx == NULL)
		return NULL;
	tx->id = conn->next_id++;
	if (conn->last != NULL)
		conn->last->next = tx;
	else
		conn->first = tx;
	conn->last = tx;
	conn->nb_tx++;
	return tx;
}

void http_tx_del(struct http_conn *conn, struct http_tx *tx)
{
	struct http_tx *before = NULL;

	for (struct http_tx *at = conn->first; at != tx; at = at->next)
		before = at;
	if (before != NULL)
		before->next = tx->next;
	else
		conn->first = tx->next;
	if (conn->last == tx)
		conn->last = before;
	conn->nb_tx--;
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		if (conn->reading[dir] == tx)
			conn->reading[dir] = NULL;
	free(tx->request_headers.bytes);
	free(tx->response_headers.bytes);
	free(tx->text.bytes);
	free(tx);
}

/* text */

// Room for more: it is for what has come.
static bool reserve(struct http_tx *tx, struct http_bytes *to, size_t len)
{
	uint8_t *bytes;
	size_t room;

	if (tx->nb_kept + len > HTTP_TEXT_MAX)
		return false;
	if (to->len + len <= to->room)
		return true;
	room = (to->len + len) * 2;
	bytes = realloc(to->bytes, room);
	if (bytes == NULL)
		return false;
	to->bytes = bytes;
	to->room = (uint32_t)room;
	return true;
}

static void append(struct http_tx *tx, struct http_bytes *to, const void *bytes, size_t len)
{
	memcpy(to->bytes + to->len, bytes, len);
	to->len += (uint32_t)len;
	tx->nb_kept += (uint32_t)len;
}

void http_tx_text(struct http_tx *tx, enum http_text which, struct pal_cursor text)
{
	size_t len = pal_cursor_left(&text);

	if (tx->texts[which].len != 0 || len == 0 || !reserve(tx, &tx->text, len))
		return;
	tx->texts[which].at = tx->text.len;
	tx->texts[which].len = (uint32_t)len;
	append(tx, &tx->text, text.pos, len);
}

struct pal_cursor http_tx_get(const struct http_tx *tx, enum http_text which)
{
	if (tx->texts[which].len == 0)
		return pal_cursor_of("", 0);
	return pal_cursor_of(tx->text.bytes + tx->texts[which].at, tx->texts[which].len);
}

// RFC 3986 section 3.2.3. The colons of an address in brackets are none of a port.
static uint16_t take_port(struct pal_cursor *host)
{
	const uint8_t *p = host->end;
	unsigned int port = 0, scale = 1;

	while (p > host->pos && p[-1] >= '0' && p[-1] <= '9' && host->end - p < 5) {
		port += (unsigned int)(*--p - '0') * scale;
		scale *= 10;
	}
	if (p == host->end || p == host->pos || p[-1] != ':' || port == 0 || port > UINT16_MAX)
		return 0;
	host->end = p - 1;
	return (uint16_t)port;
}

// As Suricata has it: in lower case (RFC 3986 section 3.2.2), without the port.
void http_tx_host(struct http_tx *tx, struct pal_cursor host)
{
	uint8_t *text;

	if (tx->texts[HTTP_HOST].len != 0)
		return;
	tx->port = take_port(&host);
	http_tx_text(tx, HTTP_HOST, host);
	if (tx->texts[HTTP_HOST].len == 0)
		return;
	text = tx->text.bytes + tx->texts[HTTP_HOST].at;
	for (uint32_t i = 0; i < tx->texts[HTTP_HOST].len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] |= 0x20;
}

static const struct {
	const char *name;
	uint8_t kind, which;
} fields[] = {
	{"user-agent", PAL_HTTP_REQUEST, HTTP_USER_AGENT},
	{"referer", PAL_HTTP_REQUEST, HTTP_REFERER},
	{"x-forwarded-for", PAL_HTTP_REQUEST, HTTP_XFF},
	{"true-client-ip", PAL_HTTP_REQUEST, HTTP_TRUE_CLIENT_IP},
	{"org-src-ip", PAL_HTTP_REQUEST, HTTP_ORG_SRC_IP},
	{"x-bluecoat-via", PAL_HTTP_REQUEST, HTTP_BLUECOAT_VIA},
	{"content-type", PAL_HTTP_RESPONSE, HTTP_CONTENT_TYPE},
	{"location", PAL_HTTP_RESPONSE, HTTP_LOCATION},
	{"content-range", PAL_HTTP_RESPONSE, HTTP_CONTENT_RANGE},
};

void http_tx_field(struct http_tx *tx, enum pal_http_kind kind, const struct pal_http_field *field)
{
	if (kind == PAL_HTTP_REQUEST && pal_http_is(&field->name, "host"))
		http_tx_host(tx, field->value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].kind == kind && pal_http_is(&field->name, fields[i].name))
			http_tx_text(tx, fields[i].which, field->value);
}

/* all headers: length of the name, of the value, two bytes each; name; value */

void http_tx_header(struct http_tx *tx, enum pal_http_kind kind, const struct pal_http_field *field)
{
	struct http_bytes *to =
		kind == PAL_HTTP_REQUEST ? &tx->request_headers : &tx->response_headers;
	size_t name_len = pal_cursor_left(&field->name);
	size_t value_len = pal_cursor_left(&field->value);
	const uint16_t lens[2] = {(uint16_t)name_len, (uint16_t)value_len};

	if (!reserve(tx, to, sizeof(lens) + name_len + value_len))
		return;
	append(tx, to, lens, sizeof(lens));
	append(tx, to, field->name.pos, name_len);
	append(tx, to, field->value.pos, value_len);
}

bool http_header_next(struct pal_cursor *headers, struct pal_http_field *ret_field)
{
	const uint8_t *lens = pal_cursor_take(headers, 4), *name, *value;
	uint16_t name_len, value_len;

	if (lens == NULL)
		return false;
	name_len = pal_load_le16(lens);
	value_len = pal_load_le16(lens + 2);
	name = pal_cursor_take(headers, name_len);
	value = pal_cursor_take(headers, value_len);
	if (name == NULL || value == NULL)
		return false;
	ret_field->name = pal_cursor_of(name, name_len);
	ret_field->value = pal_cursor_of(value, value_len);
	return true;
}
