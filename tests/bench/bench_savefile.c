/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What reading and copying a capture file costs: one JSON line for each run.
 *
 *      bench_savefile FILE [chunk KiB] [runs]
 *
 * read: every record is touched (its lengths and time are added up), its data is not. copy: records as they are in the
 * file. fields: each record made anew. Copies go to a sink that takes them without looking.
 */

#include <pal_savefile_writer.h>
#include <pal_time.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BURST 64

enum mode { READ, COPY, FIELDS, MODE_COUNT };

static const char *const mode_names[MODE_COUNT] = {"read", "copy", "fields"};

static int swallow(void *, const void *, size_t)
{
	return 0;
}

static void on_block(void *arg, const struct pal_savefile_block *block)
{
	pal_savefile_writer_put_block(*(struct pal_savefile_writer **)arg, block);
}

static struct pal_savefile_writer *open_writer(const struct pal_savefile_reader *r)
{
	const struct pal_savefile_sink sink = {.write = swallow};
	const struct pal_savefile_writer_conf conf = {
		.format = pal_savefile_info(r)->format == PAL_SAVEFILE_PCAP
				  ? PAL_SAVEFILE_WRITE_PCAP
				  : PAL_SAVEFILE_WRITE_PCAPNG,
		.pcap_header = pal_savefile_pcap_header(r),
	};

	return pal_savefile_writer_open_sink("sink", &sink, &conf, NULL);
}

static uint64_t
take(struct pal_savefile_writer *w, enum mode mode, const struct pal_savefile_rec *recs, int nb)
{
	uint64_t check = 0;

	if (mode == COPY)
		pal_savefile_writer_put_raw(w, recs, (unsigned int)nb);
	for (int i = 0; mode == FIELDS && i < nb; i++)
		pal_savefile_writer_put(w, &recs[i]);
	for (int i = 0; mode == READ && i < nb; i++)
		check += recs[i].time_ns + recs[i].cap_len;
	return check;
}

static int run(const char *path, uint32_t chunk_kib, enum mode mode)
{
	struct pal_savefile_writer *w = NULL;
	const struct pal_savefile_conf conf = {
		.chunk_bytes = chunk_kib * 1024,
		.keep_fcs = true,
		.on_block = mode == READ ? NULL : on_block,
		.on_block_arg = &w,
	};
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
	if (mode != READ && (w = open_writer(r)) == NULL) {
		perror("writer");
		pal_savefile_close(r);
		return 1;
	}
	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0)
		check += take(w, mode, recs, nb);
	if (w != NULL)
		pal_savefile_writer_close(w, NULL, NULL);
	took_ns = pal_time_mono_ns() - start_ns;
	if (nb < 0)
		fprintf(stderr, "%s\n", pal_savefile_error(r));
	pal_savefile_stats(r, &stats);
	printf("{\"bench\": \"savefile\", \"mode\": \"%s\", \"chunk_kib\": %u, \"records\": "
	       "%" PRIu64 ", \"bytes\": %" PRIu64 ", \"ns_per_record\": %.2f, \"gbyte_per_s\": %.2f"
	       ", \"check\": %" PRIu64 "}\n",
	       mode_names[mode],
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
	for (int mode = 0; mode < MODE_COUNT; mode++)
		for (int i = 0; i < runs && rc == 0; i++)
			rc = run(argv[1], chunk_kib, (enum mode)mode);
	return rc;
}
