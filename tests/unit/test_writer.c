/* SPDX-License-Identifier: BSD-3-Clause */
/** @file The writer thread: what many threads hand over is in the files whole, in order, framed; or it is counted. */
#include "eal.h"
#include "scratch.h"

#include <pal_writer.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define NB_THREADS 4
#define NB_RECORDS 21000
#define NB_SINKS 3

static const struct pal_sink_frame tail_only = {.tail = "]"};
static const struct pal_sink_frame list = {.head = "[\n", .separator = ",\n", .tail = "\n]\n"};

static struct pal_writer *make_writer(bool live, uint16_t nb_outs)
{
	const struct pal_writer_conf conf = {.live = live, .nb_outs = nb_outs};
	struct pal_writer *w = pal_writer_create(&conf);

	assert_non_null(w);
	return w;
}

static int open_sink(struct pal_writer *w, const char *name, const struct pal_sink_frame *frame)
{
	int sink = pal_writer_open(w, scratch_path(name), frame);

	assert_true(sink >= 0);
	return sink;
}

static bool put(struct pal_out *out, int sink, const char *text)
{
	size_t room;
	char *dst = pal_out_reserve(out, sink, strlen(text), &room);

	if (dst == NULL)
		return false;
	assert_true(room >= strlen(text));
	memcpy(dst, text, strlen(text));
	pal_out_commit(out, sink, strlen(text));
	return true;
}

static uint64_t written(const struct pal_writer *w, int sink)
{
	uint64_t records, bytes;

	pal_writer_written(w, sink, &records, &bytes);
	return records;
}

static void wait_for_records(const struct pal_writer *w, int sink, uint64_t nb_records)
{
	for (int i = 0; written(w, sink) < nb_records; i++) {
		assert_true(i < 20000);
		usleep(500);
	}
}

/* many threads */

struct producer {
	pthread_t thread;
	struct pal_out *out;
	const int *sinks;
	int id;
	int nb_records;
	uint64_t nb_lost;
};

// `id number filler`, by which it is known again: the filler's length and letter come from the number.
static size_t format_record(char *dst, int id, int number)
{
	size_t len = (size_t)sprintf(dst, "%d %d ", id, number);
	size_t filler = (size_t)number * 2654435761u % (number % 100 == 0 ? 4000 : 300);

	memset(dst + len, 'a' + number % 26, filler);
	dst[len + filler] = '\n';
	return len + filler + 1;
}

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (int i = 0; i < p->nb_records; i++) {
		size_t room;
		char *dst = pal_out_reserve(p->out, p->sinks[i % NB_SINKS], 0, &room);

		if (dst == NULL)
			continue;
		pal_out_commit(p->out, p->sinks[i % NB_SINKS], format_record(dst, p->id, i));
		if (i % 1000 == 999)
			pal_out_flush(p->out);
	}
	p->nb_lost = pal_out_lost(p->out);
	pal_out_destroy(p->out);
	return NULL;
}

static void run_producers(struct producer *producers, int nb_producers)
{
	for (int i = 0; i < nb_producers; i++)
		assert_int_equal(
			pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0
		);
	for (int i = 0; i < nb_producers; i++)
		pthread_join(producers[i].thread, NULL);
}

// Every line is a whole record, those of one thread come in order. Returns their number.
static int check_lines(char *text, int nb_producers)
{
	int last[NB_THREADS];
	int nb_lines = 0;

	memset(last, -1, sizeof(last));
	for (char *line = text; *line != '\0';) {
		char expected[5000];
		char *rest;
		int id = (int)strtol(line, &rest, 10); // sscanf would read to the end of the text
		int number = (int)strtol(rest, NULL, 10);
		size_t len;

		assert_true(id >= 0 && id < nb_producers && number > last[id]);
		last[id] = number;
		len = format_record(expected, id, number);
		if (strncmp(line, expected, len) != 0)
			fail_msg("record %d of thread %d is not as it was put", number, id);
		line += len;
		nb_lines++;
	}
	return nb_lines;
}

static void records_of_many_threads_are_whole_and_in_order(void **)
{
	struct pal_writer *w = make_writer(false, NB_THREADS);
	struct producer producers[NB_THREADS];
	int sinks[NB_SINKS];

	for (int i = 0; i < NB_SINKS; i++)
		sinks[i] = open_sink(w, (const char *[]){"a", "b", "c"}[i], &pal_sink_lines);
	for (int i = 0; i < NB_THREADS; i++)
		producers[i] = (struct producer
		){.out = pal_out_create(w), .sinks = sinks, .id = i, .nb_records = NB_RECORDS};
	run_producers(producers, NB_THREADS);
	for (int i = 0; i < NB_SINKS; i++)
		wait_for_records(w, sinks[i], NB_THREADS * NB_RECORDS / NB_SINKS);
	pal_writer_destroy(w);
	for (int i = 0, sum = 0; i < NB_SINKS; i++) {
		char *text = scratch_read((const char *[]){"a", "b", "c"}[i], NULL);

		sum += check_lines(text, NB_THREADS);
		free(text);
		if (i == NB_SINKS - 1)
			assert_int_equal(sum, NB_THREADS * NB_RECORDS);
	}
	for (int i = 0; i < NB_THREADS; i++)
		assert_int_equal(producers[i].nb_lost, 0);
}

/* frames */

static void document_without_records_is_head_and_tail(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	struct pal_out *out = pal_out_create(w);

	open_sink(w, "doc", &list);
	open_sink(w, "lines", &pal_sink_lines);
	pal_out_flush(out);
	pal_out_destroy(out);
	pal_writer_destroy(w);
	scratch_assert("doc", "[\n\n]\n");
	scratch_assert("lines", "");
}

static void separators_lie_between_records_of_all_threads(void **)
{
	struct pal_writer *w = make_writer(false, 3);
	int sink = open_sink(w, "doc", &list);
	struct pal_out *outs[3];

	for (int i = 0; i < 3; i++)
		outs[i] = pal_out_create(w);
	put(outs[1], sink, "1");
	put(outs[1], sink, "2");
	pal_out_flush(outs[1]);
	pal_out_flush(outs[2]); // has nothing
	put(outs[0], sink, "3");
	pal_out_destroy(outs[0]);
	put(outs[2], sink, "4");
	pal_out_destroy(outs[2]);
	pal_out_destroy(outs[1]);
	pal_writer_destroy(w);
	scratch_assert("doc", "[\n1,\n2,\n3,\n4\n]\n");
}

static void raw_text_comes_after_all_that_was_flushed(void **)
{
	static char big[3 * PAL_WRITER_BLOCK_BYTES + 17];
	struct pal_writer *w = make_writer(false, 3);
	int sink = open_sink(w, "doc", &list);
	struct pal_out *a = pal_out_create(w), *b = pal_out_create(w), *end = pal_out_create(w);
	size_t len = 0;
	char *text;

	memset(big, 'x', sizeof(big));
	put(a, sink, "1");
	put(b, sink, "2");
	put(end, sink, "3"); // its own records are flushed by raw
	pal_out_destroy(a);
	pal_out_destroy(b);
	pal_out_raw(end, sink, ";", 1);
	pal_out_raw(end, sink, big, sizeof(big));
	pal_out_raw(end, sink, "end", 3);
	pal_out_destroy(end);
	pal_writer_destroy(w);
	text = scratch_read("doc", &len);
	assert_int_equal(len, strlen("[\n1,\n2,\n3;end\n]\n") + sizeof(big));
	assert_memory_equal(text, "[\n1,\n2,\n3;x", strlen("[\n1,\n2,\n3;x"));
	assert_string_equal(text + len - strlen("xend\n]\n"), "xend\n]\n");
	free(text);
}

static void raw_text_alone_is_a_document(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	int sink = open_sink(w, "doc", &list);
	struct pal_out *out = pal_out_create(w);
	size_t room;

	// A record that was begun and given up leaves nothing behind.
	assert_non_null(pal_out_reserve(out, sink, 0, &room));
	pal_out_drop(out);
	pal_out_raw(out, sink, "only this", 9);
	assert_int_equal(pal_out_lost(out), 1);
	pal_out_destroy(out);
	pal_writer_destroy(w);
	scratch_assert("doc", "[\nonly this\n]\n");
}

static void given_up_records_leave_no_separator(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	int sink = open_sink(w, "doc", &list);
	struct pal_out *out = pal_out_create(w);
	size_t room;

	for (int i = 0; i < 3; i++) {
		assert_non_null(pal_out_reserve(out, sink, 0, &room));
		pal_out_drop(out);
		put(out, sink, "r");
	}
	assert_non_null(pal_out_reserve(out, sink, 0, &room));
	pal_out_drop(out);
	assert_int_equal(pal_out_lost(out), 4);
	pal_out_destroy(out);
	pal_writer_destroy(w);
	scratch_assert("doc", "[\nr,\nr,\nr\n]\n");
}

static void room_is_what_was_asked_for(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	int sink = open_sink(w, "doc", &list);
	struct pal_out *out = pal_out_create(w);
	size_t room, longest = PAL_WRITER_BLOCK_BYTES - strlen(list.separator), sum = 0, len = 0;
	char *text;

	for (unsigned int i = 0; i < 500; i++) {
		size_t want = i * UINT64_C(2654435761) % (longest + 1);
		char *dst = pal_out_reserve(out, sink, want, &room);

		assert_non_null(dst);
		assert_true(room >= want);
		memset(dst, 'r', room);
		pal_out_commit(out, sink, want);
		sum += want;
	}
	assert_non_null(pal_out_reserve(out, sink, longest, &room));
	assert_int_equal(pal_out_lost(out), 0);
	assert_null(pal_out_reserve(out, sink, longest + 1, &room));
	assert_null(pal_out_reserve(out, sink, SIZE_MAX / 2, &room));
	assert_int_equal(pal_out_lost(out), 2);
	pal_out_destroy(out);
	pal_writer_destroy(w);
	text = scratch_read("doc", &len);
	assert_int_equal(len, sum + 499 * strlen(",\n") + strlen("[\n\n]\n"));
	free(text);
}

/* when the reader is slow */

struct reader {
	pthread_t thread;
	int fd;
	char *text;
	size_t len;
	unsigned int nap_us;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	size_t room = 1 << 20;
	ssize_t n;

	r->text = malloc(room);
	while ((n = read(r->fd, r->text + r->len, 4096)) > 0) {
		r->len += (size_t)n;
		if (room - r->len < 8192)
			r->text = realloc(r->text, room *= 2);
		if (r->nap_us != 0)
			usleep(r->nap_us);
	}
	r->text[r->len] = '\0';
	return NULL;
}

// A FIFO: its reader holds it open without reading.
static int make_fifo(const char *name)
{
	int fd;

	assert_int_equal(mkfifo(scratch_path(name), 0600), 0);
	fd = open(scratch_path(name), O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	return fd;
}

static void live_loses_records_and_counts_them(void **)
{
	struct reader reader = {.fd = make_fifo("fifo")};
	struct pal_writer *w = make_writer(true, 2);
	int sink = open_sink(w, "fifo", &pal_sink_lines);
	const int sinks[NB_SINKS] = {sink, sink, sink};
	struct producer producers[2];
	uint64_t nb_lost = 0;

	for (int i = 0; i < 2; i++)
		producers[i] = (struct producer
		){.out = pal_out_create(w), .sinks = sinks, .id = i, .nb_records = NB_RECORDS * 2};
	run_producers(producers, 2); // would hang if anybody waited
	for (int i = 0; i < 2; i++)
		nb_lost += producers[i].nb_lost;
	assert_true(nb_lost > 0);
	pthread_create(&reader.thread, NULL, read_all, &reader);
	pal_writer_destroy(w);
	pthread_join(reader.thread, NULL);
	close(reader.fd);
	assert_int_equal((uint64_t)check_lines(reader.text, 2) + nb_lost, 4 * NB_RECORDS);
	free(reader.text);
}

static void offline_waits_and_loses_nothing(void **)
{
	struct reader reader = {.fd = make_fifo("fifo"), .nap_us = 20};
	struct pal_writer *w = make_writer(false, 2);
	int sink = open_sink(w, "fifo", &pal_sink_lines);
	const int sinks[NB_SINKS] = {sink, sink, sink};
	struct producer producers[2];

	for (int i = 0; i < 2; i++)
		producers[i] = (struct producer
		){.out = pal_out_create(w), .sinks = sinks, .id = i, .nb_records = NB_RECORDS};
	pthread_create(&reader.thread, NULL, read_all, &reader);
	run_producers(producers, 2);
	pal_writer_destroy(w);
	pthread_join(reader.thread, NULL);
	close(reader.fd);
	assert_int_equal(check_lines(reader.text, 2), 2 * NB_RECORDS);
	free(reader.text);
}

/* files */

static void lines_go_on_in_a_new_file_after_rename(void **)
{
	struct pal_writer *w = make_writer(true, 1);
	int lines = open_sink(w, "eve.json", &pal_sink_lines);
	int doc = open_sink(w, "doc", &list);
	struct pal_out *out = pal_out_create(w);

	put(out, lines, "1\n");
	put(out, doc, "1");
	pal_out_flush(out);
	wait_for_records(w, lines, 1);
	assert_int_equal(rename(scratch_path("eve.json"), scratch_path("eve.json.1")), 0);
	pal_writer_reopen(w);
	for (int i = 0; access(scratch_path("eve.json"), F_OK) != 0; i++) {
		assert_true(i < 20000);
		usleep(500);
	}
	put(out, lines, "2\n");
	put(out, doc, "2");
	pal_out_destroy(out);
	pal_writer_destroy(w);
	scratch_assert("eve.json.1", "1\n");
	scratch_assert("eve.json", "2\n");
	scratch_assert("doc", "[\n1,\n2\n]\n");
}

static void put_text(const char *name, const char *text)
{
	FILE *f = fopen(scratch_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void run_once(bool live)
{
	struct pal_writer *w = make_writer(live, 1);
	int lines = open_sink(w, "lines", &pal_sink_lines), doc = open_sink(w, "doc", &list);
	struct pal_out *out = pal_out_create(w);

	put(out, lines, "new\n");
	put(out, doc, "new");
	pal_out_destroy(out);
	pal_writer_destroy(w);
}

static void live_appends_lines_and_replaces_documents(void **)
{
	put_text("lines", "old\n");
	put_text("doc", "old and longer than the new one");
	run_once(true);
	scratch_assert("lines", "old\nnew\n");
	scratch_assert("doc", "[\nnew\n]\n");
}

static void offline_replaces_files(void **)
{
	put_text("lines", "old and longer\n");
	put_text("doc", "old and longer than the new one");
	run_once(false);
	scratch_assert("lines", "new\n");
	scratch_assert("doc", "[\nnew\n]\n");
}

static void dash_is_standard_output(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	int saved = dup(STDOUT_FILENO);
	int fd = open(scratch_path("stdout"), O_WRONLY | O_CREAT, 0600);
	struct pal_out *out = pal_out_create(w);
	int sink;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	sink = pal_writer_open(w, "-", &pal_sink_lines);
	put(out, sink, "line\n");
	pal_out_flush(out);
	wait_for_records(w, sink, 1);
	pal_writer_reopen(w);
	put(out, sink, "another\n");
	pal_out_destroy(out);
	pal_writer_destroy(w);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0); // it is not ours to close
	dup2(saved, STDOUT_FILENO);
	close(saved);
	scratch_assert("stdout", "line\nanother\n");
}

static void write_error_is_reported(void **)
{
	struct pal_writer *w = make_writer(false, 1);
	int good = open_sink(w, "good", &pal_sink_lines);
	int full = pal_writer_open(w, "/dev/full", &pal_sink_lines);
	struct pal_out *out = pal_out_create(w);
	const char *path = NULL;

	assert_int_equal(pal_writer_error(w, &path), 0);
	assert_null(path);
	put(out, full, "lost\n");
	put(out, good, "kept\n");
	pal_out_flush(out);
	wait_for_records(w, good, 1);
	for (int i = 0; pal_writer_error(w, &path) == 0; i++) {
		assert_true(i < 20000);
		usleep(500);
	}
	assert_int_equal(pal_writer_error(w, &path), ENOSPC);
	assert_string_equal(path, "/dev/full");
	assert_int_equal(written(w, full), 0);
	pal_out_destroy(out);
	pal_writer_destroy(w);
	scratch_assert("good", "kept\n");
}

static void last_words_that_cannot_be_written_are_reported(void **)
{
	for (int nb_records = 0; nb_records < 2; nb_records++) {
		struct pal_writer *w = make_writer(false, 1);
		int full = pal_writer_open(
			w, "/dev/full", nb_records == 0 ? &tail_only : &pal_sink_lines
		);
		struct pal_out *out = pal_out_create(w);
		const char *path = NULL;

		for (int i = 0; i < nb_records; i++)
			put(out, full, "lost\n");
		assert_int_equal(pal_writer_error(w, &path), 0);
		pal_out_destroy(out);
		pal_writer_finish(w);
		assert_int_equal(pal_writer_error(w, &path), ENOSPC);
		assert_string_equal(path, "/dev/full");
		pal_writer_destroy(w);
	}
}

static void files_that_cannot_be_opened_are_refused(void **)
{
	struct pal_writer *w = make_writer(false, 1);

	assert_int_equal(pal_writer_open(w, "/nowhere/x", &pal_sink_lines), -ENOENT);
	assert_int_equal(pal_writer_open(w, scratch_dir, &pal_sink_lines), -EISDIR);
	for (int i = 0; i < PAL_WRITER_MAX_SINKS; i++)
		assert_int_equal(pal_writer_open(w, "/dev/null", &pal_sink_lines), i);
	assert_int_equal(pal_writer_open(w, "/dev/null", &pal_sink_lines), -ENOSPC);
	pal_writer_destroy(w);
	pal_writer_destroy(NULL);
	pal_out_destroy(NULL);
}

static int setup(void **)
{
	pal_test_eal_start();
	return 0;
}

#define scratch_test(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(records_of_many_threads_are_whole_and_in_order),
		scratch_test(document_without_records_is_head_and_tail),
		scratch_test(separators_lie_between_records_of_all_threads),
		scratch_test(raw_text_comes_after_all_that_was_flushed),
		scratch_test(raw_text_alone_is_a_document),
		scratch_test(given_up_records_leave_no_separator),
		scratch_test(room_is_what_was_asked_for),
		scratch_test(live_loses_records_and_counts_them),
		scratch_test(offline_waits_and_loses_nothing),
		scratch_test(lines_go_on_in_a_new_file_after_rename),
		scratch_test(live_appends_lines_and_replaces_documents),
		scratch_test(offline_replaces_files),
		scratch_test(dash_is_standard_output),
		scratch_test(write_error_is_reported),
		scratch_test(last_words_that_cannot_be_written_are_reported),
		scratch_test(files_that_cannot_be_opened_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
