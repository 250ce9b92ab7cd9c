/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SAVEFILE_WRITER_PRIV_H
#define SAVEFILE_WRITER_PRIV_H

/**
 * @file
 * Inside of the writer, top to bottom:
 *
 *      writer   open, close, errors                                savefile_writer.c
 *      format   records and blocks as bytes                        savefile_writer_pcap.c, savefile_writer_pcapng.c
 *      output   a buffer, then the compressor where one is wanted  savefile_output.c, savefile_compress.c
 *      file     a temporary name until it is whole                 savefile_outfile.c
 */

#include "pal_savefile_writer.h"
#include "savefile_priv.h"

/** What savefile_output_reserve() can give at once. */
#define SAVEFILE_RESERVE_MAX (256 * 1024)

struct savefile_outfile;
struct savefile_compressor;

/** Where bytes go once the writer made them. */
struct savefile_output {
	struct pal_savefile_sink sink;
	struct savefile_outfile *file; // what the sink is; NULL: a stream of the caller's
	struct savefile_compressor *compressor; // NULL: plain
	const char *reason; // why it failed, if not errno's text
	uint8_t *buf;
	size_t len; // bytes in buf
	uint64_t bytes; // taken, before compression
	uint64_t stored_bytes; // given to the sink
};

/** The output owns the sink also when this fails. 0 or -errno. */
int savefile_output_init(
	struct savefile_output *out,
	enum pal_savefile_compression compression,
	int level
);

/** Take bytes. 0 or -errno. */
int savefile_output_write(struct savefile_output *out, const void *data, size_t len);

/** Room for len bytes, at most SAVEFILE_RESERVE_MAX, to be filled before the next call; NULL with errno set. */
uint8_t *savefile_output_reserve(struct savefile_output *out, size_t len);

/** Leave the last len bytes of the room unused. */
static inline void savefile_output_unreserve(struct savefile_output *out, size_t len)
{
	out->len -= len;
	out->bytes -= len;
}

/** Give the buffer on. 0 or -errno. */
int savefile_output_flush(struct savefile_output *out);

/** Write the end of the compressed stream, too; no more bytes then. 0 or -errno. */
int savefile_output_finish(struct savefile_output *out);

/** Close the sink; keep says whether a file gets its name or is removed. 0 or -errno. */
int savefile_output_fini(struct savefile_output *out, bool keep);

/** For the compressor: bytes to the sink. 0 or -errno. */
int savefile_output_store(struct savefile_output *out, const void *data, size_t len);

struct savefile_compressor *savefile_compressor_create(
	struct savefile_output *out,
	enum pal_savefile_compression compression,
	int level
);
void savefile_compressor_destroy(struct savefile_compressor *c);
int savefile_compressor_write(struct savefile_compressor *c, const void *data, size_t len);
int savefile_compressor_finish(struct savefile_compressor *c);

/** Begin a file; sink is written. NULL with errno set. */
struct savefile_outfile *
savefile_outfile_open(const char *path, struct pal_savefile_sink *ret_sink);
/** Close it, and give it its name or remove it. 0 or -errno. */
int savefile_outfile_close(struct savefile_outfile *f, bool keep);

/** What is written into. */
struct savefile_target {
	struct pal_savefile_interface iface; // link type, snaplen, time; no options
	bool has_ticks;
};

struct pal_savefile_writer {
	struct savefile_output out;
	struct pal_savefile_writer_conf conf; // format and compression are settled
	struct pal_savefile_writer_stats stats;
	struct savefile_target *targets; // interfaces of the current section
	uint32_t nb_targets, room_targets;
	uint64_t nb_interfaces, nb_sections; // ever
	bool begun; // the file header or a section header is written
	bool big_endian; // of the file or the section
	struct { // the file as its header says
		uint32_t frac_ns; // one unit of the fraction
		uint32_t hdr_len; // of a record
		uint32_t snaplen;
		uint16_t linktype;
		uint8_t fcs_len;
		bool old_lens; // an older version, where lengths may be exchanged
	} pcap;
	bool piece_lost; // the block that comes in pieces is not written
	uint64_t last_ns; // time for a record that has none
	int failed; // what each further call returns
	char *name;
	char error[PAL_SAVEFILE_ERR_LEN];
};

static inline bool savefile_writes_pcapng(const struct pal_savefile_writer *w)
{
	return w->conf.format == PAL_SAVEFILE_WRITE_PCAPNG;
}

static inline void savefile_store16(uint8_t *p, uint16_t v, bool big_endian)
{
	if (big_endian)
		v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void savefile_store32(uint8_t *p, uint32_t v, bool big_endian)
{
	if (big_endian)
		v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void savefile_store64(uint8_t *p, uint64_t v, bool big_endian)
{
	if (big_endian)
		v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

/** Make the writer refuse to go on, for want of room, memory or whatever rc says. Returns rc. */
int savefile_writer_failed(struct pal_savefile_writer *w, int rc);

/** Take bytes. 0, or -errno with the writer failed. */
int savefile_writer_bytes(struct pal_savefile_writer *w, const void *data, size_t len);

/** Another interface, zeroed; NULL with the writer failed. */
struct savefile_target *savefile_writer_add_target(struct pal_savefile_writer *w);

/** Count the options of a record, an interface or a section that are not kept. */
void savefile_writer_lose_options(
	struct pal_savefile_writer *w,
	enum pal_savefile_block_kind kind,
	const uint8_t *options,
	size_t len,
	bool big_endian
);

/** Time of a record that is put to this interface, in ns; that of the one before if it has none. */
uint64_t savefile_writer_time_ns(
	const struct pal_savefile_writer *w,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec,
	bool *ret_saturated
);

/* Formats: 0, or -errno with the writer failed. */
int savefile_pcap_adopt_header(struct pal_savefile_writer *w);
int savefile_pcap_begin(struct pal_savefile_writer *w, const struct savefile_target *first);
int savefile_pcap_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec);
int savefile_pcap_put_block(struct pal_savefile_writer *w, const struct pal_savefile_block *block);

int savefile_pcapng_begin(struct pal_savefile_writer *w);
int savefile_pcapng_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec);
int savefile_pcapng_put_block(
	struct pal_savefile_writer *w,
	const struct pal_savefile_block *block
);
int savefile_pcapng_put_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_writer_interface *iface
);

/** Change the byte order of an option's value, in place, where its form is known. */
void savefile_swap_value(
	uint8_t *value,
	uint16_t len,
	enum pal_savefile_block_kind kind,
	uint16_t code
);

/** Likewise of whole options. */
void savefile_swap_options(
	uint8_t *options,
	size_t len,
	enum pal_savefile_block_kind kind,
	bool from_big_endian
);

/** Likewise of a whole block, of which raw is a copy; false, with raw spoilt, where its form is not known. */
bool savefile_swap_block(uint8_t *raw, const struct pal_savefile_block *block);

#endif
