/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FILES_H
#define APP_FILES_H

/** @file The capture files that a command line names. */

#include <stddef.h>

/** Paths, folders replaced by the files in them, in the order of their names. */
struct app_files {
	char **paths;
	size_t nb_paths;
};

/** 0 or -ENOMEM; app_files_fini() is due in both cases. A folder that cannot be read stands for itself. */
int app_files_expand(struct app_files *files, char *const *given, size_t nb_given);
void app_files_fini(struct app_files *files);

#endif
