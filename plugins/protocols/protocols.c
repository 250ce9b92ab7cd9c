/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Which application protocol each flow was: a line for people's scripts, in protocols.json. A flow that changed (SMTP, then
 * TLS) has a line for each.
 */
#include <pal_plugin.h>

#include <netinet/in.h>
#include <stdlib.h>

struct state {
	struct pal_out *out;
	int sink; // negative: nowhere
	bool unknown;
};

static const struct pal_plugin_key keys[] = {
	{"unknown", "no", "list flows of TCP and UDP that were not recognised, too"},
	{.name = NULL},
};

static const struct pal_sink_frame json_array = {
	.head = "[\n",
	.separator = ",\n",
	.tail = "\n]\n"};

static int protocols_init(struct pal_plugin_host *host)
{
	int *sink;
	bool unknown;
	int rc = pal_plugin_conf_bool(host, "unknown", &unknown);

	if (rc < 0)
		return rc;
	sink = malloc(sizeof(*sink));
	if (sink == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	*sink = pal_plugin_open(host, "protocols.json", &json_array);
	pal_plugin_set_data(host, sink);
	if (*sink >= 0 ||
	    *sink == -ENOENT) // records go to standard output, and there is no folder for results
		return 0;
	rc = *sink;
	free(sink);
	return rc;
}

static void protocols_fini(struct pal_plugin_host *host)
{
	free(pal_plugin_data(host));
}

static void *
protocols_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->out = lcore->out;
	st->sink = *(const int *)pal_plugin_data(host);
	(void)pal_plugin_conf_bool(host, "unknown", &st->unknown); // checked by protocols_init()
	return st;
}

static void put_time(struct pal_json *j, uint64_t time_ns)
{
	struct pal_time_cache cache = {0};
	char text[PAL_TIME_ISO_LEN];

	pal_json_put_str(j, text, pal_time_iso(&cache, time_ns, text));
}

static void
put_side(struct pal_json *j, const struct pal_flow *flow, enum pal_dir dir, const char *key)
{
	if (flow->app_dir[dir] == PAL_APP_UNKNOWN || flow->app_dir[dir] == flow->app)
		return;
	pal_json_key_str(j, key);
	pal_json_put_str(
		j, pal_app_name(flow->app_dir[dir]), strlen(pal_app_name(flow->app_dir[dir]))
	);
}

static void put_flow(struct pal_json *j, const struct pal_flow *flow)
{
	const struct pal_flow_key *key = &flow->key;
	unsigned int src = flow->initiator;

	pal_json_open_obj(j);
	pal_json_u64(j, "flow_id", flow->id);
	pal_json_str(j, "app_proto", pal_app_name(flow->app));
	put_side(j, flow, PAL_DIR_TO_SERVER, "app_proto_ts");
	put_side(j, flow, PAL_DIR_TO_CLIENT, "app_proto_tc");
	if (flow->app_orig != PAL_APP_UNKNOWN)
		pal_json_str(j, "app_proto_orig", pal_app_name(flow->app_orig));
	pal_json_str(j, "proto", key->proto == IPPROTO_TCP ? "TCP" : "UDP");
	pal_json_addr(j, "src", &key->addr[src], key->ip_version);
	pal_json_u64(j, "src_port", key->port[src]);
	pal_json_addr(j, "dst", &key->addr[!src], key->ip_version);
	pal_json_u64(j, "dst_port", key->port[!src]);
	pal_json_put_key(j, PAL_JSON_KEY("first_seen"));
	put_time(j, flow->first_ns);
	pal_json_put_key(j, PAL_JSON_KEY("last_seen"));
	put_time(j, flow->last_ns);
	pal_json_close(j, '}');
}

static void protocols_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	struct pal_json j;
	size_t len;
	char *dst;

	if (st->sink < 0 || (flow->app <= PAL_APP_FAILED && !st->unknown))
		return;
	dst = pal_out_reserve(st->out, st->sink, 0, &len);
	if (dst == NULL)
		return;
	j = pal_json_of(dst, len);
	put_flow(&j, flow);
	pal_out_commit(st->out, st->sink, pal_json_len(&j));
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "protocols",
	.version = PAL_PLUGIN_VERSION,
	.summary = "which application protocol each flow was (protocols.json)",
	.keys = keys,
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS_ALL,
	.init = protocols_init,
	.fini = protocols_fini,
	.lcore_init = protocols_lcore_init,
	.lcore_fini = free,
	.flow_close = protocols_flow_close,
};
