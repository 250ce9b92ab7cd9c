/* SPDX-License-Identifier: BSD-3-Clause */
#include "keys.h"

#include "map.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

/** What is hashed. Kinds that look at less use the first bytes only. */
struct packed {
	union pal_addr a;
	uint8_t version;
	uint8_t a_len, b_len; // of the prefixes
	uint8_t proto;
	uint16_t a_port, b_port;
	union pal_addr b;
};
static_assert(sizeof(struct packed) == 40, "no padding is hashed");

#define ADDR_LEN offsetof(struct packed, a_port)
#define ADDR_PORT_LEN offsetof(struct packed, b)

/** Keys of a version and of prefix lengths, which one lookup finds. */
struct shape {
	uint8_t version, a_len, b_len;
};

struct rw_keys {
	enum rw_key_kind kind;
	struct rw_set *set;
	struct shape *shapes;
	uint32_t nb_shapes;
};

static const struct {
	const char *name;
	uint32_t len;
} kinds[RW_KEY_COUNT] = {
	[RW_KEY_SI] = {"si", ADDR_LEN},
	[RW_KEY_DI] = {"di", ADDR_LEN},
	[RW_KEY_SDI] = {"sdi", ADDR_LEN},
	[RW_KEY_SIPDP] = {"sipdp", ADDR_PORT_LEN},
	[RW_KEY_SDIPSDP] = {"sdipsdp", sizeof(struct packed)},
};

enum rw_key_kind rw_key_kind_of(const char *name)
{
	int kind = 0;

	while (kind < RW_KEY_COUNT && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return (enum rw_key_kind)kind;
}

struct rw_keys *rw_keys_create(enum rw_key_kind kind)
{
	struct rw_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL)
		return pal_err_null(ENOMEM);
	keys->kind = kind;
	keys->set = rw_set_create(kinds[kind].len);
	if (keys->set != NULL)
		return keys;
	free(keys);
	return pal_err_null(ENOMEM);
}

void rw_keys_destroy(struct rw_keys *keys)
{
	if (keys == NULL)
		return;
	rw_set_destroy(keys->set);
	free(keys->shapes);
	free(keys);
}

enum rw_key_kind rw_keys_kind(const struct rw_keys *keys)
{
	return keys->kind;
}

static int add_shape(struct rw_keys *keys, struct shape shape)
{
	struct shape *shapes;

	for (uint32_t i = 0; i < keys->nb_shapes; i++)
		if (memcmp(&keys->shapes[i], &shape, sizeof(shape)) == 0)
			return 0;
	shapes = realloc(keys->shapes, (keys->nb_shapes + 1) * sizeof(*shapes));
	if (shapes == NULL)
		return pal_err(ENOMEM);
	keys->shapes = shapes;
	shapes[keys->nb_shapes++] = shape;
	return 0;
}

int rw_keys_add(struct rw_keys *keys, const struct rw_key *key)
{
	const struct packed packed = {
		.a = key->a.addr,
		.version = key->a.version,
		.a_len = key->a.len,
		.b_len = key->b.len,
		.proto = key->proto,
		.a_port = key->a_port,
		.b_port = key->b_port,
		.b = key->b.addr,
	};
	int rc = add_shape(keys, (struct shape){key->a.version, key->a.len, key->b.len});

	return rc < 0 ? rc : rw_set_add(keys->set, &packed);
}

static struct rw_prefix prefix_of(const struct rw_tuple *t, const union pal_addr *addr)
{
	return (struct rw_prefix
	){.addr = *addr, .version = t->version, .len = t->version == 4 ? 32 : 128};
}

int rw_keys_add_tuple(struct rw_keys *keys, const struct rw_tuple *t)
{
	struct rw_prefix src = prefix_of(t, t->src), dst = prefix_of(t, t->dst);
	int rc;

	if (rw_key_wants_ports(keys->kind) && !t->has_ports)
		return 0;
	switch (keys->kind) {
	case RW_KEY_SI:
		return rw_keys_add(keys, &(struct rw_key){.a = src});
	case RW_KEY_DI:
		return rw_keys_add(keys, &(struct rw_key){.a = dst});
	case RW_KEY_SDI:
		rc = rw_keys_add(keys, &(struct rw_key){.a = src});
		return rc < 0 ? rc : rw_keys_add(keys, &(struct rw_key){.a = dst});
	case RW_KEY_SIPDP:
		rc = rw_keys_add(
			keys, &(struct rw_key){.a = src, .a_port = t->dport, .proto = t->proto}
		);
		if (rc < 0)
			return rc;
		return rw_keys_add(
			keys, &(struct rw_key){.a = dst, .a_port = t->sport, .proto = t->proto}
		);
	default:
		return rw_keys_add(
			keys,
			&(struct rw_key
			){.a = src,
			  .b = dst,
			  .a_port = t->sport,
			  .b_port = t->dport,
			  .proto = t->proto}
		);
	}
}

static bool match_one(const struct rw_keys *keys, struct packed *packed)
{
	const union pal_addr a = packed->a, b = packed->b;

	for (uint32_t i = 0; i < keys->nb_shapes; i++) {
		const struct shape *shape = &keys->shapes[i];

		if (shape->version != packed->version)
			continue;
		packed->a = a;
		packed->b = b;
		packed->a_len = shape->a_len;
		packed->b_len = shape->b_len;
		rw_mask_addr(&packed->a, shape->a_len);
		rw_mask_addr(&packed->b, shape->b_len);
		if (rw_set_has(keys->set, packed))
			return true;
	}
	return false;
}

static bool match_addr(const struct rw_keys *keys, uint8_t version, const union pal_addr *addr)
{
	struct packed packed = {.a = *addr, .version = version};

	return match_one(keys, &packed);
}

static bool match_both_ways(const struct rw_keys *keys, const struct rw_tuple *t)
{
	struct packed there = {
		.a = *t->src,
		.b = *t->dst,
		.version = t->version,
		.proto = t->proto,
		.a_port = t->sport,
		.b_port = t->dport,
	};
	struct packed back = {
		.a = *t->dst,
		.b = *t->src,
		.version = t->version,
		.proto = t->proto,
		.a_port = t->dport,
		.b_port = t->sport,
	};

	return match_one(keys, &there) || match_one(keys, &back);
}

bool rw_keys_match(const struct rw_keys *keys, const struct rw_tuple *t)
{
	struct packed packed;

	if (rw_key_wants_ports(keys->kind) && !t->has_ports)
		return false;
	switch (keys->kind) {
	case RW_KEY_SI:
		return match_addr(keys, t->version, t->src);
	case RW_KEY_DI:
		return match_addr(keys, t->version, t->dst);
	case RW_KEY_SDI:
		return match_addr(keys, t->version, t->src) || match_addr(keys, t->version, t->dst);
	case RW_KEY_SIPDP:
		packed = (struct packed
		){.a = *t->src, .version = t->version, .proto = t->proto, .a_port = t->dport};
		return match_one(keys, &packed);
	default:
		return match_both_ways(keys, t);
	}
}
