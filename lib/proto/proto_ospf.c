/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_ospf.h"

#define HEADER_V2_LEN 24
#define HEADER_V3_LEN 16
#define LSA_HEADER_LEN 20

// Types of version 3, with their scope. RFC 5340 section A.4.2.1.
enum {
	V3_ROUTER = 0x2001,
	V3_NETWORK = 0x2002,
	V3_INTER_AREA_PREFIX = 0x2003,
	V3_INTER_AREA_ROUTER = 0x2004,
	V3_EXTERNAL = 0x4005,
	V3_NSSA = 0x2007,
	V3_LINK = 0x0008,
	V3_INTRA_AREA_PREFIX = 0x2009,
};

static uint32_t load_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | pal_load_be16(p + 1);
}

// RFC 2328 section A.3.1, RFC 5340 section A.3.1.
bool pal_ospf_open(struct pal_ospf *ospf, struct pal_cursor datagram)
{
	const uint8_t *first = pal_cursor_peek(&datagram, 1), *head;
	size_t head_len, left;

	if (first == NULL || (*first != 2 && *first != 3))
		return false;
	head_len = *first == 2 ? HEADER_V2_LEN : HEADER_V3_LEN;
	head = pal_cursor_take(&datagram, head_len);
	if (head == NULL || pal_ospf_type_name(head[1]) == NULL)
		return false;
	*ospf = (struct pal_ospf
	){.version = head[0],
	  .type = head[1],
	  .len = pal_load_be16(head + 2),
	  .router = head + 4,
	  .area = head + 8,
	  .body = datagram};
	if (ospf->version == 2)
		ospf->auth_type = pal_load_be16(head + 14);
	else
		ospf->instance = head[14];
	if (ospf->len < head_len)
		return false;
	left = ospf->len - head_len;
	ospf->is_cut = left > pal_cursor_left(&datagram);
	// RFC 2328 section D.4.3: a digest lies behind the packet, RFC 5613 section 2: so may data of the link.
	pal_cursor_limit(&ospf->body, left);
	return true;
}

bool pal_ospf_hello(const struct pal_ospf *ospf, struct pal_ospf_hello *ret_hello)
{
	struct pal_cursor cur = ospf->body;
	const uint8_t *p = pal_cursor_take(&cur, 20);

	if (ospf->type != PAL_OSPF_HELLO || p == NULL)
		return false;
	if (ospf->version == 2) // RFC 2328 section A.3.2
		*ret_hello = (struct pal_ospf_hello
		){.mask = p,
		  .hello_s = pal_load_be16(p + 4),
		  .options = p[6],
		  .priority = p[7],
		  .dead_s = pal_load_be32(p + 8)};
	else // RFC 5340 section A.3.2
		*ret_hello = (struct pal_ospf_hello
		){.interface_id = pal_load_be32(p),
		  .priority = p[4],
		  .options = load_be24(p + 5),
		  .hello_s = pal_load_be16(p + 8),
		  .dead_s = pal_load_be16(p + 10)};
	ret_hello->designated = p + 12;
	ret_hello->backup = p + 16;
	ret_hello->neighbours = cur;
	return true;
}

bool pal_ospf_description(const struct pal_ospf *ospf, struct pal_ospf_description *ret_dd)
{
	struct pal_cursor cur = ospf->body;
	const uint8_t *p = pal_cursor_take(&cur, ospf->version == 2 ? 8 : 12);

	if (ospf->type != PAL_OSPF_DESCRIPTION || p == NULL)
		return false;
	if (ospf->version == 2) // RFC 2328 section A.3.3
		*ret_dd = (struct pal_ospf_description
		){.mtu = pal_load_be16(p),
		  .options = p[2],
		  .flags = p[3] & 7,
		  .sequence = pal_load_be32(p + 4)};
	else // RFC 5340 section A.3.3
		*ret_dd = (struct pal_ospf_description
		){.options = load_be24(p + 1),
		  .mtu = pal_load_be16(p + 4),
		  .flags = p[7] & 7,
		  .sequence = pal_load_be32(p + 8)};
	ret_dd->headers = cur;
	return true;
}

bool pal_ospf_update(const struct pal_ospf *ospf, uint32_t *ret_nb, struct pal_cursor *ret_list)
{
	struct pal_cursor cur = ospf->body;

	if (ospf->type != PAL_OSPF_UPDATE || !pal_cursor_be32(&cur, ret_nb))
		return false;
	*ret_list = cur;
	return true;
}

// RFC 2328 section A.3.4, RFC 5340 section A.3.4: in version 3 the upper half of the type is reserved.
bool pal_ospf_request_next(struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa)
{
	const uint8_t *p = pal_cursor_take(list, 12);

	if (p == NULL)
		return false;
	*ret_lsa = (struct pal_ospf_lsa
	){.type = pal_load_be16(p + 2), .id = p + 4, .router = p + 8, .body = {p, p}};
	return true;
}

// RFC 2328 section A.4.1, RFC 5340 section A.4.2.
bool pal_ospf_header_next(uint8_t version, struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa)
{
	const uint8_t *p = pal_cursor_take(list, LSA_HEADER_LEN);

	if (p == NULL)
		return false;
	*ret_lsa = (struct pal_ospf_lsa
	){.age = pal_load_be16(p),
	  .type = version == 2 ? p[3] : pal_load_be16(p + 2),
	  .id = p + 4,
	  .router = p + 8,
	  .sequence = pal_load_be32(p + 12),
	  .len = pal_load_be16(p + 18),
	  .body = {p, p}};
	return true;
}

bool pal_ospf_lsa_next(uint8_t version, struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa)
{
	struct pal_cursor cur = *list;
	struct pal_ospf_lsa lsa;
	const uint8_t *body;

	if (!pal_ospf_header_next(version, &cur, &lsa) || lsa.len < LSA_HEADER_LEN)
		return false;
	body = pal_cursor_take(&cur, lsa.len - LSA_HEADER_LEN);
	if (body == NULL)
		return false;
	lsa.body = pal_cursor_of(body, lsa.len - LSA_HEADER_LEN);
	*list = cur;
	*ret_lsa = lsa;
	return true;
}

/* bodies */

enum pal_ospf_body pal_ospf_body(uint8_t version, uint16_t type)
{
	if (version == 2)
		switch (type) {
		case 1:
			return PAL_OSPF_BODY_LINKS;
		case 2:
			return PAL_OSPF_BODY_ROUTERS;
		case 3:
		case 4:
		case 5:
		case 7:
			return PAL_OSPF_BODY_ROUTES;
		default:
			return PAL_OSPF_BODY_UNKNOWN;
		}
	switch (type) {
	case V3_ROUTER:
		return PAL_OSPF_BODY_LINKS;
	case V3_NETWORK:
		return PAL_OSPF_BODY_ROUTERS;
	case V3_INTER_AREA_PREFIX:
	case V3_INTER_AREA_ROUTER:
	case V3_EXTERNAL:
	case V3_NSSA:
		return PAL_OSPF_BODY_ROUTES;
	case V3_LINK:
	case V3_INTRA_AREA_PREFIX:
		return PAL_OSPF_BODY_PREFIXES;
	default:
		return PAL_OSPF_BODY_UNKNOWN;
	}
}

// RFC 2328 section A.4.2, RFC 5340 section A.4.3: flags, and in version 2 the number of links.
bool pal_ospf_links(uint8_t version, const struct pal_ospf_lsa *lsa, struct pal_cursor *ret_links)
{
	struct pal_cursor cur = lsa->body;

	if (pal_ospf_body(version, lsa->type) != PAL_OSPF_BODY_LINKS || !pal_cursor_skip(&cur, 4))
		return false;
	*ret_links = cur;
	return true;
}

bool pal_ospf_link_next(uint8_t version, struct pal_cursor *links, struct pal_ospf_link *ret_link)
{
	struct pal_cursor cur = *links;
	const uint8_t *p = pal_cursor_take(&cur, version == 2 ? 12 : 16);

	if (p == NULL)
		return false;
	if (version == 2) {
		*ret_link = (struct pal_ospf_link
		){.id = p, .data = p + 4, .type = p[8], .metric = pal_load_be16(p + 10)};
		// Metrics for types of service follow, four bytes each.
		if (!pal_cursor_skip(&cur, 4u * p[9]))
			return false;
	} else {
		*ret_link = (struct pal_ospf_link
		){.type = p[0], .metric = pal_load_be16(p + 2), .data = p + 4, .id = p + 12};
	}
	*links = cur;
	return true;
}

// RFC 2328 section A.4.3: a mask; RFC 5340 section A.4.4: options in its place.
bool pal_ospf_routers(
	const struct pal_ospf_lsa *lsa,
	const uint8_t **ret_mask,
	struct pal_cursor *ret_routers
)
{
	struct pal_cursor cur = lsa->body;
	const uint8_t *p = pal_cursor_take(&cur, 4);

	if (p == NULL)
		return false;
	*ret_mask = p;
	*ret_routers = cur;
	return true;
}

// RFC 5340 section A.4.1: length, options, a metric or something else; then as many words as the bits need.
bool pal_ospf_prefix_next(struct pal_cursor *prefixes, struct pal_ospf_prefix *ret_prefix)
{
	struct pal_cursor cur = *prefixes;
	const uint8_t *head = pal_cursor_take(&cur, 4), *addr;
	size_t len;

	if (head == NULL || head[0] > 128)
		return false;
	len = (head[0] + 31u) / 32 * 4;
	addr = pal_cursor_take(&cur, len);
	if (addr == NULL)
		return false;
	*ret_prefix = (struct pal_ospf_prefix){.len = head[0], .metric = pal_load_be16(head + 2)};
	memcpy(ret_prefix->addr, addr, len);
	*prefixes = cur;
	return true;
}

// RFC 2328 sections A.4.4 and A.4.5; RFC 3101 for NSSA.
static bool route_v2(const struct pal_ospf_lsa *lsa, struct pal_ospf_route *route)
{
	struct pal_cursor cur = lsa->body;
	const uint8_t *p = pal_cursor_take(&cur, 8);

	if (p == NULL)
		return false;
	*route = (struct pal_ospf_route){.mask = p, .metric = load_be24(p + 5)};
	if (lsa->type != 5 && lsa->type != 7)
		return true;
	route->is_external = true;
	route->is_type_2 = p[4] & 0x80;
	route->forwarding = pal_cursor_take(&cur, 4);
	route->has_tag = true;
	return route->forwarding != NULL && pal_cursor_be32(&cur, &route->tag);
}

// RFC 5340 sections A.4.5 to A.4.7.
static bool route_v3(const struct pal_ospf_lsa *lsa, struct pal_ospf_route *route)
{
	struct pal_cursor cur = lsa->body;
	const uint8_t *p = pal_cursor_take(&cur, 4);

	if (p == NULL)
		return false;
	*route = (struct pal_ospf_route){.metric = load_be24(p + 1)};
	if (lsa->type == V3_INTER_AREA_ROUTER) {
		// Options come first here, then the metric.
		p = pal_cursor_take(&cur, 8);
		if (p == NULL)
			return false;
		route->metric = load_be24(p + 1);
		route->destination = p + 4;
		return true;
	}
	route->is_external = lsa->type == V3_EXTERNAL || lsa->type == V3_NSSA;
	route->is_type_2 = route->is_external && (p[0] & 4);
	route->has_prefix = true;
	return pal_ospf_prefix_next(&cur, &route->prefix);
}

bool pal_ospf_route(
	uint8_t version,
	const struct pal_ospf_lsa *lsa,
	struct pal_ospf_route *ret_route
)
{
	if (pal_ospf_body(version, lsa->type) != PAL_OSPF_BODY_ROUTES)
		return false;
	return version == 2 ? route_v2(lsa, ret_route) : route_v3(lsa, ret_route);
}

// RFC 5340 sections A.4.9 and A.4.10.
bool pal_ospf_prefixes(
	const struct pal_ospf_lsa *lsa,
	const uint8_t **ret_link_local,
	struct pal_cursor *ret_prefixes
)
{
	struct pal_cursor cur = lsa->body;
	const uint8_t *p;

	if (lsa->type == V3_LINK) {
		p = pal_cursor_take(&cur, 24); // priority and options, address, number of prefixes
		*ret_link_local = p == NULL ? NULL : p + 4;
	} else {
		p = pal_cursor_take(
			&cur, 12
		); // number of prefixes, and the advertisement that they belong to
		*ret_link_local = NULL;
	}
	*ret_prefixes = cur;
	return p != NULL;
}

/* names */

const char *pal_ospf_type_name(uint8_t type)
{
	static const char *const names[] = {
		[PAL_OSPF_HELLO] = "hello",
		[PAL_OSPF_DESCRIPTION] = "database_description",
		[PAL_OSPF_REQUEST] = "link_state_request",
		[PAL_OSPF_UPDATE] = "link_state_update",
		[PAL_OSPF_ACK] = "link_state_ack",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

// RFC 2328 section 12.1.3, RFC 3101, RFC 5250.
static const char *lsa_name_v2(uint16_t type)
{
	static const char *const names[] = {
		[1] = "router",
		[2] = "network",
		[3] = "summary_network",
		[4] = "summary_asbr",
		[5] = "as_external",
		[7] = "nssa",
		[9] = "opaque_link",
		[10] = "opaque_area",
		[11] = "opaque_as",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

const char *pal_ospf_lsa_name(uint8_t version, uint16_t type)
{
	if (version == 2)
		return lsa_name_v2(type);
	switch (type) {
	case V3_ROUTER:
		return "router";
	case V3_NETWORK:
		return "network";
	case V3_INTER_AREA_PREFIX:
		return "inter_area_prefix";
	case V3_INTER_AREA_ROUTER:
		return "inter_area_router";
	case V3_EXTERNAL:
		return "as_external";
	case V3_NSSA:
		return "nssa";
	case V3_LINK:
		return "link";
	case V3_INTRA_AREA_PREFIX:
		return "intra_area_prefix";
	default:
		return NULL;
	}
}
