/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options as people read them, draft-ietf-opsawg-pcapng sections 3.5, 4.1 and 4.2.
 */
#include "info.h"

#include <pal_err.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEX_MAX 64 /**< Bytes of an option that nobody knows. */

enum form {
	FORM_TEXT,
	FORM_RESOLUTION,
	FORM_U8,
	FORM_U32,
	FORM_U64,
	FORM_I64,
	FORM_IPV4,
	FORM_IPV6,
	FORM_MAC, // also EUI
	FORM_FILTER, // a byte that says how, then the filter
	FORM_CUSTOM, // number of an enterprise, then text or bytes
	FORM_HEX,
};

static const struct {
	uint8_t kind; // enum pal_savefile_block_kind
	uint8_t form;
	uint16_t code;
	const char *name, *key;
} known[] = {
	{PAL_SAVEFILE_BLOCK_SHB, FORM_TEXT, 2, "Capture hardware", "shb_hardware"},
	{PAL_SAVEFILE_BLOCK_SHB, FORM_TEXT, 3, "Capture oper-sys", "shb_os"},
	{PAL_SAVEFILE_BLOCK_SHB, FORM_TEXT, 4, "Capture application", "shb_userappl"},
	{PAL_SAVEFILE_BLOCK_SHB, FORM_TEXT, 1, "Capture comment", "opt_comment"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 1, "Comment", "opt_comment"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 2, "Name", "if_name"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 3, "Description", "if_description"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_IPV4, 4, "IPv4 address", "if_IPv4addr"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_IPV6, 5, "IPv6 address", "if_IPv6addr"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_MAC, 6, "MAC address", "if_MACaddr"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_MAC, 7, "EUI address", "if_EUIaddr"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_U64, 8, "Speed", "if_speed"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_RESOLUTION, 9, "Time resolution", "if_tsresol"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_U32, 10, "Time zone", "if_tzone"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_FILTER, 11, "Filter string", "if_filter"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 12, "Operating system", "if_os"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_U8, 13, "FCS length", "if_fcslen"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_I64, 14, "Timestamp offset", "if_tsoffset"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 15, "Hardware", "if_hardware"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_U64, 16, "Transmit speed", "if_txspeed"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_U64, 17, "Receive speed", "if_rxspeed"},
	{PAL_SAVEFILE_BLOCK_IDB, FORM_TEXT, 18, "Time zone name", "if_iana_tzname"},
};

static const char *const counter_names[INFO_COUNTER_COUNT][2] = {
	[INFO_RECEIVED] = {"Packets received", "isb_ifrecv"},
	[INFO_DROPPED] = {"Packets dropped by the interface", "isb_ifdrop"},
	[INFO_ACCEPTED] = {"Packets accepted by the filter", "isb_filteraccept"},
	[INFO_OS_DROPPED] = {"Packets dropped by the operating system", "isb_osdrop"},
	[INFO_DELIVERED] = {"Packets delivered", "isb_usrdeliv"},
};

const char *info_counter_name(enum info_counter counter)
{
	return counter_names[counter][0];
}

const char *info_counter_key(enum info_counter counter)
{
	return counter_names[counter][1];
}

// Section 4.7.
const char *info_secrets_name(uint32_t type)
{
	switch (type) {
	case 0x544c534b:
		return "TLS key log";
	case 0x57474b4c:
		return "WireGuard key log";
	case 0x5353484b:
		return "SSH key log";
	case 0x5a4e574b:
		return "ZigBee network key";
	case 0x5a415053:
		return "ZigBee APS key";
	case 0x55414b4c:
		return "OPC UA key log";
	default:
		return NULL;
	}
}

static void put_hex(FILE *out, const uint8_t *p, size_t len, const char *between)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%s%02x", i == 0 ? "" : between, p[i]);
}

// Section 3.5: text has no NUL at its end. Some writers put one.
static void put_text(FILE *out, const uint8_t *p, size_t len)
{
	while (len > 0 && p[len - 1] == 0)
		len--;
	fwrite(p, 1, len, out);
}

static uint64_t number(const uint8_t *p, size_t len, bool big_endian)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[big_endian ? i : len - 1 - i];
	return v;
}

static void put_ipv4(FILE *out, const uint8_t *p)
{
	char address[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, p, address, sizeof(address));
	inet_ntop(AF_INET, p + 4, mask, sizeof(mask));
	fprintf(out, "%s/%s", address, mask);
}

static void put_ipv6(FILE *out, const uint8_t *p)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, p, address, sizeof(address));
	fprintf(out, "%s/%u", address, p[16]);
}

// False: the value has not the length of its form.
static bool
put_form(FILE *out, enum form form, const struct pal_savefile_option *opt, bool big_endian)
{
	static const uint8_t lens[FORM_HEX + 1] = {
		[FORM_RESOLUTION] = 1,
		[FORM_U8] = 1,
		[FORM_U32] = 4,
		[FORM_U64] = 8,
		[FORM_I64] = 8,
		[FORM_IPV4] = 8,
		[FORM_IPV6] = 17,
	};
	const uint8_t *p = opt->value;

	if (lens[form] != 0 && opt->len != lens[form])
		return false;
	switch (form) {
	case FORM_TEXT:
		put_text(out, p, opt->len);
		return true;
	case FORM_RESOLUTION:
		fprintf(out, "0x%02x", p[0]);
		return true;
	case FORM_U8:
	case FORM_U32:
	case FORM_U64:
		fprintf(out, "%" PRIu64, number(p, opt->len, big_endian));
		return true;
	case FORM_I64:
		fprintf(out, "%" PRId64, (int64_t)number(p, 8, big_endian));
		return true;
	case FORM_IPV4:
		put_ipv4(out, p);
		return true;
	case FORM_IPV6:
		put_ipv6(out, p);
		return true;
	case FORM_MAC:
		put_hex(out, p, opt->len, ":");
		return true;
	case FORM_FILTER:
		// 0: text of a libpcap filter; 1: BPF instructions.
		if (opt->len == 0 || p[0] != 0)
			return false;
		put_text(out, p + 1, opt->len - 1u);
		return true;
	case FORM_CUSTOM:
		if (opt->len < 4)
			return false;
		fprintf(out, "%u: ", (unsigned int)number(p, 4, big_endian));
		if (opt->code == 2988 || opt->code == 19372)
			put_text(out, p + 4, opt->len - 4u);
		else
			put_hex(out, p + 4, opt->len - 4u < HEX_MAX ? opt->len - 4u : HEX_MAX, "");
		return true;
	case FORM_HEX:
		break;
	}
	return false;
}

struct info_option_iter
info_options_of(const struct info_options *options, enum pal_savefile_block_kind kind)
{
	return (struct info_option_iter){
		.it = pal_savefile_options_of(options->bytes, options->len, options->big_endian),
		.kind = kind,
	};
}

static bool is_custom(uint16_t code)
{
	return code == 2988 || code == 2989 || code == 19372 || code == 19373;
}

bool info_option_next(struct info_option_iter *it, struct info_option *ret_option)
{
	struct pal_savefile_option opt;
	enum form form = FORM_HEX;
	FILE *out;

	if (!pal_savefile_option_next(&it->it, &opt))
		return false;
	*ret_option = (struct info_option){.code = opt.code};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].kind == it->kind && known[i].code == opt.code) {
			form = (enum form)known[i].form;
			ret_option->name = known[i].name;
			ret_option->key = known[i].key;
		}
	if (is_custom(opt.code)) {
		form = FORM_CUSTOM;
		ret_option->name = "Custom option";
		ret_option->key = "opt_custom";
	}
	out = open_memstream(&ret_option->value, &ret_option->value_len);
	if (out == NULL)
		return false;
	ret_option->is_number = form >= FORM_U8 && form <= FORM_I64;
	if (!put_form(out, form, &opt, it->it.big_endian)) {
		ret_option->is_number = false;
		put_hex(out, opt.value, opt.len < HEX_MAX ? opt.len : HEX_MAX, "");
		if (opt.len > HEX_MAX)
			fputs("...", out);
	}
	return fclose(out) == 0 && ret_option->value != NULL;
}
