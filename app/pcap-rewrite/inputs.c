/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open files lie in a heap, the one with the earliest record on top. The others wait in the order of their first
 * records, which were looked at before; where there are few, all are opened at once instead.
 */
#include "inputs.h"

#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SMALL_CHUNK_BYTES (64 * 1024) // of one file among many
#define FEW 8

struct rw_inputs {
	struct rw_inputs_conf conf;
	struct rw_input *all;
	struct rw_input **waiting; // in the order in which they are to be opened
	unsigned int nb_waiting, next_waiting;
	struct rw_input *heap[RW_FAN_IN];
	unsigned int nb_heap;
	unsigned int handed_on; // records of the file on top
	unsigned int damaged;
	struct rw_inputs_traits traits;
	int failed;
};

static void on_block(void *arg, const struct pal_savefile_block *block)
{
	struct rw_input *in = arg;

	in->ins->conf.ops->block(in->ins->conf.arg, in, block);
}

static void on_piece(void *arg, const struct pal_savefile_piece *piece)
{
	struct rw_input *in = arg;

	in->ins->conf.ops->piece(in->ins->conf.arg, in, piece);
}

/* one file */

static void give_up(struct rw_input *in, const char *why)
{
	in->ins->damaged++;
	if (!in->ins->conf.quiet)
		rw_error("%s", why);
}

static void input_close(struct rw_input *in)
{
	pal_savefile_close(in->reader);
	free(in->recs);
	in->reader = NULL;
	in->recs = NULL;
}

static int input_open(struct rw_input *in, bool with_blocks)
{
	struct rw_inputs *ins = in->ins;
	struct pal_savefile_conf conf = {
		.chunk_bytes = ins->conf.nb_paths > FEW ? SMALL_CHUNK_BYTES : 0,
		.keep_fcs = ins->conf.keep_fcs,
		.stop = ins->conf.stop,
		.on_block_arg = in,
	};
	const struct pal_savefile_info *info;
	char err[PAL_SAVEFILE_ERR_LEN];

	if (with_blocks && ins->conf.ops != NULL) {
		conf.on_block = on_block;
		conf.on_piece = on_piece;
	}
	in->at = 0;
	in->nb = 0;
	in->recs = malloc(RW_BURST * sizeof(*in->recs));
	if (in->recs == NULL)
		return pal_err(ENOMEM);
	in->reader = pal_savefile_open(in->path, &conf, err);
	if (in->reader == NULL && errno == ECANCELED) {
		input_close(in);
		return pal_err(ECANCELED);
	}
	if (in->reader == NULL) {
		give_up(in, err);
		input_close(in);
		return 0;
	}
	info = pal_savefile_info(in->reader);
	if (info->format == PAL_SAVEFILE_PCAPNG || info->nanoseconds)
		ins->traits.nanoseconds = true;
	return 1;
}

// More records of a file that has none left. 1; 0: it is at its end, and closed; -ECANCELED.
static int input_refill(struct rw_input *in)
{
	int n = pal_savefile_next_burst(in->reader, in->recs, RW_BURST);

	in->at = 0;
	in->nb = n > 0 ? (unsigned int)n : 0;
	if (n > 0)
		return 1;
	if (n == -ECANCELED)
		return n;
	if (n < 0)
		give_up(in, pal_savefile_error(in->reader));
	input_close(in);
	return 0;
}

/* the heap */

static bool earlier(const struct rw_input *a, const struct rw_input *b)
{
	uint64_t a_ns = a->recs[a->at].time_ns, b_ns = b->recs[b->at].time_ns;

	return a_ns < b_ns || (a_ns == b_ns && a->index < b->index);
}

static void sift_down(struct rw_inputs *ins, unsigned int i)
{
	for (;;) {
		unsigned int child = 2 * i + 1;
		struct rw_input *in = ins->heap[i];

		if (child >= ins->nb_heap)
			return;
		if (child + 1 < ins->nb_heap && earlier(ins->heap[child + 1], ins->heap[child]))
			child++;
		if (!earlier(ins->heap[child], in))
			return;
		ins->heap[i] = ins->heap[child];
		ins->heap[child] = in;
		i = child;
	}
}

static void heap_push(struct rw_inputs *ins, struct rw_input *in)
{
	unsigned int i = ins->nb_heap++;

	while (i > 0 && earlier(in, ins->heap[(i - 1) / 2])) {
		ins->heap[i] = ins->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	ins->heap[i] = in;
}

static void heap_pop(struct rw_inputs *ins)
{
	ins->heap[0] = ins->heap[--ins->nb_heap];
	sift_down(ins, 0);
}

/* all of them */

static int open_next(struct rw_inputs *ins)
{
	struct rw_input *in = ins->waiting[ins->next_waiting];
	int rc = 1;

	if (ins->nb_heap == RW_FAN_IN) {
		rw_error(
			"%s: %d files overlap in time with it; no more can be merged at once",
			in->path,
			RW_FAN_IN
		);
		return pal_err(EMFILE);
	}
	ins->next_waiting++;
	if (in->reader == NULL)
		rc = input_open(in, true);
	if (rc <= 0)
		return rc;
	if (ins->conf.ops != NULL)
		ins->conf.ops->opened(ins->conf.arg, in);
	rc = input_refill(in);
	if (rc > 0)
		heap_push(ins, in);
	return rc < 0 ? rc : 0;
}

// Open all files that begin before the earliest record of those that are open.
static int open_due(struct rw_inputs *ins)
{
	while (ins->next_waiting < ins->nb_waiting) {
		const struct rw_input *first = ins->nb_heap == 0 ? NULL : ins->heap[0];
		int rc;

		if (first != NULL &&
		    ins->waiting[ins->next_waiting]->start_ns > first->recs[first->at].time_ns)
			break;
		rc = open_next(ins);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// A file among few stays open. Of one among many the time of the first record is taken; without one it is done.
static int look(struct rw_inputs *ins, struct rw_input *in)
{
	bool many = ins->conf.nb_paths > RW_FAN_IN;
	int rc = input_open(in, !many);

	if (rc > 0 && many) {
		rc = input_refill(in);
		if (rc > 0) {
			in->start_ns = in->recs[0].time_ns;
			input_close(in);
		}
	}
	if (rc > 0)
		ins->waiting[ins->nb_waiting++] = in;
	return rc < 0 ? rc : 0;
}

static int by_start(const void *a, const void *b)
{
	const struct rw_input *x = *(struct rw_input *const *)a, *y = *(struct rw_input *const *)b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

// Tell what there is, now that all files were looked at.
static int start(struct rw_inputs *ins)
{
	struct rw_input *first;

	if (ins->conf.ops == NULL || ins->nb_waiting == 0)
		return 0;
	first = ins->waiting[0];
	if (first->reader == NULL && input_open(first, true) <= 0)
		return pal_err(EINVAL);
	ins->traits.first = first->reader;
	ins->traits.nb_files = ins->nb_waiting;
	return ins->conf.ops->start(ins->conf.arg, &ins->traits);
}

static int line_up(struct rw_inputs *ins)
{
	int rc;

	for (unsigned int i = 0; i < ins->conf.nb_paths; i++) {
		ins->all[i] = (struct rw_input){.ins = ins, .path = ins->conf.paths[i], .index = i};
		rc = look(ins, &ins->all[i]);
		if (rc < 0)
			return rc;
	}
	qsort(ins->waiting, ins->nb_waiting, sizeof(struct rw_input *), by_start);
	rc = start(ins);
	return rc < 0 ? rc : open_due(ins);
}

struct rw_inputs *rw_inputs_open(const struct rw_inputs_conf *conf)
{
	struct rw_inputs *ins = calloc(1, sizeof(*ins));
	int rc = -ENOMEM;

	if (ins == NULL)
		return pal_err_null(ENOMEM);
	ins->conf = *conf;
	ins->all = calloc(conf->nb_paths, sizeof(*ins->all));
	ins->waiting = calloc(conf->nb_paths, sizeof(struct rw_input *));
	if (ins->all != NULL && ins->waiting != NULL)
		rc = line_up(ins);
	if (rc == 0 && ins->damaged < conf->nb_paths)
		return ins;
	rw_inputs_close(ins);
	return pal_err_null(rc < 0 ? -rc : EINVAL);
}

void rw_inputs_close(struct rw_inputs *ins)
{
	if (ins == NULL)
		return;
	for (unsigned int i = 0; ins->all != NULL && i < ins->conf.nb_paths; i++)
		input_close(&ins->all[i]);
	free(ins->all);
	free(ins->waiting);
	free(ins);
}

// What was handed on is gone: the file on top goes to where its next record belongs.
static int advance(struct rw_inputs *ins)
{
	struct rw_input *in = ins->heap[0];
	int rc = 1;

	in->at += ins->handed_on;
	ins->handed_on = 0;
	if (in->at == in->nb)
		rc = input_refill(in);
	if (rc < 0)
		return rc;
	if (rc == 0)
		heap_pop(ins);
	else
		sift_down(ins, 0);
	return 0;
}

// How many records of the file on top come before those of any other.
static unsigned int run_length(const struct rw_inputs *ins)
{
	struct rw_input next = *ins->heap[0];
	const struct rw_input *other = ins->nb_heap > 1 ? ins->heap[1] : NULL;
	uint64_t limit_ns = ins->next_waiting < ins->nb_waiting
				    ? ins->waiting[ins->next_waiting]->start_ns
				    : UINT64_MAX;

	if (ins->nb_heap > 2 && earlier(ins->heap[2], other))
		other = ins->heap[2];
	if (other == NULL && limit_ns == UINT64_MAX)
		return next.nb - next.at;
	for (next.at++; next.at < next.nb; next.at++)
		if ((other != NULL && !earlier(&next, other)) ||
		    next.recs[next.at].time_ns >= limit_ns)
			break;
	return next.at - ins->heap[0]->at;
}

int rw_inputs_next(
	struct rw_inputs *ins,
	struct rw_input **ret_in,
	const struct pal_savefile_rec **ret_recs
)
{
	if (ins->failed == 0 && ins->handed_on > 0)
		ins->failed = advance(ins);
	if (ins->failed == 0)
		ins->failed = open_due(ins);
	if (ins->failed < 0)
		return pal_err(-ins->failed);
	if (ins->nb_heap == 0)
		return 0;
	ins->handed_on = run_length(ins);
	*ret_in = ins->heap[0];
	*ret_recs = &ins->heap[0]->recs[ins->heap[0]->at];
	return (int)ins->handed_on;
}

unsigned int rw_inputs_damaged(const struct rw_inputs *ins)
{
	return ins->damaged;
}

bool rw_inputs_rewindable(char *const *paths, unsigned int nb_paths, const char **ret_path)
{
	struct stat st;

	for (unsigned int i = 0; i < nb_paths; i++) {
		*ret_path = paths[i];
		// What cannot be looked at cannot be read either, which is said then.
		if (strcmp(paths[i], "-") == 0 ||
		    (stat(paths[i], &st) == 0 && !S_ISREG(st.st_mode)))
			return false;
	}
	return true;
}
