/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_buffer.h"

#include <pal_err.h>

#include <assert.h>
#include <stdlib.h>

// Long records in flight may take so much memory together; one at a time is always let through.
#define LONG_BYTES_MAX (128 * 1024 * 1024)

struct source_buffers {
	// source lcore only
	struct source_buffer *free;
	struct source_buffer *all;
	uint32_t nb_buffers;
	uint32_t nb_long;
	size_t buffer_bytes;
	size_t long_bytes;

	// any lcore
	struct source_buffer *returned __rte_cache_aligned;
	uint32_t nb_free; // also those returned
};

static_assert(offsetof(struct source_buffer, chunk) == 0, "source_buffer_of() casts");

static void buffer_free_cb(void *, void *arg)
{
	struct source_buffer *buf = arg;
	struct source_buffers *bufs = buf->owner;

	// Release: what this lcore did with the bytes is over before buffers_collect() acquires the stack.
	buf->next = __atomic_load_n(&bufs->returned, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(
		&bufs->returned, &buf->next, buf, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED
	))
		;
	__atomic_add_fetch(&bufs->nb_free, 1, __ATOMIC_RELAXED);
}

bool source_buffer_is_short(const struct rte_mbuf *m)
{
	const struct source_buffer *buf;

	if (!RTE_MBUF_HAS_EXTBUF(m) || m->shinfo->free_cb != buffer_free_cb)
		return false;
	buf = m->shinfo->fcb_opaque;
	return __atomic_load_n(&buf->owner->nb_free, __ATOMIC_RELAXED) <=
	       buf->owner->nb_buffers / 4;
}

// Take the whole stack at once: nobody else pops, so there is no ABA.
static void buffers_collect(struct source_buffers *bufs)
{
	// Acquire: pairs with the release in buffer_free_cb().
	struct source_buffer *buf = __atomic_exchange_n(&bufs->returned, NULL, __ATOMIC_ACQUIRE);

	while (buf != NULL) {
		struct source_buffer *next = buf->next;

		if (buf->chunk.size > bufs->buffer_bytes) {
			bufs->nb_long--;
			bufs->long_bytes -= buf->chunk.size;
			__atomic_sub_fetch(&bufs->nb_free, 1, __ATOMIC_RELAXED);
			free(buf);
		} else {
			buf->next = bufs->free;
			bufs->free = buf;
		}
		buf = next;
	}
}

static void buffer_init(struct source_buffer *buf, struct source_buffers *bufs)
{
	buf->owner = bufs;
	buf->shinfo.free_cb = buffer_free_cb;
	buf->shinfo.fcb_opaque = buf;
}

// For a record that is longer than a buffer. The reader asks for the next size while it holds the last one.
static struct source_buffer *buffer_long(struct source_buffers *bufs, size_t size)
{
	struct source_buffer *buf;

	if (bufs->nb_long > 1 && bufs->long_bytes + size > LONG_BYTES_MAX)
		return NULL;
	buf = malloc(sizeof(*buf) + size);
	if (buf == NULL)
		return NULL;
	buf->chunk.data = (uint8_t *)(buf + 1);
	buf->chunk.size = size;
	buffer_init(buf, bufs);
	bufs->nb_long++;
	bufs->long_bytes += size;
	return buf;
}

static struct pal_savefile_chunk *buffers_get(void *arg, size_t min_size)
{
	struct source_buffers *bufs = arg;
	struct source_buffer *buf;

	if (__atomic_load_n(&bufs->returned, __ATOMIC_RELAXED) != NULL)
		buffers_collect(bufs);
	if (min_size > bufs->buffer_bytes) {
		buf = buffer_long(bufs, min_size);
		if (buf == NULL)
			return NULL;
	} else {
		// Last in, first out: the one that may still be in cache.
		buf = bufs->free;
		if (buf == NULL)
			return NULL;
		bufs->free = buf->next;
		__atomic_sub_fetch(&bufs->nb_free, 1, __ATOMIC_RELAXED);
	}
	rte_mbuf_ext_refcnt_set(&buf->shinfo, 1);
	return &buf->chunk;
}

static void buffers_put(void *, struct pal_savefile_chunk *chunk)
{
	struct source_buffer *buf = source_buffer_of(chunk);

	if (rte_mbuf_ext_refcnt_update(&buf->shinfo, -1) == 0)
		buffer_free_cb(NULL, buf);
}

struct pal_savefile_alloc source_buffers_alloc(struct source_buffers *bufs)
{
	return (struct pal_savefile_alloc){.get = buffers_get, .put = buffers_put, .arg = bufs};
}

struct source_buffers *source_buffers_create(uint32_t nb_buffers, size_t buffer_bytes)
{
	struct source_buffers *bufs = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*bufs));

	if (bufs == NULL)
		return pal_err_null(ENOMEM);
	*bufs = (struct source_buffers){
		.nb_buffers = nb_buffers,
		.nb_free = nb_buffers,
		.buffer_bytes = buffer_bytes,
		.all = calloc(nb_buffers, sizeof(struct source_buffer)),
	};
	if (bufs->all == NULL)
		goto destroy;
	for (uint32_t i = 0; i < nb_buffers; i++) {
		struct source_buffer *buf = &bufs->all[i];

		// Plain memory, page aligned: EAL has little of its own when it runs without hugepages.
		buf->chunk.data = aligned_alloc(4096, RTE_ALIGN(buffer_bytes, 4096));
		if (buf->chunk.data == NULL)
			goto destroy;
		buf->chunk.size = buffer_bytes;
		buffer_init(buf, bufs);
		buf->next = bufs->free;
		bufs->free = buf;
	}
	return bufs;

destroy:
	source_buffers_destroy(bufs);
	return pal_err_null(ENOMEM);
}

void source_buffers_destroy(struct source_buffers *bufs)
{
	if (bufs == NULL)
		return;
	buffers_collect(bufs);
	for (uint32_t i = 0; bufs->all != NULL && i < bufs->nb_buffers; i++)
		free(bufs->all[i].chunk.data);
	free(bufs->all);
	free(bufs);
}
