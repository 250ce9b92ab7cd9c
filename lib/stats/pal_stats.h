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
 *      decode    ...        arp, ipv4_truncated ...  datagrams
 *      defrag    datagrams  frag_merged, ...         whole ones
 *      steer     whole ones inbox_full               handed to their owners
 *      flow      handed to their owners              delivered
 *
 * For every stage in = out + exits, and in total offered = delivered + all exits. What is missing is the residual.
 */

#include <pal_decode.h>
#include <pal_event.h>
#include <pal_flow_table.h>
#include <pal_source.h>

#include <stdio.h>

/** Packets and bytes on the wire. */
struct pal_amount {
	uint64_t pkts;
	uint64_t bytes;
};

/** What the pipeline counts on one lcore. One writer. */
struct pal_lcore_stats {
	struct pal_amount received; /**< From sources. */
	struct pal_amount input; /**< Left after skip and filter. */
	struct pal_amount datagrams; /**< Decoded, checked, with a flow key. */
	struct pal_amount whole; /**< ... and no fragments, or made whole. */
	struct pal_amount steered; /**< Handed to their owners, this lcore's own included. */
	struct pal_amount delivered; /**< That reached their flow here. */
	struct pal_exits exits; /**< Of input, checksums and steer. */
	uint64_t first_ns,
		last_ns; /**< Earliest and latest packet time; first_ns is 0 before any. */
};

/** A whole run. */
struct pal_stats {
	struct pal_source_stats source;
	struct pal_lcore_stats pipeline;
	struct pal_decode_stats decode;
	struct pal_flow_stats flow;
	uint64_t nb_records; /**< EVE records. */
	uint64_t lost_records; /**< Of them and of results; given up live. */
};

/** Add counters of one source, or of one lcore. */
void pal_stats_add_source(struct pal_stats *stats, const struct pal_source_stats *more);
void pal_stats_add_pipeline(struct pal_stats *stats, const struct pal_lcore_stats *more);
void pal_stats_add_decode(struct pal_stats *stats, const struct pal_decode_stats *more);
void pal_stats_add_flow(struct pal_stats *stats, const struct pal_flow_stats *more);

/** The books of one stage. */
struct pal_books {
	struct pal_amount in;
	struct pal_amount out;
	struct pal_amount exits;
	struct pal_amount
		residual; /**< in - out - exits; bytes are not counted where a port does not tell them. */
};

/** Read the books of a stage; PAL_STAGE_COUNT is the whole. */
void pal_stats_books(
	const struct pal_stats *stats,
	enum pal_stage stage,
	struct pal_books *ret_books
);

/** Packets and bytes that left by one exit. */
struct pal_amount pal_stats_exit(const struct pal_stats *stats, enum pal_drop drop);

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
