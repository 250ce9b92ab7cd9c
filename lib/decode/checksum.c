/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_checksum.h"

#include <pal_cursor.h>

#include <netinet/in.h>

#define IPV6_HDR_LEN 40

uint64_t pal_checksum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 2; p += 2, len -= 2)
		sum += pal_load_be16(p);
	return len == 0 ? sum : sum + ((uint64_t)p[0] << 8);
}

uint16_t pal_checksum_fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static bool ipv4_header_ok(const struct pal_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;

	// A field of 0 is left to the NIC.
	return pal_load_be16(ip + 10) == 0 ||
	       pal_checksum_fold(pal_checksum_add(0, ip, (size_t)(ip[0] & 15) * 4)) == 0xffff;
}

// RFC 9293 section 3.1, RFC 8200 section 8.1.
static uint64_t pseudo_header(const struct pal_pkt *pkt, uint32_t l4_len)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint64_t sum = (uint64_t)(l4_len >> 16) + (l4_len & 0xffff) + pkt->key.proto;

	return pkt->key.ip_version == 4 ? pal_checksum_add(sum, ip + 12, 8)
					: pal_checksum_add(sum, ip + 8, 32);
}

uint32_t pal_checksum_offset(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

static bool transport_ok(const struct pal_pkt *pkt)
{
	const uint8_t *l4 = pkt->data + pkt->l4_off;
	uint32_t len = pkt->l3_payload_len;
	uint32_t at = pal_checksum_offset(pkt->key.proto);
	uint64_t pseudo = pkt->key.proto == IPPROTO_ICMP ? 0 : pseudo_header(pkt, len);
	uint16_t field;

	if (at == 0 || len < at + 2)
		return true;
	field = pal_load_be16(l4 + at);
	if (field == 0 || (pseudo != 0 && field == pal_checksum_fold(pseudo)))
		return true;
	return pal_checksum_fold(pal_checksum_add(pseudo, l4, len)) == 0xffff;
}

bool pal_checksum_ok(const struct pal_pkt *pkt)
{
	const uint8_t unchecked = PAL_PKT_FRAGMENT | PAL_PKT_SNAPPED | PAL_PKT_L4_TRUNCATED;

	if (pkt->key.ip_version == 4 && !ipv4_header_ok(pkt))
		return false;
	if (pkt->flags & unchecked || pkt->cap_len - pkt->l4_off < pkt->l3_payload_len)
		return true;
	if (pkt->key.ip_version == 6 && pkt->l4_off - pkt->l3_off != IPV6_HDR_LEN)
		return true;
	return transport_ok(pkt);
}
