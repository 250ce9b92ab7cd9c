/* SPDX-License-Identifier: BSD-3-Clause */
#include "quic_record.h"

#include <stdio.h>

/** A longer text of a JA3 is left out: its hash is there. */
#define JA3_TEXT_MAX 8192
/** Of a name that is longer, the rest is left out: RFC 1035 section 2.3.4 allows 255 bytes. */
#define NAME_MAX_LEN 1024
/** What comes beyond so many bytes of a record is left out. */
#define LISTS_MAX (32 * 1024)

static void put_cursor(struct pal_json *j, struct pal_cursor text)
{
	pal_cursor_limit(&text, NAME_MAX_LEN);
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

// An array that has nothing in it is left out.
static void close_array(struct pal_json *j, char *before)
{
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before;
	else
		pal_json_close(j, ']');
}

static void put_alpn_list(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor list = pal_tls_alpn(hello), name;

	while (pal_tls_alpn_next(&list, &name) && pal_json_len(j) < LISTS_MAX) {
		pal_json_put_comma(j);
		put_cursor(j, name);
	}
}

static void put_ja3_body(struct pal_json *j, const struct pal_ja3 *ja3)
{
	pal_json_str(j, "hash", ja3->hash);
	if (ja3->len <= JA3_TEXT_MAX)
		pal_json_strn(j, "string", ja3->text, ja3->len);
	pal_json_close(j, '}');
}

static void put_extension(struct pal_json *j, const struct pal_tls_hello *hello, uint16_t type)
{
	const char *name = pal_tls_extension_name(type);
	struct pal_cursor sni;
	char *before;

	pal_json_open_obj(j);
	if (name != NULL)
		pal_json_str(j, "name", name);
	pal_json_u64(j, "type", type);
	before = j->pos;
	pal_json_open(j, "values", '[');
	if (type == PAL_TLS_EXT_SNI && pal_tls_sni(hello, &sni))
		put_cursor(j, sni);
	if (type == PAL_TLS_EXT_ALPN)
		put_alpn_list(j, hello);
	close_array(j, before);
	pal_json_close(j, '}');
}

static void put_extensions(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor exts = hello->extensions, data;
	char *before = j->pos;
	uint16_t type;

	pal_json_open(j, "extensions", '[');
	while (pal_tls_ext_next(&exts, &type, &data) && pal_json_len(j) < LISTS_MAX)
		put_extension(j, hello, type);
	close_array(j, before);
}

static void put_client(struct pal_json *j, struct pal_ja *ja, const struct pal_tls_hello *hello)
{
	char ja4[PAL_JA4_LEN + 1];
	struct pal_cursor text;
	struct pal_ja3 ja3;

	if (pal_tls_sni(hello, &text)) {
		pal_json_put_key(j, PAL_JSON_KEY("sni"));
		put_cursor(j, text);
	}
	if (pal_quic_user_agent(hello, &text)) {
		pal_json_put_key(j, PAL_JSON_KEY("ua"));
		put_cursor(j, text);
	}
	if (pal_ja3(ja, hello, &ja3)) {
		pal_json_open(j, "ja3", '{');
		put_ja3_body(j, &ja3);
	}
	if (pal_ja4(ja, hello, PAL_JA4_QUIC, ja4))
		pal_json_str(j, "ja4", ja4);
}

void quic_put(struct pal_json *j, struct pal_ja *ja, const struct pal_quic *quic)
{
	struct pal_tls_hello client, server;
	struct pal_ja3 ja3;
	char text[16];

	pal_json_open(j, "quic", '{');
	snprintf(text, sizeof(text), "%x", quic->version);
	pal_json_str(j, "version", text);
	if (pal_tls_handshake_client(&quic->hs, false, &client)) {
		put_client(j, ja, &client);
		put_extensions(j, &client);
	}
	if (pal_tls_handshake_server(&quic->hs, &server) && pal_ja3(ja, &server, &ja3)) {
		pal_json_open(j, "ja3s", '{');
		put_ja3_body(j, &ja3);
	}
	pal_json_close(j, '}');
}

static void put_client_details(struct pal_json *j, const struct pal_tls_hello *hello)
{
	char *before = j->pos;

	pal_json_open(j, "client_alpns", '[');
	put_alpn_list(j, hello);
	close_array(j, before);
}

static void put_server_details(struct pal_json *j, const struct pal_tls_hello *hello)
{
	const char *name = pal_tls_version_name(pal_tls_hello_version(hello));

	if (name != NULL)
		pal_json_str(j, "tls_version", name);
	pal_json_u64(j, "cipher", hello->cipher);
	name = pal_tls_cipher_name(hello->cipher);
	if (name != NULL)
		pal_json_str(j, "cipher_name", name);
}

void quic_put_details(struct pal_json *j, const struct pal_quic *quic)
{
	struct pal_tls_hello hello;

	pal_json_open(j, "pal", '{');
	if (pal_tls_handshake_client(&quic->hs, false, &hello))
		put_client_details(j, &hello);
	if (pal_tls_handshake_server(&quic->hs, &hello))
		put_server_details(j, &hello);
	pal_json_bool(j, "session_resumed", quic->hs.is_resumed);
	pal_json_bool(j, "retry", quic->has_retry);
	pal_json_bool(j, "version_negotiation", quic->has_versions);
	pal_json_close(j, '}');
}
