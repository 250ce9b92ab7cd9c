/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_LINK_H
#define RW_LINK_H

/** @file From one link type to another. */

#include "frame.h"

#define RW_LINKTYPE_ETHERNET 1
#define RW_LINKTYPE_RAW 101

/** Only the IP datagram: link header, VLAN tags, labels and what lies behind the datagram (padding, FCS) go. */
enum rw_lost rw_link_to_raw(struct rw_frame *f);

/**
 * An Ethernet header in front of the datagram, or of all that follows the header of a Linux cooked frame.
 *
 * @param macs
 *   Destination and source; NULL: those the frame came with, as far as there are, else zeros.
 */
enum rw_lost rw_link_to_ethernet(struct rw_frame *f, const uint8_t *macs);

/** Take the VLAN tags out of an Ethernet frame; any other frame stays as it is. */
enum rw_lost rw_link_strip_vlans(struct rw_frame *f);

/** Remember the addresses of an Ethernet frame, before it is changed. */
void rw_link_keep_macs(struct rw_frame *f);

/** Bytes in front of what an ethertype announces, VLAN tags included; 0 where nobody knows. */
uint32_t rw_link_header_len(const struct rw_frame *f);

#endif
