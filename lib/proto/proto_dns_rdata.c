/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The data of a record as text: RFC 1035 section 5.1, and what the RFCs of the types say. dns_rdata.def has the fields
 * of each type.
 */
#include "pal_dns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

// Text that is being written. What does not fit is left out, and makes all of it void.
struct text {
	char *start, *pos, *end;
	bool is_full;
};

static void put(struct text *t, const char *s, size_t len)
{
	if ((size_t)(t->end - t->pos) < len) {
		t->is_full = true;
		return;
	}
	memcpy(t->pos, s, len);
	t->pos += len;
}

static void put_str(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void put_number(struct text *t, uint32_t value)
{
	char digits[16];

	put(t, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu32, value));
}

static void put_blank(struct text *t)
{
	if (t->pos != t->start)
		put(t, " ", 1);
}

static void put_hex(struct text *t, struct pal_cursor bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t byte;

	while (pal_cursor_u8(&bytes, &byte)) {
		put(t, &digits[byte >> 4], 1);
		put(t, &digits[byte & 15], 1);
	}
}

// RFC 4648: `bits` bits a digit, padded where pad says so.
static void
put_digits(struct text *t, struct pal_cursor bytes, const char *digits, unsigned int bits, bool pad)
{
	unsigned int have = 0, nb = 0;
	uint32_t word = 0;
	uint8_t byte;

	while (pal_cursor_u8(&bytes, &byte)) {
		word = word << 8 | byte;
		for (have += 8; have >= bits; have -= bits, nb++)
			put(t, &digits[word >> (have - bits) & ((1u << bits) - 1)], 1);
	}
	if (have != 0) {
		put(t, &digits[word << (bits - have) & ((1u << bits) - 1)], 1);
		nb++;
	}
	for (; pad && nb % 4 != 0; nb++)
		put(t, "=", 1);
}

static void put_base64(struct text *t, struct pal_cursor bytes)
{
	put_digits(
		t,
		bytes,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		6,
		true
	);
}

// RFC 1035 section 5.1: what has a meaning of its own is escaped.
static void put_escaped(struct text *t, struct pal_cursor bytes)
{
	uint8_t byte;

	while (pal_cursor_u8(&bytes, &byte)) {
		char code[8];

		if (byte == '"' || byte == '\\')
			put(t, "\\", 1);
		if (byte >= 0x20 && byte < 0x7f)
			put(t, (const char *)&byte, 1);
		else
			put(t, code, (size_t)snprintf(code, sizeof(code), "\\%03u", byte));
	}
}

static void put_quoted(struct text *t, struct pal_cursor bytes)
{
	put(t, "\"", 1);
	put_escaped(t, bytes);
	put(t, "\"", 1);
}

static bool put_address(struct text *t, struct pal_cursor *cur, size_t len)
{
	const uint8_t *addr = pal_cursor_take(cur, len);
	char text[INET6_ADDRSTRLEN];

	if (addr == NULL)
		return false;
	inet_ntop(len == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	put_str(t, text);
	return true;
}

static void put_type(struct text *t, uint16_t type)
{
	const char *name = pal_dns_type_name(type);

	if (name != NULL) {
		put_str(t, name);
	} else {
		// RFC 3597 section 5.
		put_str(t, "TYPE");
		put_number(t, type);
	}
}

static void put_time(struct text *t, uint32_t seconds)
{
	time_t when = seconds;
	struct tm tm;
	char text[24];

	gmtime_r(&when, &tm);
	put(t, text, strftime(text, sizeof(text), "%Y%m%d%H%M%S", &tm));
}

// RFC 4034 section 4.1.2.
static bool put_bitmap(struct text *t, struct pal_cursor *cur)
{
	uint8_t window, len;

	while (pal_cursor_u8(cur, &window)) {
		const uint8_t *bits;

		if (!pal_cursor_u8(cur, &len) || len == 0 || len > 32)
			return false;
		bits = pal_cursor_take(cur, len);
		if (bits == NULL)
			return false;
		for (unsigned int i = 0; i < len * 8u; i++) {
			if (!(bits[i / 8] & 0x80 >> i % 8))
				continue;
			put_blank(t);
			put_type(t, (uint16_t)(window << 8 | i));
		}
	}
	return true;
}

/* parameters of a service, RFC 9460 */

enum svc_key {
	SVC_MANDATORY,
	SVC_ALPN,
	SVC_NO_DEFAULT_ALPN,
	SVC_PORT,
	SVC_IPV4HINT,
	SVC_ECH,
	SVC_IPV6HINT,
	SVC_DOHPATH, // RFC 9461
	SVC_COUNT,
};

static void put_svc_key(struct text *t, uint16_t key)
{
	static const char *const names[SVC_COUNT] = {
		"mandatory",
		"alpn",
		"no-default-alpn",
		"port",
		"ipv4hint",
		"ech",
		"ipv6hint",
		"dohpath"};

	if (key < SVC_COUNT) {
		put_str(t, names[key]);
	} else {
		put_str(t, "key");
		put_number(t, key);
	}
}

// A list of values of one kind.
static bool put_svc_list(struct text *t, enum svc_key key, struct pal_cursor value)
{
	for (bool is_first = true; pal_cursor_left(&value) != 0; is_first = false) {
		struct pal_cursor alpn;
		uint16_t other;

		if (!is_first)
			put(t, ",", 1);
		if (key == SVC_MANDATORY) {
			if (!pal_cursor_be16(&value, &other))
				return false;
			put_svc_key(t, other);
		} else if (key == SVC_ALPN) {
			if (!pal_dns_txt_next(&value, &alpn))
				return false;
			put_escaped(t, alpn);
		} else if (!put_address(t, &value, key == SVC_IPV4HINT ? 4 : 16)) {
			return false;
		}
	}
	return true;
}

static bool put_svc_value(struct text *t, uint16_t key, struct pal_cursor value)
{
	uint16_t port;

	switch (key) {
	case SVC_MANDATORY:
	case SVC_ALPN:
	case SVC_IPV4HINT:
	case SVC_IPV6HINT:
		return put_svc_list(t, key, value);
	case SVC_PORT:
		if (!pal_cursor_be16(&value, &port))
			return false;
		put_number(t, port);
		return true;
	case SVC_ECH:
		put_base64(t, value);
		return true;
	default:
		put_quoted(t, value);
		return true;
	}
}

static bool put_svc_params(struct text *t, struct pal_cursor *cur)
{
	while (pal_cursor_left(cur) != 0) {
		struct pal_cursor value;
		uint16_t key;

		if (!pal_dns_option_next(cur, &key, &value))
			return false;
		put_blank(t);
		put_svc_key(t, key);
		if (pal_cursor_left(&value) == 0)
			continue;
		put(t, "=", 1);
		if (!put_svc_value(t, key, value))
			return false;
	}
	return true;
}

/* fields */

static bool put_name(struct text *t, const struct pal_dns *dns, struct pal_cursor *cur)
{
	struct pal_dns_name name;

	if (!pal_dns_name(dns, cur, &name))
		return false;
	put(t, name.len != 0 ? name.text : ".", name.len != 0 ? name.len : 1);
	return true;
}

static bool take_number(struct pal_cursor *cur, size_t len, uint32_t *ret_value)
{
	const uint8_t *bytes = pal_cursor_take(cur, len);
	uint32_t value = 0;

	if (bytes == NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	*ret_value = value;
	return true;
}

static bool put_numeric(struct text *t, struct pal_cursor *cur, char field)
{
	size_t len = field == 't' ? 2 : field == 'd' ? 4 : (size_t)(field - '0');
	uint32_t value;

	if (!take_number(cur, len, &value))
		return false;
	if (field == 't')
		put_type(t, (uint16_t)value);
	else if (field == 'd')
		put_time(t, value);
	else
		put_number(t, value);
	return true;
}

// A byte of length, and so many bytes.
static bool put_counted(struct text *t, struct pal_cursor *cur, char field)
{
	struct pal_cursor bytes;

	if (!pal_dns_txt_next(cur, &bytes))
		return false;
	if (field == 's')
		put_quoted(t, bytes);
	else if (field == 'w')
		put_escaped(t, bytes);
	else if (field == 'H')
		put_digits(t, bytes, "0123456789abcdefghijklmnopqrstuv", 5, false);
	else if (pal_cursor_left(&bytes) == 0)
		put(t, "-", 1);
	else
		put_hex(t, bytes);
	return true;
}

static void put_rest(struct text *t, struct pal_cursor *cur, char field)
{
	if (field == 'S')
		put_quoted(t, *cur);
	else if (field == 'x')
		put_hex(t, *cur);
	else
		put_base64(t, *cur);
	cur->pos = cur->end;
}

static bool put_strings(struct text *t, struct pal_cursor *cur)
{
	struct pal_cursor string;

	while (pal_cursor_left(cur) != 0) {
		if (!pal_dns_txt_next(cur, &string))
			return false;
		put_blank(t);
		put_quoted(t, string);
	}
	return true;
}

static bool put_field(struct text *t, const struct pal_dns *dns, struct pal_cursor *cur, char field)
{
	// These put the blanks themselves: they may have nothing to write.
	switch (field) {
	case 'm':
		return put_bitmap(t, cur);
	case 'p':
		return put_svc_params(t, cur);
	case 'L':
		return put_strings(t, cur);
	default:
		break;
	}
	put_blank(t);
	switch (field) {
	case 'n':
		return put_name(t, dns, cur);
	case 'a':
		return put_address(t, cur, 4);
	case 'A':
		return put_address(t, cur, 16);
	case 's':
	case 'w':
	case 'h':
	case 'H':
		return put_counted(t, cur, field);
	case 'S':
	case 'x':
	case '6':
		put_rest(t, cur, field);
		return true;
	default:
		return put_numeric(t, cur, field);
	}
}

static const char *fields_of(uint16_t type)
{
	switch (type) {
#define PAL_DNS_RDATA(value, fields)                                                               \
	case value:                                                                                \
		return fields;
#include "dns_rdata.def"
	default:
		return "";
	}
}

size_t
pal_dns_rdata_text(const struct pal_dns *dns, const struct pal_dns_rr *rr, char *dst, size_t room)
{
	struct text t = {.start = dst, .pos = dst, .end = dst + room};
	struct pal_cursor cur = rr->rdata;

	for (const char *field = fields_of(rr->type); *field != '\0'; field++)
		if (!put_field(&t, dns, &cur, *field))
			return 0;
	// Data that goes on is not of this type.
	return t.is_full || pal_cursor_left(&cur) != 0 ? 0 : (size_t)(t.pos - t.start);
}
