/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcap, draft-ietf-opsawg-pcap. The header is written with the first record: only then is it known what link type
 * and time unit the file has.
 */
#include "savefile_writer_priv.h"

#include <pal_err.h>
#include <pal_time.h>

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
#define MAGIC_MODIFIED 0xa1b2cd34

#define HDR_LEN 16
#define HDR_LEN_MODIFIED 24
#define SNAPLEN_DEFAULT 262144 // what libpcap takes for no limit

int savefile_pcap_adopt_header(struct pal_savefile_writer *w)
{
	const uint8_t *head = w->conf.pcap_header;
	bool big_endian = head[0] == 0xa1;
	uint32_t magic = savefile_load32(head, big_endian);
	uint32_t network = savefile_load32(head + 20, big_endian);
	struct savefile_target *t;

	if (magic != MAGIC_US && magic != MAGIC_NS && magic != MAGIC_MODIFIED)
		return pal_err(EINVAL);
	t = savefile_writer_add_target(w);
	if (t == NULL)
		return -errno;
	w->big_endian = big_endian;
	w->pcap.frac_ns = magic == MAGIC_NS ? 1 : (uint32_t)PAL_NS_PER_US;
	w->pcap.hdr_len = magic == MAGIC_MODIFIED ? HDR_LEN_MODIFIED : HDR_LEN;
	w->pcap.old_lens = savefile_load16(head + 6, big_endian) < 4;
	w->pcap.snaplen = savefile_load32(head + 16, big_endian);
	w->pcap.linktype = pal_savefile_linktype(network & 0xffff);
	if ((network & UINT32_C(1) << 26) != 0)
		w->pcap.fcs_len = (uint8_t)(network >> 28) * 2;
	t->has_ticks = true;
	t->iface.linktype = w->pcap.linktype;
	t->iface.snaplen = w->pcap.snaplen;
	t->iface.fcs_len = w->pcap.fcs_len;
	savefile_interface_set_tsresol(&t->iface, magic == MAGIC_NS ? 9 : 6);
	w->begun = true;
	w->conf.pcap_header = NULL; // the caller's
	return savefile_writer_bytes(w, head, PAL_SAVEFILE_PCAP_HEADER_LEN);
}

// Finer than microseconds.
static bool counts_ns(const struct pal_savefile_interface *iface)
{
	return (iface->tsresol & 0x80) != 0 ? (iface->tsresol & 0x7f) > 19 : iface->tsresol > 6;
}

static uint32_t header_snaplen(const struct pal_savefile_writer *w)
{
	uint32_t snaplen = 0;

	if (w->conf.snaplen != 0)
		return w->conf.snaplen;
	for (uint32_t i = 0; i < w->nb_targets; i++) {
		if (w->targets[i].iface.snaplen == 0)
			return SNAPLEN_DEFAULT;
		if (w->targets[i].iface.snaplen > snaplen)
			snaplen = w->targets[i].iface.snaplen;
	}
	return snaplen == 0 ? SNAPLEN_DEFAULT : snaplen;
}

int savefile_pcap_begin(struct pal_savefile_writer *w, const struct savefile_target *first)
{
	bool ns = w->conf.format == PAL_SAVEFILE_WRITE_PCAP_NS;
	uint8_t head[PAL_SAVEFILE_PCAP_HEADER_LEN] = {0};
	uint32_t network = 1; // a file without any interface: Ethernet

	if (first != NULL) {
		w->pcap.fcs_len = first->iface.fcs_len;
		network = first->iface.linktype;
		// Section 4: the FCS is counted in words of 16 bits.
		if (w->pcap.fcs_len != 0)
			network |= UINT32_C(1) << 26 | (uint32_t)w->pcap.fcs_len / 2 << 28;
		if (w->conf.format == PAL_SAVEFILE_WRITE_PCAP)
			ns = counts_ns(&first->iface);
	}
	w->pcap.frac_ns = ns ? 1 : (uint32_t)PAL_NS_PER_US;
	w->pcap.hdr_len = HDR_LEN;
	w->pcap.snaplen = header_snaplen(w);
	w->pcap.linktype = (uint16_t)network;
	w->begun = true;
	savefile_store32(head, ns ? MAGIC_NS : MAGIC_US, w->big_endian);
	savefile_store16(head + 4, 2, w->big_endian);
	savefile_store16(head + 6, 4, w->big_endian);
	savefile_store32(head + 16, w->pcap.snaplen, w->big_endian);
	savefile_store32(head + 20, network, w->big_endian);
	return savefile_writer_bytes(w, head, sizeof(head));
}

// Whether a time in ticks is less than a nanosecond more than that.
static bool is_cut(const struct savefile_target *t, const struct pal_savefile_rec *rec)
{
	return t->has_ticks && !savefile_interface_is_exact(&t->iface, rec->ticks);
}

// Seconds and fraction; what does not fit or is cut off is counted.
static void put_time(
	struct pal_savefile_writer *w,
	uint8_t *hdr,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec
)
{
	bool saturated;
	uint64_t time_ns = savefile_writer_time_ns(w, t, rec, &saturated);
	uint64_t seconds = time_ns / PAL_NS_PER_S;
	uint32_t ns = (uint32_t)(time_ns % PAL_NS_PER_S);

	w->last_ns = time_ns;
	if (seconds > UINT32_MAX) {
		saturated = true;
		seconds = UINT32_MAX;
		ns = (uint32_t)PAL_NS_PER_S - 1;
	}
	if (!rec->has_time)
		w->stats.lost.time_invented++;
	else if (saturated)
		w->stats.lost.time_range++;
	else
		w->stats.lost.time_fractions += ns % w->pcap.frac_ns != 0 || is_cut(t, rec);
	savefile_store32(hdr, (uint32_t)seconds, w->big_endian);
	savefile_store32(hdr + 4, ns / w->pcap.frac_ns, w->big_endian);
}

// What Linux had added to a record's header before pcapng was there: interface, protocol, direction.
static void
put_fields(struct pal_savefile_writer *w, uint8_t *hdr, const struct pal_savefile_rec *rec)
{
	if (rec->kind != PAL_SAVEFILE_BLOCK_OTHER || rec->raw == NULL ||
	    rec->head_len != HDR_LEN_MODIFIED)
		return;
	if (w->pcap.hdr_len == HDR_LEN_MODIFIED && rec->big_endian == w->big_endian)
		memcpy(hdr + HDR_LEN, rec->raw + HDR_LEN, HDR_LEN_MODIFIED - HDR_LEN);
	else
		w->stats.lost.header_fields++;
}

static int put_record(
	struct pal_savefile_writer *w,
	const struct savefile_target *t,
	const struct pal_savefile_rec *rec
)
{
	uint8_t *hdr = savefile_output_reserve(&w->out, w->pcap.hdr_len);

	if (hdr == NULL)
		return savefile_writer_failed(w, -errno);
	memset(hdr, 0, w->pcap.hdr_len);
	put_time(w, hdr, t, rec);
	savefile_store32(hdr + 8, rec->cap_len, w->big_endian);
	savefile_store32(hdr + 12, rec->wire_len, w->big_endian);
	put_fields(w, hdr, rec);
	w->stats.lost.over_snaplen += w->pcap.snaplen != 0 && rec->cap_len > w->pcap.snaplen;
	w->stats.records++;
	w->stats.cap_bytes += rec->cap_len;
	w->stats.wire_bytes += rec->wire_len;
	savefile_writer_lose_options(
		w, PAL_SAVEFILE_BLOCK_EPB, rec->options, rec->options_len, rec->big_endian
	);
	return savefile_writer_bytes(w, rec->data, rec->cap_len);
}

int savefile_pcap_put(struct pal_savefile_writer *w, const struct pal_savefile_rec *rec)
{
	const struct savefile_target *t;
	int rc = 0;

	if (rec->interface >= w->nb_targets) {
		w->stats.lost.records++;
		return 0;
	}
	t = &w->targets[rec->interface];
	if (!w->begun)
		rc = savefile_pcap_begin(w, t);
	if (rc < 0)
		return rc;
	// One link type is all that a pcap file can have.
	if (t->iface.linktype != w->pcap.linktype || t->iface.fcs_len != w->pcap.fcs_len) {
		w->stats.lost.records++;
		return 0;
	}
	return put_record(w, t, rec);
}

// Only an interface leaves anything behind in a pcap file.
int savefile_pcap_put_block(struct pal_savefile_writer *w, const struct pal_savefile_block *block)
{
	struct pal_cursor body = pal_cursor_of(block->body, block->body_len);
	struct savefile_target *t;

	if (block->kind == PAL_SAVEFILE_BLOCK_SHB) {
		w->nb_targets = 0;
		w->stats.lost.sections += w->nb_sections++ > 0;
		pal_cursor_skip(&body, SAVEFILE_SHB_FIXED_LEN);
	} else if (block->kind == PAL_SAVEFILE_BLOCK_IDB && block->body_len >= SAVEFILE_IDB_FIXED_LEN) {
		t = savefile_writer_add_target(w);
		if (t == NULL)
			return -errno;
		savefile_interface_parse(&t->iface, body, block->big_endian);
		t->has_ticks = true;
		w->stats.lost.interfaces += w->nb_interfaces > 1;
		pal_cursor_skip(&body, SAVEFILE_IDB_FIXED_LEN);
	} else {
		w->stats.lost.blocks[block->kind]++;
		return 0;
	}
	savefile_writer_lose_options(
		w, block->kind, body.pos, pal_cursor_left(&body), block->big_endian
	);
	return 0;
}
