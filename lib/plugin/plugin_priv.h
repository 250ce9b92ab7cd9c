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
};

struct pal_plugins {
	struct pal_plugins_conf conf;
	struct pal_plugins_env env;
	char *err; // of the call that is under way
	uint16_t nb_hosts;
	struct pal_plugin_host hosts[PAL_PLUGIN_MAX];
};

#endif
