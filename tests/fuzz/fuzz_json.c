/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as calls of the JSON writer, and has yajl parse what was written: it must be JSON, and say what
 * was asked for, value by value. The same calls with less room must write less, say so, and stay inside.
 *
 *      byte of the input % 9: what to write      / 9: how much      bytes behind it: what
 */

#include "require.h"

#include <pal_cursor.h>
#include <pal_json.h>
#include <pal_pkt.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define MAX_INPUT 4096
// A byte makes an escape of six, or a call that writes a key and a short value.
#define MAX_OUTPUT (MAX_INPUT * 64)
#define MAX_DEPTH 30

// What the parser finds, and what it must find: for each event a letter, the length of its text, the text.
struct script {
	char text[MAX_OUTPUT];
	size_t len;
};

static struct script wanted, found;

static void note(struct script *s, char kind, const void *bytes, size_t len)
{
	REQUIRE(s->len + 32 + len < sizeof(s->text));
	s->len += (size_t)sprintf(s->text + s->len, "%c%zu:", kind, len);
	memcpy(s->text + s->len, bytes, len);
	s->len += len;
}

/* what yajl finds */

static int on_null(void *)
{
	return 0; // nobody wrote it
}

static int on_boolean(void *, int v)
{
	note(&found, v ? 't' : 'f', "", 0);
	return 1;
}

static int on_number(void *, const char *text, size_t len)
{
	note(&found, 'n', text, len);
	return 1;
}

static int on_string(void *, const unsigned char *s, size_t len)
{
	note(&found, 's', s, len);
	return 1;
}

static int on_key(void *, const unsigned char *s, size_t len)
{
	note(&found, 'k', s, len);
	return 1;
}

static int on_open_object(void *)
{
	note(&found, '{', "", 0);
	return 1;
}

static int on_close_object(void *)
{
	note(&found, '}', "", 0);
	return 1;
}

static int on_open_array(void *)
{
	note(&found, '[', "", 0);
	return 1;
}

static int on_close_array(void *)
{
	note(&found, ']', "", 0);
	return 1;
}

static void parse(const char *text, size_t len)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_map_key = on_key,
		.yajl_start_map = on_open_object,
		.yajl_end_map = on_close_object,
		.yajl_start_array = on_open_array,
		.yajl_end_array = on_close_array,
	};
	yajl_handle parser = yajl_alloc(&callbacks, NULL, NULL);

	REQUIRE(parser != NULL);
	found.len = 0;
	REQUIRE(yajl_parse(parser, (const unsigned char *)text, len) == yajl_status_ok);
	REQUIRE(yajl_complete_parse(parser) == yajl_status_ok);
	yajl_free(parser);
}

/* what is wanted */

// The definition, by decoding: RFC 3629 section 3.
static bool is_character(const uint8_t *s, size_t len)
{
	static const uint8_t masks[] = {0, 0x80, 0xe0, 0xf0, 0xf8};
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0] & (uint8_t)~masks[len];

	if ((s[0] & masks[len]) != leads[len])
		return false;
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return false;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c >= smallest[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static void want_text(char kind, const uint8_t *s, size_t len)
{
	static char text[3 * MAX_INPUT];
	size_t text_len = 0;

	while (len > 0) {
		size_t n = 1;

		while (n <= 4 && n <= len && !is_character(s, n))
			n++;
		if (n <= 4 && n <= len) {
			memcpy(text + text_len, s, n);
			text_len += n;
		} else {
			memcpy(text + text_len, "\xef\xbf\xbd", 3);
			text_len += 3;
			n = 1;
		}
		s += n;
		len -= n;
	}
	note(&wanted, kind, text, text_len);
}

/* the calls */

static struct pal_cursor take_bytes(struct pal_cursor *in, size_t n)
{
	struct pal_cursor bytes = *in;

	pal_cursor_limit(&bytes, n);
	pal_cursor_skip(in, pal_cursor_left(&bytes));
	return bytes;
}

static uint64_t take_number(struct pal_cursor *in, size_t nb_bytes)
{
	struct pal_cursor bytes = take_bytes(in, nb_bytes);
	uint64_t v = 0;
	uint8_t b;

	while (pal_cursor_u8(&bytes, &b))
		v = v << 8 | b;
	return v;
}

static void put_number(struct pal_json *j, uint64_t v)
{
	char text[24];

	pal_json_put_u64(j, v);
	note(&wanted, 'n', text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, v));
}

static void put_hex(struct pal_json *j, uint8_t v)
{
	char text[4];

	pal_json_put_hex8(j, v);
	note(&wanted, 's', text, (size_t)snprintf(text, sizeof(text), "%02x", v));
}

static void put_string(struct pal_json *j, struct pal_cursor bytes)
{
	pal_json_put_str(j, (const char *)bytes.pos, pal_cursor_left(&bytes));
	want_text('s', bytes.pos, pal_cursor_left(&bytes));
}

static void put_address(struct pal_json *j, struct pal_cursor bytes, bool is_v6)
{
	char text[INET6_ADDRSTRLEN];
	union pal_addr addr = {0};

	memcpy(addr.b, bytes.pos, pal_cursor_left(&bytes));
	pal_json_put_addr(j, &addr, is_v6 ? 6 : 4);
	inet_ntop(is_v6 ? AF_INET6 : AF_INET, addr.b, text, sizeof(text));
	note(&wanted, 's', text, strlen(text));
}

// A key that is any text, up to its first NUL.
static void put_key(struct pal_json *j, struct pal_cursor bytes)
{
	char key[64] = "";

	memcpy(key, bytes.pos, pal_cursor_left(&bytes));
	pal_json_key_str(j, key);
	want_text('k', (const uint8_t *)key, strlen(key));
}

enum op {
	OP_OBJECT,
	OP_ARRAY,
	OP_NUMBER,
	OP_FLAG,
	OP_HEX,
	OP_STRING,
	OP_IPV4,
	OP_IPV6,
	OP_CLOSE,
	OP_COUNT,
};

// A value, or an opening brace. n is what the byte has to say beside the call.
static void put_value(struct pal_json *j, enum op op, size_t n, struct pal_cursor *in)
{
	switch (op) {
	case OP_OBJECT:
		pal_json_put_char(j, '{');
		note(&wanted, '{', "", 0);
		break;
	case OP_ARRAY:
		pal_json_put_char(j, '[');
		note(&wanted, '[', "", 0);
		break;
	case OP_NUMBER:
		put_number(j, take_number(in, n % 9));
		break;
	case OP_FLAG:
		pal_json_put_bool(j, n % 2);
		note(&wanted, n % 2 ? 't' : 'f', "", 0);
		break;
	case OP_HEX:
		put_hex(j, (uint8_t)take_number(in, 1));
		break;
	case OP_STRING:
		put_string(j, take_bytes(in, n == 27 ? take_number(in, 2) : n));
		break;
	case OP_IPV4:
	case OP_IPV6:
		put_address(j, take_bytes(in, op == OP_IPV6 ? 16 : 4), op == OP_IPV6);
		break;
	default:
		abort();
	}
}

static void close_brace(struct pal_json *j, char open)
{
	char brace = open == '{' ? '}' : ']';

	pal_json_close(j, brace);
	note(&wanted, brace, "", 0);
}

static void run(struct pal_json *j, const uint8_t *data, size_t size)
{
	struct pal_cursor in = pal_cursor_of(data, size);
	char open[MAX_DEPTH] = "{";
	size_t depth = 1;
	uint8_t byte;

	wanted.len = 0;
	pal_json_open_obj(j);
	note(&wanted, '{', "", 0);
	while (pal_cursor_u8(&in, &byte)) {
		enum op op = byte % OP_COUNT;
		size_t n = byte / OP_COUNT;

		if (op == OP_CLOSE && depth > 1)
			close_brace(j, open[--depth]);
		if (op == OP_CLOSE || (op <= OP_ARRAY && depth == MAX_DEPTH))
			continue;
		if (open[depth - 1] == '[') {
			pal_json_put_comma(j);
		} else if (n % 4 == 3) {
			put_key(j, take_bytes(&in, n));
		} else {
			pal_json_put_key(j, PAL_JSON_KEY("key"));
			note(&wanted, 'k', "key", 3);
		}
		put_value(j, op, n, &in);
		if (op <= OP_ARRAY)
			open[depth++] = op == OP_OBJECT ? '{' : '[';
	}
	while (depth > 0)
		close_brace(j, open[--depth]);
}

static void run_in_less(const uint8_t *data, size_t size, size_t room)
{
	char *dst = malloc(room + 1); // AddressSanitizer sees a write behind it
	struct pal_json j = pal_json_of(dst + 1, room);

	REQUIRE(dst != NULL);
	run(&j, data, size);
	REQUIRE(j.overflow);
	REQUIRE(pal_json_len(&j) <= room);
	free(dst);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[MAX_OUTPUT];
	struct pal_json j = pal_json_of(text, sizeof(text));
	size_t len;

	if (size > MAX_INPUT)
		size = MAX_INPUT;
	run(&j, data, size);
	REQUIRE(!j.overflow);
	len = pal_json_len(&j);
	parse(text, len);
	REQUIRE(found.len == wanted.len);
	REQUIRE(memcmp(found.text, wanted.text, wanted.len) == 0);

	// Once with exactly the room that is needed, once with a byte too few, once with some.
	j = pal_json_of(text, len);
	run(&j, data, size);
	REQUIRE(!j.overflow && pal_json_len(&j) == len);
	run_in_less(data, size, len - 1);
	run_in_less(data, size, size == 0 ? 0 : (data[size - 1] * 67u) % len);
	return 0;
}
