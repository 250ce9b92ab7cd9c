/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CHECKSUM_H
#define PAL_CHECKSUM_H

/**
 * @file
 * Are the checksums of a decoded datagram right? IPv4's header, and TCP, UDP, ICMP, ICMPv6 (RFC 1071), SCTP (CRC32c).
 */

#include <pal_pkt.h>

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

#endif
