/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets:[!]RANGE[,RANGE...]: by number in the order of reading, from 1; `7`, `10-20`, `-5`, `30-`. */
#include "filter.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

struct range {
	uint64_t first, last;
};

struct ranges {
	struct range *ranges; // by first
	unsigned int nb;
	unsigned int next; // the first one that does not end before the packet
	bool negate;
};

static int parse_range(const char *text, struct range *range)
{
	char copy[48], *dash;

	*range = (struct range){1, UINT64_MAX};
	if (strlen(text) >= sizeof(copy))
		return pal_err(EINVAL);
	strcpy(copy, text);
	dash = strchr(copy, '-');
	if (dash == NULL) {
		if (rw_parse_number(copy, UINT64_MAX, &range->first) < 0)
			return -EINVAL;
		range->last = range->first;
		return 0;
	}
	*dash++ = '\0';
	if (*copy == '\0' && *dash == '\0')
		return pal_err(EINVAL);
	if (*copy != '\0' && rw_parse_number(copy, UINT64_MAX, &range->first) < 0)
		return -EINVAL;
	if (*dash != '\0' && rw_parse_number(dash, UINT64_MAX, &range->last) < 0)
		return -EINVAL;
	return range->first <= range->last ? 0 : pal_err(EINVAL);
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

// Ranges that do not overlap, in order.
static void tidy(struct ranges *r)
{
	unsigned int nb = 0;

	qsort(r->ranges, r->nb, sizeof(*r->ranges), by_first);
	for (unsigned int i = 0; i < r->nb; i++) {
		if (nb > 0 && r->ranges[i].first <= r->ranges[nb - 1].last) {
			if (r->ranges[i].last > r->ranges[nb - 1].last)
				r->ranges[nb - 1].last = r->ranges[i].last;
		} else {
			r->ranges[nb++] = r->ranges[i];
		}
	}
	r->nb = nb;
}

static int take_ranges(struct rw_filter *filter, struct ranges *r, char *text)
{
	for (char *next = text; next != NULL;) {
		char *word = strsep(&next, ",");
		struct range *ranges = realloc(r->ranges, (r->nb + 1) * sizeof(*ranges));

		if (ranges == NULL)
			return pal_err(ENOMEM);
		r->ranges = ranges;
		if (parse_range(word, &ranges[r->nb]) < 0)
			return rw_refuse(
				"-f %s: '%s' is no range of packets: 7, 10-20, -5 or 30-",
				filter->text,
				word
			);
		r->nb++;
	}
	tidy(r);
	return 0;
}

static int packets_create(struct rw_filter *filter, const char *args)
{
	struct ranges *r = calloc(1, sizeof(*r));
	char *text;
	int rc;

	filter->data = r;
	if (r == NULL)
		return pal_err(ENOMEM);
	r->negate = *args == '!';
	text = strdup(args + r->negate);
	if (text == NULL)
		return pal_err(ENOMEM);
	rc = take_ranges(filter, r, text);
	free(text);
	return rc;
}

static void packets_destroy(struct rw_filter *filter)
{
	struct ranges *r = filter->data;

	if (r != NULL)
		free(r->ranges);
	free(r);
}

static bool packets_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	struct ranges *r = filter->data;
	bool in;

	// Numbers only grow.
	while (r->next < r->nb && r->ranges[r->next].last < p->pkt.number)
		r->next++;
	in = r->next < r->nb && r->ranges[r->next].first <= p->pkt.number;
	return in != r->negate;
}

const struct rw_filter_ops rw_filter_packets = {
	.name = "Packets",
	.usage = "[!]RANGE[,RANGE...]",
	.create = packets_create,
	.destroy = packets_destroy,
	.keep = packets_keep,
};
