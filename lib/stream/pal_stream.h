/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_STREAM_H
#define PAL_STREAM_H

/**
 * @file
 * TCP streams: segments in, ordered bytes out, what is missing and what is ambiguous stated.
 *
 *      pal_flow_track() -> pal_stream_segment() -> on_data    bytes in order, in place, with their 64-bit offset
 *                                 |                on_gap     bytes that will not come
 *                               parked             on_event   the life of the connection, anomalies, its end
 *                        until the gap is filled
 *                        or given up
 *
 * Order is by sequence number alone: what is next is handed on when it comes, whether or not anybody has
 * acknowledged it. What is early is parked, by keeping its mbuf. A gap is given up when the other side has
 * acknowledged it, when too much is parked behind it, or when the flow ends.
 *
 * A byte that was handed on stays as it was. Where parked segments overlap, the receiving host's policy decides,
 * and different bytes are an event that shows both readings.
 *
 * One struct pal_streams per lcore, nothing shared. Every limit that decides about content belongs to a flow or to
 * its shard, so that results do not depend on how shards are dealt to lcores.
 */

#include <pal_flow.h>
#include <pal_pkt.h>

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pal_prefix_table;
struct pal_streams;
struct rte_mbuf;

/** Why bytes were discarded; from stream_discards.def. */
enum pal_stream_discard {
#define PAL_STREAM_DISCARD(id, name, text) PAL_STREAM_DISCARD_##id,
#include "stream_discards.def"
#undef PAL_STREAM_DISCARD
	PAL_STREAM_DISCARD_COUNT,
};

/** `after_fin`, and a sentence. Static strings. */
const char *pal_stream_discard_name(enum pal_stream_discard discard);
const char *pal_stream_discard_text(enum pal_stream_discard discard);

/** Which of two overlapping segments a host reads; the names are Suricata's. From stream_policies.def. */
enum pal_stream_policy {
#define PAL_STREAM_POLICY(id, name, wins, early_paws) PAL_STREAM_##id,
#include "stream_policies.def"
#undef PAL_STREAM_POLICY
	PAL_STREAM_POLICY_COUNT,
};

/** `windows`. Static string. */
const char *pal_stream_policy_name(enum pal_stream_policy policy);

/** All names by their value, then NULL. */
const char *const *pal_stream_policy_words(void);

/** The policy of that name; -EINVAL. */
int pal_stream_policy_parse(const char *name);

/**
 * From stream_events.def. Of a direction, the hook hears each LIFE and ANOMALY once, but OVERLAP_DIFFERENT and NOTE
 * every time; all are counted.
 */
enum pal_stream_event {
#define PAL_STREAM_EVENT(id, kind, name, suricata, text) PAL_STREAM_EVENT_##id,
#include "stream_events.def"
#undef PAL_STREAM_EVENT
	PAL_STREAM_EVENT_COUNT,
};

enum pal_stream_kind {
	PAL_STREAM_KIND_LIFE,
	PAL_STREAM_KIND_END, /**< Exactly one a stream, and the last call about it. */
	PAL_STREAM_KIND_ANOMALY,
	PAL_STREAM_KIND_NOTE,
};

enum pal_stream_kind pal_stream_event_kind(enum pal_stream_event event);

/** Name as printed (`overlap_different_data`); Suricata's, NULL where it has none; a sentence. Static strings. */
const char *pal_stream_event_name(enum pal_stream_event event);
const char *pal_stream_event_suricata(enum pal_stream_event event);
const char *pal_stream_event_text(enum pal_stream_event event);

/** Bytes of one direction, in order. */
struct pal_stream_data {
	const uint8_t *data; /**< In the packet that brought them; not to be kept. */
	uint64_t offset; /**< 0: first byte after the SYN, or the first one seen. */
	uint64_t time_ns; /**< Of the packet that brought them. */
	uint64_t number; /**< Of that packet: pal_pkt.number. */
	uint32_t len; /**< Never 0. */
	uint8_t dir; /**< enum pal_dir */
	bool was_parked; /**< Came before its turn. */
};

/** What an event is about. What does not apply is 0. */
struct pal_stream_event_info {
	const struct pal_pkt
		*pkt; /**< The packet that brought it about; NULL at the end of a flow. */
	enum pal_dir dir; /**< The direction whose bytes it is about. */
	uint64_t offset, len; /**< Bytes that it is about. */

	/* OVERLAP_DIFFERENT: the bytes that were there first, and those of pkt */
	const uint8_t *old_data, *new_data; /**< len bytes each. */
	uint64_t old_hash, new_hash; /**< Of those bytes: pal_hash_bytes(), seed 0. */
	uint64_t old_number; /**< pal_pkt.number of the packet that brought old_data. */
	bool new_wins; /**< The reading that is handed on. */
};

/** Called by pal_stream_segment() and pal_stream_close(). None may be NULL. */
struct pal_stream_hooks {
	void (*on_data)(void *arg, struct pal_flow *flow, const struct pal_stream_data *data);
	void (*on_gap
	)(void *arg, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len);
	void (*on_event
	)(void *arg,
	  struct pal_flow *flow,
	  enum pal_stream_event event,
	  const struct pal_stream_event_info *info);
	/**
	 * Make a packet last: m itself, or a copy (then m is freed); NULL (m is freed) when there is no memory.
	 * *ret_copied says which. Called for every packet that is held, also for the recent ones (recent_segs),
	 * so it must be cheap.
	 */
	struct rte_mbuf *(*keep)(void *arg, struct rte_mbuf *m, bool *ret_copied);
	void *arg;
};

/** Limits of one engine. */
struct pal_streams_conf {
	uint32_t max_flow_bytes; /**< Parked, both directions of a flow together. */
	uint32_t max_flow_segs;
	uint32_t max_shard_bytes; /**< Parked in all flows of a shard. */
	uint32_t max_shard_segs;
	/**
	 * Segments that each shard holds on to until they are acknowledged, the latest of all its flows, so that
	 * bytes that come again can be compared with what was handed on. 0: they are not compared. At most
	 * PAL_STREAM_RECENT_MAX.
	 */
	uint32_t recent_segs;
	enum pal_stream_policy policy; /**< Of hosts that `policies` does not name. */
	/** Policies of receiving hosts, parsed with pal_stream_policy_words(); not copied. May be NULL. */
	const struct pal_prefix_table *policies;
	struct pal_stream_hooks hooks;
};

#define PAL_STREAM_RECENT_MAX 64

/**
 * What one engine counted, in bytes of captured payload unless it says otherwise. One writer.
 *
 * in = delivered + duplicate + all discards + parked.
 */
struct pal_streams_stats {
	uint64_t in;
	uint64_t delivered;
	uint64_t delivered_parked; /**< Of delivered: had been parked. */
	uint64_t
		duplicate; /**< Bytes that were there already: retransmitted, overlapped, keep-alives. */
	uint64_t discards[PAL_STREAM_DISCARD_COUNT];
	uint64_t parked; /**< Now. */

	uint64_t segs; /**< Packets with payload. */
	uint64_t parked_segs; /**< Pieces parked now. */
	uint64_t max_parked, max_parked_segs;
	uint64_t copied_pkts, copied_bytes; /**< Held as a copy. */
	uint64_t gaps, gap_bytes;
	uint64_t events
		[PAL_STREAM_EVENT_COUNT]; /**< Times, also where the hook was not called again. */
};

/** State of one half: the bytes that one side sends. lib/stream only. */
struct pal_stream_half {
	uint64_t next; /**< Offset of the next byte to hand on. */
	uint32_t next_seq; /**< Its sequence number. */
	uint32_t acked_seq; /**< The other side has all before this one. */
	uint32_t window_seq; /**< The other side has room up to this one. */
	uint32_t high_seq; /**< After the last byte seen or acknowledged. */
	uint32_t fin_seq; /**< Of the FIN. */
	uint32_t gap_seq, gap_len; /**< End and length of the gap that was given up last. */
	uint32_t ts_recent; /**< RFC 7323. */
	uint32_t root, first; /**< Parked pieces: as a tree, as a list. */
	uint32_t parked_bytes;
	uint32_t said; /**< Bit n: event n was reported. */
	uint16_t flags;
	uint8_t policy; /**< Of the receiver. */
	uint8_t window_shift; /**< Of what this side announces. */
	uint32_t parked_segs;
};

/** State of one TCP flow, in the caller's memory; all zero when the flow opens. */
struct pal_stream {
	alignas(64) struct pal_stream_half half[PAL_DIR_COUNT]; /**< By sender. */
};
static_assert(sizeof(struct pal_stream) == 128, "a cache line a direction");

/**
 * Create the engine of one lcore. Memory is reserved whole and touched as it is needed.
 *
 * @param conf
 *   Copied.
 * @param nb_shards
 *   Shards that this lcore will own.
 * @return
 *   The engine, freed with pal_streams_destroy(); NULL with errno set: EINVAL, ENOMEM.
 */
struct pal_streams *pal_streams_create(const struct pal_streams_conf *conf, uint32_t nb_shards);

/** Free an engine and the packets it holds; streams that are open are not reported. NULL is a no-op. */
void pal_streams_destroy(struct pal_streams *st);

/** Memory reserved by an engine. */
size_t pal_streams_bytes(const struct pal_streams *st);

/**
 * Take one TCP packet, after pal_flow_track() has.
 *
 * @param s
 *   Of that flow.
 * @param m
 *   The packet: pal_mbuf_pkt(m) is decoded, and flow is what pal_flow_track() said.
 * @return
 *   true: the engine owns m now. false: it is the caller's as before.
 */
bool pal_stream_segment(
	struct pal_streams *st,
	struct pal_stream *s,
	struct pal_flow *flow,
	struct rte_mbuf *m
);

/**
 * A flow ends (on_close of the flow table): hand on all that is parked, with its gaps, then say why it ended.
 * Frees what the stream holds. A stream that no packet was given to has nothing to say.
 */
void pal_stream_close(struct pal_streams *st, struct pal_stream *s, struct pal_flow *flow);

/**
 * No more data and gaps of a direction, please; its events go on. Also from within hooks. What is parked there goes
 * with the packet under way, or with the next one.
 */
void pal_stream_stop(struct pal_stream *s, enum pal_dir dir);

/** Give back the packets that are done with; once a burst, after its last packet. */
void pal_streams_flush(struct pal_streams *st);

const struct pal_streams_stats *pal_streams_stats_get(const struct pal_streams *st);

#endif
