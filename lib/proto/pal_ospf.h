/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_OSPF_H
#define PAL_OSPF_H

/**
 * @file
 * OSPF packets: version 2 (RFC 2328) and version 3 (RFC 5340). They are carried by IP itself, protocol 89.
 *
 *      datagram -> pal_ospf_open() -> by type: pal_ospf_hello(), pal_ospf_description(), then lists in the body
 *
 * Addresses and identifiers are pointers to four bytes in the packet.
 */

#include <pal_cursor.h>

#define PAL_OSPF_IP_PROTO 89

enum pal_ospf_type {
	PAL_OSPF_HELLO = 1,
	PAL_OSPF_DESCRIPTION,
	PAL_OSPF_REQUEST,
	PAL_OSPF_UPDATE,
	PAL_OSPF_ACK,
};

struct pal_ospf {
	uint8_t version; /**< 2 or 3. */
	uint8_t type; /**< enum pal_ospf_type */
	uint8_t instance; /**< Version 3. */
	uint16_t auth_type; /**< Version 2. */
	uint16_t len; /**< As announced, header included. */
	bool is_cut; /**< The packet is longer than the datagram. */
	const uint8_t *router, *area;
	struct pal_cursor body;
};

/** Read the header. false: it is not all there, of another version, or of no known type. */
bool pal_ospf_open(struct pal_ospf *ospf, struct pal_cursor datagram);

struct pal_ospf_hello {
	const uint8_t *mask; /**< Version 2. */
	uint32_t interface_id; /**< Version 3. */
	uint32_t options, dead_s;
	uint16_t hello_s;
	uint8_t priority;
	const uint8_t *designated, *backup;
	struct pal_cursor neighbours; /**< Four bytes each. */
};

bool pal_ospf_hello(const struct pal_ospf *ospf, struct pal_ospf_hello *ret_hello);

/** Flags of a database description. */
enum pal_ospf_description_flag {
	PAL_OSPF_MASTER = 1,
	PAL_OSPF_MORE = 2,
	PAL_OSPF_INIT = 4,
};

struct pal_ospf_description {
	uint16_t mtu;
	uint32_t options, sequence;
	uint8_t flags; /**< enum pal_ospf_description_flag */
	struct pal_cursor headers; /**< Of advertisements, without bodies. */
};

bool pal_ospf_description(const struct pal_ospf *ospf, struct pal_ospf_description *ret_dd);

/** An advertisement, or only its header; of a request only type, id and router. */
struct pal_ospf_lsa {
	uint16_t type; /**< Version 3: with the bits of its scope. */
	uint16_t age, len;
	uint32_t sequence;
	const uint8_t *id, *router;
	struct pal_cursor body;
};

/** Advertisements of an update, behind their number. false: there is none that can be read. */
bool pal_ospf_update(const struct pal_ospf *ospf, uint32_t *ret_nb, struct pal_cursor *ret_list);

/* false: there is none, or it cannot be read; then the cursor keeps its bytes. */
bool pal_ospf_request_next(struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa);
bool pal_ospf_header_next(uint8_t version, struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa);
/** With its body. */
bool pal_ospf_lsa_next(uint8_t version, struct pal_cursor *list, struct pal_ospf_lsa *ret_lsa);

/** What the body of an advertisement is made of. */
enum pal_ospf_body {
	PAL_OSPF_BODY_UNKNOWN, /**< Opaque (RFC 5250), or not known. */
	PAL_OSPF_BODY_LINKS, /**< Of a router. */
	PAL_OSPF_BODY_ROUTERS, /**< Of a network. */
	PAL_OSPF_BODY_ROUTES, /**< Summaries and external routes: pal_ospf_route(). */
	PAL_OSPF_BODY_PREFIXES, /**< Version 3: of a link, or of an area. */
};

enum pal_ospf_body pal_ospf_body(uint8_t version, uint16_t type);

struct pal_ospf_link {
	uint8_t type; /**< 1 point-to-point, 2 transit, 3 stub, 4 virtual. */
	uint16_t metric;
	const uint8_t *id; /**< Version 2: what it leads to. Version 3: the neighbour. */
	const uint8_t *data; /**< Version 2: address or mask. Version 3: interface. */
};

/** Begin to read the links of a router, or the routers of a network (four bytes each). */
bool pal_ospf_links(uint8_t version, const struct pal_ospf_lsa *lsa, struct pal_cursor *ret_links);
bool pal_ospf_link_next(uint8_t version, struct pal_cursor *links, struct pal_ospf_link *ret_link);
bool pal_ospf_routers(
	const struct pal_ospf_lsa *lsa,
	const uint8_t **ret_mask,
	struct pal_cursor *ret_routers
);

/** A prefix of version 3, zeros behind its bits; metric where it has one. */
struct pal_ospf_prefix {
	uint8_t addr[16];
	uint8_t len;
	uint16_t metric;
};

struct pal_ospf_route {
	uint32_t metric;
	bool is_external; /**< AS-external or NSSA: the next three may be set. */
	bool is_type_2; /**< Its metric is not comparable with others. */
	const uint8_t *forwarding; /**< Version 2. */
	bool has_tag;
	uint32_t tag;
	const uint8_t *mask; /**< Version 2. */
	bool has_prefix; /**< Version 3. */
	struct pal_ospf_prefix prefix;
	const uint8_t *
		destination; /**< Version 3: router that an inter-area router advertisement is about. */
};

bool pal_ospf_route(
	uint8_t version,
	const struct pal_ospf_lsa *lsa,
	struct pal_ospf_route *ret_route
);

/** Prefixes of a link (with its address) or of an area. */
bool pal_ospf_prefixes(
	const struct pal_ospf_lsa *lsa,
	const uint8_t **ret_link_local,
	struct pal_cursor *ret_prefixes
);
bool pal_ospf_prefix_next(struct pal_cursor *prefixes, struct pal_ospf_prefix *ret_prefix);

/** `hello`; `as_external`; NULL for one without a name. Static strings. */
const char *pal_ospf_type_name(uint8_t type);
const char *pal_ospf_lsa_name(uint8_t version, uint16_t type);

#endif
