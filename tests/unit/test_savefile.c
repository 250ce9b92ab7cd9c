/* SPDX-License-Identifier: BSD-3-Clause */
#include "filebuild.h"

#include <pal_savefile.h>
#include <pal_time.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// clang-format off: it wants what stands above
#include <cmocka.h>
// clang-format on

#define READ_MAX 512

/* What came out of a file: records with their data copied, so that it outlives the reader's chunks. */
struct result {
	struct pal_savefile_rec recs[READ_MAX];
	uint8_t *data[READ_MAX];
	unsigned int nb;
	int rc;
	char error[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_stats stats;
	size_t largest_chunk;
};

/* Memory as a stream that gives `step` bytes at a time; 0: all. */
struct memory {
	const uint8_t *data;
	size_t len, step;
};

static ssize_t memory_read(void *arg, void *buf, size_t len)
{
	struct memory *mem = arg;

	if (len > mem->len)
		len = mem->len;
	if (mem->step != 0 && len > mem->step)
		len = mem->step;
	if (len > 0)
		memcpy(buf, mem->data, len);
	mem->data += len;
	mem->len -= len;
	return (ssize_t)len;
}

static struct pal_savefile_chunk *counting_get(void *arg, size_t min_size)
{
	struct result *res = arg;
	struct pal_savefile_chunk *chunk = malloc(sizeof(*chunk) + min_size);

	assert_non_null(chunk);
	chunk->data = (uint8_t *)(chunk + 1);
	chunk->size = min_size;
	if (min_size > res->largest_chunk)
		res->largest_chunk = min_size;
	return chunk;
}

static void counting_put(void *, struct pal_savefile_chunk *chunk)
{
	free(chunk);
}

static void drain(struct result *res, struct pal_savefile_reader *r)
{
	struct pal_savefile_rec rec;

	while ((res->rc = pal_savefile_next(r, &rec)) > 0) {
		assert_true(res->nb < READ_MAX);
		res->recs[res->nb] = rec;
		res->data[res->nb] = malloc(rec.cap_len + 1);
		memcpy(res->data[res->nb], rec.data, rec.cap_len);
		res->nb++;
	}
	strcpy(res->error, pal_savefile_error(r));
	pal_savefile_stats(r, &res->stats);
	pal_savefile_close(r);
}

static void result_free(struct result *res)
{
	for (unsigned int i = 0; i < res->nb; i++)
		free(res->data[i]);
	memset(res, 0, sizeof(*res));
}

static void read_bytes(
	struct result *res,
	const uint8_t *data,
	size_t len,
	size_t step,
	struct pal_savefile_conf conf
)
{
	const struct pal_savefile_alloc alloc = {
		.get = counting_get, .put = counting_put, .arg = res};
	// An exact copy: AddressSanitizer sees a read past the end.
	uint8_t *copy = malloc(len + (len == 0));
	struct memory mem = {.data = copy, .len = len, .step = step};
	const struct pal_savefile_stream stream = {.read = memory_read, .arg = &mem};
	struct pal_savefile_reader *r;

	if (len > 0)
		memcpy(copy, data, len);
	memset(res, 0, sizeof(*res));
	conf.alloc = &alloc;
	r = pal_savefile_open_stream("test.pcap", &stream, &conf, res->error);
	if (r == NULL)
		res->rc = -errno;
	else
		drain(res, r);
	free(copy);
}

static void read_built(struct result *res, const struct filebuild *fb)
{
	read_bytes(res, fb->data, fb->len, 0, (struct pal_savefile_conf){});
}

static void assert_sentence(const struct result *res, const char *part)
{
	if (strstr(res->error, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, res->error);
	assert_null(strchr(res->error, '\n'));
}

static struct result res; // of the test that runs

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

static void build_pcap(struct filebuild *fb)
{
	fb_pcap(fb, FB_US, 65535, 1);
	fb_record(fb, 1, 30, 60);
	fb_record(fb, 2, 0, 0);
	fb_record(fb, 3, 61, 61);
}

static void build_pcapng(struct filebuild *fb)
{
	size_t start;

	fb_shb(fb);
	fb_idb_option(fb, 1, 2, "eth0", 4);
	fb_epb(fb, 0, 1000000, 1, 30);
	start = fb_begin(fb, FB_NRB);
	fb_pattern(fb, 0, 24);
	fb_end(fb, start);
	fb_epb(fb, 0, 2000000, 2, 0);
	fb_epb(fb, 0, 3000000, 3, 61);
}

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

static struct pal_savefile_reader *
open_built(struct memory *mem, const struct filebuild *fb, const struct pal_savefile_conf *conf)
{
	const struct pal_savefile_stream stream = {.read = memory_read, .arg = mem};
	struct pal_savefile_reader *r;

	*mem = (struct memory){.data = fb->data, .len = fb->len};
	r = pal_savefile_open_stream("x", &stream, conf, NULL);
	assert_non_null(r);
	return r;
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

/* where bytes come from */

static void compress(struct filebuild *dst, const uint8_t *data, size_t len, int filter)
{
	size_t room = 2 * len + 65536, used = 0;
	uint8_t *out = malloc(room);
	struct archive_entry *entry = archive_entry_new();
	struct archive *a = archive_write_new();

	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, out, room, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, len), len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	archive_entry_free(entry);
	fb_bytes(dst, out, used);
	free(out);
}

static void check_compressed(const struct filebuild *plain, int filter, const char *name)
{
	struct pal_savefile_reader *r;
	char path[FB_PATH_LEN];
	struct filebuild fb = {};

	compress(&fb, plain->data, 70001, filter);
	compress(&fb, plain->data + 70001, plain->len - 70001, filter);
	read_bytes(&res, fb.data, fb.len, 777, (struct pal_savefile_conf){});
	assert_string_equal(res.error, "");
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 200);
	for (unsigned int n = 0; n < 200; n++)
		assert_true(fb_is_pattern(res.data[n], (uint8_t)n, 1000));
	assert_int_equal(res.stats.stored_bytes, fb.len);
	result_free(&res);

	fb_save(&fb, path);
	r = pal_savefile_open(path, NULL, NULL);
	unlink(path);
	assert_non_null(r);
	assert_string_equal(pal_savefile_info(r)->compression, name);
	assert_int_equal(pal_savefile_info(r)->size_bytes, fb.len);
	pal_savefile_close(r);
	fb_free(&fb);
}

static void compressed_files_of_several_parts_are_one_stream(void **)
{
	struct filebuild plain = {};

	fb_pcap(&plain, FB_US, 65535, 1);
	for (int i = 0; i < 200; i++)
		fb_record(&plain, (uint8_t)i, 1000, 1000);
	check_compressed(&plain, ARCHIVE_FILTER_GZIP, "gzip");
	check_compressed(&plain, ARCHIVE_FILTER_XZ, "xz");
	check_compressed(&plain, ARCHIVE_FILTER_ZSTD, "zstd");
	check_compressed(&plain, ARCHIVE_FILTER_LZ4, "lz4");
	check_compressed(&plain, ARCHIVE_FILTER_BZIP2, "bzip2");
	fb_free(&plain);
}

static void cut_compressed_file_gives_what_was_decoded_and_an_error(void **)
{
	struct filebuild plain = {}, fb = {};

	fb_pcap(&plain, FB_US, 65535, 1);
	for (unsigned int i = 0; i < 400; i++) {
		fb_record_header(&plain, FB_US, i, 0, 1000, 1000);
		// Not compressible, so that half of the file is half of the records.
		for (unsigned int n = 0; n < 500; n++)
			fb_u16(&plain, (uint16_t)(rand() >> 8));
	}
	compress(&fb, plain.data, plain.len, ARCHIVE_FILTER_GZIP);
	read_bytes(&res, fb.data, fb.len / 2, 0, (struct pal_savefile_conf){});
	assert_int_equal(res.rc, -EBADMSG);
	assert_in_range(res.nb, 120, 200);
	assert_sentence(&res, "of the uncompressed data: ");
	result_free(&res);

	// Cut before anything comes out.
	read_bytes(&res, fb.data, 12, 0, (struct pal_savefile_conf){});
	assert_int_equal(res.rc, -EBADMSG);
	assert_int_equal(res.nb, 0);
	fb_free(&fb);

	compress(&fb, plain.data, 0, ARCHIVE_FILTER_GZIP);
	read_built(&res, &fb);
	assert_int_equal(res.rc, -EBADMSG);
	assert_sentence(&res, "it is empty");
	fb_free(&fb);
	fb_free(&plain);
}

static void reads_of_one_byte_give_the_same(void **)
{
	struct filebuild fb = {};

	build_pcapng(&fb);
	read_bytes(&res, fb.data, fb.len, 1, (struct pal_savefile_conf){});
	assert_int_equal(res.rc, 0);
	assert_int_equal(res.nb, 3);
	result_free(&res);
	fb_free(&fb);
}

// Nobody closes the pipe and nothing more comes: only `stop` ends the wait.
static void silent_pipe_is_left_when_told_to_stop(void **)
{
	volatile bool stop = false;
	struct pal_savefile_conf conf = {.stop = &stop};
	struct pal_savefile_reader *r;
	struct pal_savefile_rec rec;
	struct filebuild fb = {};
	char path[32];
	int fds[2];

	build_pcap(&fb); // three records
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	assert_int_equal(write(fds[1], fb.data, fb.len), fb.len);
	r = pal_savefile_open(path, &conf, NULL);
	assert_non_null(r);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pal_savefile_next_burst(r, &rec, 1), 1);
	stop = true;
	assert_int_equal(pal_savefile_next_burst(r, &rec, 1), -ECANCELED);
	pal_savefile_close(r);
	assert_null(pal_savefile_open(path, &conf, NULL));
	assert_int_equal(errno, ECANCELED);
	close(fds[0]);
	close(fds[1]);
	fb_free(&fb);
}

static void standard_input_may_be_a_pipe(void **)
{
	int saved = dup(STDIN_FILENO);
	struct pal_savefile_reader *r;
	struct filebuild fb = {};
	int fds[2];

	build_pcap(&fb);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	assert_int_equal(write(fds[1], fb.data, fb.len - 1), fb.len - 1);
	close(fds[1]);
	r = pal_savefile_open("-", NULL, NULL);
	assert_non_null(r);
	assert_int_equal(pal_savefile_info(r)->size_bytes, 0);
	drain(&res, r);
	assert_int_equal(res.nb, 2);
	assert_sentence(&res, "standard input: damaged at byte 86");
	// Not the reader's to close.
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	result_free(&res);
	fb_free(&fb);
}

static ssize_t failing_read(void *arg, void *buf, size_t len)
{
	struct memory *mem = arg;

	return mem->len == 0 ? -EIO : memory_read(mem, buf, len);
}

static void read_error_comes_after_the_records_that_were_read(void **)
{
	struct memory mem;
	const struct pal_savefile_stream stream = {.read = failing_read, .arg = &mem};
	struct filebuild fb = {};

	build_pcap(&fb);
	mem = (struct memory){.data = fb.data, .len = fb.len};
	drain(&res, pal_savefile_open_stream("disk.pcap", &stream, NULL, NULL));
	assert_int_equal(res.nb, 3);
	assert_int_equal(res.rc, -EIO);
	assert_sentence(&res, "disk.pcap: cannot be read at byte 163: Input/output error");
	result_free(&res);
	fb_free(&fb);
}

/* chunks */

struct dry {
	struct result largest;
	unsigned int nb_asked, nb_out;
};

static struct pal_savefile_chunk *dry_get(void *arg, size_t min_size)
{
	struct dry *dry = arg;

	// Only each third wish is granted.
	if (++dry->nb_asked % 3 != 0)
		return NULL;
	dry->nb_out++;
	return counting_get(&dry->largest, min_size);
}

static void dry_put(void *arg, struct pal_savefile_chunk *chunk)
{
	struct dry *dry = arg;

	dry->nb_out--;
	free(chunk);
}

static void dry_allocator_means_again_and_loses_nothing(void **)
{
	static struct dry dry;
	const struct pal_savefile_alloc alloc = {.get = dry_get, .put = dry_put, .arg = &dry};
	const struct pal_savefile_conf conf = {.alloc = &alloc, .chunk_bytes = 300};
	unsigned int nb = 0, nb_again = 0;
	struct pal_savefile_rec recs[4];
	struct pal_savefile_reader *r;
	struct filebuild fb = {};
	struct memory mem;
	int rc;

	fb_pcap(&fb, FB_US, 65535, 1);
	for (uint32_t i = 0; i < 100; i++)
		fb_record(&fb, (uint8_t)i, 100 + 8 * i, 2000);
	r = open_built(&mem, &fb, &conf);
	do {
		rc = pal_savefile_next_burst(r, recs, 4);
		nb_again += rc == -EAGAIN;
		for (int i = 0; i < rc; i++, nb++) {
			const struct pal_savefile_chunk *chunk = pal_savefile_current_chunk(r);

			assert_int_equal(recs[i].cap_len, 100 + 8 * nb);
			assert_true(fb_is_pattern(recs[i].data, (uint8_t)nb, recs[i].cap_len));
			assert_true(recs[i].data >= chunk->data);
			assert_true(recs[i].data + recs[i].cap_len <= chunk->data + chunk->size);
		}
	} while (rc > 0 || rc == -EAGAIN);
	assert_int_equal(rc, 0);
	assert_int_equal(nb, 100);
	assert_true(nb_again > 20);
	pal_savefile_close(r);
	assert_int_equal(dry.nb_out, 0);
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
		cmocka_unit_test(compressed_files_of_several_parts_are_one_stream),
		cmocka_unit_test(cut_compressed_file_gives_what_was_decoded_and_an_error),
		cmocka_unit_test(reads_of_one_byte_give_the_same),
		cmocka_unit_test(standard_input_may_be_a_pipe),
		cmocka_unit_test(silent_pipe_is_left_when_told_to_stop),
		cmocka_unit_test(read_error_comes_after_the_records_that_were_read),
		cmocka_unit_test(dry_allocator_means_again_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
