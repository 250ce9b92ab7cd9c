/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_json.h"

#include <arpa/inet.h>
#include <string.h>

void pal_json_key_str(struct pal_json *j, const char *key)
{
	pal_json_put_comma(j);
	pal_json_put_str(j, key, strlen(key));
	pal_json_put_char(j, ':');
}

// Two digits at a time: divisions are what a number costs.
static const char digit_pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

void pal_json_put_u64(struct pal_json *j, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	while (v >= 100) {
		at -= 2;
		memcpy(digits + at, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(digits + at, digit_pairs + v * 2, 2);
	} else {
		digits[--at] = (char)('0' + v);
	}
	pal_json_put_raw(j, digits + at, sizeof(digits) - at);
}

static const char hex[] = "0123456789abcdef";

void pal_json_put_hex8(struct pal_json *j, uint8_t v)
{
	const char text[4] = {'"', hex[v >> 4], hex[v & 15], '"'};

	pal_json_put_raw(j, text, sizeof(text));
}

void pal_json_put_hex(struct pal_json *j, const uint8_t *bytes, size_t len)
{
	pal_json_put_char(j, '"');
	for (size_t i = 0; i < len; i++) {
		const char text[2] = {hex[bytes[i] >> 4], hex[bytes[i] & 15]};

		pal_json_put_raw(j, text, sizeof(text));
	}
	pal_json_put_char(j, '"');
}

void pal_json_put_hex64(struct pal_json *j, uint64_t v)
{
	uint64_t wire = __builtin_bswap64(v);

	pal_json_put_hex(j, (const uint8_t *)&wire, sizeof(wire));
}

/*
 * Length of the UTF-8 character at s, 0 if there is none; RFC 3629 section 4. What is special in JSON
 * (RFC 8259 section 7) counts as a character of one byte.
 */
static size_t utf8_len(const uint8_t *s, size_t left)
{
	size_t len;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	// Overlong forms, surrogates, and what is above U+10FFFF.
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void put_escaped(struct pal_json *j, uint8_t c)
{
	const char unicode[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	const char quoted[2] = {'\\', (char)c};

	switch (c) {
	case '"':
	case '\\':
		pal_json_put_raw(j, quoted, 2);
		break;
	case '\n':
		pal_json_put_raw(j, "\\n", 2);
		break;
	case '\r':
		pal_json_put_raw(j, "\\r", 2);
		break;
	case '\t':
		pal_json_put_raw(j, "\\t", 2);
		break;
	default:
		pal_json_put_raw(j, unicode, sizeof(unicode));
	}
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void pal_json_put_str(struct pal_json *j, const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t nb_plain = 0;

	while (nb_plain < len && is_plain(p[nb_plain]))
		nb_plain++;
	pal_json_put_char(j, '"');
	pal_json_put_raw(j, s, nb_plain);
	p += nb_plain;
	len -= nb_plain;
	while (len > 0 && !j->overflow) {
		size_t n = utf8_len(p, len);

		if (n == 0) {
			pal_json_put_raw(j, "\\ufffd", 6);
			n = 1;
		} else if (p[0] < 0x20 || p[0] == '"' || p[0] == '\\' || p[0] == 0x7f) {
			put_escaped(j, p[0]);
		} else {
			pal_json_put_raw(j, (const char *)p, n);
		}
		p += n;
		len -= n;
	}
	pal_json_put_char(j, '"');
}

static char *put_octet(char *dst, uint8_t v)
{
	if (v >= 100)
		*dst++ = (char)('0' + v / 100);
	if (v >= 10)
		*dst++ = (char)('0' + v / 10 % 10);
	*dst++ = (char)('0' + v % 10);
	return dst;
}

void pal_json_put_addr(struct pal_json *j, const void *addr, uint8_t ip_version)
{
	const uint8_t *bytes = addr;
	char text[INET6_ADDRSTRLEN];
	char *end = text;

	pal_json_put_char(j, '"');
	if (ip_version == 4) {
		for (int i = 0; i < 4; i++) {
			if (i != 0)
				*end++ = '.';
			end = put_octet(end, bytes[i]);
		}
	} else {
		inet_ntop(AF_INET6, addr, text, sizeof(text));
		end += strlen(text);
	}
	pal_json_put_raw(j, text, (size_t)(end - text));
	pal_json_put_char(j, '"');
}
