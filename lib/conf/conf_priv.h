/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_CONF_PRIV_H
#define PAL_CONF_PRIV_H

#include "pal_conf.h"

#include <stddef.h>

enum conf_type {
	CONF_STR,
	CONF_U32,
	CONF_BOOL,
	CONF_WORD,
};

/** One key, from conf_keys.def. */
struct conf_key {
	const char *section;
	const char *name;
	enum conf_type type;
	size_t offset; // in struct pal_conf_values
	const char *value; // default, as text
	uint32_t min, max;
	const char *help;
};

enum {
	CONF_NB_KEYS = 0
#define PAL_CONF(section, key, type, field, value, min, max, help) +1
#include "conf_keys.def"
#undef PAL_CONF
};

extern const struct conf_key pal_conf_keys[CONF_NB_KEYS];

#define CONF_PLUGIN_PREFIX "plugin."

/** Where a line of an INI file is, and what it sets. */
struct conf_line {
	char section[64], key[64]; // lower case, as iniparser has them; no key: it sets nothing
	unsigned int number; // of the caller
};

/** Write an error sentence. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int pal_conf_fail(char *err, const char *fmt, ...);

/** Blanks taken off both ends, in place. */
char *pal_conf_trim(char *s);

/**
 * Look at one line: a comment, [section] or key = value.
 *
 * @param text
 *   The line, overwritten; len bytes and a NUL.
 * @param line
 *   Section of the lines before, replaced where this is a section.
 * @return
 *   0, or -EINVAL with err written.
 */
int pal_conf_scan_line(char *text, size_t len, struct conf_line *line, const char *path, char *err);

#endif
