/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_prefix.h"

#include "pal_err.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define ENTRY_LEN 96 /**< Longest prefix and word, NUL included. */

struct prefix {
	uint8_t addr[16]; // bits behind len are 0
	uint8_t ip_version;
	uint8_t len; // bits
	uint8_t value;
};

struct pal_prefix_table {
	uint32_t nb_prefixes;
	struct prefix prefixes[PAL_PREFIX_MAX]; // longest first
};

__attribute__((format(printf, 2, 3))) static int fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, PAL_PREFIX_ERR_LEN, fmt, ap);
	va_end(ap);
	return pal_err(EINVAL);
}

static uint8_t addr_bits(const struct prefix *prefix)
{
	return prefix->ip_version == 4 ? 32 : 128;
}

// Bits of the last byte that a prefix covers in part; 0 where it covers whole bytes.
static uint8_t part_mask(uint8_t len)
{
	return (uint8_t)(0xff00 >> len % 8);
}

static bool has_host_bits(const struct prefix *prefix)
{
	bool any = prefix->len % 8 != 0 && prefix->addr[prefix->len / 8] & ~part_mask(prefix->len);

	for (unsigned int i = (prefix->len + 7u) / 8; i < sizeof(prefix->addr); i++)
		any |= prefix->addr[i] != 0;
	return any;
}

static bool holds(const struct prefix *prefix, unsigned int ip_version, const uint8_t *addr)
{
	unsigned int nb_bytes = prefix->len / 8;

	if (prefix->ip_version != ip_version || memcmp(prefix->addr, addr, nb_bytes) != 0)
		return false;
	return prefix->len % 8 == 0 ||
	       ((prefix->addr[nb_bytes] ^ addr[nb_bytes]) & part_mask(prefix->len)) == 0;
}

/* parsing */

// A whole number up to max, and nothing else.
static int parse_len(const char *text, uint8_t max, uint8_t *ret_len)
{
	unsigned int len = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		len = len * 10 + (unsigned int)(*text - '0');
		if (len > max)
			return -EINVAL;
	}
	*ret_len = (uint8_t)len;
	return 0;
}

static int parse_prefix(char *text, struct prefix *ret_prefix, char *err)
{
	struct prefix prefix = {0};
	char *slash = strchr(text, '/');

	if (slash != NULL)
		*slash = '\0';
	prefix.ip_version = strchr(text, ':') != NULL ? 6 : 4;
	if (inet_pton(prefix.ip_version == 6 ? AF_INET6 : AF_INET, text, prefix.addr) != 1)
		return fail(err, "%s: not an IPv4 or IPv6 address", text);
	prefix.len = addr_bits(&prefix);
	if (slash != NULL && parse_len(slash + 1, prefix.len, &prefix.len) < 0)
		return fail(
			err,
			"%s/%s: the length of the prefix must be a whole number from 0 to %u",
			text,
			slash + 1,
			addr_bits(&prefix)
		);
	if (has_host_bits(&prefix))
		return fail(err, "%s/%u: the address has bits behind its prefix", text, prefix.len);
	*ret_prefix = prefix;
	return 0;
}

static int parse_word(const char *word, const char *const *words, uint8_t *ret_value, char *err)
{
	char list[128] = "";
	size_t len = 0;

	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret_value = (uint8_t)i;
			return 0;
		}
		if (len < sizeof(list))
			len += (size_t)snprintf(
				list + len, sizeof(list) - len, "%s%s", i == 0 ? "" : ", ", words[i]
			);
	}
	return fail(err, "%s: must be one of %s", word, list);
}

static int parse_entry(char *entry, const char *const *words, struct prefix *ret_prefix, char *err)
{
	char *save = NULL;
	char *addr = strtok_r(entry, BLANKS, &save);
	char *word = strtok_r(NULL, BLANKS, &save);
	char *more = strtok_r(NULL, BLANKS, &save);
	int rc;

	if (addr == NULL)
		return fail(err, "an entry is empty");
	if (word == NULL || more != NULL)
		return fail(
			err,
			"%s: a prefix, a blank and one word make an entry, commas go between",
			addr
		);
	rc = parse_prefix(addr, ret_prefix, err);
	return rc < 0 ? rc : parse_word(word, words, &ret_prefix->value, err);
}

static int add(struct pal_prefix_table *table, const struct prefix *prefix, char *err)
{
	char text[INET6_ADDRSTRLEN];

	for (uint32_t i = 0; i < table->nb_prefixes; i++) {
		const struct prefix *p = &table->prefixes[i];

		if (p->ip_version != prefix->ip_version || p->len != prefix->len ||
		    memcmp(p->addr, prefix->addr, sizeof(p->addr)) != 0)
			continue;
		inet_ntop(p->ip_version == 6 ? AF_INET6 : AF_INET, p->addr, text, sizeof(text));
		return fail(err, "%s/%u: is named twice", text, p->len);
	}
	if (table->nb_prefixes == PAL_PREFIX_MAX)
		return fail(err, "more than %d prefixes", PAL_PREFIX_MAX);
	table->prefixes[table->nb_prefixes++] = *prefix;
	return 0;
}

static int
parse_list(struct pal_prefix_table *table, const char *text, const char *const *words, char *err)
{
	for (const char *end; *text != '\0'; text = *end == ',' ? end + 1 : end) {
		struct prefix prefix;
		char entry[ENTRY_LEN];
		size_t len;
		int rc;

		end = text + strcspn(text, ",");
		len = (size_t)(end - text);
		if (len >= sizeof(entry))
			return fail(err, "%.*s...: too long", 40, text);
		memcpy(entry, text, len);
		entry[len] = '\0';
		rc = parse_entry(entry, words, &prefix, err);
		if (rc == 0)
			rc = add(table, &prefix, err);
		if (rc < 0)
			return rc;
		if (*end == ',' && end[1 + strspn(end + 1, BLANKS)] == '\0')
			return fail(err, "an entry is empty");
	}
	return 0;
}

static int compare_len(const void *a, const void *b)
{
	return ((const struct prefix *)b)->len - ((const struct prefix *)a)->len;
}

int pal_prefix_parse(
	const char *text,
	const char *const *words,
	struct pal_prefix_table **ret_table,
	char *err
)
{
	struct pal_prefix_table *table = calloc(1, sizeof(*table));
	int rc;

	if (table == NULL) {
		snprintf(err, PAL_PREFIX_ERR_LEN, "no memory");
		return pal_err(ENOMEM);
	}
	rc = parse_list(table, text + strspn(text, BLANKS), words, err);
	if (rc < 0) {
		free(table);
		return pal_err(-rc);
	}
	qsort(table->prefixes, table->nb_prefixes, sizeof(table->prefixes[0]), compare_len);
	*ret_table = table;
	return 0;
}

void pal_prefix_destroy(struct pal_prefix_table *table)
{
	free(table);
}

int pal_prefix_lookup(
	const struct pal_prefix_table *table,
	unsigned int ip_version,
	const uint8_t *addr
)
{
	if (table == NULL)
		return -1;
	for (uint32_t i = 0; i < table->nb_prefixes; i++)
		if (holds(&table->prefixes[i], ip_version, addr))
			return table->prefixes[i].value;
	return -1;
}
