/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_LINES_H
#define PAL_LINES_H

/**
 * @file
 * For plugins of protocols of lines (pal_text.h): the hooks that all of them would have, and the change to TLS, which
 * is the same for all.
 *
 *      stream, gap, flow_close  ->  pal_lines_...()  ->  take(state, flow, line, stamp)
 *
 * A plugin has a struct pal_lines as the first field of its state, sizeof(void *) in pal_plugin.flow_bytes, and these
 * functions as its hooks. What a flow keeps is allocated when it is first needed, and freed with the flow.
 */

#include <pal_plugin.h>
#include <pal_text.h>

/** When and where a line was complete. */
struct pal_lines_stamp {
	uint64_t time_ns, number;
};

struct pal_lines {
	size_t flow_size; /**< Of what take() gets as `own`. */
	/** Take a line. own: what the plugin keeps of this flow, zero at first. */
	void (*take
	)(void *state,
	  struct pal_flow *flow,
	  void *own,
	  const struct pal_text_event *line,
	  const struct pal_lines_stamp *stamp);

	/* Set by pal_lines_init(). */
	struct pal_anomaly_sink anomalies;
	struct pal_app_sink apps;
	enum pal_app tls;
	uint32_t flow_offset, bit;
};

/** From lcore_init, with the fields above set. */
void pal_lines_init(
	struct pal_lines *l,
	struct pal_plugin_host *host,
	const struct pal_plugin_lcore *lcore
);

/** What the plugin keeps of a flow; NULL when nothing is kept yet. */
void *pal_lines_flow_if_any(const struct pal_lines *l, struct pal_flow *flow);

/* Hooks. */
void pal_lines_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data);
void pal_lines_gap(
	void *state,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len
);

/** A hook, too; else called by the plugin's own, after it has freed what its bytes point to. */
void pal_lines_close(void *state, struct pal_flow *flow);

#endif
