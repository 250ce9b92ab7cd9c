/* SPDX-License-Identifier: BSD-3-Clause */
#include "output_priv.h"

#include <pal_cursor.h>
#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

// draft-ietf-opsawg-pcapng sections 4.2 and 4.3
#define OPTION_FLAGS 2
#define OPTION_HASH 3
#define OPTION_FCSLEN 13
#define FLAGS_FCS_LEN 0x000001e0 // bits 5 to 8: bytes of FCS

/* a list of options that is made out of another one */

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static uint16_t swap16(uint16_t v, bool big_endian)
{
	return big_endian ? __builtin_bswap16(v) : v;
}

// Append an option; returns the value, which may be changed.
static uint8_t *append(uint8_t **pos, const struct pal_savefile_option *opt, bool big_endian)
{
	uint16_t head[2] = {swap16(opt->code, big_endian), swap16(opt->len, big_endian)};
	uint8_t *value = *pos + sizeof(head);

	memcpy(*pos, head, sizeof(head));
	memset(value, 0, padded(opt->len));
	if (opt->len > 0)
		memcpy(value, opt->value, opt->len);
	*pos = value + padded(opt->len);
	return value;
}

// Room for a list of that length, with its last option padded.
static int options_reserve(struct rw_output *o, size_t len)
{
	uint8_t *options;

	if (len + 3 <= o->options_room)
		return 0;
	options = realloc(o->options, len + 3);
	if (options == NULL)
		return pal_err(ENOMEM);
	o->options = options;
	o->options_room = len + 3;
	return 0;
}

static void clear_fcs_len(uint8_t *flags, bool big_endian)
{
	uint32_t v = (big_endian ? pal_load_be32(flags) : pal_load_le32(flags)) & ~FLAGS_FCS_LEN;

	v = big_endian ? __builtin_bswap32(v) : v;
	memcpy(flags, &v, sizeof(v));
}

int output_clean_options(struct rw_output *o, struct pal_savefile_rec *rec)
{
	struct pal_savefile_options it =
		pal_savefile_options_of(rec->options, rec->options_len, rec->big_endian);
	struct pal_savefile_option opt;
	uint8_t *pos;

	if (rec->options_len == 0)
		return 0;
	if (options_reserve(o, rec->options_len) < 0)
		return -ENOMEM;
	pos = o->options;
	while (pal_savefile_option_next(&it, &opt)) {
		uint8_t *value;

		if (opt.code == OPTION_HASH) {
			o->stats.lost.options++;
			continue;
		}
		value = append(&pos, &opt, rec->big_endian);
		if (opt.code == OPTION_FLAGS && opt.len == 4)
			clear_fcs_len(value, rec->big_endian);
	}
	rec->options = o->options;
	rec->options_len = (uint32_t)(pos - o->options);
	return 0;
}

/* interfaces */

// An interface whose packets have lost their FCS, or have another link type.
static int64_t add_changed(
	struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	uint32_t index,
	uint16_t linktype
)
{
	const struct pal_savefile_interface *from = pal_savefile_interface(in->reader, index);
	bool big_endian = pal_savefile_info(in->reader)->big_endian;
	struct pal_savefile_options it;
	struct pal_savefile_option opt;
	uint8_t *pos;

	if (from == NULL || options_reserve(o, from->options_len) < 0)
		return from == NULL ? -EINVAL : -ENOMEM;
	it = pal_savefile_options_of(from->options, from->options_len, big_endian);
	pos = o->options;
	while (pal_savefile_option_next(&it, &opt))
		if (opt.code != OPTION_FCSLEN)
			append(&pos, &opt, big_endian);
	return pal_savefile_writer_add_interface(
		part->writer,
		&(struct pal_savefile_writer_interface){
			.linktype = linktype,
			.tsresol = from->tsresol,
			.snaplen = from->snaplen,
			.tsoffset_s = from->tsoffset_s,
			.options = o->options,
			.options_len = (size_t)(pos - o->options),
			.options_big_endian = big_endian,
			.has_ticks = true,
		}
	);
}

static int targets_reserve(struct rw_targets *t, uint32_t index)
{
	uint32_t nb = t->nb_first == 0 ? 4 : t->nb_first;
	uint32_t *first;
	struct rw_target *targets;

	if (t->nb_targets == t->room_targets) {
		uint32_t room = t->room_targets == 0 ? 4 : 2 * t->room_targets;

		targets = realloc(t->targets, room * sizeof(*targets));
		if (targets == NULL)
			return pal_err(ENOMEM);
		t->targets = targets;
		t->room_targets = room;
	}
	while (nb <= index)
		nb *= 2;
	if (nb == t->nb_first)
		return 0;
	first = realloc(t->first, nb * sizeof(*first));
	if (first == NULL)
		return pal_err(ENOMEM);
	memset(first + t->nb_first, 0, (nb - t->nb_first) * sizeof(*first));
	t->first = first;
	t->nb_first = nb;
	return 0;
}

int64_t output_find_interface(
	const struct rw_part *part,
	const struct rw_input *in,
	uint32_t index,
	uint16_t linktype
)
{
	const struct rw_targets *t = &part->inputs[in->index];
	uint32_t at = index < t->nb_first ? t->first[index] : 0;

	while (at != 0 && t->targets[at - 1].linktype != linktype)
		at = t->targets[at - 1].next;
	return at == 0 ? -ENOENT : (int64_t)t->targets[at - 1].number;
}

int64_t output_interface(
	struct rw_output *o,
	struct rw_part *part,
	const struct rw_input *in,
	uint32_t index,
	uint16_t linktype
)
{
	struct rw_targets *t = &part->inputs[in->index];
	int64_t number = output_find_interface(part, in, index, linktype);

	if (number >= 0)
		return number;
	// The header of the input has described the one that there is.
	if (o->writer_conf.pcap_header != NULL)
		return 0;
	// A second link type has no place in a pcap file.
	if (!o->pcapng && part->has_interface && linktype != part->linktype)
		return 0;
	if (targets_reserve(t, index) < 0)
		return -ENOMEM;
	if (rw_convert_writes(&o->conf.convert))
		number = add_changed(o, part, in, index, linktype);
	else
		number = pal_savefile_writer_copy_interface(part->writer, in->reader, index);
	if (number < 0)
		return number;
	t->targets[t->nb_targets] = (struct rw_target){linktype, (uint32_t)number, t->first[index]};
	t->first[index] = ++t->nb_targets;
	if (!part->has_interface)
		part->linktype = linktype;
	part->has_interface = true;
	return number;
}

void output_note_interface(
	struct rw_output *o,
	const struct rw_input *in,
	const struct pal_savefile_interface *iface,
	uint32_t index
)
{
	uint16_t linktype;

	if (iface == NULL)
		return;
	linktype = rw_convert_linktype(&o->conf.convert, iface->linktype);
	if (!o->is_known)
		o->known = (struct pal_savefile_writer_interface){
			.linktype = linktype,
			.tsresol = iface->tsresol,
			.snaplen = iface->snaplen,
		};
	o->is_known = true;
	// A pcap file describes the interface of its first packet.
	for (unsigned int i = 0; o->pcapng && i < o->nb_parts; i++) {
		struct rw_part *part = &o->parts[i];
		int64_t rc =
			part->writer == NULL ? 0 : output_interface(o, part, in, index, linktype);

		if (rc < 0)
			output_fail(o, (int)rc, pal_savefile_writer_error(part->writer));
	}
}

void output_forget_interfaces(struct rw_part *part, const struct rw_input *in)
{
	struct rw_targets *t = &part->inputs[in->index];

	t->nb_targets = 0;
	if (t->nb_first > 0)
		memset(t->first, 0, t->nb_first * sizeof(*t->first));
}
