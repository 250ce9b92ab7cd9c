/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The reader of capture files: pcapng. */
#include "savefile_bed.h"

/* pcapng */

static void each_section_has_its_byte_order_and_interfaces(void **)
{
	struct filebuild fb = {};

	for (unsigned int i = 0; i < 4; i++) {
		fb.big_endian = i % 2;
		fb_shb(&fb);
		fb_idb(&fb, (uint16_t)(100 + i), 0);
		fb_idb(&fb, 12, 0);
		fb_epb(&fb, 0, 1000000 * (uint64_t)i, (uint8_t)i, 20);
		fb_epb(&fb, 1, 1, 0, 20);
	}
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 8);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(res.recs[2 * i].linktype, 100 + i);
		assert_int_equal(res.recs[2 * i].time_ns, i * PAL_NS_PER_S);
		assert_true(fb_is_pattern(res.data[2 * i], (uint8_t)i, 20));
		assert_int_equal(res.recs[2 * i + 1].linktype, 101);
		assert_int_equal(res.recs[2 * i + 1].interface, 1);
	}
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_SHB], 4);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_IDB], 8);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_EPB], 8);
	result_free(&res);
	fb_free(&fb);
}

static void more_interfaces_than_allowed_are_damage(void **)
{
	struct filebuild fb = {};

	fb_shb(&fb);
	fb_idb(&fb, 1, 0);
	fb_idb(&fb, 1, 0);
	fb_epb(&fb, 1, 0, 0, 20);
	read_bytes(&res, fb.data, fb.len, 0, (struct pal_savefile_conf){.max_interfaces = 2});
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 1);
	result_free(&res);
	read_bytes(&res, fb.data, fb.len, 0, (struct pal_savefile_conf){.max_interfaces = 1});
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "more than 1 interfaces");
	result_free(&res);
	fb_free(&fb);
}

static uint64_t time_of(uint8_t tsresol, uint64_t ticks, uint64_t *ret_saturated)
{
	struct filebuild fb = {};
	uint64_t time_ns;

	fb_shb(&fb);
	fb_idb_option(&fb, 1, 9, &tsresol, 1);
	fb_epb(&fb, 0, ticks, 0, 4);
	read_built(&res, &fb);
	assert_int_equal(res.nb, 1);
	time_ns = res.recs[0].time_ns;
	*ret_saturated = res.stats.time_saturated;
	result_free(&res);
	fb_free(&fb);
	return time_ns;
}

static void any_time_resolution_becomes_nanoseconds(void **)
{
	static const struct {
		uint8_t tsresol;
		uint64_t ticks, ns;
		bool saturated;
	} cases[] = {
		{0, 5, 5000000000, false}, // seconds
		{0, UINT64_MAX, UINT64_MAX, true},
		{3, 1234567, 1234567000000, false},
		{6, 4294967296000001, 4294967296000001000, false}, // after 2106
		{9, UINT64_MAX, UINT64_MAX, false},
		{10, 12345, 1234, false},
		{12, UINT64_MAX, 18446744073709551, false},
		{28, UINT64_MAX, 1, false},
		{29, UINT64_MAX, 0, false},
		{127, UINT64_MAX, 0, false},
		{0x80, 7, 7000000000, false}, // 2^0
		{0x80 | 10, 1536, 1500000000, false},
		{0x80 | 32, UINT64_C(3) << 31, 1500000000, false},
		{0x80 | 63, UINT64_MAX, 1999999999, false},
		{0x80 | 93, UINT64_MAX, 1, false},
		{0x80 | 94, UINT64_MAX, 0, false},
		{0xff, UINT64_MAX, 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t nb_saturated;

		assert_int_equal(
			time_of(cases[i].tsresol, cases[i].ticks, &nb_saturated), cases[i].ns
		);
		assert_int_equal(nb_saturated, cases[i].saturated);
	}
}

static void time_offset_is_signed_and_in_section_order(void **)
{
	static const struct {
		int64_t offset;
		uint64_t ns;
	} cases[] = {
		{-3, 7 * PAL_NS_PER_S},
		{3, 13 * PAL_NS_PER_S},
		{-11, 0}, // before 1970
		{INT64_MIN, 0},
		{INT64_MAX, UINT64_MAX},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct filebuild fb = {.big_endian = i % 2}, value = {.big_endian = i % 2};

		fb_u64(&value, (uint64_t)cases[i / 2].offset);
		fb_shb(&fb);
		fb_idb_option(&fb, 1, 14, value.data, 8);
		fb_epb(&fb, 0, 10000000, 0, 4);
		read_built(&res, &fb);
		assert_int_equal(res.nb, 1);
		assert_int_equal(res.recs[0].time_ns, cases[i / 2].ns);
		assert_int_equal(res.stats.time_saturated, i / 2 >= 2);
		result_free(&res);
		fb_free(&fb);
		fb_free(&value);
	}
}

static void options_of_wrong_length_are_passed_over(void **)
{
	struct filebuild fb = {};

	fb_shb(&fb);
	fb_idb_option(&fb, 1, 9, "", 0);
	fb_idb_option(&fb, 1, 14, "\1\2\3", 3);
	fb_idb_option(&fb, 1, 14, "\1\0\0\0\0\0\0\0\0\0\0\0", 12);
	for (uint32_t i = 0; i < 3; i++)
		fb_epb(&fb, i, 5000000, 0, 4);
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.recs[0].time_ns, 5 * PAL_NS_PER_S);
	assert_int_equal(res.recs[1].time_ns, 5 * PAL_NS_PER_S);
	assert_int_equal(res.recs[2].time_ns, 6 * PAL_NS_PER_S);
	result_free(&res);
	fb_free(&fb);
}

static void simple_packet_has_the_time_before_it_and_obeys_the_snap_length(void **)
{
	static const uint32_t snaplens[] = {0, 10, 64};

	for (int i = 0; i < 3; i++) {
		uint32_t cap_len = snaplens[i] == 10 ? 10 : 21;
		struct filebuild fb = {};
		size_t start;

		fb_shb(&fb);
		fb_idb(&fb, 1, snaplens[i]);
		fb_epb(&fb, 0, 7000000, 0, 8);
		start = fb_begin(&fb, FB_SPB);
		fb_u32(&fb, 21);
		fb_pattern(&fb, 9, cap_len);
		fb_end(&fb, start);
		read_built(&res, &fb);
		assert_int_equal(res.rc, 0);
		assert_int_equal(res.nb, 2);
		assert_int_equal(res.recs[1].time_ns, 7 * PAL_NS_PER_S);
		assert_false(res.recs[1].has_time);
		assert_int_equal(res.recs[1].cap_len, cap_len);
		assert_int_equal(res.recs[1].wire_len, 21);
		assert_true(fb_is_pattern(res.data[1], 9, cap_len));
		result_free(&res);
		fb_free(&fb);
	}
}

static void obsolete_packet_block_is_read(void **)
{
	for (int i = 0; i < 2; i++) {
		struct filebuild fb = {.big_endian = i};
		size_t start;

		fb_shb(&fb);
		fb_idb(&fb, 1, 0);
		fb_idb(&fb, 113, 0);
		start = fb_begin(&fb, FB_PB);
		fb_u16(&fb, 1);
		fb_u16(&fb, 42); // dropped
		fb_u32(&fb, 0);
		fb_u32(&fb, 3000000);
		fb_u32(&fb, 5);
		fb_u32(&fb, 50);
		fb_pattern(&fb, 4, 5);
		fb_end(&fb, start);
		read_built(&res, &fb);
		assert_int_equal(res.nb, 1);
		assert_int_equal(res.recs[0].linktype, 113);
		assert_int_equal(res.recs[0].time_ns, 3 * PAL_NS_PER_S);
		assert_int_equal(res.recs[0].cap_len, 5);
		assert_int_equal(res.recs[0].wire_len, 50);
		assert_true(fb_is_pattern(res.data[0], 4, 5));
		assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_PB], 1);
		result_free(&res);
		fb_free(&fb);
	}
}

static void interface_fcs_is_stripped_and_a_packet_may_say_otherwise(void **)
{
	struct filebuild fb = {};
	size_t start;

	fb_shb(&fb);
	fb_idb_option(&fb, 1, 13, "\4", 1); // bytes, as writers do
	fb_idb_option(&fb, 1, 13, "\x20", 1); // bits, as the draft says
	fb_epb(&fb, 0, 0, 0, 64);
	fb_epb(&fb, 1, 0, 0, 64);
	start = fb_begin(&fb, FB_EPB);
	fb_epb_header(&fb, 0, 0, 64, 64);
	fb_pattern(&fb, 0, 64);
	fb_option(&fb, 1, "a comment", 9);
	fb_option(&fb, 2, (const uint8_t[]){2 << 5, 0, 0, 0}, 4); // epb_flags: two bytes
	fb_end(&fb, start);
	read_built(&res, &fb);
	assert_int_equal(res.nb, 3);
	assert_int_equal(res.recs[0].cap_len, 60);
	assert_int_equal(res.recs[1].cap_len, 60);
	assert_int_equal(res.recs[2].cap_len, 62);
	assert_int_equal(res.recs[2].wire_len, 62);
	result_free(&res);
	fb_free(&fb);
}

static void options_can_be_walked(void **)
{
	const struct pal_savefile_interface *iface;
	struct filebuild fb = {.big_endian = true};
	struct pal_savefile_options it;
	struct pal_savefile_option opt;
	struct pal_savefile_reader *r;
	struct pal_savefile_rec rec;
	struct memory mem;
	size_t start;

	fb_shb(&fb);
	fb_idb_option(&fb, 1, 2, "eth0", 4);
	start = fb_begin(&fb, FB_EPB);
	fb_epb_header(&fb, 0, 0, 5, 5);
	fb_bytes(&fb, "12345\0\0\0", 8);
	fb_option(&fb, 1, "hello", 5);
	fb_option(&fb, 1, "", 0);
	fb_option(&fb, 0, NULL, 0);
	fb_option(&fb, 1, "after the end", 13);
	fb_end(&fb, start);
	r = open_built(&mem, &fb, NULL);
	assert_int_equal(pal_savefile_next(r, &rec), 1);

	it = pal_savefile_options_of(
		rec.options, rec.options_len, pal_savefile_info(r)->big_endian
	);
	assert_true(pal_savefile_option_next(&it, &opt));
	assert_int_equal(opt.len, 5);
	assert_memory_equal(opt.value, "hello", 5);
	assert_true(pal_savefile_option_next(&it, &opt));
	assert_int_equal(opt.len, 0);
	assert_false(pal_savefile_option_next(&it, &opt));

	iface = pal_savefile_interface(r, 0);
	it = pal_savefile_options_of(iface->options, iface->options_len, true);
	assert_true(pal_savefile_option_next(&it, &opt));
	assert_int_equal(opt.code, 2);
	assert_memory_equal(opt.value, "eth0", 4);
	assert_null(pal_savefile_interface(r, 1));
	assert_int_equal(pal_savefile_nb_interfaces(r), 1);
	pal_savefile_close(r);
	fb_free(&fb);
}

struct seen {
	unsigned int nb;
	enum pal_savefile_block_kind kinds[8];
};

static void see_block(void *arg, const struct pal_savefile_block *block)
{
	struct seen *seen = arg;

	seen->kinds[seen->nb++] = block->kind;
	if (block->kind == PAL_SAVEFILE_BLOCK_NRB) {
		assert_int_equal(block->body_len, 24);
		assert_true(fb_is_pattern(block->body, 0, 24));
	}
}

static void blocks_are_shown_after_the_records_before_them(void **)
{
	struct seen seen = {};
	const struct pal_savefile_conf conf = {.on_block = see_block, .on_block_arg = &seen};
	struct pal_savefile_rec recs[8];
	struct pal_savefile_reader *r;
	struct filebuild fb = {};
	struct memory mem;

	build_pcapng(&fb);
	r = open_built(&mem, &fb, &conf);
	assert_int_equal(pal_savefile_next_burst(r, recs, 8), 1);
	assert_int_equal(seen.nb, 2);
	assert_int_equal(pal_savefile_next_burst(r, recs, 8), 2);
	assert_int_equal(seen.nb, 3);
	assert_int_equal(seen.kinds[2], PAL_SAVEFILE_BLOCK_NRB);
	assert_string_equal(pal_savefile_block_name(seen.kinds[2]), "NRB");
	assert_int_equal(pal_savefile_next_burst(r, recs, 8), 0);
	pal_savefile_close(r);
	fb_free(&fb);
}

static void other_blocks_are_counted_by_type(void **)
{
	static const uint32_t types[] = {FB_NRB, FB_ISB, 9, 10, 0xbad, 0x40000bad, 0x80000001};
	struct filebuild fb = {};

	fb_shb(&fb);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t start = fb_begin(&fb, types[i]);

		fb_pattern(&fb, 0, 4 * i);
		fb_end(&fb, start);
	}
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_NRB], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_ISB], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_SJE], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_DSB], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_CB], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_DCB], 1);
	assert_int_equal(res.stats.blocks[PAL_SAVEFILE_BLOCK_OTHER], 1);
	fb_free(&fb);
}

static void blocks_that_contradict_themselves_are_damage(void **)
{
	struct filebuild fb = {};

	fb_shb(&fb);
	fb_epb(&fb, 0, 0, 0, 4);
	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "interface 0, but the section has described 0");
	fb_free(&fb);

	build_pcapng(&fb);
	fb.data[fb.len - 1] ^= 1;
	read_built(&res, &fb);
	assert_int_equal(res.nb, 2);
	assert_sentence(&res, "at its start and");
	result_free(&res);
	fb.data[fb.len - 1] ^= 1;
	fb_u32(&fb, 7);
	fb_u32(&fb, 14);
	fb_u32(&fb, 0);
	read_built(&res, &fb);
	assert_int_equal(res.nb, 3);
	assert_sentence(&res, "impossible length 14");
	result_free(&res);
	fb_free(&fb);

	fb_shb(&fb);
	fb.data[8] = 0;
	read_built(&res, &fb);
	assert_sentence(&res, "unknown byte order mark");
	fb.data[8] = 0x4d;
	fb.data[12] = 2;
	read_built(&res, &fb);
	assert_sentence(&res, "pcapng version 2.0");
	fb_free(&fb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_section_has_its_byte_order_and_interfaces),
		cmocka_unit_test(more_interfaces_than_allowed_are_damage),
		cmocka_unit_test(any_time_resolution_becomes_nanoseconds),
		cmocka_unit_test(time_offset_is_signed_and_in_section_order),
		cmocka_unit_test(options_of_wrong_length_are_passed_over),
		cmocka_unit_test(simple_packet_has_the_time_before_it_and_obeys_the_snap_length),
		cmocka_unit_test(obsolete_packet_block_is_read),
		cmocka_unit_test(interface_fcs_is_stripped_and_a_packet_may_say_otherwise),
		cmocka_unit_test(options_can_be_walked),
		cmocka_unit_test(blocks_are_shown_after_the_records_before_them),
		cmocka_unit_test(other_blocks_are_counted_by_type),
		cmocka_unit_test(blocks_that_contradict_themselves_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
