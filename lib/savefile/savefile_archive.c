/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one file that knows libarchive. It is used as a chain of decompressors only ("raw" format): its filters
 * find out by themselves what the stream is, and go on with further gzip members and xz streams.
 */
#include "savefile_priv.h"

#include <pal_err.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#define STORED_BYTES (64 * 1024)

struct savefile_archive {
	struct savefile_input *in;
	struct archive *a;
	bool opened, ended;
	const uint8_t *block; // decoded, not taken yet
	size_t block_len;
	int read_error; // -errno of the stored stream
	uint8_t stored[STORED_BYTES];
};

static la_ssize_t read_stored(struct archive *a, void *arg, const void **ret_buf)
{
	struct savefile_archive *sa = arg;
	ssize_t n = savefile_input_read_stored(sa->in, sa->stored, sizeof(sa->stored));

	if (n < 0) {
		sa->read_error = (int)n;
		archive_set_error(a, (int)-n, "the file cannot be read");
		return ARCHIVE_FATAL;
	}
	*ret_buf = sa->stored;
	return n;
}

static int archive_failed(struct savefile_archive *sa)
{
	const char *reason = archive_error_string(sa->a);

	if (sa->read_error != 0)
		return pal_err(-sa->read_error);
	sa->in->reason = reason != NULL ? reason : "the compressed data is damaged";
	return pal_err(EBADMSG);
}

struct savefile_archive *savefile_archive_create(struct savefile_input *in)
{
	struct savefile_archive *sa = calloc(1, sizeof(*sa));

	if (sa == NULL)
		return NULL;
	sa->in = in;
	sa->a = archive_read_new();
	if (sa->a == NULL) {
		free(sa);
		return pal_err_null(ENOMEM);
	}
	archive_read_support_filter_gzip(sa->a);
	archive_read_support_filter_xz(sa->a);
	archive_read_support_filter_zstd(sa->a);
	archive_read_support_filter_lz4(sa->a);
	archive_read_support_filter_bzip2(sa->a);
	archive_read_support_format_raw(sa->a);
	archive_read_support_format_empty(sa->a);
	return sa;
}

void savefile_archive_destroy(struct savefile_archive *sa)
{
	if (sa == NULL)
		return;
	archive_read_free(sa->a);
	free(sa);
}

// Not in create(): the first bytes are still being looked at there, and libarchive reads while it opens.
static int archive_start(struct savefile_archive *sa)
{
	struct archive_entry *entry;
	int rc = archive_read_open(sa->a, sa, NULL, read_stored, NULL);

	sa->opened = true;
	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(sa->a, &entry);
	if (rc == ARCHIVE_EOF) {
		sa->ended = true;
		return 0;
	}
	return rc < ARCHIVE_WARN ? archive_failed(sa) : 0;
}

// Not archive_read_data(): on an error that forgets what it has put into the buffer already.
static int next_block(struct savefile_archive *sa)
{
	const void *block;
	la_int64_t offset;
	int rc = archive_read_data_block(sa->a, &block, &sa->block_len, &offset);

	sa->block = block;
	if (rc == ARCHIVE_EOF) {
		sa->block_len = 0;
		sa->ended = true;
		return 0;
	}
	if (rc < ARCHIVE_WARN) {
		sa->block_len = 0;
		return archive_failed(sa);
	}
	return 0;
}

ssize_t savefile_archive_read(struct savefile_archive *sa, void *buf, size_t len)
{
	if (!sa->opened) {
		int rc = archive_start(sa);

		if (rc < 0)
			return rc;
	}
	while (sa->block_len == 0 && !sa->ended) {
		int rc = next_block(sa);

		if (rc < 0)
			return rc;
	}
	if (len > sa->block_len)
		len = sa->block_len;
	if (len == 0)
		return 0;
	memcpy(buf, sa->block, len);
	sa->block += len;
	sa->block_len -= len;
	return (ssize_t)len;
}
