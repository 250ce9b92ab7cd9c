/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SAVEFILE_WRITER_BED_H
#define PAL_SAVEFILE_WRITER_BED_H

/** @file For tests of the writer of capture files: copies in memory, and files with everything in them. */

#include "check.h"
#include "filebuild.h"

#include <pal_savefile_writer.h>
#include <pal_time.h>

#include <errno.h>

#define BURST 3

/* Memory as a stream, in and out. */
static inline ssize_t fb_read(void *arg, void *buf, size_t len)
{
	struct filebuild *in = arg;
	size_t left = in->len - in->room;

	if (len > left)
		len = left;
	if (len > 0)
		memcpy(buf, in->data + in->room, len);
	in->room += len; // how far it was read
	return (ssize_t)len;
}

static inline int fb_write(void *arg, const void *buf, size_t len)
{
	fb_bytes(arg, buf, len);
	return 0;
}

/* A writer into memory, and what it said when it was closed. */
struct out {
	struct filebuild file;
	struct pal_savefile_writer *w;
	struct pal_savefile_writer_stats stats;
	bool own_section; // those of the input are held back
};

static inline void out_open(struct out *out, const char *name, struct pal_savefile_writer_conf conf)
{
	const struct pal_savefile_sink sink = {.write = fb_write, .arg = &out->file};

	*out = (struct out){};
	out->w = pal_savefile_writer_open_sink(name, &sink, &conf, NULL);
	assert_non_null(out->w);
}

static inline void out_close(struct out *out)
{
	assert_int_equal(pal_savefile_writer_close(out->w, &out->stats, NULL), 0);
	assert_int_equal(out->stats.stored_bytes, out->file.len);
}

static inline void assert_same(const struct filebuild *got, const struct filebuild *want)
{
	assert_int_equal(got->len, want->len);
	assert_memory_equal(got->data, want->data, want->len);
}

static inline void on_block(void *arg, const struct pal_savefile_block *block)
{
	struct out *out = arg;

	if (out->own_section && block->kind == PAL_SAVEFILE_BLOCK_SHB)
		return;
	assert_int_equal(pal_savefile_writer_put_block(out->w, block), 0);
}

static inline void on_piece(void *arg, const struct pal_savefile_piece *piece)
{
	struct out *out = arg;

	assert_int_equal(pal_savefile_writer_put_piece(out->w, piece), 0);
}

/* How a copy is made. */
struct how {
	bool fields; // each record from its fields
	bool own_section;
	uint32_t chunk_bytes;
	struct pal_savefile_writer_conf conf;
};

static inline void copy_records(struct out *out, struct pal_savefile_reader *r, bool fields)
{
	struct pal_savefile_rec recs[BURST];
	int nb;

	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0) {
		if (!fields && pal_savefile_writer_takes_raw(out->w, r)) {
			assert_int_equal(
				pal_savefile_writer_put_raw(out->w, recs, (unsigned int)nb), 0
			);
			continue;
		}
		for (int i = 0; i < nb; i++)
			assert_int_equal(pal_savefile_writer_put(out->w, &recs[i]), 0);
	}
	assert_int_equal(nb, 0);
}

/* Copy a file in memory to one of this name. */
static inline void
copy(struct out *out, const char *name, const struct filebuild *in, struct how how)
{
	struct filebuild src = {.data = in->data, .len = in->len};
	const struct pal_savefile_stream stream = {.read = fb_read, .arg = &src};
	const struct pal_savefile_conf conf = {
		.keep_fcs = true,
		.on_block = on_block,
		.on_piece = on_piece,
		.on_block_arg = out,
		.chunk_bytes = how.chunk_bytes,
	};
	struct pal_savefile_reader *r = pal_savefile_open_stream("in", &stream, &conf, NULL);

	assert_non_null(r);
	if (!how.fields)
		how.conf.pcap_header = pal_savefile_pcap_header(r);
	out_open(out, name, how.conf);
	out->own_section = how.own_section;
	if (pal_savefile_info(r)->format == PAL_SAVEFILE_PCAP &&
	    (how.fields || pal_savefile_writer_format(out->w) == PAL_SAVEFILE_WRITE_PCAPNG))
		assert_int_equal(pal_savefile_writer_copy_interface(out->w, r, 0), 0);
	copy_records(out, r, how.fields);
	pal_savefile_close(r);
	out_close(out);
}

/* Inputs */

static inline void epb_with_options(struct filebuild *fb, uint32_t interface, uint64_t ticks)
{
	const uint8_t hash[] = {2, 0xde, 0xad, 0xbe, 0xef}, verdict[] = {1, 1, 2, 3, 4, 5, 6, 7, 8};
	struct filebuild value = {.big_endian = fb->big_endian};
	size_t start = fb_begin(fb, FB_EPB);

	fb_epb_header(fb, interface, ticks, 61, 1500);
	fb_pattern(fb, 9, 61);
	fb_bytes(fb, "\0\0", 3);
	fb_option(fb, 1, "a comment", 9);
	fb_u32(&value, 0x01020304); // epb_flags
	fb_option(fb, 2, value.data, 4);
	fb_option(fb, 3, hash, sizeof(hash));
	value.len = 0;
	fb_u64(&value, 5); // epb_dropcount
	fb_option(fb, 4, value.data, 8);
	fb_option(fb, 5, value.data, 8); // epb_packetid
	value.len = 0;
	fb_u32(&value, 3); // epb_queue
	fb_option(fb, 6, value.data, 4);
	value.len = 1;
	value.data[0] = verdict[0];
	fb_u64(&value, 0x0102030405060708);
	fb_option(fb, 7, value.data, 9);
	value.len = 0;
	fb_u32(&value, 32473); // a custom option of an enterprise
	fb_bytes(&value, "text", 4);
	fb_option(fb, 2988, value.data, 8);
	fb_option(fb, 0, NULL, 0);
	fb_end(fb, start);
	fb_free(&value);
}

static inline void other_blocks(struct filebuild *fb)
{
	size_t start = fb_begin(fb, FB_NRB);

	fb_u16(fb, 1);
	fb_u16(fb, 9);
	fb_bytes(fb, "\x7f\0\0\1host\0\0\0", 12);
	fb_u32(fb, 0); // no more names
	fb_option(fb, 2, "server", 6);
	fb_option(fb, 0, NULL, 0);
	fb_end(fb, start);

	start = fb_begin(fb, FB_ISB);
	for (uint32_t word = 0; word < 3; word++)
		fb_u32(fb, word);
	{
		struct filebuild value = {.big_endian = fb->big_endian};

		fb_u32(&value, 0x50000);
		fb_u32(&value, 0x12345678);
		fb_option(fb, 2, value.data, 8);
		value.len = 0;
		fb_u64(&value, 1234567);
		fb_option(fb, 5, value.data, 8);
		fb_free(&value);
	}
	fb_option(fb, 0, NULL, 0);
	fb_end(fb, start);

	start = fb_begin(fb, 10); // decryption secrets
	fb_u32(fb, 0x544c534b);
	fb_u32(fb, 5);
	fb_bytes(fb, "abcde\0\0", 8);
	fb_option(fb, 1, "why", 3);
	fb_option(fb, 0, NULL, 0);
	fb_end(fb, start);

	start = fb_begin(fb, 9); // journal
	fb_bytes(fb, "__REALTIME_TIMESTAMP=1\n", 23);
	fb_end(fb, start);
}

static inline void custom_blocks(struct filebuild *fb)
{
	size_t start = fb_begin(fb, 0x0bad);

	fb_u32(fb, 32473);
	fb_pattern(fb, 3, 33);
	fb_end(fb, start);
	start = fb_begin(fb, 0x40000bad);
	fb_u32(fb, 32473);
	fb_end(fb, start);
	start = fb_begin(fb, 0x80001234);
	fb_pattern(fb, 4, 700);
	fb_end(fb, start);
}

static inline void spb(struct filebuild *fb, uint8_t seed, uint32_t len)
{
	size_t start = fb_begin(fb, FB_SPB);

	fb_u32(fb, len);
	fb_pattern(fb, seed, len);
	fb_end(fb, start);
}

static inline void pb(struct filebuild *fb, uint16_t drops)
{
	size_t start = fb_begin(fb, FB_PB);

	fb_u16(fb, 0);
	fb_u16(fb, drops);
	fb_u32(fb, 0);
	fb_u32(fb, 77);
	fb_u32(fb, 20);
	fb_u32(fb, 20);
	fb_pattern(fb, 5, 20);
	fb_end(fb, start);
}

/* A section with everything that a writer knows; further ones of a file may follow. */
static inline void build_section(struct filebuild *fb)
{
	const uint8_t pico = 12;

	fb_shb(fb);
	fb_idb(fb, 1, 0);
	fb_idb_option(fb, 101, 9, &pico, 1);
	fb_epb(fb, 0, 1234567890123456, 1, 60);
	epb_with_options(fb, 1, 1234567890123456789);
	other_blocks(fb);
	epb_with_options(fb, 0, UINT64_MAX);
	spb(fb, 7, 33);
	fb_epb(fb, 1, 17, 2, 0);
}

static inline void build_ng(struct filebuild *fb)
{
	build_section(fb);
	custom_blocks(fb);
	pb(fb, 3);
	fb->big_endian = !fb->big_endian;
	build_section(fb);
	custom_blocks(fb);
	fb->big_endian = !fb->big_endian;
	build_section(fb);
}

static inline uint64_t random_u64(uint64_t *state)
{
	// xorshift64*: the same numbers in every run
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
