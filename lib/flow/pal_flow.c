/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_flow.h"

const char *pal_flow_state_name(enum pal_flow_state state)
{
	static const char *const names[PAL_FLOW_STATE_COUNT] = {
		[PAL_FLOW_NEW] = "new",
		[PAL_FLOW_ESTABLISHED] = "established",
		[PAL_FLOW_CLOSED] = "closed",
	};

	return names[state];
}

const char *pal_flow_end_name(enum pal_flow_end end)
{
	static const char *const names[PAL_FLOW_END_COUNT] = {
		[PAL_FLOW_END_NONE] = "unknown",
		[PAL_FLOW_END_TIMEOUT] = "timeout",
		[PAL_FLOW_END_FORCED] = "forced",
		[PAL_FLOW_END_SHUTDOWN] = "shutdown",
		[PAL_FLOW_END_TCP_REUSE] = "tcp_reuse",
	};

	return names[end];
}

const char *pal_tcp_state_name(enum pal_tcp_state state)
{
	static const char *const names[PAL_TCP_STATE_COUNT] = {
		[PAL_TCP_NONE] = "none",
		[PAL_TCP_SYN_SENT] = "syn_sent",
		[PAL_TCP_SYN_RECV] = "syn_recv",
		[PAL_TCP_ESTABLISHED] = "established",
		[PAL_TCP_FIN_WAIT1] = "fin_wait1",
		[PAL_TCP_FIN_WAIT2] = "fin_wait2",
		[PAL_TCP_CLOSING] = "closing",
		[PAL_TCP_CLOSE_WAIT] = "close_wait",
		[PAL_TCP_LAST_ACK] = "last_ack",
		[PAL_TCP_TIME_WAIT] = "time_wait",
		[PAL_TCP_CLOSED] = "closed",
	};

	return names[state];
}
