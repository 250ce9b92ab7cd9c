/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_JSON_H
#define PAL_JSON_H

/**
 * @file
 * An append-only JSON writer into memory that the caller has.
 *
 * Commas are put by themselves; keys are string literals and are joined with their quotes at compile time.
 * What does not fit sets `overflow` and is left out, so that one check at the end is enough.
 *
 *      pal_json_open_obj(j);                                  {
 *      pal_json_u64(j, "flow_id", 7);                         {"flow_id":7
 *      pal_json_open(j, "flow", '{');                         {"flow_id":7,"flow":{
 *      pal_json_bool(j, "alerted", false);                    {"flow_id":7,"flow":{"alerted":false
 *      pal_json_close(j, '}'); pal_json_close(j, '}');        {"flow_id":7,"flow":{"alerted":false}}
 *
 * Strings become valid UTF-8 whatever they were: what is not, is written as U+FFFD.
 *
 * Why not a library: formatting is the hot spot of a run that writes records (tests/bench/bench_json.c holds
 * it against yajl), and the records have one shape.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pal_json {
	char *start;
	char *pos;
	char *end;
	bool overflow;
};

static inline struct pal_json pal_json_of(char *dst, size_t len)
{
	return (struct pal_json){.start = dst, .pos = dst, .end = dst + len};
}

/** Characters written so far. */
static inline size_t pal_json_len(const struct pal_json *j)
{
	return (size_t)(j->pos - j->start);
}

/* With a key: the key is a literal. */
#define pal_json_u64(j, key, v) (pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_u64(j, v))
#define pal_json_bool(j, key, v) (pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_bool(j, v))
#define pal_json_str(j, key, s)                                                                    \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_str(j, s, strlen(s)))
#define pal_json_strn(j, key, s, len)                                                              \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_str(j, s, len))
#define pal_json_hex8(j, key, v) (pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_hex8(j, v))
#define pal_json_addr(j, key, addr, version)                                                       \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_addr(j, addr, version))
#define pal_json_hex(j, key, bytes, len)                                                           \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_hex(j, bytes, len))
#define pal_json_hex64(j, key, v) (pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_hex64(j, v))
/** Open an object ('{') or array ('[') under a key. */
#define pal_json_open(j, key, brace)                                                               \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_json_put_char(j, brace))
#define PAL_JSON_KEY(key) "\"" key "\":", sizeof("\"" key "\":") - 1

/* Values, without key or comma. */

static inline bool pal_json_fits(struct pal_json *j, size_t len)
{
	if ((size_t)(j->end - j->pos) >= len)
		return true;
	j->overflow = true;
	return false;
}

static inline void pal_json_put_raw(struct pal_json *j, const char *text, size_t len)
{
	if (!pal_json_fits(j, len))
		return;
	memcpy(j->pos, text, len);
	j->pos += len;
}

static inline void pal_json_put_char(struct pal_json *j, char c)
{
	if (pal_json_fits(j, 1))
		*j->pos++ = c;
}

/** A comma, unless this is the first thing inside a brace. */
static inline void pal_json_put_comma(struct pal_json *j)
{
	if (j->pos > j->start && j->pos[-1] != '{' && j->pos[-1] != '[')
		pal_json_put_char(j, ',');
}

static inline void pal_json_put_key(struct pal_json *j, const char *quoted, size_t len)
{
	pal_json_put_comma(j);
	pal_json_put_raw(j, quoted, len);
}

static inline void pal_json_put_bool(struct pal_json *j, bool v)
{
	pal_json_put_raw(j, v ? "true" : "false", v ? 4 : 5);
}

void pal_json_put_u64(struct pal_json *j, uint64_t v);
void pal_json_put_hex8(struct pal_json *j, uint8_t v); /**< Two hex digits, in quotes. */
/** Bytes as hex digits, in quotes. */
void pal_json_put_hex(struct pal_json *j, const uint8_t *bytes, size_t len);
/** Sixteen hex digits, in quotes. */
void pal_json_put_hex64(struct pal_json *j, uint64_t v);
void pal_json_put_str(struct pal_json *j, const char *s, size_t len);
/** addr: the 4 or 16 bytes of an address, in wire order. */
void pal_json_put_addr(struct pal_json *j, const void *addr, uint8_t ip_version);

/** Open the outermost object, or an element of an array. */
static inline void pal_json_open_obj(struct pal_json *j)
{
	pal_json_put_comma(j);
	pal_json_put_char(j, '{');
}

/** Close what was opened last with '}' or ']'. */
static inline void pal_json_close(struct pal_json *j, char brace)
{
	pal_json_put_char(j, brace);
}

/** Element of an array: a comma where one is due, then the value. */
static inline void pal_json_elem_u64(struct pal_json *j, uint64_t v)
{
	pal_json_put_comma(j);
	pal_json_put_u64(j, v);
}

/** A key that is not a literal; its value follows with a pal_json_put_ function. */
void pal_json_key_str(struct pal_json *j, const char *key);

#endif
