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

/** Where nothing is known of a side yet: has it a known method, or something of a version? */
bool http_start_is_likely(const struct pal_http_start *start);

/**
 * Find the first line of a message in a line that may begin with the end of another one: it has its version, and
 * a request's method is one of the known ones. false: there is none.
 *
 * @param kind
 *   What it has to be; PAL_HTTP_UNKNOWN: either.
 */
bool http_start_find(
	struct pal_cursor line,
	enum pal_http_kind kind,
	struct pal_http_start *ret_start
);

#endif
