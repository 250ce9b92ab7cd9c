/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small things are gathered in a buffer; what is long goes past it, straight from where the reader has it.
 */
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES SAVEFILE_RESERVE_MAX
#define DIRECT_BYTES (32 * 1024) /**< From here on a system call costs less than a copy. */

int savefile_output_init(
	struct savefile_output *out,
	enum pal_savefile_compression compression,
	int level
)
{
	out->buf = malloc(BUFFER_BYTES);
	if (out->buf == NULL)
		return pal_err(ENOMEM);
	if (compression == PAL_SAVEFILE_COMPRESS_NONE)
		return 0;
	out->compressor = savefile_compressor_create(out, compression, level);
	return out->compressor == NULL ? -errno : 0;
}

int savefile_output_store(struct savefile_output *out, const void *data, size_t len)
{
	int rc = out->sink.write(out->sink.arg, data, len);

	if (rc < 0)
		return pal_err(-rc);
	out->stored_bytes += len;
	return 0;
}

static int pass_on(struct savefile_output *out, const void *data, size_t len)
{
	if (out->compressor != NULL)
		return savefile_compressor_write(out->compressor, data, len);
	return savefile_output_store(out, data, len);
}

int savefile_output_flush(struct savefile_output *out)
{
	size_t len = out->len;

	out->len = 0;
	return len == 0 ? 0 : pass_on(out, out->buf, len);
}

uint8_t *savefile_output_reserve(struct savefile_output *out, size_t len)
{
	uint8_t *room;

	if (len > BUFFER_BYTES - out->len && savefile_output_flush(out) < 0)
		return NULL;
	room = out->buf + out->len;
	out->len += len;
	out->bytes += len;
	return room;
}

int savefile_output_write(struct savefile_output *out, const void *data, size_t len)
{
	uint8_t *room;
	int rc;

	if (len >= DIRECT_BYTES) {
		rc = savefile_output_flush(out);
		if (rc < 0)
			return rc;
		out->bytes += len;
		return pass_on(out, data, len);
	}
	room = savefile_output_reserve(out, len);
	if (room == NULL)
		return -errno;
	if (len > 0)
		memcpy(room, data, len);
	return 0;
}

int savefile_output_finish(struct savefile_output *out)
{
	int rc = savefile_output_flush(out);

	if (rc == 0 && out->compressor != NULL)
		rc = savefile_compressor_finish(out->compressor);
	return rc;
}

int savefile_output_fini(struct savefile_output *out, bool keep)
{
	int rc = 0;

	savefile_compressor_destroy(out->compressor);
	free(out->buf);
	if (out->file != NULL)
		rc = savefile_outfile_close(out->file, keep);
	else if (out->sink.close != NULL)
		rc = out->sink.close(out->sink.arg);
	return rc;
}
