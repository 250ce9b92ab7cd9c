/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who talked to whom, and how much: the seed's basic-stats.json.
 *
 * Per packet only a flow's own sums are touched. A flow that ends becomes two lines of `l4`, written at once,
 * and is added to the conversations of `l3`, which are written at the end.
 */
#include "conversations.h"

#include <pal_plugin.h>

#include <stdlib.h>
#include <string.h>

// In every flow.
struct flow_data {
	uint64_t l3_bytes[PAL_DIR_COUNT]; // IP payload
	uint64_t l4_bytes[PAL_DIR_COUNT]; // transport payload
};

struct state {
	struct pal_out *out;
	int sink;
	uint32_t flow_offset;
	uint64_t total_l3, total_l3_packets, total_l4;
	struct conversations l3;
};

struct settings {
	int sink;
	uint64_t max_conversations;
};

static const struct pal_plugin_key keys[] = {
	{"max-conversations",
	 "262144",
	 "pairs of hosts told apart per lcore; the rest is summed up as others"},
	{.name = NULL},
};

static const struct pal_sink_frame json_document = {
	.head = "{\"l4\":[\n",
	.separator = ",\n",
	.tail = "}\n"};

static int basic_init(struct pal_plugin_host *host)
{
	struct settings *set = calloc(1, sizeof(*set));
	int rc;

	if (set == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	pal_plugin_set_data(host, set);
	rc = pal_plugin_conf_u64(host, "max-conversations", &set->max_conversations);
	if (rc == 0 && (set->max_conversations < 16 || set->max_conversations > 1 << 26))
		rc = pal_plugin_fail(host, EINVAL, "max-conversations must be 16 to %d", 1 << 26);
	if (rc < 0)
		return rc;
	set->sink = pal_plugin_open(host, "basic-stats.json", &json_document);
	return set->sink < 0 && set->sink != -ENOENT ? set->sink : 0;
}

static void basic_fini(struct pal_plugin_host *host)
{
	free(pal_plugin_data(host));
}

static void *basic_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	const struct settings *set = pal_plugin_data(host);
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->out = lcore->out;
	st->sink = set->sink;
	st->flow_offset = pal_plugin_flow_offset(host);
	if (conversations_init(&st->l3, set->max_conversations) < 0) {
		free(st);
		return pal_err_null(ENOMEM);
	}
	return st;
}

static void basic_lcore_fini(void *state)
{
	struct state *st = state;

	conversations_fini(&st->l3);
	free(st);
}

static void basic_datagram(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	const struct state *st = state;
	struct flow_data *data = pal_plugin_flow_data(flow, st->flow_offset);
	enum pal_dir dir = pal_flow_dir(flow, pkt);

	data->l3_bytes[dir] += pkt->l3_payload_len;
	data->l4_bytes[dir] += pkt->payload_len;
}

static void write_l4(
	struct state *st,
	const struct pal_flow *flow,
	const struct flow_data *data,
	enum pal_dir dir
)
{
	unsigned int src = dir == PAL_DIR_TO_SERVER ? flow->initiator : !flow->initiator;
	const struct pal_flow_key *key = &flow->key;
	struct pal_json j;
	size_t len;
	char *dst = pal_out_reserve(st->out, st->sink, 0, &len);

	if (dst == NULL)
		return;
	j = pal_json_of(dst, len);
	pal_json_open_obj(&j);
	pal_json_u64(&j, "proto", key->proto);
	pal_json_addr(&j, "src", &key->addr[src], key->ip_version);
	pal_json_addr(&j, "dst", &key->addr[!src], key->ip_version);
	pal_json_u64(&j, "src_port", pal_flow_key_port(key, src));
	pal_json_u64(&j, "dst_port", pal_flow_key_port(key, !src));
	pal_json_u64(&j, "num_bytes", data->l4_bytes[dir]);
	pal_json_u64(&j, "num_packets", flow->pkts[dir]);
	pal_json_u64(&j, "flow_id", flow->id);
	pal_json_close(&j, '}');
	pal_out_commit(st->out, st->sink, pal_json_len(&j));
}

static void basic_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	const struct flow_data *data = pal_plugin_flow_data(flow, st->flow_offset);

	for (enum pal_dir dir = 0; dir < PAL_DIR_COUNT; dir++) {
		unsigned int src = dir == PAL_DIR_TO_SERVER ? flow->initiator : !flow->initiator;
		struct conversation c = {
			.src = flow->key.addr[src],
			.dst = flow->key.addr[!src],
			.pkts = flow->pkts[dir],
			.bytes = data->l3_bytes[dir],
			.proto = flow->key.proto,
			.ip_version = flow->key.ip_version,
		};

		if (c.pkts == 0)
			continue;
		st->total_l3 += c.bytes;
		st->total_l3_packets += c.pkts;
		st->total_l4 += data->l4_bytes[dir];
		conversations_add(&st->l3, &c);
		if (st->sink >= 0)
			write_l4(st, flow, data, dir);
	}
}

static void basic_merge(void *into, void *from)
{
	struct state *a = into;
	struct state *b = from;

	a->total_l3 += b->total_l3;
	a->total_l3_packets += b->total_l3_packets;
	a->total_l4 += b->total_l4;
	conversations_merge(&a->l3, &b->l3);
}

static int write_l3(struct pal_plugin_host *host, struct state *st)
{
	const struct conversation **sorted = conversations_sorted(&st->l3);
	struct pal_out *out = pal_plugin_out(host);
	char text[512];

	if (sorted == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory to sort");
	pal_out_raw(out, st->sink, "\n],\"l3\":[", 9);
	for (size_t i = 0; sorted[i] != NULL; i++) {
		const struct conversation *c = sorted[i];
		struct pal_json j = pal_json_of(text, sizeof(text));

		pal_json_put_raw(&j, i == 0 ? "\n" : ",\n", i == 0 ? 1 : 2);
		pal_json_put_char(&j, '{');
		pal_json_addr(&j, "src", &c->src, c->ip_version);
		pal_json_addr(&j, "dst", &c->dst, c->ip_version);
		pal_json_u64(&j, "l4_proto", c->proto);
		pal_json_u64(&j, "num_bytes", c->bytes);
		pal_json_u64(&j, "num_packets", c->pkts);
		pal_json_close(&j, '}');
		pal_out_raw(out, st->sink, text, pal_json_len(&j));
	}
	pal_out_raw(out, st->sink, "\n]", 2);
	free(sorted);
	return 0;
}

static int basic_report(struct pal_plugin_host *host, void *state)
{
	struct state *st = state;
	char text[512];
	struct pal_json j = pal_json_of(text, sizeof(text));
	int rc;

	if (st->sink < 0)
		return 0;
	rc = write_l3(host, st);
	if (rc < 0)
		return rc;
	pal_json_put_raw(&j, ",\n\"l3_others\":{", 15);
	pal_json_u64(&j, "num_bytes", st->l3.others_bytes);
	pal_json_u64(&j, "num_packets", st->l3.others_pkts);
	pal_json_close(&j, '}');
	pal_json_put_char(&j, '\n');
	pal_json_u64(&j, "total_l3", st->total_l3);
	pal_json_u64(&j, "total_l3_packets", st->total_l3_packets);
	pal_json_u64(&j, "total_l4", st->total_l4);
	pal_json_put_char(&j, '\n');
	pal_out_raw(pal_plugin_out(host), st->sink, text, pal_json_len(&j));
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "basic-stats",
	.version = PAL_PLUGIN_VERSION,
	.summary = "packets and bytes per pair of hosts and per flow direction (basic-stats.json)",
	.keys = keys,
	.flow_bytes = sizeof(struct flow_data),
	.init = basic_init,
	.fini = basic_fini,
	.lcore_init = basic_lcore_init,
	.lcore_fini = basic_lcore_fini,
	.flow_close = basic_flow_close,
	.datagram = basic_datagram,
	.merge = basic_merge,
	.report = basic_report,
};
