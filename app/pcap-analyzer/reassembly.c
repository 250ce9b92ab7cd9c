/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings of [defrag] and [stream]. */
#include "app.h"

#include <pal_prefix.h>

static int bad_policies(const char *key, const char *err)
{
	app_error("%s: %s", key, err);
	return -EINVAL;
}

int app_policies_parse(struct app_policies *policies, const struct pal_conf_values *v)
{
	char err[PAL_PREFIX_ERR_LEN];

	if (pal_defrag_policies_parse(v->defrag_policies, &policies->defrag, err) < 0)
		return bad_policies("defrag.policies", err);
	if (pal_prefix_parse(
		    v->stream_policies, pal_stream_policy_words(), &policies->stream, err
	    ) < 0)
		return bad_policies("stream.policies", err);
	return 0;
}

void app_policies_fini(struct app_policies *policies)
{
	pal_prefix_destroy(policies->defrag);
	pal_prefix_destroy(policies->stream);
}

void app_reassembly_conf(
	const struct app_policies *policies,
	const struct pal_conf_values *v,
	struct pal_pipeline_conf *conf
)
{
	// The words were checked by lib/conf.
	conf->defrag = (struct pal_defrag_conf){
		.max_datagrams = v->defrag_max_datagrams,
		.memory_bytes = (uint64_t)v->defrag_memory_mib << 20,
		.timeout_v4_ms = v->defrag_timeout_v4_s * 1000,
		.timeout_v6_ms = v->defrag_timeout_v6_s * 1000,
		.policy = (enum pal_defrag_policy)pal_defrag_policy_parse(v->defrag_policy),
		.policies = policies->defrag,
	};
	conf->streams = (struct pal_streams_conf){
		.max_flow_bytes = v->stream_flow_kib << 10,
		.max_flow_segs = v->stream_flow_segs,
		.max_shard_bytes = v->stream_shard_kib << 10,
		.max_shard_segs = v->stream_shard_segs,
		.recent_segs = v->stream_recent_segs,
		.policy = (enum pal_stream_policy)pal_stream_policy_parse(v->stream_policy),
		.policies = policies->stream,
	};
}
