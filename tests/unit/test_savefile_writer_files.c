/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The writer of capture files: names, compression, and files that are whole or not there. */
#include "savefile_writer_bed.h"
#include "scratch.h"

#include <dirent.h>
#include <sys/stat.h>

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
		"savefile_writer_files", tests, scratch_setup, scratch_teardown
	);
}
