/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_SELECT_H
#define RW_SELECT_H

/** @file Which packets are wanted: filters, and what they need to know of a packet. */

#include "filter.h"
#include "frags.h"

struct rw_select {
	struct rw_filters filters;
	struct rw_frags *frags; /**< With RW_WANT_PORTS. */
	struct pal_decode_stats stats;
};

enum rw_verdict {
	RW_KEEP,
	RW_DROP,
	/** A later fragment that came before its first: look at all packets (rw_select_look()), then ask again. */
	RW_LOOK_AHEAD,
};

/** Once all filters are added. 0 or -ENOMEM. */
int rw_select_start(struct rw_select *sel);

void rw_select_fini(struct rw_select *sel);

/** See a packet in the pass before; when all were seen, rw_select_looked(). 0 or -errno. */
int rw_select_look(struct rw_select *sel, struct rw_packet *p);
void rw_select_looked(struct rw_select *sel);

enum rw_verdict rw_select(struct rw_select *sel, struct rw_packet *p);

#endif
