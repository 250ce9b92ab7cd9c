/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * `pal_ospf` records: what the header says, and by type neighbours or advertisements. A record lists MAX_LISTED of the
 * elements of a packet; `more` says how many there are besides.
 */
#include "ospf_record.h"

#define MAX_LISTED 128

struct budget {
	unsigned int left;
	unsigned int nb_more;
};

static bool take(struct budget *b)
{
	if (b->left == 0) {
		b->nb_more++;
		return false;
	}
	b->left--;
	return true;
}

static void put_ip4(struct pal_json *j, const uint8_t *addr)
{
	pal_json_put_comma(j);
	pal_json_put_addr(j, addr, 4);
}

/* advertisements */

static void put_header(struct pal_json *j, uint8_t version, const struct pal_ospf_lsa *lsa)
{
	const char *name = pal_ospf_lsa_name(version, lsa->type);

	pal_json_str(j, "type", name != NULL ? name : "unknown");
	pal_json_u64(j, "type_raw", lsa->type);
	pal_json_addr(j, "id", lsa->id, 4);
	pal_json_addr(j, "router", lsa->router, 4);
}

// What a request does not have.
static void put_age(struct pal_json *j, const struct pal_ospf_lsa *lsa)
{
	pal_json_u64(j, "age", lsa->age);
	pal_json_u64(j, "sequence", lsa->sequence);
	pal_json_u64(j, "length", lsa->len);
}

static bool
put_links(struct pal_json *j, uint8_t version, const struct pal_ospf_lsa *lsa, struct budget *b)
{
	struct pal_cursor links;
	struct pal_ospf_link link;

	if (!pal_ospf_links(version, lsa, &links))
		return false;
	pal_json_open(j, "links", '[');
	while (pal_ospf_link_next(version, &links, &link)) {
		if (!take(b))
			continue;
		pal_json_open_obj(j);
		pal_json_u64(j, "type", link.type);
		pal_json_addr(j, "id", link.id, 4);
		pal_json_addr(j, "data", link.data, 4);
		pal_json_u64(j, "metric", link.metric);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	return pal_cursor_left(&links) == 0;
}

static bool
put_routers(struct pal_json *j, uint8_t version, const struct pal_ospf_lsa *lsa, struct budget *b)
{
	struct pal_cursor routers;
	const uint8_t *mask, *router;

	if (!pal_ospf_routers(lsa, &mask, &routers))
		return false;
	if (version == 2)
		pal_json_addr(j, "mask", mask, 4);
	pal_json_open(j, "routers", '[');
	while ((router = pal_cursor_take(&routers, 4)) != NULL)
		if (take(b))
			put_ip4(j, router);
	pal_json_close(j, ']');
	return true;
}

static bool put_route(struct pal_json *j, uint8_t version, const struct pal_ospf_lsa *lsa)
{
	struct pal_ospf_route route;

	if (!pal_ospf_route(version, lsa, &route))
		return false;
	if (route.mask != NULL)
		pal_json_addr(j, "mask", route.mask, 4);
	if (route.has_prefix) {
		pal_json_addr(j, "prefix", route.prefix.addr, 6);
		pal_json_u64(j, "prefix_length", route.prefix.len);
	}
	if (route.destination != NULL)
		pal_json_addr(j, "destination", route.destination, 4);
	pal_json_u64(j, "metric", route.metric);
	if (!route.is_external)
		return true;
	pal_json_u64(j, "metric_type", route.is_type_2 ? 2 : 1);
	if (route.forwarding != NULL)
		pal_json_addr(j, "forwarding", route.forwarding, 4);
	if (route.has_tag)
		pal_json_u64(j, "tag", route.tag);
	return true;
}

static bool put_prefixes(struct pal_json *j, const struct pal_ospf_lsa *lsa, struct budget *b)
{
	struct pal_cursor prefixes;
	struct pal_ospf_prefix prefix;
	const uint8_t *link_local;

	if (!pal_ospf_prefixes(lsa, &link_local, &prefixes))
		return false;
	if (link_local != NULL)
		pal_json_addr(j, "link_local", link_local, 6);
	pal_json_open(j, "prefixes", '[');
	while (pal_ospf_prefix_next(&prefixes, &prefix)) {
		if (!take(b))
			continue;
		pal_json_open_obj(j);
		pal_json_addr(j, "prefix", prefix.addr, 6);
		pal_json_u64(j, "prefix_length", prefix.len);
		if (link_local == NULL) // of a link, this is reserved
			pal_json_u64(j, "metric", prefix.metric);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	return pal_cursor_left(&prefixes) == 0;
}

static bool
put_body(struct pal_json *j, uint8_t version, const struct pal_ospf_lsa *lsa, struct budget *b)
{
	switch (pal_ospf_body(version, lsa->type)) {
	case PAL_OSPF_BODY_LINKS:
		return put_links(j, version, lsa, b);
	case PAL_OSPF_BODY_ROUTERS:
		return put_routers(j, version, lsa, b);
	case PAL_OSPF_BODY_ROUTES:
		return put_route(j, version, lsa);
	case PAL_OSPF_BODY_PREFIXES:
		return put_prefixes(j, lsa, b);
	default:
		return true;
	}
}

/* packets */

static bool put_hello(struct pal_json *j, const struct pal_ospf *ospf, struct budget *b)
{
	struct pal_ospf_hello hello;
	const uint8_t *neighbour;

	if (!pal_ospf_hello(ospf, &hello))
		return false;
	if (hello.mask != NULL)
		pal_json_addr(j, "mask", hello.mask, 4);
	else
		pal_json_u64(j, "interface_id", hello.interface_id);
	pal_json_u64(j, "options", hello.options);
	pal_json_u64(j, "priority", hello.priority);
	pal_json_u64(j, "hello_interval", hello.hello_s);
	pal_json_u64(j, "dead_interval", hello.dead_s);
	pal_json_addr(j, "designated_router", hello.designated, 4);
	pal_json_addr(j, "backup_router", hello.backup, 4);
	pal_json_open(j, "neighbours", '[');
	while ((neighbour = pal_cursor_take(&hello.neighbours, 4)) != NULL)
		if (take(b))
			put_ip4(j, neighbour);
	pal_json_close(j, ']');
	return pal_cursor_left(&hello.neighbours) == 0;
}

static bool
put_headers(struct pal_json *j, uint8_t version, struct pal_cursor list, struct budget *b)
{
	struct pal_ospf_lsa lsa;

	pal_json_open(j, "lsas", '[');
	while (pal_ospf_header_next(version, &list, &lsa)) {
		if (!take(b))
			continue;
		pal_json_open_obj(j);
		put_header(j, version, &lsa);
		put_age(j, &lsa);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	return pal_cursor_left(&list) == 0;
}

static bool put_description(struct pal_json *j, const struct pal_ospf *ospf, struct budget *b)
{
	struct pal_ospf_description dd;

	if (!pal_ospf_description(ospf, &dd))
		return false;
	pal_json_u64(j, "mtu", dd.mtu);
	pal_json_u64(j, "options", dd.options);
	pal_json_bool(j, "init", dd.flags & PAL_OSPF_INIT);
	pal_json_bool(j, "continues", dd.flags & PAL_OSPF_MORE);
	pal_json_bool(j, "master", dd.flags & PAL_OSPF_MASTER);
	pal_json_u64(j, "sequence", dd.sequence);
	return put_headers(j, ospf->version, dd.headers, b);
}

static bool put_request(struct pal_json *j, const struct pal_ospf *ospf, struct budget *b)
{
	struct pal_cursor list = ospf->body;
	struct pal_ospf_lsa lsa;

	pal_json_open(j, "lsas", '[');
	while (pal_ospf_request_next(&list, &lsa)) {
		if (!take(b))
			continue;
		pal_json_open_obj(j);
		put_header(j, ospf->version, &lsa);
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	return pal_cursor_left(&list) == 0;
}

static bool put_update(struct pal_json *j, const struct pal_ospf *ospf, struct budget *b)
{
	struct pal_ospf_lsa lsa;
	struct pal_cursor list;
	bool whole = true;
	uint32_t nb;

	if (!pal_ospf_update(ospf, &nb, &list))
		return false;
	pal_json_open(j, "lsas", '[');
	for (; nb != 0 && pal_ospf_lsa_next(ospf->version, &list, &lsa); nb--) {
		if (!take(b))
			continue;
		pal_json_open_obj(j);
		put_header(j, ospf->version, &lsa);
		put_age(j, &lsa);
		whole = put_body(j, ospf->version, &lsa, b) && whole;
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
	return whole && nb == 0;
}

static bool put_packet(struct pal_json *j, const struct pal_ospf *ospf, struct budget *b)
{
	switch (ospf->type) {
	case PAL_OSPF_HELLO:
		return put_hello(j, ospf, b);
	case PAL_OSPF_DESCRIPTION:
		return put_description(j, ospf, b);
	case PAL_OSPF_REQUEST:
		return put_request(j, ospf, b);
	case PAL_OSPF_UPDATE:
		return put_update(j, ospf, b);
	default:
		return put_headers(j, ospf->version, ospf->body, b);
	}
}

bool ospf_put(struct pal_json *j, const struct pal_ospf *ospf)
{
	struct budget b = {.left = MAX_LISTED};
	bool whole;

	pal_json_open(j, "pal", '{');
	pal_json_u64(j, "version", ospf->version);
	pal_json_str(j, "type", pal_ospf_type_name(ospf->type));
	pal_json_addr(j, "router", ospf->router, 4);
	pal_json_addr(j, "area", ospf->area, 4);
	if (ospf->version == 2)
		pal_json_u64(j, "auth_type", ospf->auth_type);
	else
		pal_json_u64(j, "instance", ospf->instance);
	whole = put_packet(j, ospf, &b);
	if (b.nb_more != 0)
		pal_json_u64(j, "more", b.nb_more);
	pal_json_close(j, '}');
	return whole && !ospf->is_cut;
}
