/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_FILEBUILD_H
#define PAL_TEST_FILEBUILD_H

/**
 * @file
 * Capture files from calls one can read. What does not fit in memory ends the test.
 *
 * Packet data is a pattern: byte i of a packet of seed s is (uint8_t)(s + i), so that a reader's result can be
 * checked with fb_is_pattern().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filebuild {
	uint8_t *data;
	size_t len, room;
	bool big_endian; /**< Order of what is put from now on. */
};

#define FB_US 0xa1b2c3d4
#define FB_NS 0xa1b23c4d
#define FB_MODIFIED 0xa1b2cd34

enum fb_block {
	FB_SHB = 0x0a0d0d0a,
	FB_IDB = 1,
	FB_PB = 2,
	FB_SPB = 3,
	FB_NRB = 4,
	FB_ISB = 5,
	FB_EPB = 6,
};

void fb_free(struct filebuild *fb);
void fb_bytes(struct filebuild *fb, const void *bytes, size_t len);
void fb_u16(struct filebuild *fb, uint16_t v);
void fb_u32(struct filebuild *fb, uint32_t v);
void fb_u64(struct filebuild *fb, uint64_t v);

/** A pattern of len bytes. */
void fb_pattern(struct filebuild *fb, uint8_t seed, size_t len);
bool fb_is_pattern(const uint8_t *data, uint8_t seed, size_t len);

void fb_pcap(struct filebuild *fb, uint32_t magic, uint32_t snaplen, uint32_t network);
void fb_pcap_version(struct filebuild *fb, uint16_t major, uint16_t minor);

/** A record header as it is; `modified` ones have eight bytes more. */
void fb_record_header(
	struct filebuild *fb,
	uint32_t magic,
	uint32_t seconds,
	uint32_t fraction,
	uint32_t cap_len,
	uint32_t wire_len
);

/** A whole record of microseconds. */
void fb_record(struct filebuild *fb, uint8_t seed, uint32_t cap_len, uint32_t wire_len);

/** A block from begin to end, which pads it and fills in its lengths. begin returns what end wants. */
size_t fb_begin(struct filebuild *fb, uint32_t type);
void fb_end(struct filebuild *fb, size_t start);
void fb_option(struct filebuild *fb, uint16_t code, const void *value, uint16_t len);

void fb_shb(struct filebuild *fb);
void fb_idb(struct filebuild *fb, uint16_t linktype, uint32_t snaplen);
/** With one option. */
void fb_idb_option(
	struct filebuild *fb,
	uint16_t linktype,
	uint16_t code,
	const void *value,
	uint16_t len
);
void fb_epb_header(
	struct filebuild *fb,
	uint32_t interface,
	uint64_t ticks,
	uint32_t cap_len,
	uint32_t wire_len
);
void fb_epb(struct filebuild *fb, uint32_t interface, uint64_t ticks, uint8_t seed, uint32_t len);

/** Write to a new file below $TMPDIR; path has room for FB_PATH_LEN. */
#define FB_PATH_LEN 256
void fb_save(const struct filebuild *fb, char *path);

#endif
