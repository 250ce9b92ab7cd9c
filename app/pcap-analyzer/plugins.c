/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Finding plugins, and checking what the configuration says to them. */
#include "app.h"

#include <pal_build.h>
#include <pal_err.h>

#include <string.h>
#include <unistd.h>

static const char *plugin_conf_get(void *arg, const char *plugin, const char *key)
{
	return pal_conf_plugin_get(arg, plugin, key);
}

// Beside the program as built, beside it as installed, or where the configuration says.
struct pal_plugins *
app_plugins_load(struct run *run, const char *select, const char *defaults, char *err)
{
	const struct pal_conf_values *v = pal_conf_get(run->conf);
	char built[PATH_MAX + 32] = "", self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dirs[4];
	int n = 0;

	if (v->plugin_dir[0] != '\0')
		dirs[n++] = v->plugin_dir;
	if (len > 0) {
		self[len] = '\0';
		*strrchr(self, '/') = '\0';
		snprintf(built, sizeof(built), "%s/../../plugins", self);
		if (access(built, R_OK) == 0)
			dirs[n++] = built;
	}
	dirs[n++] = PAL_PLUGIN_DIR;
	dirs[n] = NULL;
	return pal_plugins_load(
		&(struct pal_plugins_conf){
			.dirs = dirs,
			.select = select,
			.defaults = defaults,
			.conf_get = plugin_conf_get,
			.conf_arg = run->conf,
			.measure = v->plugin_cycles,
		},
		err
	);
}

struct key_check {
	const struct pal_plugins *plugins;
};

static int suggest_key(const struct pal_plugin *plugin, const char *key, const char *origin)
{
	const char *names[64] = {NULL};
	const char *closest;
	int n = 0;

	for (const struct pal_plugin_key *k = plugin->keys; k != NULL && k->name != NULL && n < 63;
	     k++)
		names[n++] = k->name;
	closest = pal_conf_closest(key, names);
	app_error(
		"%s: plugin %s has no key %s. %s%s%s",
		origin,
		plugin->name,
		key,
		closest == NULL ? "Try: pcap-analyzer --list-plugins" : "Did you mean ",
		closest == NULL ? "" : closest,
		closest == NULL ? "" : "?"
	);
	return -EINVAL;
}

static int
check_key(void *arg, const char *plugin, const char *key, const char *, const char *origin)
{
	const struct pal_plugins *plugins = ((struct key_check *)arg)->plugins;
	const char *names[PAL_PLUGIN_MAX + 1] = {NULL};
	const char *closest;

	if (pal_plugins_has_key(plugins, plugin, key))
		return 0;
	for (uint16_t i = 0; i < pal_plugins_count(plugins); i++) {
		names[i] = pal_plugins_get(plugins, i)->name;
		if (strcmp(names[i], plugin) == 0)
			return suggest_key(pal_plugins_get(plugins, i), key, origin);
	}
	closest = pal_conf_closest(plugin, names);
	app_error(
		"%s: no plugin is called %s. %s%s%s",
		origin,
		plugin,
		closest == NULL ? "Try: pcap-analyzer --list-plugins" : "Did you mean ",
		closest == NULL ? "" : closest,
		closest == NULL ? "" : "?"
	);
	return -EINVAL;
}

static int has_key(void *, const char *, const char *, const char *, const char *)
{
	return 1;
}

// Keys of plugins that will not run are checked, too: a configuration is right or wrong as a whole.
int app_plugins_check_keys(struct run *run)
{
	struct key_check check;
	char err[PAL_PLUGINS_ERR_LEN];
	struct pal_plugins *all;
	int rc;

	if (pal_conf_plugin_each(run->conf, has_key, NULL) == 0)
		return 0;
	all = app_plugins_load(run, NULL, "*", err);
	if (all == NULL) {
		app_error("%s", err);
		return -EINVAL;
	}
	check.plugins = all;
	rc = pal_conf_plugin_each(run->conf, check_key, &check);
	pal_plugins_unload(all);
	return rc;
}

static void list_apps(uint64_t apps)
{
	if (apps == 0)
		return;
	printf("%14s protocols:", "");
	if (apps == PAL_APPS_ALL)
		printf(" all");
	for (enum pal_app app = PAL_APP_FAILED + 1; app < PAL_APP_COUNT && apps != PAL_APPS_ALL;
	     app++)
		if (pal_apps_have(apps, app))
			printf(" %s", pal_app_name(app));
	putchar('\n');
}

int app_plugins_list(struct run *run)
{
	char err[PAL_PLUGINS_ERR_LEN];
	struct pal_plugins *all = app_plugins_load(run, NULL, "*", err);

	if (all == NULL) {
		app_error("%s", err);
		return APP_EXIT_ENV;
	}
	for (uint16_t i = 0; i < pal_plugins_count(all); i++) {
		const struct pal_plugin *plugin = pal_plugins_get(all, i);

		printf("%-14s %-8s %s\n", plugin->name, plugin->version, plugin->summary);
		printf("%14s hooks:%s%s%s%s%s%s%s%s%s%s%s\n",
		       "",
		       plugin->frame ? " frame" : "",
		       plugin->flow_open ? " flow_open" : "",
		       plugin->datagram ? " datagram" : "",
		       plugin->payload ? " payload" : "",
		       plugin->stream ? " stream" : "",
		       plugin->gap ? " gap" : "",
		       plugin->tcp_event ? " tcp_event" : "",
		       plugin->flow_close ? " flow_close" : "",
		       plugin->anomaly ? " anomaly" : "",
		       plugin->tick ? " tick" : "",
		       plugin->annotate ? " annotate" : "");
		list_apps(plugin->apps);
		for (const struct pal_plugin_key *k = plugin->keys; k != NULL && k->name != NULL;
		     k++)
			printf("%14s plugin.%s.%s = %s  (%s)\n",
			       "",
			       plugin->name,
			       k->name,
			       k->value,
			       k->help);
	}
	pal_plugins_unload(all);
	return APP_EXIT_OK;
}
