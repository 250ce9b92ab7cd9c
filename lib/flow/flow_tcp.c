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

#include <pal_tcp.h>

// A side that jumps further than this was not captured for long, or somebody else speaks in its name.
#define JUMP_MAX (1 << 30)

// So much may be on its way though the window is smaller by now.
#define WINDOW_MIN UINT16_MAX

// In pal_flow.fin_seen: that side sent something that was no reset.
#define HEARD(dir) (16 << (dir))

// In pal_flow.tcp_scale: its SYN had no window scale.
#define SCALE_NONE 0xf

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
	if (flow->fin_seen & PAL_FLOW_FIN_SEEN(dir))
		return !repeats_syn(flow, pkt, dir);
	return flow->state == PAL_FLOW_NEW && (flow->tcp_flags[dir] & PAL_TCP_SYN) &&
	       flow->isn[dir] != pkt->tcp_seq;
}

/* how far each side is */

static bool is_heard(const struct pal_flow *flow, enum pal_dir dir)
{
	return flow->fin_seen & HEARD(dir);
}

static bool is_first_syn(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	return pkt->tcp_flags & PAL_TCP_SYN && !(flow->tcp_flags[dir] & PAL_TCP_SYN);
}

static void note_seq(struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	uint8_t flags = pkt->tcp_flags;
	uint32_t end = pkt->tcp_seq + pkt->payload_len + ((flags & PAL_TCP_SYN) != 0);
	int32_t ahead = pal_tcp_seq_diff(end, flow->seq_end[dir]);

	if (flags & PAL_TCP_FIN) {
		flow->seq_end[dir] = end + 1;
		flow->fin_seen |= PAL_FLOW_FIN_SEEN(dir);
	} else if (!is_heard(flow, dir) || is_first_syn(flow, pkt, dir)) {
		flow->seq_end[dir] = end;
	} else if (!(flow->fin_seen & PAL_FLOW_FIN_SEEN(dir)) && ahead > 0 && ahead < JUMP_MAX) {
		flow->seq_end[dir] = end;
	}
	// What the silent side is expected to send next.
	if (!is_heard(flow, !dir) && flags & PAL_TCP_ACK)
		flow->seq_end[!dir] = pkt->tcp_ack;
	flow->tcp_window[dir] = pkt->tcp_window;
	flow->fin_seen |= HEARD(dir);
}

// RFC 7323 section 2.2.
static void note_syn(struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	const uint8_t *scale = pal_tcp_option_find(pkt, PAL_TCP_OPTION_SCALE, 1);
	uint8_t nibble = SCALE_NONE;

	flow->isn[dir] = pkt->tcp_seq;
	if (scale != NULL)
		nibble = *scale < PAL_TCP_SCALE_MAX ? *scale : PAL_TCP_SCALE_MAX;
	flow->tcp_scale |= (uint8_t)(nibble << 4 * dir);
}

static uint8_t scale_of(const struct pal_flow *flow, enum pal_dir dir)
{
	uint8_t mine = flow->tcp_scale >> 4 * dir & 0xf;
	uint8_t other = flow->tcp_scale >> 4 * !dir & 0xf;

	// The SYNs were not captured: the window may be that large.
	if (!(flow->tcp_flags[dir] & flow->tcp_flags[!dir] & PAL_TCP_SYN))
		return PAL_TCP_SCALE_MAX;
	return mine == SCALE_NONE || other == SCALE_NONE ? 0 : mine;
}

/*
 * Does the other side accept this reset? It must lie in the window, RFC 9293 section 3.10.7.4. What the receiver
 * expects next is not known for certain from the middle: all that the sender has sent is, and at most a window of
 * that is still on its way.
 *
 * XXX: hosts that follow RFC 5961 section 3.2 accept the one number only that they expect; older ones, all in the
 * window, and a capture does not tell which one it is.
 */
static bool is_valid_rst(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	int32_t ahead = pal_tcp_seq_diff(pkt->tcp_seq, flow->seq_end[dir]);
	int32_t window = JUMP_MAX;

	// RFC 9293 section 3.10.7.3: what answers a SYN must acknowledge it.
	if (!is_heard(flow, dir) && flow->tcp_state == PAL_TCP_SYN_SENT)
		return pkt->tcp_flags & PAL_TCP_ACK &&
		       pal_tcp_seq_diff(pkt->tcp_ack, flow->isn[!dir]) > 0 &&
		       pal_tcp_seq_diff(pkt->tcp_ack, flow->seq_end[!dir]) <= 0;
	// Nothing is known that it could contradict.
	if (!is_heard(flow, dir) && !(flow->tcp_flags[!dir] & PAL_TCP_ACK))
		return true;
	if (is_heard(flow, !dir))
		window = flow->tcp_window[!dir] << scale_of(flow, !dir);
	return ahead <= window && ahead >= -(window > WINDOW_MIN ? window : WINDOW_MIN);
}

// Has the FIN of side `dir` been acknowledged by this packet of the other side?
static bool acks_fin_of(const struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir)
{
	return (flow->fin_seen & PAL_FLOW_FIN_SEEN(dir)) && (pkt->tcp_flags & PAL_TCP_ACK) &&
	       pal_tcp_seq_diff(pkt->tcp_ack, flow->seq_end[dir]) >= 0;
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
		return flow->fin_seen & PAL_FLOW_RST_SEEN(dir) ? PAL_TCP_CLOSED : flow->tcp_state;
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
	if (pkt->tcp_flags & PAL_TCP_RST) {
		if (is_valid_rst(flow, pkt, dir))
			flow->fin_seen |= PAL_FLOW_RST_SEEN(dir);
	} else {
		if (is_first_syn(flow, pkt, dir))
			note_syn(flow, pkt, dir);
		note_seq(flow, pkt, dir);
	}
	flow->tcp_flags[dir] |= pkt->tcp_flags;
	flow->tcp_state = (uint8_t)next_state(flow, pkt, dir);
	flow->state = (uint8_t)flow_state_of(flow->tcp_state);
}
