/* SPDX-License-Identifier: BSD-3-Clause */
/* IP:[!]ADDR and Source:[!]ADDR. What has no address does not match, so that ! keeps it. */
#include "filter.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

struct wanted {
	struct rw_prefix prefix;
	bool negate;
};

static int address_create(struct rw_filter *filter, const char *args)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));

	filter->data = wanted;
	if (wanted == NULL)
		return pal_err(ENOMEM);
	wanted->negate = *args == '!';
	if (rw_parse_prefix(args + wanted->negate, &wanted->prefix) < 0)
		return rw_refuse(
			"-f %s: '%s' is no address and no network",
			filter->text,
			args + wanted->negate
		);
	return 0;
}

static void address_destroy(struct rw_filter *filter)
{
	free(filter->data);
}

static bool
matches(const struct wanted *wanted, const struct rw_tuple *t, const union pal_addr *addr)
{
	union pal_addr masked = *addr;

	if (t->version != wanted->prefix.version)
		return false;
	rw_mask_addr(&masked, wanted->prefix.len);
	return memcmp(&masked, &wanted->prefix.addr, sizeof(masked)) == 0;
}

static bool ip_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	const struct wanted *wanted = filter->data;
	bool found = rw_packet_is_ip(p) && (matches(wanted, &p->tuple, p->tuple.src) ||
					    matches(wanted, &p->tuple, p->tuple.dst));

	return found != wanted->negate;
}

static bool source_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	const struct wanted *wanted = filter->data;
	bool found = rw_packet_is_ip(p) && matches(wanted, &p->tuple, p->tuple.src);

	return found != wanted->negate;
}

const struct rw_filter_ops rw_filter_ip = {
	.name = "IP",
	.usage = "[!]ADDRESS[/LENGTH]",
	.wants = RW_WANT_DECODE,
	.create = address_create,
	.destroy = address_destroy,
	.keep = ip_keep,
};

const struct rw_filter_ops rw_filter_source = {
	.name = "Source",
	.usage = "[!]ADDRESS[/LENGTH]",
	.wants = RW_WANT_DECODE,
	.create = address_create,
	.destroy = address_destroy,
	.keep = source_keep,
};
