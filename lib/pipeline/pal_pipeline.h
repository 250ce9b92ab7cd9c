/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PIPELINE_H
#define PAL_PIPELINE_H

/**
 * @file
 * The one place that names all stages, in order: sources in, events out, on any number of lcores.
 *
 *      every lcore, again and again (lcore_main() in pal_pipeline.c):
 *
 *      rx_turn()       source -> skip, filter -> decode -> frame hooks -> dispatch()    of the queues that it polls
 *      dispatch()      fragments -> whole datagrams, tunnels -> what is in them, each steered to its owner
 *      worker_turn()   inbox -> flow -> datagram and payload hooks -> stream hooks      of the shards that it owns
 *
 * -j 1: one lcore has all queues and all shards, and no ring is crossed. Offline with more: the first lcore
 * reads, the others own the shards. Live: every lcore has its part of the queues and of the shards.
 */

#include <pal_chain.h>
#include <pal_defrag.h>
#include <pal_filter.h>
#include <pal_flow_table.h>
#include <pal_source.h>
#include <pal_stats.h>
#include <pal_stream.h>

struct pal_pipeline;

struct pal_pipeline_conf {
	struct pal_source *const *sources;
	uint16_t nb_sources;
	uint16_t nb_workers; /**< -j. At least 1. */
	bool live; /**< Lose packets rather than wait. */
	uint64_t skip_pkts; /**< Packets at the beginning that are not looked at. */
	uint64_t max_pkts; /**< Stop after so many; 0: never. Exact while one lcore reads. */
	const struct pal_filter *filter; /**< NULL: everything. */
	bool checksums; /**< Drop what has a wrong one. */
	uint32_t inbox_pkts;
	uint32_t idle_sleep_us;
	struct pal_flow_conf flow; /**< Hooks, extra_bytes and side_bytes are filled in here. */
	struct pal_defrag_conf defrag; /**< Of the whole run; hooks are filled in here. */
	struct pal_streams_conf streams; /**< Hooks are filled in here. */
	uint32_t
		nb_views; /**< Datagrams out of tunnels and fragments that may be under way, per lcore. */
	struct pal_plugins *plugins;
	struct pal_writer *writer;
	struct pal_out *out; /**< Main's. */
	int eve_sink; /**< Negative: no records. */
	int pcap_sink; /**< Packets that are looked at go there as pcapng; negative: nowhere. */
};

#define PAL_PIPELINE_ERR_LEN 512

/** Lcores that a pipeline needs, main not counted: for starting EAL with as many. */
uint16_t pal_pipeline_nb_lcores(uint16_t nb_workers, bool live);

/**
 * Build everything; EAL has started with enough lcores. Sources are kept by the caller.
 *
 * @param err
 *   Room for PAL_PIPELINE_ERR_LEN bytes; filled on failure.
 * @return
 *   The pipeline, freed with pal_pipeline_destroy(); NULL with errno set.
 */
struct pal_pipeline *pal_pipeline_create(const struct pal_pipeline_conf *conf, char *err);
void pal_pipeline_destroy(struct pal_pipeline *p);

/** Launch the lcores. */
void pal_pipeline_start(struct pal_pipeline *p);

/** Ask the lcores to read no more, work off what they have, end all flows and return. Any thread, also a signal handler. */
void pal_pipeline_stop(struct pal_pipeline *p);

/** Have all lcores returned? Main. */
bool pal_pipeline_done(const struct pal_pipeline *p);

/** Add up the counters. While lcores run, each number is right for some moment of the last instant. Main. */
void pal_pipeline_stats(struct pal_pipeline *p, struct pal_stats *ret_stats);

/** After pal_pipeline_done(): merge what plugins have found and let them report. 0 or -errno with err filled. */
int pal_pipeline_report(struct pal_pipeline *p, char *err);

/** Memory set aside at the start, by all lcores together. Bytes. */
struct pal_pipeline_memory {
	size_t flows; /**< Flow tables. */
	size_t bytes_per_flow;
	size_t fragments;
	size_t streams; /**< Without the packets that are held themselves. */
};
void pal_pipeline_memory(const struct pal_pipeline *p, struct pal_pipeline_memory *ret_memory);

#endif
