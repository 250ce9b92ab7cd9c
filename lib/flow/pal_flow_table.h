/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FLOW_TABLE_H
#define PAL_FLOW_TABLE_H

/**
 * @file
 * The flow table of one lcore: datagrams in, flows opened, followed and closed.
 *
 * One table per lcore, private to it. Inside, everything that decides about a flow belongs to its shard:
 * the clock, the timeouts, the cap, who is evicted. A shard is driven by its own packets alone, so that
 * the flows of a capture are the same however many lcores the shards are dealt to.
 */

#include "pal_flow.h"

#include <pal_steer.h>

#include <stddef.h>

struct pal_flow_table;

/** Protocols with timeouts of their own. */
enum pal_flow_proto {
	PAL_FLOW_TCP,
	PAL_FLOW_UDP,
	PAL_FLOW_ICMP, /**< ICMP and ICMPv6. */
	PAL_FLOW_OTHER,
	PAL_FLOW_PROTO_COUNT,
};

/** Called by pal_flow_track() and the sweeps, on the table's lcore. */
struct pal_flow_hooks {
	/** A flow begins with pkt. Its plugin bytes are zero. */
	void (*on_open)(void *arg, struct pal_flow *flow, const struct pal_pkt *pkt);
	/** A flow has ended, flow->end says why. It is gone when this returns. */
	void (*on_close)(void *arg, struct pal_flow *flow);
	void *arg;
};

struct pal_flow_conf {
	uint32_t
		max_flows; /**< Over all PAL_SHARDS shards; each may hold its part. At least PAL_SHARDS. */
	uint32_t extra_bytes; /**< Plugin bytes behind each flow, a multiple of 8. */
	/** Bytes beside each TCP flow, in memory of their own that other flows do not touch; pal_flow_side(). */
	uint32_t side_bytes;
	uint64_t timeout_ns[PAL_FLOW_PROTO_COUNT][PAL_FLOW_STATE_COUNT];
	struct pal_flow_hooks hooks;
};

/** What one table counted. One writer. */
struct pal_flow_stats {
	uint64_t pkts, bytes; /**< Delivered to flows. */
	uint64_t opened;
	uint64_t opened_by[PAL_FLOW_PROTO_COUNT];
	uint64_t opened_icmpv6; /**< Of opened_by[PAL_FLOW_ICMP]. */
	uint64_t ended[PAL_FLOW_END_COUNT];
	uint64_t active; /**< Flows now. */
	uint64_t max_active;
	uint64_t tcp_syn, tcp_synack, tcp_rst; /**< Packets. */
	uint64_t tcp_midstream; /**< Connections whose first packet was no SYN. */
	uint64_t clock_backward; /**< Packets older than one before them in their shard. */
};

/**
 * Create the table of one lcore. Memory is reserved whole and touched as flows come.
 *
 * @param conf
 *   Copied.
 * @param nb_shards
 *   Shards that this lcore will own.
 * @return
 *   The table, freed with pal_flow_table_destroy(); NULL with errno set: EINVAL, ENOMEM.
 */
struct pal_flow_table *pal_flow_table_create(const struct pal_flow_conf *conf, uint32_t nb_shards);

/** Free a table; its flows are not reported. NULL is a no-op. */
void pal_flow_table_destroy(struct pal_flow_table *tbl);

/** Memory reserved by a table, and of that by one flow (its share of the index included). */
size_t pal_flow_table_bytes(const struct pal_flow_table *tbl);
size_t pal_flow_bytes(const struct pal_flow_table *tbl);

/** Start loading what pal_flow_track() will need for these packets. At most PAL_BURST_MAX. */
void pal_flow_prefetch(struct pal_flow_table *tbl, struct pal_pkt *const *pkts, uint16_t nb_pkts);

/**
 * Find or open the flow of one packet and count it there. Ends flows that this packet's time or
 * flags end, before the packet's own flow is looked at.
 *
 * @param i
 *   Its index in the burst last given to pal_flow_prefetch().
 * @return
 *   Its flow; also in pkt->flow.
 */
struct pal_flow *pal_flow_track(struct pal_flow_table *tbl, uint16_t i, struct pal_pkt *pkt);

/**
 * Live only: move the clocks of shards that have fallen silent forward to now_ns, a few shards a call.
 */
void pal_flow_tick(struct pal_flow_table *tbl, uint64_t now_ns);

/**
 * End every flow: those whose timeout has passed at end_ns by timeout, the others by shutdown.
 *
 * @param end_ns
 *   Time of the last packet of the whole run, the same for all tables.
 */
void pal_flow_finish(struct pal_flow_table *tbl, uint64_t end_ns);

const struct pal_flow_stats *pal_flow_stats_get(const struct pal_flow_table *tbl);

/** The bytes beside a TCP flow, zero when it opens. NULL for other flows, and where none were asked for. */
void *pal_flow_side(const struct pal_flow_table *tbl, const struct pal_flow *flow);

/** Plugin bytes of a flow. */
static inline void *pal_flow_extra(struct pal_flow *flow, uint32_t offset)
{
	return (uint8_t *)flow + sizeof(*flow) + offset;
}

#endif
