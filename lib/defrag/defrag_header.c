/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of the whole datagram: that of the fragment with offset 0, without what says that it is one.
 *
 *      IPv4   header with options                          length, fragmentation and checksum anew
 *      IPv6   header, extension headers, fragment header   the last goes; length and the byte that announced it anew
 */
#include "defrag_priv.h"

#include <pal_cursor.h>

#include <string.h>

#define IPV6_LEN 40
#define IPV6_FRAG_LEN 8

static void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

uint32_t defrag_hdr_len(const struct pal_pkt *frag)
{
	uint32_t len = frag->l4_off - frag->l3_off;

	return frag->key.ip_version == 6 ? len - IPV6_FRAG_LEN : len;
}

uint32_t defrag_hdr_counted(uint8_t ip_version, uint32_t hdr_len)
{
	return ip_version == 6 ? hdr_len - IPV6_LEN : hdr_len;
}

void defrag_keep_hdr(struct defrag_datagram *dg, const struct pal_pkt *frag)
{
	uint32_t len = defrag_hdr_len(frag);
	struct pal_cursor cur = pal_cursor_of(frag->data, frag->cap_len);
	const uint8_t *hdr;

	pal_cursor_skip(&cur, frag->l3_off);
	hdr = pal_cursor_take(&cur, len);
	// Captured: decode has been through it. Not longer than the room: checked before the fragment was taken.
	assert(hdr != NULL && len <= DEFRAG_HDR_MAX);
	memcpy(dg->hdr, hdr, len);
	dg->hdr_len = (uint16_t)len;
	dg->hdr_proto = frag->key.proto;
	if (frag->key.ip_version == 6)
		dg->hdr_next_off = (uint16_t)(frag->frag_next_off - frag->l3_off);
}

// RFC 1071, over a header whose own checksum is 0.
static uint16_t checksum(const uint8_t *hdr, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 2)
		sum += pal_load_be16(hdr + i);
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

void defrag_put_hdr(const struct defrag_datagram *dg, uint8_t *dst)
{
	memcpy(dst, dg->hdr, dg->hdr_len);
	if (defrag_is_v6(dg)) {
		// RFC 8200 section 4.5: the length of all behind the header; the chain without the fragment header.
		put_be16(dst + 4, dg->hdr_len - IPV6_LEN + dg->end);
		dst[dg->hdr_next_off] = dg->hdr_proto;
		return;
	}
	put_be16(dst + 2, dg->hdr_len + dg->end);
	// RFC 791 section 3.1: neither More Fragments nor an offset. Don't Fragment stays as it was.
	put_be16(dst + 6, pal_load_be16(dst + 6) & 0xc000);
	put_be16(dst + 10, 0);
	put_be16(dst + 10, checksum(dst, dg->hdr_len));
}
