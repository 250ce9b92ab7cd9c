/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_event.h"

#include <pal_err.h>
#include <pal_input.h>

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

void pal_events_need(struct pal_events *ev, size_t len)
{
	assert(len <= PAL_WRITER_BLOCK_BYTES / 2);
	if (ev->room < len)
		ev->room = len;
}

int pal_events_annotate(struct pal_events *ev, pal_event_annotate_t fn, void *state)
{
	if (ev->nb_annotators == PAL_EVENT_MAX_ANNOTATORS)
		return pal_err(ENOSPC);
	ev->annotators[ev->nb_annotators].fn = fn;
	ev->annotators[ev->nb_annotators++].state = state;
	return 0;
}

const char *pal_event_proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_IGMP:
		return "IGMP";
	case IPPROTO_IPIP:
		return "IPv4";
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_IPV6:
		return "IPv6";
	case IPPROTO_RSVP:
		return "RSVP";
	case IPPROTO_GRE:
		return "GRE";
	case IPPROTO_ESP:
		return "ESP";
	case IPPROTO_AH:
		return "AH";
	case IPPROTO_ICMPV6:
		return "IPv6-ICMP";
	case 88:
		return "EIGRP";
	case 89:
		return "OSPF";
	case IPPROTO_PIM:
		return "PIM";
	case 112:
		return "VRRP";
	case 115:
		return "L2TP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_UDPLITE:
		return "UDPLite";
	default:
		return NULL;
	}
}

void pal_event_put_time(struct pal_events *ev, struct pal_json *j, uint64_t time_ns)
{
	char text[PAL_TIME_ISO_LEN + 2];
	size_t len = pal_time_iso(&ev->time_cache, time_ns, text + 1);

	text[0] = text[len + 1] = '"';
	pal_json_put_raw(j, text, len + 2);
}

static struct pal_json *begin(struct pal_events *ev, uint64_t time_ns)
{
	size_t len;
	char *dst;

	if (ev->sink < 0)
		return NULL;
	dst = pal_out_reserve(ev->out, ev->sink, ev->room, &len);
	if (dst == NULL)
		return NULL;
	ev->json = pal_json_of(dst, len);
	pal_json_open_obj(&ev->json);
	pal_event_time(ev, &ev->json, "timestamp", time_ns);
	return &ev->json;
}

struct pal_json *pal_event_begin(struct pal_events *ev, const char *type, uint64_t time_ns)
{
	struct pal_json *j = begin(ev, time_ns);

	if (j != NULL)
		pal_json_str(j, "event_type", type);
	return j;
}

static void put_input(struct pal_json *j, uint16_t index, uint64_t number)
{
	const struct pal_input *input = pal_input_get(index);

	if (input->live) {
		pal_json_str(j, "in_iface", input->name);
		return;
	}
	pal_json_str(j, "pcap_filename", input->name);
	if (number != 0)
		pal_json_u64(j, "pcap_cnt", number);
}

static void put_vlans(struct pal_json *j, const struct pal_flow_key *key)
{
	if (key->vlan[0] == 0)
		return;
	pal_json_open(j, "vlan", '[');
	for (int i = 0; i < PAL_VLAN_MAX && key->vlan[i] != 0; i++)
		pal_json_elem_u64(j, key->vlan[i] & 0xfff);
	pal_json_close(j, ']');
}

static void put_proto(struct pal_json *j, uint8_t proto)
{
	const char *name = pal_event_proto_name(proto);
	char number[4];

	if (name == NULL) {
		// As Suricata writes a protocol without a name.
		snprintf(number, sizeof(number), "%03u", proto);
		name = number;
	}
	pal_json_str(j, "proto", name);
}

static void put_endpoints(struct pal_json *j, const struct pal_flow_key *key, unsigned int src)
{
	bool ports = key->proto == IPPROTO_TCP || key->proto == IPPROTO_UDP ||
		     key->proto == IPPROTO_SCTP;

	pal_json_addr(j, "src_ip", &key->addr[src], key->ip_version);
	if (ports)
		pal_json_u64(j, "src_port", key->port[src]);
	pal_json_addr(j, "dest_ip", &key->addr[!src], key->ip_version);
	if (ports)
		pal_json_u64(j, "dest_port", key->port[!src]);
	put_proto(j, key->proto);
}

// The datagram around that of the flow, as its first packet had it.
static void put_tunnel(struct pal_json *j, const struct pal_tunnel *t)
{
	unsigned int depth = 0;

	while (depth < PAL_TUNNEL_MAX && t->types[depth] != PAL_TUNNEL_NONE)
		depth++;
	pal_json_open(j, "tunnel", '{');
	pal_json_addr(j, "src_ip", &t->src, t->ip_version);
	pal_json_u64(j, "src_port", t->src_port);
	pal_json_addr(j, "dest_ip", &t->dst, t->ip_version);
	pal_json_u64(j, "dest_port", t->dst_port);
	put_proto(j, t->proto);
	pal_json_u64(j, "depth", depth);
	pal_json_close(j, '}');
}

struct pal_json *pal_event_begin_flow_pkt(
	struct pal_events *ev,
	const char *type,
	struct pal_flow *flow,
	uint64_t time_ns,
	uint64_t number
)
{
	struct pal_json *j = begin(ev, time_ns);

	if (j == NULL)
		return NULL;
	pal_json_u64(j, "flow_id", flow->id);
	put_input(j, flow->input, number);
	pal_json_str(j, "event_type", type);
	put_vlans(j, &flow->key);
	put_endpoints(j, &flow->key, flow->initiator);
	if (flow->key.proto == IPPROTO_ICMP || flow->key.proto == IPPROTO_ICMPV6) {
		pal_json_u64(j, "icmp_type", flow->icmp_type);
		pal_json_u64(j, "icmp_code", flow->icmp_code);
	}
	if (flow->tunnel != NULL)
		put_tunnel(j, flow->tunnel);
	for (uint16_t i = 0; i < ev->nb_annotators; i++)
		ev->annotators[i].fn(ev->annotators[i].state, flow, j);
	return j;
}

struct pal_json *pal_event_begin_flow(
	struct pal_events *ev,
	const char *type,
	struct pal_flow *flow,
	uint64_t time_ns
)
{
	return pal_event_begin_flow_pkt(ev, type, flow, time_ns, flow->first_number);
}

struct pal_json *pal_event_begin_pkt(
	struct pal_events *ev,
	const char *type,
	const struct pal_pkt *pkt,
	const struct pal_flow_key *key,
	uint64_t time_ns
)
{
	struct pal_json *j = begin(ev, time_ns);

	if (j == NULL)
		return NULL;
	if (pkt != NULL)
		put_input(j, pkt->input, pkt->number);
	pal_json_str(j, "event_type", type);
	if (key != NULL) {
		put_vlans(j, key);
		put_endpoints(j, key, pkt != NULL ? pal_pkt_sender(pkt) : 0);
	}
	if (pkt != NULL && pkt->depth != 0)
		put_tunnel(j, &pkt->tunnel);
	return j;
}

void pal_event_end(struct pal_events *ev)
{
	struct pal_json *j = &ev->json;

	pal_json_close(j, '}');
	pal_json_put_char(j, '\n');
	if (j->overflow) {
		pal_out_drop(ev->out);
		return;
	}
	pal_out_commit(ev->out, ev->sink, pal_json_len(j));
	ev->nb_records++;
}
