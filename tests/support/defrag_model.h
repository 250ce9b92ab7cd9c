/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_DEFRAG_MODEL_H
#define PAL_TEST_DEFRAG_MODEL_H

/**
 * @file
 * Defragmentation, slow and obvious: a list of datagrams, each a list of its fragments as they came, from which the
 * datagram is put together anew whenever one is added, by the rules of the manual. No limits: nothing is evicted.
 */

#include "defrag_frag.h"

#include <pal_defrag.h>

#define MODEL_FRAGS 512
#define MODEL_DATAGRAMS 128
#define MODEL_BLOCKS 8192

enum model_state {
	MODEL_OPEN,
	MODEL_DONE,
	MODEL_DISCARDED,
};

struct model_frag {
	uint32_t off, end, cap_end; /**< As it came ... */
	uint32_t used_end; /**< ... and as far as it is used. */
	uint32_t hdr_extra;
	uint8_t proto;
	bool more;
	uint8_t *data;
};

struct model_datagram {
	struct frag_spec key; /**< Of its first fragment. */
	enum model_state state;
	uint64_t clock_ns;
	uint32_t nb_frags;
	struct model_frag frags[MODEL_FRAGS];
	/* put together */
	uint32_t end;
	int owner[MODEL_BLOCKS]; /**< Index in frags[]; -1. */
	bool overlap, conflict;
};

struct model {
	enum pal_defrag_policy policy[256]; /**< By last byte of the destination. */
	uint64_t timeout_ns[2];
	uint64_t clock_ns;
	uint32_t nb_datagrams;
	struct model_datagram *datagrams[MODEL_DATAGRAMS];
	uint64_t frags, gone, wholes; /**< Frames: added, dropped or given up, and datagrams. */
};

/** What should come of a fragment. */
struct model_answer {
	enum pal_defrag_result result;
	enum pal_drop drop;
	uint32_t nb_frags;
	uint32_t payload_len, known_len;
	uint8_t payload[65536];
	uint32_t hdr_extra;
	uint8_t proto;
	bool overlap, conflict;
	bool differs; /**< This fragment is the first that differs: of these bytes there are two readings. */
	uint64_t old_hash, new_hash;
};

static inline void model_free_datagram(struct model *m, uint32_t i)
{
	for (uint32_t f = 0; f < m->datagrams[i]->nb_frags; f++)
		free(m->datagrams[i]->frags[f].data);
	free(m->datagrams[i]);
	m->datagrams[i] = m->datagrams[--m->nb_datagrams];
}

static inline void model_clear(struct model *m)
{
	while (m->nb_datagrams != 0)
		model_free_datagram(m, 0);
}

/** Frames held now. */
static inline uint64_t model_held(const struct model *m)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->nb_datagrams; i++)
		if (m->datagrams[i]->state == MODEL_OPEN)
			n += m->datagrams[i]->nb_frags;
	return n;
}

// In the words of the manual.
static inline bool model_new_wins(
	enum pal_defrag_policy policy,
	const struct model_frag *old,
	const struct model_frag *new
)
{
	bool starts_before = new->off < old->off, starts_with = new->off == old->off;
	bool ends_after = new->used_end > old->used_end, ends_with = new->used_end == old->used_end;

	if (policy == PAL_DEFRAG_LAST)
		return true;
	if (policy == PAL_DEFRAG_BSD)
		return starts_before;
	if (policy == PAL_DEFRAG_LINUX)
		return starts_before || starts_with;
	if (policy == PAL_DEFRAG_BSD_RIGHT)
		return ends_after || (ends_with && (starts_before || starts_with));
	if (policy == PAL_DEFRAG_WINDOWS)
		return starts_before && ends_after;
	if (policy == PAL_DEFRAG_SOLARIS)
		return starts_before && (ends_after || ends_with);
	return false;
}

static inline bool model_known(const struct model_frag *f, uint32_t block)
{
	uint32_t end = block * 8 + 8;

	return (end < f->used_end ? end : f->used_end) <= f->cap_end;
}

static inline void model_put_together(struct model_datagram *dg, enum pal_defrag_policy policy)
{
	dg->end = 0;
	memset(dg->owner, 0xff, sizeof(dg->owner)); // -1
	for (uint32_t i = 0; i < dg->nb_frags; i++) {
		struct model_frag *f = &dg->frags[i];

		f->used_end = f->end;
		if (!f->more && f->end > dg->end) {
			int *tail = &dg->owner[dg->end / 8];

			if (dg->end % 8 != 0 && *tail >= 0 && dg->frags[*tail].used_end == dg->end)
				*tail = -1;
			dg->end = f->end;
		} else if (!f->more) {
			if (f->end < dg->end)
				f->used_end = f->end / 8 * 8;
		}
		for (uint32_t b = f->off / 8; b * 8 < f->used_end; b++)
			if (dg->owner[b] < 0 || model_new_wins(policy, &dg->frags[dg->owner[b]], f))
				dg->owner[b] = (int)i;
	}
}

static inline bool model_is_whole(const struct model_datagram *dg)
{
	for (uint32_t b = 0; b * 8 < dg->end; b++)
		if (dg->owner[b] < 0)
			return false;
	return dg->end != 0;
}

static inline uint64_t model_fnv1a(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * 0x100000001b3;
}

/** How does f lie over what there is? Sets the flags, and the hashes if they are wanted. */
static inline void model_compare(
	const struct model_datagram *dg,
	const struct model_frag *f,
	bool *ret_overlap,
	bool *ret_differs,
	struct model_answer *a
)
{
	bool touches = false, exact = true, differs = false;
	uint64_t old_hash = 0xcbf29ce484222325, new_hash = 0xcbf29ce484222325;

	for (uint32_t at = f->off; at < f->end; at++) {
		int owner = dg->owner[at / 8];
		const struct model_frag *o = owner < 0 ? NULL : &dg->frags[owner];

		if (o == NULL || o->off != f->off || o->used_end != f->end)
			exact = false;
		if (o == NULL)
			continue;
		touches = true;
		if (at >= o->used_end || !model_known(o, at / 8) || !model_known(f, at / 8))
			continue;
		differs |= o->data[at - o->off] != f->data[at - f->off];
		old_hash = model_fnv1a(old_hash, o->data[at - o->off]);
		new_hash = model_fnv1a(new_hash, f->data[at - f->off]);
	}
	*ret_overlap = touches && !(exact && !differs);
	*ret_differs = differs;
	if (differs) {
		a->old_hash = old_hash;
		a->new_hash = new_hash;
	}
}

static inline struct model_datagram *model_find(struct model *m, const struct frag_spec *spec)
{
	for (uint32_t i = 0; i < m->nb_datagrams; i++) {
		struct model_datagram *dg = m->datagrams[i];
		const struct frag_spec *k = &dg->key;

		if (k->v6 == spec->v6 && k->src == spec->src && k->dst == spec->dst &&
		    k->id == spec->id && (k->v6 || k->proto == spec->proto))
			return dg;
	}
	return NULL;
}

static inline void model_expire(struct model *m)
{
	for (uint32_t i = 0; i < m->nb_datagrams;) {
		struct model_datagram *dg = m->datagrams[i];

		if (m->clock_ns - dg->clock_ns <= m->timeout_ns[dg->key.v6]) {
			i++;
			continue;
		}
		if (dg->state == MODEL_OPEN)
			m->gone += dg->nb_frags;
		model_free_datagram(m, i);
	}
}

static inline void model_answer_whole(const struct model_datagram *dg, struct model_answer *a)
{
	const struct model_frag *first = &dg->frags[dg->owner[0]];

	a->result = PAL_DEFRAG_WHOLE;
	a->nb_frags = dg->nb_frags;
	a->payload_len = a->known_len = dg->end;
	a->hdr_extra = first->hdr_extra;
	a->proto = first->proto;
	a->overlap = dg->overlap;
	a->conflict = dg->conflict;
	for (uint32_t at = 0; at < dg->end; at++) {
		const struct model_frag *o = &dg->frags[dg->owner[at / 8]];

		if (!model_known(o, at / 8)) {
			a->known_len = at / 8 * 8;
			return;
		}
		a->payload[at] = o->data[at - o->off];
	}
}

static inline void model_drop(struct model *m, struct model_answer *a, enum pal_drop drop)
{
	a->result = PAL_DEFRAG_DROPPED;
	a->drop = drop;
	m->gone++;
}

static inline bool model_is_last_again(const struct model_datagram *dg, const struct model_frag *f)
{
	const struct model_frag *last = &dg->frags[dg->nb_frags - 1];
	uint32_t cap_end = last->cap_end < last->used_end ? last->cap_end : last->used_end;

	return f->off == last->off && f->end == last->used_end && f->cap_end == cap_end &&
	       memcmp(f->data, last->data, cap_end - f->off) == 0;
}

/** Headers and payload as IP counts them. */
static inline uint32_t model_total(bool v6, uint32_t hdr_extra, uint32_t end)
{
	return (v6 ? 0 : 20) + hdr_extra + end;
}

static inline void model_begin(struct model *m, const struct frag_spec *spec)
{
	struct model_datagram *dg = calloc(1, sizeof(*dg));

	frag_must(dg != NULL && m->nb_datagrams < MODEL_DATAGRAMS);
	dg->key = *spec;
	dg->clock_ns = m->clock_ns;
	for (int b = 0; b < MODEL_BLOCKS; b++)
		dg->owner[b] = -1;
	m->datagrams[m->nb_datagrams++] = dg;
}

/** Add a fragment; what should come of it. */
static inline void model_add(struct model *m, const struct frag_spec *spec, struct model_answer *a)
{
	enum pal_defrag_policy policy = spec->v6 ? PAL_DEFRAG_DISCARD : m->policy[spec->dst];
	struct model_frag f = {
		.off = spec->off,
		.end = spec->off + spec->len,
		.cap_end = spec->off + spec->len - spec->cut,
		.hdr_extra = spec->hdr_extra,
		.proto = spec->proto,
		.more = spec->more,
	};
	struct model_datagram *dg;
	uint32_t first_extra = f.hdr_extra, max_end;
	bool overlap, differs, disagree = false;

	memset(a, 0, offsetof(struct model_answer, payload));
	a->overlap = a->conflict = a->differs = false;
	m->frags++;
	if (spec->time_ns > m->clock_ns)
		m->clock_ns = spec->time_ns;
	model_expire(m);

	if (model_total(spec->v6, spec->hdr_extra, f.end) > 65535) {
		model_drop(m, a, PAL_DROP_FRAG_TOO_LARGE);
		return;
	}
	if (f.more && !spec->v6)
		f.end = f.end / 8 * 8;
	if (f.end <= f.off || (f.more && f.end % 8 != 0)) {
		model_drop(m, a, PAL_DROP_FRAG_INVALID);
		return;
	}
	if (f.off == 0 && spec->v6 && spec->hdr_extra > 256 - 40) {
		model_drop(m, a, PAL_DROP_FRAG_INVALID);
		return;
	}
	if (f.cap_end > f.end)
		f.cap_end = f.end;
	f.used_end = f.end;
	f.data = malloc(f.cap_end - f.off + 1);
	frag_must(f.data != NULL);
	if (f.cap_end != f.off)
		memcpy(f.data, spec->data, f.cap_end - f.off);

	dg = model_find(m, spec);
	if (dg != NULL && dg->state == MODEL_DONE) {
		if (model_is_last_again(dg, &f)) {
			model_drop(m, a, PAL_DROP_FRAG_DUPLICATE);
			free(f.data);
			return;
		}
		for (uint32_t i = 0; i < m->nb_datagrams; i++)
			if (m->datagrams[i] == dg)
				model_free_datagram(m, i);
		dg = NULL;
	}
	if (dg != NULL && dg->state == MODEL_DISCARDED) {
		model_drop(m, a, PAL_DROP_FRAG_OVERLAP);
		free(f.data);
		return;
	}
	if (dg == NULL) {
		model_begin(m, spec);
		dg = m->datagrams[m->nb_datagrams - 1];
	}

	// Longer than a datagram can be, behind the header that is there, or for what is there?
	max_end = f.end;
	for (uint32_t i = 0; i < dg->nb_frags; i++)
		if (dg->frags[i].used_end > max_end)
			max_end = dg->frags[i].used_end;
	if (f.off != 0)
		first_extra = dg->owner[0] < 0 ? 0 : dg->frags[dg->owner[0]].hdr_extra;
	if (model_total(spec->v6, first_extra, max_end) > 65535) {
		model_drop(m, a, PAL_DROP_FRAG_TOO_LARGE);
		free(f.data);
		return;
	}

	for (uint32_t i = 0; i < dg->nb_frags; i++) {
		const struct model_frag *o = &dg->frags[i];

		// The end that each of two knows, and bytes beyond it.
		disagree |= !o->more && !f.more && o->end != f.end;
		disagree |= !o->more && f.end > o->end;
		disagree |= !f.more && o->used_end > f.end;
	}
	model_compare(dg, &f, &overlap, &differs, a);
	a->differs = differs && !dg->conflict;
	dg->overlap |= overlap;
	dg->conflict |= differs;
	if (policy == PAL_DEFRAG_DISCARD && (overlap || disagree)) {
		m->gone += dg->nb_frags;
		dg->state = MODEL_DISCARDED;
		model_drop(m, a, PAL_DROP_FRAG_OVERLAP);
		free(f.data);
		return;
	}

	frag_must(dg->nb_frags < MODEL_FRAGS);
	dg->frags[dg->nb_frags++] = f;
	model_put_together(dg, policy);
	a->result = PAL_DEFRAG_HELD;
	if (model_is_whole(dg)) {
		dg->state = MODEL_DONE;
		m->wholes++;
		m->gone += dg->nb_frags - 1; // merged
		model_answer_whole(dg, a);
	}
}

#endif
