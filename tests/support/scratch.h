/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_SCRATCH_H
#define PAL_TEST_SCRATCH_H

/** @file A folder that a test may write to, and the text of a file. */

#include "check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_dir[64];

static inline int scratch_setup(void **)
{
	strcpy(scratch_dir, "/tmp/pal-test-XXXXXX");
	return mkdtemp(scratch_dir) == NULL ? -1 : 0;
}

static inline int scratch_remove(const char *path, const struct stat *, int, struct FTW *)
{
	return remove(path);
}

static inline int scratch_teardown(void **)
{
	return nftw(scratch_dir, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/** Path of a file in the folder. Good for the next four calls. */
static inline const char *scratch_path(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir, name);
	return path;
}

/** Text of a file, NUL-terminated; to be freed. NULL: there is no such file. */
static inline char *scratch_read(const char *name, size_t *ret_len)
{
	FILE *f = fopen(scratch_path(name), "rb");
	size_t len = 0, room = 1 << 16, n;
	char *text;

	if (f == NULL)
		return NULL;
	text = malloc(room);
	while ((n = fread(text + len, 1, room - len - 1, f)) > 0) {
		len += n;
		if (room - len < 2)
			text = realloc(text, room *= 2);
	}
	fclose(f);
	text[len] = '\0';
	if (ret_len != NULL)
		*ret_len = len;
	return text;
}

static inline void scratch_assert(const char *name, const char *expected)
{
	char *text = scratch_read(name, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

#endif
