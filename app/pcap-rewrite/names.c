/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include <string.h>
#include <strings.h>

// Length without one of these endings; the same length if it has none of them.
static size_t without(const char *path, size_t len, const char *const *endings)
{
	for (; *endings != NULL; endings++) {
		size_t n = strlen(*endings);

		// A name is more than its ending.
		if (len > n && path[len - n - 1] != '/' &&
		    strncasecmp(path + len - n, *endings, n) == 0)
			return len - n;
	}
	return len;
}

static size_t without_compression(const char *path)
{
	static const char *const endings[] = {".gz", ".zst", ".xz", ".lz4", NULL};

	return without(path, strlen(path), endings);
}

static const char *const formats[] = {".pcap", ".cap", ".dmp", ".pcapng", ".ntar", NULL};
static const char *const pcap[] = {".pcap", ".cap", ".dmp", NULL};

size_t rw_name_base_len(const char *path)
{
	return without(path, without_compression(path), formats);
}

bool rw_name_has_format(const char *path)
{
	size_t len = without_compression(path);

	return without(path, len, formats) != len;
}

bool rw_name_is_pcap(const char *path)
{
	size_t len = without_compression(path);

	return without(path, len, pcap) != len;
}
