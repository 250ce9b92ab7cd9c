/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_EVENT_H
#define PAL_EVENT_H

/**
 * @file
 * EVE records: one JSON object a line, with the fields that all of them share already in place.
 *
 *      struct pal_json *j = pal_event_begin_flow(events, "flow", flow, flow->last_ns);
 *      if (j != NULL) {
 *              pal_json_open(j, "flow", '{');  ...  pal_json_close(j, '}');
 *              pal_event_end(events);
 *      }
 *
 * One struct pal_events per lcore. A record that does not fit or finds no room is counted as lost.
 */

#include <pal_flow.h>
#include <pal_json.h>
#include <pal_time.h>
#include <pal_writer.h>

/** Adds fields to every record about a flow (`community_id`). */
typedef void (*pal_event_annotate_t)(void *state, struct pal_flow *flow, struct pal_json *j);

#define PAL_EVENT_MAX_ANNOTATORS 8

struct pal_events {
	struct pal_out *out;
	int sink; /**< eve.json; negative: nobody wants records. */
	uint64_t nb_records; /**< Begun and ended. */
	size_t room; /**< That a record has at least: pal_events_need(). */
	struct pal_json json;
	struct pal_time_cache time_cache;
	uint16_t nb_annotators;
	struct {
		pal_event_annotate_t fn;
		void *state;
	} annotators[PAL_EVENT_MAX_ANNOTATORS];
};

/** Say that records may be so long; 4 KiB is what they have without it. At most half of PAL_WRITER_BLOCK_BYTES. */
void pal_events_need(struct pal_events *ev, size_t len);

/** Add an annotator; -ENOSPC after PAL_EVENT_MAX_ANNOTATORS. */
int pal_events_annotate(struct pal_events *ev, pal_event_annotate_t fn, void *state);

/**
 * Begin a record about a flow: timestamp, flow_id, input, event_type, endpoints, protocol, tunnel, what annotators add.
 *
 * @param type
 *   EVE's event_type; ours begin with `pal_`.
 * @return
 *   The open object, to be ended with pal_event_end(); NULL when there is no room or nobody wants it.
 */
struct pal_json *pal_event_begin_flow(
	struct pal_events *ev,
	const char *type,
	struct pal_flow *flow,
	uint64_t time_ns
);

/** The same about one packet of it: pcap_cnt is that packet's number, and not that of the flow's first. */
struct pal_json *pal_event_begin_flow_pkt(
	struct pal_events *ev,
	const char *type,
	struct pal_flow *flow,
	uint64_t time_ns,
	uint64_t number
);

/**
 * Begin a record about one packet, whose flow is not known.
 *
 * @param pkt
 *   NULL where only a key is known, whose addr[0] is then the sender.
 * @param key
 *   NULL where the packet has none.
 */
struct pal_json *pal_event_begin_pkt(
	struct pal_events *ev,
	const char *type,
	const struct pal_pkt *pkt,
	const struct pal_flow_key *key,
	uint64_t time_ns
);

/** Begin a record that is about no flow: timestamp and event_type only. */
struct pal_json *pal_event_begin(struct pal_events *ev, const char *type, uint64_t time_ns);

/** A time under a key of the open record. The key is a literal. */
#define pal_event_time(ev, j, key, time_ns)                                                        \
	(pal_json_put_key(j, PAL_JSON_KEY(key)), pal_event_put_time(ev, j, time_ns))
void pal_event_put_time(struct pal_events *ev, struct pal_json *j, uint64_t time_ns);

/** Close the object and hand the line over. */
void pal_event_end(struct pal_events *ev);

/** Name of an IP protocol as EVE's consumers know it: `TCP`, `IPv6-ICMP`; NULL for one without. */
const char *pal_event_proto_name(uint8_t proto);

#endif
