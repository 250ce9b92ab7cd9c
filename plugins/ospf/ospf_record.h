/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OSPF_RECORD_H
#define OSPF_RECORD_H

/** @file The body of records about OSPF. */

#include <pal_ospf.h>
#include <pal_plugin.h>

/**
 * `pal_ospf`.
 *
 * @return
 *   false: the packet is not what its type says.
 */
bool ospf_put(struct pal_json *j, const struct pal_ospf *ospf);

#endif
