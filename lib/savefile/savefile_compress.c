/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libarchive as a compressor only ("raw" format: one entry, its bytes and nothing around them).
 */
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct savefile_compressor {
	struct savefile_output *out;
	struct archive *a;
	int write_error; // -errno of the stream
};

static int (*const add_filter[PAL_SAVEFILE_COMPRESS_COUNT])(struct archive *) = {
	[PAL_SAVEFILE_COMPRESS_GZIP] = archive_write_add_filter_gzip,
	[PAL_SAVEFILE_COMPRESS_ZSTD] = archive_write_add_filter_zstd,
	[PAL_SAVEFILE_COMPRESS_XZ] = archive_write_add_filter_xz,
	[PAL_SAVEFILE_COMPRESS_LZ4] = archive_write_add_filter_lz4,
};

static la_ssize_t store(struct archive *a, void *arg, const void *buf, size_t len)
{
	struct savefile_compressor *c = arg;
	int rc = c->write_error != 0 ? c->write_error : savefile_output_store(c->out, buf, len);

	if (rc < 0) {
		c->write_error = rc;
		archive_set_error(a, -rc, "the file cannot be written");
		return -1;
	}
	return (la_ssize_t)len;
}

static int compressor_failed(struct savefile_compressor *c)
{
	int code = archive_errno(c->a);

	if (c->write_error != 0)
		return pal_err(-c->write_error);
	c->out->reason = archive_error_string(c->a);
	return pal_err(code > 0 ? code : EIO);
}

static int set_level(struct archive *a, int level)
{
	char text[16];

	if (level == 0)
		return ARCHIVE_OK;
	snprintf(text, sizeof(text), "%d", level);
	return archive_write_set_filter_option(a, NULL, "compression-level", text);
}

static int compressor_start(
	struct savefile_compressor *c,
	enum pal_savefile_compression compression,
	int level
)
{
	struct archive_entry *entry;
	int rc;

	// ARCHIVE_WARN: an external program would be started.
	if (add_filter[compression](c->a) != ARCHIVE_OK)
		return pal_err(ENOTSUP);
	if (set_level(c->a, level) != ARCHIVE_OK)
		return pal_err(EINVAL);
	// No padding, no gathering: what the compressor gives goes to the sink.
	if (archive_write_set_format_raw(c->a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(c->a, 0) != ARCHIVE_OK ||
	    archive_write_open(c->a, c, NULL, store, NULL) != ARCHIVE_OK)
		return compressor_failed(c);
	entry = archive_entry_new();
	if (entry == NULL)
		return pal_err(ENOMEM);
	archive_entry_set_filetype(entry, AE_IFREG);
	rc = archive_write_header(c->a, entry);
	archive_entry_free(entry);
	return rc < ARCHIVE_WARN ? compressor_failed(c) : 0;
}

struct savefile_compressor *savefile_compressor_create(
	struct savefile_output *out,
	enum pal_savefile_compression compression,
	int level
)
{
	struct savefile_compressor *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return NULL;
	c->out = out;
	c->a = archive_write_new();
	rc = c->a == NULL ? -ENOMEM : compressor_start(c, compression, level);
	if (rc == 0)
		return c;
	savefile_compressor_destroy(c);
	return pal_err_null(-rc);
}

void savefile_compressor_destroy(struct savefile_compressor *c)
{
	if (c == NULL)
		return;
	if (c->a != NULL) {
		c->write_error = -ECANCELED; // freeing flushes, but nobody wants that any more
		archive_write_free(c->a);
	}
	free(c);
}

int savefile_compressor_write(struct savefile_compressor *c, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		la_ssize_t n = archive_write_data(c->a, p, len);

		if (n <= 0)
			return compressor_failed(c);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int savefile_compressor_finish(struct savefile_compressor *c)
{
	return archive_write_close(c->a) < ARCHIVE_WARN ? compressor_failed(c) : 0;
}
