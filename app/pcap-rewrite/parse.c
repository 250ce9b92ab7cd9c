/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <pal_err.h>
#include <pal_time.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRACTION_DIGITS 9

int rw_parse_number(const char *text, uint64_t max, uint64_t *ret_value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*text))
		return pal_err(EINVAL);
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v > max)
		return pal_err(EINVAL);
	*ret_value = v;
	return 0;
}

void rw_mask_addr(union pal_addr *addr, unsigned int len)
{
	for (unsigned int i = 0; i < sizeof(addr->b); i++) {
		unsigned int bits = len > 8 * i ? len - 8 * i : 0;

		if (bits < 8)
			addr->b[i] &= (uint8_t)(0xff00 >> bits);
	}
}

int rw_parse_prefix(const char *text, struct rw_prefix *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t addr_len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct rw_prefix prefix = {.version = 4};
	char addr[INET6_ADDRSTRLEN];
	uint64_t len;

	if (addr_len >= sizeof(addr))
		return pal_err(EINVAL);
	memcpy(addr, text, addr_len);
	addr[addr_len] = '\0';
	if (strchr(addr, ':') != NULL)
		prefix.version = 6;
	if (inet_pton(prefix.version == 4 ? AF_INET : AF_INET6, addr, prefix.addr.b) != 1)
		return pal_err(EINVAL);
	len = prefix.version == 4 ? 32 : 128;
	if (slash != NULL && rw_parse_number(slash + 1, len, &len) < 0)
		return -EINVAL;
	prefix.len = (uint8_t)len;
	rw_mask_addr(&prefix.addr, prefix.len);
	*ret_prefix = prefix;
	return 0;
}

// Digits behind a point, as nanoseconds; what is finer is cut off. Without a point there is no fraction.
static const char *parse_fraction(const char *p, uint32_t *ret_ns)
{
	uint32_t ns = 0;
	int digits = 0;

	*ret_ns = 0;
	if (*p != '.')
		return p;
	for (p++; isdigit((unsigned char)*p); p++, digits++)
		if (digits < FRACTION_DIGITS)
			ns = ns * 10 + (uint32_t)(*p - '0');
	for (; digits < FRACTION_DIGITS; digits++)
		ns *= 10;
	*ret_ns = ns;
	return p;
}

static int parse_unsigned_seconds(const char *text, uint64_t max_s, uint64_t *ret_ns)
{
	unsigned long long s;
	uint32_t fraction;
	char *end;

	if (!isdigit((unsigned char)*text))
		return pal_err(EINVAL);
	errno = 0;
	s = strtoull(text, &end, 10);
	if (errno != 0 || s > max_s || *parse_fraction(end, &fraction) != '\0')
		return pal_err(EINVAL);
	*ret_ns = s * PAL_NS_PER_S + fraction;
	return 0;
}

int rw_parse_seconds(const char *text, int64_t *ret_ns)
{
	bool negative = *text == '-';
	uint64_t ns;

	if (*text == '-' || *text == '+')
		text++;
	if (parse_unsigned_seconds(text, INT64_MAX / PAL_NS_PER_S - 1, &ns) < 0)
		return -EINVAL;
	*ret_ns = negative ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

// Behind a date: nothing, Z, or a distance from UTC. What to add to get UTC, in seconds.
static int parse_zone(const char *p, bool *ret_local, long *ret_offset)
{
	int hours, minutes, n = 0;

	*ret_local = *p == '\0';
	*ret_offset = 0;
	if (*p == '\0' || strcmp(p, "Z") == 0)
		return 0;
	if (sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 &&
	    sscanf(p + 1, "%2d%2d%n", &hours, &minutes, &n) != 2)
		return pal_err(EINVAL);
	if ((*p != '+' && *p != '-') || p[1 + n] != '\0' || hours > 23 || minutes > 59)
		return pal_err(EINVAL);
	*ret_offset = (hours * 60L + minutes) * 60;
	if (*p == '+')
		*ret_offset = -*ret_offset;
	return 0;
}

static int parse_date(const char *text, uint64_t *ret_ns)
{
	struct tm tm = {.tm_isdst = -1};
	uint32_t fraction = 0;
	long offset;
	bool local;
	time_t t;
	const char *p = strptime(text, "%Y-%m-%d", &tm);

	if (p == NULL || (*p != 'T' && *p != ' '))
		return pal_err(EINVAL);
	p = strptime(p + 1, "%H:%M", &tm);
	if (p != NULL && *p == ':')
		p = strptime(p + 1, "%S", &tm);
	if (p == NULL)
		return pal_err(EINVAL);
	p = parse_fraction(p, &fraction);
	if (parse_zone(p, &local, &offset) < 0)
		return -EINVAL;
	t = local ? mktime(&tm) : timegm(&tm) + offset;
	if (t < 0 || (uint64_t)t >= UINT64_MAX / PAL_NS_PER_S)
		return pal_err(EINVAL);
	*ret_ns = (uint64_t)t * PAL_NS_PER_S + fraction;
	return 0;
}

int rw_parse_time(const char *text, uint64_t *ret_ns)
{
	if (strchr(text, '-') != NULL)
		return parse_date(text, ret_ns);
	return parse_unsigned_seconds(text, UINT64_MAX / PAL_NS_PER_S - 1, ret_ns);
}

int rw_parse_mac(const char *text, uint8_t *ret_mac)
{
	unsigned int b[6];
	int n = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &n
	    ) != 6 ||
	    text[n] != '\0')
		return pal_err(EINVAL);
	for (int i = 0; i < 6; i++)
		ret_mac[i] = (uint8_t)b[i];
	return 0;
}
