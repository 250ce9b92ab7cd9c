/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CONF_H
#define PAL_CONF_H

/**
 * @file
 * The configuration: defaults, then the INI file, then the command line, into one validated struct.
 *
 * Every key is one line of conf_keys.def; config/pal.ini shows them all. An unknown key or a bad value is
 * an error that names the place and suggests what was meant. Keys of plugins (`[plugin.<name>]`) are
 * kept as text; who knows the plugins checks them.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Room for an error sentence. */
#define PAL_CONF_ERR_LEN 512

/** Values, by the names in conf_keys.def; strings belong to the configuration. */
struct pal_conf_values {
	const char *output_dir;
	bool eve;
	const char *eve_file;
	uint32_t stats_interval_s;
	uint32_t workers;
	uint32_t inbox_pkts;
	uint32_t views;
	uint32_t defrag_memory_mib, defrag_max_datagrams, defrag_timeout_v4_s, defrag_timeout_v6_s;
	const char *defrag_policy, *defrag_policies;
	const char *stream_policy, *stream_policies;
	uint32_t stream_flow_kib, stream_flow_segs, stream_shard_kib, stream_shard_segs;
	uint32_t stream_recent_segs;
	uint32_t idle_sleep_us;
	uint32_t capture_queues;
	bool capture_promisc;
	uint32_t capture_mbufs;
	uint32_t capture_rx_descriptors;
	bool capture_zero_copy;
	uint32_t file_buffer_kib;
	uint32_t file_buffers;
	uint32_t file_mbufs;
	const char *checksums;
	uint32_t max_flows;
	uint32_t timeout_s[4][3]; /**< As enum pal_flow_proto and enum pal_flow_state order them. */
	const char *plugins;
	const char *plugin_dir;
	bool plugin_cycles;
	const char *hugepages;
	uint32_t eal_memory_mib;
};

struct pal_conf;

/** All defaults. NULL with errno set. */
struct pal_conf *pal_conf_create(void);

/** Free; NULL is a no-op. */
void pal_conf_destroy(struct pal_conf *conf);

/**
 * Read an INI file.
 *
 * @param err
 *   Room for PAL_CONF_ERR_LEN bytes; on failure `FILE:LINE: what is wrong. Did you mean ...?`.
 * @return
 *   0; -errno of opening it; -EINVAL.
 */
int pal_conf_load(struct pal_conf *conf, const char *path, char *err);

/** Set one key, `section.key=value`; origin is what pal_conf_dump() says of it (`--set`). */
int pal_conf_set(struct pal_conf *conf, const char *assignment, const char *origin, char *err);

/** The values as they are now. */
const struct pal_conf_values *pal_conf_get(const struct pal_conf *conf);

/** A plugin's key, NULL where it was not set. */
const char *pal_conf_plugin_get(const struct pal_conf *conf, const char *plugin, const char *key);

/** Call fn for every plugin key that was set, until it returns non-zero; returns that. */
int pal_conf_plugin_each(
	const struct pal_conf *conf,
	int (*fn
	)(void *arg, const char *plugin, const char *key, const char *value, const char *origin),
	void *arg
);

/** Print the effective configuration as INI, each key with its help and where its value came from. */
void pal_conf_dump(const struct pal_conf *conf, FILE *out);

/**
 * The candidate most like a misspelt word; for suggestions anywhere.
 *
 * @return
 *   One of candidates[] (NULL-terminated), or NULL when none is close.
 */
const char *pal_conf_closest(const char *word, const char *const *candidates);

#endif
