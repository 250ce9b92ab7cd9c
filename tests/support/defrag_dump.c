/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Prints the datagrams of a capture file that were put together, for tests/golden/check_defrag.py:
 *
 *      defrag_dump FILE     `frame version fragments payload`, the payload in hex, a line for each datagram;
 *                           `lost frames reason` for each that was given up; `dropped frame reason`
 */

#include <pal_decode.h>
#include <pal_defrag.h>
#include <pal_savefile.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct pal_decode_stats stats;
static struct pal_defrag *tbl;

static void on_lost(void *, const struct pal_defrag_lost *lost)
{
	printf("lost %u %s\n", lost->nb_frags, pal_drop_name(lost->drop));
}

static void print_whole(
	const struct pal_pkt *last,
	const struct pal_defrag_whole *whole,
	const uint8_t *datagram
)
{
	printf("%" PRIu64 " %u %u ", last->number, last->key.ip_version, whole->nb_frags);
	for (uint32_t i = whole->hdr_len; i < whole->cap_len; i++)
		printf("%02x", datagram[i]);
	putchar('\n');
}

static void handle(const struct pal_pkt *pkt);

static void handle_fragment(const struct pal_pkt *pkt)
{
	struct pal_defrag_whole whole;
	struct pal_pkt datagram = {0};
	uint8_t *bytes;

	switch (pal_defrag_add(tbl, pkt, &whole)) {
	case PAL_DEFRAG_HELD:
		return;
	case PAL_DEFRAG_DROPPED:
		printf("dropped %" PRIu64 " %s\n", pkt->number, pal_drop_name(whole.drop));
		return;
	case PAL_DEFRAG_WHOLE:
		break;
	}
	bytes = malloc(whole.total_len);
	if (bytes == NULL)
		abort();
	datagram.data = bytes;
	datagram.cap_len = (uint32_t)pal_defrag_take(tbl, &whole, bytes);
	datagram.wire_len = whole.total_len;
	print_whole(pkt, &whole, bytes);
	if (pal_decode_datagram(&datagram, pkt, &stats))
		handle(&datagram);
	free(bytes);
}

// A datagram, and what it may hold.
static void handle(const struct pal_pkt *pkt)
{
	struct pal_pkt inner = {0};

	if (pkt->flags & PAL_PKT_FRAGMENT)
		handle_fragment(pkt);
	else if (pkt->inner_layer != 0 && pal_decode_inner(&inner, pkt, &stats))
		handle(&inner);
}

static int dump(struct pal_savefile_reader *r)
{
	struct pal_savefile_rec rec;
	uint64_t last_ns = 0;
	int rc;

	for (uint64_t number = 1; (rc = pal_savefile_next(r, &rec)) > 0; number++) {
		struct pal_pkt pkt = {
			.time_ns = rec.time_ns,
			.number = number,
			.wire_len = rec.wire_len,
			.linktype = rec.linktype,
			.data = rec.data,
			.cap_len = rec.cap_len,
		};

		last_ns = rec.time_ns;
		pal_decode(&pkt, &stats);
		if (pkt.drop == PAL_DROP_NONE)
			handle(&pkt);
	}
	pal_defrag_flush(tbl, last_ns);
	return rc;
}

int main(int argc, char **argv)
{
	const struct pal_savefile_conf conf = {0};
	const struct pal_defrag_conf limits = {
		.policy = PAL_DEFRAG_BSD, .hooks = {.on_lost = on_lost}};
	char err[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_reader *r;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: defrag_dump FILE\n");
		return 2;
	}
	r = pal_savefile_open(argv[1], &conf, err);
	tbl = pal_defrag_create(&limits);
	if (r == NULL || tbl == NULL) {
		fprintf(stderr, "%s\n", r == NULL ? err : "no memory");
		return 1;
	}
	rc = dump(r);
	if (rc < 0)
		fprintf(stderr, "%s\n", pal_savefile_error(r));
	pal_savefile_close(r);
	pal_defrag_destroy(tbl);
	return rc < 0;
}
