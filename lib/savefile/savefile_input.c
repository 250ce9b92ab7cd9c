/* SPDX-License-Identifier: BSD-3-Clause */
#include "savefile_priv.h"

#include <pal_err.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOP_POLL_MS                                                                               \
	50 /**< How long a pipe is waited for before somebody is asked whether to go on. */

static const struct {
	const char *name;
	uint8_t len;
	uint8_t bytes[SAVEFILE_MAGIC_LEN];
} compressions[] = {
	{"gzip", 3, {0x1f, 0x8b, 0x08}},
	{"xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0x00}},
	{"zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{"lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
	{"bzip2", 3, {'B', 'Z', 'h'}},
};

const char *savefile_input_compression(const struct savefile_input *in)
{
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++)
		if (in->magic_len >= compressions[i].len &&
		    memcmp(in->magic, compressions[i].bytes, compressions[i].len) == 0)
			return compressions[i].name;
	return NULL;
}

int savefile_input_init(struct savefile_input *in, const struct pal_savefile_stream *raw)
{
	ssize_t n;

	in->raw = *raw;
	while (in->magic_len < SAVEFILE_MAGIC_LEN) {
		n = raw->read(
			raw->arg, in->magic + in->magic_len, SAVEFILE_MAGIC_LEN - in->magic_len
		);
		if (n < 0)
			return pal_err((int)-n);
		if (n == 0)
			break;
		in->magic_len += (uint8_t)n;
	}
	if (savefile_input_compression(in) == NULL)
		return 0;
	in->archive = savefile_archive_create(in);
	return in->archive == NULL ? -errno : 0;
}

void savefile_input_fini(struct savefile_input *in)
{
	savefile_archive_destroy(in->archive);
	if (in->raw.close != NULL)
		in->raw.close(in->raw.arg);
}

ssize_t savefile_input_read_stored(struct savefile_input *in, void *buf, size_t len)
{
	size_t ahead = in->magic_len - in->magic_pos;
	ssize_t n;

	if (ahead > 0) {
		n = (ssize_t)(ahead < len ? ahead : len);
		memcpy(buf, in->magic + in->magic_pos, (size_t)n);
		in->magic_pos += (uint8_t)n;
	} else {
		n = in->raw.read(in->raw.arg, buf, len);
	}
	if (n > 0)
		in->stored_bytes += (uint64_t)n;
	return n;
}

ssize_t savefile_input_read(struct savefile_input *in, void *buf, size_t len)
{
	if (in->archive != NULL)
		return savefile_archive_read(in->archive, buf, len);
	return savefile_input_read_stored(in, buf, len);
}

/** What file_read() gets. */
struct file {
	int fd;
	bool is_stdin;
	const volatile bool *stop; // NULL where reading never waits
};

// Until there is something to read, or nobody wants it any more.
static int wait_for_bytes(const struct file *f)
{
	struct pollfd pfd = {.fd = f->fd, .events = POLLIN};

	while (f->stop == NULL || !*f->stop) {
		int n = poll(&pfd, 1, f->stop == NULL ? -1 : STOP_POLL_MS);

		// Where polling fails read() says why; but a signal may be what sets stop.
		if (n > 0 || (n < 0 && errno != EINTR))
			return 0;
	}
	return -ECANCELED;
}

static ssize_t file_read(void *arg, void *buf, size_t len)
{
	const struct file *f = arg;
	int rc = f->stop == NULL ? 0 : wait_for_bytes(f);
	ssize_t n;

	while (rc == 0) {
		n = read(f->fd, buf, len);
		if (n >= 0)
			return n;
		// Standard input is whatever we were given, also a pipe that someone made non-blocking.
		if (errno == EAGAIN)
			rc = wait_for_bytes(f);
		else if (errno != EINTR)
			rc = -errno;
	}
	return rc;
}

static void file_close(void *arg)
{
	struct file *f = arg;

	if (!f->is_stdin)
		close(f->fd);
	free(f);
}

int savefile_file_open(
	const char *path,
	const volatile bool *stop,
	struct pal_savefile_stream *ret_stream,
	uint64_t *ret_size_bytes
)
{
	struct file *f = malloc(sizeof(*f));
	struct stat st;

	if (f == NULL)
		return pal_err(ENOMEM);
	f->is_stdin = strcmp(path, "-") == 0;
	f->fd = f->is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	f->stop = stop;
	if (f->fd < 0) {
		free(f);
		return pal_err(errno);
	}
	*ret_stream =
		(struct pal_savefile_stream){.read = file_read, .close = file_close, .arg = f};
	*ret_size_bytes = 0;
	if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		f->stop = NULL;
		*ret_size_bytes = (uint64_t)st.st_size;
		(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}
