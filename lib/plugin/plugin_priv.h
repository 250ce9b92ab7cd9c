/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_PLUGIN_PRIV_H
#define PAL_PLUGIN_PRIV_H

#include "pal_chain.h"

struct pal_plugin_host {
	const struct pal_plugin *plugin;
	struct pal_plugins *plugins;
	void *handle; // of dlopen
	char *path;
	void *data;
	uint32_t flow_offset;
	uint16_t index;
	bool initialised;
	bool no_streams;
};

/** Does it have hooks for TCP streams, and has not declined them? After init. */
bool pal_plugin_wants_streams(const struct pal_plugin_host *host);

struct pal_plugins {
	struct pal_plugins_conf conf;
	struct pal_plugins_env env;
	uint64_t last_ns; // of the run, known at its end
	char *err; // of the call that is under way
	uint32_t flow_bytes; // all plugins together
	uint32_t app_offset; // from here on, those of plugins for application protocols
	uint16_t nb_hosts;
	struct pal_plugin_host hosts[PAL_PLUGIN_MAX];
};

#endif
