/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as an OSPF packet: what is found lies inside, and every list comes to its end.
 */

#include "require.h"

#include <pal_ospf.h>

static void inside(struct pal_cursor part, struct pal_cursor all)
{
	REQUIRE(part.pos >= all.pos && part.end <= all.end && part.pos <= part.end);
}

static void read_body(uint8_t version, const struct pal_ospf_lsa *lsa)
{
	struct pal_ospf_prefix prefix;
	struct pal_ospf_route route;
	struct pal_ospf_link link;
	struct pal_cursor list;
	const uint8_t *addr;

	if (pal_ospf_links(version, lsa, &list))
		while (pal_ospf_link_next(version, &list, &link))
			REQUIRE(link.id >= lsa->body.pos && link.id + 4 <= lsa->body.end);
	if (pal_ospf_routers(lsa, &addr, &list))
		inside(list, lsa->body);
	if (pal_ospf_route(version, lsa, &route) && route.has_prefix)
		REQUIRE(route.prefix.len <= 128);
	if (pal_ospf_body(version, lsa->type) == PAL_OSPF_BODY_PREFIXES &&
	    pal_ospf_prefixes(lsa, &addr, &list))
		while (pal_ospf_prefix_next(&list, &prefix))
			REQUIRE(prefix.len <= 128);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor all = pal_cursor_of(data, size), list;
	struct pal_ospf_description dd;
	struct pal_ospf_hello hello;
	struct pal_ospf_lsa lsa;
	struct pal_ospf ospf;
	uint32_t nb;

	if (!pal_ospf_open(&ospf, all))
		return 0;
	inside(ospf.body, all);
	REQUIRE(pal_ospf_type_name(ospf.type) != NULL);
	if (pal_ospf_hello(&ospf, &hello))
		inside(hello.neighbours, ospf.body);
	if (pal_ospf_description(&ospf, &dd))
		while (pal_ospf_header_next(ospf.version, &dd.headers, &lsa))
			REQUIRE(pal_cursor_left(&lsa.body) == 0);
	if (pal_ospf_update(&ospf, &nb, &list))
		while (pal_ospf_lsa_next(ospf.version, &list, &lsa)) {
			inside(lsa.body, ospf.body);
			read_body(ospf.version, &lsa);
		}
	list = ospf.body;
	while (pal_ospf_request_next(&list, &lsa))
		inside(list, ospf.body);
	return 0;
}
