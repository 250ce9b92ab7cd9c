/* SPDX-License-Identifier: BSD-3-Clause */
#include "filebuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fb_free(struct filebuild *fb)
{
	free(fb->data);
	*fb = (struct filebuild){};
}

static uint8_t *fb_room(struct filebuild *fb, size_t len)
{
	if (fb->room - fb->len < len) {
		fb->room = 2 * (fb->len + len);
		fb->data = realloc(fb->data, fb->room);
		if (fb->data == NULL)
			abort();
	}
	fb->len += len;
	return fb->data + fb->len - len;
}

void fb_bytes(struct filebuild *fb, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(fb_room(fb, len), bytes, len);
}

static void fb_uint(struct filebuild *fb, uint64_t v, size_t len)
{
	uint8_t *p = fb_room(fb, len);

	for (size_t i = 0; i < len; i++)
		p[fb->big_endian ? len - 1 - i : i] = (uint8_t)(v >> (8 * i));
}

void fb_u16(struct filebuild *fb, uint16_t v)
{
	fb_uint(fb, v, 2);
}

void fb_u32(struct filebuild *fb, uint32_t v)
{
	fb_uint(fb, v, 4);
}

void fb_u64(struct filebuild *fb, uint64_t v)
{
	fb_uint(fb, v, 8);
}

void fb_pattern(struct filebuild *fb, uint8_t seed, size_t len)
{
	uint8_t *p = fb_room(fb, len);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(seed + i);
}

bool fb_is_pattern(const uint8_t *data, uint8_t seed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != (uint8_t)(seed + i))
			return false;
	return true;
}

static void pcap_header(
	struct filebuild *fb,
	uint32_t magic,
	uint16_t major,
	uint16_t minor,
	uint32_t snaplen,
	uint32_t network
)
{
	fb_u32(fb, magic);
	fb_u16(fb, major);
	fb_u16(fb, minor);
	fb_u64(fb, 0);
	fb_u32(fb, snaplen);
	fb_u32(fb, network);
}

void fb_pcap(struct filebuild *fb, uint32_t magic, uint32_t snaplen, uint32_t network)
{
	pcap_header(fb, magic, 2, 4, snaplen, network);
}

void fb_pcap_version(struct filebuild *fb, uint16_t major, uint16_t minor)
{
	pcap_header(fb, FB_US, major, minor, 65535, 1);
}

void fb_record_header(
	struct filebuild *fb,
	uint32_t magic,
	uint32_t seconds,
	uint32_t fraction,
	uint32_t cap_len,
	uint32_t wire_len
)
{
	fb_u32(fb, seconds);
	fb_u32(fb, fraction);
	fb_u32(fb, cap_len);
	fb_u32(fb, wire_len);
	if (magic == FB_MODIFIED)
		fb_u64(fb, 0x0102030405060708);
}

void fb_record(struct filebuild *fb, uint8_t seed, uint32_t cap_len, uint32_t wire_len)
{
	fb_record_header(fb, FB_US, 1000u + seed, seed, cap_len, wire_len);
	fb_pattern(fb, seed, cap_len);
}

size_t fb_begin(struct filebuild *fb, uint32_t type)
{
	size_t start = fb->len;

	fb_u32(fb, type);
	fb_u32(fb, 0);
	return start;
}

static void fb_pad(struct filebuild *fb)
{
	fb_bytes(fb, "\0\0\0", -fb->len & 3);
}

void fb_end(struct filebuild *fb, size_t start)
{
	size_t end;

	fb_pad(fb);
	fb_u32(fb, (uint32_t)(fb->len + 4 - start));
	end = fb->len;
	// The same four bytes go to the start.
	memcpy(fb->data + start + 4, fb->data + end - 4, 4);
}

void fb_option(struct filebuild *fb, uint16_t code, const void *value, uint16_t len)
{
	fb_u16(fb, code);
	fb_u16(fb, len);
	fb_bytes(fb, value, len);
	fb_pad(fb);
}

void fb_shb(struct filebuild *fb)
{
	size_t start = fb_begin(fb, FB_SHB);

	fb_u32(fb, 0x1a2b3c4d);
	fb_u16(fb, 1);
	fb_u16(fb, 0);
	fb_u64(fb, UINT64_MAX);
	fb_end(fb, start);
}

static size_t idb_begin(struct filebuild *fb, uint16_t linktype, uint32_t snaplen)
{
	size_t start = fb_begin(fb, FB_IDB);

	fb_u16(fb, linktype);
	fb_u16(fb, 0);
	fb_u32(fb, snaplen);
	return start;
}

void fb_idb(struct filebuild *fb, uint16_t linktype, uint32_t snaplen)
{
	fb_end(fb, idb_begin(fb, linktype, snaplen));
}

void fb_idb_option(
	struct filebuild *fb,
	uint16_t linktype,
	uint16_t code,
	const void *value,
	uint16_t len
)
{
	size_t start = idb_begin(fb, linktype, 0);

	fb_option(fb, code, value, len);
	fb_option(fb, 0, NULL, 0);
	fb_end(fb, start);
}

void fb_epb_header(
	struct filebuild *fb,
	uint32_t interface,
	uint64_t ticks,
	uint32_t cap_len,
	uint32_t wire_len
)
{
	fb_u32(fb, interface);
	fb_u32(fb, (uint32_t)(ticks >> 32));
	fb_u32(fb, (uint32_t)ticks);
	fb_u32(fb, cap_len);
	fb_u32(fb, wire_len);
}

void fb_epb(struct filebuild *fb, uint32_t interface, uint64_t ticks, uint8_t seed, uint32_t len)
{
	size_t start = fb_begin(fb, FB_EPB);

	fb_epb_header(fb, interface, ticks, len, len);
	fb_pattern(fb, seed, len);
	fb_end(fb, start);
}

void fb_save(const struct filebuild *fb, char *path)
{
	const char *dir = getenv("TMPDIR");
	FILE *f;
	int fd;

	snprintf(path, FB_PATH_LEN, "%s/pal-test-XXXXXX", dir != NULL ? dir : "/tmp");
	fd = mkstemp(path);
	f = fd < 0 ? NULL : fdopen(fd, "wb");
	if (f == NULL || fwrite(fb->data, 1, fb->len, f) != fb->len || fclose(f) != 0) {
		perror(path);
		abort();
	}
}
