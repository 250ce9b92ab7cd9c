/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CURSOR_H
#define PAL_CURSOR_H

/**
 * @file
 * The bounded cursor: the only way in which bytes of a packet or a file are read.
 *
 *      pos ->|  left  |<- end
 *
 * Every read says whether it fitted; one that did not moves nothing and leaves its output untouched.
 * Nothing is ever read at or past `end`. No alignment is assumed.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pal_cursor {
	const uint8_t *pos; /**< Next byte. */
	const uint8_t *end; /**< One past the last byte. */
};

static inline struct pal_cursor pal_cursor_of(const void *data, size_t len)
{
	const uint8_t *pos = data;

	return (struct pal_cursor){.pos = pos, .end = pos + len};
}

/** Bytes not read yet. */
static inline size_t pal_cursor_left(const struct pal_cursor *cur)
{
	return (size_t)(cur->end - cur->pos);
}

/**
 * Take n bytes: one bounds check for a whole header.
 *
 * @return
 *   The bytes, inside the caller's buffer; NULL when fewer are left.
 */
static inline const uint8_t *pal_cursor_take(struct pal_cursor *cur, size_t n)
{
	const uint8_t *bytes = cur->pos;

	if (pal_cursor_left(cur) < n)
		return NULL;
	cur->pos += n;
	return bytes;
}

/** Look at the next n bytes without taking them; NULL when fewer are left. */
static inline const uint8_t *pal_cursor_peek(const struct pal_cursor *cur, size_t n)
{
	return pal_cursor_left(cur) < n ? NULL : cur->pos;
}

static inline bool pal_cursor_skip(struct pal_cursor *cur, size_t n)
{
	return pal_cursor_take(cur, n) != NULL;
}

/** Forget what is beyond the next n bytes; more than is left changes nothing. */
static inline void pal_cursor_limit(struct pal_cursor *cur, size_t n)
{
	if (n < pal_cursor_left(cur))
		cur->end = cur->pos + n;
}

/** Unaligned loads from bytes that were taken. */
static inline uint16_t pal_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t pal_load_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t pal_load_be64(const uint8_t *p)
{
	return (uint64_t)pal_load_be32(p) << 32 | pal_load_be32(p + 4);
}

static inline uint16_t pal_load_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t pal_load_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t pal_load_le64(const uint8_t *p)
{
	return (uint64_t)pal_load_le32(p + 4) << 32 | pal_load_le32(p);
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads above assume little endian");

static inline bool pal_cursor_u8(struct pal_cursor *cur, uint8_t *ret_v)
{
	const uint8_t *p = pal_cursor_take(cur, 1);

	if (p == NULL)
		return false;
	*ret_v = *p;
	return true;
}

static inline bool pal_cursor_be16(struct pal_cursor *cur, uint16_t *ret_v)
{
	const uint8_t *p = pal_cursor_take(cur, 2);

	if (p == NULL)
		return false;
	*ret_v = pal_load_be16(p);
	return true;
}

static inline bool pal_cursor_be32(struct pal_cursor *cur, uint32_t *ret_v)
{
	const uint8_t *p = pal_cursor_take(cur, 4);

	if (p == NULL)
		return false;
	*ret_v = pal_load_be32(p);
	return true;
}

#endif
