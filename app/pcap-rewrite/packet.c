/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.h"

#include <netinet/in.h>
#include <string.h>

void rw_packet_fill(struct rw_packet *p, const struct pal_savefile_rec *rec, uint64_t number)
{
	struct pal_pkt *pkt = &p->pkt;

	pkt->time_ns = rec->time_ns;
	pkt->number = number;
	pkt->wire_len = rec->wire_len;
	pkt->linktype = rec->linktype;
	pkt->input = 0;
	pkt->data = rec->data;
	pkt->cap_len = rec->cap_len;
}

bool rw_proto_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

// Ports are in the key also where the rest of the transport header is cut off.
static bool ports_captured(const struct pal_pkt *pkt)
{
	if ((pkt->flags & PAL_PKT_FRAGMENT) != 0)
		return false;
	return (pkt->flags & PAL_PKT_L4_TRUNCATED) == 0 || pkt->cap_len - pkt->l4_off >= 4;
}

void rw_packet_decode(struct rw_packet *p, struct pal_decode_stats *stats)
{
	struct pal_pkt *pkt = &p->pkt;
	struct rw_tuple *t = &p->tuple;
	unsigned int sender;

	pal_decode(pkt, stats);
	memset(t, 0, sizeof(*t));
	if (pkt->drop != PAL_DROP_NONE)
		return;
	sender = pal_pkt_sender(pkt);
	t->src = &pkt->key.addr[sender];
	t->dst = &pkt->key.addr[!sender];
	t->version = pkt->key.ip_version;
	t->proto = pkt->key.proto;
	t->has_ports = (pkt->flags & PAL_PKT_FRAGMENT) == 0;
	if (!rw_proto_has_ports(t->proto))
		return;
	t->has_ports = ports_captured(pkt);
	if (t->has_ports) {
		t->sport = pkt->key.port[sender];
		t->dport = pkt->key.port[!sender];
	}
}
