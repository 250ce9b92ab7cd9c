/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_PAYLOAD_H
#define RW_PAYLOAD_H

#include "frame.h"

/**
 * Keep headers only, as if the packet had been captured with that length: up to the transport header of IP (of what
 * is in a tunnel: nothing), all of ARP, the link header of anything else, if it is one that is known. What lengths and checksums say stays true
 * of the packet on the wire.
 */
void rw_strip_payload(struct rw_frame *f);

#endif
