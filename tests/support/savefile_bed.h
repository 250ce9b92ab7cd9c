/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SAVEFILE_BED_H
#define PAL_SAVEFILE_BED_H

/** @file For tests of the reader of capture files: a file in memory, and what came out of it. */

#include "filebuild.h"

#include <pal_savefile.h>
#include <pal_time.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// clang-format off: it wants what stands above
#include <cmocka.h>
// clang-format on

#define READ_MAX 512

/* What came out of a file: records with their data copied, so that it outlives the reader's chunks. */
struct result {
	struct pal_savefile_rec recs[READ_MAX];
	uint8_t *data[READ_MAX];
	unsigned int nb;
	int rc;
	char error[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_stats stats;
	size_t largest_chunk;
};

/* Memory as a stream that gives `step` bytes at a time; 0: all. */
struct memory {
	const uint8_t *data;
	size_t len, step;
};

static inline ssize_t memory_read(void *arg, void *buf, size_t len)
{
	struct memory *mem = arg;

	if (len > mem->len)
		len = mem->len;
	if (mem->step != 0 && len > mem->step)
		len = mem->step;
	if (len > 0)
		memcpy(buf, mem->data, len);
	mem->data += len;
	mem->len -= len;
	return (ssize_t)len;
}

static inline struct pal_savefile_chunk *counting_get(void *arg, size_t min_size)
{
	struct result *res = arg;
	struct pal_savefile_chunk *chunk = malloc(sizeof(*chunk) + min_size);

	assert_non_null(chunk);
	chunk->data = (uint8_t *)(chunk + 1);
	chunk->size = min_size;
	if (min_size > res->largest_chunk)
		res->largest_chunk = min_size;
	return chunk;
}

static inline void counting_put(void *, struct pal_savefile_chunk *chunk)
{
	free(chunk);
}

static inline void drain(struct result *res, struct pal_savefile_reader *r)
{
	struct pal_savefile_rec rec;

	while ((res->rc = pal_savefile_next(r, &rec)) > 0) {
		assert_true(res->nb < READ_MAX);
		res->recs[res->nb] = rec;
		res->data[res->nb] = malloc(rec.cap_len + 1);
		memcpy(res->data[res->nb], rec.data, rec.cap_len);
		res->nb++;
	}
	strcpy(res->error, pal_savefile_error(r));
	pal_savefile_stats(r, &res->stats);
	pal_savefile_close(r);
}

static inline void result_free(struct result *res)
{
	for (unsigned int i = 0; i < res->nb; i++)
		free(res->data[i]);
	memset(res, 0, sizeof(*res));
}

static inline void read_bytes(
	struct result *res,
	const uint8_t *data,
	size_t len,
	size_t step,
	struct pal_savefile_conf conf
)
{
	const struct pal_savefile_alloc alloc = {
		.get = counting_get, .put = counting_put, .arg = res};
	// An exact copy: AddressSanitizer sees a read past the end.
	uint8_t *copy = malloc(len + (len == 0));
	struct memory mem = {.data = copy, .len = len, .step = step};
	const struct pal_savefile_stream stream = {.read = memory_read, .arg = &mem};
	struct pal_savefile_reader *r;

	if (len > 0)
		memcpy(copy, data, len);
	memset(res, 0, sizeof(*res));
	conf.alloc = &alloc;
	r = pal_savefile_open_stream("test.pcap", &stream, &conf, res->error);
	if (r == NULL)
		res->rc = -errno;
	else
		drain(res, r);
	free(copy);
}

static inline void read_built(struct result *res, const struct filebuild *fb)
{
	read_bytes(res, fb->data, fb->len, 0, (struct pal_savefile_conf){});
}

static inline void assert_sentence(const struct result *res, const char *part)
{
	if (strstr(res->error, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, res->error);
	assert_null(strchr(res->error, '\n'));
}

static inline void build_pcap(struct filebuild *fb)
{
	fb_pcap(fb, FB_US, 65535, 1);
	fb_record(fb, 1, 30, 60);
	fb_record(fb, 2, 0, 0);
	fb_record(fb, 3, 61, 61);
}

static inline void build_pcapng(struct filebuild *fb)
{
	size_t start;

	fb_shb(fb);
	fb_idb_option(fb, 1, 2, "eth0", 4);
	fb_epb(fb, 0, 1000000, 1, 30);
	start = fb_begin(fb, FB_NRB);
	fb_pattern(fb, 0, 24);
	fb_end(fb, start);
	fb_epb(fb, 0, 2000000, 2, 0);
	fb_epb(fb, 0, 3000000, 3, 61);
}

static inline struct pal_savefile_reader *
open_built(struct memory *mem, const struct filebuild *fb, const struct pal_savefile_conf *conf)
{
	const struct pal_savefile_stream stream = {.read = memory_read, .arg = mem};
	struct pal_savefile_reader *r;

	*mem = (struct memory){.data = fb->data, .len = fb->len};
	r = pal_savefile_open_stream("x", &stream, conf, NULL);
	assert_non_null(r);
	return r;
}

static struct result res; // of the test that runs

#endif
