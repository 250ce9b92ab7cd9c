/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf_priv.h"

#include <string.h>

const struct conf_key pal_conf_keys[CONF_NB_KEYS] = {
#define PAL_CONF(section, key, type, field, value, min, max, help)                                 \
	{section, key, CONF_##type, offsetof(struct pal_conf_values, field), value, min, max, help},
#include "conf_keys.def"
#undef PAL_CONF
};

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

// Levenshtein distance; words longer than the row are not alike anything.
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[64];

	if (lb >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *pal_conf_closest(const char *word, const char *const *candidates)
{
	size_t best = 1 + strlen(word) / 2;
	const char *closest = NULL;

	for (; *candidates != NULL; candidates++) {
		size_t d = distance(word, *candidates);

		if (d < best) {
			best = d;
			closest = *candidates;
		}
	}
	return closest;
}
