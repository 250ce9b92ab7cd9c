/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

#include <pal_err.h>

#include <stddef.h>

static const struct pal_proto table[PAL_APP_COUNT] = {
#define PAL_PROTO(id, name_, over_, probe_, ...)                                                   \
	[PAL_APP_##id] = {.name = name_, .probe = probe_, .over = over_, .ports = {__VA_ARGS__}},
#include "proto_list.def"
#undef PAL_PROTO
};

const struct pal_proto *pal_proto_get(enum pal_app app)
{
	return table[app].probe == NULL ? NULL : &table[app];
}

const char *pal_app_name(enum pal_app app)
{
	switch (app) {
	case PAL_APP_UNKNOWN:
		return "unknown";
	case PAL_APP_FAILED:
		return "failed";
	default:
		return table[app].name;
	}
}

static const struct {
	const char *layer, *name, *suricata;
} events[PAL_APP_EVENT_COUNT] = {
#define PAL_APP_EVENT(id, layer, name, suricata, text)                                             \
	[PAL_APP_EVENT_##id] = {layer, name, suricata},
#include "proto_events.def"
#undef PAL_APP_EVENT
};

const char *pal_app_event_name(enum pal_app_event event)
{
	return events[event].name;
}

const char *pal_app_event_suricata(enum pal_app_event event)
{
	return events[event].suricata;
}

const char *pal_app_event_layer(enum pal_app_event event)
{
	return events[event].layer;
}

int pal_app_parse(const char *name)
{
	for (enum pal_app app = 0; app < PAL_APP_COUNT; app++)
		if (strcmp(pal_app_name(app), name) == 0)
			return (int)app;
	return pal_err(EINVAL);
}

static bool is_hinted(const struct pal_proto *proto, const struct pal_proto_sample *sample)
{
	if (sample->other > PAL_APP_FAILED && proto == &table[sample->other])
		return true;
	for (int i = 0; i < PAL_PROTO_PORTS && proto->ports[i] != 0; i++)
		if (proto->ports[i] == sample->ports[0] || proto->ports[i] == sample->ports[1])
			return true;
	return false;
}

static enum pal_probe ask(const struct pal_proto *proto, const struct pal_proto_sample *sample)
{
	enum pal_probe answer;

	if (!(proto->over & sample->over))
		return PAL_PROBE_NO;
	answer = proto->probe(sample->bytes, sample->over);
	if (answer == PAL_PROBE_LIKELY)
		answer = is_hinted(proto, sample) ? PAL_PROBE_YES : PAL_PROBE_MORE;
	if (answer == PAL_PROBE_MORE && sample->is_all)
		answer = PAL_PROBE_NO;
	return answer;
}

static enum pal_app
ask_one(enum pal_app app, const struct pal_proto_sample *sample, uint64_t *candidates)
{
	if (!pal_apps_have(*candidates, app))
		return PAL_APP_FAILED;
	switch (ask(&table[app], sample)) {
	case PAL_PROBE_YES:
		return app;
	case PAL_PROBE_NO:
		*candidates &= ~(UINT64_C(1) << app);
		return PAL_APP_FAILED;
	default:
		return PAL_APP_UNKNOWN;
	}
}

enum pal_app pal_proto_recognise(const struct pal_proto_sample *sample, uint64_t *candidates)
{
	enum pal_app app = PAL_APP_FAILED;

	// Whoever is not sure yet holds back those behind it: the first in the table wins, not the first to be sure.
	if (sample->other > PAL_APP_FAILED)
		app = ask_one(sample->other, sample, candidates);
	for (enum pal_app next = PAL_APP_FAILED + 1; next < PAL_APP_COUNT; next++) {
		if (app != PAL_APP_FAILED)
			return app;
		app = ask_one(next, sample, candidates);
	}
	return app;
}
