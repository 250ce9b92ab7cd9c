/* SPDX-License-Identifier: BSD-3-Clause */
#include "output_priv.h"

#include <pal_cursor.h>
#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

#define PREAMBLE_MAX (16 * 1024 * 1024) // of name and secret blocks that are remembered
#define SHB_BODY_LEN 16 // without options
#define STATISTICS_LEN 4 // at least: the number of the interface

/* what is remembered */

void output_preamble_clear(struct rw_output *o, const struct rw_input *in)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < o->nb_preamble; i++) {
		struct rw_preamble *p = &o->preamble[i];

		if (in != NULL && p->in != in) {
			o->preamble[kept++] = *p;
			continue;
		}
		o->preamble_bytes -= p->block.raw_len;
		free((uint8_t *)(uintptr_t)p->block.raw);
	}
	o->nb_preamble = kept;
}

static bool is_remembered(const struct rw_output *o, const struct pal_savefile_block *block)
{
	switch (block->kind) {
	case PAL_SAVEFILE_BLOCK_SHB:
		return o->single;
	case PAL_SAVEFILE_BLOCK_IDB:
		return o->mirror;
	case PAL_SAVEFILE_BLOCK_NRB:
	case PAL_SAVEFILE_BLOCK_DSB:
		return o->preamble_bytes + block->raw_len <= PREAMBLE_MAX;
	default:
		return false;
	}
}

static int
remember(struct rw_output *o, const struct rw_input *in, const struct pal_savefile_block *block)
{
	struct rw_preamble *preamble;
	uint8_t *raw;

	if (o->nb_preamble == o->room_preamble) {
		unsigned int room = o->room_preamble == 0 ? 8 : 2 * o->room_preamble;

		preamble = realloc(o->preamble, room * sizeof(*preamble));
		if (preamble == NULL)
			return pal_err(ENOMEM);
		o->preamble = preamble;
		o->room_preamble = room;
	}
	raw = malloc(block->raw_len);
	if (raw == NULL)
		return pal_err(ENOMEM);
	memcpy(raw, block->raw, block->raw_len);
	preamble = &o->preamble[o->nb_preamble++];
	preamble->in = in;
	preamble->block = *block;
	preamble->block.raw = raw;
	preamble->block.body = raw + (block->body - block->raw);
	o->preamble_bytes += block->raw_len;
	return 0;
}

/* blocks to outputs */

// Statistics of an interface, under the number that it has in this output.
static int put_statistics(
	struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	const struct pal_savefile_block *block
)
{
	struct pal_savefile_block copy = *block;
	const struct pal_savefile_interface *iface;
	uint32_t index, number;
	int64_t found;
	uint8_t *raw;
	int rc;

	if (block->body_len < STATISTICS_LEN)
		return pal_savefile_writer_put_block(part->writer, block);
	index = block->big_endian ? pal_load_be32(block->body) : pal_load_le32(block->body);
	iface = pal_savefile_interface(in->reader, index);
	found = iface == NULL ? -ENOENT
			      : output_find_interface(
					part,
					in,
					index,
					rw_convert_linktype(&o->conf.convert, iface->linktype)
				);
	if (found < 0) {
		o->stats.lost.blocks[PAL_SAVEFILE_BLOCK_ISB]++;
		return 0;
	}
	raw = malloc(block->raw_len);
	if (raw == NULL)
		return pal_err(ENOMEM);
	number = (uint32_t)found;
	number = block->big_endian ? __builtin_bswap32(number) : number;
	memcpy(raw, block->raw, block->raw_len);
	memcpy(raw + (block->body - block->raw), &number, sizeof(number));
	copy.raw = raw;
	copy.body = raw + (block->body - block->raw);
	rc = pal_savefile_writer_put_block(part->writer, &copy);
	free(raw);
	return rc;
}

static int put_block(
	struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	const struct pal_savefile_block *block
)
{
	if (o->mirror)
		return pal_savefile_writer_put_block(part->writer, block);
	switch (block->kind) {
	case PAL_SAVEFILE_BLOCK_SHB:
		output_forget_interfaces(part, in);
		// Sections of several files become one; what is lost is what they say of themselves.
		if (o->single)
			return pal_savefile_writer_put_block(part->writer, block);
		o->stats.lost.sections += block->body_len > SHB_BODY_LEN;
		return 0;
	case PAL_SAVEFILE_BLOCK_IDB:
		return 0; // described anew
	case PAL_SAVEFILE_BLOCK_ISB:
		if (o->pcapng)
			return put_statistics(o, part, in, block);
		[[fallthrough]];
	default:
		return pal_savefile_writer_put_block(part->writer, block);
	}
}

static void
to_part(struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	const struct pal_savefile_block *block)
{
	int rc = part->writer == NULL ? 0 : put_block(o, part, in, block);

	if (rc < 0)
		output_fail(o, rc, pal_savefile_writer_error(part->writer));
}

void output_on_block(void *arg, struct rw_input *in, const struct pal_savefile_block *block)
{
	struct rw_output *o = arg;

	if (o->failed != 0)
		return;
	if (block->kind == PAL_SAVEFILE_BLOCK_SHB)
		output_preamble_clear(o, in);
	for (unsigned int i = 0; i < o->nb_parts; i++)
		to_part(o, &o->parts[i], in, block);
	if (block->kind == PAL_SAVEFILE_BLOCK_IDB && !o->mirror) {
		uint32_t index = pal_savefile_nb_interfaces(in->reader) - 1;

		output_note_interface(o, in, pal_savefile_interface(in->reader, index), index);
	}
	if (rw_split_is_sequence(&o->split) && is_remembered(o, block) &&
	    remember(o, in, block) < 0)
		output_fail(o, -ENOMEM, "out of memory");
}

void output_on_piece(void *arg, struct rw_input *, const struct pal_savefile_piece *piece)
{
	struct rw_output *o = arg;

	if (piece->at == 0 && rw_split_is_sequence(&o->split) && o->parts[0].writer == NULL)
		o->stats.lost.blocks[piece->kind]++;
	for (unsigned int i = 0; o->failed == 0 && i < o->nb_parts; i++) {
		struct pal_savefile_writer *w = o->parts[i].writer;
		int rc = w == NULL ? 0 : pal_savefile_writer_put_piece(w, piece);

		if (rc < 0)
			output_fail(o, rc, pal_savefile_writer_error(w));
	}
}

void output_replay(struct rw_output *o, struct rw_part *part)
{
	for (unsigned int i = 0; o->failed == 0 && i < o->nb_preamble; i++)
		to_part(o, part, o->preamble[i].in, &o->preamble[i].block);
}
