/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * read = dropped by each filter + left out for each reason + written, in packets.
 */
#include "run.h"

#include <pal_json.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** What the output could not hold, packets apart. */
struct loss {
	const char *name;
	const char *text;
	uint64_t count;
};

#define NB_LOSSES 9

static uint64_t lost_blocks(const struct pal_savefile_lost *lost)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++)
		sum += lost->blocks[kind];
	return sum;
}

static void losses_of(const struct pal_savefile_lost *lost, struct loss *losses)
{
	const struct loss all[NB_LOSSES] = {
		{"comments", "comments", lost->comments},
		{"options", "options of blocks", lost->options},
		{"interfaces", "descriptions of interfaces", lost->interfaces},
		{"sections", "sections", lost->sections},
		{"blocks", "blocks that are no packets", lost_blocks(lost)},
		{"time_fractions", "times cut to the unit of the file", lost->time_fractions},
		{"time_range", "times that do not fit", lost->time_range},
		{"time_invented", "packets without a time of their own", lost->time_invented},
		{"header_fields", "fields of modified pcap", lost->header_fields},
	};

	memcpy(losses, all, sizeof(all));
}

static uint64_t dropped(const struct rw_run *run)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < run->sel->filters.nb; i++)
		sum += run->sel->filters.filters[i].dropped_pkts;
	return sum;
}

static uint64_t left_out(const struct rw_run *run)
{
	uint64_t sum = run->stats.lost.records;

	for (int lost = 0; lost < RW_LOST_COUNT; lost++)
		sum += run->lost_pkts[lost];
	return sum;
}

static int64_t residual(const struct rw_run *run)
{
	return (int64_t)(run->read_pkts - dropped(run) - left_out(run) - run->stats.records);
}

static uint64_t orphans(const struct rw_run *run)
{
	return run->sel->frags == NULL ? 0 : rw_frags_orphans(run->sel->frags);
}

static unsigned int damaged(const struct rw_run *run)
{
	return run->inputs == NULL ? run->args->nb_inputs : rw_inputs_damaged(run->inputs);
}

/* text */

static void line(FILE *out, const char *verb, uint64_t pkts, uint64_t bytes, const char *rest)
{
	fprintf(out, "%-9s %" PRIu64 " packets, %" PRIu64 " bytes%s\n", verb, pkts, bytes, rest);
}

static void print_written(const struct rw_run *run, FILE *out)
{
	const struct rw_output_conf *conf = &run->args->output;
	char rest[RW_PATH_LEN + 64];

	if (rw_split_works(&conf->split))
		snprintf(
			rest,
			sizeof(rest),
			" to %u files",
			run->output == NULL ? 0 : rw_output_count(run->output)
		);
	else
		snprintf(
			rest,
			sizeof(rest),
			" to %s",
			strcmp(conf->path, "-") == 0 ? "standard output" : conf->path
		);
	line(out,
	     conf->dry_run ? "would be" : "written",
	     run->stats.records,
	     run->stats.cap_bytes,
	     rest);
}

static void print_text(const struct rw_run *run, FILE *out)
{
	struct loss losses[NB_LOSSES];
	char rest[RW_PATH_LEN];

	snprintf(
		rest,
		sizeof(rest),
		" from %u files%s",
		run->args->nb_inputs - damaged(run),
		run->two_passes ? ", in two passes" : ""
	);
	line(out, "read", run->read_pkts, run->read_bytes, rest);
	if (damaged(run) > 0)
		fprintf(out, "damaged   %u files, read as far as they go\n", damaged(run));
	for (unsigned int i = 0; i < run->sel->filters.nb; i++) {
		const struct rw_filter *f = &run->sel->filters.filters[i];

		snprintf(rest, sizeof(rest), " by %s", f->text);
		line(out, "dropped", f->dropped_pkts, f->dropped_bytes, rest);
	}
	for (int lost = 0; lost < RW_LOST_COUNT; lost++) {
		if (run->lost_pkts[lost] == 0)
			continue;
		snprintf(rest, sizeof(rest), ": %s", rw_lost_text((enum rw_lost)lost));
		line(out, "left out", run->lost_pkts[lost], run->lost_bytes[lost], rest);
	}
	print_written(run, out);
	losses_of(&run->stats.lost, losses);
	for (int i = 0; i < NB_LOSSES; i++)
		if (losses[i].count > 0)
			fprintf(out, "lost      %" PRIu64 " %s\n", losses[i].count, losses[i].text);
	if (orphans(run) > 0)
		fprintf(out,
			"fragments %" PRIu64 " whose first is missing were judged without ports\n",
			orphans(run));
	if (residual(run) != 0)
		fprintf(out, "residual  %" PRId64 " packets\n", residual(run));
}

/* JSON */

static void json_filters(struct pal_json *j, const struct rw_filters *fs)
{
	pal_json_open(j, "filters", '[');
	for (unsigned int i = 0; i < fs->nb; i++) {
		pal_json_open_obj(j);
		pal_json_str(j, "filter", fs->filters[i].text);
		pal_json_u64(j, "dropped_pkts", fs->filters[i].dropped_pkts);
		pal_json_u64(j, "dropped_bytes", fs->filters[i].dropped_bytes);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

static void json_left_out(struct pal_json *j, const struct rw_run *run)
{
	pal_json_open(j, "left_out", '{');
	for (int lost = 0; lost < RW_LOST_COUNT; lost++) {
		if (run->lost_pkts[lost] == 0)
			continue;
		pal_json_key_str(j, rw_lost_name((enum rw_lost)lost));
		pal_json_put_u64(j, run->lost_pkts[lost]);
	}
	pal_json_close(j, '}');
}

static void json_lost(struct pal_json *j, const struct rw_run *run)
{
	struct loss losses[NB_LOSSES];

	losses_of(&run->stats.lost, losses);
	pal_json_open(j, "lost", '{');
	for (int i = 0; i < NB_LOSSES; i++) {
		if (losses[i].count == 0)
			continue;
		pal_json_key_str(j, losses[i].name);
		pal_json_put_u64(j, losses[i].count);
	}
	pal_json_close(j, '}');
}

static void json_all(struct pal_json *j, const struct rw_run *run)
{
	pal_json_open_obj(j);
	pal_json_u64(j, "read_pkts", run->read_pkts);
	pal_json_u64(j, "read_bytes", run->read_bytes);
	pal_json_u64(j, "files", run->args->nb_inputs);
	pal_json_u64(j, "damaged_files", damaged(run));
	pal_json_u64(j, "passes", run->two_passes ? 2 : 1);
	json_filters(j, &run->sel->filters);
	json_left_out(j, run);
	pal_json_u64(j, "written_pkts", run->stats.records);
	pal_json_u64(j, "written_bytes", run->stats.cap_bytes);
	pal_json_u64(j, "outputs", run->output == NULL ? 0 : rw_output_count(run->output));
	pal_json_bool(j, "dry_run", run->args->output.dry_run);
	json_lost(j, run);
	pal_json_u64(j, "fragments_without_first", orphans(run));
	pal_json_bool(j, "balanced", residual(run) == 0);
	pal_json_close(j, '}');
}

static void print_json(const struct rw_run *run, FILE *out)
{
	size_t room = 4096;
	struct pal_json j;

	for (;; room *= 2) {
		char *text = malloc(room);

		if (text == NULL)
			return;
		j = pal_json_of(text, room);
		json_all(&j, run);
		if (!j.overflow)
			fprintf(out, "%.*s\n", (int)pal_json_len(&j), text);
		free(text);
		if (!j.overflow)
			return;
	}
}

void rw_summary(const struct rw_run *run, FILE *out)
{
	if (run->args->json)
		print_json(run, out);
	else
		print_text(run, out);
}
