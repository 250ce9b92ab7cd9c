/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window: bytes of the file that are in memory and not taken yet.
 *
 *      chunk  | records already returned | tail  | room |
 *                                        ^pos    ^end   ^chunk end
 *
 * More bytes go into the room while what is needed fits there. Otherwise the tail moves to the start of
 * another chunk, the only copy that is made. A record longer than a chunk gets a longer one, doubling as its
 * bytes arrive, so that a length that is not true costs at most twice the bytes that are.
 */
#include "savefile_priv.h"

#include <pal_err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Built-in chunks: one spare is kept, so that a file is read through the same two.
static struct pal_savefile_chunk *own_get(void *arg, size_t min_size)
{
	struct pal_savefile_reader *r = arg;
	struct pal_savefile_chunk *chunk = r->own_spare;

	r->own_spare = NULL;
	if (chunk != NULL && chunk->size >= min_size)
		return chunk;
	free(chunk);
	chunk = malloc(sizeof(*chunk) + min_size);
	if (chunk == NULL)
		return NULL;
	chunk->data = (uint8_t *)(chunk + 1);
	chunk->size = min_size;
	return chunk;
}

static void own_put(void *arg, struct pal_savefile_chunk *chunk)
{
	struct pal_savefile_reader *r = arg;

	free(r->own_spare);
	r->own_spare = NULL;
	// One that was made for a long record is not worth keeping.
	if (chunk->size > r->chunk_bytes)
		free(chunk);
	else
		r->own_spare = chunk;
}

const struct pal_savefile_alloc savefile_own_alloc = {.get = own_get, .put = own_put};

void savefile_own_alloc_fini(struct pal_savefile_reader *r)
{
	free(r->own_spare);
}

static int read_failed(struct pal_savefile_reader *r, int err)
{
	if (err == EBADMSG && r->input.reason != NULL)
		return savefile_damaged(r, r->win.end_offset, "%s", r->input.reason);
	snprintf(
		r->error,
		sizeof(r->error),
		"%.300s: cannot be read at byte %llu: %s",
		r->name,
		(unsigned long long)r->input.stored_bytes,
		strerror(err)
	);
	r->failed = -err;
	return pal_err(err);
}

static size_t window_chunk_size(const struct pal_savefile_reader *r, size_t need)
{
	size_t doubled = 2 * pal_cursor_left(&r->win.cur);

	if (need <= r->chunk_bytes)
		return r->chunk_bytes;
	if (doubled < r->chunk_bytes)
		doubled = r->chunk_bytes;
	return need < doubled ? need : doubled;
}

static int window_move(struct pal_savefile_reader *r, size_t need)
{
	struct savefile_window *win = &r->win;
	size_t tail = pal_cursor_left(&win->cur);
	struct pal_savefile_chunk *chunk;

	// With nothing to copy the old chunk goes first: its owner may give it right back, still in cache.
	if (tail == 0)
		savefile_window_fini(r);
	chunk = r->alloc.get(r->alloc.arg, window_chunk_size(r, need));
	if (chunk == NULL)
		return r->alloc.get == own_get ? savefile_no_memory(r) : pal_err(EAGAIN);
	if (tail > 0)
		memcpy(chunk->data, win->cur.pos, tail);
	savefile_window_fini(r);
	win->chunk = chunk;
	win->cur = pal_cursor_of(chunk->data, tail);
	return 0;
}

int savefile_window_fill(struct pal_savefile_reader *r, size_t need)
{
	struct savefile_window *win = &r->win;

	while (pal_cursor_left(&win->cur) < need) {
		const uint8_t *chunk_end =
			win->chunk == NULL ? win->cur.end : win->chunk->data + win->chunk->size;
		size_t room = (size_t)(chunk_end - win->cur.end);
		ssize_t n;

		if (win->eof)
			return 0;
		if (room == 0 || (pal_cursor_left(&win->cur) + room < need &&
				  win->cur.pos != win->chunk->data)) {
			int rc = window_move(r, need);

			if (rc < 0)
				return rc;
			continue;
		}
		n = savefile_read(r, win->chunk->data + win->chunk->size - room, room);
		if (n < 0)
			return read_failed(r, (int)-n);
		win->eof = n == 0;
		win->cur.end += n;
		win->end_offset += (uint64_t)n;
	}
	return 1;
}

void savefile_window_init(struct pal_savefile_reader *r)
{
	static const uint8_t nothing[1];

	r->win.chunk = NULL;
	r->win.cur = pal_cursor_of(nothing, 0);
}

void savefile_window_fini(struct pal_savefile_reader *r)
{
	if (r->win.chunk == NULL)
		return;
	r->alloc.put(r->alloc.arg, r->win.chunk);
	savefile_window_init(r);
}
