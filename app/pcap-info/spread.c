/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How packets spread over sizes and over time. Nobody knows how long a capture is before it was read, so the time line
 * begins with slots of a nanosecond, and ten of them become one whenever a time does not fit:
 *
 *      slots    |first      |first + 1 | ...                  |first + nb_slots - 1|
 *      slot n   has the times from n * width_ns on
 */
#include "info.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

// The classes of capinfos' sibling that shows packet lengths: 0 to 19, then twice as many each time.
#define FIRST_SIZE UINT32_C(20)

void info_size_bounds(unsigned int slot, uint32_t *ret_from, uint32_t *ret_to)
{
	*ret_from = slot == 0 ? 0 : FIRST_SIZE << (slot - 1);
	*ret_to = slot == INFO_NB_SIZES - 1 ? UINT32_MAX : (FIRST_SIZE << slot) - 1;
}

static unsigned int size_slot(uint32_t len)
{
	unsigned int slot = 0;

	while (slot < INFO_NB_SIZES - 1 && len >= FIRST_SIZE << slot)
		slot++;
	return slot;
}

static void widen(struct info_time_line *line)
{
	uint64_t first = line->first / 10;
	uint32_t nb = 0;

	for (uint32_t i = 0; i < line->nb_slots; i++) {
		uint32_t to = (uint32_t)((line->first + i) / 10 - first);
		struct info_slot slot = line->slots[i];

		if (to >= nb) {
			line->slots[to] = slot;
			nb = to + 1;
		} else {
			line->slots[to].packets += slot.packets;
			line->slots[to].bytes += slot.bytes;
		}
	}
	line->first = first;
	line->nb_slots = nb;
	line->width_ns *= 10;
}

// Have slot number n, which may be before those that are there.
static struct info_slot *slot_at(struct info_time_line *line, uint64_t n)
{
	uint64_t before = n < line->first ? line->first - n : 0;

	if (before > 0) {
		memmove(line->slots + before, line->slots, line->nb_slots * sizeof(*line->slots));
		memset(line->slots, 0, before * sizeof(*line->slots));
		line->first = n;
		line->nb_slots += (uint32_t)before;
	}
	n -= line->first;
	if (n >= line->nb_slots) {
		memset(line->slots + line->nb_slots,
		       0,
		       (n + 1 - line->nb_slots) * sizeof(*line->slots));
		line->nb_slots = (uint32_t)n + 1;
	}
	return &line->slots[n];
}

static bool fits(const struct info_time_line *line, uint64_t n)
{
	uint64_t end = line->first + line->nb_slots;

	if (n < line->first)
		return end - n <= INFO_NB_SLOTS;
	return n - line->first < INFO_NB_SLOTS;
}

static void line_add(struct info_time_line *line, uint64_t time_ns, uint32_t bytes)
{
	struct info_slot *slot;

	if (line->width_ns == 0) {
		line->width_ns = 1;
		line->first = time_ns;
	}
	while (!fits(line, time_ns / line->width_ns))
		widen(line);
	slot = slot_at(line, time_ns / line->width_ns);
	slot->packets++;
	slot->bytes += bytes;
}

void info_spread_add(struct info *info, const struct pal_savefile_rec *rec, bool in_range)
{
	struct info_slot *size = &info->sizes[size_slot(rec->wire_len)];

	size->packets++;
	size->bytes += rec->wire_len;
	if (in_range)
		line_add(&info->line, rec->time_ns, rec->wire_len);
	else
		info->line.outside++;
}

// 1, 2 or 5 times a power of ten slots: the least of which there are at most max_rows.
static uint64_t row_slots(const struct info_time_line *line, uint32_t max_rows)
{
	static const uint64_t steps[] = {1, 2, 5};
	uint64_t last = line->first + line->nb_slots - 1;

	for (uint64_t power = 1;; power *= 10)
		for (size_t i = 0; i < 3; i++) {
			uint64_t n = steps[i] * power;

			if (last / n - line->first / n < max_rows)
				return n;
		}
}

int info_rows_of(const struct info *info, uint32_t max_rows, struct info_rows *ret_rows)
{
	const struct info_time_line *line = &info->line;
	uint64_t n, first;

	*ret_rows = (struct info_rows){0};
	if (line->nb_slots == 0)
		return 0;
	n = row_slots(line, max_rows);
	first = line->first / n;
	ret_rows->rows = calloc(max_rows, sizeof(*ret_rows->rows));
	if (ret_rows->rows == NULL)
		return pal_err(ENOMEM);
	for (uint32_t i = 0; i < line->nb_slots; i++) {
		uint64_t row = (line->first + i) / n - first;

		ret_rows->rows[row].packets += line->slots[i].packets;
		ret_rows->rows[row].bytes += line->slots[i].bytes;
		ret_rows->nb_rows = (uint32_t)row + 1;
	}
	ret_rows->width_ns = n * line->width_ns;
	ret_rows->start_ns = first * n * line->width_ns;
	return 0;
}
