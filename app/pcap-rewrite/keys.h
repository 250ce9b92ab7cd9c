/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_KEYS_H
#define RW_KEYS_H

/**
 * @file
 * Sets of addresses and five-tuples that packets are sorted by, as in key files.
 *
 *      si       ip                        source
 *      di       ip                        destination
 *      sdi      ip                        either of them
 *      sipdp    ip,proto,port             source, protocol, destination port
 *      sdipsdp  src,dst,proto,sport,dport either direction
 *
 * Each ip may be a network (10.0.0.0/8). A packet costs one lookup for each pair of prefix lengths in use,
 * however many keys there are.
 */

#include "packet.h"
#include "parse.h"

enum rw_key_kind {
	RW_KEY_SI,
	RW_KEY_DI,
	RW_KEY_SDI,
	RW_KEY_SIPDP,
	RW_KEY_SDIPSDP,
	RW_KEY_COUNT,
};

/** RW_KEY_COUNT: there is no such kind. */
enum rw_key_kind rw_key_kind_of(const char *name);

/** Is more looked at than addresses? */
static inline bool rw_key_wants_ports(enum rw_key_kind kind)
{
	return kind == RW_KEY_SIPDP || kind == RW_KEY_SDIPSDP;
}

struct rw_keys;

/** NULL with errno set: ENOMEM. */
struct rw_keys *rw_keys_create(enum rw_key_kind kind);

/** NULL is a no-op. */
void rw_keys_destroy(struct rw_keys *keys);

enum rw_key_kind rw_keys_kind(const struct rw_keys *keys);

/** Key of one line; what its kind does not look at stays 0. */
struct rw_key {
	struct rw_prefix a, b;
	uint16_t a_port, b_port;
	uint8_t proto;
};

/** 0; -ENOMEM; -ENOSPC when there are too many. */
int rw_keys_add(struct rw_keys *keys, const struct rw_key *key);

/** Add what Fragmentation takes from the first fragment of a datagram: keys that match both directions. */
int rw_keys_add_tuple(struct rw_keys *keys, const struct rw_tuple *tuple);

/**
 * Add the keys of a file: a line each, fields separated by commas, quoted or not; empty lines and lines that
 * begin with # are passed over. Says what is wrong with it, and where.
 *
 * @return
 *   0 or -errno.
 */
int rw_keys_load(struct rw_keys *keys, const char *path);

bool rw_keys_match(const struct rw_keys *keys, const struct rw_tuple *tuple);

#endif
