/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: of policies, of events. */
#include "pal_defrag.h"

#include <pal_err.h>

#include <string.h>

static const char *const policy_names[PAL_DEFRAG_POLICY_COUNT + 1] = {
	[PAL_DEFRAG_BSD] = "bsd",
	[PAL_DEFRAG_FIRST] = "first",
	[PAL_DEFRAG_LAST] = "last",
	[PAL_DEFRAG_BSD_RIGHT] = "bsd-right",
	[PAL_DEFRAG_LINUX] = "linux",
	[PAL_DEFRAG_WINDOWS] = "windows",
	[PAL_DEFRAG_SOLARIS] = "solaris",
	[PAL_DEFRAG_DISCARD] = "discard",
	[PAL_DEFRAG_POLICY_COUNT] = NULL, // ends the list for pal_prefix_parse()
};

static const struct {
	const char *name, *suricata, *text;
} events[PAL_DEFRAG_EVENT_COUNT] = {
#define PAL_DEFRAG_EVENT(id, name, suricata, text) [PAL_DEFRAG_EVENT_##id] = {name, suricata, text},
#include "defrag_events.def"
#undef PAL_DEFRAG_EVENT
};

const char *pal_defrag_policy_name(enum pal_defrag_policy policy)
{
	return policy_names[policy];
}

int pal_defrag_policy_parse(const char *name)
{
	for (int i = 0; i < PAL_DEFRAG_POLICY_COUNT; i++)
		if (strcmp(policy_names[i], name) == 0)
			return i;
	return pal_err(EINVAL);
}

int pal_defrag_policies_parse(const char *text, struct pal_prefix_table **ret_table, char *err)
{
	return pal_prefix_parse(text, policy_names, ret_table, err);
}

const char *pal_defrag_event_name(enum pal_defrag_event event)
{
	return events[event].name;
}

const char *pal_defrag_event_text(enum pal_defrag_event event)
{
	return events[event].text;
}

const char *pal_defrag_event_suricata(enum pal_defrag_event event)
{
	return *events[event].suricata != '\0' ? events[event].suricata : NULL;
}
