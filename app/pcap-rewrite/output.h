/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_OUTPUT_H
#define RW_OUTPUT_H

/**
 * @file
 * Where packets go: one writer for each output of a split.
 *
 *      mirror       pcapng from one pcapng file: its blocks as they are, its numbers of interfaces
 *      translate    anything else: interfaces are described anew, packets are put to them
 *
 * Blocks that are no packets go to all outputs; one that is begun later gets those that still matter.
 */

#include "convert.h"
#include "inputs.h"
#include "split.h"

#include <pal_savefile_writer.h>

struct rw_output_conf {
	const char *path; /**< `-`: standard output. */
	/** PAL_SAVEFILE_WRITE_BY_NAME: as the name says, else that of the first input. */
	enum pal_savefile_write_format format;
	struct rw_convert_conf convert;
	struct rw_split split;
	unsigned int nb_inputs;
	bool dry_run; /**< Only count. */
};

struct rw_output;

/** NULL with errno set: ENOMEM. */
struct rw_output *rw_output_create(const struct rw_output_conf *conf);

/** Ends writing without giving any file its name that has it not yet. NULL is a no-op. */
void rw_output_destroy(struct rw_output *o);

/** For inputs; arg is the output. */
extern const struct rw_inputs_ops rw_output_ops;

/** Are bytes still going where they should? 0, or the -errno that writing failed with. */
int rw_output_failed(const struct rw_output *o);

/** May records of this input be written as they are? */
bool rw_output_takes_raw(const struct rw_output *o, const struct rw_input *in);

/** Write records as they are, all to the one output that there is. 0 or -errno. */
int rw_output_raw(struct rw_output *o, const struct pal_savefile_rec *recs, unsigned int nb_recs);

/**
 * Write one record to the output it belongs to.
 *
 * @param p
 *   The packet, decoded if outputs are told by flow.
 * @param rec
 *   Its record, converted, with the interface number of the input.
 * @param raw
 *   As it is: rw_output_takes_raw() says so, and nothing was converted.
 * @param ret_lost
 *   Why it could not be written, or RW_LOST_NONE.
 * @return
 *   0 or -errno.
 */
int rw_output_put(
	struct rw_output *o,
	const struct rw_packet *p,
	const struct rw_input *in,
	const struct pal_savefile_rec *rec,
	bool raw,
	enum rw_lost *ret_lost
);

/** Give the files their names. 0 or -errno, which is said. */
int rw_output_close(struct rw_output *o);

/** What all outputs have together; complete after rw_output_close(). */
void rw_output_stats(const struct rw_output *o, struct pal_savefile_writer_stats *ret_stats);

/** Outputs so far. */
unsigned int rw_output_count(const struct rw_output *o);

/** Is there anything that it could not hold, packets that were counted elsewhere excepted? */
bool rw_output_has_lost(const struct pal_savefile_writer_stats *stats);

#endif
