/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * `pal_dhcpv6` records: Suricata has none.
 */
#include "dhcp_record.h"

#define MAX_RELAYS 32 // RFC 8415 section 7.6: HOP_COUNT_LIMIT is 8

static void put_type(struct pal_json *j, const struct pal_dhcpv6 *dhcp)
{
	pal_json_str(j, "type", pal_dhcpv6_type_name(dhcp->type));
}

static void put_relay(struct pal_json *j, const struct pal_dhcpv6 *dhcp)
{
	pal_json_open_obj(j);
	put_type(j, dhcp);
	pal_json_u64(j, "hop_count", dhcp->hop_count);
	pal_json_addr(j, "link_ip", dhcp->link, 6);
	pal_json_addr(j, "peer_ip", dhcp->peer, 6);
	pal_json_close(j, '}');
}

// An array that has nothing in it is left out.
static void close_array(struct pal_json *j, char *before)
{
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before;
	else
		pal_json_close(j, ']');
}

/* identity associations */

// RFC 8415 sections 21.6 and 21.22.
static void put_address(struct pal_json *j, struct pal_cursor data)
{
	const uint8_t *addr = pal_cursor_take(&data, 16);
	uint32_t preferred, valid;

	if (addr == NULL || !pal_cursor_be32(&data, &preferred) || !pal_cursor_be32(&data, &valid))
		return;
	pal_json_open_obj(j);
	pal_json_addr(j, "ip", addr, 6);
	pal_json_u64(j, "preferred_lifetime", preferred);
	pal_json_u64(j, "valid_lifetime", valid);
	pal_json_close(j, '}');
}

static void put_prefix(struct pal_json *j, struct pal_cursor data)
{
	const uint8_t *head = pal_cursor_take(&data, 25);

	if (head == NULL)
		return;
	pal_json_open_obj(j);
	pal_json_addr(j, "prefix", head + 9, 6);
	pal_json_u64(j, "length", head[8]);
	pal_json_u64(j, "preferred_lifetime", pal_load_be32(head));
	pal_json_u64(j, "valid_lifetime", pal_load_be32(head + 4));
	pal_json_close(j, '}');
}

// Of all associations, those of one kind. false: one of their options cannot be read.
static bool put_associated(struct pal_json *j, struct pal_cursor options, uint16_t code)
{
	struct pal_dhcpv6_option ia, option;
	bool whole = true;

	while (pal_dhcpv6_next(&options, &ia)) {
		struct pal_cursor inner;

		if (!pal_dhcpv6_ia(&ia, &inner))
			continue;
		while (pal_dhcpv6_next(&inner, &option)) {
			if (option.code != code)
				continue;
			if (code == PAL_DHCPV6_IA_ADDR)
				put_address(j, option.data);
			else
				put_prefix(j, option.data);
		}
		whole = whole && pal_cursor_left(&inner) == 0;
	}
	return whole;
}

/* other options */

static void put_servers(struct pal_json *j, struct pal_cursor options)
{
	struct pal_dhcpv6_option option;
	const uint8_t *addr;

	if (!pal_dhcpv6_find(options, PAL_DHCPV6_DNS_SERVERS, &option))
		return;
	while ((addr = pal_cursor_take(&option.data, 16)) != NULL) {
		pal_json_put_comma(j);
		pal_json_put_addr(j, addr, 6);
	}
}

static void put_requested(struct pal_json *j, struct pal_cursor options)
{
	struct pal_dhcpv6_option option;
	uint16_t code;

	if (!pal_dhcpv6_find(options, PAL_DHCPV6_ORO, &option))
		return;
	while (pal_cursor_be16(&option.data, &code))
		pal_json_elem_u64(j, code);
}

// RFC 4704 section 4: flags, then a name in DNS's form, with or without its last label.
static void put_fqdn(struct pal_json *j, struct pal_cursor options)
{
	struct pal_dhcpv6_option option;
	struct pal_cursor *cur = &option.data;
	char text[256];
	size_t used = 0;
	uint8_t len;

	if (!pal_dhcpv6_find(options, PAL_DHCPV6_FQDN, &option) || !pal_cursor_skip(cur, 1))
		return;
	while (pal_cursor_u8(cur, &len) && len != 0) {
		const uint8_t *label = pal_cursor_take(cur, len);

		if (label == NULL || used + 1 + len > sizeof(text))
			return;
		if (used != 0)
			text[used++] = '.';
		memcpy(text + used, label, len);
		used += len;
	}
	if (used != 0)
		pal_json_strn(j, "fqdn", text, used);
}

// RFC 8415 section 21.16: after an enterprise number strings, of which the first is given.
static void put_vendor(struct pal_json *j, struct pal_cursor options)
{
	struct pal_dhcpv6_option option;
	uint32_t enterprise;
	const uint8_t *text;
	uint16_t len;

	if (!pal_dhcpv6_find(options, PAL_DHCPV6_VENDOR_CLASS, &option) ||
	    !pal_cursor_be32(&option.data, &enterprise))
		return;
	pal_json_u64(j, "vendor_enterprise", enterprise);
	if (!pal_cursor_be16(&option.data, &len))
		return;
	text = pal_cursor_take(&option.data, len);
	if (text != NULL)
		pal_json_strn(j, "vendor_class", (const char *)text, len);
}

static void put_status(struct pal_json *j, struct pal_cursor options)
{
	struct pal_dhcpv6_option option;
	const char *name;
	uint16_t status;

	if (!pal_dhcpv6_find(options, PAL_DHCPV6_STATUS, &option) ||
	    !pal_cursor_be16(&option.data, &status))
		return;
	name = pal_dhcpv6_status_name(status);
	pal_json_str(j, "status", name != NULL ? name : "unknown");
	if (pal_cursor_left(&option.data) != 0)
		pal_json_strn(
			j,
			"status_message",
			(const char *)option.data.pos,
			pal_cursor_left(&option.data)
		);
}

static bool put_message(struct pal_json *j, const struct pal_dhcpv6 *dhcp)
{
	struct pal_cursor rest = dhcp->options;
	struct pal_dhcpv6_option option;
	bool whole;
	char *before;

	put_type(j, dhcp);
	pal_json_u64(j, "id", dhcp->xid);
	if (pal_dhcpv6_find(rest, PAL_DHCPV6_CLIENT_ID, &option)) {
		pal_json_put_key(j, PAL_JSON_KEY("client_id"));
		dhcp_put_bytes(j, option.data);
	}
	if (pal_dhcpv6_find(rest, PAL_DHCPV6_SERVER_ID, &option)) {
		pal_json_put_key(j, PAL_JSON_KEY("server_id"));
		dhcp_put_bytes(j, option.data);
	}
	put_fqdn(j, rest);
	put_vendor(j, rest);
	put_status(j, rest);
	before = j->pos;
	pal_json_open(j, "addresses", '[');
	whole = put_associated(j, rest, PAL_DHCPV6_IA_ADDR);
	close_array(j, before);
	before = j->pos;
	pal_json_open(j, "prefixes", '[');
	put_associated(j, rest, PAL_DHCPV6_IA_PREFIX);
	close_array(j, before);
	before = j->pos;
	pal_json_open(j, "dns_servers", '[');
	put_servers(j, rest);
	close_array(j, before);
	before = j->pos;
	pal_json_open(j, "requested_options", '[');
	put_requested(j, rest);
	close_array(j, before);
	while (pal_dhcpv6_next(&rest, &option))
		;
	return whole && pal_cursor_left(&rest) == 0;
}

// What a relay's message carries. false: nothing that can be read.
static bool open_relayed(struct pal_dhcpv6 *dhcp)
{
	struct pal_dhcpv6_option option;

	return pal_dhcpv6_find(dhcp->options, PAL_DHCPV6_RELAY_MSG, &option) &&
	       pal_dhcpv6_open(dhcp, option.data);
}

bool dhcpv6_put(struct pal_json *j, const struct pal_dhcpv6 *dhcp)
{
	struct pal_dhcpv6 at = *dhcp;
	char *before;
	bool whole = true;

	pal_json_open(j, "pal", '{');
	before = j->pos;
	pal_json_open(j, "relays", '[');
	for (int i = 0; at.is_relay && whole; i++) {
		put_relay(j, &at);
		whole = i < MAX_RELAYS && open_relayed(&at);
	}
	close_array(j, before);
	if (!at.is_relay)
		whole = put_message(j, &at) && whole;
	pal_json_close(j, '}');
	return whole;
}
