/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_STATS_H
#define PAL_STATS_H

/**
 * @file
 * The counters of all layers added up, and the books made of them.
 *
 *      stage     in         exits                    out
 *      source    offered    nic_missed, kernel_...   received
 *      input     received   skipped, filtered        ...
 *      decode    ...        arp, ipv4_truncated ...  datagrams, fragments among them
 *      defrag    ...        frag_timeout ...         whole datagrams, counted in the frames they came in
 *      steer     ...        inbox_full               handed to their owners
 *      flow      handed to their owners              delivered
 *
 * For every stage in = out + exits, and in total offered = delivered + all exits. What is missing is the residual.
 *
 * There are two books. One counts frames, as they were captured. What was unwrapped from a tunnel is in no frame of its
 * own; those datagrams have a book for themselves, which begins at decode.
 */

#include <pal_anomaly.h>
#include <pal_decode.h>
#include <pal_defrag.h>
#include <pal_event.h>
#include <pal_flow_table.h>
#include <pal_proto.h>
#include <pal_source.h>
#include <pal_stream.h>

#include <stdio.h>

enum pal_book {
	PAL_BOOK_FRAMES,
	PAL_BOOK_INNER, /**< Unwrapped from tunnels. */
	PAL_BOOK_COUNT,
};

/** What the pipeline counts in one book on one lcore. */
struct pal_book_stats {
	struct pal_amount input; /**< Given to decode. */
	struct pal_amount datagrams; /**< Decoded, checked, with a flow key. */
	struct pal_amount whole; /**< Not a fragment, or no longer. */
	struct pal_amount steered; /**< Handed to their owners, this lcore's own included. */
	struct pal_amount delivered; /**< That reached their flow here. */
	struct pal_exits exits; /**< Other than those that decode counts. */
};

/** What the pipeline counts on one lcore. One writer. */
struct pal_lcore_stats {
	struct pal_amount received; /**< From sources. */
	struct pal_book_stats book[PAL_BOOK_COUNT];
	uint64_t anomalies[PAL_ANOMALY_CODES]; /**< Met, by their code. */
	uint64_t apps
		[PAL_APP_COUNT]; /**< Flows that ended, by what they were; where that was looked for. */
	uint64_t first_ns,
		last_ns; /**< Earliest and latest packet time; first_ns is 0 before any. */
};

/** What one plugin took, on all lcores. */
struct pal_stats_plugin {
	const char *name;
	uint64_t calls, cycles;
};

#define PAL_STATS_MAX_PLUGINS 32

/** A whole run. */
struct pal_stats {
	struct pal_source_stats source;
	struct pal_lcore_stats pipeline;
	struct pal_decode_stats decode;
	struct pal_flow_stats flow;
	struct pal_defrag_stats defrag;
	struct pal_streams_stats streams;
	uint16_t nb_plugins; /**< 0: not measured. */
	struct pal_stats_plugin plugins[PAL_STATS_MAX_PLUGINS];
	bool live; /**< The run is. */
	uint64_t nb_records; /**< EVE records. */
	uint64_t lost_records; /**< Of them and of results; given up live. */
};

/** Add counters of one source, or of one lcore. */
void pal_stats_add_source(struct pal_stats *stats, const struct pal_source_stats *more);
void pal_stats_add_pipeline(struct pal_stats *stats, const struct pal_lcore_stats *more);
void pal_stats_add_decode(struct pal_stats *stats, const struct pal_decode_stats *more);
void pal_stats_add_flow(struct pal_stats *stats, const struct pal_flow_stats *more);
void pal_stats_add_defrag(struct pal_stats *stats, const struct pal_defrag_stats *more);
void pal_stats_add_streams(struct pal_stats *stats, const struct pal_streams_stats *more);

/** The books of one stage. */
struct pal_books {
	struct pal_amount in;
	struct pal_amount out;
	struct pal_amount exits;
	struct pal_amount
		residual; /**< in - out - exits; bytes are not counted where a port does not tell them. */
};

/** Read a book at one stage; PAL_STAGE_COUNT is the whole. */
void pal_stats_books(
	const struct pal_stats *stats,
	enum pal_book book,
	enum pal_stage stage,
	struct pal_books *ret_books
);

/** Packets and bytes that left by one exit. */
struct pal_amount
pal_stats_exit(const struct pal_stats *stats, enum pal_book book, enum pal_drop drop);

/** Anomalies of all kinds. */
uint64_t pal_stats_anomalies(const struct pal_stats *stats);

/** The first stage of a book. */
enum pal_stage pal_stats_first_stage(enum pal_book book);

/** Packets that were lost: exits of a live run that nobody asked for. */
uint64_t pal_stats_lost(const struct pal_stats *stats);

/**
 * Write the records `stats` (Suricata's names) and `pal_stats` (the ledger, and numbers not known).
 *
 * @param final
 *   All lcores have returned. Before that, what is missing between two stages is on its way: `in_flight`
 *   instead of `residual`.
 * @param uptime_s
 *   Seconds that the run covers: of packet time offline, so that it is the same whenever it is run.
 */
void pal_stats_write_eve(
	const struct pal_stats *stats,
	struct pal_events *events,
	bool final,
	uint64_t time_ns,
	uint64_t uptime_s
);

/** Print the ledger for people. */
void pal_stats_print(const struct pal_stats *stats, FILE *out);

#endif
