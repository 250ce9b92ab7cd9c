/* SPDX-License-Identifier: BSD-3-Clause */
/* From:TIME and Until:TIME: packets at or after, and packets before. */
#include "filter.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>

static int time_create(struct rw_filter *filter, const char *args)
{
	uint64_t *limit_ns = malloc(sizeof(*limit_ns));

	filter->data = limit_ns;
	if (limit_ns == NULL)
		return pal_err(ENOMEM);
	if (rw_parse_time(args, limit_ns) < 0)
		return rw_refuse(
			"-f %s: is no time. Try: 1700000000.5, or 2023-11-14T22:13:20.5Z",
			filter->text
		);
	return 0;
}

static void time_destroy(struct rw_filter *filter)
{
	free(filter->data);
}

static bool from_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	return p->pkt.time_ns >= *(const uint64_t *)filter->data;
}

static bool until_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	return p->pkt.time_ns < *(const uint64_t *)filter->data;
}

const struct rw_filter_ops rw_filter_from = {
	.name = "From",
	.usage = "TIME",
	.create = time_create,
	.destroy = time_destroy,
	.keep = from_keep,
};

const struct rw_filter_ops rw_filter_until = {
	.name = "Until",
	.usage = "TIME",
	.create = time_create,
	.destroy = time_destroy,
	.keep = until_keep,
};
