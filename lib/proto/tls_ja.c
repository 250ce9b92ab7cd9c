/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_ja.h"

#include <pal_err.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

// Six characters (JA3: `65535-`) for each two bytes of the largest hello, and a few more.
#define TEXT_MAX (PAL_TLS_HELLO_MAX * 3 + 64)

struct pal_ja {
	struct pal_crypto *crypto;
	char *pos;
	char text[TEXT_MAX];
	uint16_t sorted[PAL_TLS_HELLO_MAX / 2];
};

struct pal_ja *pal_ja_create(struct pal_crypto *crypto)
{
	struct pal_ja *ja = malloc(sizeof(*ja));

	if (ja == NULL)
		return pal_err_null(ENOMEM);
	ja->crypto = crypto;
	return ja;
}

void pal_ja_destroy(struct pal_ja *ja)
{
	free(ja);
}

static size_t text_len(const struct pal_ja *ja)
{
	return (size_t)(ja->pos - ja->text);
}

// A hello that is longer than PAL_TLS_HELLO_MAX ends early.
static void put(struct pal_ja *ja, const char *text, size_t len)
{
	if (len > sizeof(ja->text) - text_len(ja))
		return;
	memcpy(ja->pos, text, len);
	ja->pos += len;
}

/* JA3 */

// Numbers of one field are joined by `-`.
static void put_decimal(struct pal_ja *ja, unsigned int v)
{
	char digits[8];
	bool is_first = ja->pos == ja->text || ja->pos[-1] == ',';
	int len = snprintf(digits, sizeof(digits), is_first ? "%u" : "-%u", v);

	put(ja, digits, (size_t)len);
}

static void put_ciphers(struct pal_ja *ja, const struct pal_tls_hello *hello)
{
	struct pal_cursor ciphers = hello->ciphers;
	uint16_t v;

	if (!hello->is_client)
		put_decimal(ja, hello->cipher);
	while (pal_tls_cipher_next(hello, &ciphers, &v))
		if (!pal_tls_is_grease(v))
			put_decimal(ja, v);
}

static void put_extensions(struct pal_ja *ja, const struct pal_tls_hello *hello)
{
	struct pal_cursor exts = hello->extensions, data;
	uint16_t type;

	while (pal_tls_ext_next(&exts, &type, &data))
		if (!pal_tls_is_grease(type))
			put_decimal(ja, type);
}

static void put_groups(struct pal_ja *ja, const struct pal_tls_hello *hello)
{
	struct pal_cursor groups = pal_tls_ext_list(hello, PAL_TLS_EXT_GROUPS);
	struct pal_cursor formats = pal_tls_ext_list(hello, PAL_TLS_EXT_POINT_FORMATS);
	uint16_t group;
	uint8_t format;

	put(ja, ",", 1);
	while (pal_cursor_be16(&groups, &group))
		if (!pal_tls_is_grease(group))
			put_decimal(ja, group);
	put(ja, ",", 1);
	while (pal_cursor_u8(&formats, &format))
		put_decimal(ja, format);
}

static void to_hex(const uint8_t *bytes, size_t len, char *ret_text)
{
	for (size_t i = 0; i < len; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

bool pal_ja3(struct pal_ja *ja, const struct pal_tls_hello *hello, struct pal_ja3 *ret_ja3)
{
	uint8_t digest[PAL_DIGEST_MAX];

	ja->pos = ja->text;
	put_decimal(ja, hello->version);
	put(ja, ",", 1);
	put_ciphers(ja, hello);
	put(ja, ",", 1);
	put_extensions(ja, hello);
	if (hello->is_client)
		put_groups(ja, hello);
	if (!pal_crypto_digest(ja->crypto, PAL_DIGEST_MD5, ja->text, text_len(ja), digest))
		return false;
	to_hex(digest, PAL_DIGEST_MD5_LEN, ret_ja3->hash);
	ret_ja3->text = ja->text;
	ret_ja3->len = text_len(ja);
	return true;
}

/* JA4 */

static void put_hex(struct pal_ja *ja, uint16_t v)
{
	char digits[8];
	bool is_first = ja->pos == ja->text || ja->pos[-1] == '_';
	int len = snprintf(digits, sizeof(digits), is_first ? "%04x" : ",%04x", v);

	put(ja, digits, (size_t)len);
}

static int compare(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void put_sorted(struct pal_ja *ja, size_t nb)
{
	qsort(ja->sorted, nb, sizeof(ja->sorted[0]), compare);
	for (size_t i = 0; i < nb; i++)
		put_hex(ja, ja->sorted[i]);
}

static size_t sort_in(struct pal_ja *ja, size_t nb, uint16_t v)
{
	if (pal_tls_is_grease(v) || nb == sizeof(ja->sorted) / sizeof(ja->sorted[0]))
		return nb;
	ja->sorted[nb] = v;
	return nb + 1;
}

#define PART_LEN 12

// The first half of a SHA-256; zeros where there is nothing to hash.
static bool put_part(struct pal_ja *ja, char *ret_part)
{
	uint8_t digest[PAL_DIGEST_MAX] = {0};

	if (text_len(ja) != 0 &&
	    !pal_crypto_digest(ja->crypto, PAL_DIGEST_SHA256, ja->text, text_len(ja), digest))
		return false;
	to_hex(digest, PART_LEN / 2, ret_part);
	return true;
}

static bool put_cipher_part(
	struct pal_ja *ja,
	const struct pal_tls_hello *hello,
	char *ret_part,
	size_t *ret_nb
)
{
	struct pal_cursor ciphers = hello->ciphers;
	size_t nb = 0;
	uint16_t v;

	ja->pos = ja->text;
	while (pal_tls_cipher_next(hello, &ciphers, &v))
		nb = sort_in(ja, nb, v);
	put_sorted(ja, nb);
	*ret_nb = nb;
	return put_part(ja, ret_part);
}

// Server name and ALPN are told by other letters: they count, but are not hashed.
static bool put_extension_part(
	struct pal_ja *ja,
	const struct pal_tls_hello *hello,
	char *ret_part,
	size_t *ret_nb
)
{
	struct pal_cursor exts = hello->extensions, data;
	struct pal_cursor algorithms = pal_tls_ext_list(hello, PAL_TLS_EXT_SIGNATURES);
	size_t nb = 0, nb_all = 0;
	bool has_underscore = false;
	uint16_t v;

	ja->pos = ja->text;
	while (pal_tls_ext_next(&exts, &v, &data)) {
		nb_all += !pal_tls_is_grease(v);
		if (v != PAL_TLS_EXT_SNI && v != PAL_TLS_EXT_ALPN)
			nb = sort_in(ja, nb, v);
	}
	put_sorted(ja, nb);
	while (pal_cursor_be16(&algorithms, &v)) {
		if (pal_tls_is_grease(v))
			continue;
		if (!has_underscore)
			put(ja, "_", 1);
		has_underscore = true;
		put_hex(ja, v);
	}
	*ret_nb = nb_all;
	return put_part(ja, ret_part);
}

static const char *version_letters(uint16_t version)
{
	switch (version) {
	case PAL_TLS_SSL2:
		return "s2";
	case PAL_TLS_SSL3:
		return "s3";
	case PAL_TLS_1_0:
		return "10";
	case PAL_TLS_1_1:
		return "11";
	case PAL_TLS_1_2:
		return "12";
	case PAL_TLS_1_3:
		return "13";
	case PAL_DTLS_1_0:
		return "d1";
	case PAL_DTLS_1_2:
		return "d2";
	case PAL_DTLS_1_3:
		return "d3";
	default:
		return "00";
	}
}

static bool is_plain(uint8_t c)
{
	return c < 0x80 && isalnum(c);
}

// First and last character of the first name; of its hex digits where these are no letters or digits.
static void alpn_letters(const struct pal_tls_hello *hello, char ret_letters[2])
{
	static const char hex[] = "0123456789abcdef";
	struct pal_cursor list = pal_tls_alpn(hello), name;
	uint8_t first, last;

	memcpy(ret_letters, "00", 2);
	if (!pal_tls_alpn_next(&list, &name) || pal_cursor_left(&name) == 0)
		return;
	first = name.pos[0];
	last = name.end[-1];
	ret_letters[0] = (char)first;
	ret_letters[1] = (char)last;
	if (is_plain(first) && is_plain(last))
		return;
	ret_letters[0] = hex[first >> 4];
	ret_letters[1] = hex[last & 15];
}

bool pal_ja4(
	struct pal_ja *ja,
	const struct pal_tls_hello *hello,
	enum pal_ja4_over over,
	char ret_ja4[PAL_JA4_LEN + 1]
)
{
	char ciphers[PART_LEN + 1], exts[PART_LEN + 1], alpn[2];
	size_t nb_ciphers, nb_exts;
	struct pal_cursor data;

	if (!put_cipher_part(ja, hello, ciphers, &nb_ciphers) ||
	    !put_extension_part(ja, hello, exts, &nb_exts))
		return false;
	alpn_letters(hello, alpn);
	snprintf(
		ret_ja4,
		PAL_JA4_LEN + 1,
		"%c%s%c%02u%02u%.2s_%s_%s",
		over,
		version_letters(pal_tls_hello_version(hello)),
		pal_tls_ext_find(hello, PAL_TLS_EXT_SNI, &data) ? 'd' : 'i',
		(unsigned int)(nb_ciphers < 99 ? nb_ciphers : 99),
		(unsigned int)(nb_exts < 99 ? nb_exts : 99),
		alpn,
		ciphers,
		exts
	);
	return true;
}
