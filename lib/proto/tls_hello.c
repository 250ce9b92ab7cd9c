/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_tls_hello.h"

#define RANDOM_LEN 32

// A vector with a length before it: RFC 8446 section 3.4.
static bool take_vector(struct pal_cursor *cur, unsigned int len_bytes, struct pal_cursor *ret_vec)
{
	const uint8_t *data;
	uint16_t len = 0;
	uint8_t len8;

	if (len_bytes == 1) {
		if (!pal_cursor_u8(cur, &len8))
			return false;
		len = len8;
	} else if (!pal_cursor_be16(cur, &len)) {
		return false;
	}
	data = pal_cursor_take(cur, len);
	if (data == NULL)
		return false;
	*ret_vec = pal_cursor_of(data, len);
	return true;
}

// They are the rest of a hello, and need not be there: RFC 5246 section 7.4.1.2. Damaged ones are read as far as it goes.
static void take_extensions(struct pal_cursor *cur, struct pal_tls_hello *hello)
{
	struct pal_cursor exts = {cur->pos, cur->pos}, data;
	uint16_t type;

	hello->extensions = exts;
	if (pal_cursor_left(cur) == 0)
		return;
	if (!take_vector(cur, 2, &exts)) {
		hello->is_malformed = true;
		return;
	}
	hello->extensions = exts;
	while (pal_tls_ext_next(&exts, &type, &data))
		;
	hello->is_malformed = pal_cursor_left(&exts) != 0;
}

bool pal_tls_client_hello(struct pal_cursor body, bool is_dtls, struct pal_tls_hello *ret_hello)
{
	struct pal_tls_hello hello = {.is_client = true};
	struct pal_cursor cookie, compressions;

	if (!pal_cursor_be16(&body, &hello.version) || !pal_cursor_skip(&body, RANDOM_LEN) ||
	    !take_vector(&body, 1, &hello.session_id) ||
	    (is_dtls && !take_vector(&body, 1, &cookie)) ||
	    !take_vector(&body, 2, &hello.ciphers) || pal_cursor_left(&hello.ciphers) % 2 != 0 ||
	    !take_vector(&body, 1, &compressions))
		return false;
	take_extensions(&body, &hello);
	*ret_hello = hello;
	return true;
}

bool pal_tls_server_hello(struct pal_cursor body, struct pal_tls_hello *ret_hello)
{
	// RFC 8446 section 4.1.3: the SHA-256 of "HelloRetryRequest".
	static const uint8_t retry[RANDOM_LEN] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
		0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	struct pal_tls_hello hello = {0};
	const uint8_t *random;

	if (!pal_cursor_be16(&body, &hello.version))
		return false;
	random = pal_cursor_take(&body, RANDOM_LEN);
	if (random == NULL)
		return false;
	hello.is_retry = memcmp(random, retry, RANDOM_LEN) == 0;
	hello.session_id = hello.ciphers = (struct pal_cursor){body.pos, body.pos};
	// Drafts of TLS 1.3 before the 22nd had neither a session nor a compression method.
	if (hello.version >> 8 == 0x7f) {
		if (!pal_cursor_be16(&body, &hello.cipher))
			return false;
	} else if (!take_vector(&body, 1, &hello.session_id) || !pal_cursor_be16(&body, &hello.cipher) || !pal_cursor_skip(&body, 1)) {
		return false;
	}
	take_extensions(&body, &hello);
	*ret_hello = hello;
	return true;
}

bool pal_tls_client_hello_v2(struct pal_cursor body, struct pal_tls_hello *ret_hello)
{
	struct pal_tls_hello hello = {.is_client = true, .is_v2 = true};
	uint16_t ciphers_len, session_len, challenge_len;
	const uint8_t *ciphers, *session;

	if (!pal_cursor_skip(&body, 1) || !pal_cursor_be16(&body, &hello.version) ||
	    !pal_cursor_be16(&body, &ciphers_len) || !pal_cursor_be16(&body, &session_len) ||
	    !pal_cursor_be16(&body, &challenge_len) || ciphers_len % 3 != 0)
		return false;
	ciphers = pal_cursor_take(&body, ciphers_len);
	session = ciphers == NULL ? NULL : pal_cursor_take(&body, session_len);
	if (session == NULL || !pal_cursor_skip(&body, challenge_len))
		return false;
	hello.ciphers = pal_cursor_of(ciphers, ciphers_len);
	hello.session_id = pal_cursor_of(session, session_len);
	hello.extensions = (struct pal_cursor){body.pos, body.pos};
	*ret_hello = hello;
	return true;
}

/* extensions */

bool pal_tls_ext_next(struct pal_cursor *exts, uint16_t *ret_type, struct pal_cursor *ret_data)
{
	struct pal_cursor at = *exts;

	if (!pal_cursor_be16(&at, ret_type) || !take_vector(&at, 2, ret_data))
		return false;
	*exts = at;
	return true;
}

bool pal_tls_ext_find(const struct pal_tls_hello *hello, uint16_t type, struct pal_cursor *ret_data)
{
	struct pal_cursor exts = hello->extensions, data;
	uint16_t t;

	while (pal_tls_ext_next(&exts, &t, &data)) {
		if (t == type) {
			*ret_data = data;
			return true;
		}
	}
	return false;
}

bool pal_tls_cipher_next(
	const struct pal_tls_hello *hello,
	struct pal_cursor *ciphers,
	uint16_t *ret_cipher
)
{
	uint8_t first;

	// RFC 5246 appendix E.2: those of SSL 2 itself do not begin with zero, and are not told.
	while (hello->is_v2) {
		if (!pal_cursor_u8(ciphers, &first) || !pal_cursor_be16(ciphers, ret_cipher))
			return false;
		if (first == 0)
			return true;
	}
	return pal_cursor_be16(ciphers, ret_cipher);
}

static struct pal_cursor vector_of(const struct pal_tls_hello *hello, uint16_t type, unsigned int n)
{
	const struct pal_cursor none = {hello->extensions.end, hello->extensions.end};
	struct pal_cursor data, list;

	if (!pal_tls_ext_find(hello, type, &data) || !take_vector(&data, n, &list))
		return none;
	return list;
}

struct pal_cursor pal_tls_ext_list(const struct pal_tls_hello *hello, uint16_t type)
{
	return vector_of(hello, type, type == PAL_TLS_EXT_POINT_FORMATS ? 1 : 2);
}

// RFC 8446 section 4.2.1: a list from the client, one number from the server.
struct pal_cursor pal_tls_versions(const struct pal_tls_hello *hello)
{
	struct pal_cursor data = {hello->extensions.end, hello->extensions.end};

	if (hello->is_client)
		return vector_of(hello, PAL_TLS_EXT_VERSIONS, 1);
	pal_tls_ext_find(hello, PAL_TLS_EXT_VERSIONS, &data);
	return data;
}

// RFC 7301 section 3.1.
struct pal_cursor pal_tls_alpn(const struct pal_tls_hello *hello)
{
	return vector_of(hello, PAL_TLS_EXT_ALPN, 2);
}

bool pal_tls_alpn_next(struct pal_cursor *list, struct pal_cursor *ret_name)
{
	return take_vector(list, 1, ret_name);
}

bool pal_tls_sni(const struct pal_tls_hello *hello, struct pal_cursor *ret_name)
{
	struct pal_cursor list = vector_of(hello, PAL_TLS_EXT_SNI, 2), name;
	uint8_t type;

	while (pal_cursor_u8(&list, &type) && take_vector(&list, 2, &name)) {
		if (type == 0) {
			*ret_name = name;
			return true;
		}
	}
	return false;
}

// DTLS counts downwards: RFC 6347 section 4.1.
static bool is_newer(uint16_t a, uint16_t b)
{
	return a >> 8 == 0xfe ? b >> 8 != 0xfe || a < b : a > b;
}

// Of a draft of TLS 1.3 the high byte is 0x7f: above all others, as it should be.
uint16_t pal_tls_hello_version(const struct pal_tls_hello *hello)
{
	struct pal_cursor versions = pal_tls_versions(hello);
	uint16_t v, best = 0;

	while (pal_cursor_be16(&versions, &v))
		if (!pal_tls_is_grease(v) && (best == 0 || is_newer(v, best)))
			best = v;
	return best != 0 ? best : hello->version;
}
