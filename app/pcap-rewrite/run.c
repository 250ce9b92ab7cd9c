/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <pal_err.h>

#include <string.h>

/* the pass before, where one is needed */

static int look_at(struct rw_run *run, struct rw_inputs *ins)
{
	const struct pal_savefile_rec *recs;
	struct rw_packet p;
	struct rw_input *in;
	uint64_t number = 0;
	int n;

	while ((n = rw_inputs_next(ins, &in, &recs)) > 0)
		for (int i = 0; i < n; i++) {
			int rc;

			rw_packet_fill(&p, &recs[i], ++number);
			rc = rw_select_look(run->sel, &p);
			if (rc < 0)
				return rc;
		}
	return n;
}

static int look_ahead(struct rw_run *run)
{
	const struct rw_inputs_conf conf = {
		.paths = run->args->inputs,
		.nb_paths = run->args->nb_inputs,
		.keep_fcs = !rw_convert_writes(&run->args->output.convert),
		.stop = run->stop,
		.quiet = true, // said in the other pass
	};
	struct rw_inputs *ins = rw_inputs_open(&conf);
	int rc = ins == NULL ? -errno : look_at(run, ins);

	rw_inputs_close(ins);
	rw_select_looked(run->sel);
	run->two_passes = true;
	return rc;
}

// A fragment came before its first: what can be known of it is in the rest of the input.
static int look_ahead_for(struct rw_run *run, uint64_t number)
{
	const char *path;

	if (run->args->one_pass) {
		rw_select_looked(run->sel);
		return 0;
	}
	if (rw_inputs_rewindable(run->args->inputs, run->args->nb_inputs, &path))
		return look_ahead(run);
	return rw_refuse(
		"packet %llu is a fragment that came before the first of its datagram; whether the "
		"filters want it takes a second pass, which cannot be had of %s. Try: a file, or "
		"--one-pass",
		(unsigned long long)number,
		strcmp(path, "-") == 0 ? "standard input" : path
	);
}

/* packets */

static int lose(struct rw_run *run, enum rw_lost lost, const struct pal_savefile_rec *rec)
{
	run->lost_pkts[lost]++;
	run->lost_bytes[lost] += rec->cap_len;
	if (!run->args->strict)
		return 0;
	run->strict_lost = true;
	rw_error(
		"packet %llu cannot be written: %s",
		(unsigned long long)run->read_pkts,
		rw_lost_text(lost)
	);
	return pal_err(ENODATA);
}

static int write_one(
	struct rw_run *run,
	const struct rw_packet *p,
	const struct rw_input *in,
	const struct pal_savefile_rec *rec,
	bool raw
)
{
	struct pal_savefile_rec out = *rec;
	enum rw_lost lost = RW_LOST_NONE;
	int rc;

	if (rw_convert_works(&run->convert.conf))
		lost = rw_convert(
			&run->convert, p, pal_savefile_interface(in->reader, rec->interface), &out
		);
	if (lost != RW_LOST_NONE)
		return lose(run, lost, rec);
	rc = rw_output_put(run->output, p, in, &out, raw, &lost);
	if (rc < 0)
		return rc;
	return lost == RW_LOST_NONE ? 0 : lose(run, lost, rec);
}

static int want(struct rw_run *run, struct rw_packet *p, const struct pal_savefile_rec *rec)
{
	enum rw_verdict verdict;

	rw_packet_fill(p, rec, run->read_pkts);
	verdict = rw_select(run->sel, p);
	if (verdict == RW_LOOK_AHEAD) {
		int rc = look_ahead_for(run, run->read_pkts);

		if (rc < 0)
			return rc;
		verdict = rw_select(run->sel, p);
	}
	return verdict == RW_KEEP;
}

static void count_read(struct rw_run *run, const struct pal_savefile_rec *rec)
{
	run->read_pkts++;
	run->read_bytes += rec->cap_len;
}

// Records that stay as they are go on in runs, as they lie in their file.
static int pass_on(struct rw_run *run, const struct pal_savefile_rec *recs, int n)
{
	struct rw_packet p;
	int from = 0;

	for (int i = 0; i < n; i++) {
		int kept, rc;

		count_read(run, &recs[i]);
		kept = run->sel->filters.nb == 0 ? 1 : want(run, &p, &recs[i]);
		if (kept < 0)
			return kept;
		if (kept)
			continue;
		rc = rw_output_raw(run->output, &recs[from], (unsigned int)(i - from));
		if (rc < 0)
			return rc;
		from = i + 1;
	}
	return rw_output_raw(run->output, &recs[from], (unsigned int)(n - from));
}

static int
rewrite(struct rw_run *run, const struct rw_input *in, const struct pal_savefile_rec *recs, int n)
{
	const struct rw_split *split = &run->args->output.split;
	bool raw = rw_output_takes_raw(run->output, in);
	bool decoded = (run->sel->filters.wants & RW_WANT_DECODE) != 0;
	struct rw_packet p;

	if (raw && !rw_split_works(split))
		return pass_on(run, recs, n);
	for (int i = 0; i < n; i++) {
		int kept, rc;

		count_read(run, &recs[i]);
		kept = want(run, &p, &recs[i]);
		if (kept < 0)
			return kept;
		if (!kept)
			continue;
		if (split->nb_flows != 0 && !decoded)
			rw_packet_decode(&p, &run->sel->stats);
		rc = write_one(run, &p, in, &recs[i], raw);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_all(struct rw_run *run)
{
	const struct pal_savefile_rec *recs;
	struct rw_input *in;
	int n, rc;

	while ((n = rw_inputs_next(run->inputs, &in, &recs)) > 0) {
		rc = rewrite(run, in, recs, n);
		if (rc == 0)
			rc = rw_output_failed(run->output);
		if (rc < 0)
			return rc;
		if (*run->stop)
			return pal_err(ECANCELED);
	}
	rc = rw_output_failed(run->output);
	return rc < 0 ? rc : n;
}

/* the whole */

static enum rw_exit exit_of(const struct rw_run *run, int rc)
{
	const char *path;

	if (run->output != NULL && rw_output_failed(run->output) == -EPIPE)
		return RW_EXIT_OK;
	if (run->strict_lost)
		return RW_EXIT_LOST;
	switch (rc) {
	case 0:
		return run->inputs != NULL && rw_inputs_damaged(run->inputs) == 0 ? RW_EXIT_OK
										  : RW_EXIT_DAMAGED;
	case -ECANCELED:
		// A pipe has no end but this one; of files a part would not be what was asked for.
		return rw_inputs_rewindable(run->args->inputs, run->args->nb_inputs, &path)
			       ? RW_EXIT_DAMAGED
			       : RW_EXIT_OK;
	case -EINVAL:
	case -EMFILE:
		return RW_EXIT_USAGE;
	default:
		return RW_EXIT_ENVIRONMENT;
	}
}

static int finish(struct rw_run *run)
{
	int rc;

	if (run->args->strict) {
		rw_output_stats(run->output, &run->stats);
		run->strict_lost = rw_output_has_lost(&run->stats);
		if (run->strict_lost) {
			rw_error("the output cannot hold all that is in the input");
			return pal_err(ENODATA);
		}
	}
	rc = rw_output_close(run->output);
	rw_output_stats(run->output, &run->stats);
	return rc;
}

static int run_all(struct rw_run *run)
{
	const struct rw_args *args = run->args;
	struct rw_inputs_conf conf = {
		.paths = args->inputs,
		.nb_paths = args->nb_inputs,
		.keep_fcs = !rw_convert_writes(&args->output.convert),
		.ops = &rw_output_ops,
		.stop = run->stop,
	};
	int rc = rw_select_start(run->sel);

	if (rc < 0)
		return rc;
	run->output = rw_output_create(&args->output);
	if (run->output == NULL)
		return -errno;
	conf.arg = run->output;
	run->inputs = rw_inputs_open(&conf);
	if (run->inputs == NULL && errno == EINVAL && rw_output_failed(run->output) == 0)
		return 0; // none of the files can be read, which was said
	if (run->inputs == NULL)
		return -errno;
	if ((run->sel->filters.wants & RW_WANT_LOOK) != 0)
		rc = look_ahead(run);
	if (rc == 0)
		rc = read_all(run);
	if (rc == -ECANCELED && exit_of(run, rc) == RW_EXIT_OK)
		rc = 0;
	return rc < 0 ? rc : finish(run);
}

enum rw_exit rw_run(struct rw_run *run)
{
	int rc;

	rw_convert_init(&run->convert, &run->args->output.convert);
	rc = run_all(run);
	if (rc == -ENOMEM && rw_output_failed(run->output) == 0)
		rw_error("out of memory");
	if (rc == -ECANCELED)
		rw_error("interrupted; nothing was written");
	if (rc < 0 && run->output != NULL)
		rw_output_stats(run->output, &run->stats);
	return exit_of(run, rc);
}

void rw_run_fini(struct rw_run *run)
{
	rw_inputs_close(run->inputs);
	rw_output_destroy(run->output);
	rw_convert_fini(&run->convert);
}
