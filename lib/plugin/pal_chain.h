/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CHAIN_H
#define PAL_CHAIN_H

/**
 * @file
 * Plugins as the pipeline sees them: loaded once, then one chain per lcore, which is nothing but arrays of
 * function pointers.
 */

#include "pal_plugin.h"

/** Plugins at once: each has a bit in pal_flow.wants, where the last is PAL_FLOW_WANTS_APP. */
#define PAL_PLUGIN_MAX 31

/** All loaded plugins. */
struct pal_plugins;

/** Value of a plugin's key as configured; NULL where it is not set. */
typedef const char *(*pal_plugins_conf_get_t)(void *arg, const char *plugin, const char *key);

struct pal_plugins_conf {
	const char *const
		*dirs; /**< Folders to look in, NULL-terminated; the first file of a name wins. */
	const char
		*select; /**< Comma list of names or parts of names; NULL: those in `defaults`. */
	const char *defaults; /**< Comma list of names; `*` is all. */
	pal_plugins_conf_get_t conf_get;
	void *conf_arg;
	bool measure; /**< Count what each plugin costs. */
};

#define PAL_PLUGINS_ERR_LEN 512

/**
 * Find, load and check plugins; their init is not called yet.
 *
 * @param err
 *   Room for PAL_PLUGINS_ERR_LEN bytes: on failure what is wrong and what to try.
 * @return
 *   The plugins, freed with pal_plugins_unload(); NULL with errno set.
 */
struct pal_plugins *pal_plugins_load(const struct pal_plugins_conf *conf, char *err);

/** fini and unload. NULL is a no-op. */
void pal_plugins_unload(struct pal_plugins *plugins);

/** Plugins loaded, in the order of their names. */
uint16_t pal_plugins_count(const struct pal_plugins *plugins);
const struct pal_plugin *pal_plugins_get(const struct pal_plugins *plugins, uint16_t index);

/** Is this a key of a plugin that can be found? For checking the configuration. */
bool pal_plugins_has_key(const struct pal_plugins *plugins, const char *plugin, const char *key);

/** Where results go. */
struct pal_plugins_env {
	const char *outdir; /**< NULL: nowhere. */
	struct pal_writer *writer;
	struct pal_out *out; /**< Main's. */
	struct pal_events *events; /**< Main's. */
};

/** Call every init. env is copied. 0 or -errno with err filled. */
int pal_plugins_init(struct pal_plugins *plugins, const struct pal_plugins_env *env, char *err);

/** Bytes that all plugins together want in each flow. After pal_plugins_load(). */
uint32_t pal_plugins_flow_bytes(const struct pal_plugins *plugins);

/** Merge the states of all lcores, report, free the states. 0 or -errno with err filled. Main, all lcores stopped. */
struct pal_chain;
int pal_plugins_report(
	struct pal_plugins *plugins,
	struct pal_chain *const *chains,
	uint16_t nb_chains,
	uint64_t last_ns,
	char *err
);

/** Entries of one hook on one lcore. */
#define PAL_CHAIN_HOOK(name, type)                                                                 \
	struct {                                                                                   \
		type fn;                                                                           \
		void *state;                                                                       \
		uint32_t protos;                                                                   \
		uint32_t bit;                                                                      \
		uint64_t apps;                                                                     \
	} name[PAL_PLUGIN_MAX];                                                                    \
	uint16_t nb_##name

/** What the hooks of one plugin took on one lcore. */
struct pal_plugin_cost {
	uint64_t calls, cycles;
};

struct pal_chain {
	PAL_CHAIN_HOOK(frame, typeof(((struct pal_plugin *)0)->frame));
	PAL_CHAIN_HOOK(flow_open, typeof(((struct pal_plugin *)0)->flow_open));
	PAL_CHAIN_HOOK(datagram, typeof(((struct pal_plugin *)0)->datagram));
	PAL_CHAIN_HOOK(payload, typeof(((struct pal_plugin *)0)->payload));
	PAL_CHAIN_HOOK(stream, typeof(((struct pal_plugin *)0)->stream));
	PAL_CHAIN_HOOK(gap, typeof(((struct pal_plugin *)0)->gap));
	PAL_CHAIN_HOOK(tcp_event, typeof(((struct pal_plugin *)0)->tcp_event));
	PAL_CHAIN_HOOK(flow_close, typeof(((struct pal_plugin *)0)->flow_close));
	PAL_CHAIN_HOOK(anomaly, typeof(((struct pal_plugin *)0)->anomaly));
	PAL_CHAIN_HOOK(tick, typeof(((struct pal_plugin *)0)->tick));
	void *states[PAL_PLUGIN_MAX]; /**< Of each plugin, by its index. */
	/** Bits in pal_flow.wants that a TCP flow opens with, and any other. */
	uint32_t open_bits[2];
	/** Those for which a TCP stream is followed; 0: nobody wants any. */
	uint32_t stream_bits;
	struct pal_plugin_cost *costs; /**< By index of the plugin; NULL: not measured. lcore: wo */
	uint64_t apps; /**< Application protocols that some plugin wants; 0: none is looked for. */
	uint32_t app_bits; /**< Of the plugins that want them. */
	uint32_t app_offset, app_bytes; /**< What those plugins have in each flow. */
};

/** Make the chain of one lcore: every plugin's state, then the arrays. NULL with errno set. */
struct pal_chain *
pal_chain_create(struct pal_plugins *plugins, const struct pal_plugin_lcore *lcore);

/** lcore_fini of every state. NULL is a no-op. */
void pal_chain_destroy(struct pal_plugins *plugins, struct pal_chain *chain);

/* Run one hook over the chain. Packet path. */
void pal_chain_frame(const struct pal_chain *chain, const struct pal_pkt *pkt);
void pal_chain_flow_open(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_pkt *pkt
);
void pal_chain_datagram(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_pkt *pkt
);
/** The protocol of a flow is known (pal_flow.app): who wants it, wants the flow. */
void pal_chain_app(const struct pal_chain *chain, struct pal_flow *flow);

/** It is not any more what it was: flow_close for those who wanted that, and zeroed bytes for those to come. */
void pal_chain_app_close(const struct pal_chain *chain, struct pal_flow *flow);

/** A stream for some plugins only: those of bits. */
void pal_chain_stream_to(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_stream_data *data,
	uint32_t bits
);
void pal_chain_gap_to(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len,
	uint32_t bits
);
void pal_chain_tcp_event(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
);
void pal_chain_anomaly(const struct pal_chain *chain, const struct pal_anomaly *anomaly);
void pal_chain_flow_close(const struct pal_chain *chain, struct pal_flow *flow);
void pal_chain_tick(const struct pal_chain *chain, uint64_t now_ns);

#endif
