/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The reader of capture files: pcap, and damage of both formats. */
#include "savefile_bed.h"

#include <unistd.h>

/* pcap */

static void pcap_of_every_kind_and_byte_order_is_read(void **)
{
	static const uint32_t magics[] = {FB_US, FB_NS, FB_MODIFIED};

	for (int i = 0; i < 6; i++) {
		uint32_t magic = magics[i / 2];
		struct filebuild fb = {.big_endian = i % 2};

		fb_pcap(&fb, magic, 65535, 113);
		for (uint8_t n = 0; n < 3; n++) {
			fb_record_header(&fb, magic, 4000000000u + n, 7, 50u + n, 1500);
			fb_pattern(&fb, n, 50u + n);
		}
		read_built(&res, &fb);
		assert_int_equal(res.rc, 0);
		assert_int_equal(res.nb, 3);
		for (uint8_t n = 0; n < 3; n++) {
			const struct pal_savefile_rec *rec = &res.recs[n];
			uint64_t fraction_ns = magic == FB_NS ? 7 : 7000;

			assert_int_equal(
				rec->time_ns, (4000000000u + n) * PAL_NS_PER_S + fraction_ns
			);
			assert_int_equal(rec->cap_len, 50 + n);
			assert_int_equal(rec->wire_len, 1500);
			assert_int_equal(rec->linktype, 113);
			assert_true(rec->has_time);
			assert_true(fb_is_pattern(res.data[n], n, rec->cap_len));
		}
		result_free(&res);
		fb_free(&fb);
	}
}

static void fcs_is_taken_off_both_lengths(void **)
{
	// Two words of 16 bits, and the bit that says that this is meant.
	const uint32_t network = 2u << 28 | 1u << 26 | 1;
	struct filebuild fb = {};

	fb_pcap(&fb, FB_US, 65535, network);
	fb_record(&fb, 1, 64, 64); // whole
	fb_record(&fb, 2, 62, 64); // half of the FCS was captured
	fb_record(&fb, 3, 40, 64); // none of it
	fb_record(&fb, 4, 3, 3); // shorter than an FCS
	read_built(&res, &fb);
	assert_int_equal(res.nb, 4);
	assert_int_equal(res.recs[0].linktype, 1);
	assert_int_equal(res.recs[0].cap_len, 60);
	assert_int_equal(res.recs[1].cap_len, 60);
	assert_int_equal(res.recs[2].cap_len, 40);
	for (int i = 0; i < 3; i++)
		assert_int_equal(res.recs[i].wire_len, 60);
	assert_int_equal(res.recs[3].cap_len, 0);
	assert_int_equal(res.recs[3].wire_len, 0);
	result_free(&res);

	read_bytes(&res, fb.data, fb.len, 0, (struct pal_savefile_conf){.keep_fcs = true});
	assert_int_equal(res.recs[0].cap_len, 64);
	assert_int_equal(res.recs[0].wire_len, 64);
	result_free(&res);
	fb_free(&fb);
}

static void fcs_bits_without_their_flag_mean_nothing(void **)
{
	struct filebuild fb = {};

	fb_pcap(&fb, FB_US, 65535, 2u << 28 | 1);
	fb_record(&fb, 1, 64, 64);
	read_built(&res, &fb);
	assert_int_equal(res.recs[0].cap_len, 64);
	assert_int_equal(res.recs[0].linktype, 1);
	result_free(&res);
	fb_free(&fb);
}

static void numbers_of_old_systems_become_link_types(void **)
{
	assert_int_equal(pal_savefile_linktype(12), 101);
	assert_int_equal(pal_savefile_linktype(14), 101);
	assert_int_equal(pal_savefile_linktype(11), 100);
	assert_int_equal(pal_savefile_linktype(1), 1);
	assert_int_equal(pal_savefile_linktype(276), 276);
}

static void link_types_have_names(void **)
{
	assert_string_equal(pal_savefile_linktype_name(1), "ETHERNET");
	assert_string_equal(pal_savefile_linktype_description(1), "Ethernet");
	assert_string_equal(pal_savefile_linktype_name(276), "LINUX_SLL2");
	assert_null(pal_savefile_linktype_name(65535));
	assert_null(pal_savefile_linktype_description(65535));
}

static void times_of_any_year_are_given_as_seconds(void **)
{
	static const struct {
		int64_t offset_s, s;
		uint64_t ticks;
		uint32_t ns;
	} cases[] = {
		{0, 1, 1500000, 500000000},
		{0, 18446744073709, UINT64_MAX, 551615000},
		{-3, -2, 1500000, 500000000},
		{-3, -3, 0, 0},
		{INT64_MAX, INT64_MAX, UINT64_MAX, 551615000},
		{INT64_MIN, INT64_MIN, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pal_savefile_interface iface = {
			.tsresol = 6, .mul = 1000, .div = 1, .tsoffset_s = cases[i].offset_s};
		uint32_t ns;
		int64_t s;

		pal_savefile_time(&iface, cases[i].ticks, &s, &ns);
		assert_int_equal(s, cases[i].s);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void odd_lengths_are_read_and_counted(void **)
{
	struct filebuild fb = {};

	fb_pcap(&fb, FB_US, 100, 1);
	fb_record(&fb, 1, 60, 40); // more captured than there was
	fb_record(&fb, 2, 120, 120); // more than the snap length
	fb_record(&fb, 3, 0, 60); // nothing
	fb_record(&fb, 4, 100, 100);
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 4);
	assert_int_equal(res.recs[0].cap_len, 60);
	assert_int_equal(res.recs[1].cap_len, 120);
	assert_int_equal(res.stats.cap_over_wire, 1);
	assert_int_equal(res.stats.cap_over_snaplen, 1);
	assert_int_equal(res.stats.empty, 1);
	assert_int_equal(res.stats.records, 4);
	assert_int_equal(res.stats.cap_bytes, 280);
	assert_int_equal(res.stats.wire_bytes, 320);
	assert_int_equal(res.stats.stored_bytes, fb.len);
	result_free(&res);
	fb_free(&fb);
}

static void lengths_exchanged_by_old_writers_are_put_right(void **)
{
	struct filebuild fb = {};

	fb_pcap_version(&fb, 2, 2);
	fb_record_header(&fb, FB_US, 1, 0, 1500, 60);
	fb_pattern(&fb, 0, 60);
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 1);
	assert_int_equal(res.recs[0].cap_len, 60);
	assert_int_equal(res.recs[0].wire_len, 1500);
	result_free(&res);
	fb_free(&fb);
}

static void header_alone_is_a_file_without_packets(void **)
{
	struct filebuild fb = {};

	fb_pcap(&fb, FB_US, 65535, 1);
	read_built(&res, &fb);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 0);
	fb_free(&fb);
}

static void what_is_no_capture_says_what_it_saw(void **)
{
	struct filebuild fb = {};

	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "test.pcap: not a capture file: it is empty");

	fb_bytes(&fb, "GIF", 3);
	read_built(&res, &fb);
	assert_sentence(&res, "it has only 3 bytes");
	fb_bytes(&fb, "89a, and so on for a while", 26);
	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "begins with 47 49 46 38");
	fb_free(&fb);

	fb_bytes(&fb, "snoop\0\0\0\0\0\0\2\0\0\0\4", 16);
	read_built(&res, &fb);
	assert_sentence(&res, "not a capture file");
	assert_sentence(&res, "(snoop)");
	fb_free(&fb);

	fb_pcap_version(&fb, 1, 4);
	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "pcap version 1.4");
	fb_free(&fb);
}

static void missing_file_says_why(void **)
{
	char err[PAL_SAVEFILE_ERR_LEN];

	assert_null(pal_savefile_open("/nonexistent/x.pcap", NULL, err));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(
		err, "/nonexistent/x.pcap: cannot be opened: No such file or directory"
	);
	assert_null(pal_savefile_open("/", NULL, err));
	assert_int_equal(errno, EISDIR);
}

/* damage */

static bool is_among(size_t v, const size_t *list)
{
	for (; *list != 0; list++)
		if (*list == v)
			return true;
	return false;
}

// ends[]: offsets after each of the three records. stops[]: where a file may end, up to a 0.
static void check_every_cut(const struct filebuild *fb, const size_t *ends, const size_t *stops)
{
	for (size_t cut = 0; cut <= fb->len; cut++) {
		bool clean = is_among(cut, stops);
		unsigned int whole = 0;

		while (whole < 3 && ends[whole] <= cut)
			whole++;
		for (unsigned int chunk = 1; chunk <= 200; chunk = 3 * chunk + 1) {
			const struct pal_savefile_conf conf = {.chunk_bytes = chunk};

			read_bytes(&res, fb->data, cut, chunk % 5, conf);
			assert_int_equal(res.nb, whole);
			assert_int_equal(res.rc, clean ? 0 : -EBADMSG);
			assert_int_equal(res.error[0] == '\0', clean);
			for (unsigned int i = 0; i < whole; i++)
				assert_true(fb_is_pattern(
					res.data[i], (uint8_t)(i + 1), res.recs[i].cap_len
				));
			result_free(&res);
		}
	}
}

static void pcap_cut_anywhere_gives_the_whole_records_before(void **)
{
	const size_t ends[] = {24 + 46, 24 + 46 + 16, 24 + 46 + 16 + 77};
	const size_t stops[] = {24, ends[0], ends[1], ends[2], 0};
	struct filebuild fb = {};

	build_pcap(&fb);
	assert_int_equal(fb.len, ends[2]);
	check_every_cut(&fb, ends, stops);
	fb_free(&fb);
}

static void pcapng_cut_anywhere_gives_the_whole_records_before(void **)
{
	const size_t shb = 28, idb = shb + 32, one = idb + 64, nrb = one + 36, two = nrb + 32;
	const size_t ends[] = {one, two, two + 96};
	const size_t stops[] = {shb, idb, one, nrb, two, two + 96, 0};
	struct filebuild fb = {};

	build_pcapng(&fb);
	assert_int_equal(fb.len, ends[2]);
	check_every_cut(&fb, ends, stops);
	fb_free(&fb);
}

static void damage_is_told_with_file_place_and_reason(void **)
{
	struct filebuild fb = {};

	build_pcap(&fb);
	read_bytes(&res, fb.data, fb.len - 1, 0, (struct pal_savefile_conf){});
	assert_string_equal(
		res.error,
		"test.pcap: damaged at byte 86: the file ends inside a record: 60 of 61 captured "
		"bytes are there"
	);
	result_free(&res);
	fb_free(&fb);
}

static void damage_is_told_again_by_each_further_call(void **)
{
	struct pal_savefile_rec recs[8];
	struct pal_savefile_reader *r;
	struct filebuild fb = {};
	struct memory mem;

	build_pcap(&fb);
	fb.len--;
	r = open_built(&mem, &fb, NULL);
	assert_int_equal(pal_savefile_next_burst(r, recs, 8), 2);
	assert_int_equal(pal_savefile_next_burst(r, recs, 8), -EBADMSG);
	assert_int_equal(pal_savefile_next(r, recs), -EBADMSG);
	pal_savefile_close(r);
	fb_free(&fb);
}

static void claimed_lengths_take_no_memory_before_the_bytes_are_there(void **)
{
	const struct pal_savefile_conf conf = {.chunk_bytes = 4096};
	struct filebuild fb = {};
	size_t start;

	fb_pcap(&fb, FB_US, 0, 1);
	fb_record_header(&fb, FB_US, 1, 0, 1u << 30, 1u << 30);
	fb_pattern(&fb, 0, 100000);
	read_bytes(&res, fb.data, fb.len, 0, conf);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "100000 of 1073741824 captured bytes");
	assert_in_range(res.largest_chunk, 100000, 2 * fb.len);
	fb_free(&fb);

	fb_pcap(&fb, FB_US, 0, 1);
	fb_record_header(&fb, FB_US, 1, 0, UINT32_MAX, UINT32_MAX);
	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "claims 4294967295 captured bytes");
	fb_free(&fb);

	// A block that nobody looks at passes in pieces.
	fb_shb(&fb);
	start = fb_begin(&fb, 0x80000001);
	fb_pattern(&fb, 0, 300000);
	fb_end(&fb, start);
	fb_idb(&fb, 1, 0);
	fb_epb(&fb, 0, 0, 5, 10);
	read_bytes(&res, fb.data, fb.len, 0, conf);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 1);
	assert_int_equal(res.largest_chunk, 4096);
	result_free(&res);
	fb_free(&fb);
}

static void record_longer_than_a_chunk_is_read_whole(void **)
{
	const struct pal_savefile_conf conf = {.chunk_bytes = 4096};
	struct filebuild fb = {};

	fb_pcap(&fb, FB_US, 0, 1);
	fb_record(&fb, 1, 10, 10);
	fb_record(&fb, 2, 300 * 1024, 300 * 1024);
	fb_record(&fb, 3, 10, 10);
	read_bytes(&res, fb.data, fb.len, 1000, conf);
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 3);
	for (uint8_t i = 0; i < 3; i++)
		assert_true(fb_is_pattern(res.data[i], i + 1, res.recs[i].cap_len));
	result_free(&res);
	fb_free(&fb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_of_every_kind_and_byte_order_is_read),
		cmocka_unit_test(fcs_is_taken_off_both_lengths),
		cmocka_unit_test(fcs_bits_without_their_flag_mean_nothing),
		cmocka_unit_test(numbers_of_old_systems_become_link_types),
		cmocka_unit_test(link_types_have_names),
		cmocka_unit_test(times_of_any_year_are_given_as_seconds),
		cmocka_unit_test(odd_lengths_are_read_and_counted),
		cmocka_unit_test(lengths_exchanged_by_old_writers_are_put_right),
		cmocka_unit_test(header_alone_is_a_file_without_packets),
		cmocka_unit_test(what_is_no_capture_says_what_it_saw),
		cmocka_unit_test(missing_file_says_why),
		cmocka_unit_test(pcap_cut_anywhere_gives_the_whole_records_before),
		cmocka_unit_test(pcapng_cut_anywhere_gives_the_whole_records_before),
		cmocka_unit_test(damage_is_told_with_file_place_and_reason),
		cmocka_unit_test(damage_is_told_again_by_each_further_call),
		cmocka_unit_test(claimed_lengths_take_no_memory_before_the_bytes_are_there),
		cmocka_unit_test(record_longer_than_a_chunk_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
