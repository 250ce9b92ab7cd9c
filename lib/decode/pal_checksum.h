/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CHECKSUM_H
#define PAL_CHECKSUM_H

/**
 * @file
 * Are the checksums of a decoded datagram right? IPv4's header, and TCP, UDP, ICMP, ICMPv6 (RFC 1071), SCTP (CRC32c).
 */

#include <pal_pkt.h>

#include <stddef.h>

/**
 * @param pkt
 *   Decoded, drop is NONE.
 * @return
 *   false only when a checksum is certainly wrong. What cannot be checked is right: fragments, snapped
 *   packets, IPv6 behind extension headers (the pseudo-header's destination may be another). So is what the
 *   sender's NIC would have completed: no checksum, or the pseudo-header's sum alone (offload); and the sum of
 *   a UDP tunnel that counts what is inside as if it were completed (local checksum offload).
 */
bool pal_checksum_ok(const struct pal_pkt *pkt);

/** Add bytes to a sum of 16-bit words in wire order; an odd byte at the end is the left half of a word. */
uint64_t pal_checksum_add(uint64_t sum, const uint8_t *data, size_t len);

/** The sum as one word, one's complement: what a checksum is the complement of. */
uint16_t pal_checksum_fold(uint64_t sum);

/** Where the checksum lies in a transport header; 0: none, or of another kind. */
uint32_t pal_checksum_offset(uint8_t proto);

#endif
