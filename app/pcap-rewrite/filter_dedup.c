/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dedup:N or Dedup:SECONDSs: drop a packet whose bytes and length were seen in one of the N packets before it, or
 * at most that long before it. Of those packets the last RECENT_MAX different ones are remembered.
 */
#include "digest.h"
#include "filter.h"
#include "map.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

#define RECENT_MAX 1000000
#define HASH_LEN 16 // of SHA-256

struct seen {
	uint64_t number; // 0: new
	uint64_t time_ns;
};

struct key {
	uint8_t hash[HASH_LEN];
	uint32_t cap_len, wire_len;
};

struct dedup {
	struct rw_recent *recent;
	struct rw_digest *sha256;
	uint64_t nb_pkts; // 0: by time
	int64_t window_ns;
};

static int take_window(struct dedup *d, const char *args)
{
	char text[32];
	size_t len = strlen(args);

	if (len == 0 || len >= sizeof(text))
		return pal_err(EINVAL);
	strcpy(text, args);
	if (text[len - 1] != 's')
		return rw_parse_number(text, RECENT_MAX, &d->nb_pkts) < 0 || d->nb_pkts == 0
			       ? pal_err(EINVAL)
			       : 0;
	text[len - 1] = '\0';
	if (rw_parse_seconds(text, &d->window_ns) < 0 || d->window_ns < 0)
		return pal_err(EINVAL);
	return 0;
}

static int dedup_create(struct rw_filter *filter, const char *args)
{
	struct dedup *d = calloc(1, sizeof(*d));

	filter->data = d;
	if (d == NULL)
		return pal_err(ENOMEM);
	if (take_window(d, args) < 0)
		return rw_refuse(
			"-f %s: needs %s, N from 1 to %d",
			filter->text,
			filter->ops->usage,
			RECENT_MAX
		);
	d->sha256 = rw_digest_create("SHA256");
	d->recent = rw_recent_create(
		sizeof(struct key),
		sizeof(struct seen),
		d->nb_pkts == 0 ? RECENT_MAX : (uint32_t)d->nb_pkts
	);
	if (d->sha256 == NULL || d->recent == NULL)
		return rw_refuse("-f %s: %s", filter->text, strerror(errno));
	return 0;
}

static void dedup_destroy(struct rw_filter *filter)
{
	struct dedup *d = filter->data;

	if (d == NULL)
		return;
	rw_digest_destroy(d->sha256);
	rw_recent_destroy(d->recent);
	free(d);
}

static bool is_duplicate(const struct dedup *d, const struct seen *seen, const struct pal_pkt *pkt)
{
	if (seen->number == 0)
		return false;
	if (d->nb_pkts != 0)
		return pkt->number - seen->number <= d->nb_pkts;
	return (pkt->time_ns > seen->time_ns
			? pkt->time_ns - seen->time_ns
			: seen->time_ns - pkt->time_ns) <= (uint64_t)d->window_ns;
}

static bool dedup_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	struct dedup *d = filter->data;
	const struct pal_pkt *pkt = &p->pkt;
	struct key key = {.cap_len = pkt->cap_len, .wire_len = pkt->wire_len};
	uint8_t hash[RW_DIGEST_MAX];
	struct seen *seen;
	bool duplicate;

	if (!rw_digest(d->sha256, pkt->data, pkt->cap_len, hash))
		return true;
	memcpy(key.hash, hash, HASH_LEN);
	seen = rw_recent_use(d->recent, &key);
	duplicate = is_duplicate(d, seen, pkt);
	seen->number = pkt->number;
	seen->time_ns = pkt->time_ns;
	return !duplicate;
}

const struct rw_filter_ops rw_filter_dedup = {
	.name = "Dedup",
	.usage = "PACKETS or SECONDSs",
	.create = dedup_create,
	.destroy = dedup_destroy,
	.keep = dedup_keep,
};
