/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DHCP_H
#define PAL_DHCP_H

/**
 * @file
 * DHCP messages, RFC 2131 and 2132, and those of BOOTP (RFC 951), which have no options.
 *
 *      struct pal_dhcp dhcp;
 *
 *      if (pal_dhcp_open(&dhcp, payload))
 *              pal_dhcp_options(&dhcp, options)      options[PAL_DHCP_HOSTNAME] ...
 */

#include <pal_cursor.h>

/** Of a message up to the names: without these it is cut off, and can still be read. */
#define PAL_DHCP_FIXED_LEN 44

enum pal_dhcp_op {
	PAL_DHCP_BOOTREQUEST = 1,
	PAL_DHCP_BOOTREPLY = 2,
};

/** Options that are looked into. */
enum pal_dhcp_option {
	PAL_DHCP_PAD = 0,
	PAL_DHCP_SUBNET_MASK = 1,
	PAL_DHCP_ROUTERS = 3,
	PAL_DHCP_DNS_SERVERS = 6,
	PAL_DHCP_HOSTNAME = 12,
	PAL_DHCP_REQUESTED_IP = 50,
	PAL_DHCP_LEASE_TIME = 51,
	PAL_DHCP_OVERLOAD = 52,
	PAL_DHCP_TYPE = 53,
	PAL_DHCP_SERVER_ID = 54,
	PAL_DHCP_PARAMS = 55,
	PAL_DHCP_RENEWAL_TIME = 58,
	PAL_DHCP_REBINDING_TIME = 59,
	PAL_DHCP_VENDOR_CLASS = 60,
	PAL_DHCP_CLIENT_ID = 61,
	PAL_DHCP_END = 255,
};

struct pal_dhcp {
	uint8_t op; /**< enum pal_dhcp_op */
	uint8_t htype, hlen;
	uint16_t flags;
	uint32_t xid;
	/** Four bytes each, in the message. */
	const uint8_t *client_ip, *your_ip, *server_ip, *relay_ip;
	struct pal_cursor hardware; /**< hlen bytes, 16 at most. */
	struct pal_cursor sname, file; /**< Empty where the message is cut off. */
	struct pal_cursor options; /**< Behind the cookie; empty where there is none. */
	bool is_dhcp; /**< There is a cookie. */
	bool is_cut; /**< It ends before the names do. */
};

/** Read the header. false: its PAL_DHCP_FIXED_LEN bytes are not there, or not those of BOOTP. */
bool pal_dhcp_open(struct pal_dhcp *dhcp, struct pal_cursor msg);

/**
 * Find the options, also those in the fields for names (RFC 2132 section 9.3). Of an option that comes again, the first
 * counts.
 *
 * XXX: an option of more than 255 bytes comes in parts (RFC 3396): what is behind the first part is not given.
 *
 * @param ret_options
 *   By code; pos is NULL for those that are not there.
 * @return
 *   false: an option reaches past its end, or the message is cut off; those before it are there.
 */
bool pal_dhcp_options(const struct pal_dhcp *dhcp, struct pal_cursor ret_options[256]);

/** `discover`; NULL for a type without a name. Static strings. */
const char *pal_dhcp_type_name(uint8_t type);

/** Name of an option that a client asks for, as Suricata has it (`dns_server`); NULL for others. Static strings. */
const char *pal_dhcp_param_name(uint8_t code);

#endif
