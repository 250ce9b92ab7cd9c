/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PIPELINE_PRIV_H
#define PAL_PIPELINE_PRIV_H

#include "pal_pipeline.h"

#include <pal_mbuf.h>
#include <pal_steer.h>

#include <rte_lcore.h>

#define PIPELINE_MAX_LCORES RTE_MAX_LCORE
#define PIPELINE_MAX_QUEUES 256

/** A queue that an lcore polls. */
struct rx_queue {
	struct pal_source *source;
	uint16_t queue_id;
	bool ended;
};

#define PCAP_MAX_INTERFACES 64

/** Link types that have an interface in the file of -w, by the interface's number. */
struct pcap_interfaces {
	uint16_t linktypes[PCAP_MAX_INTERFACES];
	uint16_t nb;
};

/** One lcore. Everything in it is its own, but for what says otherwise. */
struct lcore {
	struct pal_pipeline *p; // ro
	uint16_t index;
	unsigned int lcore_id; // EAL's

	/* receiving */
	uint16_t nb_queues;
	struct rx_queue queues[PIPELINE_MAX_QUEUES];
	uint64_t nb_numbered; // packets numbered so far
	struct pcap_interfaces pcap; // of the file of -w
	struct pal_decode_stats decode;
	uint16_t nb_local; // of this turn, for the worker side
	struct rte_mbuf *local[PAL_BURST_MAX];
	uint16_t nb_dead; // of this turn, to be freed
	struct rte_mbuf *dead[PAL_BURST_MAX];
	struct pal_outbox *outboxes; // one per lcore; NULL with a single lcore
	bool outboxes_pending; // something could not be handed over

	/* working */
	struct rte_ring *inbox; // others: enqueue
	struct pal_flow_table *flows; // NULL: owns no shards
	struct pal_chain *chain;
	struct pal_events events;
	struct pal_out *out;
	uint64_t next_tick_ns;
	uint32_t nb_turns;

	struct pal_lcore_stats stats; // main: ro

	/* said to others at the end */
	bool rx_ended __rte_cache_aligned; // owner: wo with release, others: ro with acquire
	bool returned; // owner: wo with release, main: ro with acquire
} __rte_cache_aligned;

struct pal_pipeline {
	struct pal_pipeline_conf conf;
	struct pal_steer_map map; // ro while running
	uint16_t nb_lcores;
	uint16_t nb_readers; // lcores with queues
	uint16_t first_worker; // lcores from here on own shards
	bool started;
	bool stop; // main: wo, lcores: ro
	struct lcore *lcores;
};

/** Write the beginning of the file of -w. Main, before the lcores start. */
void pcap_begin(struct pal_pipeline *p);

/** Write one packet to it. */
void pcap_put(struct lcore *lc, struct rte_mbuf *m);

/** Receive, decode and steer one burst of every queue. Returns packets received. */
uint16_t rx_turn(struct lcore *lc);

/** Has this lcore no more packets to give to anybody? */
bool rx_is_over(const struct lcore *lc);

/** Work off what was steered to this lcore. Returns packets worked on. */
uint16_t worker_turn(struct lcore *lc);

/** Clocks and ticks that must go on without packets. */
void worker_housekeeping(struct lcore *lc);

/** End all flows; end_ns is the last packet time of the whole run. */
void worker_finish(struct lcore *lc, uint64_t end_ns);

#endif
