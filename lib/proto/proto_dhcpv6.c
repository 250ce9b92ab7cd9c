/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_dhcpv6.h"
#include "pal_proto.h"

// RFC 8415 sections 8 and 9.
bool pal_dhcpv6_open(struct pal_dhcpv6 *dhcp, struct pal_cursor msg)
{
	const uint8_t *head = pal_cursor_take(&msg, 4);

	if (head == NULL || pal_dhcpv6_type_name(head[0]) == NULL)
		return false;
	*dhcp = (struct pal_dhcpv6){.type = head[0], .options = msg};
	if (head[0] != PAL_DHCPV6_RELAY_FORW && head[0] != PAL_DHCPV6_RELAY_REPL) {
		dhcp->xid = pal_load_be32(head) & 0xffffff;
		return true;
	}
	dhcp->is_relay = true;
	dhcp->hop_count = head[1];
	dhcp->link = head + 2;
	dhcp->peer = head + 18;
	return pal_cursor_skip(&dhcp->options, 34 - 4);
}

// RFC 8415 section 21.1.
bool pal_dhcpv6_next(struct pal_cursor *options, struct pal_dhcpv6_option *ret_option)
{
	struct pal_cursor cur = *options;
	const uint8_t *data;
	uint16_t code, len;

	if (!pal_cursor_be16(&cur, &code) || !pal_cursor_be16(&cur, &len))
		return false;
	data = pal_cursor_take(&cur, len);
	if (data == NULL)
		return false;
	*options = cur;
	*ret_option = (struct pal_dhcpv6_option){.code = code, .data = pal_cursor_of(data, len)};
	return true;
}

bool pal_dhcpv6_find(struct pal_cursor options, uint16_t code, struct pal_dhcpv6_option *ret_option)
{
	struct pal_dhcpv6_option option;

	while (pal_dhcpv6_next(&options, &option)) {
		if (option.code != code)
			continue;
		*ret_option = option;
		return true;
	}
	return false;
}

bool pal_dhcpv6_ia(const struct pal_dhcpv6_option *ia, struct pal_cursor *ret_options)
{
	struct pal_cursor cur = ia->data;
	size_t head;

	switch (ia->code) {
	case PAL_DHCPV6_IA_NA:
	case PAL_DHCPV6_IA_PD:
		head = 12; // IAID, T1, T2
		break;
	case PAL_DHCPV6_IA_TA:
		head = 4; // IAID
		break;
	default:
		return false;
	}
	if (!pal_cursor_skip(&cur, head))
		return false;
	*ret_options = cur;
	return true;
}

// RFC 8415 section 11: a DUID that identifies either side.
static bool is_duid(struct pal_cursor data)
{
	uint16_t type;

	return pal_cursor_left(&data) <= 130 && pal_cursor_be16(&data, &type) && type >= 1 &&
	       type <= 4;
}

enum pal_probe pal_dhcpv6_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_dhcpv6 dhcp;
	struct pal_dhcpv6_option option;
	bool has_duid = false;

	if (!pal_dhcpv6_open(&dhcp, bytes))
		return PAL_PROBE_NO;
	while (pal_dhcpv6_next(&dhcp.options, &option))
		if (option.code == PAL_DHCPV6_CLIENT_ID || option.code == PAL_DHCPV6_SERVER_ID)
			has_duid = is_duid(option.data);
	return has_duid && pal_cursor_left(&dhcp.options) == 0 ? PAL_PROBE_YES : PAL_PROBE_LIKELY;
}

// RFC 8415 section 7.3; RFC 5007, RFC 5460, RFC 6977, RFC 7341.
const char *pal_dhcpv6_type_name(uint8_t type)
{
	static const char *const names[] = {
		[1] = "solicit",
		[2] = "advertise",
		[3] = "request",
		[4] = "confirm",
		[5] = "renew",
		[6] = "rebind",
		[7] = "reply",
		[8] = "release",
		[9] = "decline",
		[10] = "reconfigure",
		[11] = "information_request",
		[PAL_DHCPV6_RELAY_FORW] = "relay_forw",
		[PAL_DHCPV6_RELAY_REPL] = "relay_repl",
		[14] = "leasequery",
		[15] = "leasequery_reply",
		[16] = "leasequery_done",
		[17] = "leasequery_data",
		[18] = "reconfigure_request",
		[19] = "reconfigure_reply",
		[20] = "dhcpv4_query",
		[21] = "dhcpv4_response",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

// RFC 8415 section 21.13.
const char *pal_dhcpv6_status_name(uint16_t status)
{
	static const char *const names[] = {
		"success",
		"unspec_fail",
		"no_addrs_avail",
		"no_binding",
		"not_on_link",
		"use_multicast",
		"no_prefix_avail",
	};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : NULL;
}
