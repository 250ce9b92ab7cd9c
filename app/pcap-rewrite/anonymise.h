/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_ANONYMISE_H
#define RW_ANONYMISE_H

#include "cryptopan.h"
#include "frame.h"

/**
 * Replace addresses where the protocols have them: IP headers, source routes, ARP, neighbour discovery, group
 * membership, what an ICMP error quotes and what is in tunnels. Checksums that were right are right again, those that
 * were wrong are wrong, and what was left to the NIC is left to it.
 *
 * XXX: MAC addresses stay, and so do addresses in payloads (DNS answers, FTP commands, routing protocols, the rest of
 * a datagram in fragments): rw_strip_payload() goes before.
 *
 * @return
 *   RW_LOST_NO_ADDRESS: this is nothing in which addresses are known, so it had better not be written.
 */
enum rw_lost rw_anonymise(struct rw_frame *f, struct rw_cryptopan *pan);

#endif
