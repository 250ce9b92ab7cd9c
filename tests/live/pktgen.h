/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_PKTGEN_H
#define PAL_TEST_PKTGEN_H

#include <stdint.h>

#define PKTGEN_MAGIC UINT32_C(0x7e57ba5e)

/** Where pktgen's payload starts: Ethernet, IPv4 without options, UDP. */
#define PKTGEN_PAYLOAD_OFF (14 + 20 + 8)

/** First bytes of the UDP payload of a synthetic packet, in the order of this machine. */
struct pktgen_payload {
	uint32_t magic;
	uint32_t flow : 31;
	uint32_t dir : 1;
	uint64_t seq; /**< Counts from 0 in each direction of each flow. */
} __attribute__((packed));

#endif
