/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_MESSAGES_H
#define PAL_MESSAGES_H

/**
 * @file
 * For plugins of protocols whose messages are datagrams, or announce their length in a TCP stream: the hooks that all
 * of them would have.
 *
 *      payload, stream, gap, flow_close  ->  pal_messages_...()  ->  read(state, flow, message)
 *
 * A plugin has a struct pal_messages as the first field of its state, sizeof(void *) in pal_plugin.flow_bytes, and
 * these functions as its hooks. What a flow keeps is allocated when it is first needed, and freed with the flow.
 */

#include <pal_gather.h>
#include <pal_plugin.h>

struct pal_message {
	struct pal_cursor
		bytes; /**< Of a stream with the head that has the length; of a datagram what was captured. */
	enum pal_dir dir;
	bool is_cut; /**< The capture has less of it than there was. */
	uint64_t time_ns, number; /**< Of the packet that completed it. */
};

struct pal_messages {
	pal_gather_len_t len_of; /**< NULL where there are no streams. */
	size_t max; /**< As for pal_gather_next(). */
	size_t flow_size; /**< Of what pal_messages_flow() gives. */
	/** Read a message. false: it breaks the rules of its protocol, which is then said; a stream is not read further. */
	bool (*read)(void *state, struct pal_flow *flow, const struct pal_message *msg);

	/* Set by pal_messages_init(). */
	struct pal_anomaly_sink anomalies;
	uint32_t flow_offset, bit;
};

/** From lcore_init, with the fields above set. */
void pal_messages_init(
	struct pal_messages *m,
	struct pal_plugin_host *host,
	const struct pal_plugin_lcore *lcore
);

/**
 * What the plugin keeps of a flow: flow_size bytes, zero at first. Any hook about that flow.
 *
 * @return
 *   NULL when there is no memory: then no more of this flow is read.
 */
void *pal_messages_flow(const struct pal_messages *m, struct pal_flow *flow);

/** The same, but NULL when nothing is kept yet. */
void *pal_messages_flow_if_any(const struct pal_messages *m, struct pal_flow *flow);

/** Read no more of a flow: from read(), too. */
void pal_messages_enough(const struct pal_messages *m, struct pal_flow *flow);

/* Hooks. */
void pal_messages_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
);
void pal_messages_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data);
void pal_messages_gap(
	void *state,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
);

/** A hook, too; else called by the plugin's own, after it has freed what its bytes point to. */
void pal_messages_close(void *state, struct pal_flow *flow);

#endif
