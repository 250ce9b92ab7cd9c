/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_writer.h"

#include <pal_err.h>

#include <rte_errno.h>
#include <rte_ring.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Blocks per pal_out beside the one that each sink may be filling.
#define SPARE_BLOCKS 2
#define WAIT_FOR_BLOCK_US 50

// A block with less room than this is handed over before a record is begun.
#define MIN_ROOM 4096

const struct pal_sink_frame pal_sink_lines = {0};

struct block {
	uint32_t len;
	uint32_t nb_records;
	int sink;
	bool raw; // text, no records
	char data[PAL_WRITER_BLOCK_BYTES];
};

struct sink {
	struct pal_sink_frame frame;
	char *path;
	size_t separator_len;
	bool lines; // can be gone on with in another file
	int fd;
	uint64_t nb_records; // writer: wo, others: ro
	uint64_t nb_bytes;
};

struct pal_writer {
	struct pal_writer_conf conf;
	struct rte_ring *full;
	struct rte_ring *free;
	struct block *blocks;
	uint32_t nb_blocks;
	int nb_sinks;
	struct sink sinks[PAL_WRITER_MAX_SINKS];
	sem_t wake; // posted once per full block, and to say stop or reopen
	pthread_t thread;
	bool stop; // main: wo, writer: ro
	bool finished; // main's
	bool reopen; // main: set, writer: cleared
	int error; // writer: wo, main: ro
	int error_sink;
};

struct pal_out {
	struct pal_writer *w;
	uint64_t lost;
	struct block *filling[PAL_WRITER_MAX_SINKS];
};

/* writer thread */

static void note_error(struct pal_writer *w, int sink, int code)
{
	if (w->error != 0)
		return;
	w->error_sink = sink;
	// Pairs with the acquire in pal_writer_error(): who sees the error sees which sink.
	__atomic_store_n(&w->error, code, __ATOMIC_RELEASE);
}

// False: an error, noted; some of it may be in the file.
static bool write_all(struct pal_writer *w, int sink, const char *data, size_t len)
{
	struct sink *s = &w->sinks[sink];

	while (len > 0) {
		ssize_t n = write(s->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			note_error(w, sink, errno);
			return false;
		}
		data += n;
		len -= (size_t)n;
		__atomic_store_n(&s->nb_bytes, s->nb_bytes + (uint64_t)n, __ATOMIC_RELAXED);
	}
	return true;
}

static void write_text(struct pal_writer *w, int sink, const char *text)
{
	if (text != NULL)
		write_all(w, sink, text, strlen(text));
}

// Every record begins with the separator; the first one of a file goes without.
static void write_block(struct pal_writer *w, const struct block *b)
{
	struct sink *s = &w->sinks[b->sink];
	size_t skip = 0;

	if (s->nb_records == 0 && !b->raw)
		skip = s->separator_len;
	if (!write_all(w, b->sink, b->data + skip, b->len - skip))
		return;
	__atomic_store_n(&s->nb_records, s->nb_records + b->nb_records, __ATOMIC_RELAXED);
}

static void reopen_sinks(struct pal_writer *w)
{
	for (int i = 0; i < w->nb_sinks; i++) {
		struct sink *s = &w->sinks[i];
		int fd;

		if (s->fd == STDOUT_FILENO || !s->lines)
			continue;
		fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd < 0) {
			note_error(w, i, errno);
			continue;
		}
		close(s->fd);
		s->fd = fd;
	}
}

static void *writer_main(void *arg)
{
	struct pal_writer *w = arg;
	struct block *b;

	for (;;) {
		while (sem_wait(&w->wake) != 0)
			;
		while (rte_ring_sc_dequeue(w->full, (void **)&b) == 0) {
			write_block(w, b);
			rte_ring_enqueue(w->free, b);
		}
		if (__atomic_exchange_n(&w->reopen, false, __ATOMIC_ACQUIRE))
			reopen_sinks(w);
		// Pairs with the release in pal_writer_finish(): all blocks were enqueued before.
		if (__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE) && rte_ring_empty(w->full))
			return NULL;
	}
}

/* main */

static int make_blocks(struct pal_writer *w)
{
	w->nb_blocks = w->conf.nb_outs * (uint32_t)(SPARE_BLOCKS + PAL_WRITER_MAX_SINKS);
	w->blocks = malloc((size_t)w->nb_blocks * sizeof(*w->blocks));
	if (w->blocks == NULL)
		return pal_err(ENOMEM);
	w->full = rte_ring_create(
		"pal_full", w->nb_blocks, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_EXACT_SZ
	);
	w->free = rte_ring_create("pal_free", w->nb_blocks, SOCKET_ID_ANY, RING_F_EXACT_SZ);
	if (w->full == NULL || w->free == NULL)
		return pal_err(rte_errno);
	for (uint32_t i = 0; i < w->nb_blocks; i++)
		rte_ring_enqueue(w->free, &w->blocks[i]);
	return 0;
}

static void free_writer(struct pal_writer *w)
{
	rte_ring_free(w->full);
	rte_ring_free(w->free);
	free(w->blocks);
	free(w);
}

struct pal_writer *pal_writer_create(const struct pal_writer_conf *conf)
{
	struct pal_writer *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		return pal_err_null(ENOMEM);
	w->conf = *conf;
	rc = make_blocks(w);
	if (rc < 0)
		goto free_all;
	sem_init(&w->wake, 0, 0);
	rc = -pthread_create(&w->thread, NULL, writer_main, w);
	if (rc < 0)
		goto destroy_sem;
	pthread_setname_np(w->thread, "pal-writer");
	return w;

destroy_sem:
	sem_destroy(&w->wake);
free_all:
	free_writer(w);
	return pal_err_null(-rc);
}

int pal_writer_open(struct pal_writer *w, const char *path, const struct pal_sink_frame *frame)
{
	int replace = w->conf.live && frame == &pal_sink_lines ? O_APPEND : O_TRUNC;
	struct sink *s = &w->sinks[w->nb_sinks];

	if (w->nb_sinks == PAL_WRITER_MAX_SINKS)
		return pal_err(ENOSPC);
	s->path = strdup(path);
	if (s->path == NULL)
		return pal_err(ENOMEM);
	s->frame = *frame;
	s->separator_len = frame->separator == NULL ? 0 : strlen(frame->separator);
	s->lines = frame == &pal_sink_lines;
	s->fd = STDOUT_FILENO;
	if (strcmp(path, "-") != 0)
		s->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | replace, 0644);
	if (s->fd < 0) {
		int code = errno;

		free(s->path);
		return pal_err(code);
	}
	write_text(w, w->nb_sinks, frame->head);
	return w->nb_sinks++;
}

void pal_writer_reopen(struct pal_writer *w)
{
	__atomic_store_n(&w->reopen, true, __ATOMIC_RELEASE);
	sem_post(&w->wake);
}

int pal_writer_error(const struct pal_writer *w, const char **ret_path)
{
	int code = __atomic_load_n(&w->error, __ATOMIC_ACQUIRE);

	if (code != 0)
		*ret_path = w->sinks[w->error_sink].path;
	return code;
}

void pal_writer_written(
	const struct pal_writer *w,
	int sink,
	uint64_t *ret_records,
	uint64_t *ret_bytes
)
{
	*ret_records = __atomic_load_n(&w->sinks[sink].nb_records, __ATOMIC_RELAXED);
	*ret_bytes = __atomic_load_n(&w->sinks[sink].nb_bytes, __ATOMIC_RELAXED);
}

void pal_writer_finish(struct pal_writer *w)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
	sem_post(&w->wake);
	pthread_join(w->thread, NULL);
	w->finished = true;
	for (int i = 0; i < w->nb_sinks; i++) {
		write_text(w, i, w->sinks[i].frame.tail);
		// A network file system may tell only now that the disk is full.
		if (w->sinks[i].fd != STDOUT_FILENO && close(w->sinks[i].fd) < 0)
			note_error(w, i, errno);
	}
}

void pal_writer_destroy(struct pal_writer *w)
{
	if (w == NULL)
		return;
	if (!w->finished)
		pal_writer_finish(w);
	for (int i = 0; i < w->nb_sinks; i++)
		free(w->sinks[i].path);
	sem_destroy(&w->wake);
	free_writer(w);
}

/* lcores */

struct pal_out *pal_out_create(struct pal_writer *w)
{
	struct pal_out *out = calloc(1, sizeof(*out));

	if (out == NULL)
		return pal_err_null(ENOMEM);
	out->w = w;
	return out;
}

static void hand_over(struct pal_out *out, int sink)
{
	struct block *b = out->filling[sink];

	out->filling[sink] = NULL;
	// Cannot fail: the ring has room for every block there is.
	rte_ring_enqueue(out->w->full, b);
	sem_post(&out->w->wake);
}

static struct block *take_block(struct pal_out *out, int sink, bool may_wait)
{
	struct block *b;

	while (rte_ring_dequeue(out->w->free, (void **)&b) != 0) {
		if (!may_wait)
			return NULL;
		usleep(WAIT_FOR_BLOCK_US);
	}
	b->len = 0;
	b->nb_records = 0;
	b->sink = sink;
	b->raw = false;
	out->filling[sink] = b;
	return b;
}

char *pal_out_reserve(struct pal_out *out, int sink, size_t min_len, size_t *ret_len)
{
	const struct sink *s = &out->w->sinks[sink];
	struct block *b = out->filling[sink];
	size_t sep_len = s->separator_len;

	if (min_len < MIN_ROOM)
		min_len = MIN_ROOM;
	if (b != NULL && (b->raw || sizeof(b->data) - b->len < min_len + sep_len)) {
		hand_over(out, sink);
		b = NULL;
	}
	if (b == NULL)
		b = take_block(out, sink, !out->w->conf.live);
	if (b == NULL || sizeof(b->data) - b->len < min_len + sep_len) {
		out->lost++;
		return NULL;
	}
	if (sep_len != 0)
		memcpy(b->data + b->len, s->frame.separator, sep_len);
	*ret_len = sizeof(b->data) - b->len - sep_len;
	return b->data + b->len + sep_len;
}

void pal_out_commit(struct pal_out *out, int sink, size_t len)
{
	struct block *b = out->filling[sink];

	b->len += (uint32_t)(len + out->w->sinks[sink].separator_len);
	b->nb_records++;
}

void pal_out_raw(struct pal_out *out, int sink, const char *text, size_t len)
{
	struct block *b = out->filling[sink];

	if (b == NULL || !b->raw)
		pal_out_flush(out);
	// A record was begun there and given up: the block is still empty, and stays here.
	if (out->filling[sink] != NULL)
		out->filling[sink]->raw = true;
	while (len > 0) {
		size_t n;

		b = out->filling[sink];
		if (b == NULL) {
			b = take_block(out, sink, true);
			b->raw = true;
		}
		n = sizeof(b->data) - b->len < len ? sizeof(b->data) - b->len : len;
		memcpy(b->data + b->len, text, n);
		b->len += (uint32_t)n;
		text += n;
		len -= n;
		if (b->len == sizeof(b->data))
			hand_over(out, sink);
	}
}

void pal_out_drop(struct pal_out *out)
{
	out->lost++;
}

void pal_out_flush(struct pal_out *out)
{
	for (int i = 0; i < PAL_WRITER_MAX_SINKS; i++)
		if (out->filling[i] != NULL && out->filling[i]->len != 0)
			hand_over(out, i);
}

uint64_t pal_out_lost(const struct pal_out *out)
{
	return out->lost;
}

void pal_out_destroy(struct pal_out *out)
{
	if (out == NULL)
		return;
	pal_out_flush(out);
	for (int i = 0; i < PAL_WRITER_MAX_SINKS; i++)
		if (out->filling[i] != NULL)
			rte_ring_enqueue(out->w->free, out->filling[i]);
	free(out);
}
