/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Finding plugins (`<dir>/<name>.so`), checking that they were built for this program, and what they may ask of it.
 */
#include "plugin_priv.h"

#include <rte_common.h>

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SUFFIX ".so"

/* choosing */

// Is this the whole name of a plugin, in any of the folders?
static bool is_whole_name(const struct pal_plugins_conf *conf, const char *item, size_t len)
{
	char path[PATH_MAX];

	for (int i = 0; conf->dirs[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s/%.*s" SUFFIX, conf->dirs[i], (int)len, item);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static bool is_part(const char *name, const char *item, size_t len)
{
	for (; strlen(name) >= len; name++)
		if (strncasecmp(name, item, len) == 0)
			return true;
	return false;
}

// Is `name` in a comma list? By the whole name; with conf also by a part of it that is no other plugin's whole name.
static bool is_listed(const char *list, const char *name, const struct pal_plugins_conf *conf)
{
	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (len == strlen(name) && strncmp(list, name, len) == 0)
			return true;
		if (len > 0 && conf != NULL && is_part(name, list, len) &&
		    !is_whole_name(conf, list, len))
			return true;
		list += len;
		list += *list == ',';
	}
	return false;
}

static bool is_wanted(const struct pal_plugins_conf *conf, const char *name)
{
	if (conf->select != NULL)
		return is_listed(conf->select, name, conf);
	return strcmp(conf->defaults, "*") == 0 || is_listed(conf->defaults, name, NULL);
}

static bool is_loaded(const struct pal_plugins *plugins, const char *name)
{
	for (uint16_t i = 0; i < plugins->nb_hosts; i++)
		if (strcmp(plugins->hosts[i].plugin->name, name) == 0)
			return true;
	return false;
}

/* loading */

static int fail(char *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, PAL_PLUGINS_ERR_LEN, fmt, ap);
	va_end(ap);
	return pal_err(code);
}

static int check(const struct pal_plugin *plugin, const char *path, const char *name, char *err)
{
	if (plugin->abi != PAL_PLUGIN_ABI || plugin->size != sizeof(struct pal_plugin))
		return fail(
			err,
			EPROTO,
			"%s: built for plugin ABI %u (%u bytes), this program has %u (%zu bytes). "
			"Try: build it again against the installed headers",
			path,
			plugin->abi,
			plugin->size,
			PAL_PLUGIN_ABI,
			sizeof(struct pal_plugin)
		);
	if (plugin->name == NULL || strcmp(plugin->name, name) != 0)
		return fail(
			err,
			EINVAL,
			"%s: the plugin in it calls itself '%s'. Try: name the file %s.so",
			path,
			plugin->name == NULL ? "" : plugin->name,
			plugin->name == NULL ? "<name>" : plugin->name
		);
	if (plugin->apps != 0 && (plugin->flow_open != NULL || plugin->datagram != NULL))
		return fail(err, EINVAL, "%s: has apps, and hooks for flows of any kind", path);
	if (plugin->merge != NULL && plugin->lcore_init == NULL)
		return fail(err, EINVAL, "%s: has merge but no lcore_init", path);
	return 0;
}

static int load_one(struct pal_plugins *plugins, const char *dir, const char *name, char *err)
{
	struct pal_plugin_host *host = &plugins->hosts[plugins->nb_hosts];
	char path[PATH_MAX];
	int rc;

	if (plugins->nb_hosts == PAL_PLUGIN_MAX)
		return fail(
			err, ENOSPC, "more than %d plugins. Try: -p with fewer", PAL_PLUGIN_MAX
		);
	snprintf(path, sizeof(path), "%s/%s" SUFFIX, dir, name);
	*host = (struct pal_plugin_host){.plugins = plugins, .index = plugins->nb_hosts};
	host->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (host->handle == NULL)
		return fail(err, ENOEXEC, "cannot load plugin: %s", dlerror());
	host->plugin = dlsym(host->handle, "pal_plugin");
	rc = host->plugin == NULL ? fail(err, ENOEXEC, "%s: exports no symbol 'pal_plugin'", path)
				  : check(host->plugin, path, name, err);
	if (rc < 0) {
		dlclose(host->handle);
		return rc;
	}
	plugins->nb_hosts++;
	return 0;
}

static int is_plugin_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) && strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int load_dir(struct pal_plugins *plugins, const char *dir, char *err)
{
	struct dirent **entries;
	int nb_entries = scandir(dir, &entries, is_plugin_file, alphasort);
	int rc = 0;

	if (nb_entries < 0) // one of several places to look in
		return 0;
	for (int i = 0; i < nb_entries; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(SUFFIX)] = '\0';
		if (rc == 0 && is_wanted(&plugins->conf, name) && !is_loaded(plugins, name))
			rc = load_one(plugins, dir, name, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct pal_plugin_host *x = a, *y = b;

	return strcmp(x->plugin->name, y->plugin->name);
}

static uint32_t flow_bytes_of(const struct pal_plugin *plugin)
{
	return (plugin->flow_bytes + 7) & ~7u;
}

// A flow is of one application protocol: plugins that want different ones share the same bytes.
static uint32_t offset_of_app(const struct pal_plugins *plugins, uint16_t index, uint32_t start)
{
	uint32_t offset = start;

	for (uint16_t i = 0; i < index; i++) {
		const struct pal_plugin_host *other = &plugins->hosts[i];

		if (other->plugin->apps & plugins->hosts[index].plugin->apps)
			offset = RTE_MAX(offset, other->flow_offset + flow_bytes_of(other->plugin));
	}
	return offset;
}

static void lay_out_flow_bytes(struct pal_plugins *plugins)
{
	uint32_t end = 0;

	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		plugins->hosts[i].index = i;
		if (plugins->hosts[i].plugin->apps != 0)
			continue;
		plugins->hosts[i].flow_offset = end;
		end += flow_bytes_of(plugins->hosts[i].plugin);
	}
	plugins->flow_bytes = end;
	plugins->app_offset = end;
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		struct pal_plugin_host *host = &plugins->hosts[i];

		if (host->plugin->apps == 0)
			continue;
		host->flow_offset = offset_of_app(plugins, i, end);
		plugins->flow_bytes =
			RTE_MAX(plugins->flow_bytes,
				host->flow_offset + flow_bytes_of(host->plugin));
	}
}

// Every part of a selection must have chosen something: a misspelt name is not silently nothing.
static int check_selection(const struct pal_plugins *plugins, char *err)
{
	const char *list = plugins->conf.select;

	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ",");
		char *item = strndup(list, len);
		bool found = len == 0 || item == NULL;

		for (uint16_t i = 0; i < plugins->nb_hosts && !found; i++)
			found = is_listed(item, plugins->hosts[i].plugin->name, &plugins->conf);
		if (!found) {
			fail(err,
			     ENOENT,
			     "no plugin is called '%s'. Try: pcap-analyzer --list-plugins",
			     item);
			free(item);
			return -ENOENT;
		}
		free(item);
		list += len;
		list += *list == ',';
	}
	return 0;
}

struct pal_plugins *pal_plugins_load(const struct pal_plugins_conf *conf, char *err)
{
	struct pal_plugins *plugins = calloc(1, sizeof(*plugins));
	int rc = 0;

	if (plugins == NULL) {
		fail(err, ENOMEM, "no memory for plugins");
		return NULL;
	}
	plugins->conf = *conf;
	for (int i = 0; conf->dirs[i] != NULL && rc == 0; i++)
		rc = load_dir(plugins, conf->dirs[i], err);
	if (rc == 0)
		rc = check_selection(plugins, err);
	if (rc < 0) {
		pal_plugins_unload(plugins);
		return pal_err_null(-rc);
	}
	qsort(plugins->hosts, plugins->nb_hosts, sizeof(plugins->hosts[0]), by_name);
	lay_out_flow_bytes(plugins);
	return plugins;
}

void pal_plugins_unload(struct pal_plugins *plugins)
{
	if (plugins == NULL)
		return;
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		struct pal_plugin_host *host = &plugins->hosts[i];

		if (host->initialised && host->plugin->fini != NULL)
			host->plugin->fini(host);
		dlclose(host->handle);
	}
	free(plugins);
}

uint16_t pal_plugins_count(const struct pal_plugins *plugins)
{
	return plugins->nb_hosts;
}

const struct pal_plugin *pal_plugins_get(const struct pal_plugins *plugins, uint16_t index)
{
	return plugins->hosts[index].plugin;
}

static const struct pal_plugin_key *find_key(const struct pal_plugin *plugin, const char *key)
{
	for (const struct pal_plugin_key *k = plugin->keys; k != NULL && k->name != NULL; k++)
		if (strcmp(k->name, key) == 0)
			return k;
	return NULL;
}

bool pal_plugins_has_key(const struct pal_plugins *plugins, const char *plugin, const char *key)
{
	for (uint16_t i = 0; i < plugins->nb_hosts; i++)
		if (strcmp(plugins->hosts[i].plugin->name, plugin) == 0)
			return find_key(plugins->hosts[i].plugin, key) != NULL;
	return false;
}

int pal_plugins_init(struct pal_plugins *plugins, const struct pal_plugins_env *env, char *err)
{
	plugins->env = *env;
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		struct pal_plugin_host *host = &plugins->hosts[i];
		int rc;

		plugins->err = err;
		snprintf(err, PAL_PLUGINS_ERR_LEN, "plugin %s cannot start", host->plugin->name);
		rc = host->plugin->init == NULL ? 0 : host->plugin->init(host);
		plugins->err = NULL;
		if (rc < 0)
			return rc;
		host->initialised = true;
	}
	return 0;
}

uint32_t pal_plugins_flow_bytes(const struct pal_plugins *plugins)
{
	return plugins->flow_bytes;
}

/* what plugins ask for */

int pal_plugin_fail(struct pal_plugin_host *host, int code, const char *fmt, ...)
{
	char *err = host->plugins->err;
	va_list ap;
	int len;

	if (err == NULL)
		return pal_err(code);
	len = snprintf(err, PAL_PLUGINS_ERR_LEN, "plugin %s: ", host->plugin->name);
	va_start(ap, fmt);
	vsnprintf(err + len, PAL_PLUGINS_ERR_LEN - (size_t)len, fmt, ap);
	va_end(ap);
	return pal_err(code);
}

const char *pal_plugin_conf_str(const struct pal_plugin_host *host, const char *key)
{
	const struct pal_plugins_conf *conf = &host->plugins->conf;
	const struct pal_plugin_key *k = find_key(host->plugin, key);
	const char *value = NULL;

	if (conf->conf_get != NULL)
		value = conf->conf_get(conf->conf_arg, host->plugin->name, key);
	if (value == NULL && k != NULL)
		value = k->value;
	return value;
}

int pal_plugin_conf_u64(struct pal_plugin_host *host, const char *key, uint64_t *ret_value)
{
	const char *text = pal_plugin_conf_str(host, key);
	unsigned long long value;
	char *end;

	errno = 0;
	value = text == NULL || *text < '0' || *text > '9' ? (errno = EINVAL, 0)
							   : strtoull(text, &end, 0);
	if (errno != 0 || *end != '\0')
		return pal_plugin_fail(
			host, EINVAL, "%s = %s: not a whole number", key, text == NULL ? "" : text
		);
	*ret_value = value;
	return 0;
}

int pal_plugin_conf_bool(struct pal_plugin_host *host, const char *key, bool *ret_value)
{
	const char *text = pal_plugin_conf_str(host, key);

	if (text != NULL && (strcasecmp(text, "yes") == 0 || strcasecmp(text, "no") == 0)) {
		*ret_value = strcasecmp(text, "yes") == 0;
		return 0;
	}
	return pal_plugin_fail(
		host, EINVAL, "%s = %s: must be yes or no", key, text == NULL ? "" : text
	);
}

int pal_plugin_open(
	struct pal_plugin_host *host,
	const char *name,
	const struct pal_sink_frame *frame
)
{
	const struct pal_plugins_env *env = &host->plugins->env;
	char path[PATH_MAX];
	int sink;

	if (strcmp(name, "-") == 0) {
		sink = pal_writer_open(env->writer, name, frame);
		return sink < 0 ? pal_plugin_fail(host, -sink, "-: %s", strerror(-sink)) : sink;
	}
	if (env->outdir == NULL)
		return pal_plugin_fail(host, ENOENT, "there is no output directory for %s", name);
	if (snprintf(path, sizeof(path), "%s/%s", env->outdir, name) >= (int)sizeof(path))
		return pal_plugin_fail(
			host, ENAMETOOLONG, "%s/%s: name too long", env->outdir, name
		);
	sink = pal_writer_open(env->writer, path, frame);
	if (sink < 0)
		return pal_plugin_fail(host, -sink, "%s: %s", path, strerror(-sink));
	return sink;
}

struct pal_out *pal_plugin_out(struct pal_plugin_host *host)
{
	return host->plugins->env.out;
}

uint64_t pal_plugin_last_ns(const struct pal_plugin_host *host)
{
	return host->plugins->last_ns;
}

struct pal_events *pal_plugin_events(struct pal_plugin_host *host)
{
	return host->plugins->env.events;
}

void pal_plugin_anomaly(
	const struct pal_anomaly_sink *sink,
	struct pal_flow *flow,
	enum pal_app_event event,
	uint64_t time_ns,
	uint64_t number
)
{
	const struct pal_anomaly anomaly = {
		.name = pal_app_event_name(event),
		.known = pal_app_event_suricata(event),
		.code = (uint16_t)(PAL_ANOMALY_CODE_APPLAYER + event),
		.type = PAL_ANOMALY_APPLAYER,
		.flow = flow,
		.key = &flow->key,
		.time_ns = time_ns,
		.number = number,
	};

	sink->fn(sink->arg, &anomaly);
}

bool pal_plugin_change(
	const struct pal_app_sink *sink,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t from,
	enum pal_app expected
)
{
	return sink->change(sink->arg, flow, dir, from, expected);
}

void pal_plugin_stay(const struct pal_app_sink *sink, struct pal_flow *flow)
{
	sink->stay(sink->arg, flow);
}

void pal_plugin_set_data(struct pal_plugin_host *host, void *data)
{
	host->data = data;
}

void *pal_plugin_data(const struct pal_plugin_host *host)
{
	return host->data;
}

uint32_t pal_plugin_flow_offset(const struct pal_plugin_host *host)
{
	return host->flow_offset;
}

void pal_plugin_no_streams(struct pal_plugin_host *host)
{
	host->no_streams = true;
}

bool pal_plugin_wants_streams(const struct pal_plugin_host *host)
{
	const struct pal_plugin *plugin = host->plugin;
	bool tcp = plugin->protos == 0 || (plugin->protos & PAL_PLUGIN_TCP);

	return tcp && !host->no_streams &&
	       (plugin->stream != NULL || plugin->gap != NULL || plugin->tcp_event != NULL);
}

uint32_t pal_plugin_bit(const struct pal_plugin_host *host)
{
	return UINT32_C(1) << host->index;
}
