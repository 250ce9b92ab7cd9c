/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <pal_err.h>
#include <pal_time.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BURST 256
#define CHUNK_BYTES (1024 * 1024) /**< Blocks that are longer are not looked into. */
#define PROGRESS_BYTES (16 * 1024 * 1024) /**< How often the clock is asked. */
#define PROGRESS_NS (200 * UINT64_C(1000000))

#define OPTION_COMMENT 1
#define OPTION_EPB_DROPCOUNT 4

/* What reading one file needs beside what it finds. */
struct collector {
	struct info *info;
	struct pal_savefile_reader *reader;
	struct info_hashes *hashes; // NULL: none wanted
	int fd;
	uint64_t read_bytes;
	uint64_t shown_ns; // when progress was
	bool shown;
};

static bool is_stdin(const struct info *info)
{
	return strcmp(info->path, "-") == 0;
}

static ssize_t collector_read(void *arg, void *buf, size_t len)
{
	struct collector *c = arg;
	ssize_t n;

	// EAGAIN: somebody made the pipe that we were given non-blocking.
	while ((n = read(c->fd, buf, len)) < 0 && (errno == EINTR || errno == EAGAIN))
		poll(&(struct pollfd){.fd = c->fd, .events = POLLIN}, 1, -1);
	if (n < 0)
		return -errno;
	c->read_bytes += (uint64_t)n;
	if (c->hashes != NULL)
		info_hashes_add(c->hashes, buf, (size_t)n);
	return n;
}

static void on_block(void *arg, const struct pal_savefile_block *block)
{
	struct collector *c = arg;

	// The first block comes before there is a reader to ask; it is a section header.
	info_block(c->info, c->reader, block);
}

static void on_piece(void *arg, const struct pal_savefile_piece *piece)
{
	info_long_block(((struct collector *)arg)->info, piece);
}

static int time_cmp(const struct info_time *a, const struct info_time *b)
{
	if (a->s != b->s)
		return a->s < b->s ? -1 : 1;
	return a->ns < b->ns ? -1 : a->ns > b->ns;
}

// Time of a record, also where 64 bits of nanoseconds do not hold it. Returns whether they do.
static bool
time_of(const struct pal_savefile_interface *iface,
	const struct pal_savefile_rec *rec,
	struct info_time *ret_time)
{
	const struct info_time t = {
		(int64_t)(rec->time_ns / PAL_NS_PER_S), (uint32_t)(rec->time_ns % PAL_NS_PER_S)};

	*ret_time = t;
	if (rec->time_ns != 0 && rec->time_ns != UINT64_MAX)
		return true;
	pal_savefile_time(iface, rec->ticks, &ret_time->s, &ret_time->ns);
	return time_cmp(ret_time, &t) == 0;
}

static void note_time(struct info *info, const struct info_time *t)
{
	if (info->timed == 0)
		info->first = info->last = *t;
	else if (time_cmp(t, &info->before) < 0)
		info->unordered = true;
	if (time_cmp(t, &info->first) < 0)
		info->first = *t;
	if (time_cmp(t, &info->last) > 0)
		info->last = *t;
	info->before = *t;
	info->timed++;
}

static void
note_options(struct info *info, struct info_interface *i, const struct pal_savefile_rec *rec)
{
	struct pal_savefile_options it =
		pal_savefile_options_of(rec->options, rec->options_len, rec->big_endian);
	struct pal_savefile_option opt;

	while (pal_savefile_option_next(&it, &opt)) {
		uint64_t dropped;

		info->comments += opt.code == OPTION_COMMENT;
		if (opt.code != OPTION_EPB_DROPCOUNT || opt.len < 8)
			continue;
		dropped = rec->big_endian ? pal_load_be64(opt.value) : pal_load_le64(opt.value);
		info->dropped += dropped;
		if (i != NULL)
			i->dropped += dropped;
	}
}

static void note_record(
	struct info *info,
	const struct pal_savefile_reader *r,
	struct info_section *s,
	const struct pal_savefile_rec *rec
)
{
	const struct pal_savefile_interface *iface = pal_savefile_interface(r, rec->interface);
	struct info_interface *i = s != NULL && rec->interface < s->nb_interfaces
					   ? &s->interfaces[rec->interface]
					   : NULL;
	struct info_time t;
	bool in_range = rec->has_time && time_of(iface, rec, &t);
	unsigned int digits = info_tsresol_digits(iface->tsresol);

	if (i != NULL) {
		i->packets++;
		i->cap_bytes += rec->cap_len;
		i->wire_bytes += rec->wire_len;
	}
	info->linktypes[rec->linktype]++;
	if (rec->options_len > 0)
		note_options(info, i, rec);
	if (rec->has_time)
		note_time(info, &t);
	info->mixed_precision |= info->tsresol != iface->tsresol && info->packets > 0;
	info->tsresol = iface->tsresol;
	if (digits > info->digits)
		info->digits = (uint8_t)digits;
	if (rec->cap_len < rec->wire_len) {
		if (info->cut == 0 || rec->cap_len < info->cut_min)
			info->cut_min = rec->cap_len;
		if (rec->cap_len > info->cut_max)
			info->cut_max = rec->cap_len;
		info->cut++;
	}
	if (s != NULL && rec->kind != PAL_SAVEFILE_BLOCK_OTHER)
		s->blocks[rec->kind]++;
	info_spread_add(info, rec, in_range);
	info->packets++;
}

static void show_progress(struct collector *c)
{
	struct timespec now;
	uint64_t now_ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * PAL_NS_PER_S + (uint64_t)now.tv_nsec;
	if (c->shown_ns == 0)
		c->shown_ns = now_ns;
	if (now_ns - c->shown_ns < PROGRESS_NS)
		return;
	c->shown_ns = now_ns;
	c->shown = true;
	if (c->info->size_bytes > 0)
		fprintf(stderr,
			"\r%s: %3.0f %%",
			c->info->path,
			100.0 * (double)c->read_bytes / (double)c->info->size_bytes);
	else
		fprintf(stderr, "\r%s: %.0f MB", c->info->path, (double)c->read_bytes / 1e6);
}

static int read_records(struct collector *c, bool progress)
{
	struct info *info = c->info;
	struct pal_savefile_rec recs[BURST];
	uint64_t next_look = PROGRESS_BYTES;
	int nb;

	while ((nb = pal_savefile_next_burst(c->reader, recs, BURST)) > 0) {
		struct info_section *s = info_current_section(info);

		for (int i = 0; i < nb; i++)
			note_record(info, c->reader, s, &recs[i]);
		if (progress && c->read_bytes >= next_look) {
			show_progress(c);
			next_look = c->read_bytes + PROGRESS_BYTES;
		}
	}
	if (c->shown)
		fputs("\r\33[K", stderr);
	return nb;
}

// A pcap file is one section of one interface, which no block says.
static int add_pcap(struct collector *c)
{
	const struct pal_savefile_info *file = pal_savefile_info(c->reader);
	struct info_section *s = info_add_section(c->info);

	if (s == NULL || info_add_interface(c->info, pal_savefile_interface(c->reader, 0)) == NULL)
		return pal_err(ENOMEM);
	s->big_endian = file->big_endian;
	s->version_major = file->version_major;
	s->version_minor = file->version_minor;
	return 0;
}

// What the reader left, for the hashes.
static void read_rest(struct collector *c)
{
	uint8_t *buf = malloc(CHUNK_BYTES);

	while (buf != NULL && collector_read(c, buf, CHUNK_BYTES) > 0)
		;
	free(buf);
}

static int read_file(struct collector *c, const struct info_conf *conf)
{
	const struct pal_savefile_stream stream = {.read = collector_read, .arg = c};
	const struct pal_savefile_conf reader_conf = {
		.chunk_bytes = CHUNK_BYTES,
		.keep_fcs = true, // sizes are what the file says
		.on_block = on_block,
		.on_piece = on_piece,
		.on_block_arg = c,
	};
	struct info *info = c->info;
	struct pal_savefile_rec rec;
	int rc = 0;

	c->reader = pal_savefile_open_stream(
		is_stdin(info) ? "standard input" : info->path, &stream, &reader_conf, info->error
	);
	if (c->reader == NULL) {
		info->unreadable = true;
		return errno == ENOMEM ? -ENOMEM : 1;
	}
	if (pal_savefile_info(c->reader)->format == PAL_SAVEFILE_PCAP)
		rc = add_pcap(c);
	if (rc == 0 && !conf->headers_only)
		rc = read_records(c, conf->progress);
	else if (rc == 0 && pal_savefile_info(c->reader)->format == PAL_SAVEFILE_PCAPNG)
		rc = pal_savefile_next(c->reader, &rec); // up to the first packet
	memcpy(info->error, pal_savefile_error(c->reader), sizeof(info->error));
	info->file = *pal_savefile_info(c->reader);
	pal_savefile_stats(c->reader, &info->stats);
	info->uncompressed_bytes = pal_savefile_offset(c->reader);
	pal_savefile_close(c->reader);
	return rc == -ENOMEM ? rc : rc < 0;
}

static int collector_open(struct collector *c)
{
	struct info *info = c->info;
	struct stat st;

	c->fd = is_stdin(info) ? STDIN_FILENO : open(info->path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st) < 0) {
		snprintf(
			info->error,
			sizeof(info->error),
			"%.300s: cannot be opened: %s",
			info->path,
			strerror(errno)
		);
		info->unreadable = true;
		return 1;
	}
	if (S_ISREG(st.st_mode)) {
		info->size_bytes = (uint64_t)st.st_size;
		(void)posix_fadvise(c->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

static int collect(struct collector *c, const struct info_conf *conf)
{
	struct info *info = c->info;
	bool hashing = !conf->headers_only && (conf->hash[INFO_SHA256] || conf->hash[INFO_SHA1] ||
					       conf->hash[INFO_BLAKE2S]);
	int rc = collector_open(c);

	if (rc != 0)
		return rc;
	info->linktypes = calloc(UINT16_MAX + 1, sizeof(*info->linktypes));
	if (hashing)
		c->hashes = info_hashes_create(conf->hash);
	if (info->linktypes == NULL || (hashing && c->hashes == NULL))
		return pal_err(ENOMEM);
	rc = read_file(c, conf);
	if (c->hashes != NULL) {
		read_rest(c);
		info_hashes_finish(c->hashes, info->hash);
	}
	if (info->size_bytes == 0)
		info->size_bytes = c->read_bytes;
	return rc;
}

int info_collect(struct info *info, const char *path, const struct info_conf *conf)
{
	struct collector c = {.info = info, .fd = -1};
	int rc;

	memset(info, 0, sizeof(*info));
	info->path = path;
	info->headers_only = conf->headers_only;
	rc = collect(&c, conf);
	if (c.fd >= 0 && !is_stdin(info))
		close(c.fd);
	return rc;
}

void info_fini(struct info *info)
{
	for (uint32_t s = 0; s < info->nb_sections; s++) {
		struct info_section *section = &info->sections[s];

		for (uint32_t i = 0; i < section->nb_interfaces; i++)
			free(section->interfaces[i].options.bytes);
		free(section->interfaces);
		free(section->options.bytes);
	}
	free(info->sections);
	free(info->linktypes);
}
