/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `dns` records. Version 2 has the fields that the schemas of Suricata 7 and 8 share, version 3 all of Suricata 8's.
 *
 * Data that the schema has no object for is text, as zone files have it.
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

static void put_soa(struct pal_json *j, const struct pal_dns_soa *soa)
{
	pal_json_strn(j, "mname", soa->mname.text, soa->mname.len);
	pal_json_strn(j, "rname", soa->rname.text, soa->rname.len);
	pal_json_u64(j, "serial", soa->serial);
	pal_json_u64(j, "refresh", soa->refresh);
	pal_json_u64(j, "retry", soa->retry);
	pal_json_u64(j, "expire", soa->expire);
	pal_json_u64(j, "minimum", soa->minimum);
}

static void put_srv(struct pal_json *j, const struct pal_dns_srv *srv)
{
	pal_json_u64(j, "priority", srv->priority);
	pal_json_u64(j, "weight", srv->weight);
	pal_json_u64(j, "port", srv->port);
	pal_json_strn(j, "name", srv->name.text, srv->name.len);
}

static void put_sshfp(struct pal_json *j, const struct pal_dns_sshfp *sshfp)
{
	struct pal_cursor bytes = sshfp->fingerprint;
	char text[3 * UINT8_MAX];
	size_t len = 0;
	uint8_t byte;

	// SHA-512 has 64 bytes; there is no longer one.
	while (len + 3 <= sizeof(text) && pal_cursor_u8(&bytes, &byte))
		len += (size_t)sprintf(text + len, len == 0 ? "%02x" : ":%02x", byte);
	pal_json_strn(j, "fingerprint", text, len);
	pal_json_u64(j, "algo", sshfp->algorithm);
	pal_json_u64(j, "type", sshfp->type);
}

static bool is_txt(uint16_t type)
{
	return type == PAL_DNS_TXT || type == PAL_DNS_SPF;
}

// A value that is text or an address; false where the data is not as its type should be, or nothing is known of it.
static bool put_value(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	struct pal_cursor rdata = rr->rdata;
	size_t len = pal_cursor_left(&rdata);
	struct pal_dns_name name;
	char text[PAL_DNS_TEXT_MAX];

	switch (rr->type) {
	case PAL_DNS_NS:
	case PAL_DNS_CNAME:
	case PAL_DNS_PTR:
	case PAL_DNS_DNAME:
	case PAL_DNS_MX: // without the preference, as Suricata has it
		if (!pal_dns_rdata_name(dns, rr, &name))
			return false;
		pal_json_put_str(j, name.text, name.len);
		return true;
	case PAL_DNS_NULL:
		pal_json_put_str(j, (const char *)rdata.pos, len);
		return true;
	default:
		len = pal_dns_rdata_text(dns, rr, text, sizeof(text));
		if (len == 0)
			return false;
		pal_json_put_str(j, text, len);
		return true;
	}
}

// Data that is an object of its own, where the schema has it; false: it is not.
static bool put_object(
	struct pal_json *j,
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	const struct dns_format *format
)
{
	bool is_answer = rr->section == PAL_DNS_ANSWER;
	struct pal_dns_sshfp sshfp;
	struct pal_dns_soa soa;
	struct pal_dns_srv srv;

	if (rr->type == PAL_DNS_SOA &&
	    (rr->section == PAL_DNS_AUTHORITY || (is_answer && format->is_v3)) &&
	    pal_dns_rdata_soa(dns, rr, &soa)) {
		pal_json_open(j, "soa", '{');
		put_soa(j, &soa);
	} else if (rr->type == PAL_DNS_SRV && is_answer && pal_dns_rdata_srv(dns, rr, &srv)) {
		pal_json_open(j, "srv", '{');
		put_srv(j, &srv);
	} else if (rr->type == PAL_DNS_SSHFP && is_answer && format->is_v3 && pal_dns_rdata_sshfp(rr, &sshfp)) {
		pal_json_open(j, "sshfp", '{');
		put_sshfp(j, &sshfp);
	} else {
		return false;
	}
	pal_json_close(j, '}');
	return true;
}

static void put_options(struct pal_json *j, struct pal_cursor rdata)
{
	struct pal_cursor data;
	uint16_t code;

	pal_json_open(j, "opt", '[');
	while (pal_dns_option_next(&rdata, &code, &data)) {
		pal_json_open_obj(j);
		pal_json_u64(j, "code", code);
		pal_json_hex(j, "data", data.pos, pal_cursor_left(&data));
		pal_json_close(j, '}');
	}
	pal_json_close(j, ']');
}

// Under a key that is known only by then: taken back if there is nothing to put.
static void put_rdata(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	char *before = j->pos;

	pal_json_put_key(j, PAL_JSON_KEY("rdata"));
	if (!put_value(j, dns, rr))
		j->pos = before;
}

static void open_rr(struct pal_json *j, const struct pal_dns_rr *rr)
{
	pal_json_open_obj(j);
	pal_json_strn(j, "rrname", rr->name.text, rr->name.len);
	put_type(j, rr->type);
	pal_json_u64(j, "ttl", rr->ttl);
}

// All strings of a TXT record are elements of their own.
static void put_txt(struct pal_json *j, const struct pal_dns_rr *rr)
{
	struct pal_cursor rdata = rr->rdata, text;

	while (pal_dns_txt_next(&rdata, &text)) {
		open_rr(j, rr);
		pal_json_strn(j, "rdata", (const char *)text.pos, pal_cursor_left(&text));
		pal_json_close(j, '}');
	}
}

static void
put_rr(struct pal_json *j,
       const struct pal_dns *dns,
       const struct pal_dns_rr *rr,
       const struct dns_format *format)
{
	if (is_txt(rr->type)) {
		put_txt(j, rr);
		return;
	}
	open_rr(j, rr);
	if (rr->type == PAL_DNS_OPT)
		put_options(j, rr->rdata);
	else if (!put_object(j, dns, rr, format))
		put_rdata(j, dns, rr);
	pal_json_close(j, '}');
}

// An array or object that has nothing in it is left out.
static void close_filled(struct pal_json *j, char *before, char brace)
{
	if (j->pos > j->start && (j->pos[-1] == '[' || j->pos[-1] == '{'))
		j->pos = before;
	else
		pal_json_close(j, brace);
}

// OPT says something only if it has options: the rest of it is in the header's fields.
static bool is_shown(const struct pal_dns_rr *rr)
{
	return rr->type != PAL_DNS_OPT ||
	       (rr->section == PAL_DNS_ADDITIONAL && pal_cursor_left(&rr->rdata) != 0);
}

static void open_section(struct pal_json *j, enum pal_dns_section section)
{
	if (section == PAL_DNS_ANSWER)
		pal_json_open(j, "answers", '[');
	else if (section == PAL_DNS_AUTHORITY)
		pal_json_open(j, "authorities", '[');
	else
		pal_json_open(j, "additionals", '[');
}

static void put_section(
	struct pal_json *j,
	struct pal_dns dns,
	enum pal_dns_section section,
	const struct dns_format *format
)
{
	struct pal_dns_rr rr;
	char *before = j->pos;

	open_section(j, section);
	while (pal_dns_next(&dns, &rr) && rr.section <= section)
		if (rr.section == section && is_shown(&rr))
			put_rr(j, &dns, &rr, format);
	close_filled(j, before, ']');
}

/* answers by type */

static void put_group_txt(struct pal_json *j, struct pal_cursor rdata)
{
	struct pal_cursor text;

	while (pal_dns_txt_next(&rdata, &text)) {
		pal_json_put_comma(j);
		pal_json_put_str(j, (const char *)text.pos, pal_cursor_left(&text));
	}
}

// false: this is none of the types that are objects.
static bool
put_group_object(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	char *before = j->pos;
	struct pal_dns_sshfp sshfp;
	struct pal_dns_soa soa;
	struct pal_dns_srv srv;

	if (rr->type != PAL_DNS_SRV && rr->type != PAL_DNS_SOA && rr->type != PAL_DNS_SSHFP)
		return false;
	pal_json_open_obj(j);
	if (rr->type == PAL_DNS_SRV && pal_dns_rdata_srv(dns, rr, &srv))
		put_srv(j, &srv);
	else if (rr->type == PAL_DNS_SOA && pal_dns_rdata_soa(dns, rr, &soa))
		put_soa(j, &soa);
	else if (rr->type == PAL_DNS_SSHFP && pal_dns_rdata_sshfp(rr, &sshfp))
		put_sshfp(j, &sshfp);
	close_filled(j, before, '}');
	return true;
}

static void
put_group_value(struct pal_json *j, const struct pal_dns *dns, const struct pal_dns_rr *rr)
{
	char *before = j->pos;

	if (rr->type == PAL_DNS_TXT) {
		put_group_txt(j, rr->rdata);
		return;
	}
	if (put_group_object(j, dns, rr))
		return;
	pal_json_put_comma(j);
	if (!put_value(j, dns, rr))
		j->pos = before;
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
	close_filled(j, before, ']');
}

static void
put_grouped(struct pal_json *j, const struct pal_dns *dns, const struct dns_format *format)
{
	static const struct {
		uint16_t type;
		bool only_v3;
	} types[] = {
		{PAL_DNS_A, false},
		{PAL_DNS_AAAA, false},
		{PAL_DNS_CNAME, false},
		{PAL_DNS_MX, false},
		{PAL_DNS_NS, true},
		{PAL_DNS_NULL, false},
		{PAL_DNS_PTR, false},
		{PAL_DNS_SOA, true},
		{PAL_DNS_SRV, false},
		{PAL_DNS_SSHFP, true},
		{PAL_DNS_TXT, false},
	};
	char *before = j->pos;

	pal_json_open(j, "grouped", '{');
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (format->is_v3 || !types[i].only_v3)
			put_group(j, *dns, types[i].type);
	close_filled(j, before, '}');
}

/* records */

static void put_flags(struct pal_json *j, const struct pal_dns *dns, bool is_v3)
{
	char text[5];

	snprintf(text, sizeof(text), "%x", dns->flags);
	pal_json_str(j, "flags", text);
	if (dns->flags & PAL_DNS_QR)
		pal_json_bool(j, "qr", true);
	if (dns->flags & PAL_DNS_AA)
		pal_json_bool(j, "aa", true);
	// The schema of Suricata 7 has no place for it.
	if (is_v3 && (dns->flags & PAL_DNS_TC))
		pal_json_bool(j, "tc", true);
	if (dns->flags & PAL_DNS_RD)
		pal_json_bool(j, "rd", true);
	if (dns->flags & PAL_DNS_RA)
		pal_json_bool(j, "ra", true);
	if (dns->flags & PAL_DNS_Z)
		pal_json_bool(j, "z", true);
	pal_json_u64(j, "opcode", pal_dns_opcode(dns->flags));
}

static void put_rcode(struct pal_json *j, uint16_t rcode)
{
	const char *name = pal_dns_rcode_name(rcode);
	char text[NUMBER_LEN];

	pal_json_str(j, "rcode", name != NULL ? name : number(text, rcode));
}

static void put_question(struct pal_json *j, const struct pal_dns_rr *question)
{
	pal_json_strn(j, "rrname", question->name.text, question->name.len);
	put_type(j, question->type);
}

static void
put_answers(struct pal_json *j, const struct pal_dns *dns, const struct dns_format *format)
{
	if (format->detailed)
		put_section(j, *dns, PAL_DNS_ANSWER, format);
	if (format->grouped)
		put_grouped(j, dns, format);
	put_section(j, *dns, PAL_DNS_AUTHORITY, format);
}

void dns_put_query(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct pal_dns_rr *question
)
{
	pal_json_open(j, "dns", '{');
	pal_json_u64(j, "version", 2);
	pal_json_str(j, "type", "query");
	pal_json_u64(j, "id", msg->dns.id);
	put_question(j, question);
	pal_json_u64(j, "tx_id", msg->tx_id);
	pal_json_u64(j, "opcode", pal_dns_opcode(msg->dns.flags));
	pal_json_close(j, '}');
}

void dns_put_answer(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct dns_format *format
)
{
	struct pal_dns first = msg->dns;
	struct pal_dns_rr rr;

	pal_json_open(j, "dns", '{');
	pal_json_u64(j, "version", 2);
	pal_json_str(j, "type", "answer");
	pal_json_u64(j, "id", msg->dns.id);
	put_flags(j, &msg->dns, false);
	// A response of mDNS asks nothing, RFC 6762 section 6.
	if (pal_dns_next(&first, &rr) && rr.section == PAL_DNS_QUESTION)
		put_question(j, &rr);
	put_rcode(j, msg->rcode);
	put_answers(j, &msg->dns, format);
	pal_json_close(j, '}');
}

static void put_questions(struct pal_json *j, struct pal_dns dns)
{
	struct pal_dns_rr rr;
	char *before = j->pos;

	pal_json_open(j, "queries", '[');
	while (pal_dns_next(&dns, &rr) && rr.section == PAL_DNS_QUESTION) {
		pal_json_open_obj(j);
		put_question(j, &rr);
		pal_json_close(j, '}');
	}
	close_filled(j, before, ']');
}

void dns_put_message(
	struct pal_json *j,
	const struct dns_message *msg,
	const struct dns_format *format
)
{
	pal_json_open(j, "dns", '{');
	pal_json_u64(j, "version", 3);
	pal_json_str(j, "type", msg->dns.flags & PAL_DNS_QR ? "response" : "request");
	pal_json_u64(j, "tx_id", msg->tx_id);
	pal_json_u64(j, "id", msg->dns.id);
	put_flags(j, &msg->dns, true);
	put_rcode(j, msg->rcode);
	put_questions(j, msg->dns);
	put_answers(j, &msg->dns, format);
	put_section(j, msg->dns, PAL_DNS_ADDITIONAL, format);
	pal_json_close(j, '}');
}
