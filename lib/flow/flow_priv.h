/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FLOW_PRIV_H
#define PAL_FLOW_PRIV_H

#include "pal_flow_table.h"

/**
 * Does this TCP packet begin a connection of its own, though a flow with its key is there?
 */
bool pal_flow_tcp_is_reuse(const struct pal_flow *flow, const struct pal_pkt *pkt);

/** Take a TCP packet into the state of its flow. */
void pal_flow_tcp_update(struct pal_flow *flow, const struct pal_pkt *pkt, enum pal_dir dir);

#endif
