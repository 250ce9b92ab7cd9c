/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_NETBIOS_H
#define PAL_NETBIOS_H

/**
 * @file
 * NetBIOS over TCP and UDP, RFC 1001 and 1002: names, and how a session begins.
 *
 * A message of the name service is built like one of DNS: pal_dns_open() and pal_dns_next() read it, and
 * pal_netbios_name() what a name there stands for.
 */

#include "pal_dns.h"

#include <pal_cursor.h>

/** Of a name, the byte behind it apart. */
#define PAL_NETBIOS_NAME_LEN 15
/** Of a session request without scopes: all of it. */
#define PAL_NETBIOS_SESSION_LEN 72

/** A name, spaces at its end left out; what kind of name it is. */
struct pal_netbios_name {
	char text[PAL_NETBIOS_NAME_LEN];
	uint8_t len;
	uint8_t suffix; /**< 0x00 workstation, 0x20 server, ... */
};

/** Types of records. RFC 1002 section 4.2.1.3. */
enum pal_netbios_type {
	PAL_NETBIOS_NB = 0x20,
	PAL_NETBIOS_NBSTAT = 0x21,
};

/** Decode 32 letters, a half byte each, and a scope or none behind them. false: it is none. RFC 1001 section 14.1. */
bool pal_netbios_name(const struct pal_dns_name *encoded, struct pal_netbios_name *ret_name);

/** The next address of NB data. RFC 1002 section 4.2.13: after two bytes of flags. */
bool pal_netbios_address_next(struct pal_cursor *rdata, const uint8_t **ret_addr);

/** Begin to read NBSTAT data: names. false: there is no number of them. */
bool pal_netbios_status_open(struct pal_cursor *rdata);

/** The next name that a node has. false: there is none; what is left are statistics, or it is cut off. */
bool pal_netbios_status_next(
	struct pal_cursor *rdata,
	struct pal_netbios_name *ret_name,
	bool *ret_is_group
);

/** A session request: who is called, and who calls. false: it is none, or not all there. RFC 1002 section 4.3.2. */
bool pal_netbios_session(
	struct pal_cursor msg,
	struct pal_netbios_name *ret_called,
	struct pal_netbios_name *ret_calling
);

/** `query`; NULL for one without a name. Static string. */
const char *pal_netbios_opcode_name(unsigned int opcode);

#endif
