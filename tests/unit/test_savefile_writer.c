/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "filebuild.h"
#include "scratch.h"

#include <pal_savefile_writer.h>
#include <pal_time.h>

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#define BURST 3

/* Memory as a stream, in and out. */
static ssize_t fb_read(void *arg, void *buf, size_t len)
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

static int fb_write(void *arg, const void *buf, size_t len)
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

static void out_open(struct out *out, const char *name, struct pal_savefile_writer_conf conf)
{
	const struct pal_savefile_sink sink = {.write = fb_write, .arg = &out->file};

	*out = (struct out){};
	out->w = pal_savefile_writer_open_sink(name, &sink, &conf, NULL);
	assert_non_null(out->w);
}

static void out_close(struct out *out)
{
	assert_int_equal(pal_savefile_writer_close(out->w, &out->stats, NULL), 0);
	assert_int_equal(out->stats.stored_bytes, out->file.len);
}

static void assert_same(const struct filebuild *got, const struct filebuild *want)
{
	assert_int_equal(got->len, want->len);
	assert_memory_equal(got->data, want->data, want->len);
}

static void on_block(void *arg, const struct pal_savefile_block *block)
{
	struct out *out = arg;

	if (out->own_section && block->kind == PAL_SAVEFILE_BLOCK_SHB)
		return;
	assert_int_equal(pal_savefile_writer_put_block(out->w, block), 0);
}

static void on_piece(void *arg, const struct pal_savefile_piece *piece)
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

static void copy_records(struct out *out, struct pal_savefile_reader *r, bool fields)
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
static void copy(struct out *out, const char *name, const struct filebuild *in, struct how how)
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

static void epb_with_options(struct filebuild *fb, uint32_t interface, uint64_t ticks)
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

static void other_blocks(struct filebuild *fb)
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

static void custom_blocks(struct filebuild *fb)
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

static void spb(struct filebuild *fb, uint8_t seed, uint32_t len)
{
	size_t start = fb_begin(fb, FB_SPB);

	fb_u32(fb, len);
	fb_pattern(fb, seed, len);
	fb_end(fb, start);
}

static void pb(struct filebuild *fb, uint16_t drops)
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
static void build_section(struct filebuild *fb)
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

static void build_ng(struct filebuild *fb)
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

/* copies */

static void pcapng_to_pcapng_is_byte_equal(void **)
{
	for (int i = 0; i < 8; i++) {
		struct filebuild in = {.big_endian = i & 1};
		struct out out;

		build_ng(&in);
		// Chunks of 64 bytes: most blocks come in pieces.
		copy(&out,
		     "x.pcapng",
		     &in,
		     (struct how){.chunk_bytes = i & 2 ? 64 : 0, .conf.big_endian = i & 4});
		assert_same(&out.file, &in);
		assert_int_equal(out.stats.records, 16);
		assert_int_equal(out.stats.bytes, in.len);
		fb_free(&out.file);
		fb_free(&in);
	}
}

static void records_made_from_their_fields_are_the_same(void **)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct filebuild in = {.big_endian = big_endian};
		struct out out;

		build_section(&in);
		copy(&out, "x.pcapng", &in, (struct how){.fields = true});
		assert_same(&out.file, &in);
		fb_free(&out.file);
		fb_free(&in);
	}
}

static void pcap_to_pcap_is_byte_equal(void **)
{
	static const uint32_t magics[] = {FB_US, FB_NS, FB_MODIFIED};

	for (int i = 0; i < 12; i++) {
		struct filebuild in = {.big_endian = i & 1};
		struct out out;

		// An FCS of 4 bytes, and header fields that nobody sets.
		fb_pcap(&in, magics[i / 4], 60, 2u << 28 | 1u << 26 | 1);
		in.data[8] = 1;
		for (uint8_t n = 0; n < 9; n++) {
			fb_record_header(&in, magics[i / 4], n, 999999, 50u + n, 1500);
			fb_pattern(&in, n, 50u + n);
		}
		in.data[in.len - 10] ^= 1;
		copy(&out, "x.pcap", &in, (struct how){.chunk_bytes = i & 2 ? 100 : 0});
		assert_same(&out.file, &in);
		fb_free(&out.file);
		fb_free(&in);
	}
}

static void old_version_is_copied_as_it_is(void **)
{
	struct filebuild in = {};
	struct out out;

	fb_pcap_version(&in, 2, 2);
	fb_record_header(&in, FB_US, 1, 0, 1500, 60); // lengths exchanged, as its writer did
	fb_pattern(&in, 0, 60);
	copy(&out, "x.pcap", &in, (struct how){});
	assert_same(&out.file, &in);
	fb_free(&out.file);
	fb_free(&in);
}

static void pcap_survives_pcapng(void **)
{
	for (int ns = 0; ns < 2; ns++) {
		struct filebuild in = {};
		struct out ng, back;

		fb_pcap(&in, ns ? FB_NS : FB_US, 96, 2u << 28 | 1u << 26 | 113);
		for (uint8_t n = 0; n < 5; n++) {
			fb_record_header(&in, FB_NS, UINT32_MAX - n, 999999u - n, n, 1500);
			fb_pattern(&in, n, n);
		}
		copy(&ng, "x.pcapng", &in, (struct how){});
		copy(&back, "x.pcap", &ng.file, (struct how){.conf.format = PAL_SAVEFILE_WRITE_PCAP}
		);
		assert_same(&back.file, &in);
		fb_free(&ng.file);
		fb_free(&back.file);
		fb_free(&in);
	}
}

static void filtered_section_says_no_length(void **)
{
	struct filebuild in = {};
	struct out out;

	fb_shb(&in);
	memset(in.data + 16, 0, 8);
	in.data[16] = 100;
	copy(&out, "x.pcapng", &in, (struct how){});
	assert_same(&out.file, &in);
	fb_free(&out.file);
	copy(&out, "x.pcapng", &in, (struct how){.conf.filtered = true});
	memset(in.data + 16, 0xff, 8);
	assert_same(&out.file, &in);
	fb_free(&out.file);
	fb_free(&in);
}

/* byte order */

static void blocks_and_options_change_byte_order(void **)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct filebuild in = {.big_endian = big_endian};
		struct filebuild want = {.big_endian = !big_endian};
		struct out out;

		build_section(&in);
		build_section(&want);
		copy(&out,
		     "x.pcapng",
		     &in,
		     (struct how
		     ){.own_section = true, .fields = true, .conf.big_endian = !big_endian});
		assert_same(&out.file, &want);
		fb_free(&out.file);

		// What is in custom and unknown blocks nobody knows.
		custom_blocks(&in);
		copy(&out,
		     "x.pcapng",
		     &in,
		     (struct how
		     ){.own_section = true, .fields = true, .conf.big_endian = !big_endian});
		assert_same(&out.file, &want);
		assert_int_equal(out.stats.lost.blocks[PAL_SAVEFILE_BLOCK_CB], 1);
		assert_int_equal(out.stats.lost.blocks[PAL_SAVEFILE_BLOCK_DCB], 1);
		assert_int_equal(out.stats.lost.blocks[PAL_SAVEFILE_BLOCK_OTHER], 1);
		fb_free(&out.file);
		fb_free(&in);
		fb_free(&want);
	}
}

/* what a format cannot hold */

static void what_pcap_cannot_hold_is_counted(void **)
{
	struct filebuild in = {};
	struct out out;
	const struct pal_savefile_lost *lost = &out.stats.lost;

	build_ng(&in);
	copy(&out, "x.pcap", &in, (struct how){});
	// Interface 1 has another link type; of the five records of a section it has two.
	assert_int_equal(lost->records, 6);
	assert_int_equal(out.stats.records, 10);
	assert_int_equal(lost->interfaces, 5);
	assert_int_equal(lost->sections, 2);
	assert_int_equal(lost->comments, 3); // those of records that are there
	assert_int_equal(lost->options, 3 * 7);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_NRB], 3);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_ISB], 3);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_DSB], 3);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_SJE], 3);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_CB], 2);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_DCB], 2);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_OTHER], 2);
	assert_int_equal(lost->blocks[PAL_SAVEFILE_BLOCK_SHB], 0);
	assert_int_equal(lost->time_invented, 3); // simple packet blocks
	assert_int_equal(lost->time_range, 3); // UINT64_MAX microseconds
	fb_free(&out.file);
	fb_free(&in);
}

static void pcapng_loses_nothing(void **)
{
	static const struct pal_savefile_lost nothing;
	struct filebuild in = {};
	struct out out;

	build_ng(&in);
	copy(&out, "x.pcapng", &in, (struct how){});
	assert_memory_equal(&out.stats.lost, &nothing, sizeof(nothing));
	fb_free(&out.file);
	fb_free(&in);
}

static void cut_fractions_are_counted(void **)
{
	static const struct {
		uint8_t tsresol;
		enum pal_savefile_write_format format;
		uint64_t cut;
	} cases[] = {
		{9, PAL_SAVEFILE_WRITE_PCAP_US, 3},
		{9, PAL_SAVEFILE_WRITE_PCAP_NS, 0},
		{9, PAL_SAVEFILE_WRITE_PCAP, 0},
		{6, PAL_SAVEFILE_WRITE_PCAP_US, 0},
		{12, PAL_SAVEFILE_WRITE_PCAP, 3},
		{12, PAL_SAVEFILE_WRITE_PCAPNG, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filebuild in = {};
		struct out out;

		fb_shb(&in);
		fb_idb_option(&in, 1, 9, &cases[i].tsresol, 1);
		for (uint64_t n = 0; n < 5; n++)
			fb_epb(&in, 0, n == 0 ? 5000000000 : n == 1 ? 1000 : 1000 + n, 1, 60);
		copy(&out, "x", &in, (struct how){.fields = true, .conf.format = cases[i].format});
		assert_int_equal(out.stats.lost.time_fractions, cases[i].cut);
		fb_free(&out.file);
		fb_free(&in);
	}
}

static void modified_header_fields_are_counted(void **)
{
	struct filebuild in = {};
	struct out out;

	fb_pcap(&in, FB_MODIFIED, 65535, 1);
	fb_record_header(&in, FB_MODIFIED, 1, 2, 10, 10);
	fb_pattern(&in, 1, 10);
	copy(&out, "x.pcapng", &in, (struct how){});
	assert_int_equal(out.stats.lost.header_fields, 1);
	fb_free(&out.file);
	copy(&out, "x.pcap", &in, (struct how){.fields = true});
	assert_int_equal(out.stats.lost.header_fields, 1);
	fb_free(&out.file);
	fb_free(&in);
}

static void drops_of_the_obsolete_block_become_an_option(void **)
{
	struct filebuild in = {}, want = {};
	struct filebuild count = {};
	struct out out;
	size_t start;

	fb_shb(&in);
	fb_idb(&in, 1, 0);
	pb(&in, 3);
	pb(&in, 0xffff); // not known
	fb_shb(&want);
	fb_idb(&want, 1, 0);
	for (int i = 0; i < 2; i++) {
		start = fb_begin(&want, FB_EPB);
		fb_epb_header(&want, 0, 77, 20, 20);
		fb_pattern(&want, 5, 20);
		if (i == 0) {
			fb_u64(&count, 3);
			fb_option(&want, 4, count.data, 8);
			fb_option(&want, 0, NULL, 0);
		}
		fb_end(&want, start);
	}
	copy(&out, "x.pcapng", &in, (struct how){.fields = true});
	assert_same(&out.file, &want);
	fb_free(&count);
	fb_free(&out.file);
	fb_free(&in);
	fb_free(&want);
}

/* times */

static uint64_t random_u64(uint64_t *state)
{
	// xorshift64*: the same numbers in every run
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Time of the one record of a file. */
static uint64_t time_in(const struct filebuild *file)
{
	struct filebuild src = {.data = file->data, .len = file->len};
	const struct pal_savefile_stream stream = {.read = fb_read, .arg = &src};
	struct pal_savefile_reader *r = pal_savefile_open_stream("in", &stream, NULL, NULL);
	struct pal_savefile_rec rec;

	assert_non_null(r);
	assert_int_equal(pal_savefile_next(r, &rec), 1);
	pal_savefile_close(r);
	return rec.time_ns;
}

static void any_unit_gives_the_nearest_time_that_is_not_later(void **)
{
	uint64_t state = 7;

	for (int i = 0; i < 4000; i++) {
		uint8_t tsresol = (uint8_t)(i % 64 < 21 ? i % 64 : 0x80 | (i % 64 - 21));
		uint64_t time_ns = random_u64(&state) >> (random_u64(&state) % 40);
		const struct pal_savefile_rec rec = {
			.data = (const uint8_t *)"x",
			.time_ns = time_ns,
			.has_time = true,
			.cap_len = 1,
			.wire_len = 1,
		};
		// Of 10^-n and 2^-n: one unit in ns, rounded up.
		double unit_ns = tsresol & 0x80 ? 1e9 / (double)(1ull << (tsresol & 0x7f)) : 1e9;
		struct out out;
		uint64_t got;

		if (tsresol == 0)
			continue; // the default, 9
		for (uint8_t n = 0; n < tsresol && tsresol < 0x80; n++)
			unit_ns /= 10;
		out_open(&out, "x.pcapng", (struct pal_savefile_writer_conf){});
		assert_int_equal(
			pal_savefile_writer_add_interface(
				out.w,
				&(struct pal_savefile_writer_interface
				){.linktype = 1, .tsresol = tsresol}
			),
			0
		);
		assert_int_equal(pal_savefile_writer_put(out.w, &rec), 0);
		out_close(&out);
		got = time_in(&out.file);
		// 2^64 units may end before that time.
		if (out.stats.lost.time_range == 0) {
			assert_true(got <= time_ns);
			assert_true((double)(time_ns - got) < unit_ns + 1);
			assert_int_equal(out.stats.lost.time_fractions, got != time_ns);
		} else {
			assert_true((double)time_ns > 1.8e19 * unit_ns);
		}
		if (unit_ns <= 1 && out.stats.lost.time_range == 0)
			assert_int_equal(got, time_ns);
		fb_free(&out.file);
	}
}

/* interfaces */

static void more_interfaces_than_16_bits_count(void **)
{
	const uint32_t nb = 70000;
	struct filebuild in = {};
	struct out out;

	fb_shb(&in);
	for (uint32_t i = 0; i < nb; i++)
		fb_idb(&in, 1, 0);
	fb_epb(&in, nb - 1, 1, 1, 10);
	copy(&out, "x.pcapng", &in, (struct how){.fields = true});
	assert_same(&out.file, &in);
	fb_free(&out.file);
	fb_free(&in);
}

static void record_of_no_interface_is_counted(void **)
{
	const struct pal_savefile_rec rec = {.interface = 1, .has_time = true};
	struct out out;

	for (int pcap = 0; pcap < 2; pcap++) {
		out_open(&out, pcap ? "x.pcap" : "x.pcapng", (struct pal_savefile_writer_conf){});
		pal_savefile_writer_add_interface(
			out.w, &(struct pal_savefile_writer_interface){.linktype = 1}
		);
		assert_int_equal(pal_savefile_writer_put(out.w, &rec), 0);
		out_close(&out);
		assert_int_equal(out.stats.lost.records, 1);
		assert_int_equal(out.stats.records, 0);
		fb_free(&out.file);
	}
}

static void longer_than_a_reader_takes_is_counted(void **)
{
	const struct pal_savefile_rec rec = {.has_time = true, .cap_len = PAL_SAVEFILE_RECORD_MAX};
	struct out out;

	for (int pcap = 0; pcap < 2; pcap++) {
		out_open(&out, pcap ? "x.pcap" : "x.pcapng", (struct pal_savefile_writer_conf){});
		pal_savefile_writer_add_interface(
			out.w, &(struct pal_savefile_writer_interface){.linktype = 1}
		);
		assert_int_equal(pal_savefile_writer_put(out.w, &rec), 0);
		out_close(&out);
		assert_int_equal(out.stats.lost.records, 1);
		assert_int_equal(out.stats.records, 0);
		fb_free(&out.file);
	}
}

static void option_that_is_cut_off_is_counted(void **)
{
	static const struct {
		const char *options;
		size_t len;
		uint64_t lost;
	} cases[] = {
		{"\2\0\4\0eth0", 8, 0},
		{"\2\0\4\0eth0\0\0\0\0", 12, 0},
		{"\2\0\4\0eth", 7, 1},
		{"\2\0\4\0eth0\2\0", 10, 1},
		{"\2\0", 2, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct out out;

		out_open(&out, "x.pcapng", (struct pal_savefile_writer_conf){});
		assert_int_equal(
			pal_savefile_writer_add_interface(
				out.w,
				&(struct pal_savefile_writer_interface
				){.options = (const uint8_t *)cases[i].options,
				  .options_len = cases[i].len}
			),
			0
		);
		out_close(&out);
		assert_int_equal(out.stats.lost.options, cases[i].lost);
		fb_free(&out.file);
	}
}

static void interface_keeps_its_options(void **)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct filebuild options = {.big_endian = big_endian}, want = {};
		struct filebuild value = {.big_endian = big_endian}, value_le = {};
		struct out out;
		size_t start;

		fb_u64(&value, 1000000000);
		fb_u64(&value_le, 1000000000);
		fb_option(&options, 2, "eth0", 4);
		fb_option(&options, 8, value.data, 8);
		fb_option(&options, 0, NULL, 0);
		out_open(&out, "x.pcapng", (struct pal_savefile_writer_conf){});
		assert_int_equal(
			pal_savefile_writer_add_interface(
				out.w,
				&(struct pal_savefile_writer_interface
				){.linktype = 1,
				  .snaplen = 96,
				  .fcs_len = 4,
				  .tsoffset_s = 5,
				  .options = options.data,
				  .options_len = options.len,
				  .options_big_endian = big_endian}
			),
			0
		);
		out_close(&out);
		fb_shb(&want);
		start = fb_begin(&want, FB_IDB);
		fb_u16(&want, 1);
		fb_u16(&want, 0);
		fb_u32(&want, 96);
		fb_option(&want, 2, "eth0", 4);
		fb_option(&want, 8, value_le.data, 8);
		fb_option(&want, 9, "\x09", 1);
		fb_option(&want, 13, "\x20", 1);
		fb_option(&want, 14, "\5\0\0\0\0\0\0\0", 8);
		fb_option(&want, 0, NULL, 0);
		fb_end(&want, start);
		assert_same(&out.file, &want);
		fb_free(&out.file);
		fb_free(&want);
		fb_free(&options);
		fb_free(&value);
		fb_free(&value_le);
	}
}

static void empty_output_is_a_file(void **)
{
	struct filebuild want = {};
	struct out out;

	out_open(&out, "x.pcapng", (struct pal_savefile_writer_conf){});
	out_close(&out);
	fb_shb(&want);
	assert_same(&out.file, &want);
	fb_free(&out.file);
	fb_free(&want);

	out_open(&out, "x.pcap", (struct pal_savefile_writer_conf){.snaplen = 99});
	pal_savefile_writer_add_interface(
		out.w, &(struct pal_savefile_writer_interface){.linktype = 113, .tsresol = 6}
	);
	out_close(&out);
	fb_pcap(&want, FB_US, 99, 113);
	assert_same(&out.file, &want);
	fb_free(&out.file);
	fb_free(&want);
}

static void longer_than_the_header_says_is_counted(void **)
{
	struct pal_savefile_rec rec = {
		.data = (const uint8_t *)"0123456789",
		.has_time = true,
		.cap_len = 10,
		.wire_len = 10};
	struct out out;

	out_open(&out, "x.pcap", (struct pal_savefile_writer_conf){.snaplen = 9});
	pal_savefile_writer_add_interface(
		out.w, &(struct pal_savefile_writer_interface){.linktype = 1}
	);
	pal_savefile_writer_put(out.w, &rec);
	rec.cap_len = 9;
	pal_savefile_writer_put(out.w, &rec);
	out_close(&out);
	assert_int_equal(out.stats.lost.over_snaplen, 1);
	assert_int_equal(out.stats.records, 2);
	fb_free(&out.file);
}

/* compression and names */

static void names_choose_format_and_compression(void **)
{
	static const struct {
		const char *name, *compression;
		enum pal_savefile_format format;
	} cases[] = {
		{"x", NULL, PAL_SAVEFILE_PCAPNG},
		{"x.pcapng", NULL, PAL_SAVEFILE_PCAPNG},
		{"x.pcap", NULL, PAL_SAVEFILE_PCAP},
		{"x.CAP", NULL, PAL_SAVEFILE_PCAP},
		{"x.dmp.gz", "gzip", PAL_SAVEFILE_PCAP},
		{"x.pcapng.gz", "gzip", PAL_SAVEFILE_PCAPNG},
		{"x.pcap.zst", "zstd", PAL_SAVEFILE_PCAP},
		{"x.pcap.XZ", "xz", PAL_SAVEFILE_PCAP},
		{"x.pcapng.lz4", "lz4", PAL_SAVEFILE_PCAPNG},
		{".gz", NULL, PAL_SAVEFILE_PCAPNG},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pal_savefile_rec rec = {
			.data = (const uint8_t *)"0123456789",
			.has_time = true,
			.cap_len = 10,
			.wire_len = 10};
		struct filebuild src;
		const struct pal_savefile_stream stream = {.read = fb_read, .arg = &src};
		struct pal_savefile_reader *r;
		struct out out;
		int nb = 0;

		out_open(
			&out,
			cases[i].name,
			(struct pal_savefile_writer_conf){.level = i % 2 ? 3 : 0}
		);
		pal_savefile_writer_add_interface(
			out.w, &(struct pal_savefile_writer_interface){.linktype = 1}
		);
		for (int n = 0; n < 100000; n++) {
			rec.time_ns++;
			assert_int_equal(pal_savefile_writer_put(out.w, &rec), 0);
		}
		out_close(&out);
		src = (struct filebuild){.data = out.file.data, .len = out.file.len};
		r = pal_savefile_open_stream("in", &stream, NULL, NULL);
		assert_non_null(r);
		assert_int_equal(pal_savefile_info(r)->format, cases[i].format);
		if (cases[i].compression == NULL)
			assert_null(pal_savefile_info(r)->compression);
		else
			assert_string_equal(
				pal_savefile_info(r)->compression, cases[i].compression
			);
		while (pal_savefile_next(r, &rec) == 1)
			assert_int_equal(rec.time_ns, ++nb);
		assert_string_equal(pal_savefile_error(r), "");
		assert_int_equal(nb, 100000);
		if (cases[i].compression != NULL)
			assert_true(out.stats.bytes > 2 * out.stats.stored_bytes);
		pal_savefile_close(r);
		fb_free(&out.file);
	}
}

static void settings_that_make_no_sense_are_refused(void **)
{
	const struct pal_savefile_sink sink = {.write = fb_write};
	char err[PAL_SAVEFILE_ERR_LEN];
	uint8_t header[PAL_SAVEFILE_PCAP_HEADER_LEN] = {1};

	assert_null(pal_savefile_writer_open_sink(
		"x.pcap", &sink, &(struct pal_savefile_writer_conf){.pcap_header = header}, err
	));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(err, "x.pcap: cannot be written: Invalid argument");
	assert_null(pal_savefile_writer_open_sink(
		"x.gz", &sink, &(struct pal_savefile_writer_conf){.level = 77}, err
	));
	assert_int_equal(errno, EINVAL);
}

/* files */

static unsigned int nb_files(void)
{
	DIR *dir = opendir(scratch_dir);
	unsigned int nb = 0;

	while (readdir(dir) != NULL)
		nb++;
	closedir(dir);
	return nb - 2; // . and ..
}

static void save(const char *name, const char *text)
{
	FILE *f = fopen(scratch_path(name), "wb");

	fputs(text, f);
	fclose(f);
}

static void file_gets_its_name_when_it_is_whole(void **)
{
	struct pal_savefile_writer *w;
	size_t len;
	char *text;

	save("a.pcap", "old");
	chmod(scratch_path("a.pcap"), 0640);
	w = pal_savefile_writer_open(scratch_path("a.pcap"), NULL, NULL);
	assert_non_null(w);
	scratch_assert("a.pcap", "old");
	assert_int_equal(nb_files(), 2);
	assert_int_equal(pal_savefile_writer_close(w, NULL, NULL), 0);
	assert_int_equal(nb_files(), 1);
	text = scratch_read("a.pcap", &len);
	assert_int_equal(len, 24);
	free(text);
	{
		struct stat st;

		assert_int_equal(stat(scratch_path("a.pcap"), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0640);
	}
	unlink(scratch_path("a.pcap"));
}

static void aborted_file_leaves_nothing(void **)
{
	struct pal_savefile_writer *w;

	save("a.pcap", "old");
	w = pal_savefile_writer_open(scratch_path("a.pcap"), NULL, NULL);
	pal_savefile_writer_abort(w);
	scratch_assert("a.pcap", "old");
	assert_int_equal(nb_files(), 1);
	pal_savefile_writer_abort(NULL);
	unlink(scratch_path("a.pcap"));
}

static void link_keeps_pointing(void **)
{
	struct pal_savefile_writer *w;
	struct stat st;

	save("a.pcap", "old");
	assert_int_equal(symlink("a.pcap", scratch_path("link.pcap")), 0);
	w = pal_savefile_writer_open(scratch_path("link.pcap"), NULL, NULL);
	assert_int_equal(pal_savefile_writer_close(w, NULL, NULL), 0);
	assert_int_equal(lstat(scratch_path("link.pcap"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(scratch_path("a.pcap"), &st), 0);
	assert_int_equal(st.st_size, 24);
	unlink(scratch_path("link.pcap"));
	unlink(scratch_path("a.pcap"));
}

static void input_may_be_the_output(void **)
{
	struct pal_savefile_rec recs[BURST];
	struct filebuild in = {};
	struct pal_savefile_writer *w;
	struct pal_savefile_reader *r;
	size_t len;
	char *text;
	int nb;
	FILE *f;

	fb_pcap(&in, FB_US, 65535, 1);
	for (int i = 0; i < 20000; i++)
		fb_record(&in, (uint8_t)i, 100, 100);
	f = fopen(scratch_path("a.pcap"), "wb");
	fwrite(in.data, 1, in.len, f);
	fclose(f);
	r = pal_savefile_open(scratch_path("a.pcap"), NULL, NULL);
	w = pal_savefile_writer_open(
		scratch_path("a.pcap"),
		&(struct pal_savefile_writer_conf){.pcap_header = pal_savefile_pcap_header(r)},
		NULL
	);
	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0)
		pal_savefile_writer_put_raw(w, recs, (unsigned int)nb);
	assert_int_equal(nb, 0);
	pal_savefile_close(r);
	assert_int_equal(pal_savefile_writer_close(w, NULL, NULL), 0);
	text = scratch_read("a.pcap", &len);
	assert_int_equal(len, in.len);
	assert_memory_equal(text, in.data, len);
	free(text);
	fb_free(&in);
	unlink(scratch_path("a.pcap"));
}

static void full_disk_is_said_and_leaves_what_was(void **)
{
	struct pal_savefile_writer *w;
	char err[PAL_SAVEFILE_ERR_LEN];

	w = pal_savefile_writer_open("/dev/full", NULL, err);
	assert_non_null(w);
	assert_int_equal(pal_savefile_writer_close(w, NULL, err), -ENOSPC);
	assert_string_equal(err, "/dev/full: cannot be written at byte 0: No space left on device");
	assert_null(pal_savefile_writer_open("/nonexistent/x.pcap", NULL, err));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(
		err, "/nonexistent/x.pcap: cannot be written: No such file or directory"
	);
}

/* A sink that takes so many bytes and no more. */
struct short_sink {
	size_t left;
	unsigned int nb_closed;
};

static int short_write(void *arg, const void *, size_t len)
{
	struct short_sink *s = arg;

	if (len > s->left)
		return -ENOSPC;
	s->left -= len;
	return 0;
}

static int short_close(void *arg)
{
	((struct short_sink *)arg)->nb_closed++;
	return 0;
}

static void failed_writer_says_so_ever_after(void **)
{
	static const char *const names[] = {
		"x.pcapng", "x.pcapng.gz", "x.pcapng.zst", "x.pcapng.xz", "x.pcapng.lz4"};
	static uint8_t noise[100000];
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct pal_savefile_rec rec = {
			.data = noise, .has_time = true, .cap_len = sizeof(noise)};
		struct short_sink s = {.left = 300000};
		const struct pal_savefile_sink sink = {
			.write = short_write, .close = short_close, .arg = &s};
		struct pal_savefile_writer *w =
			pal_savefile_writer_open_sink(names[i], &sink, NULL, NULL);
		char err[PAL_SAVEFILE_ERR_LEN];
		int rc = 0;

		assert_non_null(w);
		pal_savefile_writer_add_interface(
			w, &(struct pal_savefile_writer_interface){.linktype = 1}
		);
		for (int n = 0; n < 1000 && rc == 0; n++) {
			// What repeats itself a compressor makes small.
			for (size_t b = 0; b < sizeof(noise); b++)
				noise[b] = (uint8_t)(random_u64(&state) >> 56);
			rc = pal_savefile_writer_put(w, &rec);
		}
		assert_int_equal(rc, -ENOSPC);
		assert_int_equal(pal_savefile_writer_put(w, &rec), -ENOSPC);
		assert_int_equal(pal_savefile_writer_put_raw(w, &rec, 1), -ENOSPC);
		assert_int_equal(pal_savefile_writer_flush(w), -ENOSPC);
		assert_non_null(strstr(pal_savefile_writer_error(w), "cannot be written at byte"));
		assert_int_equal(pal_savefile_writer_close(w, NULL, err), -ENOSPC);
		assert_non_null(strstr(err, "No space left on device"));
		assert_int_equal(s.nb_closed, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapng_to_pcapng_is_byte_equal),
		cmocka_unit_test(records_made_from_their_fields_are_the_same),
		cmocka_unit_test(pcap_to_pcap_is_byte_equal),
		cmocka_unit_test(old_version_is_copied_as_it_is),
		cmocka_unit_test(pcap_survives_pcapng),
		cmocka_unit_test(filtered_section_says_no_length),
		cmocka_unit_test(blocks_and_options_change_byte_order),
		cmocka_unit_test(what_pcap_cannot_hold_is_counted),
		cmocka_unit_test(pcapng_loses_nothing),
		cmocka_unit_test(cut_fractions_are_counted),
		cmocka_unit_test(modified_header_fields_are_counted),
		cmocka_unit_test(drops_of_the_obsolete_block_become_an_option),
		cmocka_unit_test(any_unit_gives_the_nearest_time_that_is_not_later),
		cmocka_unit_test(more_interfaces_than_16_bits_count),
		cmocka_unit_test(record_of_no_interface_is_counted),
		cmocka_unit_test(longer_than_a_reader_takes_is_counted),
		cmocka_unit_test(option_that_is_cut_off_is_counted),
		cmocka_unit_test(interface_keeps_its_options),
		cmocka_unit_test(empty_output_is_a_file),
		cmocka_unit_test(longer_than_the_header_says_is_counted),
		cmocka_unit_test(names_choose_format_and_compression),
		cmocka_unit_test(settings_that_make_no_sense_are_refused),
		cmocka_unit_test(file_gets_its_name_when_it_is_whole),
		cmocka_unit_test(aborted_file_leaves_nothing),
		cmocka_unit_test(link_keeps_pointing),
		cmocka_unit_test(input_may_be_the_output),
		cmocka_unit_test(full_disk_is_said_and_leaves_what_was),
		cmocka_unit_test(failed_writer_says_so_ever_after),
	};

	return cmocka_run_group_tests_name(
		"savefile_writer", tests, scratch_setup, scratch_teardown
	);
}
