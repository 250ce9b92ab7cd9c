/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DEFRAG_H
#define PAL_DEFRAG_H

/**
 * @file
 * IP defragmentation: fragments in, whole datagrams out. RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 *      fragment -> pal_defrag_add() -> held
 *                        |    |
 *                        |    +------> whole -> pal_defrag_take() -> the datagram
 *                        +-----------> dropped
 *
 * Pure: no clock, no mbuf, no allocation after create. The bytes of a fragment are copied once, into memory of the
 * table, so that a fragment that is held keeps nothing of the receiver's. One table per lcore that reads; nothing
 * is shared, nothing locks.
 *
 * What belongs together has the same source, destination, identification, VLAN tags and tunnel, and for IPv4 the
 * same protocol. Fragments may come in any order, with any holes, and more than once. Time is that of the packets.
 *
 * Fragments that overlap: of every 8 bytes (offsets count in that unit) the policy of the receiving host decides
 * between the fragment that had them and the one that came. IPv6 datagrams are discarded whole (RFC 5722), an
 * exact repetition of a fragment apart; so are IPv4 datagrams to hosts of policy `discard`.
 *
 * Fragments that do not agree where the datagram ends: it ends where the last fragment with the highest end says;
 * what lies beyond is not looked at. `discard` discards it.
 *
 * A fragment that the capture cut off (snap length) counts in full towards completeness. What of the datagram is
 * known is then its beginning, up to the first 8 bytes that are not: pal_defrag_whole.cap_len.
 *
 * The books: of the frames added, those of whole datagrams have gone on as these; the rest is held, or left under a name.
 */

#include <pal_pkt.h>
#include <pal_prefix.h>

#include <stddef.h>

struct pal_defrag;

/** Who wins when fragments overlap; named for the hosts that do so. */
enum pal_defrag_policy {
	PAL_DEFRAG_BSD, /**< The one that starts first; of those that start together, the one that came first. */
	PAL_DEFRAG_FIRST, /**< The one that came first. */
	PAL_DEFRAG_LAST, /**< The one that came last. */
	PAL_DEFRAG_BSD_RIGHT, /**< The one that ends last; of those that end together, the longer, then the later. */
	PAL_DEFRAG_LINUX, /**< The one that starts first; of those that start together, the one that came last. */
	PAL_DEFRAG_WINDOWS, /**< The one that came first, unless the new one reaches beyond it on both sides. */
	PAL_DEFRAG_SOLARIS, /**< ... unless the new one starts before it and ends with it or beyond. */
	PAL_DEFRAG_DISCARD, /**< None: the datagram is discarded. IPv6 always, Linux since 4.19 also IPv4. */
	PAL_DEFRAG_POLICY_COUNT,
};

/** `bsd-right`. Static string. */
const char *pal_defrag_policy_name(enum pal_defrag_policy policy);

/** The policy of that name; -EINVAL. */
int pal_defrag_policy_parse(const char *name);

/**
 * Parse a list of hosts with their policies: `10.0.0.0/8 windows, 2001:db8::/32 linux`. As pal_prefix_parse(),
 * whose table, error and return value these are.
 */
int pal_defrag_policies_parse(const char *text, struct pal_prefix_table **ret_table, char *err);

/** What is wrong with a fragment; from defrag_events.def. */
enum pal_defrag_event {
#define PAL_DEFRAG_EVENT(id, name, suricata, text) PAL_DEFRAG_EVENT_##id,
#include "defrag_events.def"
#undef PAL_DEFRAG_EVENT
	PAL_DEFRAG_EVENT_COUNT,
};

/** Name as printed (`frag_overlap`), and the sentence that explains it. Static strings. */
const char *pal_defrag_event_name(enum pal_defrag_event event);
const char *pal_defrag_event_text(enum pal_defrag_event event);

/** Suricata's name behind `decoder.ipv4.` or `decoder.ipv6.`; NULL where it has none. Static string. */
const char *pal_defrag_event_suricata(enum pal_defrag_event event);

/** What fragments of one datagram have in common. All of it takes part in comparison and hash. */
struct pal_defrag_key {
	union pal_addr src, dst; /**< As in struct pal_flow_key. */
	uint32_t id; /**< Identification. */
	uint32_t tunnel;
	uint16_t vlan[PAL_VLAN_MAX];
	uint8_t proto; /**< 0 for IPv6, where fragments need not agree on it. */
	uint8_t ip_version;
};
static_assert(sizeof(struct pal_defrag_key) == 48, "hashed and compared as 48 bytes");

/** Details of an event; valid during the call. */
struct pal_defrag_event_info {
	const struct pal_defrag_key *key;
	uint64_t time_ns, number; /**< Of the fragment; of the first one for TIMEOUT and IGNORED. */
	uint64_t
		first_number; /**< Of the first fragment of the datagram that came; 0 if it is none yet. */
	uint32_t off, len; /**< The bytes it is about, from the start of the datagram's payload. */
	/** OVERLAP_DIFFERS: FNV-1a of the bytes that were there before and are in the new fragment, too. */
	uint64_t old_hash;
	uint64_t new_hash; /**< ... and of these in the new fragment. */
	enum pal_defrag_policy policy; /**< OVERLAP, OVERLAP_DIFFERS: who has won. */
	uint8_t proto; /**< Next header of the fragment; of the first one for TIMEOUT and IGNORED. */
};

/** Fragments that were given up; valid during the call. */
struct pal_defrag_lost {
	const struct pal_defrag_key *key;
	enum pal_drop drop; /**< Why. */
	uint32_t nb_frags; /**< Frames ... */
	uint64_t wire_bytes; /**< ... and their bytes. */
	uint64_t first_time_ns, first_number; /**< Of the first of them. */
	uint16_t input; /**< pal_pkt.input of that. */
};

/** Called from inside add, tick and flush. NULL for what is not wanted. */
struct pal_defrag_hooks {
	/** Once for each kind of event and datagram; each time for fragments that cannot be part of any. */
	void (*on_event
	)(void *arg, enum pal_defrag_event event, const struct pal_defrag_event_info *info);
	/** Fragments that were held are held no longer. */
	void (*on_lost)(void *arg, const struct pal_defrag_lost *lost);
	void *arg;
};

/** Most datagrams at once that a table can be made for. */
#define PAL_DEFRAG_MAX_DATAGRAMS (1u << 24)

struct pal_defrag_conf {
	uint32_t max_datagrams; /**< Begun at once. 0: 65536. */
	uint64_t
		memory_bytes; /**< For bytes of fragments and whose they are, at least 1 MiB. 0: 64 MiB. */
	uint32_t timeout_v4_ms; /**< From the first fragment to giving up. 0: 30 s. */
	uint32_t timeout_v6_ms; /**< 0: 60 s, RFC 8200 section 4.5. */
	enum pal_defrag_policy
		policy; /**< Of hosts that policies does not name. IPv4 only. 0: BSD. */
	const struct pal_prefix_table
		*policies; /**< By destination; may be NULL. Must outlive the table. */
	struct pal_defrag_hooks hooks;
};

/** What one table counted. One writer. */
struct pal_defrag_stats {
	uint64_t frags, bytes; /**< Added: frames, and their length on the wire. */
	uint64_t held_frags, held_bytes; /**< Of these, held now. */
	uint64_t whole_frags, whole_bytes; /**< ... gone on in whole datagrams. */
	struct pal_exits exits; /**< ... gone: dropped or lost. */
	uint64_t begun[2]; /**< Datagrams, IPv4 and IPv6. */
	uint64_t completed[2];
	uint64_t active, max_active; /**< Incomplete ones, now and at most. */
	uint64_t events
		[PAL_DEFRAG_EVENT_COUNT]; /**< Every time, also where on_event is not called. */
	uint64_t clock_backward; /**< Fragments older than one before them. */
};

/**
 * Create a table. Memory is reserved whole and touched as it is used.
 *
 * @param conf
 *   Copied.
 * @return
 *   The table, freed with pal_defrag_destroy(); NULL with errno set: EINVAL, ENOMEM.
 */
struct pal_defrag *pal_defrag_create(const struct pal_defrag_conf *conf);

/** Free a table; what it holds is not reported. NULL is a no-op. */
void pal_defrag_destroy(struct pal_defrag *tbl);

/** Memory reserved by a table. */
size_t pal_defrag_bytes(const struct pal_defrag *tbl);

enum pal_defrag_result {
	PAL_DEFRAG_HELD,
	PAL_DEFRAG_WHOLE, /**< It completed a datagram, to be taken before the next call. */
	PAL_DEFRAG_DROPPED,
};

/** A datagram that has become whole, or why a fragment was dropped. */
struct pal_defrag_whole {
	enum pal_drop drop; /**< DROPPED: why. */
	/* WHOLE */
	uint32_t total_len; /**< Header and payload. */
	uint32_t
		hdr_len; /**< Header, IPv6 extension headers in front of the fragment header included. */
	uint32_t
		cap_len; /**< ... of which so many bytes are known, at least the header; less if snapped. */
	uint32_t nb_frags; /**< Frames that it was made of ... */
	uint64_t wire_bytes; /**< ... and their bytes. */
	uint64_t first_time_ns, first_number; /**< Of the first fragment that came. */
	bool overlap; /**< Some overlapped ... */
	bool conflict; /**< ... with different bytes. */
};

/**
 * Add a fragment.
 *
 * @param frag
 *   Decoded, drop is NONE, and PAL_PKT_FRAGMENT is set. Nothing of it is kept.
 * @param ret
 *   Written for WHOLE and DROPPED.
 */
enum pal_defrag_result
pal_defrag_add(struct pal_defrag *tbl, const struct pal_pkt *frag, struct pal_defrag_whole *ret);

/**
 * Take the datagram that pal_defrag_add() has just completed.
 *
 * @param dst
 *   Room for whole->total_len bytes: the header of the fragment that has offset 0, made that of the whole datagram
 *   (length, fragmentation, checksum; IPv6: the fragment header taken out of the chain), and the payload behind it.
 *   NULL: nobody wants it.
 * @return
 *   Bytes written, whole->cap_len; 0 if dst is NULL.
 */
size_t pal_defrag_take(struct pal_defrag *tbl, const struct pal_defrag_whole *whole, uint8_t *dst);

/** Live only: move the clock forward to now_ns, and give up what has timed out, a bounded number a call. */
void pal_defrag_tick(struct pal_defrag *tbl, uint64_t now_ns);

/**
 * Give up everything: what has timed out at end_ns by frag_timeout, the rest by frag_incomplete.
 *
 * @param end_ns
 *   Time of the last packet of the run.
 */
void pal_defrag_flush(struct pal_defrag *tbl, uint64_t end_ns);

const struct pal_defrag_stats *pal_defrag_stats_get(const struct pal_defrag *tbl);

#endif
