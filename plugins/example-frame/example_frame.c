/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Example of the hook `frame`: every frame as it was received, before anything was made of it. Here: how large they are.
 *
 * Shows: state of one lcore, merge, a result file.
 */
#include <pal_plugin.h>

#include <stdlib.h>

#define NB_SIZES 5

// Frames of up to 64, 128, 256, ... bytes; the last are larger.
struct state {
	uint64_t nb_frames[NB_SIZES];
};

static void *example_lcore_init(struct pal_plugin_host *, const struct pal_plugin_lcore *)
{
	void *st = calloc(1, sizeof(struct state));

	return st != NULL ? st : pal_err_null(ENOMEM);
}

// Called on the lcore that received the frame. Nothing is locked: the state is this lcore's own.
static void example_frame(void *state, const struct pal_pkt *pkt)
{
	struct state *st = state;
	unsigned int i = 0;

	while (i < NB_SIZES - 1 && pkt->wire_len > 64u << i)
		i++;
	st->nb_frames[i]++;
}

// Called after the last packet, for each further lcore. The sum is the same in any order.
static void example_merge(void *into, void *from)
{
	struct state *a = into;
	const struct state *b = from;

	for (unsigned int i = 0; i < NB_SIZES; i++)
		a->nb_frames[i] += b->nb_frames[i];
}

static int example_report(struct pal_plugin_host *host, void *state)
{
	static const struct pal_sink_frame document = {.tail = "\n"};
	const struct state *st = state;
	int sink = pal_plugin_open(host, "example-frame.json", &document);
	char text[256];
	struct pal_json j = pal_json_of(text, sizeof(text));

	if (sink < 0) // -ENOENT: there is no folder for results
		return sink == -ENOENT ? 0 : sink;
	pal_json_open_obj(&j);
	pal_json_open(&j, "frames", '[');
	for (unsigned int i = 0; i < NB_SIZES; i++)
		pal_json_elem_u64(&j, st->nb_frames[i]);
	pal_json_close(&j, ']');
	pal_json_close(&j, '}');
	pal_out_raw(pal_plugin_out(host), sink, text, pal_json_len(&j));
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "example-frame",
	.version = PAL_PLUGIN_VERSION,
	.summary = "example: sizes of frames (example-frame.json)",
	.lcore_init = example_lcore_init,
	.lcore_fini = free,
	.frame = example_frame,
	.merge = example_merge,
	.report = example_report,
};
