/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"
#include "filebuild.h"

#include <pal_mbuf.h>
#include <pal_source.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// clang-format off: it wants what stands above
#include <cmocka.h>
// clang-format on

#define PKTS_MAX 20000

static struct rte_mempool *copy_pool;
static struct rte_mbuf *held[PKTS_MAX]; // of the test that runs

/* A file of nb records, whose pattern and length follow from their number. */
static uint32_t len_of(unsigned int i)
{
	return 60 + i % 1400;
}

static void build_numbered(struct filebuild *fb, unsigned int nb)
{
	fb_pcap(fb, FB_US, 0, 1);
	for (unsigned int i = 0; i < nb; i++)
		fb_record(fb, (uint8_t)i, len_of(i), len_of(i) + 4);
}

static void assert_numbered(struct rte_mbuf *m, unsigned int i)
{
	const struct pal_pkt *pkt = pal_mbuf_pkt(m);

	assert_int_equal(m->pkt_len, len_of(i));
	assert_int_equal(pkt->cap_len, len_of(i));
	assert_int_equal(pkt->wire_len, len_of(i) + 4);
	assert_ptr_equal(pkt->data, rte_pktmbuf_mtod(m, uint8_t *));
	assert_true(fb_is_pattern(pkt->data, (uint8_t)i, pkt->cap_len));
}

static struct pal_source *
open_conf(struct pal_source_file_conf conf, const char *const *paths, size_t nb)
{
	char err[PAL_SOURCE_ERR_LEN] = "";
	struct pal_source *src;

	conf.paths = paths;
	conf.nb_paths = nb;
	src = pal_source_file_open(&conf, err);
	if (src == NULL)
		fail_msg("%s", err);
	return src;
}

/* Save what was built and open it; the file is gone once it was opened for reading, with the first burst. */
static struct pal_source *
open_built(struct filebuild *fb, struct pal_source_file_conf conf, char *path)
{
	static const char *paths[1];

	fb_save(fb, path);
	fb_free(fb);
	paths[0] = path;
	return open_conf(conf, paths, 1);
}

// Until the source ends or gives nothing now.
static unsigned int receive_all(struct pal_source *src, struct rte_mbuf **pkts, unsigned int nb_max)
{
	unsigned int nb = 0;
	uint16_t n;

	while (nb < nb_max) {
		n = pal_source_rx_burst(
			src,
			0,
			pkts + nb,
			(uint16_t)RTE_MIN(nb_max - nb, (unsigned int)PAL_BURST_MAX)
		);
		if (n == 0)
			break;
		nb += n;
	}
	return nb;
}

static void packets_carry_what_the_file_says(void **)
{
	struct filebuild fb = {};
	struct pal_source_stats stats;
	struct pal_source *src;
	char path[FB_PATH_LEN];

	fb_shb(&fb);
	fb_idb(&fb, 1, 0);
	fb_idb(&fb, 113, 0);
	fb_epb(&fb, 0, 5000000, 1, 60);
	fb_epb(&fb, 1, 6000000, 2, 0);
	src = open_built(&fb, (struct pal_source_file_conf){.first_input = 7}, path);
	assert_int_equal(receive_all(src, held, PKTS_MAX), 2);
	unlink(path);
	assert_true(src->ops->ended(src, 0));
	assert_false(src->info.live);

	assert_true(RTE_MBUF_HAS_EXTBUF(held[0]));
	assert_int_equal(held[0]->data_len, 60);
	assert_true(fb_is_pattern(rte_pktmbuf_mtod(held[0], uint8_t *), 1, 60));
	assert_int_equal(pal_mbuf_pkt(held[0])->time_ns, 5000000000);
	assert_int_equal(pal_mbuf_pkt(held[0])->linktype, 1);
	assert_int_equal(pal_mbuf_pkt(held[0])->input, 7);
	assert_int_equal(pal_mbuf_pkt(held[1])->linktype, 113);
	assert_int_equal(held[1]->data_len, 0);
	assert_int_equal(held[1]->pkt_len, 0);

	src->ops->stats(src, &stats);
	assert_int_equal(stats.offered_pkts, 2);
	assert_int_equal(stats.offered_bytes, 60);
	assert_int_equal(stats.errors, 0);
	rte_pktmbuf_free_bulk(held, 2);
	pal_source_close(src);
}

struct events {
	unsigned int nb;
	char path[4][FB_PATH_LEN], error[4][PAL_SOURCE_ERR_LEN];
};

static void on_error(void *arg, const char *path, const char *error)
{
	struct events *events = arg;

	strcpy(events->path[events->nb], path);
	strcpy(events->error[events->nb], error);
	events->nb++;
}

static void files_are_one_stream_that_damage_does_not_stop(void **)
{
	static struct events events;
	char first[FB_PATH_LEN], last[FB_PATH_LEN];
	const char *paths[] = {first, "/nonexistent.pcap", last};
	struct pal_source_file_progress progress;
	struct pal_source_stats stats;
	struct filebuild fb = {};
	struct pal_source *src;

	build_numbered(&fb, 100);
	fb.len--;
	fb_save(&fb, first);
	fb_free(&fb);
	build_numbered(&fb, 10);
	fb_save(&fb, last);
	src = open_conf(
		(struct pal_source_file_conf){.on_error = on_error, .on_error_arg = &events},
		paths,
		3
	);
	assert_int_equal(receive_all(src, held, PKTS_MAX), 109);
	for (unsigned int i = 0; i < 109; i++) {
		assert_numbered(held[i], i < 99 ? i : i - 99);
		assert_int_equal(pal_mbuf_pkt(held[i])->input, i < 99 ? 0 : 2);
	}
	assert_true(src->ops->ended(src, 0));
	assert_int_equal(events.nb, 2);
	assert_string_equal(events.path[0], first);
	assert_non_null(strstr(events.error[0], "the file ends inside a record"));
	assert_string_equal(
		events.error[1], "/nonexistent.pcap: cannot be opened: No such file or directory"
	);
	pal_source_file_progress(src, &progress);
	assert_int_equal(progress.path_index, 3);
	assert_int_equal(progress.damaged, 2);
	assert_int_equal(progress.file_bytes_read, fb.len);
	assert_int_equal(progress.file_size_bytes, fb.len);
	src->ops->stats(src, &stats);
	assert_int_equal(stats.errors, 2);
	rte_pktmbuf_free_bulk(held, 109);
	pal_source_close(src);
	unlink(first);
	unlink(last);
	fb_free(&fb);
}

static void check_long(struct rte_mbuf *m, uint32_t len)
{
	uint32_t off = 0;

	assert_int_equal(m->pkt_len, len);
	assert_int_equal(pal_mbuf_pkt(m)->cap_len, m->data_len);
	assert_ptr_equal(pal_mbuf_pkt(m)->data, rte_pktmbuf_mtod(m, uint8_t *));
	assert_int_equal(rte_mbuf_check(m, 1, &(const char *){NULL}), 0);
	for (; m != NULL; m = m->next) {
		assert_true(fb_is_pattern(
			rte_pktmbuf_mtod(m, uint8_t *), (uint8_t)(9 + off), m->data_len
		));
		off += m->data_len;
	}
	assert_int_equal(off, len);
}

static void long_record_is_a_chain(void **)
{
	static const uint32_t lens[] = {65535, 65536, 300 * 1024, 3000000};
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];

	fb_pcap(&fb, FB_US, 0, 1);
	for (int i = 0; i < 4; i++)
		fb_record(&fb, 9, lens[i], lens[i]);
	src = open_built(&fb, (struct pal_source_file_conf){}, path);
	assert_int_equal(receive_all(src, held, PKTS_MAX), 4);
	unlink(path);
	for (int i = 0; i < 4; i++)
		check_long(held[i], lens[i]);
	assert_int_equal(held[0]->nb_segs, 1);
	assert_int_equal(held[1]->nb_segs, 2);
	rte_pktmbuf_free_bulk(held, 4);
	pal_source_close(src);
}

static void source_waits_while_all_buffers_are_held_and_loses_nothing(void **)
{
	struct pal_source_file_conf conf = {.buffer_bytes = 64 * 1024, .nb_buffers = 4};
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	unsigned int next = 0, nb_waits = 0;

	build_numbered(&fb, 3000);
	src = open_built(&fb, conf, path);
	while (!src->ops->ended(src, 0)) {
		unsigned int nb = receive_all(src, held, PKTS_MAX);

		if (!src->ops->ended(src, 0)) {
			nb_waits++;
			assert_int_equal(pal_source_rx_burst(src, 0, held + nb, 32), 0);
		}
		for (unsigned int i = 0; i < nb; i++)
			assert_numbered(held[i], next++);
		rte_pktmbuf_free_bulk(held, nb);
	}
	unlink(path);
	assert_int_equal(next, 3000);
	assert_true(nb_waits > 5);
	pal_source_close(src);
}

static void source_waits_while_all_mbufs_are_held_and_loses_nothing(void **)
{
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	unsigned int next = 0;

	build_numbered(&fb, 3000);
	src = open_built(&fb, (struct pal_source_file_conf){.nb_mbufs = 256}, path);
	while (!src->ops->ended(src, 0)) {
		unsigned int nb = receive_all(src, held, PKTS_MAX);

		assert_in_range(nb, 0, 256);
		for (unsigned int i = 0; i < nb; i++)
			assert_numbered(held[i], next++);
		rte_pktmbuf_free_bulk(held, nb);
	}
	unlink(path);
	assert_int_equal(next, 3000);
	pal_source_close(src);
}

static void keeping_every_packet_does_not_stop_the_source(void **)
{
	struct pal_source_file_conf conf = {.buffer_bytes = 64 * 1024, .nb_buffers = 8};
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	uint64_t nb_copied = 0;
	unsigned int nb = 0;

	build_numbered(&fb, 3000);
	src = open_built(&fb, conf, path);
	while (!src->ops->ended(src, 0)) {
		uint16_t n = pal_source_rx_burst(src, 0, pkts, PAL_BURST_MAX);

		for (uint16_t i = 0; i < n; i++) {
			held[nb] = pal_source_keep(pkts[i], copy_pool, &nb_copied);
			assert_non_null(held[nb++]);
		}
	}
	unlink(path);
	assert_int_equal(nb, 3000);
	assert_in_range(nb_copied, 1000, 2999);
	for (unsigned int i = 0; i < nb; i++)
		assert_numbered(held[i], i);
	rte_pktmbuf_free_bulk(held, nb);
	pal_source_close(src);
	assert_true(rte_mempool_full(copy_pool));
}

static void kept_copy_of_a_chain_has_the_same_segments(void **)
{
	struct pal_source_file_conf conf = {.buffer_bytes = 256 * 1024, .nb_buffers = 4};
	const uint32_t len = 200000;
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	uint64_t nb_copied = 0;
	unsigned int nb;

	fb_pcap(&fb, FB_US, 0, 1);
	for (int i = 0; i < 4; i++)
		fb_record(&fb, 9, len, len);
	src = open_built(&fb, conf, path);
	nb = receive_all(src, held, PKTS_MAX);
	unlink(path);
	assert_true(nb >= 3);
	// The buffers are all in use now.
	pal_mbuf_pkt(held[0])->number = 42;
	held[0] = pal_source_keep(held[0], copy_pool, &nb_copied);
	assert_int_equal(nb_copied, 1);
	assert_ptr_equal(held[0]->pool, copy_pool);
	assert_int_equal(held[0]->nb_segs, 4);
	assert_int_equal(pal_mbuf_pkt(held[0])->number, 42);
	check_long(held[0], len);
	// A copy is not copied again.
	assert_ptr_equal(pal_source_keep(held[0], copy_pool, &nb_copied), held[0]);
	rte_pktmbuf_free_bulk(held, nb);
	while (!src->ops->ended(src, 0))
		rte_pktmbuf_free_bulk(held, receive_all(src, held, PKTS_MAX));
	pal_source_close(src);
	assert_true(rte_mempool_full(copy_pool));
}

static void packet_that_cannot_be_copied_is_freed(void **)
{
	struct pal_source_file_conf conf = {.buffer_bytes = 4096, .nb_buffers = 4};
	struct rte_mempool *tiny =
		rte_pktmbuf_pool_create("tiny", 1, 0, PAL_MBUF_PRIV_SIZE, 2048, SOCKET_ID_ANY);
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	uint64_t nb_copied = 0;
	unsigned int nb;

	build_numbered(&fb, 300);
	src = open_built(&fb, conf, path);
	nb = receive_all(src, held, PKTS_MAX);
	unlink(path);
	assert_true(nb > 2);
	held[0] = pal_source_keep(held[0], tiny, &nb_copied);
	assert_non_null(held[0]);
	assert_null(pal_source_keep(held[1], tiny, &nb_copied));
	assert_int_equal(nb_copied, 1);
	rte_pktmbuf_free(held[0]);
	rte_pktmbuf_free_bulk(held + 2, nb - 2);
	pal_source_close(src);
	rte_mempool_free(tiny);
}

struct hand {
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint16_t nb; // set with release by one side, reset by the other
	bool end;
};

static void *free_elsewhere(void *arg)
{
	struct hand *hand = arg;

	while (!__atomic_load_n(&hand->end, __ATOMIC_ACQUIRE)) {
		uint16_t nb = __atomic_load_n(&hand->nb, __ATOMIC_ACQUIRE);

		if (nb == 0) {
			sched_yield();
			continue;
		}
		rte_pktmbuf_free_bulk(hand->pkts, nb);
		__atomic_store_n(&hand->nb, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void buffers_come_back_from_other_threads(void **)
{
	struct pal_source_file_conf conf = {.buffer_bytes = 16 * 1024, .nb_buffers = 4};
	static struct hand hand;
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];
	unsigned int next = 0;
	pthread_t thread;

	build_numbered(&fb, 10000);
	src = open_built(&fb, conf, path);
	assert_int_equal(pthread_create(&thread, NULL, free_elsewhere, &hand), 0);
	while (!src->ops->ended(src, 0)) {
		uint16_t n;

		if (__atomic_load_n(&hand.nb, __ATOMIC_ACQUIRE) != 0) {
			sched_yield();
			continue;
		}
		n = pal_source_rx_burst(src, 0, hand.pkts, PAL_BURST_MAX);
		for (uint16_t i = 0; i < n; i++)
			assert_numbered(hand.pkts[i], next++);
		__atomic_store_n(&hand.nb, n, __ATOMIC_RELEASE);
	}
	unlink(path);
	__atomic_store_n(&hand.end, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_int_equal(next, 10000);
	pal_source_close(src);
}

static void memory_does_not_grow_with_the_file(void **)
{
	struct filebuild fb = {};
	struct rusage before, after;
	struct pal_source *src;
	char path[FB_PATH_LEN];
	unsigned int nb, total = 0;

	fb_pcap(&fb, FB_US, 0, 1);
	for (unsigned int i = 0; i < 60000; i++)
		fb_record(&fb, 0, 1000, 1000);
	src = open_built(&fb, (struct pal_source_file_conf){}, path);
	getrusage(RUSAGE_SELF, &before);
	do {
		nb = receive_all(src, held, PAL_BURST_MAX);
		rte_pktmbuf_free_bulk(held, nb);
		total += nb;
	} while (nb > 0);
	getrusage(RUSAGE_SELF, &after);
	unlink(path);
	assert_int_equal(total, 60000);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 16 * 1024);
	pal_source_close(src);
}

static void source_that_is_stopped_ends(void **)
{
	volatile bool stop = false;
	struct filebuild fb = {};
	struct pal_source *src;
	char path[FB_PATH_LEN];

	build_numbered(&fb, 1000);
	src = open_built(&fb, (struct pal_source_file_conf){.stop = &stop}, path);
	assert_int_equal(pal_source_rx_burst(src, 0, held, 10), 10);
	unlink(path);
	stop = true;
	assert_int_equal(pal_source_rx_burst(src, 0, held + 10, 10), 0);
	assert_true(src->ops->ended(src, 0));
	rte_pktmbuf_free_bulk(held, 10);
	pal_source_close(src);
}

static void numbers_out_of_range_are_refused_in_words(void **)
{
	const char *path = "x";
	struct pal_source_file_conf conf = {.paths = &path};
	char err[PAL_SOURCE_ERR_LEN];

	assert_null(pal_source_file_open(&conf, err));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(err, "no capture file given");
	conf.nb_paths = 1;
	conf.buffer_bytes = 2 << 20;
	assert_null(pal_source_file_open(&conf, err));
	assert_string_equal(err, "a read buffer has 4096 to 1044480 bytes, not 2097152");
	conf.buffer_bytes = 0;
	conf.nb_buffers = 1;
	assert_null(pal_source_file_open(&conf, err));
	conf.nb_buffers = 0;
	conf.nb_mbufs = 10;
	assert_null(pal_source_file_open(&conf, err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_carry_what_the_file_says),
		cmocka_unit_test(files_are_one_stream_that_damage_does_not_stop),
		cmocka_unit_test(long_record_is_a_chain),
		cmocka_unit_test(source_waits_while_all_buffers_are_held_and_loses_nothing),
		cmocka_unit_test(source_waits_while_all_mbufs_are_held_and_loses_nothing),
		cmocka_unit_test(keeping_every_packet_does_not_stop_the_source),
		cmocka_unit_test(kept_copy_of_a_chain_has_the_same_segments),
		cmocka_unit_test(packet_that_cannot_be_copied_is_freed),
		cmocka_unit_test(buffers_come_back_from_other_threads),
		cmocka_unit_test(memory_does_not_grow_with_the_file),
		cmocka_unit_test(source_that_is_stopped_ends),
		cmocka_unit_test(numbers_out_of_range_are_refused_in_words),
	};

	pal_test_eal_start();
	copy_pool = rte_pktmbuf_pool_create(
		"copies", 4095, 0, PAL_MBUF_PRIV_SIZE, RTE_PKTMBUF_HEADROOM + 1800, SOCKET_ID_ANY
	);
	if (copy_pool == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
