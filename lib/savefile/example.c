/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An example: keep the packets that have at least so many bytes on the wire, and everything else of the file.
 *
 *      cc example.c $(pkg-config --cflags --libs pal-savefile) -o keep-long
 *      ./keep-long 100 trace.pcapng.gz long.pcapng.zst
 */
#include <pal_savefile_writer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST 64

/* Names, statistics, secrets, ...: blocks that are not packets go where the packets go. */
static void on_block(void *arg, const struct pal_savefile_block *block)
{
	struct pal_savefile_writer **w = arg;

	pal_savefile_writer_put_block(*w, block);
}

static void on_piece(void *arg, const struct pal_savefile_piece *piece)
{
	struct pal_savefile_writer **w = arg;

	pal_savefile_writer_put_piece(*w, piece);
}

static int
copy_long(struct pal_savefile_reader *r, struct pal_savefile_writer *w, uint32_t min_bytes)
{
	struct pal_savefile_rec recs[BURST];
	int nb, rc = 0;

	while ((nb = pal_savefile_next_burst(r, recs, BURST)) > 0)
		for (int i = 0; i < nb && rc == 0; i++) {
			if (recs[i].wire_len < min_bytes)
				continue;
			// The record as it is in the file, where the output can take it like that.
			if (pal_savefile_writer_takes_raw(w, r))
				rc = pal_savefile_writer_put_raw(w, &recs[i], 1);
			else
				rc = pal_savefile_writer_put(w, &recs[i]);
		}
	return rc < 0 ? rc : nb;
}

int main(int argc, char **argv)
{
	struct pal_savefile_writer *w = NULL;
	struct pal_savefile_conf in = {
		.keep_fcs = true, .on_block = on_block, .on_piece = on_piece, .on_block_arg = &w};
	struct pal_savefile_writer_conf out = {.filtered = true};
	struct pal_savefile_writer_stats stats;
	struct pal_savefile_reader *r;
	char err[PAL_SAVEFILE_ERR_LEN];
	int rc;

	if (argc != 4) {
		fprintf(stderr, "usage: %s BYTES IN OUT\n", argv[0]);
		return 2;
	}
	r = pal_savefile_open(argv[2], &in, err);
	if (r == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	out.pcap_header = pal_savefile_pcap_header(r);
	w = pal_savefile_writer_open(argv[3], &out, err);
	if (w == NULL) {
		fprintf(stderr, "%s\n", err);
		pal_savefile_close(r);
		return 1;
	}
	// No block says it of a pcap file; a pcap output has it from the header.
	if (out.pcap_header != NULL && pal_savefile_writer_format(w) == PAL_SAVEFILE_WRITE_PCAPNG)
		pal_savefile_writer_copy_interface(w, r, 0);
	rc = copy_long(r, w, (uint32_t)strtoul(argv[1], NULL, 10));
	if (rc < 0) // of an input that is damaged, what was before is kept
		fprintf(stderr, "%s%s\n", pal_savefile_error(r), pal_savefile_writer_error(w));
	pal_savefile_close(r);
	if (pal_savefile_writer_close(w, &stats, err) < 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	printf("%llu packets\n", (unsigned long long)stats.records);
	return rc < 0;
}
