/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <pal_time.h>

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

const char *info_type_name(const struct info *info)
{
	if (info->file.format == PAL_SAVEFILE_PCAPNG)
		return "pcapng";
	if (info->file.modified)
		return "modified pcap";
	return info->file.nanoseconds ? "nanosecond pcap" : "pcap";
}

struct info_duration info_duration_of(const struct info *info)
{
	struct info_duration d = {(uint64_t)info->last.s - (uint64_t)info->first.s, info->last.ns};

	if (info->last.ns < info->first.ns) {
		d.s--;
		d.ns += (uint32_t)PAL_NS_PER_S;
	}
	d.ns -= info->first.ns;
	return d;
}

double info_duration_seconds(const struct info *info)
{
	struct info_duration d = info_duration_of(info);

	return (double)d.s + d.ns / 1e9;
}

const char *info_order(const struct info *info)
{
	// Packets that all have no time may have come in any order.
	if (info->timed == 0 && info->packets > 0)
		return "Unknown";
	return info->unordered ? "False" : "True";
}

unsigned int info_tsresol_digits(uint8_t tsresol)
{
	unsigned int digits = tsresol & 0x7f;

	// Of a unit of 2^-n seconds every digit may be needed.
	if ((tsresol & 0x80) != 0)
		return digits == 0 ? 0 : 9;
	return digits < 9 ? digits : 9;
}

unsigned int info_digits(const struct info *info)
{
	return info->digits;
}

static void format_epoch(char *text, const struct info_time *time, unsigned int digits)
{
	bool negative = time->s < 0;
	// Seconds are rounded down, their fraction counts up: -0.25 is -1 and 0.75.
	bool borrows = negative && time->ns != 0;
	uint64_t s = negative ? -(uint64_t)time->s - borrows : (uint64_t)time->s;
	uint32_t ns = borrows ? (uint32_t)PAL_NS_PER_S - time->ns : time->ns;
	int n = snprintf(text, INFO_TEXT_LEN, "%s%" PRIu64 ".%09u", negative ? "-" : "", s, ns);

	text[n - 9 + (int)digits - (digits == 0)] = '\0';
}

void info_format_time(
	char *text,
	const struct info_time *time,
	unsigned int digits,
	bool epoch,
	char between
)
{
	time_t s = time->s;
	struct tm tm;
	int n;

	// A year that does not fit an int has no date.
	if (epoch || gmtime_r(&s, &tm) == NULL) {
		format_epoch(text, time, digits);
		return;
	}
	n = snprintf(
		text,
		INFO_TEXT_LEN,
		"%04lld-%02d-%02d%c%02d:%02d:%02d",
		tm.tm_year + 1900LL,
		tm.tm_mon + 1,
		tm.tm_mday,
		between,
		tm.tm_hour,
		tm.tm_min,
		tm.tm_sec
	);
	if (digits == 0)
		return;
	snprintf(text + n, INFO_TEXT_LEN - (size_t)n, ".%09u", time->ns);
	text[n + 1 + (int)digits] = '\0';
}

void info_format_tsresol(char *text, uint8_t tsresol)
{
	static const char *const names[] = {
		[0] = "seconds",
		[1] = "deciseconds",
		[2] = "centiseconds",
		[3] = "milliseconds",
		[6] = "microseconds",
		[9] = "nanoseconds",
		[12] = "picoseconds",
	};
	unsigned int n = tsresol & 0x7f;

	if ((tsresol & 0x80) != 0)
		snprintf(text, INFO_TEXT_LEN, "2^-%u seconds", n);
	else if (n < sizeof(names) / sizeof(names[0]) && names[n] != NULL)
		snprintf(text, INFO_TEXT_LEN, "%s (%u)", names[n], n);
	else
		snprintf(text, INFO_TEXT_LEN, "10^-%u seconds (%u)", n, n);
}

void info_format_scaled(char *text, double v, const char *whole, const char *scaled)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
	unsigned int prefix = 0;

	while (v >= 10000 && prefix < 6) {
		v /= 1000;
		prefix++;
	}
	snprintf(
		text,
		INFO_TEXT_LEN,
		"%.0f %s%s",
		floor(v),
		prefixes[prefix],
		prefix == 0 ? whole : scaled
	);
}

void info_format_linktype(char *text, uint16_t linktype)
{
	const char *description = pal_savefile_linktype_description(linktype);

	if (description != NULL)
		snprintf(text, INFO_TEXT_LEN, "%s", description);
	else
		snprintf(text, INFO_TEXT_LEN, "link type %u", linktype);
}

int info_encapsulation(const struct info *info)
{
	int found = -2;

	if (info->linktypes == NULL)
		return -2;
	for (int i = 0; i <= UINT16_MAX; i++) {
		if (info->linktypes[i] == 0)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	if (found >= 0)
		return found;
	// Without packets the interfaces say it.
	for (uint32_t s = 0; s < info->nb_sections; s++)
		for (uint32_t i = 0; i < info->sections[s].nb_interfaces; i++) {
			int linktype = info->sections[s].interfaces[i].as_read.linktype;

			if (found >= 0 && found != linktype)
				return -1;
			found = linktype;
		}
	return found;
}
