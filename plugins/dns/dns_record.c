/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `dns` records, version 2, with the fields that the schemas of Suricata 7 and 8 share.
 */
#include "dns_record.h"

#include <stdio.h>

#define NUMBER_LEN 8

static const char *number(char text[NUMBER_LEN], uint16_t value)
{
	snprintf(text, NUMBER_LEN, "%u", value);
	return text;
}

static void put_type(struct pal_json *j, uint16_t type)
{
	const char *name = pal_dns_type_name(type);
	char text[NUMBER_LEN];

	pal_json_str(j, "rrtype", name != NULL ? name : number(text, type));
}

void dns_put_query(
	struct pal_json *j,
	const struct pal_dns *dns,
	const struct pal_dns_rr *question,
	uint32_t tx_id
)
{
	pal_json_open(j, "dns", '{');
	pal_json_u64(j, "version", 2);
	pal_json_str(j, "type", "query");
	pal_json_u64(j, "id", dns->id);
	pal_json_strn(j, "rrname", question->name.text, question->name.len);
	put_type(j, question->type);
	pal_json_u64(j, "tx_id", tx_id);
	pal_json_u64(j, "opcode", pal_dns_opcode(dns->flags));
	pal_json_close(j, '}');
}

static void put_soa(struct pal_json *j, const struct pal_dns_soa *soa)
{
	pal_json_open(j, "soa", '{');
	pal_json_strn(j, "mname", soa->mname.text, soa->mname.len);
	pal_json_strn(j, "rname", soa->rname.text, soa->rname.len);
	pal_json_u64(j, "serial", soa->serial);
	pal_json_u64(j, "refresh", soa->refresh);
	pal_json_u64(j, "retry", soa->retry);
	pal_json_u64(j, "expire", soa->expire);
	pal_json_u64(j, "minimum", soa->minimum);
	pal_json_close(j, '}');
}

static void put_srv(struct pal_json *j, const struct pal_dns_srv *srv)
{
	pal_json_u64(j, "priority", srv->priority);
	pal_json_u64(j, "weight", srv->weight);
	pal_json_u64(j, "port", srv->port);
	pal_json_strn(j, "name", srv->name.text, srv->name.len);
}

// A value that is text or an address; false where the type has none, or its data is not as it should be.
static bool put_value(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	struct pal_cursor rdata = rr->rdata, text;
	size_t len = pal_cursor_left(&rdata);
	union pal_addr addr = {0};
	struct pal_dns_name name;

	switch (rr->type) {
	case PAL_DNS_A:
	case PAL_DNS_AAAA:
		if (len != (rr->type == PAL_DNS_A ? 4u : 16u))
			return false;
		memcpy(addr.b, rdata.pos, len);
		pal_json_put_addr(j, &addr, rr->type == PAL_DNS_A ? 4 : 6);
		return true;
	case PAL_DNS_NS:
	case PAL_DNS_CNAME:
	case PAL_DNS_PTR:
	case PAL_DNS_DNAME:
	case PAL_DNS_MX:
		if (!pal_dns_rdata_name(dns, rr, &name))
			return false;
		pal_json_put_str(j, name.text, name.len);
		return true;
	case PAL_DNS_TXT:
		if (!pal_dns_txt_next(&rdata, &text))
			return false;
		pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
		return true;
	case PAL_DNS_NULL:
		pal_json_put_str(j, (const char *)rdata.pos, len);
		return true;
	default:
		return false;
	}
}

// Under a key that is known only by then: taken back if there is nothing to put.
static void put_rdata(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	char *before = j->pos;

	pal_json_put_key(j, PAL_JSON_KEY("rdata"));
	if (!put_value(j, dns, rr))
		j->pos = before;
}

static void put_rr(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	struct pal_dns_soa soa;
	struct pal_dns_srv srv;

	pal_json_open_obj(j);
	pal_json_strn(j, "rrname", rr->name.text, rr->name.len);
	put_type(j, rr->type);
	pal_json_u64(j, "ttl", rr->ttl);
	put_rdata(j, dns, rr);
	// Where the schema of Suricata 7 has a place for them.
	if (rr->section == PAL_DNS_AUTHORITY && rr->type == PAL_DNS_SOA &&
	    pal_dns_rdata_soa(dns, rr, &soa))
		put_soa(j, &soa);
	if (rr->section == PAL_DNS_ANSWER && rr->type == PAL_DNS_SRV &&
	    pal_dns_rdata_srv(dns, rr, &srv)) {
		pal_json_open(j, "srv", '{');
		put_srv(j, &srv);
		pal_json_close(j, '}');
	}
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

static void put_section(struct pal_json *j, struct pal_dns dns, enum pal_dns_section section)
{
	struct pal_dns_rr rr;
	char *before = j->pos;

	if (section == PAL_DNS_ANSWER)
		pal_json_open(j, "answers", '[');
	else
		pal_json_open(j, "authorities", '[');
	while (pal_dns_next(&dns, &rr) && rr.section <= section)
		if (rr.section == section)
			put_rr(j, &dns, &rr);
	close_array(j, before);
}

// All strings of a TXT record are values of their own.
static void put_group_txt(struct pal_json *j, struct pal_cursor rdata)
{
	struct pal_cursor text;

	while (pal_dns_txt_next(&rdata, &text)) {
		pal_json_put_comma(j);
		pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
	}
}

static void
put_group_value(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	char *before = j->pos;
	struct pal_dns_srv srv;

	if (rr->type == PAL_DNS_TXT) {
		put_group_txt(j, rr->rdata);
	} else if (rr->type == PAL_DNS_SRV) {
		if (!pal_dns_rdata_srv(dns, rr, &srv))
			return;
		pal_json_open_obj(j);
		put_srv(j, &srv);
		pal_json_close(j, '}');
	} else {
		pal_json_put_comma(j);
		if (!put_value(j, dns, rr))
			j->pos = before;
	}
}

static void put_group(struct pal_json *j, struct pal_dns dns, uint16_t type)
{
	struct pal_dns_rr rr;
	char *before = j->pos;

	pal_json_key_str(j, pal_dns_type_name(type));
	pal_json_put_char(j, '[');
	while (pal_dns_next(&dns, &rr) && rr.section <= PAL_DNS_ANSWER)
		if (rr.section == PAL_DNS_ANSWER && rr.type == type)
			put_group_value(j, &dns, &rr);
	close_array(j, before);
}

static void put_grouped(struct pal_json *j, const struct pal_dns *dns)
{
	static const uint16_t types[] = {
		PAL_DNS_A,
		PAL_DNS_AAAA,
		PAL_DNS_CNAME,
		PAL_DNS_MX,
		PAL_DNS_NULL,
		PAL_DNS_PTR,
		PAL_DNS_SRV,
		PAL_DNS_TXT,
	};
	char *before = j->pos;

	pal_json_open(j, "grouped", '{');
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		put_group(j, *dns, types[i]);
	if (j->pos > j->start && j->pos[-1] == '{')
		j->pos = before;
	else
		pal_json_close(j, '}');
}

static void put_flags(struct pal_json *j, uint16_t flags)
{
	char text[5];

	snprintf(text, sizeof(text), "%04x", flags);
	pal_json_str(j, "flags", text);
	pal_json_bool(j, "qr", true);
	if (flags & PAL_DNS_AA)
		pal_json_bool(j, "aa", true);
	if (flags & PAL_DNS_RD)
		pal_json_bool(j, "rd", true);
	if (flags & PAL_DNS_RA)
		pal_json_bool(j, "ra", true);
	if (flags & PAL_DNS_Z)
		pal_json_bool(j, "z", true);
}

void dns_put_answer(
	struct pal_json *j,
	const struct pal_dns *dns,
	uint16_t rcode,
	const struct dns_format *format
)
{
	const char *rcode_name = pal_dns_rcode_name(rcode);
	struct pal_dns first = *dns;
	struct pal_dns_rr rr;
	char text[NUMBER_LEN];

	pal_json_open(j, "dns", '{');
	pal_json_u64(j, "version", 2);
	pal_json_str(j, "type", "answer");
	pal_json_u64(j, "id", dns->id);
	put_flags(j, dns->flags);
	pal_json_u64(j, "opcode", pal_dns_opcode(dns->flags));
	// A response of mDNS asks nothing, RFC 6762 section 6.
	if (pal_dns_next(&first, &rr) && rr.section == PAL_DNS_QUESTION) {
		pal_json_strn(j, "rrname", rr.name.text, rr.name.len);
		put_type(j, rr.type);
	}
	pal_json_str(j, "rcode", rcode_name != NULL ? rcode_name : number(text, rcode));
	if (format->detailed)
		put_section(j, *dns, PAL_DNS_ANSWER);
	if (format->grouped)
		put_grouped(j, dns);
	put_section(j, *dns, PAL_DNS_AUTHORITY);
	pal_json_close(j, '}');
}
