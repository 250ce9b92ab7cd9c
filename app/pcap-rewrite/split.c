/* SPDX-License-Identifier: BSD-3-Clause */
#include "split.h"

#include "names.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>
#include <pal_steer.h>
#include <pal_time.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static int take_seconds(const char *text, uint64_t *ret_ns)
{
	int64_t ns;

	if (rw_parse_seconds(text, &ns) < 0 || ns <= 0)
		return pal_err(EINVAL);
	*ret_ns = (uint64_t)ns;
	return 0;
}

static int take_count(const char *text, uint64_t max, uint64_t *ret_value)
{
	return rw_parse_number(text, max, ret_value) < 0 || *ret_value == 0 ? pal_err(EINVAL) : 0;
}

static int take_word(struct rw_split *split, const char *word, size_t len, const char *value)
{
	uint64_t v;

	if (strncmp(word, "flow", len) == 0 && len == strlen("flow")) {
		if (take_count(value, RW_SPLIT_FLOWS_MAX, &v) < 0)
			return -EINVAL;
		split->nb_flows = (uint32_t)v;
		return 0;
	}
	if (strncmp(word, "packets", len) == 0 && len == strlen("packets"))
		return take_count(value, UINT64_MAX, &split->max_pkts);
	if (strncmp(word, "filesize", len) == 0 && len == strlen("filesize")) {
		if (take_count(value, UINT64_MAX / 1000, &v) < 0)
			return -EINVAL;
		split->max_bytes = v * 1000;
		return 0;
	}
	if (strncmp(word, "duration", len) == 0 && len == strlen("duration"))
		return take_seconds(value, &split->duration_ns);
	if (strncmp(word, "interval", len) == 0 && len == strlen("interval"))
		return take_seconds(value, &split->interval_ns);
	return pal_err(EINVAL);
}

int rw_split_add(struct rw_split *split, const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || take_word(split, text, (size_t)(colon - text), colon + 1) < 0)
		return rw_refuse(
			"--split %s: must be flow:N (1 to %d), packets:N, filesize:KB, duration:S "
			"or "
			"interval:S",
			text,
			RW_SPLIT_FLOWS_MAX
		);
	if (split->nb_flows != 0 && rw_split_is_sequence(split))
		return rw_refuse("--split %s: flow:N does not go together with others", text);
	return 0;
}

bool rw_split_is_sequence(const struct rw_split *split)
{
	return split->max_pkts != 0 || split->max_bytes != 0 || split->duration_ns != 0 ||
	       split->interval_ns != 0;
}

bool rw_split_works(const struct rw_split *split)
{
	return split->nb_flows != 0 || rw_split_is_sequence(split);
}

static bool is_full(const struct rw_split *split, uint64_t time_ns, uint64_t bytes)
{
	if (split->max_pkts != 0 && split->nb_pkts >= split->max_pkts)
		return true;
	if (split->max_bytes != 0 && bytes >= split->max_bytes)
		return true;
	if (split->duration_ns != 0 && time_ns > split->start_ns &&
	    time_ns - split->start_ns >= split->duration_ns)
		return true;
	return split->interval_ns != 0 &&
	       time_ns / split->interval_ns > split->start_ns / split->interval_ns;
}

uint32_t
rw_split_part(struct rw_split *split, const struct rw_packet *p, uint64_t time_ns, uint64_t bytes)
{
	if (split->nb_flows != 0)
		return p->pkt.drop != PAL_DROP_NONE
			       ? 0
			       : pal_steer_hash_addrs(&p->pkt.key) % split->nb_flows;
	if (!rw_split_is_sequence(split))
		return 0;
	if (split->nb_pkts != 0 && is_full(split, time_ns, bytes)) {
		split->number++;
		split->nb_pkts = 0;
	}
	if (split->nb_pkts++ == 0)
		split->start_ns = time_ns;
	return split->number;
}

int rw_split_name(
	const struct rw_split *split,
	const char *path,
	uint32_t part,
	uint64_t time_ns,
	char *ret_name
)
{
	size_t base = rw_name_base_len(path);
	time_t seconds = (time_t)(time_ns / PAL_NS_PER_S);
	char when[32] = "";
	struct tm tm;
	int len;

	if (rw_split_is_sequence(split) && gmtime_r(&seconds, &tm) != NULL)
		strftime(when, sizeof(when), "_%Y%m%d%H%M%S", &tm);
	len = snprintf(
		ret_name,
		RW_PATH_LEN,
		"%.*s_%05u%s%s",
		(int)base,
		path,
		part + rw_split_is_sequence(split),
		when,
		path + base
	);
	return len < RW_PATH_LEN ? 0 : pal_err(ENAMETOOLONG);
}
