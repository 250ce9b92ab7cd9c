/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Prints a capture file as the reader sees it, for tests/golden/check_savefile.py:
 *
 *      savefile_dump FILE     `seconds.nanoseconds captured wire hex`, a line for each record
 *
 * Damage goes to stderr as a sentence; the exit status is then 1.
 */

#include <pal_savefile.h>
#include <pal_time.h>

#include <inttypes.h>
#include <stdio.h>

static void print_rec(const struct pal_savefile_rec *rec)
{
	static const char hex[] = "0123456789abcdef";
	// As tshark does.
	uint64_t time_ns = rec->has_time ? rec->time_ns : 0;

	printf("%" PRIu64 ".%09" PRIu64 " %u %u ",
	       time_ns / PAL_NS_PER_S,
	       time_ns % PAL_NS_PER_S,
	       rec->cap_len,
	       rec->wire_len);
	for (uint32_t i = 0; i < rec->cap_len; i++) {
		putchar(hex[rec->data[i] >> 4]);
		putchar(hex[rec->data[i] & 15]);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	// The expected results speak of records as they are in the file.
	const struct pal_savefile_conf conf = {.keep_fcs = true};
	char err[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_reader *r;
	struct pal_savefile_rec rec;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: savefile_dump FILE\n");
		return 2;
	}
	r = pal_savefile_open(argv[1], &conf, err);
	if (r == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	while ((rc = pal_savefile_next(r, &rec)) > 0)
		print_rec(&rec);
	if (rc < 0)
		fprintf(stderr, "%s\n", pal_savefile_error(r));
	pal_savefile_close(r);
	return rc < 0;
}
