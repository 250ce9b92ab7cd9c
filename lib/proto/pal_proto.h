/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PROTO_H
#define PAL_PROTO_H

/**
 * @file
 * Application protocols: which there are, and how one is recognised by its first bytes.
 *
 * A protocol is one file and one line in proto_list.def. The file has a probe, by which the protocol is recognised, and
 * where its content is of interest a parser, which has a header of its own (pal_dns.h). Both are pure: bytes in
 * through the cursor, fields out; no state but the caller's, no allocation, no clock.
 */

#include <pal_cursor.h>

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/** Application protocols. From proto_list.def. */
enum pal_app {
	PAL_APP_UNKNOWN, /**< Not looked at, or not enough seen yet. */
	PAL_APP_FAILED, /**< Looked at, and none of these. */
#define PAL_PROTO(id, name, over, probe, ...) PAL_APP_##id,
#include "proto_list.def"
#undef PAL_PROTO
	PAL_APP_COUNT,
};
static_assert(PAL_APP_COUNT <= 64, "a set of protocols is one word");

/** A set of protocols: PAL_APPS(DNS) | PAL_APPS(MDNS). */
#define PAL_APPS(id) (UINT64_C(1) << PAL_APP_##id)

/** Is a protocol in a set? */
static inline bool pal_apps_have(uint64_t apps, enum pal_app app)
{
	return apps >> app & 1;
}

/** Name as printed: Suricata's where it has one. Static string. */
const char *pal_app_name(enum pal_app app);

/** The protocol of that name; -EINVAL. */
int pal_app_parse(const char *name);

/** What can be wrong with one. From proto_events.def. */
enum pal_app_event {
#define PAL_APP_EVENT(id, layer, name, suricata, text) PAL_APP_EVENT_##id,
#include "proto_events.def"
#undef PAL_APP_EVENT
	PAL_APP_EVENT_COUNT,
};

/** Name as printed (`protocol_mismatch`); Suricata's, and of the layer that finds it (`proto_parser`). Static strings. */
const char *pal_app_event_name(enum pal_app_event event);
const char *pal_app_event_suricata(enum pal_app_event event);
const char *pal_app_event_layer(enum pal_app_event event);

/** What a probe says of the first bytes of one direction. */
enum pal_probe {
	PAL_PROBE_NO, /**< Not this protocol. */
	PAL_PROBE_MORE, /**< Cannot say yet. */
	PAL_PROBE_LIKELY, /**< Others look like this, too: yes if a port or the other side says so as well. */
	PAL_PROBE_YES,
};

/** Transports: bits. */
enum pal_proto_over {
	PAL_OVER_TCP = 1 << 0,
	PAL_OVER_UDP = 1 << 1,
};

/**
 * Look at the first bytes that one side sent, at least one: of a TCP stream up to PAL_PROBE_BYTES, or a whole UDP
 * datagram.
 * Either side; of a TCP stream also in the middle of a connection, at the beginning of what one side has to say.
 *
 * What more bytes of the same stream may change: MORE to anything, LIKELY to YES, nothing else. So a stream is
 * recognised as the same whatever segments it comes in. The most that a datagram can get out of MORE is NO.
 *
 * @param over
 *   PAL_OVER_TCP or PAL_OVER_UDP.
 */
typedef enum pal_probe (*pal_probe_t)(struct pal_cursor bytes, enum pal_proto_over over);

/** Bytes of a stream that a probe may look at; MORE after so many is NO. */
#define PAL_PROBE_BYTES 64

#define PAL_PROTO_PORTS 8

/** A line of the table. */
struct pal_proto {
	const char *name;
	pal_probe_t probe;
	uint8_t over;
	uint16_t ports[PAL_PROTO_PORTS]; /**< Hints, ended by 0. */
};

/** A protocol's line; NULL for PAL_APP_UNKNOWN and PAL_APP_FAILED. */
const struct pal_proto *pal_proto_get(enum pal_app app);

/** What is looked at. */
struct pal_proto_sample {
	struct pal_cursor bytes; /**< From the beginning of what that side said. */
	enum pal_proto_over over;
	uint16_t ports[2]; /**< Of both sides, in any order: hints. */
	enum pal_app other; /**< What the other side is known as: a hint, asked first. */
	bool is_all; /**< There will be no more: a datagram, or the end of a stream. */
};

/**
 * Recognise: the first protocol of the table that does not say NO, once it does not say MORE.
 *
 * @param candidates
 *   Protocols that are still possible: PAL_APPS_ALL at first, then as this left it. Those that said NO are not asked again.
 * @return
 *   The protocol; PAL_APP_UNKNOWN while more bytes are needed; PAL_APP_FAILED when it is none of the candidates.
 */
enum pal_app pal_proto_recognise(const struct pal_proto_sample *sample, uint64_t *candidates);

#define PAL_APPS_ALL (~UINT64_C(0))

/* The probes of the table. */
#define PAL_PROTO(id, name, over, probe, ...)                                                      \
	enum pal_probe probe(struct pal_cursor bytes, enum pal_proto_over);
#include "proto_list.def"
#undef PAL_PROTO

#endif
