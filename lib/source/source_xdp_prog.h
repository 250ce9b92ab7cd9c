/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SOURCE_XDP_PROG_H
#define PAL_SOURCE_XDP_PROG_H

/**
 * @file
 * The life of PAL's XDP program (bpf/pal_xdp.bpf.c) on one interface: all that knows libbpf.
 */

#include "source_link.h"

struct pal_xdp_prog;

/**
 * Load the program. It is attached later, once its sockets are in place.
 *
 * A program of ours that an earlier process left behind is removed; anybody else's is an error.
 *
 * @param err
 *   Sentence for the operator, PAL_SOURCE_ERR_LEN bytes.
 * @return
 *   0; -EBUSY - another XDP program is attached; -EPERM - capabilities; another -errno.
 */
int pal_xdp_prog_create(const struct pal_link *link, struct pal_xdp_prog **ret_prog, char *err);

/** Detach and unload. NULL is a no-op. */
void pal_xdp_prog_destroy(struct pal_xdp_prog *prog);

/** Give the frames of a queue to a socket. */
int pal_xdp_prog_set_socket(struct pal_xdp_prog *prog, uint32_t queue_id, int fd);

/** From now on frames go through the program; in the driver, or in the stack where the driver has no XDP. */
int pal_xdp_prog_attach(struct pal_xdp_prog *prog, char *err);

/** From now on they go to the kernel again. A second call is a no-op. */
void pal_xdp_prog_detach(struct pal_xdp_prog *prog);

#endif
