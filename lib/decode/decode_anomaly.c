/* SPDX-License-Identifier: BSD-3-Clause */
/* Exits and flags of decoding, as names of what is wrong. */
#include "pal_decode_anomaly.h"

#include <pal_cursor.h>

#include <netinet/in.h>

#define LINKTYPE_NULL 0
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_LOOP 108
#define LINKTYPE_LINUX_SLL 113
#define LINKTYPE_LINUX_SLL2 276

enum decode_anomaly {
#define PAL_DECODE_ANOMALY(id, name, known) ANOMALY_##id,
#include "decode_anomalies.def"
#undef PAL_DECODE_ANOMALY
	ANOMALY_COUNT,
	ANOMALY_NONE,
};
static_assert(ANOMALY_COUNT <= PAL_ANOMALY_CODE_DEFRAG - PAL_ANOMALY_CODE_DECODE);

static const struct {
	const char *name;
	const char *known;
} anomalies[ANOMALY_COUNT] = {
#define PAL_DECODE_ANOMALY(id, name, known) [ANOMALY_##id] = {name, known},
#include "decode_anomalies.def"
#undef PAL_DECODE_ANOMALY
};

const char *pal_decode_anomaly_name(unsigned int code)
{
	return code < ANOMALY_COUNT ? anomalies[code].name : NULL;
}

static enum decode_anomaly link_truncated(const struct pal_pkt *pkt)
{
	if (pkt->depth != 0)
		return ANOMALY_LINK_TRUNCATED;
	switch (pkt->linktype) {
	case LINKTYPE_ETHERNET:
		return ANOMALY_ETHERNET_TRUNCATED;
	case LINKTYPE_LINUX_SLL:
		return ANOMALY_SLL_TRUNCATED;
	case LINKTYPE_LINUX_SLL2:
		return ANOMALY_SLL2_TRUNCATED;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return ANOMALY_NULL_TRUNCATED;
	}
	return ANOMALY_LINK_TRUNCATED;
}

// Which of the three that decode_ipv4() checks.
static enum decode_anomaly ipv4_invalid(const struct pal_pkt *pkt)
{
	struct pal_cursor cur = pal_cursor_of(pkt->data, pkt->cap_len);
	const uint8_t *hdr;

	if (!pal_cursor_skip(&cur, pkt->l3_off))
		return ANOMALY_IPV4_TRUNCATED;
	hdr = pal_cursor_take(&cur, 1);
	if (hdr == NULL)
		return ANOMALY_IPV4_TRUNCATED;
	if (hdr[0] >> 4 != 4)
		return ANOMALY_IPV4_VERSION;
	return (hdr[0] & 0x0f) < 5 ? ANOMALY_IPV4_HEADER_LEN : ANOMALY_IPV4_TOTAL_LEN;
}

static enum decode_anomaly of_drop(const struct pal_pkt *pkt)
{
	bool cut = pkt->wire_len > pkt->cap_len;

	switch (pkt->drop) {
	case PAL_DROP_LINK_TRUNCATED:
		return cut ? ANOMALY_NONE : link_truncated(pkt);
	case PAL_DROP_VLAN_TRUNCATED:
		return cut ? ANOMALY_NONE : ANOMALY_VLAN_TRUNCATED;
	case PAL_DROP_IPV4_TRUNCATED:
		return cut ? ANOMALY_NONE : ANOMALY_IPV4_TRUNCATED;
	case PAL_DROP_IPV6_TRUNCATED:
		return cut ? ANOMALY_NONE : ANOMALY_IPV6_TRUNCATED;
	case PAL_DROP_IPV6_EXT_TRUNCATED:
		return cut ? ANOMALY_NONE : ANOMALY_IPV6_EXT_TRUNCATED;
	case PAL_DROP_NULL_FAMILY_UNKNOWN:
		return ANOMALY_NULL_FAMILY;
	case PAL_DROP_ETHERTYPE_UNKNOWN:
		return ANOMALY_ETHERTYPE_UNKNOWN;
	case PAL_DROP_RAW_NOT_IP:
		return ANOMALY_RAW_NOT_IP;
	case PAL_DROP_TOO_MANY_LAYERS:
		return ANOMALY_TOO_MANY_LAYERS;
	case PAL_DROP_IPV4_INVALID:
		return ipv4_invalid(pkt);
	case PAL_DROP_IPV6_INVALID:
		return ANOMALY_IPV6_VERSION;
	}
	return ANOMALY_NONE;
}

static enum decode_anomaly l4_truncated(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return ANOMALY_TCP_TRUNCATED;
	case IPPROTO_UDP:
		return ANOMALY_UDP_TRUNCATED;
	case IPPROTO_ICMP:
		return ANOMALY_ICMPV4_TRUNCATED;
	case IPPROTO_ICMPV6:
		return ANOMALY_ICMPV6_TRUNCATED;
	case IPPROTO_SCTP:
		return ANOMALY_SCTP_TRUNCATED;
	}
	return ANOMALY_L4_TRUNCATED;
}

static enum decode_anomaly of_flags(const struct pal_pkt *pkt)
{
	uint64_t ip_end = (uint64_t)pkt->l4_off + pkt->l3_payload_len;

	// What came together from fragments has the length of all their frames.
	if (!(pkt->flags & PAL_PKT_REASSEMBLED) && ip_end > pkt->wire_len)
		return pkt->key.ip_version == 4 ? ANOMALY_IPV4_SHORT : ANOMALY_IPV6_SHORT;
	if (pkt->flags & PAL_PKT_L4_INVALID)
		return pkt->key.proto == IPPROTO_TCP   ? ANOMALY_TCP_HEADER_LEN
		       : pkt->key.proto == IPPROTO_UDP ? ANOMALY_UDP_LEN
						       : ANOMALY_L4_INVALID;
	if ((pkt->flags & PAL_PKT_L4_TRUNCATED) && ip_end <= pkt->cap_len)
		return l4_truncated(pkt->key.proto);
	return ANOMALY_NONE;
}

bool pal_decode_anomaly(const struct pal_pkt *pkt, struct pal_anomaly *ret_anomaly)
{
	enum decode_anomaly anomaly = pkt->drop != PAL_DROP_NONE ? of_drop(pkt) : of_flags(pkt);

	if (anomaly == ANOMALY_NONE)
		return false;
	*ret_anomaly = (struct pal_anomaly){
		.name = anomalies[anomaly].name,
		.known = anomalies[anomaly].known,
		.code = (uint16_t)(PAL_ANOMALY_CODE_DECODE + anomaly),
		.type = PAL_ANOMALY_DECODE,
		.pkt = pkt,
		.key = pkt->drop == PAL_DROP_NONE ? &pkt->key : NULL,
		.time_ns = pkt->time_ns,
		.number = pkt->number,
	};
	return true;
}
