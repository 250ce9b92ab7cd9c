/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the inside out: what is in a datagram is replaced first and the datagram's checksum follows by the difference
 * of the sums before and after (RFC 1624), so that it can be done to a packet that is not captured whole.
 */
#include "anonymise.h"

#include "link.h"

#include <pal_checksum.h>
#include <pal_cursor.h>

#include <netinet/in.h>
#include <string.h>

#define IPV4_LEN 20
#define IPV6_LEN 40
#define ADDR4_LEN 4
#define ADDR6_LEN 16
#define QUOTES_MAX 4 // an ICMP error about an ICMP error

struct anon {
	struct rw_cryptopan *pan;
	struct pal_decode_stats *stats;
	uint8_t *data; // of the frame
	uint32_t len; // captured, of the datagram that is worked on
	unsigned int depth;
};

static enum rw_lost datagram(struct anon *a, const struct pal_pkt *pkt);

// An address at off; one that is cut off is cleared.
static void replace(struct anon *a, uint32_t off, uint32_t addr_len)
{
	uint8_t *p = a->data + off;

	if (off >= a->len)
		return;
	if (a->len - off < addr_len)
		memset(p, 0, a->len - off);
	else if (addr_len == ADDR4_LEN)
		rw_cryptopan_ipv4(a->pan, p);
	else
		rw_cryptopan_ipv6(a->pan, p);
}

// As many as fit in front of end, and what the capture has cut off of one more.
static void replace_list(struct anon *a, uint32_t off, uint32_t end, uint32_t addr_len)
{
	for (; off + addr_len <= end && off < a->len; off += addr_len)
		replace(a, off, addr_len);
	if (off < end && end == a->len)
		replace(a, off, addr_len);
}

static uint16_t load16(const struct anon *a, uint32_t off)
{
	return off + 2 <= a->len ? pal_load_be16(a->data + off) : 0;
}

static void store16(struct anon *a, uint32_t off, uint16_t v)
{
	a->data[off] = (uint8_t)(v >> 8);
	a->data[off + 1] = (uint8_t)v;
}

/* checksums */

// A checksum at off of bytes whose sum has changed.
static void adjust(struct anon *a, uint32_t off, uint64_t before, uint64_t after)
{
	uint64_t sum;

	if (off + 2 > a->len)
		return;
	sum = (uint16_t)~load16(a, off);
	sum += (uint16_t)~pal_checksum_fold(before);
	sum += pal_checksum_fold(after);
	store16(a, off, (uint16_t)~pal_checksum_fold(sum));
}

// Sum of the addresses in a pseudo-header.
static uint64_t sum_addrs(const struct anon *a, uint32_t ip, uint8_t version)
{
	return version == 4 ? pal_checksum_add(0, a->data + ip + 12, 2 * ADDR4_LEN)
			    : pal_checksum_add(0, a->data + ip + 8, 2 * ADDR6_LEN);
}

// What the transport's checksum covers: UDP may be shorter than IP says (RFC 768).
static uint32_t transport_len(const struct pal_pkt *pkt)
{
	return pkt->key.proto == IPPROTO_UDP && (pkt->flags & PAL_PKT_FRAGMENT) == 0
		       ? pkt->l4_hdr_len + pkt->payload_len
		       : pkt->l3_payload_len;
}

// All of the pseudo-header: RFC 9293 section 3.1, RFC 8200 section 8.1.
static uint16_t pseudo_header(uint64_t addrs, const struct pal_pkt *pkt)
{
	uint32_t len = transport_len(pkt);

	return pal_checksum_fold(addrs + (len >> 16) + (len & 0xffff) + pkt->key.proto);
}

// RFC 768: 0 is no checksum. Of TCP and ICMPv6 it is one, if it is right, and else it is left to the NIC.
static bool
is_zero_right(const struct anon *a, const struct pal_pkt *pkt, uint32_t l4, uint64_t addrs)
{
	uint32_t len = transport_len(pkt);
	uint64_t sum = pseudo_header(addrs, pkt);

	if (pkt->key.proto == IPPROTO_UDP || l4 + len > a->len)
		return false;
	return pal_checksum_fold(pal_checksum_add(sum, a->data + l4, len)) == 0xffff;
}

// The transport's checksum follows the addresses in its pseudo-header.
static void adjust_transport(
	struct anon *a,
	const struct pal_pkt *pkt,
	uint32_t l4,
	uint64_t before,
	uint64_t after
)
{
	uint32_t at = pal_checksum_offset(pkt->key.proto);
	bool later = (pkt->flags & PAL_PKT_FRAGMENT) && !(pkt->flags & PAL_PKT_FRAGMENT_FIRST);
	uint16_t field;

	if (at == 0 || pkt->key.proto == IPPROTO_ICMP || later || l4 + at + 2 > a->len)
		return;
	field = load16(a, l4 + at);
	if (field == 0 && !is_zero_right(a, pkt, l4, before))
		return;
	if (field == pseudo_header(before, pkt)) { // offload: the NIC would add the rest
		store16(a, l4 + at, pseudo_header(after, pkt));
		return;
	}
	adjust(a, l4 + at, before, after);
	if (load16(a, l4 + at) == 0 && pkt->key.proto == IPPROTO_UDP)
		store16(a, l4 + at, 0xffff);
}

/* what is in a datagram */

// The datagram that an ICMP error quotes, as much of it as there is.
static enum rw_lost quote(struct anon *a, uint32_t off, uint32_t end)
{
	struct pal_pkt pkt = {.linktype = RW_LINKTYPE_RAW};
	enum rw_lost lost;

	if (off >= end)
		return RW_LOST_NONE;
	if (a->depth == QUOTES_MAX)
		return RW_LOST_NO_ADDRESS;
	pkt.data = a->data + off;
	pkt.cap_len = end - off;
	pkt.wire_len = UINT16_MAX; // it is known to be cut
	pal_decode(&pkt, a->stats);
	if (pkt.drop != PAL_DROP_NONE)
		return RW_LOST_NO_ADDRESS;
	a->depth++;
	lost = datagram(a, &pkt);
	a->depth--;
	return lost;
}

static enum rw_lost icmpv4(struct anon *a, uint8_t type, uint32_t l4, uint32_t end)
{
	switch (type) {
	case 5: // redirect: to whom
		replace(a, l4 + 4, ADDR4_LEN);
		return quote(a, l4 + 8, end);
	case 3: // unreachable
	case 4: // source quench
	case 11: // time exceeded
	case 12: // parameter problem
		return quote(a, l4 + 8, end);
	default:
		return RW_LOST_NONE;
	}
}

// RFC 4861 section 4.6, RFC 8106 section 5.1.
static enum rw_lost nd_options(struct anon *a, uint32_t off, uint32_t end)
{
	while (off + 2 <= end) {
		uint8_t type = a->data[off];
		uint32_t len = a->data[off + 1] * 8u;
		enum rw_lost lost = RW_LOST_NONE;

		if (len == 0)
			break;
		if (type == 3) // prefix information
			replace(a, off + 16, ADDR6_LEN);
		else if (type == 4) // redirected header
			lost = quote(a, off + 8, off + len < end ? off + len : end);
		else if (type == 25) // DNS servers
			replace_list(a, off + 8, off + len, ADDR6_LEN);
		if (lost != RW_LOST_NONE)
			return lost;
		off += len;
	}
	return RW_LOST_NONE;
}

// Group records of RFC 3810 section 5.2 and RFC 3376 section 4.2.
static void group_records(struct anon *a, uint32_t off, uint32_t end, uint32_t addr_len)
{
	while (off + 4 <= end) {
		uint32_t nb_sources = load16(a, off + 2);
		uint32_t sources_end = off + 4 + addr_len + nb_sources * addr_len;

		replace(a, off + 4, addr_len);
		replace_list(a, off + 4 + addr_len, sources_end, addr_len);
		off = sources_end + a->data[off + 1] * 4u;
	}
}

static enum rw_lost icmpv6(struct anon *a, uint8_t type, uint32_t l4, uint32_t end)
{
	switch (type) {
	case 1: // unreachable
	case 2: // too big
	case 3: // time exceeded
	case 4: // parameter problem
		return quote(a, l4 + 8, end);
	case 130: // multicast listener: query, with sources in version 2
		replace_list(a, l4 + 28, end, ADDR6_LEN);
		[[fallthrough]];
	case 131: // ... report
	case 132: // ... done
		replace(a, l4 + 8, ADDR6_LEN);
		return RW_LOST_NONE;
	case 133: // router solicitation
		return nd_options(a, l4 + 8, end);
	case 134: // ... advertisement
		return nd_options(a, l4 + 16, end);
	case 137: // redirect
		replace(a, l4 + 24, ADDR6_LEN);
		replace(a, l4 + 8, ADDR6_LEN);
		return nd_options(a, l4 + 40, end);
	case 135: // neighbour solicitation
	case 136: // ... advertisement
		replace(a, l4 + 8, ADDR6_LEN);
		return nd_options(a, l4 + 24, end);
	case 143: // multicast listener report, version 2
		group_records(a, l4 + 8, end, ADDR6_LEN);
		return RW_LOST_NONE;
	default:
		return RW_LOST_NONE;
	}
}

static void igmp(struct anon *a, uint32_t l4, uint32_t end)
{
	if (end - l4 >= 8 && a->data[l4] == 0x22) { // report, version 3
		group_records(a, l4 + 8, end, ADDR4_LEN);
		return;
	}
	replace(a, l4 + 4, ADDR4_LEN);
	if (a->data[l4] == 0x11) // query, with sources in version 3
		replace_list(a, l4 + 12, end, ADDR4_LEN);
}

// RFC 826: addresses of 4 bytes behind hardware addresses of any length.
static enum rw_lost arp(struct anon *a, uint32_t off)
{
	uint32_t hw_len;

	if (off > a->len || a->len - off < 8 || load16(a, off + 2) != 0x0800 ||
	    a->data[off + 5] != ADDR4_LEN)
		return RW_LOST_NO_ADDRESS;
	hw_len = a->data[off + 4];
	replace(a, off + 8 + hw_len, ADDR4_LEN);
	replace(a, off + 8 + 2 * hw_len + ADDR4_LEN, ADDR4_LEN);
	return RW_LOST_NONE;
}

static enum rw_lost frame_without_ip(struct anon *a, const struct rw_frame *f)
{
	uint32_t len = rw_link_header_len(f);

	if (f->pkt.drop != PAL_DROP_ARP || len == 0)
		return RW_LOST_NO_ADDRESS;
	return arp(a, (uint32_t)(f->data - a->data) + len);
}

static enum rw_lost tunnel(struct anon *a, const struct pal_pkt *outer)
{
	struct pal_pkt inner;
	struct rw_frame f = {.linktype = RW_LINKTYPE_ETHERNET};

	if (pal_decode_inner(&inner, outer, a->stats))
		return datagram(a, &inner);
	if (outer->inner_layer != PAL_LAYER_ETHERNET)
		return RW_LOST_NO_ADDRESS;
	f.data = inner.data;
	f.cap_len = inner.cap_len;
	f.pkt = inner;
	return frame_without_ip(a, &f);
}

// Fragments are not looked into: where one begins nobody knows.
static enum rw_lost contents(struct anon *a, const struct pal_pkt *pkt, uint32_t l4, uint32_t end)
{
	if ((pkt->flags & PAL_PKT_FRAGMENT) != 0)
		return pkt->key.proto == IPPROTO_IPIP || pkt->key.proto == IPPROTO_IPV6 ||
				       pkt->key.proto == IPPROTO_GRE
			       ? RW_LOST_NO_ADDRESS
			       : RW_LOST_NONE;
	if (pkt->inner_layer != PAL_LAYER_END)
		return tunnel(a, pkt);
	switch (pkt->key.proto) {
	case IPPROTO_ICMP:
		return icmpv4(a, pkt->icmp_type, l4, end);
	case IPPROTO_ICMPV6:
		return icmpv6(a, pkt->icmp_type, l4, end);
	case IPPROTO_IGMP:
		if (l4 < end)
			igmp(a, l4, end);
		return RW_LOST_NONE;
	default:
		return RW_LOST_NONE;
	}
}

// Where the checksum over the contents lies; UINT32_MAX: there is none.
static uint32_t contents_checksum(const struct anon *a, const struct pal_pkt *pkt, uint32_t l4)
{
	uint32_t at = pal_checksum_offset(pkt->key.proto);

	if (pkt->key.proto == IPPROTO_IGMP)
		at = 2;
	// RFC 2784 section 2.1: the checksum is there if its bit is set.
	if (pkt->key.proto == IPPROTO_GRE && l4 < a->len && (a->data[l4] & 0x80) != 0)
		at = 4;
	// XXX: where 0 happens to be the sum of ICMP or IGMP it is taken for one that is left to the NIC.
	return at == 0 || load16(a, l4 + at) == 0 ? UINT32_MAX : l4 + at;
}

/* headers */

// Source routes and recorded ones: RFC 791 section 3.1.
static void ipv4_options(struct anon *a, uint32_t ip)
{
	uint32_t off = ip + IPV4_LEN, end = ip + (a->data[ip] & 15) * 4u;

	while (off + 2 <= end && a->data[off] != 0) {
		uint8_t type = a->data[off], len = a->data[off + 1];

		if (type == 1) { // no operation
			off++;
			continue;
		}
		if (len < 2)
			break;
		if (type == 7 || type == 131 || type == 137)
			replace_list(a, off + 3, off + len < end ? off + len : end, ADDR4_LEN);
		off += len;
	}
}

// Addresses in routing headers, RFC 8200 section 4.4, in front of the transport.
static void ipv6_routes(struct anon *a, uint32_t ip, uint32_t l4)
{
	uint8_t next = a->data[ip + 6];
	uint32_t off = ip + IPV6_LEN;

	while (off + 8 <= l4) {
		uint32_t len = next == IPPROTO_FRAGMENT ? 8
			       : next == IPPROTO_AH	? (a->data[off + 1] + 2u) * 4
							: (a->data[off + 1] + 1u) * 8;

		if (next == IPPROTO_ROUTING)
			replace_list(a, off + 8, off + len < l4 ? off + len : l4, ADDR6_LEN);
		next = a->data[off];
		off += len;
	}
}

// XXX: where a route is still to be followed, the pseudo-header has its last address; the checksum comes out wrong.
static void headers(struct anon *a, const struct pal_pkt *pkt, uint32_t ip, uint32_t l4)
{
	uint8_t version = pkt->key.ip_version;
	uint64_t before = sum_addrs(a, ip, version), header;

	if (version == 4) {
		header = pal_checksum_add(0, a->data + ip, l4 - ip);
		replace(a, ip + 12, ADDR4_LEN);
		replace(a, ip + 16, ADDR4_LEN);
		ipv4_options(a, ip);
		if (load16(a, ip + 10) != 0)
			adjust(a, ip + 10, header, pal_checksum_add(0, a->data + ip, l4 - ip));
	} else {
		replace(a, ip + 8, ADDR6_LEN);
		replace(a, ip + 24, ADDR6_LEN);
		ipv6_routes(a, ip, l4);
	}
	adjust_transport(a, pkt, l4, before, sum_addrs(a, ip, version));
}

static bool looked_into(const struct pal_pkt *pkt)
{
	return pkt->inner_layer != PAL_LAYER_END || pkt->key.proto == IPPROTO_ICMP ||
	       pkt->key.proto == IPPROTO_ICMPV6 || pkt->key.proto == IPPROTO_IGMP ||
	       (pkt->flags & PAL_PKT_FRAGMENT) != 0;
}

static enum rw_lost payload(struct anon *a, const struct pal_pkt *pkt, uint32_t l4)
{
	uint32_t end = l4 + transport_len(pkt), at;
	uint64_t before, after;
	enum rw_lost lost;

	if (!looked_into(pkt))
		return RW_LOST_NONE;
	if (end > a->len)
		end = a->len;
	at = contents_checksum(a, pkt, l4);
	before = pal_checksum_add(0, a->data + l4, end - l4);
	lost = contents(a, pkt, l4, end);
	after = pal_checksum_add(0, a->data + l4, end - l4);
	if (lost == RW_LOST_NONE && at != UINT32_MAX && before != after)
		adjust(a, at, before, after);
	return lost;
}

static enum rw_lost datagram(struct anon *a, const struct pal_pkt *pkt)
{
	uint32_t base = (uint32_t)(pkt->data - a->data), l4 = base + pkt->l4_off;
	uint32_t len = a->len;
	enum rw_lost lost;

	a->len = base + pkt->cap_len; // what is around it is not its own
	lost = payload(a, pkt, l4);
	if (lost == RW_LOST_NONE)
		headers(a, pkt, base + pkt->l3_off, l4);
	a->len = len;
	return lost;
}

enum rw_lost rw_anonymise(struct rw_frame *f, struct rw_cryptopan *pan)
{
	struct anon a = {.pan = pan, .stats = f->stats, .len = f->cap_len};
	const struct pal_pkt *pkt;

	a.data = rw_frame_own(f, 0);
	if (a.data == NULL)
		return RW_LOST_MEMORY;
	pkt = rw_frame_decode(f);
	f->decoded = false; // it is not what it was any more
	return pkt->drop == PAL_DROP_NONE ? datagram(&a, pkt) : frame_without_ip(&a, f);
}
