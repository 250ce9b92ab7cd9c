/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_checksum.h"
#include "pal_decode.h"

#include <pal_cursor.h>

#include <netinet/in.h>

#define IPV6_HDR_LEN 40
#define SCTP_CHECKSUM_OFF 8
#define SCTP_HDR_LEN 12

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

// RFC 9260 appendix A, bits reflected: four of them a step.
static const uint32_t crc32c_steps[16] = {
	0x00000000,
	0x105ec76f,
	0x20bd8ede,
	0x30e349b1,
	0x417b1dbc,
	0x5125dad3,
	0x61c69362,
	0x7198540d,
	0x82f63b78,
	0x92a8fc17,
	0xa24bb5a6,
	0xb21572c9,
	0xc38d26c4,
	0xd3d3e1ab,
	0xe330a81a,
	0xf36e6f75,
};

static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len != 0; p++, len--) {
		crc ^= *p;
		crc = crc >> 4 ^ crc32c_steps[crc & 15];
		crc = crc >> 4 ^ crc32c_steps[crc & 15];
	}
	return crc;
}

// RFC 9260 section 6.8: over the whole packet, the field itself taken as 0.
static bool sctp_ok(const struct pal_pkt *pkt)
{
	const uint8_t *l4 = pkt->data + pkt->l4_off;
	const uint8_t zeros[4] = {0};
	uint32_t len = pkt->l3_payload_len, crc;

	// RFC 9653: 0 means that another layer protects it; and it is what the NIC completes.
	if (len < SCTP_HDR_LEN || pal_load_le32(l4 + SCTP_CHECKSUM_OFF) == 0)
		return true;
	crc = crc32c(UINT32_MAX, l4, SCTP_CHECKSUM_OFF);
	crc = crc32c(crc, zeros, sizeof(zeros));
	crc = crc32c(crc, l4 + SCTP_HDR_LEN, len - SCTP_HDR_LEN);
	return pal_load_le32(l4 + SCTP_CHECKSUM_OFF) == ~crc;
}

// RFC 768: UDP may be shorter than IP says.
static uint32_t checked_len(const struct pal_pkt *pkt)
{
	return pkt->key.proto == IPPROTO_UDP ? pkt->l4_hdr_len + pkt->payload_len
					     : pkt->l3_payload_len;
}

// RFC 9293 section 3.1, RFC 8200 section 8.1; ICMP has none.
static uint64_t pseudo_header(const struct pal_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint32_t len = checked_len(pkt);
	uint64_t sum = (uint64_t)(len >> 16) + (len & 0xffff) + pkt->key.proto;

	if (pkt->key.proto == IPPROTO_ICMP)
		return 0;
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

// Is the field what a sender leaves to its NIC: nothing, or the sum of the pseudo-header?
static bool is_offloaded(const struct pal_pkt *pkt)
{
	uint16_t field =
		pal_load_be16(pkt->data + pkt->l4_off + pal_checksum_offset(pkt->key.proto));
	uint64_t pseudo = pseudo_header(pkt);

	return field == 0 || (pseudo != 0 && field == pal_checksum_fold(pseudo));
}

// All that the transport's sum goes over is there.
static bool is_checkable(const struct pal_pkt *pkt)
{
	const uint16_t missing = PAL_PKT_FRAGMENT | PAL_PKT_SNAPPED | PAL_PKT_L4_TRUNCATED;

	if (pkt->flags & missing || pkt->cap_len - pkt->l4_off < pkt->l3_payload_len)
		return false;
	// The length that the sum of UDP goes over is nonsense.
	if (pkt->key.proto == IPPROTO_UDP && pkt->flags & PAL_PKT_L4_INVALID)
		return false;
	return pkt->key.ip_version == 4 || pkt->l4_off - pkt->l3_off == IPV6_HDR_LEN;
}

/*
 * A tunnel's own sum may count the datagram inside as the NIC will complete it (local checksum offload): its
 * transport, field included, then sums to the complement of the pseudo-header, which is what the field holds now.
 */
static bool counts_offload_inside(const struct pal_pkt *outer)
{
	const uint8_t *l4 = outer->data + outer->l4_off, *inside;
	struct pal_decode_stats unused = {0};
	struct pal_pkt pkts[2] = {*outer}, *inner = pkts;
	uint32_t at;
	uint16_t field;

	while (inner->inner_layer != PAL_LAYER_END) {
		struct pal_pkt *next = inner == pkts ? pkts + 1 : pkts;

		if (!pal_decode_inner(next, inner, &unused))
			return false;
		inner = next;
	}
	at = pal_checksum_offset(inner->key.proto);
	if (at == 0 || !is_checkable(inner) || inner->l3_payload_len < at + 2 ||
	    !is_offloaded(inner))
		return false;
	inside = inner->data + inner->l4_off;
	field = (uint16_t)~pal_load_be16(inside + at);
	return pal_checksum_fold(
		       pal_checksum_add(pseudo_header(outer) + field, l4, (size_t)(inside - l4))
	       ) == 0xffff;
}

static bool transport_ok(const struct pal_pkt *pkt)
{
	const uint8_t *l4 = pkt->data + pkt->l4_off;
	uint32_t len = checked_len(pkt), at = pal_checksum_offset(pkt->key.proto);

	if (pkt->key.proto == IPPROTO_SCTP)
		return sctp_ok(pkt);
	if (at == 0 || len < at + 2 || is_offloaded(pkt))
		return true;
	if (pal_checksum_fold(pal_checksum_add(pseudo_header(pkt), l4, len)) == 0xffff)
		return true;
	return pkt->inner_layer != PAL_LAYER_END && counts_offload_inside(pkt);
}

bool pal_checksum_ok(const struct pal_pkt *pkt)
{
	if (pkt->key.ip_version == 4 && !ipv4_header_ok(pkt))
		return false;
	return !is_checkable(pkt) || transport_ok(pkt);
}
