/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_GATHER_H
#define PAL_GATHER_H

/**
 * @file
 * Messages that announce their length, out of one direction of a TCP stream.
 *
 *      segments     |  head body he|ad body head b|ody  head ...
 *      messages      \ in place  /  \  copied  /  and so on
 *
 * A message that lies in one segment is read where it lies. Of one that spans segments what has come is kept here:
 * memory grows with the bytes that came, never by a length that was announced, and is freed with the message.
 *
 *      struct pal_gather *g = ...;   of that direction, all zero at first
 *      struct pal_cursor segment = pal_cursor_of(data->data, data->len), msg;
 *      int rc;
 *
 *      while ((rc = pal_gather_next(g, &segment, x_len, X_LEN_MAX, &msg)) > 0)
 *              read(msg);
 *      if (rc < 0)
 *              ... say so, once
 *
 * The same messages come out whatever segments the bytes came in.
 */

#include <pal_cursor.h>

/** One direction. All zero: nothing has come. */
struct pal_gather {
	uint8_t *bytes; /**< NULL: nothing is waiting. */
	uint32_t len, room;
	bool is_out; /**< The bytes are a message that was handed out. */
	bool is_lost; /**< Where messages begin is not known any more. */
};

/** What a pal_gather_len_t may say instead of a length. */
#define PAL_GATHER_MORE ((size_t)0)
#define PAL_GATHER_BAD SIZE_MAX

/**
 * How long is the message that begins with these bytes, its head included?
 *
 * The answer may depend on nothing but the first bytes, so that it is the same however many there are of them.
 *
 * @param head
 *   At least one byte.
 * @return
 *   The length; PAL_GATHER_MORE: these bytes do not tell yet; PAL_GATHER_BAD: no message begins so.
 */
typedef size_t (*pal_gather_len_t)(struct pal_cursor head);

/**
 * Take the next message.
 *
 * @param segment
 *   Bytes of the stream, those behind what was taken before; moved behind what is taken. Taken whole if there is no
 *   message.
 * @param max
 *   The longest message that is gathered, and the most bytes that ever wait.
 * @param ret_msg
 *   A whole message with its head: in the segment, or here until the next call.
 * @return
 *   1 - a message;
 *   0 - the segment has no more, or the direction was lost before;
 *   the direction is lost from now on:
 *   - -EBADMSG - what came is no message
 *   - -EMSGSIZE - a message is longer than max
 *   - -ENOMEM - no memory for what waits
 */
int pal_gather_next(
	struct pal_gather *g,
	struct pal_cursor *segment,
	pal_gather_len_t len_of,
	size_t max,
	struct pal_cursor *ret_msg
);

/** Bytes are missing, or are not to be read: there is no way to find the next message. Frees what waits. */
void pal_gather_lose(struct pal_gather *g);

/** Free what waits, and begin anew. */
void pal_gather_reset(struct pal_gather *g);

#endif
