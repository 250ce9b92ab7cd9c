/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Names, certificates and fingerprints under the keys of Suricata's schemas; the rest under keys of our own.
 */
#include "tls_record.h"

#include <stdio.h>

/** A longer text of a JA3 is left out: its hash is there. */
#define JA3_TEXT_MAX 8192
/** Names beyond so many bytes of a record are left out: there are certificates with thousands. */
#define NAMES_MAX (32 * 1024)
/** Of a server's name that is longer, the rest is left out: RFC 1035 section 2.3.4 allows 255 bytes. */
#define NAME_MAX_LEN 1024
/** Numbers of a list after so many are left out. */
#define LIST_MAX 1024

void tls_told_init(
	struct tls_told *told,
	const struct pal_tls_handshake *hs,
	enum pal_ja4_over over
)
{
	*told = (struct tls_told){.hs = hs, .over = over};
	told->has_client = pal_tls_handshake_client(hs, over == PAL_JA4_DTLS, &told->client);
	told->has_server = pal_tls_handshake_server(hs, &told->server);
}

static void put_version_value(struct pal_json *j, uint16_t version)
{
	const char *name = pal_tls_version_name(version);
	char text[24];

	// As Suricata prints drafts of TLS 1.3.
	if (name == NULL && version >> 8 == 0x7f)
		snprintf(text, sizeof(text), "TLS 1.3 draft-%02u", version & 0xff);
	else
		snprintf(text, sizeof(text), "0x%04x", version);
	if (name == NULL)
		name = text;
	pal_json_put_str(j, name, strlen(name));
}

static void put_cursor(struct pal_json *j, struct pal_cursor text)
{
	pal_cursor_limit(&text, NAME_MAX_LEN);
	pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
}

// An array or object that has nothing in it is left out.
static void close_unless_empty(struct pal_json *j, char *before, char brace)
{
	if (j->pos > j->start && (j->pos[-1] == '[' || j->pos[-1] == '{'))
		j->pos = before;
	else
		pal_json_close(j, brace);
}

static void put_alpns(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor list = pal_tls_alpn(hello), name;
	char *before = j->pos;

	if (hello->is_client)
		pal_json_open(j, "client_alpns", '[');
	else
		pal_json_open(j, "server_alpns", '[');
	while (pal_tls_alpn_next(&list, &name) && pal_json_len(j) < NAMES_MAX) {
		pal_json_put_comma(j);
		put_cursor(j, name);
	}
	close_unless_empty(j, before, ']');
}

/* certificates */

// The schemas know the years 1000 to 2999.
static bool is_date(const char *text)
{
	return text[0] == '1' || text[0] == '2';
}

static void put_san(void *arg, const char *name, size_t len)
{
	struct pal_json *j = arg;

	if (pal_json_len(j) + len > NAMES_MAX)
		return;
	pal_json_put_comma(j);
	pal_json_put_str(j, name, len);
}

static void put_sans(struct pal_json *j, const struct pal_tls_bytes *der)
{
	char *before = j->pos;

	pal_json_open(j, "subjectaltname", '[');
	pal_tls_cert_names(pal_tls_cursor(der), put_san, j);
	close_unless_empty(j, before, ']');
}

static void put_cert(struct pal_json *j, struct tls_format *format, const struct pal_tls_bytes *der)
{
	struct pal_tls_cert *cert = &format->cert;

	if (der->len == 0 || !pal_tls_cert_read(format->crypto, pal_tls_cursor(der), cert))
		return;
	pal_json_str(j, "subject", cert->subject);
	pal_json_str(j, "issuerdn", cert->issuer);
	pal_json_str(j, "serial", cert->serial);
	pal_json_str(j, "fingerprint", cert->fingerprint);
	if (is_date(cert->not_before))
		pal_json_str(j, "notbefore", cert->not_before);
	if (is_date(cert->not_after))
		pal_json_str(j, "notafter", cert->not_after);
	if (format->suricata_8)
		put_sans(j, der);
}

/* fingerprints */

static void put_ja3_body(struct pal_json *j, const struct pal_ja3 *ja3)
{
	pal_json_str(j, "hash", ja3->hash);
	if (ja3->len <= JA3_TEXT_MAX)
		pal_json_strn(j, "string", ja3->text, ja3->len);
	pal_json_close(j, '}');
}

static void put_ja(struct pal_json *j, struct tls_format *format, const struct tls_told *told)
{
	char ja4[PAL_JA4_LEN + 1];
	struct pal_ja3 ja3;

	// In the form of SSL 2 a hello has no JA3.
	if (told->has_client && !told->client.is_v2) {
		if (pal_ja3(format->ja, &told->client, &ja3)) {
			pal_json_open(j, "ja3", '{');
			put_ja3_body(j, &ja3);
		}
		if (pal_ja4(format->ja, &told->client, told->over, ja4))
			pal_json_str(j, "ja4", ja4);
	}
	if (told->has_server && pal_ja3(format->ja, &told->server, &ja3)) {
		pal_json_open(j, "ja3s", '{');
		put_ja3_body(j, &ja3);
	}
}

/* handshakes of Suricata 8 */

static void put_cipher_ids(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor ciphers = hello->ciphers;
	char *before = j->pos;
	uint16_t v;

	pal_json_open(j, "ciphers", '[');
	for (int i = 0; i < LIST_MAX && pal_tls_cipher_next(hello, &ciphers, &v); i++)
		pal_json_elem_u64(j, v);
	close_unless_empty(j, before, ']');
}

static void put_extension_ids(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor exts = hello->extensions, data;
	char *before = j->pos;
	uint16_t type;

	pal_json_open(j, "exts", '[');
	for (int i = 0; i < LIST_MAX && pal_tls_ext_next(&exts, &type, &data); i++)
		pal_json_elem_u64(j, type);
	close_unless_empty(j, before, ']');
}

static void put_algorithm_ids(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor list = pal_tls_ext_list(hello, PAL_TLS_EXT_SIGNATURES);
	char *before = j->pos;
	uint16_t v;

	pal_json_open(j, "sig_algs", '[');
	for (int i = 0; i < LIST_MAX && pal_cursor_be16(&list, &v); i++)
		pal_json_elem_u64(j, v);
	close_unless_empty(j, before, ']');
}

static void put_handshakes(struct pal_json *j, const struct tls_told *told)
{
	if (told->has_client) {
		pal_json_open(j, "client_handshake", '{');
		pal_json_put_key(j, PAL_JSON_KEY("version"));
		put_version_value(j, pal_tls_hello_version(&told->client));
		put_cipher_ids(j, &told->client);
		put_extension_ids(j, &told->client);
		put_algorithm_ids(j, &told->client);
		pal_json_close(j, '}');
	}
	if (told->has_server) {
		pal_json_open(j, "server_handshake", '{');
		pal_json_put_key(j, PAL_JSON_KEY("version"));
		put_version_value(j, told->hs->version);
		pal_json_u64(j, "cipher", told->server.cipher);
		put_extension_ids(j, &told->server);
		pal_json_close(j, '}');
	}
}

static void put_sni(struct pal_json *j, const struct tls_told *told)
{
	struct pal_cursor name;

	if (!told->has_client || !pal_tls_sni(&told->client, &name))
		return;
	pal_json_put_key(j, PAL_JSON_KEY("sni"));
	put_cursor(j, name);
}

static void put_body(struct pal_json *j, struct tls_format *format, const struct tls_told *told)
{
	const struct pal_tls_handshake *hs = told->hs;
	char *before;

	put_cert(j, format, &hs->server_cert);
	if (hs->is_resumed)
		pal_json_bool(j, "session_resumed", true);
	put_sni(j, told);
	pal_json_put_key(j, PAL_JSON_KEY("version"));
	if (hs->version != 0)
		put_version_value(j, hs->version);
	else
		pal_json_put_str(j, "UNDETERMINED", strlen("UNDETERMINED"));
	put_ja(j, format, told);
	before = j->pos;
	pal_json_open(j, "client", '{');
	put_cert(j, format, &hs->client_cert);
	close_unless_empty(j, before, '}');
}

void tls_put(struct pal_json *j, struct tls_format *format, const struct tls_told *told)
{
	pal_json_open(j, "tls", '{');
	put_body(j, format, told);
	if (format->suricata_8) {
		if (told->has_client)
			put_alpns(j, &told->client);
		if (told->has_server)
			put_alpns(j, &told->server);
		put_handshakes(j, told);
	}
	pal_json_close(j, '}');
}

/* pal_tls */

static void put_versions(struct pal_json *j, const struct pal_tls_hello *hello)
{
	struct pal_cursor versions = pal_tls_versions(hello);
	char *before = j->pos;
	uint16_t v;

	pal_json_open(j, "client_versions", '[');
	while (pal_cursor_be16(&versions, &v)) {
		if (pal_tls_is_grease(v))
			continue;
		pal_json_put_comma(j);
		put_version_value(j, v);
	}
	close_unless_empty(j, before, ']');
}

static void put_client(struct pal_json *j, const struct tls_told *told)
{
	if (told->hs->record_version != 0) {
		pal_json_put_key(j, PAL_JSON_KEY("record_version"));
		put_version_value(j, told->hs->record_version);
	}
	pal_json_put_key(j, PAL_JSON_KEY("client_version"));
	put_version_value(j, told->client.version);
	put_versions(j, &told->client);
	put_alpns(j, &told->client);
}

static void put_cipher(struct pal_json *j, const struct tls_told *told)
{
	const char *name = pal_tls_cipher_name(told->server.cipher);

	pal_json_u64(j, "cipher", told->server.cipher);
	if (name != NULL)
		pal_json_str(j, "cipher_name", name);
	put_alpns(j, &told->server);
}

static void put_alerts(struct pal_json *j, const struct pal_tls_handshake *hs)
{
	char *before = j->pos;

	pal_json_open(j, "alerts", '[');
	for (unsigned int i = 0; i < hs->nb_alerts; i++) {
		const struct pal_tls_alert *alert = &hs->alerts[i];
		const char *name = pal_tls_alert_name(alert->description);

		pal_json_open_obj(j);
		if (hs->has_client)
			pal_json_str(j, "from", alert->side == hs->client ? "client" : "server");
		pal_json_str(j, "level", alert->level == 2 ? "fatal" : "warning");
		pal_json_u64(j, "code", alert->description);
		if (name != NULL)
			pal_json_str(j, "description", name);
		pal_json_close(j, '}');
	}
	close_unless_empty(j, before, ']');
}

void tls_put_details(struct pal_json *j, struct tls_format *format, const struct tls_told *told)
{
	const struct pal_tls_handshake *hs = told->hs;

	pal_json_open(j, "pal", '{');
	// DTLS has no record of Suricata's.
	if (told->over == PAL_JA4_DTLS)
		put_body(j, format, told);
	if (told->has_client)
		put_client(j, told);
	if (hs->has_retry)
		pal_json_bool(j, "retry", true);
	if (told->has_server)
		put_cipher(j, told);
	if (hs->server_cert.len != 0)
		put_sans(j, &hs->server_cert);
	put_alerts(j, hs);
	pal_json_close(j, '}');
}
