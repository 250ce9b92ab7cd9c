/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PLUGIN_H
#define PAL_PLUGIN_H

/**
 * @file
 * All that a plugin may see.
 *
 * A plugin is a shared object that exports one symbol, `pal_plugin`, of type struct pal_plugin:
 *
 *      PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
 *              PAL_PLUGIN_HEAD,
 *              .name = "template", .summary = "the smallest legal plugin",
 *              .payload = count_payload, ...
 *      };
 *
 * When hooks are called, on which thread, with which state:
 *
 *      main    init                       once, before everything
 *      main    lcore_init                 once per lcore: makes the state that the hooks of that lcore get
 *      lcore   frame                      every frame, as it was received
 *      lcore   flow_open                  a flow begins; before datagram and payload of its first packet
 *      lcore   datagram                   every datagram of a flow
 *      lcore   payload                    transport payload, captured part, in the order of arrival
 *      lcore   stream, gap                TCP: the bytes of each direction in their order, and what is missing
 *      lcore   tcp_event                  TCP: established, half_closed, ..., what is odd, and one last word
 *      lcore   flow_close                 a flow has ended; the last call about it
 *      lcore   anomaly                    something is wrong with a packet, with fragments or with a stream
 *      lcore   tick                       about once a second of packet time
 *      main    merge, report              after the last packet: the states of all lcores into one, results
 *      main    lcore_fini, fini
 *
 * No hook shares its state with another thread, so none locks. A flow stays on one lcore: the hooks about it
 * get the same state, from flow_open to flow_close. `frame` is called on the lcore that received the frame,
 * which may be another one; so is `anomaly` where there is no flow yet. Nothing handed to a hook may be kept after
 * it returns.
 *
 * A datagram may have come in a tunnel (pal_pkt.depth, pal_flow.tunnel) or in fragments (PAL_PKT_REASSEMBLED); to the
 * hooks it is a datagram like any other. The one around it is delivered, too, to a flow of its own.
 *
 * A plugin for application protocols names them (apps). Its payload (of UDP), stream, gap, tcp_event and flow_close
 * are then called only for flows that were recognised as one of them: of a stream from its first byte on, unless what
 * came before was too much to be held (pal_detect.h), which the first offset tells. It has no flow_open and datagram.
 * A stream may go on as another protocol (pal_plugin_change()): then flow_close ends what it was, the plugin's bytes in the
 * flow are zeroed, and whoever wants the new protocol begins with its first byte, at whatever offset that is.
 *
 * A hook never blocks, never allocates per packet, and never fails: it counts.
 */

#include <pal_anomaly.h>
#include <pal_cursor.h>
#include <pal_err.h>
#include <pal_event.h>
#include <pal_flow.h>
#include <pal_input.h>
#include <pal_pkt.h>
#include <pal_proto.h>
#include <pal_stream.h>

/** Grows when a change breaks plugins that were built before. */
#define PAL_PLUGIN_ABI 4

#define PAL_PLUGIN_HEAD .abi = PAL_PLUGIN_ABI, .size = sizeof(struct pal_plugin)
/** For plugins of the project: they share its version. Others write their own. */
#ifndef PAL_VERSION
#define PAL_VERSION "unversioned"
#endif
#define PAL_PLUGIN_VERSION PAL_VERSION
#define PAL_PLUGIN_EXPORT __attribute__((visibility("default")))

/** Traffic that a plugin wants: bits of pal_plugin.protos. */
enum pal_plugin_proto {
	PAL_PLUGIN_TCP = 1 << 0,
	PAL_PLUGIN_UDP = 1 << 1,
	PAL_PLUGIN_ICMP = 1 << 2, /**< And ICMPv6. */
	PAL_PLUGIN_SCTP = 1 << 3,
	PAL_PLUGIN_OTHER = 1 << 4,
	PAL_PLUGIN_ALL = 0x1f,
};

/** A key of the plugin's section `[plugin.<name>]` in the configuration. */
struct pal_plugin_key {
	const char *name;
	const char *value; /**< Default, as it would be written in the file. */
	const char *help;
};

/** One loaded plugin, as the framework sees it. */
struct pal_plugin_host;

/** Where a plugin says whose a flow is; arg is what its functions want. */
struct pal_app_sink {
	bool (*change
	)(void *arg, struct pal_flow *flow, enum pal_dir dir, uint64_t from, enum pal_app expected);
	void (*stay)(void *arg, struct pal_flow *flow);
	void *arg;
};

/** What lcore_init gets besides its host. */
struct pal_plugin_lcore {
	uint16_t index; /**< 0 .. nb_lcores - 1. Main is none of them. */
	struct pal_events *events; /**< Of this lcore: for records from hooks. */
	struct pal_out
		*out; /**< Of this lcore: for result files that grow while the run goes on. */
	struct pal_anomaly_sink anomalies; /**< Of this lcore: for pal_plugin_anomaly(). */
	struct pal_app_sink apps; /**< Of this lcore: for pal_plugin_change(). */
};

struct pal_plugin {
	uint32_t abi; /**< PAL_PLUGIN_ABI. Always the first field. */
	uint32_t size; /**< sizeof(struct pal_plugin) of the header it was built with. */
	const char *name; /**< Lower case, digits, `-`: `-p` and `[plugin.<name>]`. */
	const char *version;
	const char *summary; /**< One line for --list-plugins. */
	const struct pal_plugin_key *keys; /**< Ended by a NULL name. NULL: none. */
	uint32_t protos; /**< Traffic for datagram, payload, flow_open, flow_close. 0: all. */
	uint64_t
		apps; /**< Application protocols, PAL_APPS(); 0: this plugin is about something else. */
	uint32_t
		flow_bytes; /**< Bytes wanted in each flow, zeroed when it opens; pal_plugin_flow_data(). */

	/** Check the settings, open result files. 0 or -errno, with a reason by pal_plugin_fail(). */
	int (*init)(struct pal_plugin_host *host);
	void (*fini)(struct pal_plugin_host *host);
	/** Make the state of one lcore. NULL with errno set. Without this hook, the state is NULL. */
	void *(*lcore_init)(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore);
	void (*lcore_fini)(void *state);

	void (*frame)(void *state, const struct pal_pkt *pkt);
	void (*flow_open)(void *state, struct pal_flow *flow, const struct pal_pkt *pkt);
	void (*datagram)(void *state, struct pal_flow *flow, const struct pal_pkt *pkt);
	void (*payload
	)(void *state,
	  struct pal_flow *flow,
	  const struct pal_pkt *pkt,
	  const uint8_t *data,
	  uint32_t len);
	/** Streams are followed for flows whose TCP a plugin wants by one of the next three hooks. */
	void (*stream)(void *state, struct pal_flow *flow, const struct pal_stream_data *data);
	void (*gap
	)(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t offset, uint64_t len);
	void (*tcp_event
	)(void *state,
	  struct pal_flow *flow,
	  enum pal_stream_event event,
	  const struct pal_stream_event_info *info);
	void (*flow_close)(void *state, struct pal_flow *flow);
	void (*anomaly)(void *state, const struct pal_anomaly *anomaly);
	void (*tick)(void *state, uint64_t now_ns);

	/** Add fields to every record about a flow, whichever plugin writes it. */
	void (*annotate)(void *state, struct pal_flow *flow, struct pal_json *j);

	/** Take what `from` has found into `into`. The order of lcores must not matter. */
	void (*merge)(void *into, void *from);
	/** Write results. state has everything. 0 or -errno, with a reason by pal_plugin_fail(). */
	int (*report)(struct pal_plugin_host *host, void *state);
};

/* What the framework does for a plugin. Main only, from init and report, unless it says otherwise. */

/** Value of a key of the plugin's own section; the default where it was not set. */
const char *pal_plugin_conf_str(const struct pal_plugin_host *host, const char *key);

/** The same as a number or yes/no; -EINVAL, with a reason given, where it is none. */
int pal_plugin_conf_u64(struct pal_plugin_host *host, const char *key, uint64_t *ret_value);
int pal_plugin_conf_bool(struct pal_plugin_host *host, const char *key, bool *ret_value);

/** Say why init or report fails, for the operator. Returns -code. */
__attribute__((format(printf, 3, 4))) int
pal_plugin_fail(struct pal_plugin_host *host, int code, const char *fmt, ...);

/**
 * Open a result file in the output directory, to be written while the run goes on (pal_out_reserve() on
 * pal_plugin_lcore.out) and by report.
 *
 * @param name
 *   `-` is standard output.
 * @return
 *   The sink, for pal_out_reserve(); -errno with a reason given; -ENOENT when there is no output directory.
 */
int pal_plugin_open(
	struct pal_plugin_host *host,
	const char *name,
	const struct pal_sink_frame *frame
);

/** Main's own sending side, for report. */
struct pal_out *pal_plugin_out(struct pal_plugin_host *host);

/** For report: the time of the last packet of the run. */
uint64_t pal_plugin_last_ns(const struct pal_plugin_host *host);

/** Main's own records, for report. */
struct pal_events *pal_plugin_events(struct pal_plugin_host *host);

/** Anything that init wants to find again: plugin's. */
void pal_plugin_set_data(struct pal_plugin_host *host, void *data);
void *pal_plugin_data(const struct pal_plugin_host *host);

/** Where this plugin's bytes lie in each flow: offset for pal_plugin_flow_data(). */
uint32_t pal_plugin_flow_offset(const struct pal_plugin_host *host);

/** This plugin's bytes in a flow. Any hook about that flow. */
static inline void *pal_plugin_flow_data(struct pal_flow *flow, uint32_t offset)
{
	return (uint8_t *)flow + sizeof(*flow) + offset;
}

/** From init: no streams, please, though the plugin has hooks for them. */
void pal_plugin_no_streams(struct pal_plugin_host *host);

/**
 * Say that an application protocol breaks its rules. Not while a record is open. The flow goes on as it was:
 * whoever cannot read on says pal_plugin_enough(), too.
 */
void pal_plugin_anomaly(
	const struct pal_anomaly_sink *sink,
	struct pal_flow *flow,
	enum pal_app_event event,
	uint64_t time_ns,
	uint64_t number
);

/**
 * Say that a stream goes on as another protocol: after STARTTLS, CONNECT, Upgrade. To be said for both sides, from the
 * `stream` hook with that side's bytes. What a side sends from there on is kept back until the other side was said,
 * too (the server agrees) or pal_plugin_stay(). Then the protocol is recognised anew, by exactly those bytes.
 *
 * @param from
 *   Offset in the stream, in the bytes of this hook or at their end; the plugin gets none of that side from there on.
 * @param expected
 *   What it should become; PAL_APP_UNKNOWN where it may be anything. Something else is an anomaly.
 * @return
 *   false: the flow has changed PAL_DETECT_CHANGES times and stays what it is.
 */
bool pal_plugin_change(
	const struct pal_app_sink *sink,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t from,
	enum pal_app expected
);

/** It does not (the server refuses): what was kept back comes to the `stream` hook after this one. */
void pal_plugin_stay(const struct pal_app_sink *sink, struct pal_flow *flow);

/** This plugin's bit in pal_flow.wants. */
uint32_t pal_plugin_bit(const struct pal_plugin_host *host);

/** No more payload, stream, gaps and events of this flow, please. Any hook about that flow; `bit` from pal_plugin_bit(). */
static inline void pal_plugin_enough(struct pal_flow *flow, uint32_t bit)
{
	flow->wants &= ~bit;
}

#endif
