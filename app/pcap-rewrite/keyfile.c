/* SPDX-License-Identifier: BSD-3-Clause */
/* Key files: rw_keys_load(). RFC 4180, but that no field is longer than its line. */
#include "keys.h"
#include "lines.h"
#include "rewrite.h"

#include <errno.h>
#include <string.h>

#define MAX_FIELDS 5

static const unsigned int nb_fields[RW_KEY_COUNT] = {
	[RW_KEY_SI] = 1,
	[RW_KEY_DI] = 1,
	[RW_KEY_SDI] = 1,
	[RW_KEY_SIPDP] = 3,
	[RW_KEY_SDIPSDP] = 5,
};

static char *unquote(char *field)
{
	size_t len;

	field = rw_trim(field);
	len = strlen(field);
	if (len < 2 || field[0] != '"' || field[len - 1] != '"')
		return field;
	field[len - 1] = '\0';
	return field + 1;
}

// Cut a line at its commas. Returns how many fields there are, also when that is too many.
static unsigned int split(char *line, char **fields)
{
	unsigned int nb = 0;

	for (char *next = line; next != NULL; nb++) {
		char *field = strsep(&next, ",");

		if (nb < MAX_FIELDS)
			fields[nb] = unquote(field);
	}
	return nb;
}

static const char *take_addr(const char *field, struct rw_prefix *prefix)
{
	return rw_parse_prefix(field, prefix) < 0 ? "is no address and no network" : NULL;
}

static const char *take_proto(const char *field, uint8_t *proto)
{
	uint64_t v;

	if (rw_parse_number(field, UINT8_MAX, &v) < 0)
		return "is no protocol number (0 to 255)";
	*proto = (uint8_t)v;
	return NULL;
}

static const char *take_port(const char *field, uint16_t *port)
{
	uint64_t v;

	if (rw_parse_number(field, UINT16_MAX, &v) < 0)
		return "is no port (0 to 65535)";
	*port = (uint16_t)v;
	return NULL;
}

// What is wrong with a field, which one; NULL: nothing.
static const char *
take_fields(enum rw_key_kind kind, char *const *f, struct rw_key *key, const char **ret_field)
{
	const char *wrong = take_addr(*ret_field = f[0], &key->a);

	if (wrong != NULL || !rw_key_wants_ports(kind))
		return wrong;
	if (kind == RW_KEY_SIPDP) {
		wrong = take_proto(*ret_field = f[1], &key->proto);
		return wrong != NULL ? wrong : take_port(*ret_field = f[2], &key->a_port);
	}
	wrong = take_addr(*ret_field = f[1], &key->b);
	if (wrong == NULL && key->a.version != key->b.version)
		wrong = "is not of the version of the address before it";
	if (wrong == NULL)
		wrong = take_proto(*ret_field = f[2], &key->proto);
	if (wrong == NULL)
		wrong = take_port(*ret_field = f[3], &key->a_port);
	return wrong != NULL ? wrong : take_port(*ret_field = f[4], &key->b_port);
}

static int take_line(void *arg, char *line, const char *where)
{
	struct rw_keys *keys = arg;
	enum rw_key_kind kind = rw_keys_kind(keys);
	char *fields[MAX_FIELDS];
	struct rw_key key = {0};
	unsigned int nb = split(line, fields);
	const char *field, *wrong;
	int rc;

	if (nb != nb_fields[kind])
		return rw_refuse(
			"%s: %u fields, but a key of this kind has %u", where, nb, nb_fields[kind]
		);
	wrong = take_fields(kind, fields, &key, &field);
	if (wrong != NULL)
		return rw_refuse("%s: '%s' %s", where, field, wrong);
	rc = rw_keys_add(keys, &key);
	if (rc < 0)
		rw_error("%s: %s", where, rc == -ENOSPC ? "too many keys" : strerror(-rc));
	return rc;
}

int rw_keys_load(struct rw_keys *keys, const char *path)
{
	return rw_lines(path, take_line, keys);
}
