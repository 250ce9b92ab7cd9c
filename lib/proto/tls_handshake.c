/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What is kept of a handshake. Messages stay as they came, and are taken apart once, when a record is written.
 */
#include "pal_tls.h"
#include "pal_tls_cert.h"

// Without memory it is as if it had not been seen.
static void keep(struct pal_tls_bytes *bytes, struct pal_cursor from)
{
	bytes->len = 0;
	if (!pal_tls_bytes_add(bytes, from.pos, pal_cursor_left(&from)))
		pal_tls_bytes_free(bytes);
}

static enum pal_tls_take take_client_hello(
	struct pal_tls_handshake *hs,
	unsigned int side,
	struct pal_cursor body,
	bool is_dtls
)
{
	struct pal_tls_hello hello;

	if (!pal_tls_client_hello(body, is_dtls, &hello) || (hs->has_client && hs->client != side))
		return PAL_TLS_BAD;
	hs->client = (uint8_t)side;
	hs->has_client = true;
	// The first one is told: after a retry another one follows, of the same client.
	if (hs->client_hello.len == 0)
		keep(&hs->client_hello, body);
	return hello.is_malformed ? PAL_TLS_BAD : PAL_TLS_TAKEN;
}

// RFC 8446 section 2.2; of older versions an abbreviated handshake shows it, RFC 5246 section 7.3.
static bool is_resumed(const struct pal_tls_hello *hello, uint16_t version)
{
	struct pal_cursor data;

	return (version == PAL_TLS_1_3 || version == PAL_DTLS_1_3 || version >> 8 == 0x7f) &&
	       pal_tls_ext_find(hello, PAL_TLS_EXT_PRE_SHARED_KEY, &data);
}

static enum pal_tls_take
take_server_hello(struct pal_tls_handshake *hs, unsigned int side, struct pal_cursor body)
{
	struct pal_tls_hello hello;

	if (!pal_tls_server_hello(body, &hello) || (hs->has_client && hs->client == side))
		return PAL_TLS_BAD;
	hs->client = !side;
	hs->has_client = true;
	if (hello.is_retry)
		hs->has_retry = true;
	hs->version = pal_tls_hello_version(&hello);
	hs->is_resumed = is_resumed(&hello, hs->version);
	keep(&hs->server_hello, body);
	return hello.is_malformed ? PAL_TLS_BAD : PAL_TLS_TAKEN;
}

static bool take_length(struct pal_cursor *cur, size_t *ret_len)
{
	const uint8_t *p = pal_cursor_take(cur, 3);

	if (p == NULL)
		return false;
	*ret_len = (size_t)p[0] << 16 | (size_t)pal_load_be16(p + 1);
	return true;
}

// RFC 5246 section 7.4.2. A client that has none sends an empty list.
static enum pal_tls_take
take_certificate(struct pal_tls_handshake *hs, unsigned int side, struct pal_cursor body)
{
	struct pal_tls_bytes *cert;
	size_t all, len;
	const uint8_t *der;

	if (!take_length(&body, &all) || all > pal_cursor_left(&body))
		return PAL_TLS_BAD;
	pal_cursor_limit(&body, all);
	if (all == 0)
		return PAL_TLS_TAKEN;
	if (!take_length(&body, &len))
		return PAL_TLS_BAD;
	der = pal_cursor_take(&body, len);
	if (der == NULL)
		return PAL_TLS_BAD;
	cert = hs->has_client && hs->client == side ? &hs->client_cert : &hs->server_cert;
	if (len <= PAL_TLS_CERT_MAX)
		keep(cert, pal_cursor_of(der, len));
	return PAL_TLS_TAKEN;
}

enum pal_tls_take pal_tls_handshake_take(
	struct pal_tls_handshake *hs,
	unsigned int side,
	uint8_t type,
	struct pal_cursor body,
	bool is_dtls
)
{
	switch (type) {
	case PAL_TLS_MSG_CLIENT_HELLO:
		return take_client_hello(hs, side, body, is_dtls);
	case PAL_TLS_MSG_SERVER_HELLO:
		return take_server_hello(hs, side, body);
	case PAL_TLS_MSG_CERTIFICATE:
		return take_certificate(hs, side, body);
	case PAL_TLS_MSG_SERVER_DONE:
		hs->has_done = true;
		return PAL_TLS_TAKEN;
	default:
		return PAL_TLS_TAKEN;
	}
}

bool pal_tls_handshake_server(const struct pal_tls_handshake *hs, struct pal_tls_hello *ret_hello)
{
	return hs->server_hello.len != 0 &&
	       pal_tls_server_hello(pal_tls_cursor(&hs->server_hello), ret_hello);
}

bool pal_tls_handshake_client(
	const struct pal_tls_handshake *hs,
	bool is_dtls,
	struct pal_tls_hello *ret_hello
)
{
	struct pal_cursor body = pal_tls_cursor(&hs->client_hello);

	if (hs->client_hello.len == 0)
		return false;
	return hs->is_v2 ? pal_tls_client_hello_v2(body, ret_hello)
			 : pal_tls_client_hello(body, is_dtls, ret_hello);
}

bool pal_tls_handshake_is_1_3(const struct pal_tls_handshake *hs)
{
	struct pal_tls_hello hello;

	if (hs->version != PAL_TLS_1_3 && hs->version != PAL_DTLS_1_3 && hs->version >> 8 != 0x7f)
		return false;
	return hs->client_hello.len != 0 && pal_tls_handshake_server(hs, &hello) && !hello.is_retry;
}

bool pal_tls_handshake_is_any(const struct pal_tls_handshake *hs)
{
	return hs->client_hello.len != 0 || hs->server_hello.len != 0 || hs->server_cert.len != 0 ||
	       hs->client_cert.len != 0 || hs->nb_alerts != 0;
}

void pal_tls_handshake_free(struct pal_tls_handshake *hs)
{
	pal_tls_bytes_free(&hs->client_hello);
	pal_tls_bytes_free(&hs->server_hello);
	pal_tls_bytes_free(&hs->server_cert);
	pal_tls_bytes_free(&hs->client_cert);
}
