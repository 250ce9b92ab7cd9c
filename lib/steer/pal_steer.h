/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_STEER_H
#define PAL_STEER_H

/**
 * @file
 * Which lcore owns a packet, and how it gets there.
 *
 *      flow key -> symmetric Toeplitz hash -> low 9 bits: the shard -> owner[shard]: the lcore
 *
 *      lcore A: outbox to B  ══ inbox of B (rte_ring, many producers, one consumer) ══>  lcore B
 *
 * The hash is the one that a NIC with the symmetric key computes, so a RETA that deals shards to queues
 * brings most packets to their owner at once; the inboxes carry the rest.
 */

#include <pal_pkt.h>

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct rte_ring;

/** Parts of the flow space: the unit of ownership and of limits. */
#define PAL_SHARDS 512

/** Who owns which shard. Written before the lcores start. */
struct pal_steer_map {
	uint16_t owner[PAL_SHARDS];
};

static inline uint16_t pal_steer_shard(const struct pal_pkt *pkt)
{
	return pkt->steer_hash & (PAL_SHARDS - 1);
}

/** Deal the shards to the lcores first .. first + nb_owners - 1 in turn, as a RETA is filled. */
void pal_steer_deal(struct pal_steer_map *map, uint16_t first, uint16_t nb_owners);

/**
 * Fill in steer_hash: addresses and ports for TCP, UDP and SCTP, addresses alone for everything else and
 * for fragments, as the hash types of RSS have it.
 *
 * @param pkt
 *   Decoded, with a key.
 */
void pal_steer_hash(struct pal_pkt *pkt);

/**
 * The same of the two addresses alone: keeps both directions, fragments, and all that goes through a tunnel
 * together, for cutting traffic into parts.
 */
uint32_t pal_steer_hash_addrs(const struct pal_flow_key *key);

/** What one burst of frames can become: each may be so many datagrams in tunnels, one inside the other. */
#define PAL_OUTBOX_MAX (PAL_BURST_MAX * (1 + PAL_TUNNEL_MAX))

/** Packets on their way from one lcore to another. Owned by the sender. */
struct pal_outbox {
	struct rte_ring *inbox; /**< Of the receiver. */
	uint16_t nb_pkts;
	struct rte_mbuf *pkts[PAL_OUTBOX_MAX];
};

/**
 * Make the inbox of one lcore.
 *
 * @return
 *   The ring, freed with rte_ring_free(); NULL with errno set.
 */
struct rte_ring *pal_inbox_create(uint16_t lcore_index, uint32_t nb_pkts);

/** Hand over what fits. What did not stays in the outbox, in order. Returns true when the outbox is empty. */
bool pal_outbox_flush(struct pal_outbox *box);

/** Take up to nb_pkts packets out of one's own inbox. */
uint16_t pal_inbox_burst(struct rte_ring *inbox, struct rte_mbuf **pkts, uint16_t nb_pkts);

#endif
