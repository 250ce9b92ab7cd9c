/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The writer of capture files: what is in them. */
#include "savefile_writer_bed.h"
#include "scratch.h"

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
	};

	return cmocka_run_group_tests_name(
		"savefile_writer", tests, scratch_setup, scratch_teardown
	);
}
