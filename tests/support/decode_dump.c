/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Prints how the frames of a capture file nest, for tests/golden/check_decode.py:
 *
 *      decode_dump FILE     `LAYERS EXIT { TUNNEL ID LAYERS EXIT }`, a line for each frame
 *
 * LAYERS are the names of what was met, joined with commas, each as often as it was met, in the order of
 * decode_layers.def; ID is the number that the tunnel calls itself; EXIT is `delivered`, `fragment`, or why there
 * is no datagram.
 */

#include <pal_decode.h>
#include <pal_savefile.h>

#include <stdio.h>
#include <string.h>

/** The layers met since before. */
static void print_layers(const struct pal_decode_stats *now, const struct pal_decode_stats *before)
{
	const char *comma = "";

	for (enum pal_layer layer = PAL_LAYER_END + 1; layer < PAL_LAYER_COUNT; layer++)
		for (uint64_t i = before->layers[layer]; i < now->layers[layer]; i++) {
			printf("%s%s", comma, pal_layer_name(layer));
			comma = ",";
		}
}

static void print_level(
	const struct pal_pkt *pkt,
	const struct pal_decode_stats *now,
	const struct pal_decode_stats *before
)
{
	if (pkt->depth != 0)
		printf(" %s %u ",
		       pal_tunnel_name((enum pal_tunnel_type)pkt->tunnel.types[pkt->depth - 1]),
		       pkt->tunnel.id);
	print_layers(now, before);
	printf(" %s",
	       pkt->flags & PAL_PKT_FRAGMENT ? "fragment" : pal_drop_name((enum pal_drop)pkt->drop)
	);
}

static void print_frame(const struct pal_savefile_rec *rec)
{
	static struct pal_decode_stats now, before;
	struct pal_pkt pkt = {
		.wire_len = rec->wire_len,
		.linktype = rec->linktype,
		.data = rec->data,
		.cap_len = rec->cap_len,
	};

	pal_decode(&pkt, &now);
	print_level(&pkt, &now, &before);
	while (pkt.drop == PAL_DROP_NONE && pkt.inner_layer != PAL_LAYER_END) {
		struct pal_pkt outer = pkt;

		before = now;
		pal_decode_inner(&pkt, &outer, &now);
		print_level(&pkt, &now, &before);
	}
	before = now;
	putchar('\n');
}

int main(int argc, char **argv)
{
	const struct pal_savefile_conf conf = {0};
	char err[PAL_SAVEFILE_ERR_LEN];
	struct pal_savefile_reader *r;
	struct pal_savefile_rec rec;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: decode_dump FILE\n");
		return 2;
	}
	r = pal_savefile_open(argv[1], &conf, err);
	if (r == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	while ((rc = pal_savefile_next(r, &rec)) > 0)
		print_frame(&rec);
	if (rc < 0)
		fprintf(stderr, "%s\n", pal_savefile_error(r));
	pal_savefile_close(r);
	return rc < 0;
}
