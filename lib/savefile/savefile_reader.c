/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_priv.h"

#include <pal_err.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int savefile_damaged(struct pal_savefile_reader *r, uint64_t offset, const char *fmt, ...)
{
	bool compressed = r->input.archive != NULL;
	int n = snprintf(
		r->error,
		sizeof(r->error),
		"%.300s: damaged at byte %llu%s: ",
		r->name,
		(unsigned long long)offset,
		compressed ? " of the uncompressed data" : ""
	);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, fmt, ap);
	va_end(ap);
	r->failed = -EBADMSG;
	return pal_err(EBADMSG);
}

int savefile_no_memory(struct pal_savefile_reader *r)
{
	snprintf(r->error, sizeof(r->error), "%.300s: out of memory", r->name);
	r->failed = -ENOMEM;
	return pal_err(ENOMEM);
}

ssize_t savefile_read(struct pal_savefile_reader *r, void *buf, size_t len)
{
	size_t ahead = r->head_len - r->head_pos;

	if (ahead == 0)
		return savefile_input_read(&r->input, buf, len);
	if (ahead > len)
		ahead = len;
	memcpy(buf, r->head + r->head_pos, ahead);
	r->head_pos += (uint8_t)ahead;
	return (ssize_t)ahead;
}

void savefile_strip_fcs(struct pal_savefile_rec *rec, uint32_t fcs_len)
{
	uint32_t missing = rec->wire_len > rec->cap_len ? rec->wire_len - rec->cap_len : 0;
	uint32_t captured = fcs_len > missing ? fcs_len - missing : 0;

	rec->wire_len -= fcs_len < rec->wire_len ? fcs_len : rec->wire_len;
	rec->cap_len -= captured < rec->cap_len ? captured : rec->cap_len;
}

void savefile_note_odd(
	struct pal_savefile_reader *r,
	uint32_t cap_len,
	uint32_t wire_len,
	uint32_t snaplen
)
{
	r->stats.cap_over_wire += cap_len > wire_len;
	r->stats.cap_over_snaplen += cap_len > snaplen;
	r->stats.empty += cap_len == 0;
}

// Enough of the uncompressed stream to tell the format.
static int read_head(struct pal_savefile_reader *r)
{
	while (r->head_len < SAVEFILE_HEAD_LEN) {
		ssize_t n = savefile_input_read(
			&r->input, r->head + r->head_len, SAVEFILE_HEAD_LEN - r->head_len
		);

		if (n < 0)
			return pal_err((int)-n);
		if (n == 0)
			break;
		r->head_len += (uint8_t)n;
	}
	return 0;
}

static int not_a_capture(struct pal_savefile_reader *r)
{
	const uint8_t *h = r->head;

	if (r->head_len == 0)
		snprintf(
			r->error,
			sizeof(r->error),
			"%.300s: not a capture file: it is empty",
			r->name
		);
	else if (r->head_len < 4)
		snprintf(
			r->error,
			sizeof(r->error),
			"%.300s: not a capture file: it has only %u bytes",
			r->name,
			r->head_len
		);
	else
		snprintf(
			r->error,
			sizeof(r->error),
			"%.300s: not a capture file: it%s begins with %02x %02x %02x %02x%s, "
			"neither pcap nor pcapng",
			r->name,
			r->input.archive != NULL ? ", uncompressed," : "",
			h[0],
			h[1],
			h[2],
			h[3],
			memcmp(h, "snoop", 4) == 0 ? " (snoop)" : ""
		);
	return pal_err(EBADMSG);
}

static int find_format(struct pal_savefile_reader *r)
{
	static const uint8_t shb[4] = {0x0a, 0x0d, 0x0d, 0x0a}; // the same in both byte orders
	int rc = savefile_pcap_open(r);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (r->head_len < 4 || memcmp(r->head, shb, sizeof(shb)) != 0)
		return not_a_capture(r);
	r->info.format = PAL_SAVEFILE_PCAPNG;
	return 0;
}

static int reader_start(struct pal_savefile_reader *r, const struct pal_savefile_stream *stream)
{
	int rc = savefile_input_init(&r->input, stream);

	if (rc == 0)
		rc = read_head(r);
	if (rc == -EBADMSG && r->input.reason != NULL)
		return savefile_damaged(r, r->head_len, "%s", r->input.reason);
	if (rc < 0) {
		snprintf(
			r->error,
			sizeof(r->error),
			"%.300s: cannot be read: %s",
			r->name,
			strerror(-rc)
		);
		return pal_err(-rc);
	}
	rc = find_format(r);
	r->win.end_offset = r->head_pos;
	r->info.compression =
		r->input.archive != NULL ? savefile_input_compression(&r->input) : NULL;
	return rc;
}

static void reader_configure(struct pal_savefile_reader *r, const struct pal_savefile_conf *conf)
{
	r->alloc = savefile_own_alloc;
	r->alloc.arg = r;
	r->chunk_bytes = PAL_SAVEFILE_CHUNK_BYTES;
	r->max_interfaces = UINT32_MAX;
	if (conf == NULL)
		return;
	if (conf->alloc != NULL)
		r->alloc = *conf->alloc;
	if (conf->chunk_bytes != 0)
		r->chunk_bytes = conf->chunk_bytes;
	if (conf->max_interfaces != 0)
		r->max_interfaces = conf->max_interfaces;
	r->keep_fcs = conf->keep_fcs;
	r->on_block = conf->on_block;
	r->on_piece = conf->on_piece;
	r->on_block_arg = conf->on_block_arg;
}

struct pal_savefile_reader *pal_savefile_open_stream(
	const char *name,
	const struct pal_savefile_stream *stream,
	const struct pal_savefile_conf *conf,
	char *err
)
{
	struct pal_savefile_reader *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (r == NULL || (r->name = strdup(name)) == NULL) {
		if (err != NULL)
			snprintf(err, PAL_SAVEFILE_ERR_LEN, "%.300s: out of memory", name);
		if (stream->close != NULL)
			stream->close(stream->arg);
		free(r);
		return pal_err_null(ENOMEM);
	}
	reader_configure(r, conf);
	savefile_window_init(r);
	rc = reader_start(r, stream);
	if (rc == 0)
		return r;
	if (err != NULL)
		memcpy(err, r->error, sizeof(r->error));
	pal_savefile_close(r);
	return pal_err_null(-rc);
}

struct pal_savefile_reader *
pal_savefile_open(const char *path, const struct pal_savefile_conf *conf, char *err)
{
	struct pal_savefile_stream stream;
	struct pal_savefile_reader *r;
	uint64_t size_bytes;
	int rc = savefile_file_open(path, conf == NULL ? NULL : conf->stop, &stream, &size_bytes);

	if (rc < 0) {
		if (err != NULL)
			snprintf(
				err,
				PAL_SAVEFILE_ERR_LEN,
				"%.300s: cannot be opened: %s",
				path,
				strerror(-rc)
			);
		return pal_err_null(-rc);
	}
	r = pal_savefile_open_stream(
		strcmp(path, "-") == 0 ? "standard input" : path, &stream, conf, err
	);
	if (r != NULL)
		r->info.size_bytes = size_bytes;
	return r;
}

void pal_savefile_close(struct pal_savefile_reader *r)
{
	int saved = errno;

	if (r == NULL)
		return;
	savefile_window_fini(r);
	savefile_own_alloc_fini(r);
	savefile_input_fini(&r->input);
	savefile_interfaces_clear(r);
	free(r->interfaces);
	free(r->name);
	free(r);
	errno = saved;
}

int pal_savefile_next_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *ret_recs,
	unsigned int nb_recs
)
{
	if (r->failed != 0)
		return pal_err(-r->failed);
	if (r->info.format == PAL_SAVEFILE_PCAP)
		return savefile_pcap_burst(r, ret_recs, nb_recs);
	return savefile_pcapng_burst(r, ret_recs, nb_recs);
}

int pal_savefile_next(struct pal_savefile_reader *r, struct pal_savefile_rec *ret_rec)
{
	return pal_savefile_next_burst(r, ret_rec, 1);
}

struct pal_savefile_chunk *pal_savefile_current_chunk(const struct pal_savefile_reader *r)
{
	return r->win.chunk;
}

const char *pal_savefile_error(const struct pal_savefile_reader *r)
{
	return r->error;
}

const struct pal_savefile_info *pal_savefile_info(const struct pal_savefile_reader *r)
{
	return &r->info;
}

const uint8_t *pal_savefile_pcap_header(const struct pal_savefile_reader *r)
{
	return r->info.format == PAL_SAVEFILE_PCAP ? r->head : NULL;
}

void pal_savefile_stats(const struct pal_savefile_reader *r, struct pal_savefile_stats *ret_stats)
{
	*ret_stats = r->stats;
	ret_stats->stored_bytes = r->input.stored_bytes;
}

uint64_t pal_savefile_offset(const struct pal_savefile_reader *r)
{
	return savefile_offset(r);
}

uint64_t pal_savefile_stored_bytes(const struct pal_savefile_reader *r)
{
	return r->input.stored_bytes;
}
