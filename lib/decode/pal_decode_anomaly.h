/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DECODE_ANOMALY_H
#define PAL_DECODE_ANOMALY_H

/** @file What a decoded packet shows to be wrong with it. */

#include <pal_anomaly.h>

#include <stdbool.h>

/** Worth a closer look? Most packets are not. */
static inline bool pal_decode_is_odd(const struct pal_pkt *pkt)
{
	return pkt->drop != PAL_DROP_NONE ||
	       (pkt->flags & (PAL_PKT_SNAPPED | PAL_PKT_L4_TRUNCATED | PAL_PKT_L4_INVALID)) != 0;
}

/**
 * Name what is wrong with a packet that pal_decode_is_odd().
 *
 * What only the capture cut off is nothing that was wrong on the wire.
 *
 * @param ret_anomaly
 *   All of it is written, but for flow.
 * @return
 *   false: nothing is wrong with it.
 */
bool pal_decode_anomaly(const struct pal_pkt *pkt, struct pal_anomaly *ret_anomaly);

/** PAL's name of one of its codes (from PAL_ANOMALY_CODE_DECODE on); NULL beyond the last. Static string. */
const char *pal_decode_anomaly_name(unsigned int code);

#endif
