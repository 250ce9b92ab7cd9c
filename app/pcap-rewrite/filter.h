/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_FILTER_H
#define RW_FILTER_H

/**
 * @file
 * Filters: which packets are written. All must want a packet; each sees what those before it have kept, as it was
 * read. One file each; the list of all is in filter.c.
 */

#include "packet.h"

/** What a filter must have in a packet, beside the source's part. */
enum rw_want {
	RW_WANT_DECODE = 1 << 0, /**< The rest of it, and the addresses of its tuple. */
	RW_WANT_PORTS =
		1 << 1, /**< The ports, those of later fragments too; includes RW_WANT_DECODE. */
	RW_WANT_LOOK = 1 << 2, /**< All packets before the first one; includes RW_WANT_PORTS. */
};

struct rw_filter;

struct rw_filter_ops {
	const char *name; /**< As in -f NAME:ARGS. */
	const char *usage; /**< What ARGS are. */
	unsigned int wants; /**< enum rw_want. */
	/** Take arguments; says what is wrong with them. 0 or -errno. destroy() is called in either case. */
	int (*create)(struct rw_filter *filter, const char *args);
	void (*destroy)(struct rw_filter *filter); /**< May be NULL. */
	/** First of two passes; with RW_WANT_LOOK. 0 or -errno. */
	int (*look)(struct rw_filter *filter, const struct rw_packet *p);
	bool (*keep)(struct rw_filter *filter, const struct rw_packet *p);
};

extern const struct rw_filter_ops rw_filter_ip, rw_filter_source, rw_filter_dispatch,
	rw_filter_fragmentation, rw_filter_bpf, rw_filter_community_id, rw_filter_from,
	rw_filter_until, rw_filter_packets, rw_filter_sample, rw_filter_dedup;

struct rw_filter {
	const struct rw_filter_ops *ops;
	char *text; /**< As the user wrote it. */
	void *data; /**< The filter's own. */
	unsigned int wants; /**< That of ops, unless create() says otherwise. */
	uint64_t dropped_pkts, dropped_bytes;
};

struct rw_filters {
	struct rw_filter *filters;
	unsigned int nb;
	unsigned int wants; /**< Of all. */
};

/**
 * Add a filter, as in -f: `NAME:ARGS`, else a BPF expression. Says what is wrong with it.
 *
 * @return
 *   0 or -errno.
 */
int rw_filters_add(struct rw_filters *fs, const char *spec);

/** Add one by its operations. */
int rw_filters_add_ops(struct rw_filters *fs, const struct rw_filter_ops *ops, const char *args);

void rw_filters_fini(struct rw_filters *fs);

/** First pass. 0 or -errno. */
int rw_filters_look(struct rw_filters *fs, const struct rw_packet *p);

/** Is it to be written? Counts it where it is dropped. */
bool rw_filters_keep(struct rw_filters *fs, const struct rw_packet *p);

#endif
