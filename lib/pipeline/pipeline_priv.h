/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PIPELINE_PRIV_H
#define PAL_PIPELINE_PRIV_H

#include "pal_pipeline.h"

#include <pal_defrag.h>
#include <pal_detect.h>
#include <pal_mbuf.h>
#include <pal_steer.h>
#include <pal_stream.h>

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
	struct pal_defrag *defrag; // NULL: no fragments come here
	struct rte_mempool
		*views; // mbufs without memory of their own, for what was unwrapped or put together
	uint16_t nb_local; // of this turn, for the worker side
	struct rte_mbuf *local[PAL_OUTBOX_MAX];
	uint16_t nb_dead; // of this turn, to be freed
	struct rte_mbuf *dead[PAL_BURST_MAX];
	struct pal_outbox *outboxes; // one per lcore; NULL with a single lcore
	bool outboxes_pending; // something could not be handed over

	/* working */
	struct rte_ring *inbox; // others: enqueue
	struct pal_flow_table *flows; // NULL: owns no shards
	struct pal_streams *streams; // NULL: nobody wants any
	struct pal_detect *detect; // NULL: no plugin asks for application protocols
	struct rte_mempool *kept; // for copies of packets that streams hold on to
	struct pal_chain *chain;
	struct pal_events events;
	struct pal_out *out;
	uint64_t next_tick_ns;
	uint32_t nb_turns;

	struct pal_lcore_stats stats; // main: ro

	/* said to others: owner: wo with release, others: ro with acquire */
	uint64_t nb_handed __rte_cache_aligned; // packets put into other lcores' inboxes
	uint64_t
		nb_taken; // packets out of the own inbox that are worked off, with all that came of them
	bool rx_ended;
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

/** The book that a packet is in. */
static inline struct pal_book_stats *lcore_book(struct lcore *lc, const struct pal_pkt *pkt)
{
	return &lc->stats.book[pkt->depth == 0 ? PAL_BOOK_FRAMES : PAL_BOOK_INNER];
}

/** Frames are the unit of the books: a datagram made of fragments is as many as it came in. */
static inline void lcore_count(struct pal_amount *amount, const struct pal_pkt *pkt)
{
	amount->pkts += 1u + pkt->more_frames;
	amount->bytes += pkt->wire_len;
}

/** An mbuf that is not needed any more; freed with others. */
void lcore_bury(struct lcore *lc, struct rte_mbuf *m);
void lcore_free_dead(struct lcore *lc);

/** A packet leaves by a named exit, and is buried. */
void lcore_drop(struct lcore *lc, struct rte_mbuf *m, enum pal_drop drop);

/** Tell plugins of an oddity. */
void lcore_anomaly(struct lcore *lc, const struct pal_anomaly *anomaly);

/** The same, for plugins. */
void lcore_anomaly_sink(struct lcore *lc, struct pal_anomaly_sink *ret_sink);

/** What a packet that was just decoded shows. */
void lcore_decode_anomalies(struct lcore *lc, const struct pal_pkt *pkt);

/** The defragmenter's on_event; arg is the lcore. */
void lcore_on_defrag_event(
	void *arg,
	enum pal_defrag_event event,
	const struct pal_defrag_event_info *info
);

/** An event of a stream that is an anomaly. */
void lcore_stream_anomaly(
	struct lcore *lc,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
);

/** Where the defragmenter says what came of fragments. */
void lcore_defrag_hooks(struct lcore *lc, struct pal_defrag_hooks *ret_hooks);

/** Where streams go: to the plugins. */
void lcore_stream_hooks(struct lcore *lc, struct pal_stream_hooks *ret_hooks);

/** Where plugins say whose a flow is. */
void lcore_app_sink(struct lcore *lc, struct pal_app_sink *ret_sink);

/** Bytes of a stream: is its protocol known by them? And then to the plugins that want that protocol. */
void lcore_app_stream(struct lcore *lc, struct pal_flow *flow, const struct pal_stream_data *data);
void lcore_app_gap(
	struct lcore *lc,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
);

/** The stream ends. */
void lcore_app_end(struct lcore *lc, struct pal_flow *flow);

/** A datagram, before plugins get it. */
void lcore_app_datagram(struct lcore *lc, struct pal_flow *flow, const struct pal_pkt *pkt);

/** A packet of a TCP flow for its stream. Returns true if that keeps the mbuf. */
bool lcore_stream(struct lcore *lc, struct pal_flow *flow, struct rte_mbuf *m);

/** The flow ends: so does its stream. */
void lcore_stream_close(struct lcore *lc, struct pal_flow *flow);

/** Check what decode made of a packet, and count it. What is no datagram leaves here: false, and it is buried. */
bool accept_datagram(struct lcore *lc, struct rte_mbuf *m);

/** A decoded datagram goes its way: fragments together, tunnels unwrapped, all to their owners. */
void dispatch(struct lcore *lc, struct rte_mbuf *m);

/** Hand over what waits for other lcores. Offline what does not fit is kept and outboxes_pending says so. */
void flush_outboxes(struct lcore *lc);

/** Receive, decode and steer one burst of every queue. Returns packets received. */
uint16_t rx_turn(struct lcore *lc);

/** Has this lcore no more packets to give to anybody? */
bool rx_is_over(const struct lcore *lc);

/** Work off what was steered to this lcore. Returns packets worked on. */
uint16_t worker_turn(struct lcore *lc);

/** Only what came from this lcore itself. */
uint16_t worker_local(struct lcore *lc);

/** Clocks and ticks that must go on without packets. */
void worker_housekeeping(struct lcore *lc);

/** End all flows; end_ns is the last packet time of the whole run. */
void worker_finish(struct lcore *lc, uint64_t end_ns);

#endif
