/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap, draft-ietf-opsawg-pcap: a file header of 24 bytes, then records.
 *
 *      record header  | seconds | fraction | captured | on the wire |  (modified: + 8 bytes of Linux' own)
 */
#include "savefile_priv.h"

#include <pal_err.h>
#include <pal_time.h>

#include <string.h>

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
#define MAGIC_MODIFIED 0xa1b2cd34 // Kuznetzov's patches to libpcap, 1999

#define HDR_LEN 16
#define HDR_LEN_MODIFIED 24

static bool magic_known(struct pal_savefile_reader *r, uint32_t magic)
{
	r->hdr_len = magic == MAGIC_MODIFIED ? HDR_LEN_MODIFIED : HDR_LEN;
	r->frac_ns = magic == MAGIC_NS ? 1 : (uint32_t)PAL_NS_PER_US;
	return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_MODIFIED;
}

static int set_interface(struct pal_savefile_reader *r, uint32_t snaplen, uint32_t network)
{
	struct pal_savefile_interface *iface = savefile_interface_add(r);

	if (iface == NULL)
		return savefile_no_memory(r);
	iface->snaplen = snaplen;
	iface->linktype = pal_savefile_linktype(network & 0xffff);
	// Section 4: bit 26 says that the top four bits count the FCS, in words of 16 bits.
	if ((network & UINT32_C(1) << 26) != 0)
		iface->fcs_len = (uint8_t)(network >> 28) * 2;
	savefile_interface_set_tsresol(iface, r->frac_ns == 1 ? 9 : 6);
	return 0;
}

int savefile_pcap_open(struct pal_savefile_reader *r)
{
	struct pal_cursor cur = pal_cursor_of(r->head, r->head_len);
	const uint8_t *head = pal_cursor_take(&cur, 4);
	uint16_t major, minor;

	if (head == NULL)
		return 0;
	r->swapped = magic_known(r, pal_load_be32(head));
	if (!r->swapped && !magic_known(r, pal_load_le32(head)))
		return 0;
	if (!pal_cursor_skip(&cur, SAVEFILE_HEAD_LEN - 4))
		return savefile_damaged(
			r, r->head_len, "the file ends inside the pcap file header of 24 bytes"
		);
	major = savefile_load16(head + 4, r->swapped);
	minor = savefile_load16(head + 6, r->swapped);
	if (major != 2)
		return savefile_damaged(
			r, 4, "pcap version %u.%u is not supported, only 2.x is", major, minor
		);
	r->old_lens = minor < 4;
	r->head_pos = SAVEFILE_HEAD_LEN;
	r->info = (struct pal_savefile_info){
		.format = PAL_SAVEFILE_PCAP,
		.version_major = major,
		.version_minor = minor,
		.big_endian = r->swapped,
		.nanoseconds = r->frac_ns == 1,
		.modified = r->hdr_len == HDR_LEN_MODIFIED,
	};
	if (set_interface(
		    r,
		    savefile_load32(head + 16, r->swapped),
		    savefile_load32(head + 20, r->swapped)
	    ) < 0)
		return -errno;
	return 1;
}

// Lengths of a record; before version 2.4 writers disagreed on which comes first, as libpcap knows.
static inline void
record_lens(const uint8_t *hdr, bool swapped, bool old_lens, uint32_t *ret_cap, uint32_t *ret_wire)
{
	uint32_t cap_len = savefile_load32(hdr + 8, swapped);
	uint32_t wire_len = savefile_load32(hdr + 12, swapped);
	bool exchanged = old_lens && cap_len > wire_len;

	*ret_cap = exchanged ? wire_len : cap_len;
	*ret_wire = exchanged ? cap_len : wire_len;
}

// The whole records of the window. One copy per byte order, so that neither asks.
static inline __attribute__((always_inline)) unsigned int burst_in_window(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *recs,
	unsigned int nb_recs,
	bool swapped
)
{
	const struct pal_savefile_interface iface = r->interfaces[0];
	const uint32_t hdr_len = r->hdr_len, frac_ns = r->frac_ns;
	const uint32_t snaplen = iface.snaplen == 0 ? UINT32_MAX : iface.snaplen;
	const uint32_t fcs_len = r->keep_fcs ? 0 : iface.fcs_len;
	const uint64_t ticks_per_s = PAL_NS_PER_S / frac_ns;
	const bool old_lens = r->old_lens;
	struct pal_cursor cur = r->win.cur;
	uint64_t cap_bytes = 0, wire_bytes = 0;
	unsigned int nb = 0;

	for (; nb < nb_recs; nb++) {
		const uint8_t *hdr = pal_cursor_peek(&cur, hdr_len);
		struct pal_savefile_rec *rec = &recs[nb];
		uint32_t cap_len, wire_len, frac;

		if (hdr == NULL)
			break;
		record_lens(hdr, swapped, old_lens, &cap_len, &wire_len);
		if (!pal_cursor_skip(&cur, (size_t)hdr_len + cap_len))
			break;
		frac = savefile_load32(hdr + 4, swapped);
		rec->data = hdr + hdr_len;
		rec->time_ns =
			savefile_load32(hdr, swapped) * PAL_NS_PER_S + (uint64_t)frac * frac_ns;
		rec->ticks = savefile_load32(hdr, swapped) * ticks_per_s + frac;
		rec->cap_len = cap_len;
		rec->wire_len = wire_len;
		rec->interface = 0;
		rec->linktype = iface.linktype;
		rec->has_time = true;
		rec->options = NULL;
		rec->options_len = 0;
		rec->big_endian = swapped;
		rec->head_len = (uint8_t)hdr_len;
		rec->kind = PAL_SAVEFILE_BLOCK_OTHER;
		rec->raw = hdr;
		rec->raw_len = hdr_len + cap_len;
		if (__builtin_expect(cap_len > wire_len || cap_len > snaplen || cap_len == 0, 0))
			savefile_note_odd(r, cap_len, wire_len, snaplen);
		if (__builtin_expect(fcs_len != 0, 0))
			savefile_strip_fcs(rec, fcs_len);
		cap_bytes += rec->cap_len;
		wire_bytes += rec->wire_len;
	}
	r->win.cur = cur;
	r->stats.records += nb;
	r->stats.cap_bytes += cap_bytes;
	r->stats.wire_bytes += wire_bytes;
	return nb;
}

// Nothing whole is left in the window: bring in the next record.
static int fill_record(struct pal_savefile_reader *r)
{
	uint32_t cap_len, wire_len;
	size_t left;
	int rc = savefile_window_fill(r, r->hdr_len);

	left = pal_cursor_left(&r->win.cur);
	if (rc == 0 && left == 0)
		return 0;
	if (rc == 0)
		return savefile_damaged(
			r,
			savefile_offset(r),
			"the file ends %zu bytes into the header of a record",
			left
		);
	if (rc < 0)
		return rc;
	record_lens(r->win.cur.pos, r->swapped, r->old_lens, &cap_len, &wire_len);
	if (cap_len > PAL_SAVEFILE_RECORD_MAX)
		return savefile_damaged(
			r, savefile_offset(r), "a record claims %u captured bytes", cap_len
		);
	rc = savefile_window_fill(r, (size_t)r->hdr_len + cap_len);
	if (rc == 0)
		return savefile_damaged(
			r,
			savefile_offset(r),
			"the file ends inside a record: %zu of %u captured bytes are there",
			pal_cursor_left(&r->win.cur) - r->hdr_len,
			cap_len
		);
	return rc;
}

int savefile_pcap_burst(
	struct pal_savefile_reader *r,
	struct pal_savefile_rec *recs,
	unsigned int nb_recs
)
{
	for (;;) {
		unsigned int nb = r->swapped ? burst_in_window(r, recs, nb_recs, true)
					     : burst_in_window(r, recs, nb_recs, false);
		int rc;

		if (nb > 0)
			return (int)nb;
		rc = fill_record(r);
		if (rc <= 0)
			return rc;
	}
}
