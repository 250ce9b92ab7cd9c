/* SPDX-License-Identifier: BSD-3-Clause */
#include "output_priv.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int discard(void *, const void *, size_t)
{
	return 0;
}

static int part_open(struct rw_output *o, struct rw_part *part, const char *path)
{
	static const struct pal_savefile_sink nowhere = {.write = discard};
	char err[PAL_SAVEFILE_ERR_LEN];

	part->inputs = calloc(o->conf.nb_inputs, sizeof(*part->inputs));
	if (part->inputs == NULL)
		return output_fail(o, -ENOMEM, "out of memory");
	if (o->conf.dry_run)
		part->writer = pal_savefile_writer_open_sink(path, &nowhere, &o->writer_conf, err);
	else
		part->writer = pal_savefile_writer_open(path, &o->writer_conf, err);
	if (part->writer == NULL)
		return output_fail(o, -errno, err);
	o->nb_opened++;
	part->has_interface = o->writer_conf.pcap_header != NULL;
	part->linktype = o->adopted_linktype;
	return 0;
}

int output_parts_start(struct rw_output *o)
{
	unsigned int nb = o->split.nb_flows != 0 ? o->split.nb_flows : 1;
	char path[RW_PATH_LEN];
	int rc = 0;

	o->parts = calloc(nb, sizeof(*o->parts));
	if (o->parts == NULL)
		return output_fail(o, -ENOMEM, "out of memory");
	o->nb_parts = nb;
	if (!rw_split_works(&o->split))
		return part_open(o, &o->parts[0], o->conf.path);
	// The name of the first of a sequence has the time of its first packet.
	for (unsigned int i = 0; rc == 0 && i < nb && !rw_split_is_sequence(&o->split); i++) {
		if (rw_split_name(&o->split, o->conf.path, i, 0, path) < 0)
			return output_fail(o, -ENAMETOOLONG, "the name of the output is too long");
		rc = part_open(o, &o->parts[i], path);
	}
	return rc;
}

static void add_lost(struct pal_savefile_lost *a, const struct pal_savefile_lost *b)
{
	a->records += b->records;
	a->comments += b->comments;
	a->options += b->options;
	a->interfaces += b->interfaces;
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_COUNT; kind++)
		a->blocks[kind] += b->blocks[kind];
	a->sections += b->sections;
	a->time_fractions += b->time_fractions;
	a->time_range += b->time_range;
	a->time_invented += b->time_invented;
	a->over_snaplen += b->over_snaplen;
	a->header_fields += b->header_fields;
}

static void
add_stats(struct pal_savefile_writer_stats *a, const struct pal_savefile_writer_stats *b)
{
	a->records += b->records;
	a->cap_bytes += b->cap_bytes;
	a->wire_bytes += b->wire_bytes;
	a->bytes += b->bytes;
	a->stored_bytes += b->stored_bytes;
	add_lost(&a->lost, &b->lost);
}

static void forget(struct rw_output *o, struct rw_part *part)
{
	for (unsigned int i = 0; part->inputs != NULL && i < o->conf.nb_inputs; i++) {
		free(part->inputs[i].first);
		free(part->inputs[i].targets);
	}
	free(part->inputs);
	*part = (struct rw_part){0};
}

void output_part_fini(struct rw_output *o, struct rw_part *part)
{
	pal_savefile_writer_abort(part->writer);
	forget(o, part);
}

static int part_close(struct rw_output *o, struct rw_part *part)
{
	struct pal_savefile_writer *w = part->writer;
	struct pal_savefile_writer_stats stats;
	char err[PAL_SAVEFILE_ERR_LEN];
	int rc;

	if (w == NULL)
		return 0;
	// A file without packets has the link type of its input nevertheless.
	if (!o->pcapng && !part->has_interface && o->is_known)
		pal_savefile_writer_add_interface(w, &o->known);
	rc = pal_savefile_writer_close(w, &stats, err);
	part->writer = NULL;
	forget(o, part);
	add_stats(&o->stats, &stats);
	return rc < 0 ? output_fail(o, rc, err) : 0;
}

int output_part_next(struct rw_output *o, uint32_t part, uint64_t time_ns)
{
	char path[RW_PATH_LEN];
	int rc = part_close(o, &o->parts[0]);

	if (rc < 0)
		return rc;
	if (rw_split_name(&o->split, o->conf.path, part, time_ns, path) < 0)
		return output_fail(o, -ENAMETOOLONG, "the name of the output is too long");
	rc = part_open(o, &o->parts[0], path);
	if (rc == 0)
		output_replay(o, &o->parts[0]);
	return o->failed;
}

int rw_output_close(struct rw_output *o)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < o->nb_parts; i++)
		rc = part_close(o, &o->parts[i]);
	return rc;
}

void rw_output_stats(const struct rw_output *o, struct pal_savefile_writer_stats *ret_stats)
{
	struct pal_savefile_writer_stats stats;

	*ret_stats = o->stats;
	for (unsigned int i = 0; i < o->nb_parts; i++) {
		if (o->parts[i].writer == NULL)
			continue;
		pal_savefile_writer_stats(o->parts[i].writer, &stats);
		add_stats(ret_stats, &stats);
	}
}

unsigned int rw_output_count(const struct rw_output *o)
{
	return o->nb_opened;
}

bool rw_output_has_lost(const struct pal_savefile_writer_stats *stats)
{
	static const struct pal_savefile_lost nothing;

	return memcmp(&stats->lost, &nothing, sizeof(nothing)) != 0;
}
