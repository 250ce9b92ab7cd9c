/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng, draft-ietf-opsawg-pcapng. A block that is made here fits the buffer but for the bytes of its packet and
 * the options that came with it.
 */
#include "savefile_pcapng.h"
#include "savefile_writer_priv.h"

#include <pal_err.h>

#include <stdlib.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define SHB_LEN 28
#define EPB_HEAD_LEN 28
#define SPB_HEAD_LEN 12
#define OPTION_HEAD_LEN 4
#define DROPCOUNT_LEN (OPTION_HEAD_LEN + 8)
#define PCAP_HDR_LEN 16 // modified records have more
#define DROPS_UNKNOWN 0xffff // of the obsolete packet block

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

int savefile_pcapng_begin(struct pal_savefile_writer *w)
{
	uint8_t block[SHB_LEN];

	w->big_endian = w->conf.big_endian;
	savefile_store32(block, TYPE_SHB, w->big_endian);
	savefile_store32(block + 4, SHB_LEN, w->big_endian);
	savefile_store32(block + 8, BYTE_ORDER_MAGIC, w->big_endian);
	savefile_store16(block + 12, 1, w->big_endian);
	savefile_store16(block + 14, 0, w->big_endian);
	memset(block + 16, 0xff, 8); // length of the section: not known
	savefile_store32(block + 24, SHB_LEN, w->big_endian);
	w->begun = true;
	w->nb_sections++;
	return savefile_writer_bytes(w, block, sizeof(block));
}

/* An option list that is being made. */
struct options {
	uint8_t *pos;
	bool big_endian;
	bool ended;
};

static void put_option(struct options *o, uint16_t code, const void *value, uint16_t len)
{
	savefile_store16(o->pos, code, o->big_endian);
	savefile_store16(o->pos + 2, len, o->big_endian);
	memset(o->pos + OPTION_HEAD_LEN, 0, padded(len));
	if (len > 0)
		memcpy(o->pos + OPTION_HEAD_LEN, value, len);
	o->pos += OPTION_HEAD_LEN + padded(len);
}

// Whether an option list has this code.
static bool has_option(const uint8_t *options, size_t len, bool big_endian, uint16_t code)
{
	struct pal_savefile_options it = pal_savefile_options_of(options, len, big_endian);
	struct pal_savefile_option opt;

	while (pal_savefile_option_next(&it, &opt))
		if (opt.code == code)
			return true;
	return false;
}

// What the options that came with the interface do not say: its time unit, offset and FCS.
static void put_own_options(struct options *o, const struct pal_savefile_writer_interface *iface)
{
	const uint8_t *with = iface->options;
	size_t len = iface->options_len;
	bool big_endian = iface->options_big_endian;
	uint8_t offset[8], fcs_bits = (uint8_t)(iface->fcs_len * 8);

	if (iface->tsresol != 6 && !has_option(with, len, big_endian, SAVEFILE_OPT_IF_TSRESOL))
		put_option(o, SAVEFILE_OPT_IF_TSRESOL, &iface->tsresol, 1);
	if (iface->fcs_len != 0 && !has_option(with, len, big_endian, SAVEFILE_OPT_IF_FCSLEN))
		put_option(o, SAVEFILE_OPT_IF_FCSLEN, &fcs_bits, 1);
	if (iface->tsoffset_s != 0 &&
	    !has_option(with, len, big_endian, SAVEFILE_OPT_IF_TSOFFSET)) {
		savefile_store64(offset, (uint64_t)iface->tsoffset_s, o->big_endian);
		put_option(o, SAVEFILE_OPT_IF_TSOFFSET, offset, sizeof(offset));
	}
}

// The options that came, without their end.
static void put_given_options(struct options *o, const struct pal_savefile_writer_interface *iface)
{
	struct pal_savefile_options it = pal_savefile_options_of(
		iface->options, iface->options_len, iface->options_big_endian
	);
	struct pal_savefile_option opt;

	while (pal_savefile_option_next(&it, &opt)) {
		uint8_t *start = o->pos;

		put_option(o, opt.code, opt.value, opt.len);
		if (o->big_endian != iface->options_big_endian)
			savefile_swap_value(
				start + OPTION_HEAD_LEN, opt.len, PAL_SAVEFILE_BLOCK_IDB, opt.code
			);
	}
}

int savefile_pcapng_put_interface(
	struct pal_savefile_writer *w,
	const struct pal_savefile_writer_interface *iface
)
{
	// Options are given out padded at most: three bytes more for the last, and our own.
	size_t room = 16 + iface->options_len + 4 + 3 * (OPTION_HEAD_LEN + 8) + 4 + 4;
	struct options o;
	uint8_t *block;
	uint32_t len;
	int rc = w->begun ? 0 : savefile_pcapng_begin(w);

	if (rc < 0)
		return rc;
	block = savefile_output_reserve(&w->out, room);
	if (block == NULL)
		return savefile_writer_failed(w, -errno);
	savefile_store32(block, TYPE_IDB, w->big_endian);
	savefile_store16(block + 8, iface->linktype, w->big_endian);
	savefile_store16(block + 10, 0, w->big_endian);
	savefile_store32(block + 12, iface->snaplen, w->big_endian);
	o = (struct options){.pos = block + 16, .big_endian = w->big_endian};
	put_given_options(&o, iface);
	put_own_options(&o, iface);
	if (o.pos != block + 16)
		put_option(&o, SAVEFILE_OPT_END, NULL, 0);
	len = (uint32_t)(o.pos + 4 - block);
	savefile_store32(block + 4, len, w->big_endian);
	savefile_store32(o.pos, len, w->big_endian);
	savefile_output_unreserve(&w->out, room - len);
	return 0;
}

static bool is_simple(const struct savefile_target *t, const struct pal_savefile_rec *rec)
{
	uint32_t cap_len = rec->wire_len;

	if (t->iface.snaplen != 0 && cap_len > t->iface.snaplen)
		cap_len = t->iface.snaplen;
	return !rec->has_time && rec->interface == 0 && rec->options_len == 0 &&
	       rec->cap_len == cap_len;
}

static int put_padding(struct pal_savefile_writer *w, uint32_t len)
{
	static const uint8_t zeros[4];

	return savefile_writer_bytes(w, zeros, padded(len) - len);
}

static int put_trailer(struct pal_savefile_writer *w, uint32_t len)
{
	uint8_t trailer[4];

	savefile_store32(trailer, len, w->big_endian);
	return savefile_writer_bytes(w, trailer, sizeof(trailer));
}

static int put_data(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	int rc = savefile_writer_bytes(w, rec->data, rec->cap_len);

	return rc < 0 ? rc : put_padding(w, rec->cap_len);
}

static int put_simple(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	uint32_t len = (uint32_t)padded(rec->cap_len) + SPB_HEAD_LEN + 4;
	uint8_t head[SPB_HEAD_LEN];
	int rc;

	savefile_store32(head, TYPE_SPB, w->big_endian);
	savefile_store32(head + 4, len, w->big_endian);
	savefile_store32(head + 8, rec->wire_len, w->big_endian);
	rc = savefile_writer_bytes(w, head, sizeof(head));
	if (rc == 0)
		rc = put_data(w, rec);
	return rc < 0 ? rc : put_trailer(w, len);
}

// Section 4.3.1 (appendix A): what the obsolete block counted in a field is an option now.
static uint32_t dropped_of(const struct pal_savefile_rec *rec)
{
	uint32_t dropped;

	if (rec->kind != PAL_SAVEFILE_BLOCK_PB || rec->raw == NULL || rec->raw_len < 12)
		return 0;
	dropped = savefile_load16(rec->raw + 10, rec->big_endian);
	return dropped == DROPS_UNKNOWN ? 0 : dropped;
}

static int put_dropped(struct pal_savefile_writer *w, uint32_t dropped, bool alone)
{
	uint8_t bytes[DROPCOUNT_LEN + OPTION_HEAD_LEN], count[8];
	struct options o = {.pos = bytes, .big_endian = w->big_endian};

	savefile_store64(count, dropped, w->big_endian);
	put_option(&o, SAVEFILE_OPT_EPB_DROPCOUNT, count, sizeof(count));
	if (alone)
		put_option(&o, SAVEFILE_OPT_END, NULL, 0);
	return savefile_writer_bytes(w, bytes, (size_t)(o.pos - bytes));
}

static int put_options(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	uint8_t *room;
	int rc;

	if (rec->options_len == 0)
		return 0;
	if (rec->big_endian == w->big_endian) {
		rc = savefile_writer_bytes(w, rec->options, rec->options_len);
		return rc < 0 ? rc : put_padding(w, rec->options_len);
	}
	room = malloc(rec->options_len);
	if (room == NULL)
		return savefile_writer_failed(w, -ENOMEM);
	memcpy(room, rec->options, rec->options_len);
	savefile_swap_options(room, rec->options_len, PAL_SAVEFILE_BLOCK_EPB, rec->big_endian);
	rc = savefile_writer_bytes(w, room, rec->options_len);
	free(room);
	return rc < 0 ? rc : put_padding(w, rec->options_len);
}

static uint64_t put_ticks(
	struct pal_savefile_writer *w,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec
)
{
	bool saturated;
	uint64_t time_ns = savefile_writer_time_ns(w, t, rec, &saturated);
	uint64_t ticks, back_ns;

	w->last_ns = time_ns;
	if (rec->has_time && t->has_ticks)
		return rec->ticks;
	ticks = savefile_interface_ticks(&t->iface, time_ns);
	back_ns = savefile_interface_time_ns(&t->iface, ticks, &saturated);
	if (!rec->has_time)
		w->stats.lost.time_invented++;
	else if (ticks == UINT64_MAX || back_ns > time_ns)
		w->stats.lost.time_range++;
	else
		w->stats.lost.time_fractions += back_ns != time_ns;
	return ticks;
}

static int put_enhanced(
	struct pal_savefile_writer *w,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec
)
{
	uint64_t ticks = put_ticks(w, t, rec);
	uint32_t dropped = dropped_of(rec);
	size_t len = EPB_HEAD_LEN + padded(rec->cap_len) + padded(rec->options_len) + 4;
	uint8_t *head = savefile_output_reserve(&w->out, EPB_HEAD_LEN);
	int rc;

	if (head == NULL)
		return savefile_writer_failed(w, -errno);
	if (dropped != 0)
		len += DROPCOUNT_LEN + (rec->options_len == 0 ? OPTION_HEAD_LEN : 0);
	savefile_store32(head, TYPE_EPB, w->big_endian);
	savefile_store32(head + 4, (uint32_t)len, w->big_endian);
	savefile_store32(head + 8, rec->interface, w->big_endian);
	savefile_store32(head + 12, (uint32_t)(ticks >> 32), w->big_endian);
	savefile_store32(head + 16, (uint32_t)ticks, w->big_endian);
	savefile_store32(head + 20, rec->cap_len, w->big_endian);
	savefile_store32(head + 24, rec->wire_len, w->big_endian);
	rc = put_data(w, rec);
	if (rc == 0 && dropped != 0)
		rc = put_dropped(w, dropped, rec->options_len == 0);
	if (rc == 0)
		rc = put_options(w, rec);
	return rc < 0 ? rc : put_trailer(w, (uint32_t)len);
}

int savefile_pcapng_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	const struct savefile_target *t;

	if (rec->interface >= w->nb_targets) {
		w->stats.lost.records++;
		return 0;
	}
	t = &w->targets[rec->interface];
	w->stats.lost.header_fields += rec->kind == PAL_SAVEFILE_BLOCK_OTHER && rec->raw != NULL &&
				       rec->head_len > PCAP_HDR_LEN;
	w->stats.records++;
	w->stats.cap_bytes += rec->cap_len;
	w->stats.wire_bytes += rec->wire_len;
	return is_simple(t, rec) ? put_simple(w, rec) : put_enhanced(w, t, rec);
}

static int put_section(struct pal_savefile_writer *w, const struct pal_savefile_block *block)
{
	uint8_t head[24];
	int rc;

	if (block->raw_len < SHB_LEN)
		return pal_err(EINVAL);
	w->big_endian = block->big_endian;
	w->begun = true;
	w->nb_targets = 0;
	w->nb_sections++;
	memcpy(head, block->raw, sizeof(head));
	// Section 4.1: -1 where it is not known.
	if (w->conf.filtered)
		memset(head + 16, 0xff, 8);
	rc = savefile_writer_bytes(w, head, sizeof(head));
	return rc < 0 ? rc
		      : savefile_writer_bytes(
				w, block->raw + sizeof(head), block->raw_len - sizeof(head)
			);
}

static int add_interface(struct pal_savefile_writer *w, const struct pal_savefile_block *block)
{
	struct savefile_target *t = savefile_writer_add_target(w);

	if (t == NULL)
		return -errno;
	t->has_ticks = true;
	savefile_interface_parse(
		&t->iface, pal_cursor_of(block->body, block->body_len), block->big_endian
	);
	return 0;
}

static int put_swapped(struct pal_savefile_writer *w, const struct pal_savefile_block *block)
{
	uint8_t *raw = malloc(block->raw_len);
	int rc = 0;

	if (raw == NULL)
		return savefile_writer_failed(w, -ENOMEM);
	memcpy(raw, block->raw, block->raw_len);
	if (savefile_swap_block(raw, block))
		rc = savefile_writer_bytes(w, raw, block->raw_len);
	else
		w->stats.lost.blocks[block->kind]++;
	free(raw);
	return rc;
}

int savefile_pcapng_put_block(struct pal_savefile_writer *w, const struct pal_savefile_block *block)
{
	int rc = 0;

	if (block->kind == PAL_SAVEFILE_BLOCK_SHB)
		return put_section(w, block);
	if (!w->begun)
		rc = savefile_pcapng_begin(w);
	if (rc < 0)
		return rc;
	if (block->kind == PAL_SAVEFILE_BLOCK_IDB && block->body_len >= SAVEFILE_IDB_FIXED_LEN) {
		rc = add_interface(w, block);
		if (rc < 0)
			return rc;
	}
	if (block->big_endian == w->big_endian)
		return savefile_writer_bytes(w, block->raw, block->raw_len);
	return put_swapped(w, block);
}
