/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_pkt.h"

#include "pal_mbuf.h"

static const struct {
	const char *name;
	const char *text;
	enum pal_stage stage;
} drops[PAL_DROP_COUNT] = {
	[PAL_DROP_NONE] = {"delivered", "reached its flow", PAL_STAGE_FLOW},
#define PAL_DROP(id, stage, name, text) [PAL_DROP_##id] = {name, text, PAL_STAGE_##stage},
#include "pal_drop.def"
#undef PAL_DROP
};

enum pal_stage pal_drop_stage(enum pal_drop drop)
{
	return drops[drop].stage;
}

const char *pal_stage_name(enum pal_stage stage)
{
	static const char *const names[PAL_STAGE_COUNT] = {
		[PAL_STAGE_SOURCE] = "source",
		[PAL_STAGE_INPUT] = "input",
		[PAL_STAGE_DECODE] = "decode",
		[PAL_STAGE_DEFRAG] = "defrag",
		[PAL_STAGE_STEER] = "steer",
		[PAL_STAGE_FLOW] = "flow",
	};

	return names[stage];
}

const char *pal_drop_name(enum pal_drop drop)
{
	return drops[drop].name;
}

const char *pal_drop_text(enum pal_drop drop)
{
	return drops[drop].text;
}

static const struct {
	const char *name;
	enum pal_tunnel_scope scope;
} tunnels[PAL_TUNNEL_COUNT] = {
	[PAL_TUNNEL_NONE] = {"none", PAL_TUNNEL_SCOPE_TYPE},
#define PAL_TUNNEL(id, name, scope) [PAL_TUNNEL_##id] = {name, PAL_TUNNEL_SCOPE_##scope},
#include "pal_tunnel.def"
#undef PAL_TUNNEL
};

const char *pal_tunnel_name(enum pal_tunnel_type type)
{
	return tunnels[type].name;
}

enum pal_tunnel_scope pal_tunnel_scope(enum pal_tunnel_type type)
{
	return tunnels[type].scope;
}

void pal_exits_add(struct pal_exits *a, const struct pal_exits *b)
{
	for (int i = 0; i < PAL_DROP_COUNT; i++) {
		a->pkts[i] += b->pkts[i];
		a->bytes[i] += b->bytes[i];
	}
}
