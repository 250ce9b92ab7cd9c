/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PREFIX_H
#define PAL_PREFIX_H

/**
 * @file
 * What an operator says of hosts by their address: the longest prefix that holds an address names a small number.
 *
 *      10.0.0.0/8 windows, 10.1.0.0/16 linux, 2001:db8::/32 bsd, 192.0.2.7 solaris
 *
 * Made for lists that somebody wrote by hand and that are looked up once per datagram or connection: a lookup
 * goes through the prefixes, longest first. Read only once parsed.
 */

#include <stdint.h>

/** Room for an error sentence. */
#define PAL_PREFIX_ERR_LEN 256

/** Prefixes in one list. */
#define PAL_PREFIX_MAX 1024

struct pal_prefix_table;

/**
 * Parse a list: prefix and word, separated by commas. A prefix without a length is one host.
 *
 * @param text
 *   May be empty.
 * @param words
 *   What may stand behind a prefix, NULL-terminated, at most 256; a prefix is given the index of its word.
 * @param ret_table
 *   The table, freed with pal_prefix_destroy().
 * @param err
 *   Room for PAL_PREFIX_ERR_LEN bytes; on failure which entry is wrong, and why, in an operator's words.
 * @return
 *   0; -EINVAL; -ENOMEM.
 */
int pal_prefix_parse(
	const char *text,
	const char *const *words,
	struct pal_prefix_table **ret_table,
	char *err
);

/** Free a table. NULL is a no-op. */
void pal_prefix_destroy(struct pal_prefix_table *table);

/**
 * Find the longest prefix that holds an address.
 *
 * @param table
 *   NULL is an empty one.
 * @param ip_version
 *   4 or 6: how many bytes of addr are looked at.
 * @param addr
 *   Wire order.
 * @return
 *   The index of its word; -1 where no prefix holds the address.
 */
int pal_prefix_lookup(
	const struct pal_prefix_table *table,
	unsigned int ip_version,
	const uint8_t *addr
);

#endif
