/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RECORD_MAX                                                                                 \
	(PAL_SAVEFILE_RECORD_MAX - 64) /**< Data and options; a block has some more bytes. */

static const char *const endings[PAL_SAVEFILE_COMPRESS_COUNT] = {
	[PAL_SAVEFILE_COMPRESS_GZIP] = ".gz",
	[PAL_SAVEFILE_COMPRESS_ZSTD] = ".zst",
	[PAL_SAVEFILE_COMPRESS_XZ] = ".xz",
	[PAL_SAVEFILE_COMPRESS_LZ4] = ".lz4",
};

// Whether the first len bytes of name end like this.
static bool ends_with(const char *name, size_t len, const char *ending)
{
	size_t ending_len = strlen(ending);

	return len > ending_len && strncasecmp(name + len - ending_len, ending, ending_len) == 0;
}

// What the name says, where the caller says nothing.
static void settle(struct pal_savefile_writer_conf *conf, const char *name)
{
	static const char *const pcap[] = {".pcap", ".cap", ".dmp"};
	size_t len = strlen(name);
	int by_name = PAL_SAVEFILE_COMPRESS_NONE;

	for (int c = 0; c < PAL_SAVEFILE_COMPRESS_COUNT; c++)
		if (endings[c] != NULL && ends_with(name, len, endings[c])) {
			by_name = c;
			len -= strlen(endings[c]);
			break;
		}
	if (conf->compression == PAL_SAVEFILE_COMPRESS_BY_NAME)
		conf->compression = (enum pal_savefile_compression)by_name;
	if (conf->format != PAL_SAVEFILE_WRITE_BY_NAME)
		return;
	conf->format = PAL_SAVEFILE_WRITE_PCAPNG;
	for (size_t i = 0; i < sizeof(pcap) / sizeof(pcap[0]); i++)
		if (ends_with(name, len, pcap[i]))
			conf->format = PAL_SAVEFILE_WRITE_PCAP;
}

int savefile_writer_failed(struct pal_savefile_writer *w, int rc)
{
	snprintf(
		w->error,
		sizeof(w->error),
		"%.300s: cannot be written at byte %llu: %s",
		w->name,
		(unsigned long long)w->out.stored_bytes,
		w->out.reason != NULL ? w->out.reason : strerror(-rc)
	);
	w->failed = rc;
	return pal_err(-rc);
}

int savefile_writer_bytes(struct pal_savefile_writer *w, const void *data, size_t len)
{
	int rc = savefile_output_write(&w->out, data, len);

	return rc < 0 ? savefile_writer_failed(w, rc) : 0;
}

struct savefile_target *savefile_writer_add_target(struct pal_savefile_writer *w)
{
	struct savefile_target *t;

	if (w->nb_targets == w->room_targets) {
		uint32_t room = w->room_targets == 0 ? 4 : 2 * w->room_targets;

		t = room == 0 ? NULL : realloc(w->targets, room * sizeof(*t));
		if (t == NULL) {
			savefile_writer_failed(w, -ENOMEM);
			return NULL;
		}
		w->targets = t;
		w->room_targets = room;
	}
	t = &w->targets[w->nb_targets++];
	memset(t, 0, sizeof(*t));
	w->nb_interfaces++;
	return t;
}

uint64_t savefile_writer_time_ns(
	const struct pal_savefile_writer *w,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec,
	bool *ret_saturated
)
{
	*ret_saturated = false;
	if (!rec->has_time)
		return w->last_ns;
	if (!t->has_ticks)
		return rec->time_ns;
	return savefile_interface_time_ns(&t->iface, rec->ticks, ret_saturated);
}

static int writer_start(struct pal_savefile_writer *w, const struct pal_savefile_writer_conf *conf)
{
	bool adopts;
	int rc;

	if (conf != NULL)
		w->conf = *conf;
	w->big_endian = w->conf.big_endian;
	settle(&w->conf, w->name);
	if ((unsigned int)w->conf.format > PAL_SAVEFILE_WRITE_PCAPNG ||
	    (unsigned int)w->conf.compression >= PAL_SAVEFILE_COMPRESS_COUNT)
		return pal_err(EINVAL);
	adopts = w->conf.pcap_header != NULL && !savefile_writes_pcapng(w);
	rc = savefile_output_init(&w->out, w->conf.compression, w->conf.level);
	return rc == 0 && adopts ? savefile_pcap_adopt_header(w) : rc;
}

static void writer_free(struct pal_savefile_writer *w)
{
	free(w->targets);
	free(w->name);
	free(w);
}

static void explain(char *err, const char *name, int rc)
{
	if (err != NULL)
		snprintf(
			err,
			PAL_SAVEFILE_ERR_LEN,
			"%.300s: cannot be written: %s",
			name,
			strerror(-rc)
		);
}

// Takes the sink, or the file that it is.
static struct pal_savefile_writer *writer_create(
	const char *name,
	const struct pal_savefile_sink *sink,
	struct savefile_outfile *file,
	const struct pal_savefile_writer_conf *conf,
	char *err
)
{
	struct pal_savefile_writer *w = calloc(1, sizeof(*w));
	struct savefile_output unused = {.sink = *sink, .file = file};
	int rc = -ENOMEM;

	if (w == NULL || (w->name = strdup(name)) == NULL) {
		savefile_output_fini(&unused, false);
		goto free_writer;
	}
	w->out = unused;
	rc = writer_start(w, conf);
	if (rc == 0)
		return w;
	if (w->out.reason != NULL)
		savefile_writer_failed(w, rc);
	else
		explain(w->error, name, rc);
	if (err != NULL)
		memcpy(err, w->error, sizeof(w->error));
	pal_savefile_writer_abort(w);
	return pal_err_null(-rc);

free_writer:
	explain(err, name, rc);
	free(w);
	return pal_err_null(-rc);
}

struct pal_savefile_writer *pal_savefile_writer_open_sink(
	const char *name,
	const struct pal_savefile_sink *sink,
	const struct pal_savefile_writer_conf *conf,
	char *err
)
{
	return writer_create(name, sink, NULL, conf, err);
}

struct pal_savefile_writer *
pal_savefile_writer_open(const char *path, const struct pal_savefile_writer_conf *conf, char *err)
{
	const char *name = strcmp(path, "-") == 0 ? "standard output" : path;
	struct pal_savefile_sink sink;
	struct savefile_outfile *file = savefile_outfile_open(path, &sink);
	int saved = errno;

	if (file == NULL) {
		explain(err, name, -saved);
		return pal_err_null(saved);
	}
	return writer_create(name, &sink, file, conf, err);
}

static int writer_finish(struct pal_savefile_writer *w)
{
	int rc = w->failed;

	if (rc == 0 && !w->begun)
		rc = savefile_writes_pcapng(w) ? savefile_pcapng_begin(w)
					       : savefile_pcap_begin(w, w->targets);
	if (rc == 0) {
		rc = savefile_output_finish(&w->out);
		if (rc < 0)
			savefile_writer_failed(w, rc);
	}
	return rc;
}

int pal_savefile_writer_close(
	struct pal_savefile_writer *w,
	struct pal_savefile_writer_stats *ret_stats,
	char *err
)
{
	int rc = writer_finish(w);
	int close_rc = savefile_output_fini(&w->out, rc == 0);

	if (rc == 0 && close_rc < 0)
		rc = savefile_writer_failed(w, close_rc);
	if (ret_stats != NULL)
		pal_savefile_writer_stats(w, ret_stats);
	if (err != NULL && rc < 0)
		memcpy(err, w->error, sizeof(w->error));
	writer_free(w);
	return rc < 0 ? pal_err(-rc) : 0;
}

void pal_savefile_writer_abort(struct pal_savefile_writer *w)
{
	int saved = errno;

	if (w == NULL)
		return;
	savefile_output_fini(&w->out, false);
	writer_free(w);
	errno = saved;
}

// Whether there are bytes behind the last option that are not the end of options.
static bool is_cut_off(const struct pal_savefile_options *it)
{
	const uint8_t *head = pal_cursor_peek(&it->cur, 4);

	if (head == NULL)
		return pal_cursor_left(&it->cur) > 0;
	return savefile_load16(head, it->big_endian) != SAVEFILE_OPT_END;
}

int64_t pal_savefile_writer_add_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_writer_interface *iface
)
{
	struct pal_savefile_writer_interface full = *iface;
	struct pal_savefile_options it;
	struct pal_savefile_option opt;
	struct savefile_target *t;

	if (w->failed != 0)
		return pal_err(-w->failed);
	if (full.options_len > SAVEFILE_RESERVE_MAX / 2)
		return pal_err(EINVAL);
	if (full.tsresol == 0)
		full.tsresol = 9;
	t = savefile_writer_add_target(w);
	if (t == NULL)
		return -errno;
	t->iface.linktype = full.linktype;
	t->iface.snaplen = full.snaplen;
	t->iface.fcs_len = full.fcs_len;
	t->iface.tsoffset_s = full.tsoffset_s;
	savefile_interface_set_tsresol(&t->iface, full.tsresol);
	it = pal_savefile_options_of(full.options, full.options_len, full.options_big_endian);
	while (pal_savefile_option_next(&it, &opt))
		savefile_interface_option(&t->iface, &opt, full.options_big_endian);
	w->stats.lost.options += is_cut_off(&it);
	t->has_ticks = full.has_ticks;
	if (savefile_writes_pcapng(w)) {
		int rc = savefile_pcapng_put_interface(w, &full);

		return rc < 0 ? rc : (int64_t)w->nb_targets - 1;
	}
	w->stats.lost.interfaces += w->nb_interfaces > 1;
	savefile_writer_lose_options(
		w, PAL_SAVEFILE_BLOCK_IDB, full.options, full.options_len, full.options_big_endian
	);
	return (int64_t)w->nb_targets - 1;
}

int64_t pal_savefile_writer_copy_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_reader *r,
	uint32_t index
)
{
	const struct pal_savefile_interface *from = pal_savefile_interface(r, index);

	// Without their FCS the records would not be what the interface says.
	if (from == NULL || (from->fcs_len != 0 && !r->keep_fcs))
		return pal_err(EINVAL);
	return pal_savefile_writer_add_interface(
		w,
		&(struct pal_savefile_writer_interface){
			.linktype = from->linktype,
			.tsresol = from->tsresol,
			.fcs_len = from->fcs_len,
			.snaplen = from->snaplen,
			.tsoffset_s = from->tsoffset_s,
			.options = from->options,
			.options_len = from->options_len,
			.options_big_endian = r->swapped,
			.has_ticks = true,
		}
	);
}

int pal_savefile_writer_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	if (w->failed != 0)
		return pal_err(-w->failed);
	// Nobody would read it again.
	if ((uint64_t)rec->cap_len + rec->options_len > RECORD_MAX) {
		w->stats.lost.records++;
		return 0;
	}
	if (savefile_writes_pcapng(w))
		return savefile_pcapng_put(w, rec);
	return savefile_pcap_put(w, rec);
}

bool pal_savefile_writer_takes_raw(
	const struct pal_savefile_writer *w,
	const struct pal_savefile_reader *r
)
{
	if (!w->begun || w->big_endian != r->swapped)
		return false;
	if (savefile_writes_pcapng(w))
		return r->info.format == PAL_SAVEFILE_PCAPNG;
	return r->info.format == PAL_SAVEFILE_PCAP && w->pcap.frac_ns == r->frac_ns &&
	       w->pcap.hdr_len == r->hdr_len && w->pcap.old_lens == r->old_lens &&
	       w->pcap.linktype == r->interfaces[0].linktype &&
	       w->pcap.fcs_len == r->interfaces[0].fcs_len;
}

int pal_savefile_writer_put_raw(
	struct pal_savefile_writer *w,
	const struct pal_savefile_rec *recs,
	unsigned int nb_recs
)
{
	unsigned int i = 0;

	if (w->failed != 0)
		return pal_err(-w->failed);
	while (i < nb_recs) {
		const uint8_t *from = recs[i].raw;
		const uint8_t *to = from;
		int rc;

		for (; i < nb_recs && recs[i].raw == to; i++) {
			to += recs[i].raw_len;
			w->stats.cap_bytes += recs[i].cap_len;
			w->stats.wire_bytes += recs[i].wire_len;
		}
		rc = savefile_writer_bytes(w, from, (size_t)(to - from));
		if (rc < 0)
			return rc;
	}
	w->stats.records += nb_recs;
	if (nb_recs > 0 && recs[nb_recs - 1].has_time)
		w->last_ns = recs[nb_recs - 1].time_ns;
	return 0;
}

int pal_savefile_writer_put_block(
	struct pal_savefile_writer *w,
	const struct pal_savefile_block *block
)
{
	if (w->failed != 0)
		return pal_err(-w->failed);
	if (savefile_writes_pcapng(w))
		return savefile_pcapng_put_block(w, block);
	return savefile_pcap_put_block(w, block);
}

int pal_savefile_writer_put_piece(
	struct pal_savefile_writer *w,
	const struct pal_savefile_piece *piece
)
{
	if (w->failed != 0)
		return pal_err(-w->failed);
	if (piece->at == 0) {
		w->piece_lost = !savefile_writes_pcapng(w) || !w->begun ||
				w->big_endian != piece->big_endian;
		w->stats.lost.blocks[piece->kind] += w->piece_lost;
	}
	return w->piece_lost ? 0 : savefile_writer_bytes(w, piece->data, piece->len);
}

int pal_savefile_writer_flush(struct pal_savefile_writer *w)
{
	int rc;

	if (w->failed != 0)
		return pal_err(-w->failed);
	rc = savefile_output_flush(&w->out);
	return rc < 0 ? savefile_writer_failed(w, rc) : 0;
}

const char *pal_savefile_writer_error(const struct pal_savefile_writer *w)
{
	return w->error;
}

enum pal_savefile_write_format pal_savefile_writer_format(const struct pal_savefile_writer *w)
{
	return w->conf.format;
}

void pal_savefile_writer_stats(
	const struct pal_savefile_writer *w,
	struct pal_savefile_writer_stats *ret_stats
)
{
	*ret_stats = w->stats;
	ret_stats->bytes = w->out.bytes;
	ret_stats->stored_bytes = w->out.stored_bytes;
}

// Options of an interface that a pcap file says otherwise.
static bool is_held(uint16_t code)
{
	return code == SAVEFILE_OPT_IF_TSRESOL || code == SAVEFILE_OPT_IF_FCSLEN ||
	       code == SAVEFILE_OPT_IF_TSOFFSET;
}

void savefile_writer_lose_options(
	struct pal_savefile_writer *w,
	enum pal_savefile_block_kind kind,
	const uint8_t *options,
	size_t len,
	bool big_endian
)
{
	struct pal_savefile_options it = pal_savefile_options_of(options, len, big_endian);
	struct pal_savefile_option opt;

	while (len > 0 && pal_savefile_option_next(&it, &opt)) {
		if (opt.code == SAVEFILE_OPT_COMMENT)
			w->stats.lost.comments++;
		else if (kind != PAL_SAVEFILE_BLOCK_IDB || !is_held(opt.code))
			w->stats.lost.options++;
	}
}
