/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PKT_H
#define PAL_PKT_H

/**
 * @file
 * What a packet is here: who it belongs to, where its layers start, when it came.
 *
 * A struct pal_pkt lies in the private area of every mbuf. The source fills its first part, decode the
 * rest; after that it is read only. Plugins see this struct and never the mbuf (pal_mbuf.h).
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/** Packets in one burst: the unit of work, ownership, time and counting. */
#define PAL_BURST_MAX 64

/** VLAN tags that belong to a flow's identity; further ones are passed over. */
#define PAL_VLAN_MAX 3

/**
 * The symmetric RSS key: this word repeated over the whole key. Both directions of a flow then hash alike, at
 * the price of 16 bits of entropy: good for choosing an owner, never for indexing a table.
 */
#define PAL_RSS_KEY_WORD 0x6d5a

/** An address of either family, wire order; IPv4 in w[0], the rest 0. */
union pal_addr {
	uint8_t b[16];
	uint32_t w[4];
	uint64_t q[2];
};

/**
 * Identity of a flow, the same for both directions: endpoint 0 is the one with the smaller
 * (address, port), compared as bytes. All of it takes part in comparison and hash, so pad stays 0.
 *
 * Ports are those of TCP, UDP and SCTP. For ICMP and ICMPv6 they follow Community ID version 1: the port
 * of the sender is the type, the other's is the type that answers it, or the code where nothing does, then
 * with PAL_PORT_ONE_WAY beside it. Both are 0 for other protocols and for fragments. pal_flow_key_port() is
 * the port as it is printed.
 */
struct pal_flow_key {
	union pal_addr addr[2];
	uint16_t port[2]; /**< Host order. */
	uint16_t vlan
		[PAL_VLAN_MAX]; /**< Tags, outermost first; VLAN id with PAL_VLAN_TAGGED, 0 = no tag. */
	uint8_t proto; /**< IP protocol number of the transport. */
	uint8_t ip_version; /**< 4 or 6. */
	uint32_t tunnel; /**< Which tunnel the datagram came out of; 0 = none. */
};
static_assert(sizeof(struct pal_flow_key) == 48, "hashed and compared as 48 bytes");

/** Set in pal_flow_key.vlan[] beside the id, so that a priority tag (id 0) differs from no tag. */
#define PAL_VLAN_TAGGED 0x8000

/**
 * Set in pal_flow_key.port[] beside an ICMP code: where nothing answers, the two directions are two flows, also
 * when type and code are the same number (port unreachable is type 3, code 3).
 */
#define PAL_PORT_ONE_WAY 0x100

/** Port of one endpoint, as it is printed and goes into a Community ID. */
static inline uint16_t pal_flow_key_port(const struct pal_flow_key *key, unsigned int endpoint)
{
	bool icmp = key->proto == 1 || key->proto == 58; // IANA: ICMP, IPv6-ICMP

	return icmp ? key->port[endpoint] & 0xff : key->port[endpoint];
}

/** Why a packet left other than by delivery; from pal_drop.def. NONE: it has not. */
enum pal_drop {
	PAL_DROP_NONE,
#define PAL_DROP(id, stage, name, text) PAL_DROP_##id,
#include "pal_drop.def"
#undef PAL_DROP
	PAL_DROP_COUNT,
};

/** Stages that packets leave by, in order; the last one delivers what is left. */
enum pal_stage {
	PAL_STAGE_SOURCE, /**< Port, kernel or file. */
	PAL_STAGE_INPUT, /**< Skip and filter. */
	PAL_STAGE_DECODE,
	PAL_STAGE_DEFRAG, /**< Fragments become datagrams. */
	PAL_STAGE_STEER,
	PAL_STAGE_FLOW,
	PAL_STAGE_COUNT,
};

/** The stage that an exit belongs to. */
enum pal_stage pal_drop_stage(enum pal_drop drop);

/** `decode`. Static string. */
const char *pal_stage_name(enum pal_stage stage);

/** Name as printed (`inbox_full`), and the sentence that explains it. Static strings. */
const char *pal_drop_name(enum pal_drop drop);
const char *pal_drop_text(enum pal_drop drop);

/** Packets and bytes on the wire. */
struct pal_amount {
	uint64_t pkts;
	uint64_t bytes;
};

/** Packets and bytes (on the wire) that left by each exit. One writer. */
struct pal_exits {
	uint64_t pkts[PAL_DROP_COUNT];
	uint64_t bytes[PAL_DROP_COUNT];
};

/** Add what b counted to a. */
void pal_exits_add(struct pal_exits *a, const struct pal_exits *b);

/** Kinds of tunnels; from pal_tunnel.def. */
enum pal_tunnel_type {
	PAL_TUNNEL_NONE,
#define PAL_TUNNEL(id, name, scope) PAL_TUNNEL_##id,
#include "pal_tunnel.def"
#undef PAL_TUNNEL
	PAL_TUNNEL_COUNT,
};

/** What tells two tunnels of one kind apart; see pal_tunnel.def. */
enum pal_tunnel_scope {
	PAL_TUNNEL_SCOPE_TYPE,
	PAL_TUNNEL_SCOPE_ID,
	PAL_TUNNEL_SCOPE_PAIR,
};

/** Name as printed (`vxlan`). Static string. */
const char *pal_tunnel_name(enum pal_tunnel_type type);

enum pal_tunnel_scope pal_tunnel_scope(enum pal_tunnel_type type);

/** Tunnels that are followed one inside the other. */
#define PAL_TUNNEL_MAX 8

/** Which tunnels a datagram came out of, and between whom the innermost of them runs. */
struct pal_tunnel {
	union pal_addr src, dst; /**< Of the datagram around, as sent; IPv4 in w[0], the rest 0. */
	uint32_t
		id; /**< VNI, VSID, TEID, key, session: what its header calls itself; 0 if nothing. */
	uint16_t src_port, dst_port; /**< Host order; 0 if it is not on UDP. */
	uint8_t proto; /**< IP protocol number of the datagram around. */
	uint8_t ip_version; /**< ... and its IP version. */
	uint8_t types
		[PAL_TUNNEL_MAX]; /**< enum pal_tunnel_type, outermost first; NONE behind the last. */
};

/** Facts about a datagram, set by decode. */
enum pal_pkt_flag {
	PAL_PKT_FRAGMENT = 1 << 0, /**< One of several fragments; ports are not looked at. */
	PAL_PKT_FRAGMENT_FIRST = 1 << 1, /**< ... with offset 0. */
	PAL_PKT_SNAPPED = 1 << 2, /**< The capture holds less than was on the wire, or IP says. */
	/** Transport header missing or cut off: ports 0 unless captured, no payload captured. */
	PAL_PKT_L4_TRUNCATED = 1 << 3,
	/** Transport header contradicts itself: ports as read, no payload. */
	PAL_PKT_L4_INVALID = 1 << 4,
	PAL_PKT_KEY_SWAPPED = 1 << 5, /**< Sent by endpoint 1 of the key. */
	PAL_PKT_ICMP_ONE_WAY = 1 << 6, /**< ICMP type that nothing answers. */
	PAL_PKT_FRAGMENT_MORE = 1 << 7, /**< A fragment that is not the last. */
	PAL_PKT_REASSEMBLED =
		1 << 8, /**< Put together from fragments: data starts at the IP header. */
};

/** Bits of pal_pkt.tcp_flags, RFC 9293 section 3.1. */
enum pal_tcp_flag {
	PAL_TCP_FIN = 0x01,
	PAL_TCP_SYN = 0x02,
	PAL_TCP_RST = 0x04,
	PAL_TCP_PSH = 0x08,
	PAL_TCP_ACK = 0x10,
	PAL_TCP_URG = 0x20,
	PAL_TCP_ECE = 0x40,
	PAL_TCP_CWR = 0x80,
};

struct pal_flow;

struct pal_pkt {
	/* source: wo */
	uint64_t time_ns; /**< Capture time, ns since the epoch. */
	uint64_t
		number; /**< Counts from 1 over all inputs, in the order of reading; Wireshark's frame number. */
	uint32_t
		wire_len; /**< Bytes on the wire, without FCS where the capture says that it is there. */
	uint16_t linktype; /**< LINKTYPE_ value, as in capture files. */
	uint16_t input; /**< Which file or interface: index into pal_input_get(). */

	/* decode: wo */
	const uint8_t *data; /**< First captured byte; cap_len of them can be read. */
	uint32_t
		cap_len; /**< Contiguous bytes at data; all of the frame but for the rare long chain. */
	uint16_t
		ethertype; /**< Of the innermost layer below IP, or LLC length; 0 where there is none. */
	uint16_t flags; /**< enum pal_pkt_flag. */
	uint8_t drop; /**< enum pal_drop: why decoding stopped before a datagram; NONE otherwise. */
	uint8_t depth; /**< Tunnels that the datagram came out of; 0: none, it is as it was captured. */
	/** enum pal_layer: the payload holds a datagram or frame that starts with this; 0: none. See pal_decode_inner(). */
	uint8_t inner_layer;
	uint8_t nb_vlans; /**< Tags seen, also those beyond PAL_VLAN_MAX. */
	/** Frames that it came in beyond the first; wire_len is the sum of all. pipeline: wo */
	uint16_t more_frames;
	uint32_t l3_off; /**< From data to the IP header. */
	/** From data to what follows IP's headers: extension headers included, up to that of a fragment. */
	uint32_t l4_off;
	uint32_t payload_off; /**< From data to the transport's payload. */
	uint32_t l3_payload_len; /**< Bytes that IP says follow at l4_off (wire), 0 if not IP. */
	uint32_t payload_len; /**< Bytes of transport payload on the wire; 0 for fragments. */
	uint32_t payload_cap_len; /**< ... of which so many were captured. */
	uint32_t
		steer_hash; /**< Symmetric Toeplitz hash, as a NIC computes it. Low bits name the shard. */
	uint32_t tcp_seq, tcp_ack; /**< Host order. */
	uint16_t tcp_window;
	uint8_t tcp_flags; /**< enum pal_tcp_flag; 0 if not TCP. */
	uint8_t l4_hdr_len; /**< From l4_off to payload_off; so much of the header was captured. */
	uint8_t icmp_type, icmp_code;
	uint8_t ttl; /**< Or hop limit. */
	struct pal_flow_key key; /**< Valid where drop is NONE. */

	/* flow: wo */
	struct pal_flow *flow; /**< Set once the flow is known. */

	/* decode: wo; what follows is not cleared, and valid only where it says */
	/* where inner_layer is not 0 */
	uint32_t inner_off; /**< From data to the datagram or frame in the payload. */
	uint32_t inner_cap_len; /**< ... of which so many bytes were captured. */
	uint32_t inner_wire_len; /**< ... and so many were on the wire. */
	uint32_t inner_id; /**< pal_tunnel.id of what is inside. */
	uint8_t inner_tunnel; /**< enum pal_tunnel_type that holds it. */

	/* where PAL_PKT_FRAGMENT is set; the fragment is l3_payload_len bytes at l4_off, key.proto is its next header */
	uint16_t frag_off; /**< From the start of the payload of the datagram, bytes. */
	uint32_t frag_id; /**< Identification. */
	/** IPv6: from data to the byte that announces the fragment header, which lies at l4_off - 8. */
	uint32_t frag_next_off;

	/* where depth is not 0 */
	struct pal_tunnel tunnel;
};

/** Direction of a packet between the endpoints of its key: 0 if sent by endpoint 0. */
static inline unsigned int pal_pkt_sender(const struct pal_pkt *pkt)
{
	return (pkt->flags & PAL_PKT_KEY_SWAPPED) != 0;
}

#endif
