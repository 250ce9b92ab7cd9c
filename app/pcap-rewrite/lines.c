/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines.h"

#include "rewrite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *rw_trim(char *text)
{
	static const char spaces[] = " \t\r\n";
	size_t len;

	text += strspn(text, spaces);
	len = strlen(text);
	while (len > 0 && strchr(spaces, text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

int rw_lines(const char *path, int (*take)(void *arg, char *line, const char *where), void *arg)
{
	FILE *file = fopen(path, "r");
	size_t room = 0, number = 0;
	char *buf = NULL;
	int rc = 0;

	if (file == NULL)
		return rw_refuse("%s: cannot be opened: %s", path, strerror(errno));
	while (rc == 0 && getline(&buf, &room, file) >= 0) {
		char where[4096 + 32], *line = rw_trim(buf);

		snprintf(where, sizeof(where), "%.4000s:%zu", path, ++number);
		if (*line != '\0' && *line != '#')
			rc = take(arg, line, where);
	}
	if (rc == 0 && ferror(file))
		rc = rw_refuse("%s: cannot be read: %s", path, strerror(errno));
	free(buf);
	fclose(file);
	return rc;
}
