/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The smallest legal plugin that does something: counts payload, per lcore, and writes one record at the end.
 *
 * Copy this folder, give file and plugin a name of your own, and keep what you need. <pal_plugin.h> says when
 * each hook is called and what it may do.
 */
#include <pal_plugin.h>

#include <stdlib.h>

/** State of one lcore. Nobody else touches it, so nothing here locks. */
struct state {
	uint64_t nb_payloads;
	uint64_t nb_bytes;
	uint64_t at_least; // payloads shorter than this are not counted
};

static const struct pal_plugin_key keys[] = {
	{"at-least", "1", "shortest payload that is counted, bytes"},
	{.name = NULL},
};

static int template_init(struct pal_plugin_host *host)
{
	uint64_t at_least;

	// A bad value stops the program before it starts: the reason was given already.
	return pal_plugin_conf_u64(host, "at-least", &at_least);
}

static void *template_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	(void)pal_plugin_conf_u64(host, "at-least", &st->at_least); // checked by template_init()
	return st;
}

static void template_payload(
	void *state,
	struct pal_flow *,
	const struct pal_pkt *,
	const uint8_t *,
	uint32_t len
)
{
	struct state *st = state;

	if (len < st->at_least)
		return;
	st->nb_payloads++;
	st->nb_bytes += len;
}

static void template_merge(void *into, void *from)
{
	struct state *a = into;
	const struct state *b = from;

	a->nb_payloads += b->nb_payloads;
	a->nb_bytes += b->nb_bytes;
}

static const struct pal_sink_frame json_document = {.head = "", .tail = "\n"};

static int template_report(struct pal_plugin_host *host, void *state)
{
	const struct state *st = state;
	int sink = pal_plugin_open(host, "template.json", &json_document);
	struct pal_json j;
	char text[128];

	if (sink == -ENOENT) // records go to standard output and there is no folder for results
		return 0;
	if (sink < 0)
		return sink;
	j = pal_json_of(text, sizeof(text));
	pal_json_open_obj(&j);
	pal_json_u64(&j, "payloads", st->nb_payloads);
	pal_json_u64(&j, "bytes", st->nb_bytes);
	pal_json_close(&j, '}');
	pal_out_raw(pal_plugin_out(host), sink, text, pal_json_len(&j));
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "template",
	.version = PAL_PLUGIN_VERSION,
	.summary = "the example to copy: counts payloads and bytes (template.json)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.init = template_init,
	.lcore_init = template_lcore_init,
	.lcore_fini = free,
	.payload = template_payload,
	.merge = template_merge,
	.report = template_report,
};
