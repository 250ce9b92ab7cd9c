/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_LINES_H
#define RW_LINES_H

/** @file Text files of one item a line. */

/**
 * Call take() for each line of a file that is not empty and does not begin with #, spaces around it cut off.
 *
 * @param take
 *   where is `FILE:LINE`, for messages. The line may be written to. What it returns below 0 ends the walk.
 * @return
 *   0; what take() returned; -EINVAL when the file cannot be read, which is said.
 */
int rw_lines(const char *path, int (*take)(void *arg, char *line, const char *where), void *arg);

/** Cut off spaces and line ends on both sides, in place. */
char *rw_trim(char *text);

#endif
