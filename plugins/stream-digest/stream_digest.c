/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What was reassembled, to compare with other tools: of each direction of a TCP stream its length, the SHA-256 of
 * what was delivered, gaps and conflicts; of each datagram that was put together from fragments its length and
 * SHA-256. Records `pal_stream_digest`. Not loaded unless asked for.
 */
#include <pal_plugin.h>

#include <openssl/evp.h>
#include <stdlib.h>

#define SHA256_LEN 32
#define MAX_RANGES 32 // gaps and conflicts that a record lists; the rest is counted

struct range {
	uint64_t offset, len;
};

struct direction {
	EVP_MD_CTX *ctx; // NULL: no byte yet
	uint64_t end; // of the stream, gaps included
	uint64_t delivered;
	uint64_t gap_bytes, conflict_bytes;
	uint32_t nb_gaps, nb_conflicts; // in ranges
	uint64_t nb_more;
	struct range gaps[MAX_RANGES], conflicts[MAX_RANGES];
};

// On the heap: from the first byte, gap or event of a flow to its end.
struct digest {
	enum pal_stream_event end;
	struct direction dir[PAL_DIR_COUNT];
};

struct state {
	struct pal_events *events;
	uint32_t flow_offset;
	EVP_MD *sha256;
	EVP_MD_CTX *datagram_ctx;
};

static void digest_lcore_fini(void *state)
{
	struct state *st = state;

	EVP_MD_CTX_free(st->datagram_ctx);
	EVP_MD_free(st->sha256);
	free(st);
}

static void *digest_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	st->datagram_ctx = EVP_MD_CTX_new();
	if (st->sha256 == NULL || st->datagram_ctx == NULL) {
		digest_lcore_fini(st);
		return pal_err_null(ENOTSUP);
	}
	return st;
}

static struct digest **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

// NULL when there is no memory: then there is no record of this flow.
static struct digest *digest_of(const struct state *st, struct pal_flow *flow)
{
	struct digest **slot = slot_of(st, flow);

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	return *slot;
}

static bool start(const struct state *st, struct direction *d)
{
	if (d->ctx == NULL)
		d->ctx = EVP_MD_CTX_new();
	else
		return true;
	return d->ctx != NULL && EVP_DigestInit_ex2(d->ctx, st->sha256, NULL) == 1;
}

static void digest_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct digest *digest = digest_of(state, flow);
	struct direction *d;

	if (digest == NULL)
		return;
	d = &digest->dir[data->dir];
	if (!start(state, d))
		return;
	EVP_DigestUpdate(d->ctx, data->data, data->len);
	d->delivered += data->len;
	d->end = data->offset + data->len;
}

static void add_range(struct direction *d, struct range *ranges, uint32_t *nb, struct range range)
{
	if (*nb == MAX_RANGES)
		d->nb_more++;
	else
		ranges[(*nb)++] = range;
}

static void
digest_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	struct digest *digest = digest_of(state, flow);
	struct direction *d;

	if (digest == NULL)
		return;
	d = &digest->dir[dir];
	add_range(d, d->gaps, &d->nb_gaps, (struct range){offset, len});
	d->gap_bytes += len;
	d->end = offset + len;
}

static void digest_tcp_event(
	void *state,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	struct digest *digest = digest_of(state, flow);
	struct direction *d;

	if (digest == NULL)
		return;
	if (pal_stream_event_kind(event) == PAL_STREAM_KIND_END)
		digest->end = event;
	if (event != PAL_STREAM_EVENT_OVERLAP_DIFFERENT)
		return;
	d = &digest->dir[info->dir];
	add_range(d, d->conflicts, &d->nb_conflicts, (struct range){info->offset, info->len});
	d->conflict_bytes += info->len;
}

static void put_ranges(struct pal_json *j, const struct range *ranges, uint32_t nb)
{
	for (uint32_t i = 0; i < nb; i++) {
		pal_json_put_comma(j);
		pal_json_put_char(j, '[');
		pal_json_put_u64(j, ranges[i].offset);
		pal_json_put_char(j, ',');
		pal_json_put_u64(j, ranges[i].len);
		pal_json_put_char(j, ']');
	}
	pal_json_close(j, ']');
}

static void put_direction(struct pal_json *j, const struct state *st, struct direction *d)
{
	uint8_t sha256[SHA256_LEN] = {0};

	if (start(st, d))
		EVP_DigestFinal_ex(d->ctx, sha256, NULL);
	pal_json_u64(j, "len", d->end);
	pal_json_u64(j, "delivered", d->delivered);
	pal_json_hex(j, "sha256", sha256, sizeof(sha256));
	pal_json_open(j, "gaps", '[');
	put_ranges(j, d->gaps, d->nb_gaps);
	pal_json_u64(j, "gap_bytes", d->gap_bytes);
	pal_json_open(j, "conflicts", '[');
	put_ranges(j, d->conflicts, d->nb_conflicts);
	pal_json_u64(j, "conflict_bytes", d->conflict_bytes);
	if (d->nb_more != 0)
		pal_json_u64(j, "more", d->nb_more);
	pal_json_close(j, '}');
}

static void write_stream(struct state *st, struct pal_flow *flow, struct digest *digest)
{
	struct pal_json *j =
		pal_event_begin_flow(st->events, "pal_stream_digest", flow, flow->last_ns);

	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_open(j, "stream", '{');
	pal_json_str(j, "end", pal_stream_event_name(digest->end));
	pal_json_open(j, "to_server", '{');
	put_direction(j, st, &digest->dir[PAL_DIR_TO_SERVER]);
	pal_json_open(j, "to_client", '{');
	put_direction(j, st, &digest->dir[PAL_DIR_TO_CLIENT]);
	pal_json_close(j, '}');
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void digest_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	struct digest **slot = slot_of(st, flow);

	if (*slot == NULL)
		return;
	write_stream(st, flow, *slot);
	for (enum pal_dir dir = 0; dir < PAL_DIR_COUNT; dir++)
		EVP_MD_CTX_free((*slot)->dir[dir].ctx);
	free(*slot);
	*slot = NULL;
}

// What follows the IP header of a datagram that came in fragments.
static void digest_datagram(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct state *st = state;
	uint8_t sha256[SHA256_LEN];
	struct pal_cursor cur;
	struct pal_json *j;

	if (!(pkt->flags & PAL_PKT_REASSEMBLED))
		return;
	cur = pal_cursor_of(pkt->data, pkt->cap_len);
	if (!pal_cursor_skip(&cur, pkt->l4_off))
		return;
	pal_cursor_limit(&cur, pkt->l3_payload_len);
	if (EVP_DigestInit_ex2(st->datagram_ctx, st->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(st->datagram_ctx, cur.pos, pal_cursor_left(&cur)) != 1 ||
	    EVP_DigestFinal_ex(st->datagram_ctx, sha256, NULL) != 1)
		return;
	j = pal_event_begin_flow_pkt(
		st->events, "pal_stream_digest", flow, pkt->time_ns, pkt->number
	);
	if (j == NULL)
		return;
	pal_json_open(j, "pal", '{');
	pal_json_open(j, "datagram", '{');
	pal_json_u64(j, "pcap_cnt", pkt->number);
	pal_json_u64(j, "frames", 1u + pkt->more_frames);
	pal_json_u64(j, "len", pal_cursor_left(&cur));
	pal_json_hex(j, "sha256", sha256, sizeof(sha256));
	pal_json_close(j, '}');
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "stream-digest",
	.version = PAL_PLUGIN_VERSION,
	.summary = "SHA-256 of reassembled streams and datagrams (pal_stream_digest)",
	.flow_bytes = sizeof(struct digest *),
	.lcore_init = digest_lcore_init,
	.lcore_fini = digest_lcore_fini,
	.datagram = digest_datagram,
	.stream = digest_stream,
	.gap = digest_gap,
	.tcp_event = digest_tcp_event,
	.flow_close = digest_flow_close,
};
