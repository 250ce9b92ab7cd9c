/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf_priv.h"

#include <pal_err.h>

#include <iniparser/iniparser.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct plugin_value {
	char *plugin, *key, *value, *origin;
	struct plugin_value *next;
};

struct pal_conf {
	struct pal_conf_values values;
	char **texts; // per key of pal_conf_keys[]
	char **origins;
	struct plugin_value *plugin_values;
};

/* one value */

static bool is_word_of(const char *help, const char *value)
{
	size_t len = strlen(value);
	const char *end = strchr(help, ':');

	while (help < end) {
		size_t n = strcspn(help, "|:");

		if (n == len && strncmp(help, value, len) == 0)
			return true;
		help += n + 1;
	}
	return false;
}

static int parse_bool(const char *text, bool *ret_value)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (int i = 0; i < 4; i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret_value = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return pal_err(EINVAL);
}

static int parse_u32(const struct conf_key *k, const char *text, uint32_t *ret_value)
{
	unsigned long long v;
	char *end;

	if (*text < '0' || *text > '9')
		return pal_err(EINVAL);
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v < k->min || v > k->max)
		return pal_err(EINVAL);
	*ret_value = (uint32_t)v;
	return 0;
}

// Put a value in place. `where` begins the error message.
static int put_value(
	struct pal_conf *conf,
	const struct conf_key *k,
	const char *text,
	const char *where,
	char *err
)
{
	size_t i = (size_t)(k - pal_conf_keys);
	void *field = (char *)&conf->values + k->offset;
	char *copy;

	if (k->type == CONF_U32 && parse_u32(k, text, field) < 0)
		return pal_conf_fail(
			err,
			"%s: %s = %s: must be a whole number from %u to %u",
			where,
			k->name,
			text,
			k->min,
			k->max
		);
	if (k->type == CONF_BOOL && parse_bool(text, field) < 0)
		return pal_conf_fail(err, "%s: %s = %s: must be yes or no", where, k->name, text);
	if (k->type == CONF_WORD && !is_word_of(k->help, text))
		return pal_conf_fail(
			err,
			"%s: %s = %s: must be one of %.*s",
			where,
			k->name,
			text,
			(int)strcspn(k->help, ":"),
			k->help
		);
	copy = strdup(text);
	if (copy == NULL)
		return pal_conf_fail(err, "%s: no memory", where);
	free(conf->texts[i]);
	conf->texts[i] = copy;
	if (k->type == CONF_STR || k->type == CONF_WORD)
		*(const char **)field = copy;
	return 0;
}

/* finding keys */

static const struct conf_key *find_key(const char *section, const char *key)
{
	for (size_t i = 0; i < CONF_NB_KEYS; i++)
		if (strcmp(pal_conf_keys[i].section, section) == 0 &&
		    strcmp(pal_conf_keys[i].name, key) == 0)
			return &pal_conf_keys[i];
	return NULL;
}

// The key of any section, or the section, most like what was written.
static int unknown_key(const char *section, const char *key, const char *where, char *err)
{
	char full[CONF_NB_KEYS][64];
	const char *candidates[CONF_NB_KEYS + 1];
	char wanted[128];
	const char *closest;

	for (size_t i = 0; i < CONF_NB_KEYS; i++) {
		snprintf(
			full[i],
			sizeof(full[i]),
			"%s.%s",
			pal_conf_keys[i].section,
			pal_conf_keys[i].name
		);
		candidates[i] = full[i];
		// The right name in the wrong section is what was meant, however unlike the sections are.
		if (strcmp(pal_conf_keys[i].name, key) == 0)
			return pal_conf_fail(
				err,
				"%s: unknown key %s.%s. Did you mean %s?",
				where,
				section,
				key,
				full[i]
			);
	}
	candidates[CONF_NB_KEYS] = NULL;
	snprintf(wanted, sizeof(wanted), "%s.%s", section, key);
	closest = pal_conf_closest(wanted, candidates);
	if (closest == NULL)
		return pal_conf_fail(
			err,
			"%s: unknown key %s. Try: pcap-analyzer --dump-config lists all keys",
			where,
			wanted
		);
	return pal_conf_fail(err, "%s: unknown key %s. Did you mean %s?", where, wanted, closest);
}

static int set_plugin(
	struct pal_conf *conf,
	const char *plugin,
	const char *key,
	const char *value,
	const char *origin,
	char *err
)
{
	struct plugin_value *v;

	for (v = conf->plugin_values; v != NULL; v = v->next)
		if (strcmp(v->plugin, plugin) == 0 && strcmp(v->key, key) == 0)
			break;
	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		if (v == NULL)
			return pal_conf_fail(err, "no memory");
		v->plugin = strdup(plugin);
		v->key = strdup(key);
		v->next = conf->plugin_values;
		conf->plugin_values = v;
	}
	free(v->value);
	free(v->origin);
	v->value = strdup(value);
	v->origin = strdup(origin);
	if (v->plugin == NULL || v->key == NULL || v->value == NULL || v->origin == NULL)
		return pal_conf_fail(err, "no memory");
	return 0;
}

static int
set_key(struct pal_conf *conf,
	const char *section,
	const char *key,
	const char *value,
	const char *origin,
	char *err)
{
	const struct conf_key *k;
	int rc;

	if (strncmp(section, CONF_PLUGIN_PREFIX, strlen(CONF_PLUGIN_PREFIX)) == 0)
		return set_plugin(
			conf, section + strlen(CONF_PLUGIN_PREFIX), key, value, origin, err
		);
	k = find_key(section, key);
	if (k == NULL)
		return unknown_key(section, key, origin, err);
	rc = put_value(conf, k, value, origin, err);
	if (rc == 0) {
		free(conf->origins[k - pal_conf_keys]);
		conf->origins[k - pal_conf_keys] = strdup(origin);
	}
	return rc;
}

/* the file */

static int set_from_ini(
	struct pal_conf *conf,
	const dictionary *ini,
	const struct conf_line *line,
	const char *path,
	char *err
)
{
	char full[160], origin[PAL_CONF_ERR_LEN / 2];
	const char *value;

	snprintf(full, sizeof(full), "%s:%s", line->section, line->key);
	snprintf(origin, sizeof(origin), "%s:%u", path, line->number);
	value = iniparser_getstring(ini, full, NULL);
	if (value == NULL)
		return pal_conf_fail(err, "%s: cannot be read", origin);
	return set_key(conf, line->section, line->key, value, origin, err);
}

static int is_repeated(const struct conf_line *lines, size_t nb_lines, const struct conf_line *line)
{
	for (size_t i = 0; i < nb_lines; i++)
		if (strcmp(lines[i].section, line->section) == 0 &&
		    strcmp(lines[i].key, line->key) == 0)
			return (int)lines[i].number;
	return 0;
}

#define MAX_ASSIGNMENTS 1024

static int
load_lines(struct pal_conf *conf, FILE *f, const dictionary *ini, const char *path, char *err)
{
	struct conf_line *lines = calloc(MAX_ASSIGNMENTS, sizeof(*lines));
	struct conf_line line = {0};
	size_t nb_lines = 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int rc = lines == NULL ? pal_conf_fail(err, "no memory") : 0;

	while (rc == 0 && (len = getline(&text, &size, f)) >= 0) {
		line.number++;
		rc = pal_conf_scan_line(text, (size_t)len, &line, path, err);
		if (rc < 0 || line.key[0] == '\0')
			continue;
		if (nb_lines == MAX_ASSIGNMENTS)
			rc = pal_conf_fail(
				err, "%s:%u: more than %d keys", path, line.number, MAX_ASSIGNMENTS
			);
		else if (is_repeated(lines, nb_lines, &line))
			rc = pal_conf_fail(
				err,
				"%s:%u: %s was set on line %d already",
				path,
				line.number,
				line.key,
				is_repeated(lines, nb_lines, &line)
			);
		else if (ini != NULL)
			rc = set_from_ini(conf, ini, &line, path, err);
		if (rc == 0)
			lines[nb_lines++] = line;
	}
	free(text);
	free(lines);
	return rc;
}

static int be_quiet(const char *, ...)
{
	return 0;
}

int pal_conf_load(struct pal_conf *conf, const char *path, char *err)
{
	FILE *f = fopen(path, "r");
	dictionary *ini;
	struct stat st;
	int rc;

	if (f == NULL) {
		int code = errno;

		pal_conf_fail(err, "%s: %s", path, strerror(code));
		return pal_err(code);
	}
	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode)) { // it is read more than once
		rc = pal_conf_fail(err, "%s: not a plain file", path);
		goto close_file;
	}
	rc = load_lines(conf, f, NULL, path, err); // syntax only
	if (rc < 0)
		goto close_file;
	iniparser_set_error_callback(be_quiet);
	ini = iniparser_load(path);
	if (ini == NULL) {
		rc = pal_conf_fail(err, "%s: cannot be read as an INI file", path);
		goto close_file;
	}
	rewind(f);
	rc = load_lines(conf, f, ini, path, err);
	iniparser_freedict(ini);
close_file:
	fclose(f);
	return rc;
}

int pal_conf_set(struct pal_conf *conf, const char *assignment, const char *origin, char *err)
{
	const char *equals = strchr(assignment, '=');
	char name[128];
	char *dot;

	if (equals == NULL || (size_t)(equals - assignment) >= sizeof(name))
		return pal_conf_fail(err, "%s %s: must be section.key=value", origin, assignment);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - assignment), assignment);
	dot = strrchr(pal_conf_trim(name), '.');
	if (dot == NULL || dot == name || dot[1] == '\0')
		return pal_conf_fail(err, "%s %s: must be section.key=value", origin, assignment);
	*dot = '\0';
	return set_key(conf, pal_conf_trim(name), dot + 1, equals + 1, origin, err);
}

/* public */

struct pal_conf *pal_conf_create(void)
{
	struct pal_conf *conf = calloc(1, sizeof(*conf));
	char err[PAL_CONF_ERR_LEN];

	if (conf == NULL)
		return pal_err_null(ENOMEM);
	conf->texts = calloc(CONF_NB_KEYS, sizeof(*conf->texts));
	conf->origins = calloc(CONF_NB_KEYS, sizeof(*conf->origins));
	for (size_t i = 0; i < CONF_NB_KEYS; i++) {
		const struct conf_key *k = &pal_conf_keys[i];

		if (conf->texts == NULL || conf->origins == NULL ||
		    put_value(conf, k, k->value, "default", err) < 0) {
			pal_conf_destroy(conf);
			return pal_err_null(ENOMEM);
		}
	}
	return conf;
}

void pal_conf_destroy(struct pal_conf *conf)
{
	struct plugin_value *v, *next;

	if (conf == NULL)
		return;
	for (size_t i = 0; i < CONF_NB_KEYS; i++) {
		if (conf->texts != NULL)
			free(conf->texts[i]);
		if (conf->origins != NULL)
			free(conf->origins[i]);
	}
	free(conf->texts);
	free(conf->origins);
	for (v = conf->plugin_values; v != NULL; v = next) {
		next = v->next;
		free(v->plugin);
		free(v->key);
		free(v->value);
		free(v->origin);
		free(v);
	}
	free(conf);
}

const struct pal_conf_values *pal_conf_get(const struct pal_conf *conf)
{
	return &conf->values;
}

const char *pal_conf_plugin_get(const struct pal_conf *conf, const char *plugin, const char *key)
{
	for (const struct plugin_value *v = conf->plugin_values; v != NULL; v = v->next)
		if (strcmp(v->plugin, plugin) == 0 && strcmp(v->key, key) == 0)
			return v->value;
	return NULL;
}

int pal_conf_plugin_each(
	const struct pal_conf *conf,
	int (*fn
	)(void *arg, const char *plugin, const char *key, const char *value, const char *origin),
	void *arg
)
{
	int rc = 0;

	for (const struct plugin_value *v = conf->plugin_values; v != NULL && rc == 0; v = v->next)
		rc = fn(arg, v->plugin, v->key, v->value, v->origin);
	return rc;
}

static bool is_odd(char c)
{
	return isspace((unsigned char)c) || c == '"' || c == '\'';
}

// So that iniparser reads it as it is: it strips blanks and quotes, and takes ; and # for comments.
static const char *quote_of(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 ||
	    (strpbrk(value, ";#") == NULL && !is_odd(value[0]) && !is_odd(value[len - 1])))
		return "";
	return strchr(value, '"') == NULL ? "\"" : "'";
}

void pal_conf_dump(const struct pal_conf *conf, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < CONF_NB_KEYS; i++) {
		const struct conf_key *k = &pal_conf_keys[i];

		if (strcmp(k->section, section) != 0)
			fprintf(out, "%s[%s]\n", i == 0 ? "" : "\n", k->section);
		section = k->section;
		fprintf(out,
			"# %s (%s)\n%s = %s%s%s\n",
			k->help,
			conf->origins[i] == NULL ? "default" : conf->origins[i],
			k->name,
			quote_of(conf->texts[i]),
			conf->texts[i],
			quote_of(conf->texts[i]));
	}
	for (const struct plugin_value *v = conf->plugin_values; v != NULL; v = v->next)
		fprintf(out,
			"\n[" CONF_PLUGIN_PREFIX "%s]\n# (%s)\n%s = %s%s%s\n",
			v->plugin,
			v->origin,
			v->key,
			quote_of(v->value),
			v->value,
			quote_of(v->value));
}
