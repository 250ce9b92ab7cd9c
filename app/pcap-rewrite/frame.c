/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *text;
} losts[RW_LOST_COUNT] = {
	[RW_LOST_NONE] = {"none", "written"},
	[RW_LOST_LINKTYPE] =
		{"link_type", "its link type cannot be converted to the one asked for"},
	[RW_LOST_NOT_IP] =
		{"not_ip", "it is not IP, and the link type asked for holds nothing else"},
	[RW_LOST_CUT] = {"cut", "it is cut off inside a header that would have to be changed"},
	[RW_LOST_TUNNEL] = {"tunnel", "what is in its tunnel is neither IP nor Ethernet"},
	[RW_LOST_NO_ADDRESS] = {"no_address", "no address was found in it to be anonymised"},
	[RW_LOST_OTHER_LINKTYPE] =
		{"other_link_type",
		 "a pcap file has one link type, and this is another. Try: -F pcapng, or -T"},
	[RW_LOST_MEMORY] = {"memory", "there was no memory to change it"},
};

const char *rw_lost_name(enum rw_lost lost)
{
	return losts[lost].name;
}

const char *rw_lost_text(enum rw_lost lost)
{
	return losts[lost].text;
}

void rw_frame_set(struct rw_frame *f, const struct pal_pkt *pkt)
{
	f->data = pkt->data;
	f->cap_len = pkt->cap_len;
	f->wire_len = pkt->wire_len > pkt->cap_len ? pkt->wire_len : pkt->cap_len;
	f->linktype = pkt->linktype;
	f->has_macs = false;
	f->decoded = false;
}

void rw_frame_fini(struct rw_frame *f)
{
	free(f->buf);
	f->buf = NULL;
	f->room = 0;
}

const struct pal_pkt *rw_frame_decode(struct rw_frame *f)
{
	if (f->decoded)
		return &f->pkt;
	f->pkt.data = f->data;
	f->pkt.cap_len = f->cap_len;
	f->pkt.wire_len = f->wire_len;
	f->pkt.linktype = f->linktype;
	pal_decode(&f->pkt, f->stats);
	f->decoded = true;
	return &f->pkt;
}

void rw_frame_cut(struct rw_frame *f, uint32_t off, uint32_t cap_len, uint32_t wire_len)
{
	f->data += off;
	f->cap_len = cap_len;
	f->wire_len = wire_len > cap_len ? wire_len : cap_len;
	f->decoded = false;
}

static int make_room(struct rw_frame *f, size_t len)
{
	uint8_t *buf;

	if (len <= f->room)
		return 0;
	buf = malloc(2 * len);
	if (buf == NULL)
		return pal_err(ENOMEM);
	// The data may lie in the old one.
	if (f->cap_len > 0)
		memcpy(buf, f->data, f->cap_len);
	free(f->buf);
	f->buf = buf;
	f->room = 2 * len;
	f->data = buf;
	return 0;
}

uint8_t *rw_frame_own(struct rw_frame *f, uint32_t head)
{
	if (make_room(f, (size_t)head + f->cap_len + 1) < 0)
		return NULL;
	if (f->cap_len > 0)
		memmove(f->buf + head, f->data, f->cap_len);
	f->data = f->buf;
	f->cap_len += head;
	f->wire_len += head;
	f->decoded = false;
	return f->buf;
}
