/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_dhcp.h"
#include "pal_proto.h"

#define MAGIC_COOKIE 0x63825363u
#define HARDWARE_LEN 16
#define SNAME_LEN 64
#define FILE_LEN 128

static bool take_field(struct pal_cursor *msg, size_t len, struct pal_cursor *ret_field)
{
	const uint8_t *field = pal_cursor_take(msg, len);

	if (field == NULL)
		return false;
	*ret_field = pal_cursor_of(field, len);
	return true;
}

// RFC 2131 section 2.
bool pal_dhcp_open(struct pal_dhcp *dhcp, struct pal_cursor msg)
{
	const uint8_t *head = pal_cursor_take(&msg, PAL_DHCP_FIXED_LEN);
	uint32_t cookie;

	if (head == NULL || (head[0] != PAL_DHCP_BOOTREQUEST && head[0] != PAL_DHCP_BOOTREPLY) ||
	    head[2] > HARDWARE_LEN)
		return false;
	*dhcp = (struct pal_dhcp
	){.op = head[0],
	  .htype = head[1],
	  .hlen = head[2],
	  .flags = pal_load_be16(head + 10),
	  .xid = pal_load_be32(head + 4),
	  .client_ip = head + 12,
	  .your_ip = head + 16,
	  .server_ip = head + 20,
	  .relay_ip = head + 24,
	  .hardware = pal_cursor_of(head + 28, head[2]),
	  .sname = {msg.end, msg.end},
	  .file = {msg.end, msg.end},
	  .options = {msg.end, msg.end}};
	if (!take_field(&msg, SNAME_LEN, &dhcp->sname) ||
	    !take_field(&msg, FILE_LEN, &dhcp->file)) {
		dhcp->is_cut = true;
		return true;
	}
	// RFC 2131 section 3.
	if (pal_cursor_be32(&msg, &cookie) && cookie == MAGIC_COOKIE) {
		dhcp->is_dhcp = true;
		dhcp->options = msg;
	}
	return true;
}

// RFC 2132 section 2.
static bool take_options(struct pal_cursor cur, struct pal_cursor options[256])
{
	uint8_t code, len;

	while (pal_cursor_u8(&cur, &code) && code != PAL_DHCP_END) {
		const uint8_t *data;

		if (code == PAL_DHCP_PAD)
			continue;
		if (!pal_cursor_u8(&cur, &len))
			return false;
		data = pal_cursor_take(&cur, len);
		if (data == NULL)
			return false;
		if (options[code].pos == NULL)
			options[code] = pal_cursor_of(data, len);
	}
	return true;
}

bool pal_dhcp_options(const struct pal_dhcp *dhcp, struct pal_cursor ret_options[256])
{
	struct pal_cursor overload;
	uint8_t where;

	memset(ret_options, 0, 256 * sizeof(*ret_options));
	if (dhcp->is_cut || !take_options(dhcp->options, ret_options))
		return false;
	overload = ret_options[PAL_DHCP_OVERLOAD];
	if (overload.pos == NULL || !pal_cursor_u8(&overload, &where))
		return true;
	// RFC 2131 section 4.1: first those in `file`.
	return (!(where & 1) || take_options(dhcp->file, ret_options)) &&
	       (!(where & 2) || take_options(dhcp->sname, ret_options));
}

// The cookie is proof enough; without it, or cut off before it, the ports have a say.
enum pal_probe pal_dhcp_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	const uint8_t *head = pal_cursor_peek(&bytes, 12);
	struct pal_dhcp dhcp;

	// IANA: 39 hardware types; RFC 1542 section 4.1.1: 16 hops; RFC 2131 section 2: flags but the first are zero.
	if (head == NULL || (head[0] != PAL_DHCP_BOOTREQUEST && head[0] != PAL_DHCP_BOOTREPLY) ||
	    head[1] > 39 || head[2] > HARDWARE_LEN || head[3] > 16 || (head[10] & 0x7f) || head[11])
		return PAL_PROBE_NO;
	return pal_dhcp_open(&dhcp, bytes) && dhcp.is_dhcp ? PAL_PROBE_YES : PAL_PROBE_LIKELY;
}

// RFC 2132 section 9.6, RFC 3203, RFC 4388.
const char *pal_dhcp_type_name(uint8_t type)
{
	static const char *const names[] = {
		[1] = "discover",
		[2] = "offer",
		[3] = "request",
		[4] = "decline",
		[5] = "ack",
		[6] = "nak",
		[7] = "release",
		[8] = "inform",
		[9] = "force_renew",
		[10] = "lease_query",
		[11] = "lease_unassigned",
		[12] = "lease_unknown",
		[13] = "lease_active",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

const char *pal_dhcp_param_name(uint8_t code)
{
	switch (code) {
	case 1:
		return "subnet_mask";
	case 3:
		return "router";
	case 6:
		return "dns_server";
	case 15:
		return "domain";
	case 35:
		return "arp_timeout";
	case 42:
		return "ntp_server";
	case 66:
		return "tftp_server_name";
	case 150:
		return "tftp_server_ip";
	default:
		return NULL;
	}
}
