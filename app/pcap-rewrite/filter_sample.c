/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sample:N[/SEED]: one flow of N, whole, the same ones in every file and run. A flow is addresses, protocol and
 * ports; what has no IP header that can be read is kept.
 */
#include "filter.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>
#include <pal_hash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sample {
	uint64_t n, seed;
};

/** What is hashed of an endpoint. */
struct endpoint {
	union pal_addr addr;
	uint16_t port;
	uint8_t version, proto;
};
static_assert(sizeof(struct endpoint) == 24, "4 bytes that stay 0");

static int sample_create(struct rw_filter *filter, const char *args)
{
	struct sample *s = calloc(1, sizeof(*s));
	const char *slash = strchr(args, '/');
	char n[24];

	filter->data = s;
	if (s == NULL)
		return pal_err(ENOMEM);
	snprintf(n, sizeof(n), "%.*s", slash == NULL ? 20 : (int)(slash - args), args);
	if (rw_parse_number(n, UINT32_MAX, &s->n) < 0 || s->n == 0 ||
	    (slash != NULL && rw_parse_number(slash + 1, UINT64_MAX, &s->seed) < 0))
		return rw_refuse("-f %s: needs %s", filter->text, filter->ops->usage);
	return 0;
}

static void sample_destroy(struct rw_filter *filter)
{
	free(filter->data);
}

static uint64_t
hash_end(const struct rw_tuple *t, const union pal_addr *addr, uint16_t port, uint64_t seed)
{
	struct endpoint end;

	memset(&end, 0, sizeof(end));
	end.addr = *addr;
	end.port = port;
	end.version = t->version;
	end.proto = t->proto;
	return pal_hash_bytes(seed, &end, sizeof(end));
}

static bool sample_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	const struct sample *s = filter->data;
	const struct rw_tuple *t = &p->tuple;
	uint64_t there, back;

	if (!rw_packet_is_ip(p))
		return true;
	there = hash_end(t, t->src, t->sport, s->seed);
	back = hash_end(t, t->dst, t->dport, s->seed);
	// The sum is the same in both directions, and unlike XOR not 0 for an address that talks to itself.
	return pal_hash_mix(there + back, 0x9e3779b97f4a7c15) % s->n == 0;
}

const struct rw_filter_ops rw_filter_sample = {
	.name = "Sample",
	.usage = "N[/SEED]",
	.wants = RW_WANT_DECODE | RW_WANT_PORTS,
	.create = sample_create,
	.destroy = sample_destroy,
	.keep = sample_keep,
};
