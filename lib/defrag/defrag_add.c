/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a fragment: checked on its own, its datagram found or begun, compared with what is there, stored, and
 * the datagram whole or not.
 */
#include "defrag_priv.h"

#include <pal_cursor.h>
#include <pal_hash.h>

#include <netinet/in.h>
#include <string.h>

#define SWEPT_PER_FRAGMENT 2
#define SWEPT_PER_TICK 64

// RFC 1858 section 3.2: so much of a TCP header says what a filter wants to know.
#define TCP_TMIN 16

static struct pal_defrag_key key_of(const struct pal_pkt *frag)
{
	const struct pal_flow_key *flow = &frag->key;
	unsigned int sender = pal_pkt_sender(frag);
	struct pal_defrag_key key = {
		.src = flow->addr[sender],
		.dst = flow->addr[!sender],
		.id = frag->frag_id,
		.tunnel = flow->tunnel,
		// RFC 791 section 3.2. RFC 8200 section 4.5: in IPv6 they may differ, and that of offset 0 counts.
		.proto = flow->ip_version == 6 ? 0 : flow->proto,
		.ip_version = flow->ip_version,
	};

	for (int i = 0; i < PAL_VLAN_MAX; i++)
		key.vlan[i] = flow->vlan[i];
	return key;
}

static struct pal_defrag_event_info
info_of(const struct pal_defrag_key *key,
	const struct defrag_datagram *dg,
	const struct pal_pkt *frag,
	const struct defrag_frag *f)
{
	return (struct pal_defrag_event_info){
		.key = key,
		.time_ns = frag->time_ns,
		.number = frag->number,
		.first_number = dg == NULL ? 0 : dg->first_number,
		.off = f->off,
		.len = f->end - f->off,
		.policy = dg == NULL ? 0 : dg->policy,
		.proto = frag->key.proto,
	};
}

/* checks that need no datagram */

static struct defrag_frag frag_of(const struct pal_pkt *frag)
{
	struct pal_cursor cur = pal_cursor_of(frag->data, frag->cap_len);
	uint32_t len = frag->l3_payload_len > DEFRAG_MAX ? DEFRAG_MAX + 1 : frag->l3_payload_len;
	struct defrag_frag f = {
		.off = frag->frag_off,
		.end = frag->frag_off + len,
		.more = (frag->flags & PAL_PKT_FRAGMENT_MORE) != 0,
	};

	pal_cursor_skip(&cur, frag->l4_off);
	pal_cursor_limit(&cur, len);
	f.bytes = cur.pos;
	f.cap_end = f.off + (uint32_t)pal_cursor_left(&cur);
	return f;
}

static bool is_tiny(const struct pal_pkt *frag, const struct defrag_frag *f)
{
	if (frag->key.proto != IPPROTO_TCP)
		return false;
	// RFC 1858 section 3.2: a first fragment without all that is filtered by, or one that could replace it.
	return f->off == 0 ? f->end < TCP_TMIN : f->off == DEFRAG_BLOCK;
}

// Why a fragment cannot be part of any datagram; NONE. Cuts it to whole blocks where hosts do so.
static enum pal_drop
check(struct pal_defrag *tbl,
      const struct pal_defrag_key *key,
      const struct pal_pkt *frag,
      struct defrag_frag *f)
{
	struct pal_defrag_event_info info = info_of(key, NULL, frag, f);
	uint32_t hdr_len = defrag_hdr_len(frag);

	// RFC 791 section 3.1: no datagram is longer. RFC 8200 section 4.5: the fragment is discarded.
	if (f->end + defrag_hdr_counted(key->ip_version, hdr_len) > DEFRAG_MAX) {
		defrag_report(tbl, NULL, PAL_DEFRAG_EVENT_TOO_LARGE, &info);
		return PAL_DROP_FRAG_TOO_LARGE;
	}
	if (f->off == f->end || (f->more && f->end % DEFRAG_BLOCK != 0)) {
		defrag_report(tbl, NULL, PAL_DEFRAG_EVENT_BAD_LENGTH, &info);
		// RFC 8200 section 4.5: such a fragment is discarded. IPv4 hosts take its whole blocks (Linux does).
		f->end -= f->end % DEFRAG_BLOCK;
		if (key->ip_version == 6 || f->end <= f->off)
			return PAL_DROP_FRAG_INVALID;
	}
	if (f->off == 0 && hdr_len > DEFRAG_HDR_MAX)
		return PAL_DROP_FRAG_INVALID;
	if (f->cap_end > f->end)
		f->cap_end = f->end;
	return PAL_DROP_NONE;
}

/* a fragment and its datagram */

/*
 * Of the bytes of a fragment, to know it again. Four words at a time, where a hash of tables waits for each. With the
 * seed of the table, so that nobody can make another fragment that is taken for this one.
 */
static uint64_t fingerprint(const struct pal_defrag *tbl, const struct defrag_frag *f)
{
	uint64_t lanes[4] = {tbl->seed, ~tbl->seed, tbl->seed + 1, tbl->seed - 1};
	const uint8_t *p = f->bytes;
	uint32_t len = f->cap_end - f->off;

	for (; len >= sizeof(lanes); p += sizeof(lanes), len -= (uint32_t)sizeof(lanes)) {
		for (int i = 0; i < 4; i++) {
			uint64_t word;

			memcpy(&word, p + 8 * i, sizeof(word));
			lanes[i] = pal_hash_mix(lanes[i] ^ word, 0xa0761d6478bd642f);
		}
	}
	return pal_hash_bytes(pal_hash_bytes(tbl->seed, lanes, sizeof(lanes)), p, len);
}

static bool is_repetition(
	const struct pal_defrag *tbl,
	const struct defrag_datagram *dg,
	const struct defrag_frag *f
)
{
	return f->off == dg->done_off && f->end == dg->done_end &&
	       fingerprint(tbl, f) == dg->done_hash;
}

// Do the fragments agree where the datagram ends?
static bool check_end(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *f,
	const struct pal_defrag_event_info *info
)
{
	bool beyond = dg->end != 0 && f->end > dg->end;
	bool other = dg->end != 0 && !f->more && f->end != dg->end;
	bool teardrop = !f->more && f->end < dg->max_end;

	if (teardrop)
		defrag_report(tbl, dg, PAL_DEFRAG_EVENT_TEARDROP, info);
	if (beyond || other)
		defrag_report(tbl, dg, PAL_DEFRAG_EVENT_END_CONFLICT, info);
	return !(beyond || other || teardrop);
}

static void report_overlap(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *f,
	const struct defrag_overlap *overlap,
	struct pal_defrag_event_info *info
)
{
	const uint16_t reported = 1u << PAL_DEFRAG_EVENT_OVERLAP_DIFFERS;

	info->off = overlap->off;
	info->len = overlap->end - overlap->off;
	dg->overlap = true;
	if (!overlap->differs) {
		defrag_report(tbl, dg, PAL_DEFRAG_EVENT_OVERLAP, info);
		return;
	}
	dg->conflict = true;
	// Hashed once a datagram, not for every fragment that an attacker sends.
	if (!(dg->events & reported))
		defrag_hash_both(tbl, dg, f, overlap, &info->old_hash, &info->new_hash);
	defrag_report(tbl, dg, PAL_DEFRAG_EVENT_OVERLAP_DIFFERS, info);
}

// May the datagram go on with this fragment? Reports what is wrong.
static bool
compare(struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct pal_pkt *frag,
	const struct defrag_frag *f)
{
	struct pal_defrag_event_info info = info_of(&dg->key, dg, frag, f);
	struct defrag_overlap overlap = defrag_compare(tbl, dg, f);
	bool agree;

	if (is_tiny(frag, f))
		defrag_report(tbl, dg, PAL_DEFRAG_EVENT_TINY, &info);
	agree = check_end(tbl, dg, f, &info);
	if (overlap.end != 0 && !overlap.exact) {
		report_overlap(tbl, dg, f, &overlap, &info);
		agree = false;
	}
	return agree || dg->policy != PAL_DEFRAG_DISCARD;
}

/*
 * A fragment on its own may fit, and yet be too long behind the header of the first one, which has more options; or
 * the first one before those that were there. It is not taken then, so that what is taken is never too long.
 */
static bool
fits(const struct defrag_datagram *dg, const struct pal_pkt *frag, const struct defrag_frag *f)
{
	uint32_t hdr_len = f->off == 0 ? defrag_hdr_len(frag) : dg->hdr_len;
	uint32_t end = f->end > dg->max_end ? f->end : dg->max_end;

	return hdr_len == 0 || end + defrag_hdr_counted(dg->key.ip_version, hdr_len) <= DEFRAG_MAX;
}

static void
store(struct pal_defrag *tbl,
      struct defrag_datagram *dg,
      const struct pal_pkt *frag,
      struct defrag_frag *f)
{
	if (!f->more && f->end > dg->end)
		defrag_set_end(tbl, dg, f->end);
	else if (!f->more && f->end < dg->end)
		f->end -= f->end % DEFRAG_BLOCK; // inside the datagram there are whole blocks only
	if (f->cap_end > f->end)
		f->cap_end = f->end;
	dg->nb_frags++;
	dg->wire_bytes += frag->wire_len;
	tbl->stats.held_frags++;
	tbl->stats.held_bytes += frag->wire_len;
	if (f->end <= f->off)
		return;
	defrag_give_pages(tbl, dg, f->off, f->end);
	if (f->end > dg->max_end)
		dg->max_end = f->end;
	if (defrag_store(tbl, dg, f))
		defrag_keep_hdr(dg, frag);
}

// The datagram of a fragment, begun if need be; NULL, and why it is not wanted any more.
static struct defrag_datagram *datagram_of(
	struct pal_defrag *tbl,
	const struct pal_defrag_key *key,
	const struct pal_pkt *frag,
	const struct defrag_frag *f,
	enum pal_drop *ret_why
)
{
	uint32_t hash = (uint32_t)pal_hash_bytes(tbl->seed, key, sizeof(*key));
	struct defrag_datagram *dg = defrag_lookup(tbl, key, hash);
	struct pal_defrag_event_info info;

	if (dg == NULL)
		return defrag_begin(tbl, key, hash, frag);
	switch (dg->state) {
	case DEFRAG_DONE:
		*ret_why = PAL_DROP_FRAG_DUPLICATE;
		if (is_repetition(tbl, dg, f))
			return NULL;
		// The identification is used again.
		defrag_forget(tbl, dg);
		return defrag_begin(tbl, key, hash, frag);
	case DEFRAG_DISCARDED:
		// RFC 5722 section 4: with all constituent fragments, those not yet received included.
		*ret_why = PAL_DROP_FRAG_OVERLAP;
		return NULL;
	default:
		if (fits(dg, frag, f))
			return dg;
		info = info_of(key, dg, frag, f);
		defrag_report(tbl, dg, PAL_DEFRAG_EVENT_TOO_LARGE, &info);
		*ret_why = PAL_DROP_FRAG_TOO_LARGE;
		return NULL;
	}
}

/* results */

static enum pal_defrag_result
drop(struct pal_defrag *tbl,
     const struct pal_pkt *frag,
     enum pal_drop why,
     struct pal_defrag_whole *ret)
{
	tbl->stats.exits.pkts[why]++;
	tbl->stats.exits.bytes[why] += frag->wire_len;
	*ret = (struct pal_defrag_whole){.drop = why};
	return PAL_DEFRAG_DROPPED;
}

// Fragments contradict each other: all leave, and what still comes of the datagram does, too.
static enum pal_defrag_result
discard(struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct pal_pkt *frag,
	struct pal_defrag_whole *ret)
{
	defrag_lose(tbl, dg, PAL_DROP_FRAG_OVERLAP);
	defrag_spend(tbl, dg, DEFRAG_DISCARDED);
	return drop(tbl, frag, PAL_DROP_FRAG_OVERLAP, ret);
}

static enum pal_defrag_result complete(
	struct pal_defrag *tbl,
	struct defrag_datagram *dg,
	const struct defrag_frag *f,
	struct pal_defrag_whole *ret
)
{
	tbl->stats.held_frags -= dg->nb_frags;
	tbl->stats.held_bytes -= dg->wire_bytes;
	tbl->stats.whole_frags += dg->nb_frags;
	tbl->stats.whole_bytes += dg->wire_bytes;
	tbl->stats.completed[defrag_is_v6(dg)]++;
	dg->state = DEFRAG_WHOLE;
	dg->done_off = f->off;
	dg->done_end = f->end;
	dg->done_hash = fingerprint(tbl, f);
	tbl->pending = defrag_index(tbl, dg);
	*ret = (struct pal_defrag_whole){
		.total_len = dg->hdr_len + dg->end,
		.hdr_len = dg->hdr_len,
		.cap_len = dg->hdr_len + defrag_known_len(tbl, dg),
		.nb_frags = dg->nb_frags,
		.wire_bytes = dg->wire_bytes,
		.first_time_ns = dg->first_time_ns,
		.first_number = dg->first_number,
		.overlap = dg->overlap,
		.conflict = dg->conflict,
	};
	return PAL_DEFRAG_WHOLE;
}

static void release_pending(struct pal_defrag *tbl)
{
	if (tbl->pending == 0)
		return;
	defrag_spend(tbl, &tbl->datagrams[tbl->pending], DEFRAG_DONE);
	tbl->pending = 0;
}

/* public */

enum pal_defrag_result
pal_defrag_add(struct pal_defrag *tbl, const struct pal_pkt *frag, struct pal_defrag_whole *ret)
{
	struct pal_defrag_key key = key_of(frag);
	struct defrag_frag f = frag_of(frag);
	struct defrag_datagram *dg;
	enum pal_drop why;

	release_pending(tbl);
	tbl->stats.frags++;
	tbl->stats.bytes += frag->wire_len;
	tbl->stats.clock_backward += frag->time_ns < tbl->clock_ns;
	defrag_set_clock(tbl, frag->time_ns);
	defrag_sweep(tbl, SWEPT_PER_FRAGMENT);

	why = check(tbl, &key, frag, &f);
	if (why != PAL_DROP_NONE)
		return drop(tbl, frag, why, ret);
	dg = datagram_of(tbl, &key, frag, &f, &why);
	if (dg == NULL)
		return drop(tbl, frag, why, ret);
	if (!compare(tbl, dg, frag, &f))
		return discard(tbl, dg, frag, ret);
	store(tbl, dg, frag, &f);
	if (dg->end == 0 || dg->nb_covered * DEFRAG_BLOCK < dg->end)
		return PAL_DEFRAG_HELD;
	return complete(tbl, dg, &f, ret);
}

size_t pal_defrag_take(struct pal_defrag *tbl, const struct pal_defrag_whole *whole, uint8_t *dst)
{
	struct defrag_datagram *dg = &tbl->datagrams[tbl->pending];

	(void)whole; // release builds have no assertions
	assert(tbl->pending != 0 && whole->total_len == dg->hdr_len + dg->end);
	if (dst != NULL) {
		defrag_put_hdr(dg, dst);
		defrag_copy(tbl, dg, dst + whole->hdr_len, whole->cap_len - whole->hdr_len);
	}
	release_pending(tbl);
	return dst == NULL ? 0 : whole->cap_len;
}

void pal_defrag_tick(struct pal_defrag *tbl, uint64_t now_ns)
{
	release_pending(tbl);
	defrag_set_clock(tbl, now_ns);
	defrag_sweep(tbl, SWEPT_PER_TICK);
}

void pal_defrag_flush(struct pal_defrag *tbl, uint64_t end_ns)
{
	release_pending(tbl);
	defrag_set_clock(tbl, end_ns);
	defrag_flush(tbl);
}
