/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DETECT_H
#define PAL_DETECT_H

/**
 * @file
 * Which application protocol a flow is: the first bytes of each side, looked at with the probes of lib/proto.
 *
 *      flow with PAL_FLOW_WANTS_APP  ->  bytes of one side  ->  pal_proto_recognise()  ->  app_dir[side], app
 *                                          |      ^
 *                                        held while undecided
 *
 * Each side is recognised by itself; the first that is, is what the flow is taken for (pal_flow.app). Then the other side
 * still has its say: it may look like something else.
 *
 * Of a stream PAL_PROBE_BYTES bytes of each side are looked at, held here if they come in pieces. Where the beginning
 * was not seen, what does not start like a protocol may be the middle of a message: so each time that a side takes
 * its turn again is another try, up to PAL_DETECT_TURNS. Of UDP every datagram is a try, PAL_DETECT_DATAGRAMS a flow.
 * After that, or when a side has said more than PAL_DETECT_STREAM_BYTES without a result, the bit PAL_FLOW_WANTS_APP
 * goes, and the flow costs nothing any more.
 *
 * Turns and bytes do not depend on segments, so the result does not either.
 *
 * What was recognised may end, and another protocol begin (STARTTLS, CONNECT). Who reads it says for each side from
 * which byte on. What one side says from there on is kept back until the other side's is known, too: only then is it
 * certain that it is not the old protocol's. Then recognition begins anew, with exactly those bytes:
 *
 *      pal_detect_change(side)   once for each side, in any order; or pal_detect_stay()
 *      pal_detect_keep()         bytes of a side that was said
 *      pal_detect_verdict()      what has come of it
 *      pal_detect_restart()      it changes
 *      pal_detect_release()      what was kept back, for the new protocol, or again for the old one
 *
 * One struct pal_detect per lcore; nothing shared.
 */

#include <pal_flow.h>
#include <pal_proto.h>
#include <pal_stream.h>

#include <stddef.h>

#define PAL_DETECT_TURNS 4
#define PAL_DETECT_DATAGRAMS 4
#define PAL_DETECT_STREAM_BYTES 65536
/** A flow changes so often; after that it stays what it is. */
#define PAL_DETECT_CHANGES 4
/** Memory for bytes that are kept back, of one flow. What does not fit is a gap to whoever gets the rest. */
#define PAL_DETECT_KEPT_BYTES 16384

struct pal_detect;

/** What recognition keeps in each flow, all zero when the flow opens. */
struct pal_detect_flow {
	uint32_t held; /**< Entry of the pool; 0: none. */
	uint8_t tries;
	uint8_t said; /**< Bits: sides that change; that it stays. */
	uint8_t nb_changes;
	uint8_t expected; /**< enum pal_app */
};

/**
 * Create what one lcore needs. Memory is reserved whole and touched as it is needed.
 *
 * @param max_flows
 *   Flows at once.
 * @param flow_offset
 *   Where struct pal_detect_flow lies in the bytes behind each flow.
 * @return
 *   Freed with pal_detect_destroy(); NULL with errno set.
 */
struct pal_detect *pal_detect_create(uint32_t max_flows, uint32_t flow_offset);

/** NULL is a no-op. */
void pal_detect_destroy(struct pal_detect *det);

/** What came of a call. */
enum pal_detect_result {
	PAL_DETECT_NOTHING, /**< Or nothing new. */
	PAL_DETECT_KNOWN, /**< pal_flow.app is known from now on. */
	PAL_DETECT_MISMATCH, /**< It was known, and the other side looks like something else. */
};

/**
 * Take bytes of a stream, in their order, of a flow with PAL_FLOW_WANTS_APP.
 *
 * After KNOWN, pal_detect_held() has what came before these bytes, until pal_detect_replayed().
 */
enum pal_detect_result pal_detect_stream(
	struct pal_detect *det,
	struct pal_flow *flow,
	const struct pal_stream_data *data
);

/** Bytes of a stream are missing. */
void pal_detect_gap(struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir);

/** Nothing more will come: decide by what is there. As pal_detect_stream(). */
enum pal_detect_result pal_detect_end(struct pal_detect *det, struct pal_flow *flow);

/**
 * Bytes that were held, oldest side first.
 *
 * @param i
 *   0 or 1.
 * @return
 *   false: there are no more.
 */
bool pal_detect_held(
	const struct pal_detect *det,
	struct pal_flow *flow,
	unsigned int i,
	struct pal_stream_data *ret_data
);

/** What was held has been seen by whoever wants it. */
void pal_detect_replayed(struct pal_detect *det, struct pal_flow *flow);

/** Take a UDP datagram's payload, at least one byte, of a flow with PAL_FLOW_WANTS_APP. */
enum pal_detect_result pal_detect_datagram(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	struct pal_cursor payload
);

/* Protocols that change inside a stream. */

/**
 * The bytes of one side from offset `from` on may be another protocol's. Kept back from there on are those that are
 * not handed over yet, and those of the hook that is running, which pal_detect_keep() gets afterwards.
 *
 * @param from
 *   In the bytes that this side brought last, or at their end.
 * @param expected
 *   What it should be; PAL_APP_UNKNOWN: anything.
 * @return
 *   false: it has changed often enough, and stays what it is.
 */
bool pal_detect_change(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t from,
	enum pal_app expected
);

/** It does not change after all. */
void pal_detect_stay(struct pal_detect *det, struct pal_flow *flow);

/** Are this side's bytes kept back? */
bool pal_detect_keeps(const struct pal_detect *det, struct pal_flow *flow, enum pal_dir dir);

/** Keep bytes of a side that was said: those before its `from` are left out. */
void pal_detect_keep(
	struct pal_detect *det,
	struct pal_flow *flow,
	const struct pal_stream_data *data
);
void pal_detect_keep_gap(
	struct pal_detect *det,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
);

enum pal_detect_verdict {
	PAL_DETECT_WAITS, /**< Nothing was said, or one side only. */
	PAL_DETECT_STAYS,
	PAL_DETECT_CHANGES_NOW,
};
enum pal_detect_verdict pal_detect_verdict(const struct pal_detect *det, struct pal_flow *flow);

/** The stream ends: what was kept back is the new protocol's, though only one side was said. false: there is nothing. */
bool pal_detect_force(struct pal_detect *det, struct pal_flow *flow);

/** How often it has changed. */
uint8_t pal_detect_nb_changes(const struct pal_detect *det, struct pal_flow *flow);

/** Begin anew: pal_flow.app is unknown again, and wanted. Before what was kept back is released. */
void pal_detect_restart(struct pal_detect *det, struct pal_flow *flow);

/** Something that was kept back: bytes, or a gap where gap_len is not 0. */
struct pal_detect_piece {
	struct pal_detect_piece *next;
	struct pal_stream_data data;
	uint64_t gap_len; /**< At data.offset, of data.dir. */
	uint8_t bytes[];
};

/** Take all that was kept back, oldest first; each is the caller's to free(). */
struct pal_detect_piece *pal_detect_release(struct pal_detect *det, struct pal_flow *flow);

/** The flow is about to go. */
void pal_detect_close(struct pal_detect *det, struct pal_flow *flow);

#endif
