/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_stream.h"

#include <pal_err.h>

#include <string.h>

struct event_row {
	const char *name;
	const char *suricata;
	const char *text;
	enum pal_stream_kind kind;
};

static const struct event_row events[PAL_STREAM_EVENT_COUNT] = {
#define PAL_STREAM_EVENT(id, kind, name, suricata, text)                                           \
	{name, suricata, text, PAL_STREAM_KIND_##kind},
#include "stream_events.def"
#undef PAL_STREAM_EVENT
};

static const char *const policy_words[PAL_STREAM_POLICY_COUNT + 1] = {
#define PAL_STREAM_POLICY(id, name, wins, early_paws) name,
#include "stream_policies.def"
#undef PAL_STREAM_POLICY
};

static const struct {
	const char *name, *text;
} discards[PAL_STREAM_DISCARD_COUNT] = {
#define PAL_STREAM_DISCARD(id, name, text) {name, text},
#include "stream_discards.def"
#undef PAL_STREAM_DISCARD
};

enum pal_stream_kind pal_stream_event_kind(enum pal_stream_event event)
{
	return events[event].kind;
}

const char *pal_stream_event_name(enum pal_stream_event event)
{
	return events[event].name;
}

const char *pal_stream_event_suricata(enum pal_stream_event event)
{
	return events[event].suricata;
}

const char *pal_stream_event_text(enum pal_stream_event event)
{
	return events[event].text;
}

const char *pal_stream_discard_name(enum pal_stream_discard discard)
{
	return discards[discard].name;
}

const char *pal_stream_discard_text(enum pal_stream_discard discard)
{
	return discards[discard].text;
}

const char *pal_stream_policy_name(enum pal_stream_policy policy)
{
	return policy_words[policy];
}

const char *const *pal_stream_policy_words(void)
{
	return policy_words;
}

int pal_stream_policy_parse(const char *name)
{
	for (int i = 0; i < PAL_STREAM_POLICY_COUNT; i++)
		if (strcmp(policy_words[i], name) == 0)
			return i;
	return pal_err(EINVAL);
}
