/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A stream that becomes another protocol's.
 *
 *      STARTTLS\r\n | bytes kept back ...        to the server: said, from here
 *      220 go on\r\n | ...                       to the client: said, too: the flow changes
 *
 * Kept back are pieces as they came, in the order of both sides, so that whoever gets them then cannot tell
 * that they had to wait. It takes a client that does not wait for its answer, so they are few, and the heap is good
 * enough. Without memory they are missing, as the offset of what follows tells.
 */
#include "detect_priv.h"

#include <stdlib.h>

#define SAID(dir) (1u << (dir))
#define SAID_STAY 4u

void detect_free_pieces(struct pal_detect_piece *piece)
{
	while (piece != NULL) {
		struct pal_detect_piece *next = piece->next;

		free(piece);
		piece = next;
	}
}

bool pal_detect_change(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t from,
	enum pal_app expected
)
{
	struct pal_detect_flow *df = own(det, flow);

	if (df->nb_changes == PAL_DETECT_CHANGES)
		return false;
	detect_entry(det, flow, dir)->from[dir] = from;
	df->said |= SAID(dir);
	df->expected = (uint8_t)expected;
	return true;
}

void pal_detect_stay(struct pal_detect *det, struct pal_flow *flow)
{
	struct pal_detect_flow *df = own(det, flow);

	if (df->said != 0)
		df->said = SAID_STAY;
}

uint8_t pal_detect_nb_changes(const struct pal_detect *det, struct pal_flow *flow)
{
	return own(det, flow)->nb_changes;
}

bool pal_detect_keeps(const struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir)
{
	return own(det, flow)->said & SAID(dir);
}

/* keeping */

static void append(struct entry *e, struct pal_detect_piece *piece)
{
	if (e->last == NULL)
		e->first = piece;
	else
		e->last->next = piece;
	e->last = piece;
}

static struct pal_detect_piece *
new_piece(struct entry *e, const struct pal_stream_data *data, uint64_t gap_len)
{
	size_t bytes = sizeof(struct pal_detect_piece) + (gap_len != 0 ? 0 : data->len);
	struct pal_detect_piece *piece;

	// A gap is what becomes of bytes that find no room, so for one more of them there is always some.
	if (gap_len == 0 && e->kept_bytes + bytes > PAL_DETECT_KEPT_BYTES)
		return NULL;
	piece = malloc(bytes);
	if (piece == NULL)
		return NULL;
	e->kept_bytes += (uint32_t)bytes;
	*piece = (struct pal_detect_piece){.data = *data, .gap_len = gap_len};
	piece->data.data = piece->bytes;
	if (gap_len == 0)
		memcpy(piece->bytes, data->data, data->len);
	append(e, piece);
	return piece;
}

// The gap that ends where this one begins grows.
static bool grow_gap(struct entry *e, enum pal_dir dir, uint64_t offset, uint64_t len)
{
	struct pal_detect_piece *last = NULL;

	for (struct pal_detect_piece *p = e->first; p != NULL; p = p->next)
		if (p->data.dir == dir)
			last = p;
	if (last == NULL || last->gap_len == 0 || last->data.offset + last->gap_len != offset)
		return false;
	last->gap_len += len;
	return true;
}

void pal_detect_keep_gap(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
)
{
	struct entry *e = &det->entries[own(det, flow)->held];
	const struct pal_stream_data at = {.offset = offset, .dir = (uint8_t)dir};

	if (!grow_gap(e, dir, offset, len))
		(void)new_piece(e, &at, len);
}

void pal_detect_keep(
	struct pal_detect *det,
	struct pal_flow *flow,
	const struct pal_stream_data *data
)
{
	struct entry *e = &det->entries[own(det, flow)->held];
	struct pal_stream_data tail = *data;
	uint64_t skip = e->from[data->dir] > data->offset ? e->from[data->dir] - data->offset : 0;

	if (skip >= data->len)
		return;
	tail.data += skip;
	tail.offset += skip;
	tail.len -= (uint32_t)skip;
	if (new_piece(e, &tail, 0) == NULL && !grow_gap(e, tail.dir, tail.offset, tail.len))
		(void)new_piece(e, &tail, tail.len);
}

/* deciding */

enum pal_detect_verdict pal_detect_verdict(const struct pal_detect *det, struct pal_flow *flow)
{
	uint8_t said = own(det, flow)->said;

	if (said == (SAID(PAL_DIR_TO_SERVER) | SAID(PAL_DIR_TO_CLIENT)))
		return PAL_DETECT_CHANGES_NOW;
	return said == SAID_STAY ? PAL_DETECT_STAYS : PAL_DETECT_WAITS;
}

bool pal_detect_force(struct pal_detect *det, struct pal_flow *flow)
{
	struct pal_detect_flow *df = own(det, flow);

	if (df->said == 0 || det->entries[df->held].first == NULL)
		return false;
	df->said = SAID(PAL_DIR_TO_SERVER) | SAID(PAL_DIR_TO_CLIENT);
	return true;
}

struct pal_detect_piece *pal_detect_release(struct pal_detect *det, struct pal_flow *flow)
{
	struct pal_detect_flow *df = own(det, flow);
	struct entry *e = &det->entries[df->held];
	struct pal_detect_piece *first = df->held == 0 ? NULL : e->first;

	df->said = 0;
	if (df->held != 0) {
		e->first = e->last = NULL;
		e->kept_bytes = 0;
	}
	pal_detect_replayed(det, flow);
	return first;
}

void pal_detect_restart(struct pal_detect *det, struct pal_flow *flow)
{
	struct pal_detect_flow *df = own(det, flow);
	struct entry *e = detect_entry(det, flow, PAL_DIR_TO_SERVER);

	for (enum pal_dir dir = 0; dir < PAL_DIR_COUNT; dir++) {
		e->half[dir] = (struct half){.candidates = PAL_APPS_ALL};
		e->base[dir] = e->from[dir];
		flow->app_dir[dir] = PAL_APP_UNKNOWN;
	}
	df->tries = 0;
	df->nb_changes++;
	flow->app_orig = flow->app;
	flow->app_expected = df->expected;
	flow->app = PAL_APP_UNKNOWN;
	flow->wants |= PAL_FLOW_WANTS_APP;
}
