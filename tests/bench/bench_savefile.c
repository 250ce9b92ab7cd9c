/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What reading a capture file costs: one JSON line for each run.
 *
 *      bench_savefile FILE [chunk KiB] [runs]
 *
 * Every record is touched (its lengths and time are added up), its data is not.
 */

#include <pal_savefile.h>
#include <pal_time.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BURST 64

static int run(const char *path, uint32_t chunk_kib)
{
	const struct pal_savefile_conf conf = {.chunk_bytes = chunk_kib * 1024};
	struct pal_savefile_rec recs[BURST];
	uint64_t start_ns = pal_time_mono_ns(), took_ns, check = 0;
	struct pal_savefile_stats stats;
	char err[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_reader *r = pal_savefile_open(path, &conf, err);
	int nb;

	if (r == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0)
		for (int i = 0; i < nb; i++)
			check += recs[i].time_ns + recs[i].cap_len;
	took_ns = pal_time_mono_ns() - start_ns;
	if (nb < 0)
		fprintf(stderr, "%s\n", pal_savefile_error(r));
	pal_savefile_stats(r, &stats);
	printf("{\"bench\": \"savefile\", \"chunk_kib\": %u, \"records\": %" PRIu64
	       ", \"bytes\": %" PRIu64 ", \"ns_per_record\": %.2f, \"gbyte_per_s\": %.2f"
	       ", \"check\": %" PRIu64 "}\n",
	       chunk_kib,
	       stats.records,
	       stats.stored_bytes,
	       stats.records == 0 ? 0.0 : (double)took_ns / (double)stats.records,
	       (double)stats.stored_bytes / (double)took_ns,
	       check);
	pal_savefile_close(r);
	return nb < 0;
}

int main(int argc, char **argv)
{
	uint32_t chunk_kib = argc > 2 ? (uint32_t)atoi(argv[2]) : 512;
	int runs = argc > 3 ? atoi(argv[3]) : 5;
	int rc = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_savefile FILE [chunk KiB] [runs]\n");
		return 2;
	}
	for (int i = 0; i < runs && rc == 0; i++)
		rc = run(argv[1], chunk_kib);
	return rc;
}
