/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_OUTPUT_PRIV_H
#define RW_OUTPUT_PRIV_H

/**
 * @file
 * Inside of the output:
 *
 *      output.c            what format, which of the outputs, how a record is put
 *      output_part.c       the outputs: opened, closed, counted
 *      output_interface.c  interfaces of the input and those of an output
 *      output_block.c      blocks that are no packets
 */

#include "output.h"

/** An interface of an input, with one link type, in an output. */
struct rw_target {
	uint16_t linktype;
	uint32_t number; // in the output
	uint32_t next; // with another link type, from 1; 0: none
};

/** All those of one input's section. */
struct rw_targets {
	uint32_t *first; // by number in the input, into targets, from 1
	uint32_t nb_first;
	struct rw_target *targets;
	uint32_t nb_targets, room_targets;
};

/** One output. */
struct rw_part {
	struct pal_savefile_writer *writer;
	struct rw_targets *inputs; // by index of the input
	uint16_t linktype; // pcap: the one of the file
	bool has_interface;
};

/** A block that an output that is begun later gets as well. */
struct rw_preamble {
	const struct rw_input *in;
	struct pal_savefile_block block; // raw is a copy
};

struct rw_output {
	struct rw_output_conf conf;
	struct rw_split split;
	struct pal_savefile_writer_conf writer_conf;
	uint8_t pcap_header
		[PAL_SAVEFILE_PCAP_HEADER_LEN]; // that of the input, where it is taken over
	uint16_t adopted_linktype; // ... and what it says
	bool single; // one input
	bool pcapng; // is written
	bool mirror;
	struct rw_part *parts; // a sequence has one at a time
	unsigned int nb_parts, nb_opened;
	struct pal_savefile_writer_interface
		known; // the first that was seen, for outputs without packets
	bool is_known;
	struct rw_preamble *preamble;
	unsigned int nb_preamble, room_preamble;
	size_t preamble_bytes;
	uint8_t *options; // room for changed ones
	size_t options_room;
	struct pal_savefile_writer_stats
		stats; // of outputs that are closed, and of what no writer was given
	int failed;
};

/** Remember the first failure and say why. Returns rc, negative, with errno set. */
int output_fail(struct rw_output *o, int rc, const char *why);

/* output_part.c */
int output_parts_start(struct rw_output *o);
int output_part_next(struct rw_output *o, uint32_t part, uint64_t time_ns);
void output_part_fini(struct rw_output *o, struct rw_part *part);

/* output_interface.c */
/** Number of an interface in an output, described there if it is not yet. -errno as of the writer. */
int64_t output_interface(
	struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	uint32_t index,
	uint16_t linktype
);
/** An interface was described: give it to all outputs of pcapng, in the order of the input. */
void output_note_interface(
	struct rw_output *o,
	const struct rw_input *in,
	const struct pal_savefile_interface *iface,
	uint32_t index
);
/** The input begins a section: its numbers are forgotten. */
void output_forget_interfaces(struct rw_part *part, const struct rw_input *in);
/** Number of an interface in an output; -ENOENT: it is not described there. */
int64_t output_find_interface(
	const struct rw_part *part,
	const struct rw_input *in,
	uint32_t index,
	uint16_t linktype
);
/** Take out of a record's options what is not true of changed bytes. 0 or -ENOMEM. */
int output_clean_options(struct rw_output *o, struct pal_savefile_rec *rec);

/* output_block.c */
void output_on_block(void *arg, struct rw_input *in, const struct pal_savefile_block *block);
void output_on_piece(void *arg, struct rw_input *in, const struct pal_savefile_piece *piece);
/** Give an output that begins what is remembered. */
void output_replay(struct rw_output *o, struct rw_part *part);
/** Forget what is remembered of an input; NULL: of all. */
void output_preamble_clear(struct rw_output *o, const struct rw_input *in);

#endif
