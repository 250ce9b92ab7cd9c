/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A plugin that knows nothing of the source tree: check_plugin.py builds it against the installed headers, as it is
 * and, with FAULT_..., with one fault each. All hooks are used; what they were told is compared with eve.json.
 */
#include <pal_plugin.h>

#include <stdlib.h>
#include <string.h>

struct counts {
	uint64_t frames, opened, datagrams, payloads, payload_bytes, closed, unmarked;
};

struct state {
	struct counts n;
	struct pal_events *events;
	uint32_t offset;
	uint64_t enough_after;
	uint32_t bit;
};

/* In every flow: what this plugin saw of it. */
struct mark {
	uint64_t datagrams;
	uint64_t payloads;
};

static const struct pal_plugin_key keys[] = {
	{"enough-after", "0", "payloads of a flow after which no more are wanted, 0 for never"},
	{NULL, NULL, NULL},
};

static int outside_init(struct pal_plugin_host *host)
{
	uint64_t n;

#ifdef FAULT_INIT
	if (pal_plugin_data(host) == NULL)
		return pal_plugin_fail(host, ENOSYS, "the moon is in the wrong house");
#endif
	return pal_plugin_conf_u64(host, "enough-after", &n);
}

static void *outside_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
#ifdef FAULT_LCORE_INIT
	struct state *st = NULL;
#else
	struct state *st = calloc(1, sizeof(*st));
#endif

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	pal_plugin_conf_u64(host, "enough-after", &st->enough_after);
	return st;
}

static void outside_frame(void *state, const struct pal_pkt *pkt)
{
	struct state *st = state;

	(void)pkt;
	st->n.frames++;
}

static void outside_flow_open(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct state *st = state;
	const struct mark *mark = pal_plugin_flow_data(flow, st->offset);

	(void)pkt;
	st->n.opened++;
	if (mark->datagrams != 0 || mark->payloads != 0)
		st->n.unmarked++;
}

static void outside_datagram(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct state *st = state;
	struct mark *mark = pal_plugin_flow_data(flow, st->offset);

	(void)pkt;
	st->n.datagrams++;
	mark->datagrams++;
}

static void outside_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct mark *mark = pal_plugin_flow_data(flow, st->offset);

	(void)pkt;
	(void)data;
	st->n.payloads++;
	st->n.payload_bytes += len;
	if (++mark->payloads == st->enough_after)
		pal_plugin_enough(flow, st->bit);
}

static void outside_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	const struct mark *mark = pal_plugin_flow_data(flow, st->offset);
	struct pal_json *j;

	st->n.closed++;
	if (mark->datagrams != flow->pkts[PAL_DIR_TO_SERVER] + flow->pkts[PAL_DIR_TO_CLIENT])
		st->n.unmarked++;
	j = pal_event_begin_flow(st->events, "pal_outside", flow, flow->last_ns);
	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_u64(j, "datagrams", mark->datagrams);
	pal_json_u64(j, "payloads", mark->payloads);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void outside_merge(void *into, void *from)
{
	struct counts *a = &((struct state *)into)->n;
	const struct counts *b = &((struct state *)from)->n;

	a->frames += b->frames;
	a->opened += b->opened;
	a->datagrams += b->datagrams;
	a->payloads += b->payloads;
	a->payload_bytes += b->payload_bytes;
	a->closed += b->closed;
	a->unmarked += b->unmarked;
}

static const struct pal_sink_frame document = {.head = "", .tail = "\n"};

static int outside_report(struct pal_plugin_host *host, void *state)
{
	const struct counts *n = &((const struct state *)state)->n;
	int sink = pal_plugin_open(host, "outside.json", &document);
	struct pal_json j;
	char text[512];

#ifdef FAULT_REPORT
	if (sink >= 0)
		return pal_plugin_fail(host, EIO, "the printer is on fire");
#endif
	if (sink < 0)
		return sink == -ENOENT ? 0 : sink;
	j = pal_json_of(text, sizeof(text));
	pal_json_open_obj(&j);
	pal_json_u64(&j, "frames", n->frames);
	pal_json_u64(&j, "opened", n->opened);
	pal_json_u64(&j, "datagrams", n->datagrams);
	pal_json_u64(&j, "payloads", n->payloads);
	pal_json_u64(&j, "payload_bytes", n->payload_bytes);
	pal_json_u64(&j, "closed", n->closed);
	pal_json_u64(&j, "unmarked", n->unmarked);
	pal_json_close(&j, '}');
	pal_out_raw(pal_plugin_out(host), sink, text, pal_json_len(&j));
	return 0;
}

#ifdef FAULT_UNDEFINED
void pal_no_such_function(void);
#endif

#ifdef FAULT_SYMBOL
#define EXPORTED something_else
#else
#define EXPORTED pal_plugin
#endif
PAL_PLUGIN_EXPORT const struct pal_plugin EXPORTED = {
#if defined(FAULT_ABI)
	.abi = PAL_PLUGIN_ABI + 1,
	.size = sizeof(struct pal_plugin),
#elif defined(FAULT_SIZE)
	.abi = PAL_PLUGIN_ABI,
	.size = sizeof(struct pal_plugin) - 8,
#else
	PAL_PLUGIN_HEAD,
#endif
#ifdef FAULT_UNDEFINED
	.fini = (void (*)(struct pal_plugin_host *))pal_no_such_function,
#endif
	.name = "outside",
	.version = "7.7",
	.summary = "built outside the tree",
	.keys = keys,
	.flow_bytes = sizeof(struct mark),
	.init = outside_init,
#ifndef FAULT_MERGE
	.lcore_init = outside_lcore_init,
#endif
	.lcore_fini = free,
	.frame = outside_frame,
	.flow_open = outside_flow_open,
	.datagram = outside_datagram,
	.payload = outside_payload,
	.flow_close = outside_flow_close,
	.report = outside_report,
	.merge = outside_merge,
};
