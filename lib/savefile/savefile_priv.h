/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SAVEFILE_PRIV_H
#define PAL_SAVEFILE_PRIV_H

/**
 * @file
 * Inside of the reader, bottom to top:
 *
 *      input    stored bytes, decompressed where needed   savefile_input.c, savefile_archive.c
 *      window   the part of them that is in a chunk        savefile_window.c
 *      format   records out of the window                  savefile_pcap.c, savefile_pcapng*.c
 *      reader   open, close, errors                        savefile_reader.c
 */

#include "pal_savefile.h"

#define SAVEFILE_MAGIC_LEN 6 // tells the compression
#define SAVEFILE_HEAD_LEN                                                                          \
	PAL_SAVEFILE_PCAP_HEADER_LEN // tells the format: all of pcap's file header

#define SAVEFILE_SHB_FIXED_LEN 16 // of a section header's body, before its options
#define SAVEFILE_IDB_FIXED_LEN 8 // likewise of an interface description

enum savefile_option_code {
	SAVEFILE_OPT_END = 0,
	SAVEFILE_OPT_COMMENT = 1,
	SAVEFILE_OPT_EPB_FLAGS = 2,
	SAVEFILE_OPT_EPB_DROPCOUNT = 4,
	SAVEFILE_OPT_EPB_VERDICT = 7,
	SAVEFILE_OPT_IF_TSRESOL = 9,
	SAVEFILE_OPT_IF_FCSLEN = 13,
	SAVEFILE_OPT_IF_TSOFFSET = 14,
};

struct savefile_archive;

struct savefile_input {
	struct pal_savefile_stream raw;
	uint8_t magic[SAVEFILE_MAGIC_LEN]; // first stored bytes, read ahead
	uint8_t magic_len, magic_pos;
	struct savefile_archive *archive; // NULL: plain
	uint64_t stored_bytes;
	const char *reason; // why read() failed, if not errno's text
};

/** Look at the first bytes of the stream, put libarchive in between if they say so. 0 or -errno. */
int savefile_input_init(struct savefile_input *in, const struct pal_savefile_stream *raw);
void savefile_input_fini(struct savefile_input *in);

/** Name of the compression that these bytes begin; NULL for none. */
const char *savefile_input_compression(const struct savefile_input *in);

/** Stored bytes, with the contract of pal_savefile_stream.read(). */
ssize_t savefile_input_read_stored(struct savefile_input *in, void *buf, size_t len);

/** Uncompressed bytes, likewise. */
ssize_t savefile_input_read(struct savefile_input *in, void *buf, size_t len);

/** An open file as a stream; size_bytes is 0 for anything but a regular file. stop may be NULL. */
int savefile_file_open(
	const char *path,
	const volatile bool *stop,
	struct pal_savefile_stream *ret_stream,
	uint64_t *ret_size_bytes
);

struct savefile_archive *savefile_archive_create(struct savefile_input *in);
void savefile_archive_destroy(struct savefile_archive *a);
ssize_t savefile_archive_read(struct savefile_archive *a, void *buf, size_t len);

struct savefile_window {
	struct pal_cursor cur; // bytes of the chunk that are not taken yet
	struct pal_savefile_chunk *chunk;
	uint64_t end_offset; // of cur.end in the uncompressed stream
	bool eof;
};

struct pal_savefile_reader {
	struct savefile_window win;
	struct pal_savefile_stats stats;
	struct pal_savefile_interface *interfaces;
	uint32_t nb_interfaces, room_interfaces, max_interfaces;
	size_t options_kept; // bytes, of this section's interfaces
	uint32_t frac_ns; // pcap: one unit of the fraction
	uint32_t hdr_len; // pcap: of a record
	bool swapped; // file or section is big endian
	bool old_lens; // pcap before 2.4: the two lengths may be exchanged
	bool keep_fcs;
	struct { // pcapng: a block that is passed over in pieces; len is 0 when there is none
		uint64_t offset;
		uint32_t type, len, left;
		bool seen; // by on_piece
	} skip;
	uint64_t last_ns; // time for a simple packet block
	int failed; // what each further call returns
	struct pal_savefile_info info;
	struct pal_savefile_alloc alloc;
	struct pal_savefile_chunk *own_spare; // built-in allocator
	uint32_t chunk_bytes;
	pal_savefile_block_t on_block;
	pal_savefile_piece_t on_piece;
	void *on_block_arg;
	struct savefile_input input;
	uint8_t head[SAVEFILE_HEAD_LEN]; // first uncompressed bytes, read ahead
	uint8_t head_len, head_pos;
	char *name;
	char error[PAL_SAVEFILE_ERR_LEN];
};

/** Of the next byte, in the uncompressed stream. */
static inline uint64_t savefile_offset(const struct pal_savefile_reader *r)
{
	return r->win.end_offset - pal_cursor_left(&r->win.cur);
}

static inline uint16_t savefile_load16(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be16(p) : pal_load_le16(p);
}

static inline uint32_t savefile_load32(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be32(p) : pal_load_le32(p);
}

static inline uint64_t savefile_load64(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be64(p) : pal_load_le64(p);
}

/** Write the sentence `NAME: damaged at byte OFFSET: ...`, make the reader refuse to go on. Returns -EBADMSG. */
int savefile_damaged(struct pal_savefile_reader *r, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Likewise, for want of memory. Returns -ENOMEM. */
int savefile_no_memory(struct pal_savefile_reader *r);

/** Bytes from the stream into buf, those read ahead first. */
ssize_t savefile_read(struct pal_savefile_reader *r, void *buf, size_t len);

/**
 * Have need bytes in the window, moving to another chunk when this one is full. What was returned before
 * may then be gone, so never in the middle of a burst.
 *
 * @return
 *   1: they are there; 0: the file ends before; -EAGAIN, or -errno with the reader failed.
 */
int savefile_window_fill(struct pal_savefile_reader *r, size_t need);

/** An empty window without a chunk. */
void savefile_window_init(struct pal_savefile_reader *r);

/** Give the chunk back. */
void savefile_window_fini(struct pal_savefile_reader *r);

/** Allocator for those who bring none. */
extern const struct pal_savefile_alloc savefile_own_alloc;
void savefile_own_alloc_fini(struct pal_savefile_reader *r);

/** Take the FCS off both lengths of a record. */
void savefile_strip_fcs(struct pal_savefile_rec *rec, uint32_t fcs_len);

/** Count what is odd about a record's lengths as they are in the file. */
void savefile_note_odd(
	struct pal_savefile_reader *r,
	uint32_t cap_len,
	uint32_t wire_len,
	uint32_t snaplen
);

/** Another interface, zeroed; NULL when out of memory. */
struct pal_savefile_interface *savefile_interface_add(struct pal_savefile_reader *r);
void savefile_interfaces_clear(struct pal_savefile_reader *r);

/* Formats. open() looks at the head: 1, 0 if it is another format, or -errno. */
int savefile_pcap_open(struct pal_savefile_reader *r);
int savefile_pcap_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *recs,
	unsigned int nb_recs
);

int savefile_pcapng_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *recs,
	unsigned int nb_recs
);

/** How to turn ticks of this resolution into ns. */
void savefile_interface_set_tsresol(struct pal_savefile_interface *iface, uint8_t tsresol);

/** What the body of an interface description says, of which there are SAVEFILE_IDB_FIXED_LEN bytes at least. */
void savefile_interface_parse(
	struct pal_savefile_interface *iface,
	struct pal_cursor body,
	bool big_endian
);

/** What one option of it says. */
void savefile_interface_option(
	struct pal_savefile_interface *iface,
	const struct pal_savefile_option *opt,
	bool big_endian
);

/** Time of a tick, at the nearest end of uint64_t where it does not fit. */
uint64_t savefile_interface_time_ns(
	const struct pal_savefile_interface *iface,
	uint64_t ticks,
	bool *ret_saturated
);

/** Whether that time is a whole number of nanoseconds. */
bool savefile_interface_is_exact(const struct pal_savefile_interface *iface, uint64_t ticks);

/** The latest tick whose time is not after this one, at the nearest end of uint64_t where there is none. */
uint64_t savefile_interface_ticks(const struct pal_savefile_interface *iface, uint64_t time_ns);

#endif
