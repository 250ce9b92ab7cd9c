/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FLOW_H
#define PAL_FLOW_H

/**
 * @file
 * What a flow is: both directions of one conversation, from its first packet to its end.
 *
 * Read only for everybody but lib/flow; plugins keep what is theirs in the bytes that they asked for.
 */

#include <pal_pkt.h>

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/** Direction of a packet in its flow. */
enum pal_dir {
	PAL_DIR_TO_SERVER, /**< Sent by the initiator. */
	PAL_DIR_TO_CLIENT,
	PAL_DIR_COUNT,
};

enum pal_flow_state {
	PAL_FLOW_NEW, /**< One side was heard, or the TCP handshake is not complete. */
	PAL_FLOW_ESTABLISHED,
	PAL_FLOW_CLOSED, /**< TCP only: reset, or finished by both sides. Kept a while for stragglers. */
	PAL_FLOW_STATE_COUNT,
};

/** Why a flow ended. */
enum pal_flow_end {
	PAL_FLOW_END_NONE, /**< It has not. */
	PAL_FLOW_END_TIMEOUT, /**< Silent for longer than its timeout. */
	PAL_FLOW_END_FORCED, /**< Its shard was full and it was the next to time out. */
	PAL_FLOW_END_SHUTDOWN, /**< The run ended. */
	PAL_FLOW_END_TCP_REUSE, /**< A new connection took its endpoints. */
	PAL_FLOW_END_COUNT,
};

/** States of a TCP connection as both sides together show them, RFC 9293 section 3.3.2. */
enum pal_tcp_state {
	PAL_TCP_NONE,
	PAL_TCP_SYN_SENT,
	PAL_TCP_SYN_RECV,
	PAL_TCP_ESTABLISHED,
	PAL_TCP_FIN_WAIT1, /**< The initiator sent FIN. */
	PAL_TCP_FIN_WAIT2, /**< ... which was acknowledged. */
	PAL_TCP_CLOSING, /**< Both sent FIN before either was acknowledged. */
	PAL_TCP_CLOSE_WAIT, /**< The other side sent FIN. */
	PAL_TCP_LAST_ACK, /**< ... and then the initiator. */
	PAL_TCP_TIME_WAIT, /**< The initiator sent FIN, then the other side. */
	PAL_TCP_CLOSED,
	PAL_TCP_STATE_COUNT,
};

/** Bits of pal_flow.fin_seen: that side sent FIN; it sent a reset that the other side accepts. */
#define PAL_FLOW_FIN_SEEN(dir) (1 << (dir))
#define PAL_FLOW_RST_SEEN(dir) (4 << (dir))

/** In pal_flow.wants: its application protocol is still looked for. */
#define PAL_FLOW_WANTS_APP (UINT32_C(1) << 31)

struct pal_flow {
	/* what every packet looks at: one cache line */
	struct pal_flow_key key;
	uint32_t next; /**< In its hash chain. lib/flow only. */
	uint32_t hash;
	uint64_t clock_ns; /**< The shard's clock when it was last heard. lib/flow only. */

	/* what every packet may write: the next cache line */
	uint64_t pkts[PAL_DIR_COUNT];
	uint64_t bytes[PAL_DIR_COUNT]; /**< On the wire, link header included. */
	uint64_t last_ns; /**< Latest time of any of its packets. */
	uint32_t wants; /**< Bit n: plugin n still wants payload; PAL_FLOW_WANTS_APP. */
	uint32_t seq_end
		[PAL_DIR_COUNT]; /**< Sequence number after all that each side sent, not beyond its FIN. */
	uint8_t state; /**< enum pal_flow_state */
	uint8_t end; /**< enum pal_flow_end; set when on_close is called. */
	uint8_t initiator; /**< Endpoint of the key that began. */
	uint8_t tcp_state; /**< enum pal_tcp_state */
	uint8_t tcp_flags[PAL_DIR_COUNT]; /**< All flags seen. */
	uint8_t fin_seen; /**< PAL_FLOW_FIN_SEEN, PAL_FLOW_RST_SEEN. */
	uint8_t tcp_scale; /**< Of both windows: PAL_DIR_TO_CLIENT in the high half. lib/flow only. */
	uint16_t tcp_window[PAL_DIR_COUNT]; /**< Announced last by each side, not scaled. */

	/* beginning and end: the third cache line, which packets in between do not touch */
	alignas(64) uint64_t first_ns; /**< Time of its first packet. */
	uint64_t id; /**< 51 bits, made of the key and the first packet; never of the time. */
	uint64_t first_number; /**< pal_pkt.number of its first packet. */
	uint32_t isn[PAL_DIR_COUNT]; /**< Of the SYN of each side, where it was seen. */
	const struct pal_tunnel *tunnel; /**< What its first packet came out of; NULL: no tunnel. */
	uint32_t carries; /**< Bit n: it carried datagrams by enum pal_tunnel_type n. */
	uint32_t wheel_next, wheel_prev; /**< lib/flow only. */
	uint16_t shard;
	uint16_t input; /**< pal_pkt.input of its first packet. */
	uint8_t wheel_slot; /**< lib/flow only. */
	uint8_t icmp_type, icmp_code; /**< Of its first packet. */
	uint8_t app; /**< enum pal_app: what it is, or was taken for first. lib/detect: wo */
	uint8_t app_dir
		[PAL_DIR_COUNT]; /**< enum pal_app: what each side's bytes look like. lib/detect: wo */
	uint8_t app_orig; /**< enum pal_app: what it was before it changed. lib/detect: wo */
	uint8_t app_expected; /**< enum pal_app: what it was to become. lib/detect: wo */
};
static_assert(offsetof(struct pal_flow, pkts) == 64 && offsetof(struct pal_flow, first_ns) == 128);
static_assert(sizeof(struct pal_flow) == 192, "plugin bytes begin with a cache line");

/** Which way a packet of this flow goes. */
static inline enum pal_dir pal_flow_dir(const struct pal_flow *flow, const struct pal_pkt *pkt)
{
	return pal_pkt_sender(pkt) == flow->initiator ? PAL_DIR_TO_SERVER : PAL_DIR_TO_CLIENT;
}

/** Names as Suricata prints them: `established`, `tcp_reuse`, `fin_wait1`. Static strings. */
const char *pal_flow_state_name(enum pal_flow_state state);
const char *pal_flow_end_name(enum pal_flow_end end);
const char *pal_tcp_state_name(enum pal_tcp_state state);

#endif
