/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Looking at the lines of an INI file before iniparser gets them.
 *
 * iniparser 4.1 forgets line numbers, lets the last of two equal keys win, crashes on some malformed files, and
 * ignores without a word what it does not expect. So each line must be one that both read alike.
 */
#include "conf_priv.h"

#include <pal_err.h>

#include <stdarg.h>
#include <string.h>

#define MAX_LINE_LEN 1000 // iniparser's buffer has 1024

int pal_conf_fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, PAL_CONF_ERR_LEN, fmt, ap);
	va_end(ap);
	return pal_err(EINVAL);
}

char *pal_conf_trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return s;
}

static void put_lower(char *dst, size_t size, const char *src)
{
	size_t i;

	for (i = 0; i + 1 < size && src[i] != '\0'; i++)
		dst[i] = (char)(src[i] >= 'A' && src[i] <= 'Z' ? src[i] + 32 : src[i]);
	dst[i] = '\0';
}

static int check_section(const char *name, const char *where, char *err)
{
	const char *candidates[CONF_NB_KEYS + 1];
	const char *closest;
	int n = 0;

	if (strncmp(name, CONF_PLUGIN_PREFIX, strlen(CONF_PLUGIN_PREFIX)) == 0)
		return 0;
	for (size_t i = 0; i < CONF_NB_KEYS; i++) {
		if (strcmp(pal_conf_keys[i].section, name) == 0)
			return 0;
		candidates[n++] = pal_conf_keys[i].section;
	}
	candidates[n] = NULL;
	closest = pal_conf_closest(name, candidates);
	if (closest == NULL)
		return pal_conf_fail(
			err,
			"%s: unknown section [%s]. Try: pcap-analyzer --dump-config lists all",
			where,
			name
		);
	return pal_conf_fail(
		err, "%s: unknown section [%s]. Did you mean [%s]?", where, name, closest
	);
}

static int scan_section(char *text, struct conf_line *line, const char *where, char *err)
{
	char *close = strchr(text, ']');
	const char *rest;

	if (close == NULL || memchr(text, ':', (size_t)(close - text)) != NULL)
		return pal_conf_fail(err, "%s: not a section: %s", where, text);
	rest = pal_conf_trim(close + 1);
	if (*rest != '\0') // iniparser takes it for something else, comments included
		return pal_conf_fail(err, "%s: nothing may follow a [section]: %s", where, rest);
	*close = '\0';
	put_lower(line->section, sizeof(line->section), pal_conf_trim(text + 1));
	return check_section(line->section, where, err);
}

int pal_conf_scan_line(char *text, size_t len, struct conf_line *line, const char *path, char *err)
{
	char where[PAL_CONF_ERR_LEN / 2];
	char *equals;

	line->key[0] = '\0';
	snprintf(where, sizeof(where), "%s:%u", path, line->number);
	if (strlen(text) != len)
		return pal_conf_fail(err, "%s: has a NUL byte", where);
	if (len > MAX_LINE_LEN)
		return pal_conf_fail(err, "%s: longer than %d bytes", where, MAX_LINE_LEN);
	text = pal_conf_trim(text);
	if (*text != '\0' && text[strlen(text) - 1] == '\\')
		return pal_conf_fail(err, "%s: a line cannot end in a backslash", where);
	if (*text == '\0' || *text == '#' || *text == ';')
		return 0;
	if (*text == '[')
		return scan_section(text, line, where, err);
	equals = strchr(text, '=');
	if (equals == NULL || equals == text)
		return pal_conf_fail(err, "%s: neither [section] nor key = value: %s", where, text);
	if (line->section[0] == '\0')
		return pal_conf_fail(err, "%s: key before the first [section]", where);
	*equals = '\0';
	put_lower(line->key, sizeof(line->key), pal_conf_trim(text));
	return 0;
}
