/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_netbios.h"
#include "pal_proto.h"

#define ENCODED_LEN 32
#define SESSION_REQUEST 0x81
#define GROUP 0x8000

// 16 bytes: a name, padded with spaces or, of some old kinds, zeros, and what it is.
static void set_name(struct pal_netbios_name *name, const uint8_t raw[16])
{
	memcpy(name->text, raw, PAL_NETBIOS_NAME_LEN);
	name->suffix = raw[PAL_NETBIOS_NAME_LEN];
	name->len = PAL_NETBIOS_NAME_LEN;
	while (name->len != 0 && (raw[name->len - 1] == ' ' || raw[name->len - 1] == 0))
		name->len--;
}

static bool decode(const uint8_t *letters, struct pal_netbios_name *ret_name)
{
	uint8_t raw[16];

	for (int i = 0; i < ENCODED_LEN; i += 2) {
		if (letters[i] < 'A' || letters[i] > 'P' || letters[i + 1] < 'A' ||
		    letters[i + 1] > 'P')
			return false;
		raw[i / 2] = (uint8_t)((letters[i] - 'A') << 4 | (letters[i + 1] - 'A'));
	}
	set_name(ret_name, raw);
	return true;
}

bool pal_netbios_name(const struct pal_dns_name *encoded, struct pal_netbios_name *ret_name)
{
	if (encoded->len < ENCODED_LEN ||
	    (encoded->len > ENCODED_LEN && encoded->text[ENCODED_LEN] != '.'))
		return false;
	return decode((const uint8_t *)encoded->text, ret_name);
}

bool pal_netbios_address_next(struct pal_cursor *rdata, const uint8_t **ret_addr)
{
	const uint8_t *entry = pal_cursor_take(rdata, 6);

	if (entry == NULL)
		return false;
	*ret_addr = entry + 2;
	return true;
}

bool pal_netbios_status_open(struct pal_cursor *rdata)
{
	uint8_t nb_names;

	if (!pal_cursor_u8(rdata, &nb_names))
		return false;
	pal_cursor_limit(rdata, 18u * nb_names);
	return true;
}

// RFC 1002 section 4.2.18.
bool pal_netbios_status_next(
	struct pal_cursor *rdata,
	struct pal_netbios_name *ret_name,
	bool *ret_is_group
)
{
	const uint8_t *entry = pal_cursor_take(rdata, 18);

	if (entry == NULL)
		return false;
	set_name(ret_name, entry);
	*ret_is_group = pal_load_be16(entry + 16) & GROUP;
	return true;
}

bool pal_netbios_session(
	struct pal_cursor msg,
	struct pal_netbios_name *ret_called,
	struct pal_netbios_name *ret_calling
)
{
	const uint8_t *p = pal_cursor_take(&msg, PAL_NETBIOS_SESSION_LEN);

	return p != NULL && p[0] == SESSION_REQUEST && p[4] == ENCODED_LEN && p[37] == 0 &&
	       p[38] == ENCODED_LEN && p[71] == 0 && decode(p + 5, ret_called) &&
	       decode(p + 39, ret_calling);
}

static bool begins_with_name(struct pal_cursor cur)
{
	struct pal_netbios_name name;
	const uint8_t *letters;
	uint8_t len;

	if (!pal_cursor_u8(&cur, &len) || len != ENCODED_LEN)
		return false;
	letters = pal_cursor_take(&cur, ENCODED_LEN);
	return letters != NULL && decode(letters, &name);
}

// RFC 1002 section 4.2.1: DNS's header, opcodes of its own, and a name of its own first.
enum pal_probe pal_nbns_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_dns dns;

	if (!pal_dns_open(&dns, bytes) ||
	    pal_netbios_opcode_name(pal_dns_opcode(dns.flags)) == NULL)
		return PAL_PROBE_NO;
	return begins_with_name(dns.rest) ? PAL_PROBE_YES : PAL_PROBE_NO;
}

// RFC 1002 section 4.4.1: type, flags, id, address and port of the sender, length, offset; two names.
enum pal_probe pal_nbdgm_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	const uint8_t *p = pal_cursor_take(&bytes, 14);

	return p != NULL && p[0] >= 0x10 && p[0] <= 0x12 && (p[1] & 0xf0) == 0 &&
			       begins_with_name(bytes)
		       ? PAL_PROBE_YES
		       : PAL_PROBE_NO;
}

// RFC 1002 section 4.2.1.1; 15 is of Windows.
const char *pal_netbios_opcode_name(unsigned int opcode)
{
	switch (opcode) {
	case 0:
		return "query";
	case 5:
		return "registration";
	case 6:
		return "release";
	case 7:
		return "wack";
	case 8:
	case 9:
		return "refresh";
	case 15:
		return "multihomed_registration";
	default:
		return NULL;
	}
}
