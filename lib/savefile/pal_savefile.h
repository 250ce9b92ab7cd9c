/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SAVEFILE_H
#define PAL_SAVEFILE_H

/**
 * @file
 * Capture files: pcap (microseconds, nanoseconds, modified; both byte orders) and pcapng, plain or
 * compressed (gzip, xz, zstd, lz4, bzip2; recognised by content), from a file or a pipe.
 *
 *      file ── read(2) or libarchive ──► chunk | header data | header data | header da
 *                                                       ▲             ▲              └─► head of the next chunk
 *                                        records point into the chunk; nothing is copied
 *
 * The simple way is a loop over pal_savefile_next(). Who wants to keep the bytes brings an allocator of
 * chunks (struct pal_savefile_alloc) and decides itself when a chunk is used again.
 *
 * Damage: every record before it is returned, then a negative errno; pal_savefile_error() has the sentence
 * for the operator. No size in a file is believed before that many bytes have arrived.
 *
 * A reader belongs to one thread.
 *
 * XXX: libarchive hands a compressed stream over in blocks (64 KiB for gzip and xz, 128 KiB for zstd). Where
 * compressed data is cut off, the block that the decoder was filling is lost with what follows.
 */

#include <pal_cursor.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A record or block that claims more than this is damage: 1 GiB. */
#define PAL_SAVEFILE_RECORD_MAX (UINT32_C(1) << 30)

/** What one read asks for, unless told otherwise. */
#define PAL_SAVEFILE_CHUNK_BYTES (512 * 1024)

#define PAL_SAVEFILE_PCAP_HEADER_LEN 24

/** Room for a sentence that says what is wrong with a file. */
#define PAL_SAVEFILE_ERR_LEN 512

struct pal_savefile_reader;

/** Where bytes come from. The reader closes it. */
struct pal_savefile_stream {
	/** Read up to len bytes: how many, 0 at the end, or -errno. May give fewer than asked for. */
	ssize_t (*read)(void *arg, void *buf, size_t len);
	void (*close)(void *arg); /**< May be NULL. */
	void *arg;
};

/** Memory that the file is read into. */
struct pal_savefile_chunk {
	uint8_t *data;
	size_t size; /**< Bytes at data. */
};

/** Who owns the chunks. */
struct pal_savefile_alloc {
	/**
	 * A chunk of at least min_size bytes: pal_savefile_conf.chunk_bytes, or more for a record that is
	 * longer (asked for in doubling steps as its bytes arrive).
	 *
	 * @return
	 *   The chunk; NULL when none is free now, which the reader passes on as -EAGAIN.
	 */
	struct pal_savefile_chunk *(*get)(void *arg, size_t min_size);

	/**
	 * The reader writes to this chunk no more. Records in it stay valid for as long as the owner leaves it
	 * alone. The reader holds one chunk, and two while it copies the head of a record.
	 */
	void (*put)(void *arg, struct pal_savefile_chunk *chunk);
	void *arg;
};

/** Blocks of a pcapng file by type, for counting. */
enum pal_savefile_block_kind {
	PAL_SAVEFILE_BLOCK_SHB, /**< Section header. */
	PAL_SAVEFILE_BLOCK_IDB, /**< Interface description. */
	PAL_SAVEFILE_BLOCK_PB, /**< Packet, obsolete. */
	PAL_SAVEFILE_BLOCK_SPB, /**< Simple packet. */
	PAL_SAVEFILE_BLOCK_NRB, /**< Name resolution. */
	PAL_SAVEFILE_BLOCK_ISB, /**< Interface statistics. */
	PAL_SAVEFILE_BLOCK_EPB, /**< Enhanced packet. */
	PAL_SAVEFILE_BLOCK_SJE, /**< systemd journal export. */
	PAL_SAVEFILE_BLOCK_DSB, /**< Decryption secrets. */
	PAL_SAVEFILE_BLOCK_CB, /**< Custom, to be copied. */
	PAL_SAVEFILE_BLOCK_DCB, /**< Custom, not to be copied. */
	PAL_SAVEFILE_BLOCK_OTHER,
	PAL_SAVEFILE_BLOCK_COUNT,
};

/** `SHB`, `IDB`, ...; a static string. */
const char *pal_savefile_block_name(enum pal_savefile_block_kind kind);

/** A pcapng block that is not a packet. */
struct pal_savefile_block {
	enum pal_savefile_block_kind kind;
	uint32_t type; /**< As in the file. */
	uint32_t body_len;
	const uint8_t *body; /**< Between the two lengths; valid during the call. */
	const uint8_t *raw; /**< The whole block, type and lengths included. */
	uint32_t raw_len;
	uint64_t offset; /**< Of the block, in the uncompressed stream. */
	bool big_endian;
};

typedef void (*pal_savefile_block_t)(void *arg, const struct pal_savefile_block *block);

/** Some bytes of a block that is longer than a chunk: they come in order, until all of it was seen. */
struct pal_savefile_piece {
	enum pal_savefile_block_kind kind;
	uint32_t type;
	uint32_t block_len; /**< Of the whole block, type and lengths included. */
	uint32_t at; /**< Where in the block these bytes are; 0 is its type. */
	uint32_t len; /**< Never 0. */
	const uint8_t *data; /**< Valid during the call. */
	uint64_t offset; /**< Of the block, in the uncompressed stream. */
	bool big_endian;
};

typedef void (*pal_savefile_piece_t)(void *arg, const struct pal_savefile_piece *piece);

/** How to read. Zero selects the default. */
struct pal_savefile_conf {
	const struct pal_savefile_alloc *alloc; /**< NULL: the reader's own, with malloc(). */
	uint32_t chunk_bytes; /**< Default PAL_SAVEFILE_CHUNK_BYTES. Anything from 1 on works. */
	/**
	 * Set by others: wait no longer for a pipe that has nothing to give. Reading then fails with ECANCELED.
	 * NULL: wait for ever.
	 */
	const volatile bool *stop;
	bool keep_fcs; /**< Leave the frame check sequence on, lengths as in the file. */
	/** Called for each block that is not a packet, after the records before it were returned. */
	pal_savefile_block_t on_block;
	/**
	 * Called in place of on_block for what is longer than a chunk, so that it needs no memory; section
	 * headers and interfaces excepted. That the block is damaged may be found after its last piece but one.
	 * NULL: on_block sees blocks of any length whole.
	 */
	pal_savefile_piece_t on_piece;
	void *on_block_arg; /**< For both. */
	/** Of one pcapng section; more is damage. 0: as many as memory holds. */
	uint32_t max_interfaces;
};

/** One packet. */
struct pal_savefile_rec {
	const uint8_t *data; /**< In the chunk. */
	/** Since the epoch; a simple packet block has the time of what precedes it. */
	uint64_t time_ns;
	uint32_t cap_len; /**< Bytes at data, FCS not counted. */
	/** Bytes on the wire, FCS not counted. cap_len > wire_len has been seen. */
	uint32_t wire_len;
	uint32_t interface; /**< For pal_savefile_interface(); 0 in a pcap file. */
	uint16_t linktype; /**< LINKTYPE_ value, the numbers of old systems replaced. */
	bool has_time; /**< The file gives a time; false for a simple packet block. */
	bool big_endian; /**< Byte order of options and raw. */
	uint8_t head_len; /**< Bytes of raw before those of the packet. */
	uint8_t kind; /**< enum pal_savefile_block_kind; PAL_SAVEFILE_BLOCK_OTHER in a pcap file. */
	uint32_t options_len;
	const uint8_t *options; /**< For pal_savefile_options_of(). */
	/**
	 * The record as it is in the file, header, padding and trailer included. Of records that follow each
	 * other in the file without a block between them, each begins where the one before ends.
	 */
	const uint8_t *raw;
	uint32_t raw_len;
	/** Time as in the file, without if_tsoffset: in units of the interface's tsresol. */
	uint64_t ticks;
};

enum pal_savefile_format {
	PAL_SAVEFILE_PCAP,
	PAL_SAVEFILE_PCAPNG,
};

struct pal_savefile_info {
	enum pal_savefile_format format;
	const char *compression; /**< `gzip`, `xz`, ...; NULL when the file is plain. */
	uint64_t size_bytes; /**< As stored; 0 where unknown (a pipe). */
	uint16_t version_major, version_minor; /**< Of a pcapng file: of the current section. */
	bool big_endian; /**< Likewise. */
	bool nanoseconds; /**< pcap: unit of its fractions. */
	bool modified; /**< pcap: record headers of 24 bytes. */
};

/** An interface of the current pcapng section, or the one of a pcap file. */
struct pal_savefile_interface {
	const uint8_t *options; /**< As in the file; empty when a section has more than 16 MiB. */
	size_t options_len;
	int64_t tsoffset_s; /**< Added to every time. */
	uint32_t snaplen; /**< 0: not limited. */
	uint16_t linktype;
	uint8_t tsresol; /**< As in the file: exponent of 10, or of 2 with the top bit set. */
	uint8_t fcs_len; /**< Bytes at the end of each packet. */
	/* time: ticks * mul / div / 2^shift */
	uint64_t mul, div;
	uint8_t shift;
};

/** What was read so far. */
struct pal_savefile_stats {
	uint64_t records;
	uint64_t cap_bytes, wire_bytes; /**< Of the records as returned. */
	uint64_t stored_bytes; /**< Taken from the file. */
	uint64_t blocks[PAL_SAVEFILE_BLOCK_COUNT];
	/* tolerated oddities */
	uint64_t cap_over_wire; /**< Records with more bytes captured than there were. */
	uint64_t cap_over_snaplen; /**< ... than the snap length allows. */
	uint64_t empty; /**< Records without bytes. */
	uint64_t time_saturated; /**< Times before 1970 or after 2554, set to that. */
};

/**
 * Open a file and read as much of it as tells what it is.
 *
 * @param path
 *   `-` is standard input, which is not closed.
 * @param conf
 *   Copied; NULL selects all defaults.
 * @param err
 *   Room for PAL_SAVEFILE_ERR_LEN bytes; on failure one sentence without newline. May be NULL.
 * @return
 *   The reader, closed with pal_savefile_close(); NULL with errno set: that of open(2) or read(2), ENOMEM, or
 *   EBADMSG - not a capture file, a version that is not known, or damaged compression
 */
struct pal_savefile_reader *
pal_savefile_open(const char *path, const struct pal_savefile_conf *conf, char *err);

/** The same from any stream of bytes, which the reader then owns, also on failure; name is for messages. */
struct pal_savefile_reader *pal_savefile_open_stream(
	const char *name,
	const struct pal_savefile_stream *stream,
	const struct pal_savefile_conf *conf,
	char *err
);

/** Give back the chunk and close the file. NULL is a no-op. */
void pal_savefile_close(struct pal_savefile_reader *r);

/**
 * Read the next record. With the reader's own allocator it is valid until the next call.
 *
 * @return
 *   - 1: *ret_rec is written
 *   - 0: the file ended where a file may end
 *   - -EAGAIN: the allocator had no chunk; nothing is lost, call again
 *   - -EBADMSG: damaged; another -errno: could not be read. Said again by each further call.
 */
int pal_savefile_next(struct pal_savefile_reader *r, struct pal_savefile_rec *ret_rec);

/**
 * Read up to nb_recs records, fewer where the chunk or the section ends.
 *
 * All records of a burst lie in the chunk that pal_savefile_current_chunk() names until the next call.
 *
 * @return
 *   Records in ret_recs[]; otherwise as pal_savefile_next().
 */
int pal_savefile_next_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *ret_recs,
	unsigned int nb_recs
);

/** The chunk that the last burst lies in; NULL before the first. */
struct pal_savefile_chunk *pal_savefile_current_chunk(const struct pal_savefile_reader *r);

/** Why the reader stopped: `FILE: damaged at byte 1234: ...`. Empty while nothing is wrong. */
const char *pal_savefile_error(const struct pal_savefile_reader *r);

/** What the file is; valid as long as the reader. */
const struct pal_savefile_info *pal_savefile_info(const struct pal_savefile_reader *r);

/** The file header of a pcap file, PAL_SAVEFILE_PCAP_HEADER_LEN bytes as they are; NULL for pcapng. */
const uint8_t *pal_savefile_pcap_header(const struct pal_savefile_reader *r);

/** An interface of the current section, valid until the next call; NULL when there is none of that index. */
const struct pal_savefile_interface *
pal_savefile_interface(const struct pal_savefile_reader *r, uint32_t index);

/** Interfaces that the current section described so far. */
uint32_t pal_savefile_nb_interfaces(const struct pal_savefile_reader *r);

void pal_savefile_stats(const struct pal_savefile_reader *r, struct pal_savefile_stats *ret_stats);

/** Bytes taken from the file so far, as stored: for progress. */
uint64_t pal_savefile_stored_bytes(const struct pal_savefile_reader *r);

/** Bytes of the uncompressed stream that were taken by records and blocks. */
uint64_t pal_savefile_offset(const struct pal_savefile_reader *r);

/** LINKTYPE_ value of a number found in a file: some systems wrote their own DLT_ values. */
uint16_t pal_savefile_linktype(uint16_t number);

/** Its name in the list of tcpdump.org, `ETHERNET`; NULL where there is none. A static string. */
const char *pal_savefile_linktype_name(uint16_t linktype);

/** What it is, `Ethernet`; NULL where that is not known. A static string. */
const char *pal_savefile_linktype_description(uint16_t linktype);

/**
 * Time of a tick of an interface, of any year: seconds since the epoch, and nanoseconds from there on. For times that
 * rec.time_ns cannot hold.
 */
void pal_savefile_time(
	const struct pal_savefile_interface *iface,
	uint64_t ticks,
	int64_t *ret_s,
	uint32_t *ret_ns
);

/** Walks over the options of a block. */
struct pal_savefile_options {
	struct pal_cursor cur;
	bool big_endian;
};

struct pal_savefile_option {
	const uint8_t *value;
	uint16_t code;
	uint16_t len;
};

static inline struct pal_savefile_options
pal_savefile_options_of(const uint8_t *options, size_t len, bool big_endian)
{
	struct pal_savefile_options it = {.big_endian = big_endian};

	if (len > 0)
		it.cur = pal_cursor_of(options, len);
	return it;
}

/** Take the next option; false at the end of options or of the bytes, also when the next one does not fit. */
bool pal_savefile_option_next(
	struct pal_savefile_options *it,
	struct pal_savefile_option *ret_option
);

#endif
