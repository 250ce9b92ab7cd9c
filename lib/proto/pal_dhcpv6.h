/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DHCPV6_H
#define PAL_DHCPV6_H

/**
 * @file
 * DHCPv6 messages, RFC 8415. A relay's message has the one that it relays in an option.
 *
 *      struct pal_dhcpv6 dhcp;
 *
 *      if (pal_dhcpv6_open(&dhcp, payload))
 *              while (pal_dhcpv6_next(&dhcp.options, &option))
 *                      ...
 *      bytes left in dhcp.options are of an option that cannot be read
 */

#include <pal_cursor.h>

enum pal_dhcpv6_type {
	PAL_DHCPV6_RELAY_FORW = 12,
	PAL_DHCPV6_RELAY_REPL = 13,
};

/** Options that are looked into. */
enum pal_dhcpv6_option_code {
	PAL_DHCPV6_CLIENT_ID = 1,
	PAL_DHCPV6_SERVER_ID = 2,
	PAL_DHCPV6_IA_NA = 3,
	PAL_DHCPV6_IA_TA = 4,
	PAL_DHCPV6_IA_ADDR = 5,
	PAL_DHCPV6_ORO = 6,
	PAL_DHCPV6_RELAY_MSG = 9,
	PAL_DHCPV6_STATUS = 13,
	PAL_DHCPV6_VENDOR_CLASS = 16,
	PAL_DHCPV6_DNS_SERVERS = 23,
	PAL_DHCPV6_IA_PD = 25,
	PAL_DHCPV6_IA_PREFIX = 26,
	PAL_DHCPV6_FQDN = 39,
};

struct pal_dhcpv6 {
	uint8_t type; /**< enum pal_dhcpv6_type, and others; pal_dhcpv6_type_name() */
	bool is_relay; /**< hop_count, link and peer are set, and xid is not. */
	uint8_t hop_count;
	uint32_t xid; /**< 24 bits. */
	const uint8_t *link, *peer; /**< 16 bytes each, in the message. */
	struct pal_cursor options;
};

struct pal_dhcpv6_option {
	uint16_t code;
	struct pal_cursor data;
};

/** Read the header. false: it is not all there, or of no known type. */
bool pal_dhcpv6_open(struct pal_dhcpv6 *dhcp, struct pal_cursor msg);

/** The next option. false: there is none, or it reaches past the end; then options keeps it. */
bool pal_dhcpv6_next(struct pal_cursor *options, struct pal_dhcpv6_option *ret_option);

/** The first option of a code. false: there is none. */
bool pal_dhcpv6_find(
	struct pal_cursor options,
	uint16_t code,
	struct pal_dhcpv6_option *ret_option
);

/**
 * The options inside an IA_NA, IA_TA or IA_PD: addresses and prefixes. RFC 8415 sections 21.4, 21.5, 21.21.
 *
 * @return
 *   false: it is none of these, or too short.
 */
bool pal_dhcpv6_ia(const struct pal_dhcpv6_option *ia, struct pal_cursor *ret_options);

/** `solicit`; NULL for one without a name. Static strings. */
const char *pal_dhcpv6_type_name(uint8_t type);
const char *pal_dhcpv6_status_name(uint16_t status);

#endif
