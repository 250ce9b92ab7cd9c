/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The reader of capture files: where its bytes come from, and where they go. */
#include "savefile_bed.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

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
