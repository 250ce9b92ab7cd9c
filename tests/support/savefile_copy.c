/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copy a capture file for tests, losing what the format of the output cannot hold:
 *
 *      savefile_copy [--fields] IN OUT
 *
 * To the same format bytes are copied as they are; with --fields every record is made anew. What is lost goes to
 * stderr.
 */
#include <pal_savefile_writer.h>

#include <stdio.h>
#include <string.h>

#define BURST 256

static struct pal_savefile_writer *writer;

static void copy_block(void *, const struct pal_savefile_block *block)
{
	pal_savefile_writer_put_block(writer, block);
}

static void copy_piece(void *, const struct pal_savefile_piece *piece)
{
	pal_savefile_writer_put_piece(writer, piece);
}

static int copy(struct pal_savefile_reader *reader, bool fields)
{
	struct pal_savefile_rec recs[BURST];
	int rc, nb;

	while ((nb = pal_savefile_next_burst(reader, recs, BURST)) > 0) {
		if (!fields && pal_savefile_writer_takes_raw(writer, reader)) {
			rc = pal_savefile_writer_put_raw(writer, recs, (unsigned int)nb);
			if (rc < 0)
				return rc;
			continue;
		}
		for (int i = 0; i < nb; i++) {
			rc = pal_savefile_writer_put(writer, &recs[i]);
			if (rc < 0)
				return rc;
		}
	}
	return nb;
}

static void print_lost(const struct pal_savefile_lost *lost)
{
	fprintf(stderr,
		"records %llu comments %llu options %llu interfaces %llu sections %llu "
		"fractions %llu range %llu invented %llu snaplen %llu fields %llu",
		(unsigned long long)lost->records,
		(unsigned long long)lost->comments,
		(unsigned long long)lost->options,
		(unsigned long long)lost->interfaces,
		(unsigned long long)lost->sections,
		(unsigned long long)lost->time_fractions,
		(unsigned long long)lost->time_range,
		(unsigned long long)lost->time_invented,
		(unsigned long long)lost->over_snaplen,
		(unsigned long long)lost->header_fields);
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++)
		if (lost->blocks[kind] != 0)
			fprintf(stderr,
				" %s %llu",
				pal_savefile_block_name((enum pal_savefile_block_kind)kind),
				(unsigned long long)lost->blocks[kind]);
	fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
	const struct pal_savefile_conf conf = {
		.keep_fcs = true, .on_block = copy_block, .on_piece = copy_piece};
	struct pal_savefile_writer_conf out = {0};
	bool fields = argc == 4 && strcmp(argv[1], "--fields") == 0;
	struct pal_savefile_writer_stats stats;
	struct pal_savefile_reader *reader;
	char err[PAL_SAVEFILE_ERR_LEN];
	int rc;

	if (argc != (fields ? 4 : 3)) {
		fprintf(stderr, "usage: savefile_copy [--fields] IN OUT\n");
		return 2;
	}
	reader = pal_savefile_open(argv[argc - 2], &conf, err);
	if (reader == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	if (!fields)
		out.pcap_header = pal_savefile_pcap_header(reader);
	writer = pal_savefile_writer_open(argv[argc - 1], &out, err);
	if (writer == NULL) {
		fprintf(stderr, "%s\n", err);
		pal_savefile_close(reader);
		return 1;
	}
	if (pal_savefile_info(reader)->format == PAL_SAVEFILE_PCAP &&
	    (fields || pal_savefile_writer_format(writer) == PAL_SAVEFILE_WRITE_PCAPNG))
		pal_savefile_writer_copy_interface(writer, reader, 0);
	rc = copy(reader, fields);
	if (rc < 0)
		fprintf(stderr,
			"%s\n%s\n",
			pal_savefile_error(reader),
			pal_savefile_writer_error(writer));
	pal_savefile_close(reader);
	if (pal_savefile_writer_close(writer, &stats, err) < 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	print_lost(&stats.lost);
	return rc < 0;
}
