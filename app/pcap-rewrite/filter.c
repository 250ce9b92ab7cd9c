/* SPDX-License-Identifier: BSD-3-Clause */
#include "filter.h"

#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

static const struct rw_filter_ops *const all[] = {
	&rw_filter_ip,
	&rw_filter_source,
	&rw_filter_dispatch,
	&rw_filter_fragmentation,
	&rw_filter_bpf,
	&rw_filter_community_id,
	&rw_filter_from,
	&rw_filter_until,
	&rw_filter_packets,
	&rw_filter_sample,
	&rw_filter_dedup,
};

static void filter_fini(struct rw_filter *filter)
{
	if (filter->ops->destroy != NULL)
		filter->ops->destroy(filter);
	free(filter->text);
}

int rw_filters_add_ops(struct rw_filters *fs, const struct rw_filter_ops *ops, const char *args)
{
	struct rw_filter *filters = realloc(fs->filters, (fs->nb + 1) * sizeof(*filters));
	struct rw_filter *filter;
	size_t len = strlen(ops->name) + strlen(args) + 2;
	int rc;

	if (filters == NULL)
		return pal_err(ENOMEM);
	fs->filters = filters;
	filter = &filters[fs->nb];
	*filter = (struct rw_filter){.ops = ops, .text = malloc(len), .wants = ops->wants};
	if (filter->text == NULL)
		return pal_err(ENOMEM);
	strcpy(filter->text, ops->name);
	strcat(filter->text, ":");
	strcat(filter->text, args);
	rc = ops->create(filter, args);
	if (rc < 0) {
		filter_fini(filter);
		return rc;
	}
	fs->wants |= filter->wants;
	fs->nb++;
	return 0;
}

int rw_filters_add(struct rw_filters *fs, const char *spec)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon == NULL ? strlen(spec) : (size_t)(colon - spec);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strlen(all[i]->name) != len || strncmp(all[i]->name, spec, len) != 0)
			continue;
		if (colon == NULL)
			return rw_refuse("-f %s: needs %s:%s", spec, all[i]->name, all[i]->usage);
		return rw_filters_add_ops(fs, all[i], colon + 1);
	}
	return rw_filters_add_ops(fs, &rw_filter_bpf, spec);
}

void rw_filters_fini(struct rw_filters *fs)
{
	for (unsigned int i = 0; i < fs->nb; i++)
		filter_fini(&fs->filters[i]);
	free(fs->filters);
	*fs = (struct rw_filters){0};
}

int rw_filters_look(struct rw_filters *fs, const struct rw_packet *p)
{
	for (unsigned int i = 0; i < fs->nb; i++) {
		struct rw_filter *filter = &fs->filters[i];
		int rc = filter->ops->look == NULL ? 0 : filter->ops->look(filter, p);

		if (rc < 0)
			return rc;
	}
	return 0;
}

bool rw_filters_keep(struct rw_filters *fs, const struct rw_packet *p)
{
	for (unsigned int i = 0; i < fs->nb; i++) {
		struct rw_filter *filter = &fs->filters[i];

		if (filter->ops->keep(filter, p))
			continue;
		filter->dropped_pkts++;
		filter->dropped_bytes += p->pkt.cap_len;
		return false;
	}
	return true;
}
