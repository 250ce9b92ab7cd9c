/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_steer.h"

#include <pal_err.h>

#include <rte_errno.h>
#include <rte_ring.h>

#include <stdio.h>
#include <string.h>

void pal_steer_deal(struct pal_steer_map *map, uint16_t first, uint16_t nb_owners)
{
	for (uint16_t i = 0; i < PAL_SHARDS; i++)
		map->owner[i] = first + i % nb_owners;
}

struct rte_ring *pal_inbox_create(uint16_t lcore_index, uint32_t nb_pkts)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "pal_inbox_%u", lcore_index);
	ring = rte_ring_create(name, nb_pkts, SOCKET_ID_ANY, RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return ring != NULL ? ring : pal_err_null(rte_errno);
}

bool pal_outbox_flush(struct pal_outbox *box)
{
	unsigned int sent;

	if (box->nb_pkts == 0)
		return true;
	sent = rte_ring_enqueue_burst(box->inbox, (void **)box->pkts, box->nb_pkts, NULL);
	box->nb_pkts -= (uint16_t)sent;
	if (box->nb_pkts != 0)
		memmove(box->pkts, box->pkts + sent, box->nb_pkts * sizeof(box->pkts[0]));
	return box->nb_pkts == 0;
}

uint16_t pal_inbox_burst(struct rte_ring *inbox, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return (uint16_t)rte_ring_sc_dequeue_burst(inbox, (void **)pkts, nb_pkts, NULL);
}
