/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `http` records, with the fields that the schemas of Suricata 7 and 8 share.
 */
#include "http_conn.h"

static void put_text(struct pal_json *j, const char *key, struct pal_cursor text)
{
	if (pal_cursor_left(&text) == 0)
		return;
	pal_json_key_str(j, key);
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

static const struct {
	uint8_t which;
	const char *key;
} texts[] = {
	{HTTP_URL, "url"},
	{HTTP_USER_AGENT, "http_user_agent"},
	{HTTP_XFF, "xff"},
	{HTTP_TRUE_CLIENT_IP, "true_client_ip"},
	{HTTP_ORG_SRC_IP, "org_src_ip"},
	{HTTP_BLUECOAT_VIA, "x_bluecoat_via"},
	{HTTP_REFERER, "http_refer"},
	{HTTP_METHOD, "http_method"},
	{HTTP_PROTOCOL, "protocol"},
	{HTTP_LOCATION, "redirect"},
};

// Without its parameters.
static struct pal_cursor media_type(struct pal_cursor text)
{
	const uint8_t *semicolon = memchr(text.pos, ';', pal_cursor_left(&text));

	if (semicolon != NULL)
		text.end = semicolon;
	while (text.end > text.pos && (text.end[-1] == ' ' || text.end[-1] == '\t'))
		text.end--;
	return text;
}

static bool take_number(struct pal_cursor *text, uint64_t *ret_value)
{
	const uint8_t *begin = text->pos;
	uint64_t value = 0;

	while (text->pos < text->end && *text->pos >= '0' && *text->pos <= '9' &&
	       text->pos - begin < 18)
		value = value * 10 + (uint64_t)(*text->pos++ - '0');
	*ret_value = value;
	return text->pos != begin;
}

static bool take_char(struct pal_cursor *text, char c)
{
	if (text->pos == text->end || *text->pos != (uint8_t)c)
		return false;
	text->pos++;
	return true;
}

// RFC 9110 section 14.4: "bytes 42-1233/1234"; `*` for what is not known.
static void put_content_range(struct pal_json *j, struct pal_cursor text)
{
	uint64_t start, end, size;

	if (pal_cursor_left(&text) == 0)
		return;
	pal_json_open(j, "content_range", '{');
	pal_json_strn(j, "raw", (const char *)text.pos, pal_cursor_left(&text));
	while (text.pos < text.end && *text.pos != ' ')
		text.pos++;
	while (take_char(&text, ' '))
		;
	if (take_number(&text, &start) && take_char(&text, '-') && take_number(&text, &end)) {
		pal_json_u64(j, "start", start);
		pal_json_u64(j, "end", end);
	} else {
		take_char(&text, '*');
	}
	if (take_char(&text, '/') && take_number(&text, &size))
		pal_json_u64(j, "size", size);
	pal_json_close(j, '}');
}

static void put_headers(struct pal_json *j, const char *key, const struct http_bytes *headers)
{
	struct pal_http_field field;
	struct pal_cursor rest;

	if (headers->len == 0)
		return;
	rest = pal_cursor_of(headers->bytes, headers->len);
	pal_json_key_str(j, key);
	pal_json_put_char(j, '[');
	while (http_header_next(&rest, &field)) {
		pal_json_open_obj(j);
		put_text(j, "name", field.name);
		put_text(j, "value", field.value);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

void http_put(struct pal_json *j, const struct http_tx *tx)
{
	pal_json_open(j, "http", '{');
	put_text(j, "hostname", http_tx_get(tx, HTTP_HOST));
	if (tx->port != 0)
		pal_json_u64(j, "http_port", tx->port);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put_text(j, texts[i].key, http_tx_get(tx, texts[i].which));
	put_text(j, "http_content_type", media_type(http_tx_get(tx, HTTP_CONTENT_TYPE)));
	put_content_range(j, http_tx_get(tx, HTTP_CONTENT_RANGE));
	if (tx->status != 0)
		pal_json_u64(j, "status", tx->status);
	pal_json_u64(j, "length", tx->body_len);
	put_headers(j, "request_headers", &tx->request_headers);
	put_headers(j, "response_headers", &tx->response_headers);
	pal_json_close(j, '}');
}

/* HTTP/2: fields as Suricata has them */

static void put_half(struct pal_json *j, const struct http_tx *tx, enum pal_dir dir)
{
	bool has_priority = tx->has_priority && dir == PAL_DIR_TO_SERVER;
	bool is_reset = tx->is_reset && tx->reset_dir == dir;
	const char *name = pal_http2_error_name(tx->reset_code);

	if (!has_priority && !(is_reset && name != NULL))
		return;
	pal_json_key_str(j, dir == PAL_DIR_TO_SERVER ? "request" : "response");
	pal_json_put_char(j, '{');
	if (is_reset && name != NULL)
		pal_json_str(j, "error_code", name);
	if (has_priority)
		pal_json_u64(j, "priority", tx->priority);
	pal_json_close(j, '}');
}

static void put_http2(struct pal_json *j, const struct http_tx *tx)
{
	pal_json_open(j, "http2", '{');
	pal_json_u64(j, "stream_id", tx->stream);
	put_half(j, tx, PAL_DIR_TO_SERVER);
	put_half(j, tx, PAL_DIR_TO_CLIENT);
	pal_json_close(j, '}');
}

void http2_put(struct pal_json *j, const struct http_tx *tx)
{
	static const uint8_t shown[] = {
		HTTP_URL, HTTP_USER_AGENT, HTTP_XFF, HTTP_REFERER, HTTP_METHOD, HTTP_LOCATION};

	pal_json_open(j, "http", '{');
	pal_json_str(j, "version", "2");
	put_text(j, "hostname", http_tx_get(tx, HTTP_HOST));
	if (tx->port != 0)
		pal_json_u64(j, "http_port", tx->port);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (memchr(shown, texts[i].which, sizeof(shown)) != NULL)
			put_text(j, texts[i].key, http_tx_get(tx, texts[i].which));
	put_text(j, "http_content_type", media_type(http_tx_get(tx, HTTP_CONTENT_TYPE)));
	if (tx->status != 0)
		pal_json_u64(j, "status", tx->status);
	pal_json_u64(j, "length", tx->body_len);
	put_headers(j, "request_headers", &tx->request_headers);
	put_headers(j, "response_headers", &tx->response_headers);
	put_http2(j, tx);
	pal_json_close(j, '}');
}

// RFC 9113 section 6.5.2, as Suricata calls them.
const char *http2_setting_name(uint16_t id)
{
	static const char *const names[] = {
		NULL,
		"SETTINGSHEADERTABLESIZE",
		"SETTINGSENABLEPUSH",
		"SETTINGSMAXCONCURRENTSTREAMS",
		"SETTINGSINITIALWINDOWSIZE",
		"SETTINGSMAXFRAMESIZE",
		"SETTINGSMAXHEADERLISTSIZE",
	};

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}

void http2_put_settings(struct pal_json *j, enum pal_dir dir, struct pal_cursor settings)
{
	uint32_t value;
	uint16_t id;

	pal_json_open(j, "http", '{');
	pal_json_str(j, "version", "2");
	pal_json_open(j, "http2", '{');
	pal_json_u64(j, "stream_id", 0);
	pal_json_key_str(j, dir == PAL_DIR_TO_SERVER ? "request" : "response");
	pal_json_put_char(j, '{');
	pal_json_open(j, "settings", '[');
	while (pal_http2_setting_next(&settings, &id, &value)) {
		if (http2_setting_name(id) == NULL)
			continue;
		pal_json_open_obj(j);
		pal_json_str(j, "settings_id", http2_setting_name(id));
		pal_json_u64(j, "settings_value", value);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	pal_json_close(j, '}');
	pal_json_close(j, '}');
	pal_json_close(j, '}');
}
