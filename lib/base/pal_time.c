/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_time.h"

#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY 86400

static void put_digits(char *dst, uint32_t value, int n)
{
	while (n-- > 0) {
		dst[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

static void format_day(struct pal_time_cache *cache, uint64_t day)
{
	time_t t = (time_t)(day * SECONDS_PER_DAY);
	struct tm tm;

	gmtime_r(&t, &tm);
	memcpy(cache->text, "0000-00-00T", 12);
	put_digits(cache->text, (uint32_t)tm.tm_year + 1900, 4);
	put_digits(cache->text + 5, (uint32_t)tm.tm_mon + 1, 2);
	put_digits(cache->text + 8, (uint32_t)tm.tm_mday, 2);
	cache->day = day;
}

size_t pal_time_iso(struct pal_time_cache *cache, uint64_t time_ns, char *dst)
{
	uint64_t day = time_ns / (SECONDS_PER_DAY * PAL_NS_PER_S);
	uint32_t second = (uint32_t)(time_ns / PAL_NS_PER_S % SECONDS_PER_DAY);

	if (cache->text[0] == '\0' || cache->day != day)
		format_day(cache, day);
	memcpy(dst, cache->text, 11);
	memcpy(dst + 11, "00:00:00.000000+0000", 21);
	put_digits(dst + 11, second / 3600, 2);
	put_digits(dst + 14, second / 60 % 60, 2);
	put_digits(dst + 17, second % 60, 2);
	put_digits(dst + 20, (uint32_t)(time_ns % PAL_NS_PER_S / PAL_NS_PER_US), 6);
	return 31;
}

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * PAL_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t pal_time_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t pal_time_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
