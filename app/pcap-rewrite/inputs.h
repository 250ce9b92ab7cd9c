/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_INPUTS_H
#define RW_INPUTS_H

/**
 * @file
 * Files to be read, as one stream in order of time: of the next records of all files the earliest comes first, and
 * the records of one file stay in their order.
 *
 * Of many files only those are open whose time has come, and at most RW_FAN_IN: a thousand files written one after
 * the other need two. One that cannot be opened or is damaged is said and counted; the others go on.
 */

#include <pal_savefile.h>

/** Files that are open at once. */
#define RW_FAN_IN 128

/** Records that are looked at in one go. */
#define RW_BURST 512

struct rw_inputs;

struct rw_input {
	struct rw_inputs *ins;
	const char *path;
	unsigned int index; /**< Of the file, from 0, as the user named them. */
	struct pal_savefile_reader *reader; /**< NULL: not open. */
	/* records read and not handed on */
	struct pal_savefile_rec *recs;
	unsigned int at, nb;
	uint64_t start_ns; /**< Time of the first record. */
};

/** What the output may be made like. */
struct rw_inputs_traits {
	const struct pal_savefile_reader *first; /**< File that is read first. */
	unsigned int nb_files; /**< That can be read. */
	bool nanoseconds; /**< One of them may have times that do not fit into microseconds. */
};

/** Called while records are read, in their place between them. */
struct rw_inputs_ops {
	/** Once, before anything else: what is known of all files. 0, or -errno, which ends the run. */
	int (*start)(void *arg, const struct rw_inputs_traits *traits);
	void (*opened)(void *arg, struct rw_input *in); /**< Before its first record. */
	void (*block)(void *arg, struct rw_input *in, const struct pal_savefile_block *block);
	void (*piece)(void *arg, struct rw_input *in, const struct pal_savefile_piece *piece);
};

struct rw_inputs_conf {
	char *const *paths;
	unsigned int nb_paths; /**< At least 1. */
	bool keep_fcs;
	const struct rw_inputs_ops *ops; /**< NULL: nobody wants to know of blocks. */
	void *arg;
	const volatile bool *stop; /**< As in struct pal_savefile_conf. */
	bool quiet; /**< What is wrong with a file was said before. */
};

/** NULL with errno set; what is wrong is said: ENOMEM, EINVAL - none of the files can be read. */
struct rw_inputs *rw_inputs_open(const struct rw_inputs_conf *conf);

/** NULL is a no-op. */
void rw_inputs_close(struct rw_inputs *ins);

/**
 * The next records, all of one file; valid until the next call.
 *
 * @return
 *   How many; 0: there are no more; -EMFILE: more than RW_FAN_IN files would have to be open at once, which is
 *   said; -ENOMEM; -ECANCELED: stopped.
 */
int rw_inputs_next(
	struct rw_inputs *ins,
	struct rw_input **ret_in,
	const struct pal_savefile_rec **ret_recs
);

/** Files that could not be opened or read to their end. */
unsigned int rw_inputs_damaged(const struct rw_inputs *ins);

/** Can all of them be read a second time? If not, *ret_path is one that cannot. */
bool rw_inputs_rewindable(char *const *paths, unsigned int nb_paths, const char **ret_path);

#endif
