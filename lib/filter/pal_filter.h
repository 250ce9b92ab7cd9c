/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FILTER_H
#define PAL_FILTER_H

/**
 * @file
 * Filter expressions (`tcp port 80`), compiled and run by libpcap: one language everywhere.
 */

#include <pal_pkt.h>

#define PAL_FILTER_ERR_LEN 512

struct pal_filter;

/**
 * Compile an expression for every link type that libpcap can compile it for. What a link type cannot express
 * (`ether host` on raw IP) matches none of its frames.
 *
 * @param err
 *   Room for PAL_FILTER_ERR_LEN bytes; on failure libpcap's reason.
 * @return
 *   The filter, freed with pal_filter_destroy(); NULL with errno set: EINVAL, ENOMEM.
 */
struct pal_filter *pal_filter_create(const char *expression, char *err);

void pal_filter_destroy(struct pal_filter *filter);

/** Does the expression match this frame? Any thread. */
bool pal_filter_match(const struct pal_filter *filter, const struct pal_pkt *pkt);

#endif
