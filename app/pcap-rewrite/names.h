/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_NAMES_H
#define RW_NAMES_H

/** @file What the name of a file says. */

#include <stdbool.h>
#include <stddef.h>

/** Length of a path without the endings of capture files and compressions: of `a/b.x.pcap.gz` those of `a/b.x`. */
size_t rw_name_base_len(const char *path);

/** Does its ending say pcap or pcapng? */
bool rw_name_has_format(const char *path);

/** ... pcap? */
bool rw_name_is_pcap(const char *path);

#endif
