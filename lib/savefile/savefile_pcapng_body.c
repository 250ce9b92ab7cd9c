/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in the blocks of pcapng: sections, interfaces, packets. Framing is savefile_pcapng.c's.
 */
#include "savefile_pcapng.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

#define OPTIONS_KEPT_MAX (16 * 1024 * 1024) // of one section's interfaces

static int block_short(struct pal_savefile_reader *r, const struct block *b)
{
	return savefile_damaged(
		r,
		b->offset,
		"a block of type 0x%08x is too short for what it says: %u bytes",
		b->type,
		b->len
	);
}

int savefile_pcapng_section(struct pal_savefile_reader *r, struct block *b)
{
	const uint8_t *p = pal_cursor_take(&b->body, 16);

	if (p == NULL)
		return block_short(r, b);
	r->info.big_endian = r->swapped;
	r->info.version_major = savefile_load16(p + 4, r->swapped);
	r->info.version_minor = savefile_load16(p + 6, r->swapped);
	if (r->info.version_major != 1)
		return savefile_damaged(
			r,
			b->offset,
			"pcapng version %u.%u is not supported, only 1.x is",
			r->info.version_major,
			r->info.version_minor
		);
	savefile_interfaces_clear(r);
	return NEXT_BLOCK;
}

static int keep_options(
	struct pal_savefile_reader *r,
	struct pal_savefile_interface *iface,
	struct pal_cursor options
)
{
	size_t len = pal_cursor_left(&options);
	uint8_t *copy;

	if (len == 0 || len > OPTIONS_KEPT_MAX - r->options_kept)
		return 0;
	copy = malloc(len);
	if (copy == NULL)
		return pal_err(ENOMEM);
	memcpy(copy, options.pos, len);
	iface->options = copy;
	iface->options_len = len;
	r->options_kept += len;
	return 0;
}

int savefile_pcapng_interface(struct pal_savefile_reader *r, struct block *b)
{
	struct pal_savefile_interface *iface;

	if (pal_cursor_left(&b->body) < SAVEFILE_IDB_FIXED_LEN)
		return block_short(r, b);
	if (r->nb_interfaces == r->max_interfaces)
		return savefile_damaged(
			r, b->offset, "the section has more than %u interfaces", r->max_interfaces
		);
	iface = savefile_interface_add(r);
	if (iface == NULL)
		return savefile_no_memory(r);
	savefile_interface_parse(iface, b->body, r->swapped);
	pal_cursor_skip(&b->body, SAVEFILE_IDB_FIXED_LEN);
	return keep_options(r, iface, b->body) < 0 ? savefile_no_memory(r) : NEXT_BLOCK;
}

// What the blocks with a time and an interface have in common, once their heads are read.
static int
packet(struct pal_savefile_reader *r, struct block *b, struct pal_savefile_rec *rec, uint64_t ticks)
{
	const struct pal_savefile_interface *iface = pal_savefile_interface(r, rec->interface);
	bool saturated = false;

	if (iface == NULL)
		return savefile_damaged(
			r,
			b->offset,
			"a packet belongs to interface %u, but the section has described %u so far",
			rec->interface,
			r->nb_interfaces
		);
	rec->data = pal_cursor_take(&b->body, rec->cap_len);
	if (rec->data == NULL)
		return savefile_damaged(
			r,
			b->offset,
			"a packet of %u captured bytes is in a block of %u bytes",
			rec->cap_len,
			b->len
		);
	rec->head_len = (uint8_t)(rec->data - rec->raw);
	if (!pal_cursor_skip(&b->body, -(size_t)rec->cap_len & 3))
		b->body.pos = b->body.end;
	rec->ticks = ticks;
	rec->time_ns = savefile_interface_time_ns(iface, ticks, &saturated);
	rec->has_time = true;
	r->stats.time_saturated += saturated;
	rec->options = b->body.pos;
	rec->options_len = (uint32_t)pal_cursor_left(&b->body);
	return NEXT_RECORD;
}

// Enhanced and obsolete: that one has 16 bits of interface and 16 of packets dropped in its first word.
static int
timed_packet(struct pal_savefile_reader *r, struct block *b, struct pal_savefile_rec *rec)
{
	const uint8_t *p = pal_cursor_take(&b->body, 20);

	if (p == NULL)
		return block_short(r, b);
	rec->interface = b->type == TYPE_EPB ? savefile_load32(p, r->swapped)
					     : savefile_load16(p, r->swapped);
	rec->cap_len = savefile_load32(p + 12, r->swapped);
	rec->wire_len = savefile_load32(p + 16, r->swapped);
	return packet(
		r,
		b,
		rec,
		(uint64_t)savefile_load32(p + 4, r->swapped) << 32 |
			savefile_load32(p + 8, r->swapped)
	);
}

// Section 4.4: of the first interface, without a time, and as long as block and snap length allow.
static int
simple_packet(struct pal_savefile_reader *r, struct block *b, struct pal_savefile_rec *rec)
{
	const uint8_t *p = pal_cursor_take(&b->body, 4);
	const struct pal_savefile_interface *iface = pal_savefile_interface(r, 0);

	if (p == NULL)
		return block_short(r, b);
	if (iface == NULL)
		return savefile_damaged(
			r, b->offset, "a simple packet block comes before any interface"
		);
	rec->interface = 0;
	rec->wire_len = savefile_load32(p, r->swapped);
	rec->cap_len = rec->wire_len;
	if (iface->snaplen != 0 && rec->cap_len > iface->snaplen)
		rec->cap_len = iface->snaplen;
	if (rec->cap_len > pal_cursor_left(&b->body))
		rec->cap_len = (uint32_t)pal_cursor_left(&b->body);
	rec->data = pal_cursor_take(&b->body, rec->cap_len);
	rec->head_len = (uint8_t)(rec->data - rec->raw);
	rec->ticks = 0;
	rec->time_ns = r->last_ns;
	rec->has_time = false;
	rec->options = NULL;
	rec->options_len = 0;
	return NEXT_RECORD;
}

// epb_flags, bits 5 to 8: bytes of FCS of this packet, which overrides the interface's.
static uint32_t
record_fcs_len(const struct pal_savefile_reader *r, const struct pal_savefile_rec *rec)
{
	struct pal_savefile_options it =
		pal_savefile_options_of(rec->options, rec->options_len, r->swapped);
	struct pal_savefile_option opt;

	while (rec->options_len > 0 && pal_savefile_option_next(&it, &opt)) {
		uint32_t fcs_len;

		if (opt.code != SAVEFILE_OPT_EPB_FLAGS || opt.len < 4)
			continue;
		fcs_len = savefile_load32(opt.value, r->swapped) >> 5 & 0xf;
		if (fcs_len != 0)
			return fcs_len;
	}
	return r->interfaces[rec->interface].fcs_len;
}

static void record_finish(struct pal_savefile_reader *r, struct pal_savefile_rec *rec)
{
	const struct pal_savefile_interface *iface = &r->interfaces[rec->interface];

	rec->linktype = iface->linktype;
	savefile_note_odd(
		r, rec->cap_len, rec->wire_len, iface->snaplen == 0 ? UINT32_MAX : iface->snaplen
	);
	if (!r->keep_fcs)
		savefile_strip_fcs(rec, record_fcs_len(r, rec));
	r->last_ns = rec->time_ns;
	r->stats.records++;
	r->stats.cap_bytes += rec->cap_len;
	r->stats.wire_bytes += rec->wire_len;
}

int savefile_pcapng_packet(
	struct pal_savefile_reader *r,
	struct block *b,
	struct pal_savefile_rec *rec
)
{
	bool simple = b->type == TYPE_SPB;
	int rc;

	rec->big_endian = r->swapped;
	rec->raw = b->raw;
	rec->raw_len = b->len;
	rec->kind = simple		  ? PAL_SAVEFILE_BLOCK_SPB
		    : b->type == TYPE_EPB ? PAL_SAVEFILE_BLOCK_EPB
					  : PAL_SAVEFILE_BLOCK_PB;
	rc = simple ? simple_packet(r, b, rec) : timed_packet(r, b, rec);
	if (rc == NEXT_RECORD)
		record_finish(r, rec);
	return rc;
}
