/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_ARGS_H
#define RW_ARGS_H

#include "output.h"
#include "select.h"

#include <stdio.h>

enum rw_action {
	RW_ACTION_RUN,
	RW_ACTION_HELP,
	RW_ACTION_VERSION,
};

/** What the command line says. */
struct rw_args {
	enum rw_action action;
	char **inputs;
	unsigned int nb_inputs;
	struct rw_output_conf output;
	struct rw_cryptopan *cryptopan;
	bool one_pass; /**< Never read twice. */
	bool strict;
	bool quiet;
	bool json;
};

/**
 * Read the command line; says what is wrong with it.
 *
 * @param sel
 *   Gets the filters, in their order.
 * @return
 *   0; -EINVAL; -ENOMEM. rw_args_fini() in either case.
 */
int rw_args_parse(int argc, char **argv, struct rw_args *args, struct rw_select *sel);

void rw_args_fini(struct rw_args *args);

void rw_print_help(FILE *out);

#endif
