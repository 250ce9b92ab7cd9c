/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CommunityID:[!][seed=N,]IDS|FILE: packets of flows with these ids, separated by commas, or one a line of a file.
 *
 * A later fragment belongs to the flow of its first. Programs that do not put datagrams together give fragments an
 * id without ports, so a fragment matches by either.
 */
#include "digest.h"
#include "filter.h"
#include "lines.h"
#include "map.h"
#include "parse.h"
#include "rewrite.h"

#include <pal_community_id.h>
#include <pal_err.h>

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SHA1_LEN 20
#define BASE64_LEN 28

struct ids {
	struct rw_set *set;
	struct rw_digest *sha1;
	uint16_t seed;
	bool negate;
};

static bool is_id(const char *text)
{
	return strncmp(text, "1:", 2) == 0;
}

static int add_id(struct ids *ids, const char *text, size_t len, const char *where)
{
	uint8_t digest[BASE64_LEN / 4 * 3];

	// SHA-1 in base64 ends in one '='.
	if (len != 2 + BASE64_LEN || !is_id(text) || text[len - 1] != '=' ||
	    EVP_DecodeBlock(digest, (const uint8_t *)text + 2, BASE64_LEN) < 0)
		return rw_refuse(
			"%s: '%.*s' is no Community ID (1: and 28 characters of base64)",
			where,
			(int)len,
			text
		);
	return rw_set_add(ids->set, digest);
}

static int add_list(struct ids *ids, const char *list, const char *where)
{
	int rc = 0;

	while (rc == 0 && *list != '\0') {
		size_t len = strcspn(list, ",");

		rc = add_id(ids, list, len, where);
		list += len + (list[len] == ',');
	}
	return rc;
}

static int add_line(void *arg, char *line, const char *where)
{
	return add_id(arg, line, strlen(line), where);
}

// What follows `seed=N,`, if that is there; NULL: N is none.
static const char *take_seed(struct ids *ids, const char *args)
{
	char text[8];
	size_t len;
	uint64_t seed;

	if (strncmp(args, "seed=", 5) != 0)
		return args;
	args += 5;
	len = strcspn(args, ",");
	if (len >= sizeof(text) || args[len] == '\0')
		return NULL;
	memcpy(text, args, len);
	text[len] = '\0';
	if (rw_parse_number(text, UINT16_MAX, &seed) < 0)
		return NULL;
	ids->seed = (uint16_t)seed;
	return args + len + 1;
}

static int community_id_create(struct rw_filter *filter, const char *args)
{
	struct ids *ids = calloc(1, sizeof(*ids));

	filter->data = ids;
	if (ids == NULL)
		return pal_err(ENOMEM);
	ids->negate = *args == '!';
	args += ids->negate;
	args = take_seed(ids, args);
	if (args == NULL)
		return rw_refuse("-f %s: a seed is 0 to 65535", filter->text);
	ids->set = rw_set_create(SHA1_LEN);
	ids->sha1 = rw_digest_create("SHA1");
	if (ids->set == NULL || ids->sha1 == NULL)
		return rw_refuse("-f %s: no SHA-1 here: %s", filter->text, strerror(errno));
	return is_id(args) ? add_list(ids, args, filter->text) : rw_lines(args, add_line, ids);
}

static void community_id_destroy(struct rw_filter *filter)
{
	struct ids *ids = filter->data;

	if (ids == NULL)
		return;
	rw_set_destroy(ids->set);
	rw_digest_destroy(ids->sha1);
	free(ids);
}

static bool has_id(const struct ids *ids, const struct pal_flow_key *key, uint16_t flags)
{
	uint8_t input[PAL_COMMUNITY_ID_INPUT_MAX], digest[RW_DIGEST_MAX];
	size_t len = pal_community_id_input(key, flags, ids->seed, input);

	return rw_digest(ids->sha1, input, len, digest) && rw_set_has(ids->set, digest);
}

// The key that the datagram would have if it were whole.
static struct pal_flow_key whole_key(const struct rw_packet *p)
{
	struct pal_flow_key key = p->pkt.key;
	unsigned int sender = pal_pkt_sender(&p->pkt);

	key.proto = p->tuple.proto;
	// Of two endpoints with the same address the smaller port comes first.
	if (memcmp(&key.addr[0], &key.addr[1], sizeof(key.addr[0])) == 0)
		sender = p->tuple.sport > p->tuple.dport;
	key.port[sender] = p->tuple.sport;
	key.port[!sender] = p->tuple.dport;
	return key;
}

static bool community_id_match(const struct ids *ids, const struct rw_packet *p)
{
	struct pal_flow_key key;

	if (!rw_packet_is_ip(p))
		return false;
	if (has_id(ids, &p->pkt.key, p->pkt.flags))
		return true;
	// XXX: ICMP in fragments is found by the id without type and code only.
	if ((p->pkt.flags & PAL_PKT_FRAGMENT) == 0 || !p->tuple.has_ports ||
	    !rw_proto_has_ports(p->tuple.proto))
		return false;
	key = whole_key(p);
	return has_id(ids, &key, 0);
}

static bool community_id_keep(struct rw_filter *filter, const struct rw_packet *p)
{
	const struct ids *ids = filter->data;

	return community_id_match(ids, p) != ids->negate;
}

const struct rw_filter_ops rw_filter_community_id = {
	.name = "CommunityID",
	.usage = "[!][seed=N,]1:ID[,1:ID...] or [!][seed=N,]FILE",
	.wants = RW_WANT_DECODE | RW_WANT_PORTS,
	.create = community_id_create,
	.destroy = community_id_destroy,
	.keep = community_id_keep,
};
