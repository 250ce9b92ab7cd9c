/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The input is a program: each of its steps has the writer put a section, an interface, a record or a block, and a
 * list of what a file must then have is kept beside. What was written must read back as that list. Then
 *
 *      a copy of raw blocks                                  is the same file
 *      a copy of records from their fields                   has the same records
 *      to the other byte order and back                      is the same file, where every block has a known form
 */

#include "require.h"

#include <pal_savefile_writer.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 256
#define BURST 5

/* What the writer gives. */
struct file {
	uint8_t *data;
	size_t len, room, read;
};

static int file_write(void *arg, const void *buf, size_t len)
{
	struct file *f = arg;

	if (f->room - f->len < len) {
		f->room = 2 * (f->len + len);
		f->data = realloc(f->data, f->room);
		REQUIRE(f->data != NULL);
	}
	if (len > 0)
		memcpy(f->data + f->len, buf, len);
	f->len += len;
	return 0;
}

static ssize_t file_read(void *arg, void *buf, size_t len)
{
	struct file *f = arg;

	if (len > f->len - f->read)
		len = f->len - f->read;
	if (len > 0)
		memcpy(buf, f->data + f->read, len);
	f->read += len;
	return (ssize_t)len;
}

/* A record that must be there. */
struct expected {
	struct pal_savefile_rec rec;
	bool has_ticks;
	bool same_order; // its options are as they were
	uint16_t linktype;
};

struct program {
	struct pal_cursor in;
	struct pal_savefile_writer *w;
	struct file file;
	bool pcapng, big_endian, compressed;
	bool begun; // a pcapng section
	struct {
		uint16_t linktype;
		uint8_t fcs_len;
		bool has_ticks;
	} interfaces[MAX_STEPS];
	uint32_t nb_interfaces;
	int linktype, fcs_len; // of the pcap file; -1: not known yet
	struct expected expected[MAX_STEPS];
	unsigned int nb_expected;
	uint64_t nb_refused, nb_blocks, nb_lost_blocks;
	bool custom; // a block whose form nobody knows
	uint8_t *to_free[MAX_STEPS];
	unsigned int nb_to_free;
};

static uint8_t take8(struct program *p)
{
	uint8_t v = 0;

	pal_cursor_u8(&p->in, &v);
	return v;
}

static uint64_t take_be(struct program *p, unsigned int nb)
{
	uint64_t v = 0;

	while (nb-- > 0)
		v = v << 8 | take8(p);
	return v;
}

// As many bytes as are there, len at most.
static const uint8_t *take_bytes(struct program *p, size_t len, size_t *ret_len)
{
	size_t left = pal_cursor_left(&p->in);

	*ret_len = len < left ? len : left;
	return pal_cursor_take(&p->in, *ret_len);
}

static void put16(uint8_t *p, uint16_t v, bool big_endian)
{
	p[big_endian] = (uint8_t)v;
	p[!big_endian] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v, bool big_endian)
{
	put16(p + (big_endian ? 2 : 0), (uint16_t)v, big_endian);
	put16(p + (big_endian ? 0 : 2), (uint16_t)(v >> 16), big_endian);
}

static void put_block(
	struct program *p,
	enum pal_savefile_block_kind kind,
	uint32_t type,
	const uint8_t *body,
	size_t len,
	bool big_endian
)
{
	size_t padded = (len + 3) & ~(size_t)3;
	uint8_t *raw = calloc(1, padded + 12);
	struct pal_savefile_block block = {
		.kind = kind,
		.type = type,
		.body = raw + 8,
		.body_len = (uint32_t)padded,
		.raw = raw,
		.raw_len = (uint32_t)padded + 12,
		.big_endian = big_endian,
	};

	REQUIRE(raw != NULL);
	put32(raw, type, big_endian);
	put32(raw + 4, block.raw_len, big_endian);
	if (len > 0)
		memcpy(raw + 8, body, len);
	put32(raw + 8 + padded, block.raw_len, big_endian);
	REQUIRE(pal_savefile_writer_put_block(p->w, &block) == 0);
	free(raw);
}

static void step_section(struct program *p)
{
	bool big_endian = take8(p) & 1;
	uint8_t body[16 + 64] = {0};
	size_t len;
	const uint8_t *options = take_bytes(p, take8(p) % 64, &len);

	put32(body, 0x1a2b3c4d, big_endian);
	put16(body + 4, 1, big_endian);
	memset(body + 8, 0xff, 8);
	if (len > 0)
		memcpy(body + 16, options, len);
	put_block(p, PAL_SAVEFILE_BLOCK_SHB, 0x0a0d0d0a, body, 16 + len, big_endian);
	p->nb_interfaces = 0;
	if (!p->pcapng)
		return;
	p->big_endian = big_endian;
	p->begun = true;
}

static uint16_t take_linktype(struct program *p)
{
	// Few of them, so that a pcap file can hold some records.
	return pal_savefile_linktype(take8(p) % 4);
}

static void step_interface(struct program *p)
{
	struct pal_savefile_writer_interface iface = {.linktype = take_linktype(p)};
	uint8_t flags = take8(p);
	size_t len;

	iface.tsresol = take8(p);
	iface.snaplen = (uint32_t)take_be(p, 2);
	iface.has_ticks = flags & 1;
	iface.options_big_endian = flags & 2;
	if ((flags & 4) != 0)
		iface.tsoffset_s = (int64_t)take_be(p, 8);
	iface.fcs_len = (flags & 8) != 0 ? 4 : 0;
	iface.options = take_bytes(p, flags >> 4 ? take8(p) : 0, &len);
	iface.options_len = len;
	REQUIRE(pal_savefile_writer_add_interface(p->w, &iface) == p->nb_interfaces);
	p->begun = true;
	p->interfaces[p->nb_interfaces].linktype = iface.linktype;
	p->interfaces[p->nb_interfaces].has_ticks = iface.has_ticks;
	// What the options say of it is the writer's to know; the file says it, too.
	p->interfaces[p->nb_interfaces].fcs_len = UINT8_MAX;
	p->nb_interfaces++;
}

static void step_record(struct program *p)
{
	struct expected *e = &p->expected[p->nb_expected];
	struct pal_savefile_rec rec = {.kind = PAL_SAVEFILE_BLOCK_EPB};
	uint8_t flags = take8(p);
	size_t len, options_len;

	rec.interface = take8(p) % 8;
	rec.ticks = take_be(p, 8);
	rec.time_ns = take_be(p, 8);
	rec.has_time = (flags & 1) == 0;
	rec.big_endian = flags & 2;
	// Some are longer than what goes past the buffer.
	rec.data = take_bytes(p, flags & 4 ? take_be(p, 2) : take8(p), &len);
	if ((flags & 8) != 0 && len > 0) {
		size_t repeated = len * (1 + (size_t)take8(p) * 16);
		uint8_t *data = malloc(repeated);

		REQUIRE(data != NULL);
		for (size_t i = 0; i < repeated; i += len)
			memcpy(data + i, rec.data, len);
		p->to_free[p->nb_to_free++] = data;
		rec.data = data;
		len = repeated;
	}
	rec.cap_len = (uint32_t)len;
	rec.wire_len = rec.cap_len + (flags >> 6) * 100;
	rec.options = take_bytes(p, flags & 16 ? take8(p) : 0, &options_len);
	rec.options_len = (uint32_t)options_len;
	REQUIRE(pal_savefile_writer_put(p->w, &rec) == 0);
	if (rec.interface >= p->nb_interfaces) {
		p->nb_refused++;
		return;
	}
	p->begun = true;
	*e = (struct expected){
		.rec = rec,
		.has_ticks = p->interfaces[rec.interface].has_ticks,
		.same_order = rec.big_endian == p->big_endian,
		.linktype = p->interfaces[rec.interface].linktype,
	};
	p->nb_expected++;
}

static void step_block(struct program *p)
{
	static const struct {
		enum pal_savefile_block_kind kind;
		uint32_t type;
	} kinds[] = {
		{PAL_SAVEFILE_BLOCK_NRB, 4},
		{PAL_SAVEFILE_BLOCK_ISB, 5},
		{PAL_SAVEFILE_BLOCK_SJE, 9},
		{PAL_SAVEFILE_BLOCK_DSB, 10},
		{PAL_SAVEFILE_BLOCK_CB, 0xbad},
		{PAL_SAVEFILE_BLOCK_DCB, 0x40000bad},
		{PAL_SAVEFILE_BLOCK_OTHER, 0x80001234},
	};
	uint8_t flags = take8(p);
	unsigned int i = flags % 7;
	bool big_endian = flags & 0x80;
	size_t len;
	const uint8_t *body = take_bytes(p, take_be(p, 1 + (flags >> 6 & 1)), &len);

	// Also what is too short to be what it says.
	p->custom |= i >= 4 || len < 12;
	put_block(p, kinds[i].kind, kinds[i].type, body, len, big_endian);
	p->begun = true;
	p->nb_blocks++;
}

static void write_file(struct program *p)
{
	const struct pal_savefile_sink sink = {.write = file_write, .arg = &p->file};
	uint8_t flags = take8(p);
	struct pal_savefile_writer_conf conf = {
		.format = (flags & 3) == 0   ? PAL_SAVEFILE_WRITE_PCAP_US
			  : (flags & 3) == 1 ? PAL_SAVEFILE_WRITE_PCAP_NS
					     : PAL_SAVEFILE_WRITE_PCAPNG,
		// Compressed now and then: it is slow.
		.compression = (flags & 0xf0) == 0xf0 ? PAL_SAVEFILE_COMPRESS_LZ4
						      : PAL_SAVEFILE_COMPRESS_NONE,
		.big_endian = flags & 4,
		.filtered = flags & 8,
	};

	p->compressed = conf.compression != PAL_SAVEFILE_COMPRESS_NONE;
	p->pcapng = conf.format == PAL_SAVEFILE_WRITE_PCAPNG;
	p->big_endian = conf.big_endian;
	p->w = pal_savefile_writer_open_sink("output", &sink, &conf, NULL);
	REQUIRE(p->w != NULL);
	for (int step = 0; step < MAX_STEPS && pal_cursor_left(&p->in) > 0; step++) {
		switch (take8(p) % 8) {
		case 0:
			step_section(p);
			break;
		case 1:
			step_interface(p);
			break;
		case 2:
			step_block(p);
			break;
		case 3:
			REQUIRE(pal_savefile_writer_flush(p->w) == 0);
			break;
		default:
			step_record(p);
			break;
		}
	}
}

static struct pal_savefile_reader *
read_file(struct file *f, pal_savefile_block_t on_block, pal_savefile_piece_t on_piece, void *arg)
{
	const struct pal_savefile_stream stream = {.read = file_read, .arg = f};
	const struct pal_savefile_conf conf = {
		.keep_fcs = true,
		.on_block = on_block,
		.on_piece = on_piece,
		.on_block_arg = arg,
		.chunk_bytes = on_piece == NULL ? 0 : 48,
	};
	struct pal_savefile_reader *r;

	f->read = 0;
	r = pal_savefile_open_stream("output", &stream, &conf, NULL);
	REQUIRE(r != NULL);
	return r;
}

static void check_options(const struct expected *e, const struct pal_savefile_rec *got)
{
	size_t padded = (e->rec.options_len + 3) & ~(size_t)3;

	REQUIRE(got->options_len == padded);
	if (e->same_order && e->rec.options_len > 0)
		REQUIRE(memcmp(got->options, e->rec.options, e->rec.options_len) == 0);
}

static void check_record(
	const struct program *p,
	const struct expected *e,
	const struct pal_savefile_rec *got,
	bool times_fit
)
{
	REQUIRE(got->cap_len == e->rec.cap_len && got->wire_len == e->rec.wire_len);
	REQUIRE(got->cap_len == 0 || memcmp(got->data, e->rec.data, got->cap_len) == 0);
	REQUIRE(got->linktype == e->linktype);
	if (e->rec.has_time && e->has_ticks && p->pcapng)
		REQUIRE(got->ticks == e->rec.ticks);
	if (e->rec.has_time && !e->has_ticks && times_fit)
		REQUIRE(got->time_ns <= e->rec.time_ns);
	if (p->pcapng)
		check_options(e, got);
}

// The file has the records that were put, in order; those of another link type are missing from pcap.
static void check_file(struct program *p, const struct pal_savefile_writer_stats *stats)
{
	struct pal_savefile_reader *r = read_file(&p->file, NULL, NULL, NULL);
	struct pal_savefile_stats read;
	struct pal_savefile_rec rec;
	uint64_t nb_skipped = 0;
	unsigned int i = 0;
	int rc;

	while ((rc = pal_savefile_next(r, &rec)) == 1) {
		// Only link types are known here; interfaces that differ in their FCS are refused, too.
		while (!p->pcapng && i < p->nb_expected &&
		       nb_skipped < stats->lost.records - p->nb_refused &&
		       (p->expected[i].linktype != rec.linktype ||
			p->expected[i].rec.cap_len != rec.cap_len ||
			(rec.cap_len > 0 &&
			 memcmp(p->expected[i].rec.data, rec.data, rec.cap_len) != 0) ||
			p->expected[i].rec.wire_len != rec.wire_len)) {
			i++;
			nb_skipped++;
		}
		REQUIRE(i < p->nb_expected);
		check_record(p, &p->expected[i++], &rec, stats->lost.time_range == 0);
	}
	REQUIRE(rc == 0);
	pal_savefile_stats(r, &read);
	pal_savefile_close(r);
	REQUIRE(read.records == stats->records);
	REQUIRE(stats->records + stats->lost.records == p->nb_expected + p->nb_refused);
	if (p->pcapng) {
		uint64_t others = 0, lost = 0;

		for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++) {
			lost += stats->lost.blocks[kind];
			if (kind != PAL_SAVEFILE_BLOCK_SHB && kind != PAL_SAVEFILE_BLOCK_IDB &&
			    kind != PAL_SAVEFILE_BLOCK_EPB && kind != PAL_SAVEFILE_BLOCK_SPB)
				others += read.blocks[kind];
		}
		REQUIRE(stats->lost.records == p->nb_refused);
		REQUIRE(others + lost == p->nb_blocks);
	}
}

/* Copies */

struct copy {
	struct file file;
	struct pal_savefile_writer *w;
	bool own_section;
};

static void copy_block(void *arg, const struct pal_savefile_block *block)
{
	struct copy *c = arg;

	if (c->own_section && block->kind == PAL_SAVEFILE_BLOCK_SHB)
		return;
	REQUIRE(pal_savefile_writer_put_block(c->w, block) == 0);
}

static void copy_piece(void *arg, const struct pal_savefile_piece *piece)
{
	REQUIRE(pal_savefile_writer_put_piece(((struct copy *)arg)->w, piece) == 0);
}

static void
copy_file(struct copy *c, struct file *from, const struct pal_savefile_writer_conf *conf, bool raw)
{
	const struct pal_savefile_sink sink = {.write = file_write, .arg = &c->file};
	struct pal_savefile_writer_conf with = *conf;
	struct pal_savefile_reader *r = read_file(from, copy_block, raw ? copy_piece : NULL, c);
	struct pal_savefile_rec recs[BURST];
	int nb;

	if (with.format != PAL_SAVEFILE_WRITE_PCAPNG)
		with.pcap_header = pal_savefile_pcap_header(r);
	c->w = pal_savefile_writer_open_sink("copy", &sink, &with, NULL);
	REQUIRE(c->w != NULL);
	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0) {
		if (raw) {
			REQUIRE(pal_savefile_writer_takes_raw(c->w, r));
			REQUIRE(pal_savefile_writer_put_raw(c->w, recs, (unsigned int)nb) == 0);
			continue;
		}
		for (int i = 0; i < nb; i++)
			REQUIRE(pal_savefile_writer_put(c->w, &recs[i]) == 0);
	}
	REQUIRE(nb == 0);
	pal_savefile_close(r);
	REQUIRE(pal_savefile_writer_close(c->w, NULL, NULL) == 0);
}

static bool same(const struct file *a, const struct file *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

// Whether all sections are of this order, so that one section can hold what is in them.
static bool one_section(struct file *f, bool *ret_big_endian)
{
	struct pal_savefile_reader *r = read_file(f, NULL, NULL, NULL);
	struct pal_savefile_stats stats;
	struct pal_savefile_rec rec;

	while (pal_savefile_next(r, &rec) == 1)
		;
	pal_savefile_stats(r, &stats);
	*ret_big_endian = pal_savefile_info(r)->big_endian;
	pal_savefile_close(r);
	return stats.blocks[PAL_SAVEFILE_BLOCK_SHB] == 1;
}

static void check_copies(struct program *p)
{
	struct pal_savefile_writer_conf conf = {
		.format = p->pcapng ? PAL_SAVEFILE_WRITE_PCAPNG : PAL_SAVEFILE_WRITE_PCAP,
		.compression = PAL_SAVEFILE_COMPRESS_NONE,
	};
	struct copy raw = {0}, fields = {0}, swapped = {.own_section = true};
	struct copy back = {.own_section = true}, plain = {.own_section = true};
	bool big_endian;

	copy_file(&raw, &p->file, &conf, true);
	REQUIRE(same(&raw.file, &p->file));
	copy_file(&fields, &p->file, &conf, false);
	REQUIRE(same(&fields.file, &p->file));
	if (p->pcapng && !p->custom && one_section(&p->file, &big_endian)) {
		conf.big_endian = big_endian;
		copy_file(&plain, &p->file, &conf, false);
		conf.big_endian = !big_endian;
		copy_file(&swapped, &p->file, &conf, false);
		conf.big_endian = big_endian;
		copy_file(&back, &swapped.file, &conf, false);
		REQUIRE(swapped.file.len == plain.file.len);
		REQUIRE(same(&back.file, &plain.file));
	}
	free(raw.file.data);
	free(fields.file.data);
	free(swapped.file.data);
	free(back.file.data);
	free(plain.file.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program p;
	struct pal_savefile_writer_stats stats;

	memset(&p, 0, sizeof(p));
	p.in = pal_cursor_of(data, size);
	write_file(&p);
	REQUIRE(pal_savefile_writer_close(p.w, &stats, NULL) == 0);
	check_file(&p, &stats);
	if (!p.compressed)
		check_copies(&p);
	for (unsigned int i = 0; i < p.nb_to_free; i++)
		free(p.to_free[i]);
	free(p.file.data);
	return 0;
}
