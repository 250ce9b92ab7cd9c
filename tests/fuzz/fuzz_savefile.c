/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Reads any bytes as a capture file, twice: in one piece, and in small chunks with short reads and an allocator
 * that runs dry now and then. Both must give the same records and the same verdict, every record must lie in the
 * chunk it is said to lie in, and no chunk may be larger than the bytes so far can explain. Records and blocks as they
 * are in the file, one after the other, must be the file.
 *
 * How small and how short comes from the last bytes, so that capture files serve as seeds as they are.
 */

#include "require.h"

#include <pal_savefile.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST 7
struct run {
	const uint8_t *data;
	size_t size, pos;
	size_t read_max; // 0: all at once
	size_t chunk_bytes;
	unsigned int dry_every; // 0: never
	unsigned int nb_gets, nb_chunks;
	uint64_t records, digest, blocks;
	size_t passed; // bytes of the file that came as raw records and blocks
	bool sees_all; // blocks, too
	uint64_t digest_before; // a block that comes in pieces
	bool in_pieces;
	int rc;
	char error[PAL_SAVEFILE_ERR_LEN];
};

static ssize_t run_read(void *arg, void *buf, size_t len)
{
	struct run *run = arg;
	size_t left = run->size - run->pos;

	if (len > left)
		len = left;
	if (run->read_max != 0 && len > run->read_max)
		len = run->read_max;
	if (len > 0)
		memcpy(buf, run->data + run->pos, len);
	run->pos += len;
	return (ssize_t)len;
}

// Compressed bytes may become many; those that are not must be there before they are believed.
static bool is_compressed(const struct run *run)
{
	return run->size >= 4 && run->data[0] != 0x0a && run->data[0] != 0xa1 &&
	       run->data[3] != 0xa1;
}

static struct pal_savefile_chunk *run_get(void *arg, size_t min_size)
{
	struct run *run = arg;
	struct pal_savefile_chunk *chunk;

	if (!is_compressed(run))
		REQUIRE(min_size <= run->chunk_bytes || min_size <= 2 * run->pos);
	if (run->dry_every != 0 && ++run->nb_gets % run->dry_every == 0)
		return NULL;
	chunk = malloc(sizeof(*chunk) + min_size);
	REQUIRE(chunk != NULL);
	chunk->data = (uint8_t *)(chunk + 1);
	chunk->size = min_size;
	run->nb_chunks++;
	REQUIRE(run->nb_chunks <= 2);
	return chunk;
}

static void run_put(void *arg, struct pal_savefile_chunk *chunk)
{
	struct run *run = arg;

	run->nb_chunks--;
	free(chunk);
}

static void mix(struct run *run, uint64_t v)
{
	run->digest = (run->digest ^ v) * UINT64_C(0x100000001b3);
}

static void mix_bytes(struct run *run, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mix(run, bytes[i]);
}

// What comes next in the file.
static void pass(struct run *run, const uint8_t *raw, size_t len)
{
	if (!is_compressed(run)) {
		REQUIRE(len <= run->size - run->passed);
		REQUIRE(memcmp(run->data + run->passed, raw, len) == 0);
	}
	run->passed += len;
}

static void run_block(void *arg, const struct pal_savefile_block *block)
{
	struct run *run = arg;

	REQUIRE(block->offset == run->passed);
	REQUIRE(block->body == block->raw + 8 && block->body_len + 12 == block->raw_len);
	pass(run, block->raw, block->raw_len);
	run->blocks++;
	mix(run, block->offset);
	mix_bytes(run, block->raw, block->raw_len);
}

static void run_piece(void *arg, const struct pal_savefile_piece *piece)
{
	struct run *run = arg;

	REQUIRE(piece->len > 0 && piece->block_len > run->chunk_bytes);
	REQUIRE(piece->offset + piece->at == run->passed);
	pass(run, piece->data, piece->len);
	if (piece->at == 0) {
		run->digest_before = run->digest;
		run->in_pieces = true;
		mix(run, piece->offset);
	}
	mix_bytes(run, piece->data, piece->len);
	if (piece->at + piece->len == piece->block_len) {
		run->in_pieces = false;
		run->blocks++;
	}
}

static void
run_record(struct run *run, struct pal_savefile_reader *r, const struct pal_savefile_rec *rec)
{
	const struct pal_savefile_chunk *chunk = pal_savefile_current_chunk(r);
	struct pal_savefile_options it = pal_savefile_options_of(
		rec->options, rec->options_len, pal_savefile_info(r)->big_endian
	);
	struct pal_savefile_option opt;

	REQUIRE(rec->raw + rec->head_len == rec->data);
	REQUIRE(rec->raw + rec->raw_len <= chunk->data + chunk->size);
	if (run->sees_all)
		pass(run, rec->raw, rec->raw_len);
	REQUIRE(rec->data >= chunk->data);
	REQUIRE(rec->data + rec->cap_len <= chunk->data + chunk->size);
	REQUIRE(pal_savefile_interface(r, rec->interface) != NULL);
	mix(run, rec->time_ns);
	mix(run, rec->ticks);
	mix(run, rec->wire_len);
	mix(run, rec->linktype);
	mix_bytes(run, rec->data, rec->cap_len);
	while (rec->options_len > 0 && pal_savefile_option_next(&it, &opt))
		mix_bytes(run, opt.value, opt.len);
	run->records++;
}

static void run_all(struct run *run, uint8_t flags)
{
	const struct pal_savefile_alloc alloc = {.get = run_get, .put = run_put, .arg = run};
	const struct pal_savefile_stream stream = {.read = run_read, .arg = run};
	const struct pal_savefile_conf conf = {
		.alloc = &alloc,
		.chunk_bytes = (uint32_t)run->chunk_bytes,
		.keep_fcs = flags & 1,
		.on_block = flags & 2 ? run_block : NULL,
		.on_piece = flags & 4 ? run_piece : NULL,
		.on_block_arg = run,
	};
	struct pal_savefile_rec recs[BURST];
	struct pal_savefile_reader *r =
		pal_savefile_open_stream("input", &stream, &conf, run->error);

	if (r == NULL) {
		run->rc = -errno;
		return;
	}
	if (pal_savefile_info(r)->format == PAL_SAVEFILE_PCAP)
		run->passed = PAL_SAVEFILE_PCAP_HEADER_LEN;
	run->sees_all = run->passed > 0 || (flags & 2) != 0;
	do {
		run->rc = pal_savefile_next_burst(r, recs, BURST);
		for (int i = 0; i < run->rc; i++)
			run_record(run, r, &recs[i]);
	} while (run->rc > 0 || run->rc == -EAGAIN);
	snprintf(run->error, sizeof(run->error), "%s", pal_savefile_error(r));
	// A block that is damaged at its end is seen in pieces only.
	if (run->in_pieces)
		run->digest = run->digest_before;
	if (run->rc == 0 && run->sees_all && !is_compressed(run))
		REQUIRE(run->passed == run->size);
	REQUIRE((run->rc < 0) == (run->error[0] != '\0'));
	pal_savefile_close(r);
	REQUIRE(run->nb_chunks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole = {.data = data, .size = size, .chunk_bytes = size + 64};
	struct run pieces = {.data = data, .size = size, .chunk_bytes = 1};
	uint8_t flags = 0;

	if (size >= 4) {
		flags = data[size - 1];
		pieces.chunk_bytes += data[size - 2];
		pieces.read_max = data[size - 3] & 0x3f;
		pieces.dry_every = (data[size - 4] & 3) + 2;
	}
	run_all(&whole, flags);
	run_all(&pieces, flags);
	REQUIRE(whole.rc == pieces.rc);
	REQUIRE(whole.records == pieces.records);
	REQUIRE(whole.blocks == pieces.blocks);
	REQUIRE(whole.digest == pieces.digest);
	return 0;
}
