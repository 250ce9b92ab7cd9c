/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DHCP_RECORD_H
#define DHCP_RECORD_H

/** @file The bodies of records about DHCP and DHCPv6. */

#include <pal_dhcp.h>
#include <pal_dhcpv6.h>
#include <pal_plugin.h>

/** EVE `dhcp`. Options by code, as pal_dhcp_options() found them. */
void dhcp_put(
	struct pal_json *j,
	const struct pal_dhcp *dhcp,
	const struct pal_cursor *options,
	bool extended
);

/**
 * `pal_dhcpv6`: the message, and the relays around it, outermost first.
 *
 * @return
 *   false: an option cannot be read.
 */
bool dhcpv6_put(struct pal_json *j, const struct pal_dhcpv6 *dhcp);

/** `00:26:5a`. */
void dhcp_put_bytes(struct pal_json *j, struct pal_cursor bytes);

#endif
