/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that has a temporary name until it is whole, so that an input of the same name is read to its end
 * and nobody meets half a file.
 */
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NAMES 1000 /**< Temporary names that are tried. */

struct savefile_outfile {
	int fd;
	bool keep_open; // standard output
	char *path; // what it is to be called; NULL where it has its name already
	char *tmp;
};

static int outfile_write(void *arg, const void *buf, size_t len)
{
	const struct savefile_outfile *f = arg;
	const uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = write(f->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

// `DIR/.NAME.PID-N.tmp`, in the directory of the file, so that renaming moves no bytes.
static int open_temporary(struct savefile_outfile *f)
{
	const char *slash = strrchr(f->path, '/');
	int dir_len = slash == NULL ? 0 : (int)(slash - f->path) + 1;
	int fd = -1;

	for (unsigned int i = 0; i < MAX_NAMES && fd < 0; i++) {
		free(f->tmp);
		// 200 bytes: what is put around a name of 255 would make it too long.
		if (asprintf(
			    &f->tmp,
			    "%.*s.%.200s.%d-%u.tmp",
			    dir_len,
			    f->path,
			    f->path + dir_len,
			    (int)getpid(),
			    i
		    ) < 0) {
			f->tmp = NULL;
			return pal_err(ENOMEM);
		}
		fd = open(f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			return -errno;
	}
	f->fd = fd;
	return fd < 0 ? pal_err(EEXIST) : 0;
}

static int outfile_begin(struct savefile_outfile *f, const char *path)
{
	struct stat st;
	bool exists;
	int rc;

	if (strcmp(path, "-") == 0) {
		f->fd = STDOUT_FILENO;
		f->keep_open = true;
		return 0;
	}
	// A device or a named pipe stays what it is.
	exists = stat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC);
		return f->fd < 0 ? -errno : 0;
	}
	// A symbolic link keeps pointing to the file.
	f->path = realpath(path, NULL);
	if (f->path == NULL)
		f->path = strdup(path);
	rc = f->path == NULL ? pal_err(ENOMEM) : open_temporary(f);
	if (rc == 0 && exists)
		(void)fchmod(f->fd, st.st_mode & 0777); // who may read it may still
	return rc;
}

struct savefile_outfile *savefile_outfile_open(const char *path, struct pal_savefile_sink *ret_sink)
{
	struct savefile_outfile *f = calloc(1, sizeof(*f));
	int rc = f == NULL ? -ENOMEM : outfile_begin(f, path);

	if (rc == 0) {
		*ret_sink = (struct pal_savefile_sink){.write = outfile_write, .arg = f};
		return f;
	}
	if (f != NULL) {
		free(f->path);
		free(f->tmp);
		free(f);
	}
	return pal_err_null(-rc);
}

int savefile_outfile_close(struct savefile_outfile *f, bool keep)
{
	int rc = 0;

	if (!f->keep_open && close(f->fd) < 0)
		rc = -errno;
	if (f->tmp != NULL && (!keep || rc < 0))
		unlink(f->tmp);
	else if (f->tmp != NULL && rename(f->tmp, f->path) < 0) {
		rc = -errno;
		unlink(f->tmp);
	}
	free(f->path);
	free(f->tmp);
	free(f);
	return rc;
}
