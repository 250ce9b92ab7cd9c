/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <stdlib.h>
#include <string.h>

#define SHB_FIXED_LEN 16
#define IDB_FIXED_LEN 8
#define ISB_FIXED_LEN 12

/* draft-ietf-opsawg-pcapng sections 4.5 and 4.6. */
enum {
	NAME_END = 0,
	NAME_IPV4 = 1,
	NAME_IPV6 = 2,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_USRDELIV = 8,
};

static uint16_t load16(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be16(p) : pal_load_le16(p);
}

static uint32_t load32(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be32(p) : pal_load_le32(p);
}

static uint64_t load64(const uint8_t *p, bool big_endian)
{
	return big_endian ? pal_load_be64(p) : pal_load_le64(p);
}

struct info_section *info_current_section(struct info *info)
{
	// Of a section that is one too many nothing is kept.
	return info->nb_all_sections == info->nb_sections && info->nb_sections > 0
		       ? &info->sections[info->nb_sections - 1]
		       : NULL;
}

void info_keep_options(
	struct info *info,
	struct info_options *dst,
	const uint8_t *options,
	size_t len,
	bool big_endian
)
{
	if (len == 0 || len > INFO_MAX_OPTION_BYTES - info->option_bytes)
		return;
	dst->bytes = malloc(len);
	if (dst->bytes == NULL)
		return;
	memcpy(dst->bytes, options, len);
	dst->len = len;
	dst->big_endian = big_endian;
	info->option_bytes += len;
}

struct info_section *info_add_section(struct info *info)
{
	struct info_section *grown;

	info->nb_all_sections++;
	if (info->nb_all_sections > INFO_MAX_SECTIONS)
		return NULL;
	grown = realloc(info->sections, (info->nb_sections + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	info->sections = grown;
	grown += info->nb_sections++;
	memset(grown, 0, sizeof(*grown));
	grown->length = -1;
	return grown;
}

struct info_interface *
info_add_interface(struct info *info, const struct pal_savefile_interface *iface)
{
	struct info_section *s = info_current_section(info);
	struct info_interface *grown;

	info->nb_all_interfaces++;
	if (s == NULL)
		return NULL;
	s->nb_all_interfaces++;
	if (info->interfaces_kept >= INFO_MAX_INTERFACES ||
	    s->nb_all_interfaces - 1 != s->nb_interfaces)
		return NULL;
	// Room for the next power of two: grows when the number is one.
	if ((s->nb_interfaces & (s->nb_interfaces - 1)) == 0) {
		size_t room = s->nb_interfaces == 0 ? 1 : 2 * (size_t)s->nb_interfaces;

		grown = realloc(s->interfaces, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		s->interfaces = grown;
	}
	grown = &s->interfaces[s->nb_interfaces++];
	memset(grown, 0, sizeof(*grown));
	grown->as_read = *iface;
	grown->as_read.options = NULL;
	info->interfaces_kept++;
	return grown;
}

static void section(struct info *info, const struct pal_savefile_block *block)
{
	struct info_section *s = info_add_section(info);

	if (s == NULL || block->body_len < SHB_FIXED_LEN)
		return;
	s->big_endian = block->big_endian;
	s->version_major = load16(block->body + 4, block->big_endian);
	s->version_minor = load16(block->body + 6, block->big_endian);
	s->length = (int64_t)load64(block->body + 8, block->big_endian);
	info_keep_options(
		info,
		&s->options,
		block->body + SHB_FIXED_LEN,
		block->body_len - SHB_FIXED_LEN,
		block->big_endian
	);
}

static void interface(
	struct info *info,
	const struct pal_savefile_reader *r,
	const struct pal_savefile_block *block
)
{
	const struct pal_savefile_interface *iface =
		pal_savefile_interface(r, pal_savefile_nb_interfaces(r) - 1);
	struct info_interface *i = info_add_interface(info, iface);

	if (i == NULL || block->body_len < IDB_FIXED_LEN)
		return;
	info_keep_options(
		info,
		&i->options,
		block->body + IDB_FIXED_LEN,
		block->body_len - IDB_FIXED_LEN,
		block->big_endian
	);
}

static void names(struct info_section *s, const struct pal_savefile_block *block)
{
	struct pal_cursor cur = pal_cursor_of(block->body, block->body_len);
	const uint8_t *head;

	while ((head = pal_cursor_take(&cur, 4)) != NULL) {
		uint16_t type = load16(head, block->big_endian);
		size_t len = load16(head + 2, block->big_endian);

		if (type == NAME_END || !pal_cursor_skip(&cur, (len + 3) & ~(size_t)3))
			break;
		s->names_ipv4 += type == NAME_IPV4;
		s->names_ipv6 += type == NAME_IPV6;
		s->names_other += type != NAME_IPV4 && type != NAME_IPV6;
	}
}

static bool isb_time(
	const struct info_interface *i,
	const struct pal_savefile_option *opt,
	bool big_endian,
	struct info_time *ret_time
)
{
	uint64_t ticks;

	if (opt->len < 8)
		return false;
	ticks = (uint64_t)load32(opt->value, big_endian) << 32 | load32(opt->value + 4, big_endian);
	pal_savefile_time(&i->as_read, ticks, &ret_time->s, &ret_time->ns);
	return true;
}

// Counters of a later block include those of an earlier one: the last is what counts.
static void statistics(struct info_section *s, const struct pal_savefile_block *block)
{
	struct pal_savefile_options it;
	struct pal_savefile_option opt;
	struct info_statistics *st;
	uint32_t index;

	if (block->body_len < ISB_FIXED_LEN)
		return;
	index = load32(block->body, block->big_endian);
	if (index >= s->nb_interfaces)
		return;
	st = &s->interfaces[index].statistics;
	st->entries++;
	it = pal_savefile_options_of(
		block->body + ISB_FIXED_LEN, block->body_len - ISB_FIXED_LEN, block->big_endian
	);
	while (pal_savefile_option_next(&it, &opt)) {
		if (opt.code == ISB_STARTTIME)
			st->has_start = isb_time(
				&s->interfaces[index], &opt, block->big_endian, &st->start
			);
		else if (opt.code == ISB_ENDTIME)
			st->has_end =
				isb_time(&s->interfaces[index], &opt, block->big_endian, &st->end);
		else if (opt.code >= ISB_IFRECV && opt.code <= ISB_USRDELIV && opt.len >= 8) {
			st->counters[opt.code - ISB_IFRECV] = load64(opt.value, block->big_endian);
			st->has_counter[opt.code - ISB_IFRECV] = true;
		}
	}
}

static void secrets(struct info *info, uint32_t type, uint64_t bytes)
{
	unsigned int i = 0;

	while (i < info->nb_secrets && info->secrets[i].type != type)
		i++;
	if (i == INFO_MAX_SECRETS)
		return;
	if (i == info->nb_secrets)
		info->secrets[info->nb_secrets++].type = type;
	info->secrets[i].blocks++;
	info->secrets[i].bytes += bytes;
}

void info_block(
	struct info *info,
	const struct pal_savefile_reader *r,
	const struct pal_savefile_block *block
)
{
	struct info_section *s;

	if (block->kind == PAL_SAVEFILE_BLOCK_SHB)
		section(info, block);
	else if (block->kind == PAL_SAVEFILE_BLOCK_IDB)
		interface(info, r, block);
	else if (block->kind == PAL_SAVEFILE_BLOCK_DSB && block->body_len >= 8)
		secrets(info,
			load32(block->body, block->big_endian),
			load32(block->body + 4, block->big_endian));
	s = info_current_section(info);
	if (s == NULL)
		return;
	s->blocks[block->kind]++;
	if (block->kind == PAL_SAVEFILE_BLOCK_NRB)
		names(s, block);
	else if (block->kind == PAL_SAVEFILE_BLOCK_ISB)
		statistics(s, block);
}

void info_long_block(struct info *info, const struct pal_savefile_piece *piece)
{
	struct info_section *s = info_current_section(info);

	if (piece->at != 0)
		return;
	if (piece->kind == PAL_SAVEFILE_BLOCK_DSB && piece->len >= 16)
		secrets(info,
			load32(piece->data + 8, piece->big_endian),
			load32(piece->data + 12, piece->big_endian));
	if (s == NULL)
		return;
	s->blocks[piece->kind]++;
	s->names_skipped += piece->kind == PAL_SAVEFILE_BLOCK_NRB;
}
