/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_WRITER_H
#define PAL_WRITER_H

/**
 * @file
 * The one thread that writes: records from many lcores into the files of the results.
 *
 *      lcore: pal_out  -- fills a block per sink -->  ══ ring of full blocks ══>  writer thread --> files
 *                      <══════════════ ring of free blocks ══════════════
 *
 * Offline an lcore waits for a free block, so nothing is lost. Live it gives the record up and counts it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pal_writer;
struct pal_out;

/** Longest record. */
#define PAL_WRITER_BLOCK_BYTES (128 * 1024)

/** Files that can be open. */
#define PAL_WRITER_MAX_SINKS 16

struct pal_writer_conf {
	bool live; /**< Lose records rather than wait; append to files rather than replace them. */
	uint16_t nb_outs; /**< pal_out_create() calls to come. */
};

/** What a sink puts around and between its records. NULL is empty. */
struct pal_sink_frame {
	const char *head; /**< Once, before everything. */
	const char *separator; /**< Between two records. */
	const char *tail; /**< Once, after everything. */
};

/** One JSON object a line. */
extern const struct pal_sink_frame pal_sink_lines;

/** Start the writer thread. NULL with errno set. EAL is needed. */
struct pal_writer *pal_writer_create(const struct pal_writer_conf *conf);

/**
 * Open a file, or standard output where path is `-`. Main only, before the lcores start.
 *
 * @return
 *   The sink; -errno of open(2), -ENOSPC after PAL_WRITER_MAX_SINKS.
 */
int pal_writer_open(struct pal_writer *w, const char *path, const struct pal_sink_frame *frame);

/**
 * Close and open the files of lines again, by name: after somebody moved them away. Documents, which end only
 * with the run, stay open. Done by the writer thread.
 */
void pal_writer_reopen(struct pal_writer *w);

/**
 * The first error in writing, if there was one. After pal_writer_finish() it is the last word.
 *
 * @param ret_path
 *   The file; good until pal_writer_destroy().
 * @return
 *   0 or the errno.
 */
int pal_writer_error(const struct pal_writer *w, const char **ret_path);

/** Records and bytes that reached a file so far. Any thread. */
void pal_writer_written(
	const struct pal_writer *w,
	int sink,
	uint64_t *ret_records,
	uint64_t *ret_bytes
);

/** Write what is waiting, end the thread, close the files. All pal_outs were destroyed. */
void pal_writer_finish(struct pal_writer *w);

/** Finish, if that was not done, and free. NULL is a no-op. */
void pal_writer_destroy(struct pal_writer *w);

/** Make the sending side of one lcore (or of main). NULL with errno set. */
struct pal_out *pal_out_create(struct pal_writer *w);

/**
 * Room for one record.
 *
 * @return
 *   PAL_WRITER_BLOCK_BYTES or fewer, but at least min_len bytes, and how many; NULL: the record is lost, and counted.
 */
char *pal_out_reserve(struct pal_out *out, int sink, size_t min_len, size_t *ret_len);

/** The record in the room just reserved is complete and so long. */
void pal_out_commit(struct pal_out *out, int sink, size_t len);

/**
 * Write text as it is, of any length, no separator: what follows the last record. Everything that this and
 * all other pal_outs have flushed comes before it. Never lost, also live.
 */
void pal_out_raw(struct pal_out *out, int sink, const char *text, size_t len);

/** A record that did not fit into what was reserved is given up, and counted. */
void pal_out_drop(struct pal_out *out);

/** Hand over all blocks that hold something, however little. */
void pal_out_flush(struct pal_out *out);

/** Records given up for want of a block or because they were too long. */
uint64_t pal_out_lost(const struct pal_out *out);

/** Flush and free. NULL is a no-op. */
void pal_out_destroy(struct pal_out *out);

#endif
