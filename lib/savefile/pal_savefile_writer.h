/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SAVEFILE_WRITER_H
#define PAL_SAVEFILE_WRITER_H

/**
 * @file
 * Write capture files: pcap (microseconds, nanoseconds) and pcapng, plain or compressed, to a file, to standard
 * output or to any stream.
 *
 *      put()        a record from its fields        ──┐
 *      put_raw()    records as they are in a file   ──┼──► buffer ──► (compressor) ──► .NAME.tmp ──close()──► NAME
 *      put_block()  a pcapng block as it is         ──┘
 *
 * A copy that loses nothing, to the same format, is
 *
 *      reader:  .keep_fcs = true, .on_block = put_block, .on_piece = put_piece
 *      loop:    pal_savefile_next_burst(), pal_savefile_writer_put_raw()
 *
 * with the writer opened with .pcap_header of the reader, if it is pcap. Then every byte is as in the input. For a
 * record that was changed put() stands in for put_raw(); its options, its interface and the resolution of its time
 * stay.
 *
 * What the format cannot hold is counted in struct pal_savefile_lost, never dropped silently.
 *
 * A file is written beside its name and gets it when it is closed: who reads NAME sees the whole of the old or the
 * whole of the new file, and NAME may be one of the inputs. Without pal_savefile_writer_close() nothing has happened.
 *
 * A writer belongs to one thread.
 */

#include <pal_savefile.h>

struct pal_savefile_writer;

/** What to write. */
enum pal_savefile_write_format {
	PAL_SAVEFILE_WRITE_BY_NAME, /**< `.pcap`, `.cap`, `.dmp` (also with an ending of a compression): pcap; else pcapng. */
	PAL_SAVEFILE_WRITE_PCAP, /**< Nanoseconds if the first interface put to counts in less than a microsecond. */
	PAL_SAVEFILE_WRITE_PCAP_US,
	PAL_SAVEFILE_WRITE_PCAP_NS,
	PAL_SAVEFILE_WRITE_PCAPNG,
};

enum pal_savefile_compression {
	PAL_SAVEFILE_COMPRESS_BY_NAME, /**< `.gz`, `.zst`, `.xz`, `.lz4`; else none. */
	PAL_SAVEFILE_COMPRESS_NONE,
	PAL_SAVEFILE_COMPRESS_GZIP,
	PAL_SAVEFILE_COMPRESS_ZSTD,
	PAL_SAVEFILE_COMPRESS_XZ,
	PAL_SAVEFILE_COMPRESS_LZ4,
	PAL_SAVEFILE_COMPRESS_COUNT,
};

/** Where bytes go to. The writer closes it. */
struct pal_savefile_sink {
	/** Write all of them: 0, or -errno. */
	int (*write)(void *arg, const void *buf, size_t len);
	/** 0, or -errno. May be NULL. */
	int (*close)(void *arg);
	void *arg;
};

/** How to write. Zero selects the default. */
struct pal_savefile_writer_conf {
	enum pal_savefile_write_format format;
	enum pal_savefile_compression compression;
	int level; /**< Of compression. 0: the compressor's own choice. */
	/** pcap: for the file header. 0: the largest of the interfaces known by then. */
	uint32_t snaplen;
	/**
	 * pcap: file header of another file (pal_savefile_pcap_header()), for a copy. It decides on time unit, byte
	 * order and link type, and makes interface 0, with the time of its records in ticks. Copied.
	 */
	const uint8_t *pcap_header;
	bool big_endian; /**< Byte order of a pcap file, and of a pcapng section that put_block() did not begin. */
	/** Not all records of the input, or not as they were: copied section headers say no length any more. */
	bool filtered;
};

/** An interface to write to. Zero selects the default. */
struct pal_savefile_writer_interface {
	uint16_t linktype;
	uint8_t tsresol; /**< As in if_tsresol. 0: 9, nanoseconds. */
	uint8_t fcs_len; /**< Bytes at the end of each packet. */
	uint32_t snaplen; /**< 0: not limited. */
	int64_t tsoffset_s;
	/** Further options, as in a file. What they say of the above, if anything, holds. May be empty. */
	const uint8_t *options;
	size_t options_len;
	bool options_big_endian;
	/** Records have their time in rec.ticks, in units of tsresol; otherwise in rec.time_ns. */
	bool has_ticks;
};

/** What the output cannot hold. */
struct pal_savefile_lost {
	/** Not written: of a second link type in a pcap file, of an unknown interface, longer than 1 GiB. */
	uint64_t records;
	uint64_t comments; /**< opt_comment of records, interfaces and sections. */
	uint64_t options; /**< Other options of theirs. */
	uint64_t interfaces; /**< Beyond the first: their records are now all of one. */
	/** Whole blocks, sections and interfaces excepted. */
	uint64_t blocks[PAL_SAVEFILE_BLOCK_COUNT];
	uint64_t sections; /**< Beyond the first. */
	uint64_t time_fractions; /**< Records whose time was cut to the unit. */
	uint64_t time_range; /**< Records whose time does not fit, set to the nearest that does. */
	/** Records that had no time and now have that of the one before. */
	uint64_t time_invented;
	/** Records longer than the file header says; libpcap cuts them when it reads. */
	uint64_t over_snaplen;
	uint64_t header_fields; /**< Record header fields of modified pcap. */
};

/** What was written so far. */
struct pal_savefile_writer_stats {
	uint64_t records;
	uint64_t cap_bytes, wire_bytes; /**< Of the records. */
	uint64_t bytes; /**< Of the file before compression. */
	/** Given to the file or stream; less than that while buffers hold some. */
	uint64_t stored_bytes;
	struct pal_savefile_lost lost;
};

/**
 * Start to write a file.
 *
 * @param path
 *   `-` is standard output, which is not closed. What exists and is not a regular file is written in place.
 * @param conf
 *   Copied; NULL selects all defaults.
 * @param err
 *   Room for PAL_SAVEFILE_ERR_LEN bytes; on failure one sentence without newline. May be NULL.
 * @return
 *   The writer, for pal_savefile_writer_close() or pal_savefile_writer_abort(); NULL with errno set: that of
 *   open(2), ENOMEM, or EINVAL - the settings contradict each other
 */
struct pal_savefile_writer *
pal_savefile_writer_open(const char *path, const struct pal_savefile_writer_conf *conf, char *err);

/** The same to any stream of bytes, which the writer then owns, also on failure; name is for messages and endings. */
struct pal_savefile_writer *pal_savefile_writer_open_sink(
	const char *name,
	const struct pal_savefile_sink *sink,
	const struct pal_savefile_writer_conf *conf,
	char *err
);

/**
 * Write what is buffered and give the file its name. The writer is gone, whatever is returned.
 *
 * @param ret_stats
 *   What was written in all. May be NULL.
 * @return
 *   0; -errno when this or anything before failed: then a file is removed, what had its name is untouched.
 */
int pal_savefile_writer_close(
	struct pal_savefile_writer *w,
	struct pal_savefile_writer_stats *ret_stats,
	char *err
);

/** Remove the unfinished file. NULL is a no-op. */
void pal_savefile_writer_abort(struct pal_savefile_writer *w);

/**
 * Describe another interface of the current section; begins a pcapng section where there is none. Interfaces are
 * numbered from 0, those of put_block() included.
 *
 * @return
 *   Its number; -errno: EINVAL - there are more than 128 KiB of options; or what writing failed with. What is behind
 *   the last whole option is left out and counted as an option.
 */
int64_t pal_savefile_writer_add_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_writer_interface *iface
);

/**
 * An interface of a file that is read, options and resolution included, whose records then have their time in ticks.
 * EINVAL where there is none of that index, or where it has an FCS that the reader takes off (keep_fcs).
 */
int64_t pal_savefile_writer_copy_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_reader *r,
	uint32_t index
);

/**
 * Write a record from its fields: data, lengths, time, interface (of the output), options (of pcapng records, their
 * byte order changed where that of the section differs). raw, if not NULL, is looked at for what has no field: drops
 * that an obsolete packet block counts, what modified pcap adds. Without has_time it stays a simple packet block where
 * it can.
 *
 * The interface is added first: by add_interface(), copy_interface() or put_block().
 *
 * @return
 *   0, also where the output cannot hold the record, which is counted; -errno when the file cannot be written:
 *   said again by each further call.
 */
int pal_savefile_writer_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec);

/**
 * Whether the records that r is at can be put as they are: both files are pcap with the same time unit, byte order
 * and link type, or pcapng whose current sections have the same byte order. For pcapng the interfaces must be the
 * same, too: those of put_block(), in the order of the input.
 */
bool pal_savefile_writer_takes_raw(
	const struct pal_savefile_writer *w,
	const struct pal_savefile_reader *r
);

/**
 * Write records as they are in their file, at the cost of one write(2) for those that lie together in it. Allowed
 * where takes_raw() says so; not asked again here.
 *
 * @return
 *   As pal_savefile_writer_put().
 */
int pal_savefile_writer_put_raw(
	struct pal_savefile_writer *w,
	const struct pal_savefile_rec *recs,
	unsigned int nb_recs
);

/**
 * Write a block as it is: for pal_savefile_conf.on_block. A section header begins a section in its byte order, an
 * interface can be put to. A pcap file holds the first interface only and counts the others and all else as lost.
 * A block whose byte order is not the section's can be held only where its type is known, else it is counted.
 *
 * @return
 *   As pal_savefile_writer_put().
 */
int pal_savefile_writer_put_block(
	struct pal_savefile_writer *w,
	const struct pal_savefile_block *block
);

/** Write some of a long block: for pal_savefile_conf.on_piece. */
int pal_savefile_writer_put_piece(
	struct pal_savefile_writer *w,
	const struct pal_savefile_piece *piece
);

/** Hand on what is buffered, as far as the compressor lets go of it. 0 or -errno. */
int pal_savefile_writer_flush(struct pal_savefile_writer *w);

/** Why writing failed: `FILE: cannot be written: ...`. Empty while nothing is wrong. */
const char *pal_savefile_writer_error(const struct pal_savefile_writer *w);

/** What is written: never PAL_SAVEFILE_WRITE_BY_NAME. */
enum pal_savefile_write_format pal_savefile_writer_format(const struct pal_savefile_writer *w);

void pal_savefile_writer_stats(
	const struct pal_savefile_writer *w,
	struct pal_savefile_writer_stats *ret_stats
);

#endif
