/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

#include "link.h"

#include <pal_cursor.h>

#include <netinet/in.h>

// How much of a first fragment is transport header: decode does not look at it.
static uint32_t first_fragment_header(const struct pal_pkt *pkt)
{
	struct pal_cursor cur = pal_cursor_of(pkt->data + pkt->l4_off, pkt->cap_len - pkt->l4_off);
	const uint8_t *tcp;

	switch (pkt->key.proto) {
	case IPPROTO_TCP:
		tcp = pal_cursor_peek(&cur, 20);
		return tcp == NULL ? 20 : (tcp[12] >> 4) * 4u;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	default:
		return 0;
	}
}

static uint32_t headers_len(struct rw_frame *f)
{
	const struct pal_pkt *pkt = rw_frame_decode(f);

	if (pkt->drop == PAL_DROP_ARP)
		return f->cap_len;
	if (pkt->drop != PAL_DROP_NONE)
		return rw_link_header_len(f);
	if ((pkt->flags & PAL_PKT_FRAGMENT_FIRST) != 0)
		return pkt->l4_off + first_fragment_header(pkt);
	return pkt->payload_off;
}

void rw_strip_payload(struct rw_frame *f)
{
	uint32_t len = headers_len(f);

	if (len < f->cap_len)
		rw_frame_cut(f, 0, len, f->wire_len);
}
