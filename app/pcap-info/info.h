/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef INFO_H
#define INFO_H

/**
 * @file
 * What is in a capture file: collected in one pass, then printed.
 *
 *      collect.c ─ blocks.c, spread.c, hash.c ─►  struct info  ─►  text.c, table.c, json.c, plot.c
 *
 * Whatever a file has, what is kept of it is bounded: totals are exact, details of sections and interfaces beyond
 * INFO_MAX_... are counted only.
 */

#include <pal_savefile.h>

#include <stdio.h>

#define INFO_MAX_SECTIONS 1024 /**< Of a file, with details. */
#define INFO_MAX_INTERFACES 65536 /**< Likewise, of all sections. */
#define INFO_MAX_OPTION_BYTES (8 * 1024 * 1024) /**< Likewise. */
#define INFO_MAX_SECRETS 32 /**< Kinds of secrets, of a file. */
#define INFO_HASH_LEN 65 /**< A hash as text. */

/** Hashes that may be asked for. */
enum info_hash {
	INFO_SHA256,
	INFO_SHA1,
	INFO_BLAKE2S,
	INFO_HASH_COUNT,
};

/** How to look and what to print. */
struct info_conf {
	bool headers_only;
	bool hash[INFO_HASH_COUNT];
	bool exact; /**< Numbers with all their digits. */
	bool table, json;
	bool epoch; /**< Times as seconds since the epoch. */
	bool plot;
	bool progress;
};

/** A time of any year. */
struct info_time {
	int64_t s;
	uint32_t ns;
};

/** Options of a block, as in the file. */
struct info_options {
	uint8_t *bytes;
	size_t len;
	bool big_endian;
};

/** Statistics that a block of them gave last. */
enum info_counter {
	INFO_RECEIVED,
	INFO_DROPPED,
	INFO_ACCEPTED,
	INFO_OS_DROPPED,
	INFO_DELIVERED,
	INFO_COUNTER_COUNT,
};

struct info_statistics {
	uint64_t entries;
	uint64_t counters[INFO_COUNTER_COUNT];
	bool has_counter[INFO_COUNTER_COUNT];
	bool has_start, has_end;
	struct info_time start, end;
};

struct info_interface {
	struct pal_savefile_interface as_read; /**< Its options are not valid any more. */
	struct info_options options;
	uint64_t packets, cap_bytes, wire_bytes;
	uint64_t dropped; /**< As its packets say. */
	struct info_statistics statistics;
};

struct info_section {
	struct info_options options;
	bool big_endian;
	uint16_t version_major, version_minor;
	int64_t length; /**< As its header says; -1: it does not. */
	uint64_t names_ipv4, names_ipv6, names_other;
	uint64_t names_skipped; /**< Blocks of names too long to be looked into. */
	uint64_t blocks[PAL_SAVEFILE_BLOCK_COUNT];
	struct info_interface *interfaces;
	uint32_t nb_interfaces; /**< With details. */
	uint32_t nb_all_interfaces;
};

struct info_secrets {
	uint32_t type;
	uint64_t blocks, bytes;
};

/** Packets and bytes of one size or of one time. */
struct info_slot {
	uint64_t packets, bytes;
};

#define INFO_NB_SIZES 10

/** Packets over time: slots of 10^n ns, so wide that all times seen fit. */
#define INFO_NB_SLOTS 8192
struct info_time_line {
	struct info_slot slots[INFO_NB_SLOTS];
	uint64_t first; /**< Of slots[0]: times / width_ns. */
	uint64_t width_ns;
	uint32_t nb_slots; /**< Up to the last used. */
	uint64_t outside; /**< Packets without a time, or before 1970 or after 2554. */
};

struct info {
	const char *path;
	char error[PAL_SAVEFILE_ERR_LEN]; /**< Why reading ended; empty: where a file may end. */
	bool unreadable; /**< Nothing of it could be read. */
	bool headers_only;
	struct pal_savefile_info file;
	struct pal_savefile_stats stats;
	char hash[INFO_HASH_COUNT][INFO_HASH_LEN]; /**< Empty where not asked for. */
	uint64_t size_bytes; /**< As stored; for a pipe what was read. */
	uint64_t uncompressed_bytes; /**< That were read. */
	struct info_section *sections; /**< One for a pcap file. */
	uint32_t nb_sections;
	uint64_t nb_all_sections, nb_all_interfaces;
	uint64_t *linktypes; /**< Packets of each of 65536. */
	struct info_secrets secrets[INFO_MAX_SECRETS];
	unsigned int nb_secrets;
	size_t option_bytes; /**< Kept. */
	uint32_t interfaces_kept;

	uint64_t packets;
	uint64_t timed; /**< Packets that have a time. */
	uint64_t comments; /**< Of packets. */
	uint64_t dropped; /**< As packets say. */
	struct info_time first, last; /**< The earliest and the latest. */
	struct info_time before; /**< Of the packet before. */
	bool unordered;
	uint8_t digits; /**< Of a second, the most of any interface with packets. */
	uint8_t tsresol; /**< Of the packets, ... */
	bool mixed_precision; /**< ... unless they differ. */
	uint64_t cut; /**< Packets of which not all was captured. */
	uint32_t cut_min, cut_max; /**< What was captured of them. */
	struct info_slot sizes[INFO_NB_SIZES]; /**< By length on the wire. */
	struct info_time_line line;
};

/** Read a file. 0; 1 - damaged or unreadable, see error; -ENOMEM. info_fini() is due in all cases. */
int info_collect(struct info *info, const char *path, const struct info_conf *conf);
void info_fini(struct info *info);

/** For collect.c: a block that is not a packet. */
void info_block(
	struct info *info,
	const struct pal_savefile_reader *r,
	const struct pal_savefile_block *block
);
/** Likewise the start of one that is too long to be looked into. */
void info_long_block(struct info *info, const struct pal_savefile_piece *piece);
/** What the packets now belong to; NULL where it is one too many. */
struct info_section *info_current_section(struct info *info);
/** A section; NULL when it is one too many, or memory is out. */
struct info_section *info_add_section(struct info *info);
struct info_interface *
info_add_interface(struct info *info, const struct pal_savefile_interface *iface);
/** Keep a copy, if not too much is kept already. */
void info_keep_options(
	struct info *info,
	struct info_options *dst,
	const uint8_t *options,
	size_t len,
	bool big_endian
);

/** For collect.c: packets by size and over time. */
void info_spread_add(struct info *info, const struct pal_savefile_rec *rec, bool in_range);
/** Bounds of a size slot, both included; the last has no upper one (UINT32_MAX). */
void info_size_bounds(unsigned int slot, uint32_t *ret_from, uint32_t *ret_to);

/** The time line in at most max_rows intervals of a round number of nanoseconds. */
struct info_rows {
	struct info_slot *rows;
	uint32_t nb_rows;
	uint64_t start_ns, width_ns;
};
/** 0 or -ENOMEM; rows are to be freed. */
int info_rows_of(const struct info *info, uint32_t max_rows, struct info_rows *ret_rows);

/** A stream that takes hashes of all that passes. */
struct info_hashes;
struct info_hashes *info_hashes_create(const bool *wanted);
void info_hashes_add(struct info_hashes *h, const void *data, size_t len);
/** Write them as text, and free. */
void info_hashes_finish(struct info_hashes *h, char (*ret_text)[INFO_HASH_LEN]);
const char *info_hash_name(enum info_hash hash);

/* What several prints share. */
struct info_duration {
	uint64_t s;
	uint32_t ns;
};

const char *info_type_name(const struct info *info); /**< `pcapng`, `nanosecond pcap`. */
struct info_duration info_duration_of(const struct info *info);
double info_duration_seconds(const struct info *info);
/** Whether no packet is earlier than the one before: `True`, `False`, `Unknown`. */
const char *info_order(const struct info *info);
/** Digits of a second that a time of this file has. */
unsigned int info_digits(const struct info *info);
/** Digits that if_tsresol gives; as many as ns have at most. */
unsigned int info_tsresol_digits(uint8_t tsresol);
#define INFO_TEXT_LEN 128
/** `2026-01-02 03:04:05.000006`, or seconds since the epoch. */
void info_format_time(
	char *text,
	const struct info_time *time,
	unsigned int digits,
	bool epoch,
	char between
);
/** `microseconds (6)`. */
void info_format_tsresol(char *text, uint8_t tsresol);
/** `9999 bytes`, `26 kB`: in whole units below 10000, then scaled ones after k, M, G. */
void info_format_scaled(char *text, double v, const char *whole, const char *scaled);
/** Name of a link type; its number where it has none. */
void info_format_linktype(char *text, uint16_t linktype);
/** The encapsulation of all packets: its link type, or -1: there are several, -2: there are none. */
int info_encapsulation(const struct info *info);

/** An option as name and text. */
struct info_option {
	const char *name; /**< As capinfos says it; NULL: nobody knows it. */
	const char *key; /**< As the format calls it. */
	char *value; /**< To be freed. */
	size_t value_len;
	uint16_t code;
	bool is_number;
};
struct info_option_iter {
	struct pal_savefile_options it;
	enum pal_savefile_block_kind kind;
};
struct info_option_iter
info_options_of(const struct info_options *options, enum pal_savefile_block_kind kind);
/** The next one; false at the end, or when memory is out. */
bool info_option_next(struct info_option_iter *it, struct info_option *ret_option);
const char *info_counter_name(enum info_counter counter);
const char *info_counter_key(enum info_counter counter);
const char *info_secrets_name(uint32_t type);

void info_print_text(FILE *out, const struct info *info, const struct info_conf *conf);
/** 0 or -ENOMEM. */
int info_print_plot(FILE *out, const struct info *info);
void info_print_table_head(FILE *out, const struct info_conf *conf);
void info_print_table(FILE *out, const struct info *info, const struct info_conf *conf);
/** One object and a newline. 0 or -ENOMEM. */
int info_print_json(FILE *out, const struct info *info);

/** What a command line asks for. */
struct info_args {
	struct info_conf conf;
	bool help, version, quiet;
	char **paths;
	size_t nb_paths;
};
/** 0; -EINVAL when it is wrong, which was said. */
int info_args_parse(struct info_args *args, int argc, char **argv);
void info_print_help(FILE *out);

/** `pcap-info: ...` on standard error. */
void info_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
