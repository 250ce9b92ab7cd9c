/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SOURCE_BUFFER_H
#define SOURCE_BUFFER_H

/**
 * @file
 * Buffers that capture files are read into and mbufs are attached to.
 *
 *      free list ── get ──► reader ── put ──► mbufs on it ── last one freed ──► returned ── get ──► free list
 *      (source lcore)                         (any lcore)                       (a stack, pushed by any lcore)
 *
 * The reader's hold counts as one reference, so that no buffer comes back while it is still being read.
 */

#include <pal_savefile.h>

#include <rte_mbuf.h>

struct source_buffers;

struct source_buffer {
	struct pal_savefile_chunk chunk;
	struct rte_mbuf_ext_shared_info shinfo;
	struct source_buffers *owner;
	struct source_buffer *next; // free list, or stack of the returned
};

/** All buffers of a source; NULL with errno set. */
struct source_buffers *source_buffers_create(uint32_t nb_buffers, size_t buffer_bytes);

/** Only when every buffer is back. NULL is a no-op. */
void source_buffers_destroy(struct source_buffers *bufs);

/** What the reader takes its chunks from. */
struct pal_savefile_alloc source_buffers_alloc(struct source_buffers *bufs);

static inline struct source_buffer *source_buffer_of(struct pal_savefile_chunk *chunk)
{
	return (struct source_buffer *)chunk;
}

/** True when m lies in the buffer of a file source that has few left. Any lcore. */
bool source_buffer_is_short(const struct rte_mbuf *m);

#endif
