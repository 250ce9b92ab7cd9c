/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a packet costs from capture file to mbuf and back: one JSON line for each run.
 *
 *      bench_source_file FILE [buffer KiB] [buffers] [runs]
 *
 * The first 64 bytes of each packet are read, as decode does.
 */

#include "eal.h"

#include <pal_mbuf.h>
#include <pal_source.h>
#include <pal_time.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t look_at(struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint64_t sum = pal_mbuf_pkt(m)->time_ns;

	for (uint16_t i = 0; i < 64 && i < m->data_len; i += 16)
		sum += data[i];
	return sum;
}

static int run(const char *path, uint32_t buffer_kib, uint32_t nb_buffers)
{
	const struct pal_source_file_conf conf = {
		.paths = &path,
		.nb_paths = 1,
		.buffer_bytes = buffer_kib * 1024,
		.nb_buffers = nb_buffers,
	};
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint64_t nb_pkts = 0, check = 0, start_ns, took_ns;
	char err[PAL_SOURCE_ERR_LEN];
	struct pal_source *src = pal_source_file_open(&conf, err);

	if (src == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	start_ns = pal_time_mono_ns();
	while (!src->ops->ended(src, 0)) {
		uint16_t nb = pal_source_rx_burst(src, 0, pkts, PAL_BURST_MAX);

		for (uint16_t i = 0; i < nb; i++)
			check += look_at(pkts[i]);
		nb_pkts += nb;
		rte_pktmbuf_free_bulk(pkts, nb);
	}
	took_ns = pal_time_mono_ns() - start_ns;
	printf("{\"bench\": \"source_file\", \"buffer_kib\": %u, \"buffers\": %u, \"packets\": "
	       "%" PRIu64 ", \"ns_per_packet\": %.2f, \"check\": %" PRIu64 "}\n",
	       buffer_kib,
	       nb_buffers,
	       nb_pkts,
	       nb_pkts == 0 ? 0.0 : (double)took_ns / (double)nb_pkts,
	       check);
	pal_source_close(src);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t buffer_kib = argc > 2 ? (uint32_t)atoi(argv[2]) : 256;
	uint32_t nb_buffers = argc > 3 ? (uint32_t)atoi(argv[3]) : 16;
	int runs = argc > 4 ? atoi(argv[4]) : 5;
	int rc = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_source_file FILE [buffer KiB] [buffers] [runs]\n");
		return 2;
	}
	pal_test_eal_start();
	for (int i = 0; i < runs && rc == 0; i++)
		rc = run(argv[1], buffer_kib, nb_buffers);
	return rc;
}
