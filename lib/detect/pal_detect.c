/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What is held of undecided streams lies in entries of a pool, last freed first taken: memory is touched for as
 * many as were undecided at once, which is few, though there are as many as flows.
 *
 * pal_detect_flow.tries:  3 bits for each side, how often it was tried in vain
 *                      bit 6: which side spoke last, bit 7: somebody has spoken
 */
#include "detect_priv.h"

#include <pal_err.h>
#include <pal_mem.h>

#include <stdlib.h>

struct pal_detect *pal_detect_create(uint32_t max_flows, uint32_t flow_offset)
{
	struct pal_detect *det = calloc(1, sizeof(*det));

	if (det == NULL)
		return pal_err_null(ENOMEM);
	det->nb_entries = max_flows + 1;
	det->nb_touched = 1;
	det->flow_offset = flow_offset;
	det->bytes = (size_t)det->nb_entries * sizeof(struct entry);
	det->entries = pal_mem_reserve(det->bytes);
	if (det->entries == NULL) {
		free(det);
		return pal_err_null(ENOMEM);
	}
	return det;
}

void pal_detect_destroy(struct pal_detect *det)
{
	if (det == NULL)
		return;
	pal_mem_release(det->entries, det->bytes);
	free(det);
}

struct entry *detect_entry(struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir)
{
	uint32_t index = own(det, flow)->held;

	if (index != 0)
		return &det->entries[index];
	index = det->free;
	if (index != 0)
		det->free = det->entries[index].next_free;
	else
		index = det->nb_touched++;
	assert(index < det->nb_entries);
	det->entries[index] = (struct entry
	){.first_dir = dir, .half = {{.candidates = PAL_APPS_ALL}, {.candidates = PAL_APPS_ALL}}};
	own(det, flow)->held = index;
	return &det->entries[index];
}

static void put_entry(struct pal_detect *det, struct pal_flow *flow)
{
	uint32_t index = own(det, flow)->held;

	if (index == 0)
		return;
	detect_free_pieces(det->entries[index].first);
	det->entries[index].next_free = det->free;
	det->free = index;
	own(det, flow)->held = 0;
}

static bool is_open(const struct pal_flow *flow, enum pal_dir dir)
{
	return flow->app_dir[dir] == PAL_APP_UNKNOWN;
}

static void give_up(struct pal_flow *flow, enum pal_dir dir)
{
	if (is_open(flow, dir))
		flow->app_dir[dir] = PAL_APP_FAILED;
}

// Both sides have had their say.
static void settle(struct pal_flow *flow)
{
	if (is_open(flow, PAL_DIR_TO_SERVER) || is_open(flow, PAL_DIR_TO_CLIENT))
		return;
	if (flow->app == PAL_APP_UNKNOWN)
		flow->app = PAL_APP_FAILED;
	flow->wants &= ~PAL_FLOW_WANTS_APP;
}

static enum pal_detect_result decide(struct pal_flow *flow, enum pal_dir dir, enum pal_app app)
{
	enum pal_detect_result result = PAL_DETECT_NOTHING;

	flow->app_dir[dir] = app;
	if (flow->app == PAL_APP_UNKNOWN) {
		flow->app = app;
		result = PAL_DETECT_KNOWN;
	} else if (flow->app != app) {
		result = PAL_DETECT_MISMATCH;
	}
	settle(flow);
	return result;
}

/* tries */

#define TRIES_MASK 7u
#define SPOKE_DIR 0x40
#define SPOKE 0x80

// One try more for a side in vain; true if it was the last.
static bool count_try(struct pal_detect_flow *df, enum pal_dir dir, unsigned int max)
{
	unsigned int shift = 3 * dir;
	unsigned int tries = (df->tries >> shift & TRIES_MASK) + 1;

	df->tries = (uint8_t)((df->tries & ~(TRIES_MASK << shift)) | tries << shift);
	return tries >= max;
}

// Is it this side's turn since now?
static bool takes_turn(struct pal_detect_flow *df, enum pal_dir dir)
{
	uint8_t spoke = SPOKE | (dir == PAL_DIR_TO_CLIENT ? SPOKE_DIR : 0);
	bool turned = (df->tries & (SPOKE | SPOKE_DIR)) != spoke;

	df->tries = (uint8_t)((df->tries & ~(SPOKE | SPOKE_DIR)) | spoke);
	return turned;
}

/* streams */

static struct pal_proto_sample
sample_of(const struct pal_flow *flow, enum pal_proto_over over, struct pal_cursor bytes)
{
	return (struct pal_proto_sample
	){.bytes = bytes,
	  .over = over,
	  .ports = {flow->key.port[0], flow->key.port[1]},
	  .other = flow->app};
}

// Look at what is held and the bytes that follow it.
static enum pal_app
look(const struct pal_flow *flow, struct half *h, const uint8_t *data, uint32_t len, bool is_all)
{
	uint32_t room = (uint32_t)(sizeof(h->bytes) - h->len);
	struct pal_proto_sample sample;

	len = len < room ? len : room;
	if (len != 0)
		memcpy(h->bytes + h->len, data, len);
	sample = sample_of(flow, PAL_OVER_TCP, pal_cursor_of(h->bytes, h->len + len));
	sample.is_all = is_all || len == room;
	return pal_proto_recognise(&sample, &h->candidates);
}

static void hold(struct half *h, const struct pal_stream_data *data)
{
	if (h->len == 0)
		h->offset = data->offset;
	h->len = (uint8_t)(h->len + data->len); // there already, by look()
	h->time_ns = data->time_ns;
	h->number = data->number;
}

// The turn of a side was looked at in vain.
static void fail_turn(
	struct pal_detect *det,
	struct pal_flow *flow,
	struct half *h,
	enum pal_dir dir,
	bool is_start
)
{
	*h = (struct half){.candidates = PAL_APPS_ALL, .waits = true};
	if (count_try(own(det, flow), dir, PAL_DETECT_TURNS) || is_start)
		give_up(flow, dir);
	settle(flow);
}

// Whoever talks on and on without a result will not bring one.
static bool
is_too_long(const struct pal_detect *det, struct pal_flow *flow, const struct pal_stream_data *data)
{
	// Without an entry nothing was held, and nothing has changed: it is the first.
	uint64_t from = det->entries[own(det, flow)->held].base[data->dir];

	return data->offset > from + PAL_DETECT_STREAM_BYTES &&
	       (flow->app == PAL_APP_UNKNOWN || !is_open(flow, data->dir));
}

void pal_detect_replayed(struct pal_detect *det, struct pal_flow *flow)
{
	const struct pal_detect_flow *df = own(det, flow);

	if (!(flow->wants & PAL_FLOW_WANTS_APP) && df->said == 0)
		put_entry(det, flow);
}

static enum pal_detect_result
take_stream(struct pal_detect *det, struct pal_flow *flow, const struct pal_stream_data *data)
{
	enum pal_dir dir = data->dir;
	struct entry *e = detect_entry(det, flow, dir);
	struct half *h = &e->half[dir];
	bool is_start = (h->len != 0 ? h->offset : data->offset) == e->base[dir] &&
			((flow->tcp_flags[dir] & PAL_TCP_SYN) || own(det, flow)->nb_changes != 0);
	enum pal_app app;

	if (takes_turn(own(det, flow), dir))
		h->waits = false;
	if (h->waits)
		return PAL_DETECT_NOTHING;
	if (e->half[0].len + e->half[1].len == 0)
		e->first_dir = (uint8_t)dir;
	app = look(flow, h, data->data, data->len, false);
	if (app > PAL_APP_FAILED)
		return decide(flow, dir, app);
	if (app == PAL_APP_UNKNOWN)
		hold(h, data);
	else
		fail_turn(det, flow, h, dir, is_start);
	return PAL_DETECT_NOTHING;
}

enum pal_detect_result
pal_detect_stream(struct pal_detect *det, struct pal_flow *flow, const struct pal_stream_data *data)
{
	enum pal_detect_result result = PAL_DETECT_NOTHING;

	if (is_too_long(det, flow, data)) {
		give_up(flow, PAL_DIR_TO_SERVER);
		give_up(flow, PAL_DIR_TO_CLIENT);
		settle(flow);
	} else if (is_open(flow, data->dir)) {
		result = take_stream(det, flow, data);
	} else {
		takes_turn(own(det, flow), data->dir);
	}
	if (result != PAL_DETECT_KNOWN)
		pal_detect_replayed(det, flow);
	return result;
}

void pal_detect_gap(struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir)
{
	if (!is_open(flow, dir))
		return;
	takes_turn(own(det, flow), dir);
	fail_turn(det, flow, &detect_entry(det, flow, dir)->half[dir], dir, false);
	pal_detect_replayed(det, flow);
}

enum pal_detect_result pal_detect_end(struct pal_detect *det, struct pal_flow *flow)
{
	enum pal_detect_result result = PAL_DETECT_NOTHING;
	struct entry *e = &det->entries[own(det, flow)->held];

	for (unsigned int i = 0; i < PAL_DIR_COUNT && e != det->entries; i++) {
		enum pal_dir dir = i == 0 ? e->first_dir : !e->first_dir;
		struct half *h = &e->half[dir];
		enum pal_app app = PAL_APP_FAILED;

		if (!is_open(flow, dir) || (h->len == 0 && !h->waits))
			continue;
		if (h->len != 0)
			app = look(flow, h, NULL, 0, true);
		if (app == PAL_APP_FAILED)
			give_up(flow, dir);
		else if (result == PAL_DETECT_NOTHING)
			result = decide(flow, dir, app);
		else
			decide(flow, dir, app);
	}
	flow->wants &= ~PAL_FLOW_WANTS_APP;
	if (flow->app == PAL_APP_UNKNOWN && own(det, flow)->tries != 0)
		flow->app = PAL_APP_FAILED;
	return result;
}

bool pal_detect_held(
	const struct pal_detect *det,
	struct pal_flow *flow,
	unsigned int i,
	struct pal_stream_data *ret_data
)
{
	const struct entry *e = &det->entries[own(det, flow)->held];
	const enum pal_dir dirs[PAL_DIR_COUNT] = {e->first_dir, !e->first_dir};
	unsigned int nb = 0;

	for (unsigned int d = 0; d < PAL_DIR_COUNT && e != det->entries; d++) {
		const struct half *h = &e->half[dirs[d]];

		if (h->len == 0 || nb++ != i)
			continue;
		*ret_data = (struct pal_stream_data
		){.data = h->bytes,
		  .offset = h->offset,
		  .time_ns = h->time_ns,
		  .number = h->number,
		  .len = h->len,
		  .dir = (uint8_t)dirs[d]};
		return true;
	}
	return false;
}

/* datagrams */

enum pal_detect_result pal_detect_datagram(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	struct pal_cursor payload
)
{
	struct pal_proto_sample sample = sample_of(flow, PAL_OVER_UDP, payload);
	uint64_t candidates = PAL_APPS_ALL;
	enum pal_app app;

	if (!is_open(flow, dir))
		return PAL_DETECT_NOTHING;
	sample.is_all = true;
	app = pal_proto_recognise(&sample, &candidates);
	if (app > PAL_APP_FAILED)
		return decide(flow, dir, app);
	// A flow that nobody knows is given up by its first datagrams, whoever sent them.
	if (count_try(own(det, flow), PAL_DIR_TO_SERVER, PAL_DETECT_DATAGRAMS)) {
		give_up(flow, PAL_DIR_TO_SERVER);
		give_up(flow, PAL_DIR_TO_CLIENT);
	}
	settle(flow);
	return PAL_DETECT_NOTHING;
}

void pal_detect_close(struct pal_detect *det, struct pal_flow *flow)
{
	if (flow->app == PAL_APP_UNKNOWN && own(det, flow)->tries != 0)
		flow->app = PAL_APP_FAILED;
	put_entry(det, flow);
}
