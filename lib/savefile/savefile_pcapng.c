/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng, draft-ietf-opsawg-pcapng: sections of blocks.
 *
 *      block  | type | length | body ... | length |
 *
 * A section header block sets the byte order of its section and forgets the interfaces of the one before.
 * A burst ends before anything that could change what its records point to: a section header, a block that
 * on_block() is to see, the end of the chunk.
 */
#include "savefile_pcapng.h"

#include <errno.h>

#define BLOCK_HEAD_LEN 12 // type, length, and in a section header the byte order
#define BLOCK_MIN_LEN 12 // type and two lengths
#define BYTE_ORDER_MAGIC 0x1a2b3c4d

static const struct {
	uint32_t type;
	const char *name;
} kinds[PAL_SAVEFILE_BLOCK_OTHER] = {
	[PAL_SAVEFILE_BLOCK_SHB] = {TYPE_SHB, "SHB"},
	[PAL_SAVEFILE_BLOCK_IDB] = {TYPE_IDB, "IDB"},
	[PAL_SAVEFILE_BLOCK_PB] = {TYPE_PB, "PB"},
	[PAL_SAVEFILE_BLOCK_SPB] = {TYPE_SPB, "SPB"},
	[PAL_SAVEFILE_BLOCK_NRB] = {4, "NRB"},
	[PAL_SAVEFILE_BLOCK_ISB] = {5, "ISB"},
	[PAL_SAVEFILE_BLOCK_EPB] = {TYPE_EPB, "EPB"},
	[PAL_SAVEFILE_BLOCK_SJE] = {9, "SJE"},
	[PAL_SAVEFILE_BLOCK_DSB] = {10, "DSB"},
	[PAL_SAVEFILE_BLOCK_CB] = {0x00000bad, "CB"},
	[PAL_SAVEFILE_BLOCK_DCB] = {0x40000bad, "DCB"},
};

const char *pal_savefile_block_name(enum pal_savefile_block_kind kind)
{
	return kind < PAL_SAVEFILE_BLOCK_OTHER ? kinds[kind].name : "other";
}

static enum pal_savefile_block_kind block_kind(uint32_t type)
{
	for (int kind = 0; kind < PAL_SAVEFILE_BLOCK_OTHER; kind++)
		if (kinds[kind].type == type)
			return (enum pal_savefile_block_kind)kind;
	return PAL_SAVEFILE_BLOCK_OTHER;
}

static bool is_packet(uint32_t type)
{
	return type == TYPE_EPB || type == TYPE_SPB || type == TYPE_PB;
}

// As savefile_window_fill(), but NEXT_HELD where that would move bytes under records of this burst.
static int need(struct pal_savefile_reader *r, size_t len, bool holding)
{
	if (pal_cursor_left(&r->win.cur) >= len)
		return 1;
	return holding ? NEXT_HELD : savefile_window_fill(r, len);
}

static int block_cut(struct pal_savefile_reader *r, uint32_t type, uint32_t len, uint64_t offset)
{
	return savefile_damaged(
		r,
		offset,
		"the file ends inside a block of type 0x%08x: %llu of %u bytes are there",
		type,
		(unsigned long long)(r->win.end_offset - offset),
		len
	);
}

static int check_trailer(
	struct pal_savefile_reader *r,
	uint32_t type,
	uint32_t len,
	uint64_t offset,
	const uint8_t *trailer
)
{
	uint32_t len_again = savefile_load32(trailer, r->swapped);

	if (len_again == len)
		return 1;
	return savefile_damaged(
		r,
		offset,
		"a block of type 0x%08x has the length %u at its start and %u at its end",
		type,
		len,
		len_again
	);
}

// Type and length of the next block, and with a section header its byte order.
static int block_head(struct pal_savefile_reader *r, struct block *ret_b, bool holding)
{
	int rc = need(r, BLOCK_HEAD_LEN, holding);
	size_t left = pal_cursor_left(&r->win.cur);
	const uint8_t *p = r->win.cur.pos;

	if (rc == 0 && left > 0)
		return savefile_damaged(
			r,
			savefile_offset(r),
			"the file ends %zu bytes into the header of a block",
			left
		);
	if (rc != 1)
		return rc;
	ret_b->offset = savefile_offset(r);
	ret_b->type = savefile_load32(p, r->swapped);
	if (ret_b->type == TYPE_SHB) {
		if (holding)
			return NEXT_HELD;
		r->swapped = pal_load_be32(p + 8) == BYTE_ORDER_MAGIC;
		if (!r->swapped && pal_load_le32(p + 8) != BYTE_ORDER_MAGIC)
			return savefile_damaged(
				r,
				ret_b->offset + 8,
				"a section header has the unknown byte order mark 0x%08x",
				pal_load_be32(p + 8)
			);
	}
	ret_b->len = savefile_load32(p + 4, r->swapped);
	if (ret_b->len < BLOCK_MIN_LEN || ret_b->len % 4 != 0)
		return savefile_damaged(
			r,
			ret_b->offset,
			"a block of type 0x%08x has the impossible length %u",
			ret_b->type,
			ret_b->len
		);
	return 1;
}

static void
show_piece(struct pal_savefile_reader *r, const uint8_t *data, uint32_t len, uint32_t at)
{
	const struct pal_savefile_piece piece = {
		.kind = block_kind(r->skip.type),
		.type = r->skip.type,
		.block_len = r->skip.len,
		.at = at,
		.len = len,
		.data = data,
		.offset = r->skip.offset,
		.big_endian = r->swapped,
	};

	r->on_piece(r->on_block_arg, &piece);
}

// Pass over a block, taking bytes as they come: its length needs no memory.
static int block_skip(struct pal_savefile_reader *r, bool holding)
{
	const uint8_t *trailer;
	int rc;

	while (r->skip.left > 0) {
		size_t left = pal_cursor_left(&r->win.cur);
		uint32_t n = r->skip.left < left ? r->skip.left : (uint32_t)left;

		if (r->skip.seen && n > 0)
			show_piece(r, r->win.cur.pos, n, r->skip.len - 4 - r->skip.left);
		pal_cursor_skip(&r->win.cur, n);
		r->skip.left -= n;
		if (r->skip.left == 0)
			break;
		rc = need(r, 1, holding);
		if (rc == 0)
			return block_cut(r, r->skip.type, r->skip.len, r->skip.offset);
		if (rc != 1)
			return rc;
	}
	rc = need(r, 4, holding);
	if (rc == 0)
		return block_cut(r, r->skip.type, r->skip.len, r->skip.offset);
	if (rc != 1)
		return rc;
	trailer = pal_cursor_take(&r->win.cur, 4);
	rc = check_trailer(r, r->skip.type, r->skip.len, r->skip.offset, trailer);
	if (rc == 1 && r->skip.seen)
		show_piece(r, trailer, 4, r->skip.len - 4);
	r->skip.len = 0;
	return rc == 1 ? NEXT_BLOCK : rc;
}

static int block_skip_start(struct pal_savefile_reader *r, const struct block *b, bool holding)
{
	r->stats.blocks[block_kind(b->type)]++;
	r->skip.offset = b->offset;
	r->skip.type = b->type;
	r->skip.len = b->len;
	r->skip.left = b->len - 4;
	r->skip.seen = r->on_block != NULL;
	return block_skip(r, holding);
}

// Take a block as a whole.
static int block_take(struct pal_savefile_reader *r, struct block *b, bool holding)
{
	int rc;

	if (b->len > PAL_SAVEFILE_RECORD_MAX)
		return savefile_damaged(
			r, b->offset, "a block of type 0x%08x claims %u bytes", b->type, b->len
		);
	rc = need(r, b->len, holding);
	if (rc == 0)
		return block_cut(r, b->type, b->len, b->offset);
	if (rc != 1)
		return rc;
	b->raw = pal_cursor_take(&r->win.cur, b->len);
	b->body = pal_cursor_of(b->raw, b->len);
	if (check_trailer(r, b->type, b->len, b->offset, b->body.end - 4) < 0)
		return -EBADMSG;
	pal_cursor_skip(&b->body, 8);
	pal_cursor_limit(&b->body, b->len - BLOCK_MIN_LEN);
	return 1;
}

static int read_other(struct pal_savefile_reader *r, struct block *b)
{
	const struct pal_savefile_block view = {
		.kind = block_kind(b->type),
		.type = b->type,
		.body = b->body.pos,
		.body_len = (uint32_t)pal_cursor_left(&b->body),
		.raw = b->raw,
		.raw_len = b->len,
		.offset = b->offset,
		.big_endian = r->swapped,
	};
	int rc = NEXT_BLOCK;

	if (b->type == TYPE_SHB)
		rc = savefile_pcapng_section(r, b);
	else if (b->type == TYPE_IDB)
		rc = savefile_pcapng_interface(r, b);
	if (rc == NEXT_BLOCK && r->on_block != NULL)
		r->on_block(r->on_block_arg, &view);
	return rc;
}

// Nobody wants to see it as a whole.
static bool may_skip(const struct pal_savefile_reader *r, const struct block *b)
{
	if (is_packet(b->type) || b->type == TYPE_SHB || b->type == TYPE_IDB)
		return false;
	return r->on_block == NULL || (r->on_piece != NULL && b->len > r->chunk_bytes);
}

static int read_block(struct pal_savefile_reader *r, struct pal_savefile_rec *rec, bool holding)
{
	struct block b;
	int rc;

	if (r->skip.len > 0)
		return block_skip(r, holding);
	rc = block_head(r, &b, holding);
	if (rc != 1)
		return rc;
	if (!is_packet(b.type) && r->on_block != NULL && holding)
		return NEXT_HELD;
	if (may_skip(r, &b))
		return block_skip_start(r, &b, holding);
	rc = block_take(r, &b, holding);
	if (rc != 1)
		return rc;
	r->stats.blocks[b.type == TYPE_EPB ? PAL_SAVEFILE_BLOCK_EPB : block_kind(b.type)]++;
	return is_packet(b.type) ? savefile_pcapng_packet(r, &b, rec) : read_other(r, &b);
}

int savefile_pcapng_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *recs,
	unsigned int nb_recs
)
{
	unsigned int nb = 0;

	while (nb < nb_recs) {
		int rc = read_block(r, &recs[nb], nb > 0);

		if (rc == NEXT_BLOCK)
			continue;
		if (rc != NEXT_RECORD)
			return nb > 0 ? (int)nb : rc;
		nb++;
	}
	return (int)nb;
}
