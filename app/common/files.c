/* SPDX-License-Identifier: BSD-3-Clause */
#include "files.h"

#include <pal_err.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int add_path(struct app_files *files, char *path)
{
	char **grown = realloc(files->paths, (files->nb_paths + 1) * sizeof(*grown));

	if (grown == NULL || path == NULL) {
		free(path);
		return pal_err(ENOMEM);
	}
	files->paths = grown;
	files->paths[files->nb_paths++] = path;
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

// Plain files in a folder, by name; folders in it are not entered.
static int add_dir(struct app_files *files, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_visible, alphasort);
	int rc = 0;

	if (n < 0) // the reader says why
		return add_path(files, strdup(dir));
	for (int i = 0; i < n; i++) {
		struct stat st;
		char *path;

		if (rc == 0 && asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
			rc = pal_err(ENOMEM);
		else if (rc == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			rc = add_path(files, path);
		else if (rc == 0)
			free(path);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int app_files_expand(struct app_files *files, char *const *given, size_t nb_given)
{
	*files = (struct app_files){0};
	for (size_t i = 0; i < nb_given; i++) {
		struct stat st;
		bool is_dir = strcmp(given[i], "-") != 0 && stat(given[i], &st) == 0 &&
			      S_ISDIR(st.st_mode);
		int rc = is_dir ? add_dir(files, given[i]) : add_path(files, strdup(given[i]));

		if (rc < 0)
			return rc;
	}
	return 0;
}

void app_files_fini(struct app_files *files)
{
	for (size_t i = 0; i < files->nb_paths; i++)
		free(files->paths[i]);
	free(files->paths);
}
