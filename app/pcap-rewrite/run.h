/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_RUN_H
#define RW_RUN_H

/** @file One run: from inputs through filters and changes to outputs. */

#include "args.h"
#include "rewrite.h"

struct rw_run {
	const struct rw_args *args;
	struct rw_select *sel;
	struct rw_output *output;
	struct rw_inputs *inputs;
	struct rw_convert convert;
	const volatile bool *stop; /**< Set by a signal. */
	/* what was done */
	uint64_t read_pkts, read_bytes; /**< Bytes are captured ones. */
	uint64_t lost_pkts[RW_LOST_COUNT], lost_bytes[RW_LOST_COUNT];
	bool two_passes;
	bool strict_lost; /**< --strict ended it. */
	struct pal_savefile_writer_stats stats;
};

/** Do it all. The caller fills in args, sel and stop. */
enum rw_exit rw_run(struct rw_run *run);

void rw_run_fini(struct rw_run *run);

/** What was read, dropped, left out and written; packets add up. */
void rw_summary(const struct rw_run *run, FILE *out);

#endif
