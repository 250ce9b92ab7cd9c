/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The table: flows in one array, found through hash chains, timed by one wheel per shard.
 *
 *      heads[hash & mask] -> flow -> flow -> 0        32-bit indices into flows[]; 0 is no flow
 *
 *      shard:  clock   = latest packet time of this shard
 *              wheel   = 64 lists of flows, by the tick at which each is looked at next
 *
 * A packet only writes its flow's clock_ns; the wheel is not touched. When a tick comes, each flow in its
 * list has either been silent for its timeout and ends, or moves to the tick at which it would be. Whether
 * a flow found by lookup has already ended is decided by the same comparison, so nothing depends on when
 * the wheel turns; and the wheel turns on the shard's packets alone, so what is in a full shard does not
 * depend on it either.
 *
 * Why not rte_hash: its insertion may fail or move depending on which other keys are in the table, hence on
 * which shards share an lcore, and results would then differ with the number of lcores.
 */
#include "flow_hash.h"
#include "flow_priv.h"

#include <pal_err.h>
#include <pal_mem.h>
#include <pal_time.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WHEEL_SLOTS 64
#define TICK_NS (4 * PAL_NS_PER_S)
#define TICKED_SHARDS_PER_CALL 16

// Flows in the list of the next tick that are given another chance before one must go.
#define EVICT_TRIES 8

static_assert(PAL_TUNNEL_COUNT <= 32, "bits of pal_flow.carries");

struct shard {
	uint64_t clock_ns;
	uint64_t tick; // clock_ns / TICK_NS, as far as the wheel has turned
	uint64_t used_slots; // bit n: slots[n] is not empty
	uint32_t nb_flows;
	uint32_t slots[WHEEL_SLOTS];
};

struct pal_flow_table {
	uint8_t *flows; // stride bytes each; index 0 is not used
	uint32_t *heads;
	uint8_t *side; // conf.side_bytes each, by the same index; NULL: none
	struct pal_tunnel *tunnels; // likewise; used by flows that came out of one
	uint64_t seed; // hides the chains' order from who sends the packets
	uint32_t mask;
	uint32_t stride;
	uint32_t free_list;
	uint32_t nb_used; // indices below this have been used at least once
	uint32_t capacity;
	uint32_t max_shard_flows;
	uint32_t next_tick_shard;
	uint32_t burst_hash[PAL_BURST_MAX];
	struct pal_flow_conf conf;
	struct pal_flow_stats stats;
	struct shard shards[PAL_SHARDS];
};

static struct pal_flow *flow_at(const struct pal_flow_table *tbl, uint32_t index)
{
	return (struct pal_flow *)(tbl->flows + (size_t)index * tbl->stride);
}

// What a packet touches: the first two lines, and the first of what plugins keep behind the third.
static void prefetch_for_packet(const struct pal_flow_table *tbl, uint32_t index)
{
	const struct pal_flow *flow = flow_at(tbl, index);

	__builtin_prefetch(flow);
	__builtin_prefetch(flow->pkts);
	__builtin_prefetch(flow + 1);
	if (tbl->side != NULL) {
		const uint8_t *side = tbl->side + (size_t)index * tbl->conf.side_bytes;

		__builtin_prefetch(side);
		__builtin_prefetch(side + 64);
	}
}

static void prefetch_for_close(const struct pal_flow_table *tbl, uint32_t index)
{
	prefetch_for_packet(tbl, index);
	__builtin_prefetch(&flow_at(tbl, index)->first_ns);
}

static uint32_t index_of(const struct pal_flow_table *tbl, const struct pal_flow *flow)
{
	return (uint32_t)((size_t)((const uint8_t *)flow - tbl->flows) / tbl->stride);
}

/* the wheel */

static void
wheel_add(struct pal_flow_table *tbl, struct shard *sh, struct pal_flow *flow, uint64_t tick)
{
	uint8_t slot = tick % WHEEL_SLOTS;
	uint32_t index = index_of(tbl, flow);

	flow->wheel_slot = slot;
	flow->wheel_prev = 0;
	flow->wheel_next = sh->slots[slot];
	if (flow->wheel_next != 0)
		flow_at(tbl, flow->wheel_next)->wheel_prev = index;
	sh->slots[slot] = index;
	sh->used_slots |= UINT64_C(1) << slot;
}

static void wheel_del(struct pal_flow_table *tbl, struct shard *sh, struct pal_flow *flow)
{
	if (flow->wheel_next != 0)
		flow_at(tbl, flow->wheel_next)->wheel_prev = flow->wheel_prev;
	if (flow->wheel_prev != 0) {
		flow_at(tbl, flow->wheel_prev)->wheel_next = flow->wheel_next;
		return;
	}
	sh->slots[flow->wheel_slot] = flow->wheel_next;
	if (flow->wheel_next == 0)
		sh->used_slots &= ~(UINT64_C(1) << flow->wheel_slot);
}

static enum pal_flow_proto proto_of(const struct pal_flow_key *key)
{
	switch (key->proto) {
	case IPPROTO_TCP:
		return PAL_FLOW_TCP;
	case IPPROTO_UDP:
		return PAL_FLOW_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return PAL_FLOW_ICMP;
	default:
		return PAL_FLOW_OTHER;
	}
}

static uint64_t timeout_of(const struct pal_flow_table *tbl, const struct pal_flow *flow)
{
	return tbl->conf.timeout_ns[proto_of(&flow->key)][flow->state];
}

static bool
is_expired(const struct pal_flow_table *tbl, const struct shard *sh, const struct pal_flow *flow)
{
	return sh->clock_ns - flow->clock_ns > timeout_of(tbl, flow);
}

// The first tick at which the flow, if it stays silent, has expired; within the reach of the wheel.
static uint64_t
tick_to_look(const struct pal_flow_table *tbl, const struct shard *sh, const struct pal_flow *flow)
{
	uint64_t tick = (flow->clock_ns + timeout_of(tbl, flow)) / TICK_NS + 1;

	if (tick <= sh->tick)
		tick = sh->tick + 1;
	if (tick >= sh->tick + WHEEL_SLOTS)
		tick = sh->tick + WHEEL_SLOTS - 1;
	return tick;
}

/* opening and closing */

static void close_flow(struct pal_flow_table *tbl, struct pal_flow *flow, enum pal_flow_end end)
{
	struct shard *sh = &tbl->shards[flow->shard];
	uint32_t index = index_of(tbl, flow);
	uint32_t *link = &tbl->heads[flow->hash & tbl->mask];

	flow->end = (uint8_t)end;
	tbl->stats.ended[end]++;
	tbl->conf.hooks.on_close(tbl->conf.hooks.arg, flow);
	while (*link != index)
		link = &flow_at(tbl, *link)->next;
	*link = flow->next;
	wheel_del(tbl, sh, flow);
	sh->nb_flows--;
	tbl->stats.active--;
	flow->next = tbl->free_list;
	tbl->free_list = index;
}

static uint8_t first_used_slot_after(const struct shard *sh)
{
	unsigned int shift = (sh->tick + 1) % WHEEL_SLOTS;
	uint64_t turned = sh->used_slots >> shift;

	if (shift != 0)
		turned |= sh->used_slots << (WHEEL_SLOTS - shift);
	return (uint8_t)((shift + (unsigned int)__builtin_ctzll(turned)) % WHEEL_SLOTS);
}

// The shard is full: end the flow that would time out next. Those that were heard since they were put into
// their slot move on, a bounded number of them.
static void evict_one(struct pal_flow_table *tbl, struct shard *sh)
{
	struct pal_flow *flow = NULL;

	for (int i = 0; i < EVICT_TRIES; i++) {
		uint8_t slot = first_used_slot_after(sh);
		uint64_t tick;

		flow = flow_at(tbl, sh->slots[slot]);
		tick = tick_to_look(tbl, sh, flow);
		if (tick % WHEEL_SLOTS == slot)
			break;
		wheel_del(tbl, sh, flow);
		wheel_add(tbl, sh, flow, tick);
	}
	close_flow(
		tbl, flow, is_expired(tbl, sh, flow) ? PAL_FLOW_END_TIMEOUT : PAL_FLOW_END_FORCED
	);
}

static struct pal_flow *take_free(struct pal_flow_table *tbl)
{
	struct pal_flow *flow;

	if (tbl->free_list != 0) {
		flow = flow_at(tbl, tbl->free_list);
		tbl->free_list = flow->next;
	} else {
		// The shards' caps add up to the capacity and one was evicted where its shard was full.
		flow = flow_at(tbl, tbl->nb_used++);
	}
	memset(flow, 0, tbl->stride);
	return flow;
}

static void count_open(struct pal_flow_stats *stats, const struct pal_pkt *pkt)
{
	enum pal_flow_proto proto = proto_of(&pkt->key);

	stats->opened++;
	stats->opened_by[proto]++;
	stats->opened_icmpv6 += pkt->key.proto == IPPROTO_ICMPV6;
	if (proto == PAL_FLOW_TCP && !(pkt->tcp_flags & PAL_TCP_SYN))
		stats->tcp_midstream++;
	if (++stats->active > stats->max_active)
		stats->max_active = stats->active;
}

void *pal_flow_side(const struct pal_flow_table *tbl, const struct pal_flow *flow)
{
	if (tbl->side == NULL || flow->key.proto != IPPROTO_TCP)
		return NULL;
	return tbl->side + (size_t)index_of(tbl, flow) * tbl->conf.side_bytes;
}

// What a flow has beside it, made ready.
static void open_side(struct pal_flow_table *tbl, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	void *side = pal_flow_side(tbl, flow);

	if (side != NULL)
		memset(side, 0, tbl->conf.side_bytes);
	if (pkt->depth != 0) {
		flow->tunnel = &tbl->tunnels[index_of(tbl, flow)];
		tbl->tunnels[index_of(tbl, flow)] = pkt->tunnel;
	}
}

static struct pal_flow *open_flow(
	struct pal_flow_table *tbl,
	const struct pal_pkt *pkt,
	uint32_t hash,
	uint64_t replaced_id
)
{
	struct shard *sh = &tbl->shards[pal_steer_shard(pkt)];
	struct pal_flow *flow;

	if (sh->nb_flows >= tbl->max_shard_flows)
		evict_one(tbl, sh);
	flow = take_free(tbl);
	flow->key = pkt->key;
	flow->hash = hash;
	flow->clock_ns = sh->clock_ns;
	flow->first_ns = flow->last_ns = pkt->time_ns;
	flow->id = pal_flow_make_id(pkt, replaced_id);
	flow->first_number = pkt->number;
	flow->shard = pal_steer_shard(pkt);
	flow->input = pkt->input;
	flow->icmp_type = pkt->icmp_type;
	flow->icmp_code = pkt->icmp_code;
	// Who answers is not who asked: a SYN+ACK that comes first was sent by the server.
	flow->initiator = (uint8_t)pal_pkt_sender(pkt);
	if ((pkt->tcp_flags & (PAL_TCP_SYN | PAL_TCP_ACK)) == (PAL_TCP_SYN | PAL_TCP_ACK))
		flow->initiator ^= 1;
	flow->next = tbl->heads[hash & tbl->mask];
	tbl->heads[hash & tbl->mask] = index_of(tbl, flow);
	wheel_add(tbl, sh, flow, tick_to_look(tbl, sh, flow));
	sh->nb_flows++;
	open_side(tbl, flow, pkt);
	count_open(&tbl->stats, pkt);
	tbl->conf.hooks.on_open(tbl->conf.hooks.arg, flow, pkt);
	return flow;
}

/* the shard's clock */

static void look_at_slot(struct pal_flow_table *tbl, struct shard *sh, uint8_t slot)
{
	uint32_t index = sh->slots[slot];

	sh->slots[slot] = 0;
	sh->used_slots &= ~(UINT64_C(1) << slot);
	while (index != 0) {
		struct pal_flow *flow = flow_at(tbl, index);

		index = flow->wheel_next;
		prefetch_for_close(tbl, index); // flows of a list lie anywhere in memory
		wheel_add(tbl, sh, flow, tick_to_look(tbl, sh, flow));
		if (is_expired(tbl, sh, flow))
			close_flow(tbl, flow, PAL_FLOW_END_TIMEOUT);
	}
}

static void turn_wheel(struct pal_flow_table *tbl, struct shard *sh)
{
	uint64_t tick = sh->clock_ns / TICK_NS;
	uint64_t from = sh->tick + 1;
	uint64_t due = 0;

	if (tick < from)
		return;
	for (uint64_t t = from; t <= tick && t < from + WHEEL_SLOTS; t++)
		due |= UINT64_C(1) << t % WHEEL_SLOTS;
	sh->tick = tick;
	// What is not over moves to a later slot, which may be one of these: each is looked at once.
	due &= sh->used_slots;
	for (uint64_t t = from; due != 0; t++) {
		uint8_t slot = t % WHEEL_SLOTS;

		if (due & UINT64_C(1) << slot)
			look_at_slot(tbl, sh, slot);
		due &= ~(UINT64_C(1) << slot);
	}
}

static void advance_clock(struct pal_flow_table *tbl, struct shard *sh, uint64_t now_ns)
{
	if (now_ns <= sh->clock_ns) {
		tbl->stats.clock_backward += now_ns < sh->clock_ns;
		return;
	}
	sh->clock_ns = now_ns;
	if (sh->nb_flows == 0)
		sh->tick = now_ns / TICK_NS;
	else
		turn_wheel(tbl, sh);
}

/* public */

static size_t flows_bytes(const struct pal_flow_table *tbl)
{
	return ((size_t)tbl->capacity + 1) * tbl->stride;
}

static size_t heads_bytes(const struct pal_flow_table *tbl)
{
	return ((size_t)tbl->mask + 1) * sizeof(tbl->heads[0]);
}

static size_t side_bytes(const struct pal_flow_table *tbl)
{
	return ((size_t)tbl->capacity + 1) * tbl->conf.side_bytes;
}

static size_t tunnels_bytes(const struct pal_flow_table *tbl)
{
	return ((size_t)tbl->capacity + 1) * sizeof(tbl->tunnels[0]);
}

struct pal_flow_table *pal_flow_table_create(const struct pal_flow_conf *conf, uint32_t nb_shards)
{
	struct pal_flow_table *tbl;
	uint32_t nb_heads = 1;

	if (conf->max_flows < PAL_SHARDS || conf->extra_bytes % 8 != 0 || nb_shards == 0)
		return pal_err_null(EINVAL);
	tbl = aligned_alloc(64, (sizeof(*tbl) + 63) & ~(size_t)63);
	if (tbl == NULL)
		return pal_err_null(ENOMEM);
	memset(tbl, 0, sizeof(*tbl));
	tbl->conf = *conf;
	tbl->max_shard_flows = conf->max_flows / PAL_SHARDS;
	tbl->capacity = tbl->max_shard_flows * nb_shards;
	tbl->stride = ((uint32_t)sizeof(struct pal_flow) + conf->extra_bytes + 63) & ~63u;
	tbl->nb_used = 1;
	while (nb_heads < tbl->capacity)
		nb_heads *= 2;
	tbl->mask = nb_heads - 1;
	if (getrandom(&tbl->seed, sizeof(tbl->seed), 0) != sizeof(tbl->seed))
		tbl->seed = pal_time_mono_ns();
	tbl->flows = pal_mem_reserve(flows_bytes(tbl));
	tbl->heads = pal_mem_reserve(heads_bytes(tbl));
	tbl->tunnels = pal_mem_reserve(tunnels_bytes(tbl));
	if (conf->side_bytes != 0)
		tbl->side = pal_mem_reserve(side_bytes(tbl));
	if (tbl->flows == NULL || tbl->heads == NULL || tbl->tunnels == NULL ||
	    (tbl->side == NULL && conf->side_bytes != 0)) {
		pal_flow_table_destroy(tbl);
		return pal_err_null(ENOMEM);
	}
	return tbl;
}

void pal_flow_table_destroy(struct pal_flow_table *tbl)
{
	if (tbl == NULL)
		return;
	pal_mem_release(tbl->flows, flows_bytes(tbl));
	pal_mem_release(tbl->heads, heads_bytes(tbl));
	pal_mem_release(tbl->tunnels, tunnels_bytes(tbl));
	pal_mem_release(tbl->side, side_bytes(tbl));
	free(tbl);
}

size_t pal_flow_table_bytes(const struct pal_flow_table *tbl)
{
	return sizeof(*tbl) + flows_bytes(tbl) + heads_bytes(tbl) + tunnels_bytes(tbl) +
	       side_bytes(tbl);
}

size_t pal_flow_bytes(const struct pal_flow_table *tbl)
{
	return tbl->stride + 2 * sizeof(tbl->heads[0]) + tbl->conf.side_bytes;
}

void pal_flow_prefetch(struct pal_flow_table *tbl, struct pal_pkt *const *pkts, uint16_t nb_pkts)
{
	for (uint16_t i = 0; i < nb_pkts; i++) {
		uint32_t hash =
			(uint32_t)pal_hash_bytes(tbl->seed, &pkts[i]->key, sizeof(pkts[i]->key));

		tbl->burst_hash[i] = hash;
		__builtin_prefetch(&tbl->heads[hash & tbl->mask]);
	}
	for (uint16_t i = 0; i < nb_pkts; i++)
		prefetch_for_packet(tbl, tbl->heads[tbl->burst_hash[i] & tbl->mask]);
}

static struct pal_flow *
lookup(const struct pal_flow_table *tbl, uint32_t hash, const struct pal_flow_key *key)
{
	uint32_t index = tbl->heads[hash & tbl->mask];

	while (index != 0) {
		struct pal_flow *flow = flow_at(tbl, index);

		if (flow->hash == hash && pal_flow_key_equal(&flow->key, key))
			return flow;
		index = flow->next;
	}
	return NULL;
}

static void count_packet(
	struct pal_flow_table *tbl,
	const struct shard *sh,
	struct pal_flow *flow,
	const struct pal_pkt *pkt
)
{
	enum pal_dir dir = pal_flow_dir(flow, pkt);

	flow->pkts[dir] += 1u + pkt->more_frames;
	flow->bytes[dir] += pkt->wire_len;
	if (pkt->time_ns > flow->last_ns)
		flow->last_ns = pkt->time_ns;
	flow->clock_ns = sh->clock_ns;
	if (pkt->inner_layer != 0)
		flow->carries |= UINT32_C(1) << pkt->inner_tunnel;
	tbl->stats.pkts += 1u + pkt->more_frames;
	tbl->stats.bytes += pkt->wire_len;
	if (pkt->tcp_flags != 0) {
		uint8_t syn_ack = pkt->tcp_flags & (PAL_TCP_SYN | PAL_TCP_ACK);

		tbl->stats.tcp_syn += syn_ack == PAL_TCP_SYN;
		tbl->stats.tcp_synack += syn_ack == (PAL_TCP_SYN | PAL_TCP_ACK);
		tbl->stats.tcp_rst += (pkt->tcp_flags & PAL_TCP_RST) != 0;
		pal_flow_tcp_update(flow, pkt, dir);
	} else if (dir == PAL_DIR_TO_CLIENT && flow->key.proto != IPPROTO_TCP) {
		flow->state = PAL_FLOW_ESTABLISHED;
	}
}

struct pal_flow *pal_flow_track(struct pal_flow_table *tbl, uint16_t i, struct pal_pkt *pkt)
{
	struct shard *sh = &tbl->shards[pal_steer_shard(pkt)];
	uint32_t hash = tbl->burst_hash[i];
	struct pal_flow *flow = lookup(tbl, hash, &pkt->key);
	uint64_t replaced_id = 0;

	if (flow != NULL) {
		uint64_t now_ns = pkt->time_ns > sh->clock_ns ? pkt->time_ns : sh->clock_ns;

		if (now_ns - flow->clock_ns > timeout_of(tbl, flow)) {
			// No trace of it is left where a sweep came first: so here, too.
			close_flow(tbl, flow, PAL_FLOW_END_TIMEOUT);
			flow = NULL;
		} else if (pkt->tcp_flags != 0 && pal_flow_tcp_is_reuse(flow, pkt)) {
			replaced_id = flow->id;
			close_flow(tbl, flow, PAL_FLOW_END_TCP_REUSE);
			flow = NULL;
		}
	}
	advance_clock(tbl, sh, pkt->time_ns);
	if (flow == NULL)
		flow = open_flow(tbl, pkt, hash, replaced_id);
	count_packet(tbl, sh, flow, pkt);
	pkt->flow = flow;
	return flow;
}

void pal_flow_tick(struct pal_flow_table *tbl, uint64_t now_ns)
{
	for (int i = 0; i < TICKED_SHARDS_PER_CALL; i++) {
		struct shard *sh = &tbl->shards[tbl->next_tick_shard++ % PAL_SHARDS];

		if (sh->nb_flows != 0 && now_ns > sh->clock_ns)
			advance_clock(tbl, sh, now_ns);
	}
}

static void finish_shard(struct pal_flow_table *tbl, struct shard *sh, uint64_t end_ns)
{
	if (end_ns > sh->clock_ns)
		sh->clock_ns = end_ns;
	while (sh->used_slots != 0) {
		uint32_t index = sh->slots[__builtin_ctzll(sh->used_slots)];
		struct pal_flow *flow = flow_at(tbl, index);

		prefetch_for_close(tbl, flow->wheel_next);
		close_flow(
			tbl,
			flow,
			is_expired(tbl, sh, flow) ? PAL_FLOW_END_TIMEOUT : PAL_FLOW_END_SHUTDOWN
		);
	}
}

void pal_flow_finish(struct pal_flow_table *tbl, uint64_t end_ns)
{
	for (uint32_t i = 0; i < PAL_SHARDS; i++)
		finish_shard(tbl, &tbl->shards[i], end_ns);
}

const struct pal_flow_stats *pal_flow_stats_get(const struct pal_flow_table *tbl)
{
	return &tbl->stats;
}
