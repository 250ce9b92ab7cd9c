/* SPDX-License-Identifier: BSD-3-Clause */
#include "select.h"

#include "rewrite.h"

#include <errno.h>

int rw_select_start(struct rw_select *sel)
{
	if ((sel->filters.wants & RW_WANT_PORTS) == 0)
		return 0;
	sel->frags = rw_frags_create();
	return sel->frags == NULL ? -errno : 0;
}

void rw_select_fini(struct rw_select *sel)
{
	rw_filters_fini(&sel->filters);
	rw_frags_destroy(sel->frags);
	*sel = (struct rw_select){0};
}

int rw_select_look(struct rw_select *sel, struct rw_packet *p)
{
	int rc;

	rw_packet_decode(p, &sel->stats);
	rc = rw_frags_look_ahead(sel->frags, p);
	if (rc < 0) {
		rw_error("out of memory");
		return rc;
	}
	return rw_filters_look(&sel->filters, p);
}

void rw_select_looked(struct rw_select *sel)
{
	rw_frags_looked_ahead(sel->frags);
}

enum rw_verdict rw_select(struct rw_select *sel, struct rw_packet *p)
{
	if ((sel->filters.wants & RW_WANT_DECODE) != 0)
		rw_packet_decode(p, &sel->stats);
	if (sel->frags != NULL && !rw_frags_track(sel->frags, p))
		return RW_LOOK_AHEAD;
	return rw_filters_keep(&sel->filters, p) ? RW_KEEP : RW_DROP;
}
