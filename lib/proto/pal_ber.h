/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_BER_H
#define PAL_BER_H

/**
 * @file
 * ASN.1's Basic Encoding Rules (X.690), read element by element: definite and indefinite lengths, nothing copied.
 *
 *      struct pal_cursor seq, rest = message;
 *      int64_t id;
 *
 *      if (!pal_ber_open(&rest, PAL_BER_SEQUENCE, &seq) || !pal_ber_int(&seq, PAL_BER_INTEGER, &id))
 *              return false;
 *
 * What was not as it was asked for moves nothing, as with the cursor: ask for the next thing that may stand there.
 * No recursion: how deep a message nests is decided by who reads it.
 */

#include <pal_cursor.h>

/** The first byte of an element: class, `constructed`, tag number. */
enum pal_ber_id {
	PAL_BER_BOOLEAN = 0x01,
	PAL_BER_INTEGER = 0x02,
	PAL_BER_OCTETS = 0x04,
	PAL_BER_OID = 0x06,
	PAL_BER_ENUMERATED = 0x0a,
	PAL_BER_GENERAL_STRING = 0x1b,
	PAL_BER_SEQUENCE = 0x30,
	PAL_BER_SET = 0x31,
	PAL_BER_CONSTRUCTED = 0x20,
};
#define PAL_BER_APPLICATION(tag) (0x40 | (tag))
#define PAL_BER_CONTEXT(tag) (0x80 | (tag))

/** Indefinite lengths inside each other in what is skipped; deeper is malformed. */
#define PAL_BER_DEPTH 16

struct pal_ber {
	uint8_t id; /**< As above. A tag number of 31 and more has 31 here, and is skipped. */
	struct pal_cursor body;
};

/** The next element, whatever it is. false: there is none, or it is malformed or cut. */
bool pal_ber_next(struct pal_cursor *cur, struct pal_ber *ret_ber);

/** The next element, if it has this first byte. */
bool pal_ber_open(struct pal_cursor *cur, uint8_t id, struct pal_cursor *ret_body);

/** Does an element with this first byte come next? */
static inline bool pal_ber_is(const struct pal_cursor *cur, uint8_t id)
{
	return pal_cursor_left(cur) != 0 && cur->pos[0] == id;
}

/** A number of at most 64 bits, signed. */
bool pal_ber_int(struct pal_cursor *cur, uint8_t id, int64_t *ret_value);

/** A number of 0 to 2^32 - 1. */
bool pal_ber_u32(struct pal_cursor *cur, uint8_t id, uint32_t *ret_value);
bool pal_ber_bool(struct pal_cursor *cur, uint8_t id, bool *ret_value);

/** The value of a number's body. */
bool pal_ber_value(struct pal_cursor body, int64_t *ret_value);

/** Room for the text of an identifier of 128 bytes, X.660's longest in use. */
#define PAL_BER_OID_MAX 512

/**
 * An object identifier's body as text: `1.3.6.1.2.1`.
 *
 * @return
 *   Characters written, not NUL-terminated; 0: it is none, or does not fit.
 */
size_t pal_ber_oid_text(struct pal_cursor body, char *dst, size_t room);

/** Heads of elements of definite length have so many bytes at most, here. */
#define PAL_BER_HEAD_MAX 6

/**
 * For pal_gather_next(): how long is the element that begins here, with its head?
 *
 * @return
 *   PAL_GATHER_BAD for an indefinite length, one of more than 4 bytes, and a tag number of 31 and more.
 */
size_t pal_ber_len(struct pal_cursor head);

#endif
