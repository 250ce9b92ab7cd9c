/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_ANOMALY_H
#define PAL_ANOMALY_H

/**
 * @file
 * An oddity that some layer met: a header that contradicts itself, fragments or segments that do.
 *
 * Layers find them, pipeline hands them to the plugins that ask for them. Each has a code, so that whoever counts
 * or limits them needs an array only.
 */

#include "pal_pkt.h"

enum pal_anomaly_type {
	PAL_ANOMALY_DECODE, /**< One packet is wrong in itself, or fragments do not fit together. */
	PAL_ANOMALY_STREAM, /**< A TCP segment does not fit its connection. */
	PAL_ANOMALY_APPLAYER, /**< An application protocol is not what it seemed, or breaks its rules. */
};

/** Codes are below this; equal code means equal names. Each layer has its part of them. */
#define PAL_ANOMALY_CODES 256
#define PAL_ANOMALY_CODE_DECODE 0
#define PAL_ANOMALY_CODE_DEFRAG 64
#define PAL_ANOMALY_CODE_STREAM 128
#define PAL_ANOMALY_CODE_APPLAYER 192

struct pal_flow;

/** Valid during the call that brings it. */
struct pal_anomaly {
	const char *name; /**< PAL's: `frag_overlap`. Static. */
	const char *
		known; /**< Suricata's name for the same: `decoder.ipv4.frag_overlap`; NULL for none. Static. */
	uint16_t code;
	uint8_t type; /**< enum pal_anomaly_type */
	const struct pal_pkt *pkt; /**< NULL when it is no packet that shows it (a timeout). */
	struct pal_flow *flow; /**< NULL before the flow is known. */
	const struct pal_flow_key *key; /**< Of pkt or flow, or of the fragments; NULL for none. */
	uint64_t time_ns;
	uint64_t number; /**< pal_pkt.number of the packet that shows it; 0 for none. */

	/* where len is not 0: bytes that were read twice, and differently */
	uint64_t offset; /**< In the datagram's payload, or in the stream of that direction. */
	uint32_t len;
	uint64_t old_hash, new_hash; /**< FNV-1a of what came first, and of what came then. */
};

/** Where anomalies go. */
struct pal_anomaly_sink {
	void (*fn)(void *arg, const struct pal_anomaly *anomaly);
	void *arg;
};

#endif
