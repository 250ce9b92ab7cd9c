/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include <pal_cursor.h>

#include <netinet/in.h>
#include <string.h>

#define LINKTYPE_SLL 113
#define LINKTYPE_SLL2 276
#define ETHERNET_LEN 14
#define VLAN_LEN 4
#define SLL_LEN 16
#define SLL2_LEN 20
#define ETHERTYPE_MIN 0x0600 // IEEE 802.3 clause 3.2.6: below it is a length
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
// linux/if_arp.h: devices whose protocol field is no ethertype
#define ARPHRD_FRAD 770
#define ARPHRD_IPGRE 778
#define ARPHRD_RADIOTAP 803
#define ARPHRD_NETLINK 824

/** A link header that ends in an ethertype. */
struct header {
	uint32_t len;
	uint16_t ethertype;
	const uint8_t *src; // 6 bytes, NULL if it has none
};

static bool is_vlan(uint16_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

static bool cooked(struct header *h, const uint8_t *addr, uint16_t addr_len, uint16_t arphrd)
{
	h->src = addr_len == 6 ? addr : NULL;
	return h->ethertype >= ETHERTYPE_MIN && arphrd != ARPHRD_FRAD && arphrd != ARPHRD_IPGRE &&
	       arphrd != ARPHRD_RADIOTAP && arphrd != ARPHRD_NETLINK;
}

// false: not of a link type that is looked at here, or cut off, or without an ethertype.
static bool read_header(const struct rw_frame *f, struct header *h)
{
	struct pal_cursor cur = pal_cursor_of(f->data, f->cap_len);
	const uint8_t *p;

	switch (f->linktype) {
	case RW_LINKTYPE_ETHERNET:
		p = pal_cursor_take(&cur, ETHERNET_LEN);
		if (p == NULL)
			return false;
		*h = (struct header){ETHERNET_LEN, pal_load_be16(p + 12), p + 6};
		return h->ethertype >= ETHERTYPE_MIN;
	case LINKTYPE_SLL:
		p = pal_cursor_take(&cur, SLL_LEN);
		if (p == NULL)
			return false;
		*h = (struct header){SLL_LEN, pal_load_be16(p + 14), NULL};
		return cooked(h, p + 6, pal_load_be16(p + 4), pal_load_be16(p + 2));
	case LINKTYPE_SLL2:
		p = pal_cursor_take(&cur, SLL2_LEN);
		if (p == NULL)
			return false;
		*h = (struct header){SLL2_LEN, pal_load_be16(p), NULL};
		return cooked(h, p + 12, p[11], pal_load_be16(p + 8));
	default:
		return false;
	}
}

// Why there is no IP datagram in it.
static enum rw_lost not_ip(const struct pal_pkt *pkt)
{
	switch (pkt->drop) {
	case PAL_DROP_LINKTYPE_UNKNOWN:
		return RW_LOST_LINKTYPE;
	case PAL_DROP_LINK_TRUNCATED:
	case PAL_DROP_VLAN_TRUNCATED:
	case PAL_DROP_IPV4_TRUNCATED:
	case PAL_DROP_IPV6_TRUNCATED:
	case PAL_DROP_IPV6_EXT_TRUNCATED:
		return RW_LOST_CUT;
	default:
		return RW_LOST_NOT_IP;
	}
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

// Where the datagram ends: where IP says, or what carries it before that.
static void
ends_of(const struct rw_frame *f, const struct pal_pkt *pkt, uint32_t *ret_cap, uint32_t *ret_wire)
{
	const uint16_t unknown = PAL_PKT_FRAGMENT | PAL_PKT_L4_TRUNCATED | PAL_PKT_L4_INVALID;
	uint32_t end = pkt->l4_off + pkt->l3_payload_len;

	*ret_cap = smaller(f->cap_len, end);
	*ret_wire = smaller(f->wire_len, end);
	// UDP may end before IP does, the others are all of it.
	if ((pkt->flags & unknown) != 0 || pkt->key.proto == IPPROTO_UDP)
		return;
	*ret_cap = smaller(*ret_cap, pkt->payload_off + pkt->payload_cap_len);
	*ret_wire = smaller(*ret_wire, pkt->payload_off + pkt->payload_len);
}

static enum rw_lost cut_to_ip(struct rw_frame *f)
{
	const struct pal_pkt *pkt = rw_frame_decode(f);
	uint32_t cap_end, wire_end;

	if (pkt->drop != PAL_DROP_NONE)
		return not_ip(pkt);
	ends_of(f, pkt, &cap_end, &wire_end);
	rw_frame_cut(f, pkt->l3_off, cap_end - pkt->l3_off, wire_end - pkt->l3_off);
	return RW_LOST_NONE;
}

enum rw_lost rw_link_to_raw(struct rw_frame *f)
{
	enum rw_lost lost;

	if (f->linktype == RW_LINKTYPE_RAW)
		return RW_LOST_NONE;
	lost = cut_to_ip(f);
	f->linktype = RW_LINKTYPE_RAW;
	return lost;
}

void rw_link_keep_macs(struct rw_frame *f)
{
	if (f->linktype != RW_LINKTYPE_ETHERNET || f->cap_len < sizeof(f->macs))
		return;
	memcpy(f->macs, f->data, sizeof(f->macs));
	f->has_macs = true;
}

static enum rw_lost put_ethernet(struct rw_frame *f, const uint8_t *macs, uint16_t ethertype)
{
	uint8_t *p = rw_frame_own(f, ETHERNET_LEN);

	if (p == NULL)
		return RW_LOST_MEMORY;
	memcpy(p, macs, 12);
	p[12] = (uint8_t)(ethertype >> 8);
	p[13] = (uint8_t)ethertype;
	f->linktype = RW_LINKTYPE_ETHERNET;
	return RW_LOST_NONE;
}

enum rw_lost rw_link_to_ethernet(struct rw_frame *f, const uint8_t *macs)
{
	uint8_t own[12] = {0};
	struct header h = {0};
	enum rw_lost lost;

	if (f->linktype == RW_LINKTYPE_ETHERNET)
		return RW_LOST_NONE;
	if (f->has_macs)
		memcpy(own, f->macs, sizeof(own));
	if (read_header(f, &h)) {
		if (h.src != NULL)
			memcpy(own + 6, h.src, 6);
		rw_frame_cut(f, h.len, f->cap_len - h.len, f->wire_len - h.len);
	} else {
		lost = cut_to_ip(f);
		if (lost != RW_LOST_NONE)
			return lost;
		h.ethertype = f->pkt.key.ip_version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
	}
	return put_ethernet(f, macs != NULL ? macs : own, h.ethertype);
}

// Where the tags of an Ethernet frame end. *ret_ethertype is what follows them.
static uint32_t tags_end(const struct rw_frame *f, uint16_t *ret_ethertype)
{
	struct pal_cursor cur = pal_cursor_of(f->data, f->cap_len);
	uint16_t ethertype = 0;
	uint32_t end = 12;

	if (!pal_cursor_skip(&cur, 12) || !pal_cursor_be16(&cur, &ethertype))
		return 0;
	while (is_vlan(ethertype) && pal_cursor_skip(&cur, 2) && pal_cursor_be16(&cur, &ethertype))
		end += VLAN_LEN;
	*ret_ethertype = ethertype;
	return end;
}

enum rw_lost rw_link_strip_vlans(struct rw_frame *f)
{
	uint16_t ethertype = 0;
	uint8_t macs[12], *p;
	uint32_t end;

	if (f->linktype != RW_LINKTYPE_ETHERNET)
		return RW_LOST_NONE;
	end = tags_end(f, &ethertype);
	// A tag that is cut off has no ethertype to go on with.
	if (end == 0 || is_vlan(ethertype))
		return RW_LOST_CUT;
	if (end == 12)
		return RW_LOST_NONE;
	memcpy(macs, f->data, sizeof(macs));
	rw_frame_cut(f, end, f->cap_len - end, f->wire_len - end);
	p = rw_frame_own(f, 12);
	if (p == NULL)
		return RW_LOST_MEMORY;
	memcpy(p, macs, sizeof(macs));
	return RW_LOST_NONE;
}

uint32_t rw_link_header_len(const struct rw_frame *f)
{
	uint16_t ethertype = 0;
	struct header h;

	if (f->linktype == RW_LINKTYPE_ETHERNET)
		return f->cap_len < ETHERNET_LEN ? 0 : tags_end(f, &ethertype) + 2;
	return read_header(f, &h) ? h.len : 0;
}
