/* SPDX-License-Identifier: BSD-3-Clause */
#include "convert.h"

#include "anonymise.h"
#include "link.h"
#include "payload.h"

__extension__ typedef __int128 rw_i128;

void rw_convert_init(struct rw_convert *c, const struct rw_convert_conf *conf)
{
	*c = (struct rw_convert){.conf = *conf};
	c->frame.stats = &c->stats;
}

void rw_convert_fini(struct rw_convert *c)
{
	rw_frame_fini(&c->frame);
}

bool rw_convert_relinks(const struct rw_convert_conf *conf)
{
	return conf->decap || conf->linktype != 0;
}

bool rw_convert_writes(const struct rw_convert_conf *conf)
{
	return rw_convert_relinks(conf) || conf->strip_vlans || conf->strip_payload ||
	       conf->cryptopan != NULL;
}

bool rw_convert_works(const struct rw_convert_conf *conf)
{
	return rw_convert_writes(conf) || conf->snaplen != 0 || conf->shift_ns != 0;
}

uint16_t rw_convert_linktype(const struct rw_convert_conf *conf, uint16_t linktype)
{
	return conf->linktype != 0 ? conf->linktype : linktype;
}

// The frame becomes the one inside, however deep.
static enum rw_lost decap(struct rw_frame *f)
{
	struct pal_pkt inner;
	bool found = true;

	rw_frame_decode(f);
	while (found && f->pkt.drop == PAL_DROP_NONE && f->pkt.inner_layer != PAL_LAYER_END) {
		uint8_t layer = f->pkt.inner_layer;
		uint32_t off = f->pkt.inner_off;

		found = pal_decode_inner(&inner, &f->pkt, f->stats);
		if (layer == PAL_LAYER_ETHERNET) {
			f->linktype = RW_LINKTYPE_ETHERNET;
		} else if (found) {
			f->linktype = RW_LINKTYPE_RAW;
			off += inner.l3_off;
		} else {
			return RW_LOST_TUNNEL;
		}
		rw_frame_cut(
			f,
			off,
			f->pkt.inner_cap_len - (off - f->pkt.inner_off),
			f->pkt.inner_wire_len - (off - f->pkt.inner_off)
		);
		if (found)
			rw_frame_decode(f);
	}
	return RW_LOST_NONE;
}

static enum rw_lost relink(struct rw_convert *c, uint16_t original)
{
	const uint8_t *macs = c->conf.has_macs ? c->conf.macs : NULL;
	uint16_t linktype = c->conf.linktype;

	// What came out of a tunnel goes back under the link type that the file has, if that is possible.
	if (linktype == 0)
		linktype = original;
	if (linktype == RW_LINKTYPE_ETHERNET)
		return rw_link_to_ethernet(&c->frame, macs);
	return c->conf.linktype == RW_LINKTYPE_RAW ? rw_link_to_raw(&c->frame) : RW_LOST_NONE;
}

static enum rw_lost change(struct rw_convert *c, const struct rw_packet *p)
{
	struct rw_frame *f = &c->frame;
	enum rw_lost lost = RW_LOST_NONE;

	rw_frame_set(f, &p->pkt);
	rw_link_keep_macs(f);
	if (c->conf.decap)
		lost = decap(f);
	if (lost == RW_LOST_NONE && f->linktype != rw_convert_linktype(&c->conf, p->pkt.linktype))
		lost = relink(c, p->pkt.linktype);
	if (lost == RW_LOST_NONE && c->conf.strip_vlans)
		lost = rw_link_strip_vlans(f);
	if (lost == RW_LOST_NONE && c->conf.strip_payload)
		rw_strip_payload(f);
	if (lost == RW_LOST_NONE && c->conf.cryptopan != NULL)
		lost = rw_anonymise(f, c->conf.cryptopan);
	return lost;
}

static uint64_t saturate(rw_i128 v)
{
	if (v < 0)
		return 0;
	return v > UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

// Time in the interface's unit and in nanoseconds; what is finer than the unit is rounded.
static void
shift(struct pal_savefile_rec *rec, const struct pal_savefile_interface *iface, int64_t shift_ns)
{
	rw_i128 ticks, half = (rw_i128)iface->mul / 2;

	rec->time_ns = saturate((rw_i128)rec->time_ns + shift_ns);
	// Units so small that all that there is of them is less than a nanosecond.
	if (iface->mul == 0 || iface->div > INT64_MAX || iface->shift > 62)
		return;
	ticks = (rw_i128)shift_ns * (rw_i128)iface->div * ((rw_i128)1 << iface->shift);
	ticks = (ticks + (ticks < 0 ? -half : half)) / (rw_i128)iface->mul;
	rec->ticks = saturate((rw_i128)rec->ticks + ticks);
}

enum rw_lost rw_convert(
	struct rw_convert *c,
	const struct rw_packet *p,
	const struct pal_savefile_interface *iface,
	struct pal_savefile_rec *rec
)
{
	if (rw_convert_writes(&c->conf)) {
		enum rw_lost lost = change(c, p);

		if (lost != RW_LOST_NONE) {
			c->lost[lost]++;
			return lost;
		}
		rec->data = c->frame.data;
		rec->cap_len = c->frame.cap_len;
		rec->wire_len = c->frame.wire_len;
		rec->linktype = c->frame.linktype;
	}
	if (c->conf.snaplen != 0 && rec->cap_len > c->conf.snaplen)
		rec->cap_len = c->conf.snaplen;
	if (c->conf.shift_ns != 0 && rec->has_time)
		shift(rec, iface, c->conf.shift_ns);
	return RW_LOST_NONE;
}
