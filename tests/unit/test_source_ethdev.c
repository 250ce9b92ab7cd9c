/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "eal.h"

#include <pal_mbuf.h>
#include <pal_source.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NB_PKTS 1000

static struct pal_source *open_named(const char *name, uint16_t nb_queues)
{
	const struct pal_source_ethdev_conf conf = {
		.name = name,
		.nb_queues = nb_queues,
		.nb_mbufs = 4096,
		.input = 3,
		.promisc = true,
	};
	char err[PAL_SOURCE_ERR_LEN] = "";
	struct pal_source *src = pal_source_ethdev_open(&conf, err);

	if (src == NULL)
		print_message("%s\n", err);
	return src;
}

static uint64_t drain(struct pal_source *src, uint16_t queue_id)
{
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint64_t total = 0;

	while (!pal_source_ended(src, queue_id)) {
		uint16_t nb = pal_source_rx_burst(src, queue_id, pkts, PAL_BURST_MAX);

		rte_pktmbuf_free_bulk(pkts, nb);
		total += nb;
	}
	return total;
}

static void nonsense_is_refused_with_a_sentence(void **)
{
	static const char *const names[] = {
		"",
		"no such thing",
		"0000:ff:1f.7",
		"net_nosuchdriver0,a=b",
		"net_null0,nosucharg=1",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct pal_source_ethdev_conf conf = {.name = names[i]};
		char err[PAL_SOURCE_ERR_LEN] = "";

		errno = 0;
		assert_null(pal_source_ethdev_open(&conf, err));
		assert_int_equal(errno, ENODEV);
		assert_non_null(strstr(err, "Try:"));
	}
}

static void null_port_fills_the_source_part(void **)
{
	struct pal_source *src = open_named("net_null0,size=100", 1);
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint64_t last_ns = 0;

	assert_non_null(src);
	assert_true(src->info.live);
	assert_int_equal(src->info.nb_queues, 1);
	assert_false(src->info.symmetric_rss);
	for (int burst = 0; burst < 10; burst++) {
		uint16_t nb = pal_source_rx_burst(src, 0, pkts, PAL_BURST_MAX);

		assert_int_equal(nb, PAL_BURST_MAX);
		for (uint16_t i = 0; i < nb; i++) {
			const struct pal_pkt *pkt = pal_mbuf_pkt(pkts[i]);

			assert_ptr_equal(pkt->data, rte_pktmbuf_mtod(pkts[i], uint8_t *));
			assert_int_equal(pkt->wire_len, 100);
			assert_int_equal(pkt->cap_len, 100);
			assert_int_equal(pkt->linktype, 1);
			assert_int_equal(pkt->input, 3);
			assert_true(pkt->time_ns >= last_ns);
			last_ns = pkt->time_ns;
		}
		rte_pktmbuf_free_bulk(pkts, nb);
	}
	pal_source_close(src);
}

static void stopped_port_ends_and_its_books_balance(void **)
{
	struct pal_source *src = open_named("net_null1,size=64", 2);
	struct pal_source_stats stats;
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint64_t total = 0;

	assert_non_null(src);
	assert_int_equal(src->info.nb_queues, 2);
	for (uint16_t q = 0; q < 2; q++) {
		uint16_t nb = pal_source_rx_burst(src, q, pkts, PAL_BURST_MAX);

		rte_pktmbuf_free_bulk(pkts, nb);
		total += nb;
		assert_false(pal_source_ended(src, q));
	}
	pal_source_stop_rx(src);
	total += drain(src, 0) + drain(src, 1);
	pal_source_stats(src, &stats);
	assert_true(
		total > 2 * PAL_BURST_MAX
	); // net_null never runs dry: a ring full came after the stop
	assert_int_equal(stats.offered_pkts, total);
	assert_int_equal(stats.offered_bytes, total * 64);
	pal_source_close(src);
}

static void port_that_accepts_rss_but_cannot_report_it_is_not_believed(void **)
{
	struct pal_source *src = open_named("net_null2", 4);

	assert_non_null(src);
	assert_int_equal(src->info.nb_queues, 4);
	assert_false(src->info.symmetric_rss);
	pal_source_close(src);
}

static void more_queues_than_the_port_has_are_cut(void **)
{
	struct pal_source *src = open_named("net_null3", UINT16_MAX);
	struct rte_eth_dev_info info;
	uint16_t port_id;

	assert_non_null(src);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null3", &port_id), 0);
	assert_int_equal(rte_eth_dev_info_get(port_id, &info), 0);
	assert_int_equal(src->info.nb_queues, info.max_rx_queues);
	pal_source_close(src);
}

static void closed_port_is_gone_and_opens_again(void **)
{
	uint16_t port_id;

	for (int i = 0; i < 3; i++) {
		struct pal_source *src = open_named("net_null4,size=64", 1);

		assert_non_null(src);
		pal_source_close(src);
		assert_int_not_equal(rte_eth_dev_get_port_by_name("net_null4", &port_id), 0);
	}
}

/** A port that exists already: nothing is probed, and it stays when the source is closed. */
static void ring_port_delivers_all_in_order(void **)
{
	struct rte_ring *ring = rte_ring_create("test", 2048, SOCKET_ID_ANY, 0);
	struct rte_mempool *mp =
		rte_pktmbuf_pool_create("test", 2047, 0, PAL_MBUF_PRIV_SIZE, 2048, SOCKET_ID_ANY);
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	struct pal_source_stats stats;
	struct pal_source *src;
	uint16_t port_id;
	uint32_t next = 0;

	assert_non_null(ring);
	assert_non_null(mp);
	assert_int_not_equal(rte_eth_from_ring(ring), -1);
	for (uint32_t i = 0; i < NB_PKTS; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(mp);

		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, 60), &i, sizeof(i));
		assert_int_equal(rte_ring_enqueue(ring, m), 0);
	}
	src = open_named("net_ring_test", 1);
	assert_non_null(src);
	pal_source_stop_rx(src); // what is there already still comes
	while (!pal_source_ended(src, 0)) {
		uint16_t nb = pal_source_rx_burst(src, 0, pkts, PAL_BURST_MAX);

		for (uint16_t i = 0; i < nb; i++, next++)
			assert_memory_equal(pal_mbuf_pkt(pkts[i])->data, &next, sizeof(next));
		rte_pktmbuf_free_bulk(pkts, nb);
	}
	assert_int_equal(next, NB_PKTS);
	pal_source_stats(src, &stats);
	assert_int_equal(stats.offered_pkts, NB_PKTS);
	assert_int_equal(stats.offered_bytes, NB_PKTS * 60);
	pal_source_close(src);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_ring_test", &port_id), 0);
	assert_int_equal(rte_mempool_avail_count(mp), 2047);
}

/** Two frames of 60 bytes, microseconds, this machine's byte order. */
static void write_capture(const char *path)
{
	static const uint32_t file_hdr[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	static const uint32_t pkt_hdr[4] = {1, 0, 60, 60};
	static const uint8_t frame[60] = {2};
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fwrite(file_hdr, sizeof(file_hdr), 1, f);
	for (int i = 0; i < 2; i++) {
		fwrite(pkt_hdr, sizeof(pkt_hdr), 1, f);
		fwrite(frame, sizeof(frame), 1, f);
	}
	assert_int_equal(fclose(f), 0);
}

static void pcap_vdev_delivers_its_file(void **)
{
	char path[] = "/tmp/pal_test_XXXXXX";
	int fd = mkstemp(path);
	struct pal_source *src;
	char name[64];

	assert_int_not_equal(fd, -1);
	close(fd);
	write_capture(path);
	snprintf(name, sizeof(name), "net_pcap0,rx_pcap=%s", path);
	src = open_named(name, 1);
	unlink(path);
	assert_non_null(src);
	pal_source_stop_rx(src);
	assert_int_equal(drain(src, 0), 2);
	pal_source_close(src);
}

static void on_iface(void *arg, const struct pal_source_iface *iface)
{
	bool *has_loopback = arg;

	assert_true(iface->name[0] != '\0');
	assert_non_null(pal_source_xdp_mode_name(iface->xdp_mode));
	*has_loopback |= iface->loopback && iface->nb_queues == 1 && strcmp(iface->name, "lo") == 0;
}

static void list_names_the_loopback(void **)
{
	bool has_loopback = false;

	assert_int_equal(pal_source_list(on_iface, &has_loopback), 0);
	assert_true(has_loopback);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nonsense_is_refused_with_a_sentence),
		cmocka_unit_test(null_port_fills_the_source_part),
		cmocka_unit_test(stopped_port_ends_and_its_books_balance),
		cmocka_unit_test(port_that_accepts_rss_but_cannot_report_it_is_not_believed),
		cmocka_unit_test(more_queues_than_the_port_has_are_cut),
		cmocka_unit_test(closed_port_is_gone_and_opens_again),
		cmocka_unit_test(ring_port_delivers_all_in_order),
		cmocka_unit_test(pcap_vdev_delivers_its_file),
		cmocka_unit_test(list_names_the_loopback),
	};

	// Drivers register themselves when they are loaded; these have no symbol that would make the linker do it.
	if (dlopen("librte_net_null.so", RTLD_NOW) == NULL ||
	    dlopen("librte_net_pcap.so", RTLD_NOW) == NULL) {
		fprintf(stderr,
			"SKIP: librte_net_null.so or librte_net_pcap.so is not installed\n");
		return 77;
	}
	pal_test_eal_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
