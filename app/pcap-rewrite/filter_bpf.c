/* SPDX-License-Identifier: BSD-3-Clause */
/* BPF:EXPRESSION, or an expression alone, as in pcap-filter(7). */
#include "filter.h"
#include "rewrite.h"

#include <pal_err.h>
#include <pal_filter.h>

static int bpf_create(struct rw_filter *filter, const char *args)
{
	char err[PAL_FILTER_ERR_LEN];

	filter->data = pal_filter_create(args, err);
	return filter->data == NULL ? rw_refuse("-f %s: %s", args, err) : 0;
}

static void bpf_destroy(struct rw_filter *filter)
{
	pal_filter_destroy(filter->data);
}

static bool bpf_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	return pal_filter_match(filter->data, &p->pkt);
}

const struct rw_filter_ops rw_filter_bpf = {
	.name = "BPF",
	.usage = "EXPRESSION",
	.create = bpf_create,
	.destroy = bpf_destroy,
	.keep = bpf_keep,
};
