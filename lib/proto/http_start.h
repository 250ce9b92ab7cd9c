/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_HTTP_START_H
#define PAL_HTTP_START_H

/**
 * @file
 * The first line of an HTTP/1.x message. lib/proto only.
 */

#include "pal_http.h"

/** Read a line that should be the first of a message. false: it is not. */
bool http_start_parse(struct pal_cursor line, struct pal_http_start *ret_start);

/** Can this line be nothing but the first of a message? It has its version, and nothing else. */
bool http_start_is_certain(struct pal_cursor line);

#endif
