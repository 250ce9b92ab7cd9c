/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The state of a TCP connection, seen from the middle: what the flags and acknowledgements of both sides
 * say together. Windows are not checked here; that is lib/stream's.
 *
 *      SYN        SYN+ACK      ACK             FIN by initiator   ACK          FIN by other
 *      syn_sent -> syn_recv -> established --> fin_wait1 -------> fin_wait2 -> time_wait -> closed
 *                                  |               '-- FIN by other, not acking: closing --^
 *                                  '-- FIN by other: close_wait -> FIN by initiator: last_ack -> closed
 */
#include "flow_priv.h"

static bool seq_at_or_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

static enum pal_flow_state flow_state_of(enum pal_tcp_state state)
{
	switch (state) {
	case PAL_TCP_NONE:
	case PAL_TCP_SYN_SENT:
	case PAL_TCP_SYN_RECV:
		return PAL_FLOW_NEW;
	case PAL_TCP_LAST_ACK:
	case PAL_TCP_TIME_WAIT:
	case PAL_TCP_CLOSED:
		return PAL_FLOW_CLOSED;
	default:
		return PAL_FLOW_ESTABLISHED;
	}
}

// The SYN that its side has sent already: delayed, duplicated or retransmitted.
static bool repeats_syn(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	return (flow->tcp_flags[dir] & PAL_TCP_SYN) && flow->isn[dir] == pkt->tcp_seq;
}

bool pal_flow_tcp_is_reuse(const struct pal_flow *flow, const struct pal_pkt *pkt)
{
	enum pal_dir dir = pal_flow_dir(flow, pkt);

	if ((pkt->tcp_flags & (PAL_TCP_SYN | PAL_TCP_RST)) != PAL_TCP_SYN)
		return false;
	if (pkt->tcp_flags & PAL_TCP_ACK) {
		// A repeated SYN+ACK belongs to the old connection; one with another number answers a SYN not seen.
		return flow->state == PAL_FLOW_CLOSED && !repeats_syn(flow, pkt, dir);
	}
	if (flow->state == PAL_FLOW_CLOSED)
		return true;
	// RFC 9293 section 3.10.7.4: a SYN inside a live connection is not a new one. But a side that has
	// finished, or whose attempt with another number got nowhere, has begun anew.
	if (flow->fin_seen & 1 << dir)
		return !repeats_syn(flow, pkt, dir);
	return flow->state == PAL_FLOW_NEW && (flow->tcp_flags[dir] & PAL_TCP_SYN) &&
	       flow->isn[dir] != pkt->tcp_seq;
}

static void note_fin(struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	flow->fin_seen |= (uint8_t)(1 << dir);
	flow->fin_end[dir] = pkt->tcp_seq + pkt->payload_len + 1;
}

// Has the FIN of side `dir` been acknowledged by this packet of the other side?
static bool acks_fin_of(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	return (flow->fin_seen & 1 << dir) && (pkt->tcp_flags & PAL_TCP_ACK) &&
	       seq_at_or_after(pkt->tcp_ack, flow->fin_end[dir]);
}

static enum pal_tcp_state
after_handshake(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	enum pal_tcp_state state = flow->tcp_state;
	bool fin = pkt->tcp_flags & PAL_TCP_FIN;
	bool acks = acks_fin_of(flow, pkt, !dir);

	switch (state) {
	case PAL_TCP_ESTABLISHED:
		if (!fin)
			return state;
		return dir == PAL_DIR_TO_SERVER ? PAL_TCP_FIN_WAIT1 : PAL_TCP_CLOSE_WAIT;
	case PAL_TCP_FIN_WAIT1:
		if (dir == PAL_DIR_TO_SERVER)
			return state;
		if (fin)
			return acks ? PAL_TCP_TIME_WAIT : PAL_TCP_CLOSING;
		return acks ? PAL_TCP_FIN_WAIT2 : state;
	case PAL_TCP_FIN_WAIT2:
		return fin && dir == PAL_DIR_TO_CLIENT ? PAL_TCP_TIME_WAIT : state;
	case PAL_TCP_CLOSING:
		return acks ? PAL_TCP_TIME_WAIT : state;
	case PAL_TCP_CLOSE_WAIT:
		return fin && dir == PAL_DIR_TO_SERVER ? PAL_TCP_LAST_ACK : state;
	case PAL_TCP_LAST_ACK:
		return acks && dir == PAL_DIR_TO_CLIENT ? PAL_TCP_CLOSED : state;
	case PAL_TCP_TIME_WAIT:
		return acks && dir == PAL_DIR_TO_SERVER ? PAL_TCP_CLOSED : state;
	default:
		return state;
	}
}

static enum pal_tcp_state
next_state(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	uint8_t flags = pkt->tcp_flags;

	if (flags & PAL_TCP_RST)
		return PAL_TCP_CLOSED;
	if (flow->tcp_state >= PAL_TCP_ESTABLISHED)
		return after_handshake(flow, pkt, dir);
	if ((flags & (PAL_TCP_SYN | PAL_TCP_ACK)) == PAL_TCP_SYN)
		return flow->tcp_state == PAL_TCP_NONE ? PAL_TCP_SYN_SENT : flow->tcp_state;
	if (flags & PAL_TCP_SYN)
		return dir == PAL_DIR_TO_CLIENT ? PAL_TCP_SYN_RECV : flow->tcp_state;
	// The handshake's last ACK, or anything later where packets of the handshake were lost or came
	// before the capture began.
	if (flags & PAL_TCP_FIN)
		return dir == PAL_DIR_TO_SERVER ? PAL_TCP_FIN_WAIT1 : PAL_TCP_CLOSE_WAIT;
	return flags & PAL_TCP_ACK ? PAL_TCP_ESTABLISHED : flow->tcp_state;
}

void pal_flow_tcp_update(struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	if (pkt->tcp_flags & PAL_TCP_SYN && !(flow->tcp_flags[dir] & PAL_TCP_SYN))
		flow->isn[dir] = pkt->tcp_seq;
	if (pkt->tcp_flags & PAL_TCP_FIN)
		note_fin(flow, pkt, dir);
	flow->tcp_flags[dir] |= pkt->tcp_flags;
	flow->tcp_state = (uint8_t)next_state(flow, pkt, dir);
	flow->state = (uint8_t)flow_state_of(flow->tcp_state);
}
