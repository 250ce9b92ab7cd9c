/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `dhcp` records, with the fields and the two extents that Suricata's have.
 */
#include "dhcp_record.h"

void dhcp_put_bytes(struct pal_json *j, struct pal_cursor bytes)
{
	static const char digits[] = "0123456789abcdef";
	bool is_first = true;
	uint8_t b;

	pal_json_put_char(j, '"');
	for (; pal_cursor_u8(&bytes, &b); is_first = false) {
		if (!is_first)
			pal_json_put_char(j, ':');
		pal_json_put_char(j, digits[b >> 4]);
		pal_json_put_char(j, digits[b & 15]);
	}
	pal_json_put_char(j, '"');
}

#define put_bytes(j, key, bytes) (pal_json_put_key(j, PAL_JSON_KEY(key)), dhcp_put_bytes(j, bytes))

/* Options: nothing is put for one that is not there, or not as long as it should be. */

#define put_seconds(j, key, option) put_seconds_key(j, PAL_JSON_KEY(key), option)
static void
put_seconds_key(struct pal_json *j, const char *key, size_t len, struct pal_cursor option)
{
	uint32_t seconds;

	if (option.pos == NULL || !pal_cursor_be32(&option, &seconds))
		return;
	pal_json_put_key(j, key, len);
	pal_json_put_u64(j, seconds);
}

#define put_address(j, key, option) put_address_key(j, PAL_JSON_KEY(key), option)
static void
put_address_key(struct pal_json *j, const char *key, size_t len, struct pal_cursor option)
{
	if (option.pos == NULL || pal_cursor_left(&option) != 4)
		return;
	pal_json_put_key(j, key, len);
	pal_json_put_addr(j, option.pos, 4);
}

#define put_text(j, key, option) put_text_key(j, PAL_JSON_KEY(key), option)
static void put_text_key(struct pal_json *j, const char *key, size_t len, struct pal_cursor option)
{
	size_t left = pal_cursor_left(&option);

	// RFC 2132 section 2: there may be a NUL at the end.
	while (left != 0 && option.pos[left - 1] == 0)
		left--;
	if (left == 0)
		return;
	pal_json_put_key(j, key, len);
	pal_json_put_str(j, (const char *)option.pos, left);
}

#define put_addresses(j, key, option) put_addresses_key(j, PAL_JSON_KEY(key), option)
static void
put_addresses_key(struct pal_json *j, const char *key, size_t len, struct pal_cursor option)
{
	const uint8_t *addr;

	if (pal_cursor_left(&option) < 4)
		return;
	pal_json_put_key(j, key, len);
	pal_json_put_char(j, '[');
	while ((addr = pal_cursor_take(&option, 4)) != NULL) {
		pal_json_put_comma(j);
		pal_json_put_addr(j, addr, 4);
	}
	pal_json_close(j, ']');
}

static void put_params(struct pal_json *j, struct pal_cursor option)
{
	char *before = j->pos;
	uint8_t code;

	pal_json_open(j, "params", '[');
	while (option.pos != NULL && pal_cursor_u8(&option, &code)) {
		const char *name = pal_dhcp_param_name(code);

		if (name == NULL)
			continue;
		pal_json_put_comma(j);
		pal_json_put_str(j, name, strlen(name));
	}
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before; // the schema has no empty one
	else
		pal_json_close(j, ']');
}

static void put_type(struct pal_json *j, struct pal_cursor option)
{
	const char *name;
	uint8_t type;

	if (option.pos == NULL || !pal_cursor_u8(&option, &type))
		return;
	name = pal_dhcp_type_name(type);
	pal_json_str(j, "dhcp_type", name != NULL ? name : "unknown");
}

static void put_extended(struct pal_json *j, const struct pal_cursor *options)
{
	put_seconds(j, "lease_time", options[PAL_DHCP_LEASE_TIME]);
	put_seconds(j, "rebinding_time", options[PAL_DHCP_REBINDING_TIME]);
	put_address(j, "subnet_mask", options[PAL_DHCP_SUBNET_MASK]);
	put_address(j, "requested_ip", options[PAL_DHCP_REQUESTED_IP]);
	put_params(j, options[PAL_DHCP_PARAMS]);
	put_addresses(j, "dns_servers", options[PAL_DHCP_DNS_SERVERS]);
	put_addresses(j, "routers", options[PAL_DHCP_ROUTERS]);
	put_text(j, "vendor_class_identifier", options[PAL_DHCP_VENDOR_CLASS]);
}

void dhcp_put(
	struct pal_json *j,
	const struct pal_dhcp *dhcp,
	const struct pal_cursor *options,
	bool extended
)
{
	pal_json_open(j, "dhcp", '{');
	pal_json_str(j, "type", dhcp->op == PAL_DHCP_BOOTREQUEST ? "request" : "reply");
	pal_json_u64(j, "id", dhcp->xid);
	put_bytes(j, "client_mac", dhcp->hardware);
	pal_json_addr(j, "assigned_ip", dhcp->your_ip, 4);
	if (extended)
		pal_json_addr(j, "client_ip", dhcp->client_ip, 4);
	if (extended && dhcp->op == PAL_DHCP_BOOTREPLY) {
		pal_json_addr(j, "relay_ip", dhcp->relay_ip, 4);
		pal_json_addr(j, "next_server_ip", dhcp->server_ip, 4);
	}
	put_type(j, options[PAL_DHCP_TYPE]);
	if (options[PAL_DHCP_CLIENT_ID].pos != NULL)
		put_bytes(j, "client_id", options[PAL_DHCP_CLIENT_ID]);
	put_text(j, "hostname", options[PAL_DHCP_HOSTNAME]);
	put_seconds(j, "renewal_time", options[PAL_DHCP_RENEWAL_TIME]);
	if (extended)
		put_extended(j, options);
	pal_json_close(j, '}');
}
