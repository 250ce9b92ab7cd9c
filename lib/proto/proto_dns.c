/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_dns.h"
#include "pal_proto.h"

bool pal_dns_open(struct pal_dns *dns, struct pal_cursor msg)
{
	*dns = (struct pal_dns){.msg = msg, .rest = msg};
	if (!pal_cursor_be16(&dns->rest, &dns->id) || !pal_cursor_be16(&dns->rest, &dns->flags))
		return false;
	for (int i = 0; i < PAL_DNS_SECTION_COUNT; i++)
		if (!pal_cursor_be16(&dns->rest, &dns->counts[i]))
			return false;
	return true;
}

static bool add_label(struct pal_dns_name *name, const uint8_t *label, uint8_t len)
{
	size_t dot = name->len != 0;

	// RFC 1035 section 2.3.4: with the length bytes of labels and root, a name has 255 bytes at most.
	if (name->len + dot + len + 2 > PAL_DNS_NAME_MAX)
		return false;
	if (dot)
		name->text[name->len] = '.';
	memcpy(name->text + name->len + dot, label, len);
	name->len = (uint8_t)(name->len + dot + len);
	return true;
}

bool pal_dns_name(const struct pal_dns *dns, struct pal_cursor *cur, struct pal_dns_name *ret_name)
{
	struct pal_cursor at = *cur, after;
	const uint8_t *piece = at.pos; // where it began
	bool jumped = false;

	ret_name->len = 0;
	for (;;) {
		const uint8_t *label;
		uint8_t len, low;

		if (!pal_cursor_u8(&at, &len))
			return false;
		// RFC 1035 section 4.1.4; the other two values of the high bits are reserved.
		if ((len & 0xc0) == 0xc0) {
			size_t offset;

			if (!pal_cursor_u8(&at, &low))
				return false;
			offset = (size_t)(len & 0x3f) << 8 | low;
			if (!jumped)
				after = at;
			jumped = true;
			if (offset >= (size_t)(piece - dns->msg.pos))
				return false;
			piece = dns->msg.pos + offset;
			at = (struct pal_cursor){.pos = piece, .end = dns->msg.end};
			continue;
		}
		if (len & 0xc0)
			return false;
		if (len == 0)
			break;
		label = pal_cursor_take(&at, len);
		if (label == NULL || !add_label(ret_name, label, len))
			return false;
	}
	*cur = jumped ? after : at;
	return true;
}

static bool read_rr(struct pal_dns *dns, struct pal_dns_rr *rr)
{
	const uint8_t *rdata;
	uint16_t len;

	rr->section = dns->section;
	if (!pal_dns_name(dns, &dns->rest, &rr->name) || !pal_cursor_be16(&dns->rest, &rr->type) ||
	    !pal_cursor_be16(&dns->rest, &rr->rr_class))
		return false;
	rr->ttl = 0;
	rr->rdata = (struct pal_cursor){dns->rest.pos, dns->rest.pos};
	if (dns->section == PAL_DNS_QUESTION)
		return true;
	if (!pal_cursor_be32(&dns->rest, &rr->ttl) || !pal_cursor_be16(&dns->rest, &len))
		return false;
	rdata = pal_cursor_take(&dns->rest, len);
	if (rdata == NULL)
		return false;
	rr->rdata = pal_cursor_of(rdata, len);
	return true;
}

bool pal_dns_next(struct pal_dns *dns, struct pal_dns_rr *ret_rr)
{
	while (dns->section < PAL_DNS_SECTION_COUNT && dns->nb_read == dns->counts[dns->section]) {
		dns->section++;
		dns->nb_read = 0;
	}
	if (dns->section == PAL_DNS_SECTION_COUNT || dns->is_malformed)
		return false;
	dns->nb_read++;
	dns->is_malformed = !read_rr(dns, ret_rr);
	return !dns->is_malformed;
}

/* data */

bool pal_dns_rdata_name(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_name *ret_name
)
{
	struct pal_cursor cur = rr->rdata;

	// RFC 1035 section 3.3.9: a preference comes first.
	if (rr->type == PAL_DNS_MX && !pal_cursor_skip(&cur, 2))
		return false;
	return pal_dns_name(dns, &cur, ret_name);
}

// RFC 1035 section 3.3.13.
bool pal_dns_rdata_soa(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_soa *ret_soa
)
{
	struct pal_cursor cur = rr->rdata;

	return pal_dns_name(dns, &cur, &ret_soa->mname) &&
	       pal_dns_name(dns, &cur, &ret_soa->rname) &&
	       pal_cursor_be32(&cur, &ret_soa->serial) &&
	       pal_cursor_be32(&cur, &ret_soa->refresh) && pal_cursor_be32(&cur, &ret_soa->retry) &&
	       pal_cursor_be32(&cur, &ret_soa->expire) && pal_cursor_be32(&cur, &ret_soa->minimum);
}

// RFC 2782.
bool pal_dns_rdata_srv(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_srv *ret_srv
)
{
	struct pal_cursor cur = rr->rdata;

	return pal_cursor_be16(&cur, &ret_srv->priority) &&
	       pal_cursor_be16(&cur, &ret_srv->weight) && pal_cursor_be16(&cur, &ret_srv->port) &&
	       pal_dns_name(dns, &cur, &ret_srv->name);
}

// RFC 4255 section 3.1.
bool pal_dns_rdata_sshfp(const struct pal_dns_rr *rr, struct pal_dns_sshfp *ret_sshfp)
{
	struct pal_cursor cur = rr->rdata;

	if (!pal_cursor_u8(&cur, &ret_sshfp->algorithm) || !pal_cursor_u8(&cur, &ret_sshfp->type))
		return false;
	ret_sshfp->fingerprint = cur;
	return true;
}

bool pal_dns_txt_next(struct pal_cursor *rdata, struct pal_cursor *ret_text)
{
	const uint8_t *text;
	uint8_t len;

	if (!pal_cursor_u8(rdata, &len))
		return false;
	text = pal_cursor_take(rdata, len);
	if (text == NULL)
		return false;
	*ret_text = pal_cursor_of(text, len);
	return true;
}

// RFC 6891 section 6.1.2.
bool pal_dns_option_next(struct pal_cursor *rdata, uint16_t *ret_code, struct pal_cursor *ret_data)
{
	const uint8_t *data;
	uint16_t len;

	if (!pal_cursor_be16(rdata, ret_code) || !pal_cursor_be16(rdata, &len))
		return false;
	data = pal_cursor_take(rdata, len);
	if (data == NULL)
		return false;
	*ret_data = pal_cursor_of(data, len);
	return true;
}

/* recognition */

static bool is_printable(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return false;
	return true;
}

// Can these be the flags and counts of a message?
static bool is_header(const struct pal_dns *dns)
{
	unsigned int opcode = pal_dns_opcode(dns->flags);

	// IANA: 3 and what is above 6 are not assigned. RFC 1035 section 4.1.1: Z must be zero.
	if (opcode == 3 || opcode > 6 || (dns->flags & PAL_DNS_Z))
		return false;
	if (dns->flags & PAL_DNS_QR)
		return dns->counts[PAL_DNS_QUESTION] <= 8;
	return dns->counts[PAL_DNS_QUESTION] >= 1 && dns->counts[PAL_DNS_QUESTION] <= 64 &&
	       (dns->flags & 15) == 0;
}

// RFC 1002 section 4.2: NetBIOS names have the same header, and a first label of 32 letters A to P.
static bool is_netbios(const uint8_t *label, size_t len)
{
	if (len != 32)
		return false;
	for (size_t i = 0; i < len; i++)
		if (label[i] < 'A' || label[i] > 'P')
			return false;
	return true;
}

// A whole message: every record can be read, nothing is left over, and the names are text.
static bool is_whole(struct pal_dns dns)
{
	struct pal_dns_rr rr;

	while (pal_dns_next(&dns, &rr))
		if (!is_printable((const uint8_t *)rr.name.text, rr.name.len))
			return false;
	return !dns.is_malformed && pal_cursor_left(&dns.rest) == 0;
}

static bool begins_as_netbios(const struct pal_dns *dns)
{
	struct pal_cursor cur = dns->rest;
	const uint8_t *label;
	uint8_t len;

	if (!pal_cursor_u8(&cur, &len))
		return false;
	label = pal_cursor_take(&cur, len);
	return label != NULL && is_netbios(label, len);
}

static enum pal_probe probe_datagram(struct pal_cursor bytes)
{
	struct pal_dns dns;

	if (!pal_dns_open(&dns, bytes) || !is_header(&dns) || begins_as_netbios(&dns))
		return PAL_PROBE_NO;
	return dns.counts[PAL_DNS_QUESTION] != 0 && is_whole(dns) ? PAL_PROBE_YES
								  : PAL_PROBE_LIKELY;
}

// The question of a message whose end is not there yet.
static enum pal_probe probe_question(struct pal_cursor cur, bool is_last)
{
	const uint8_t *label;
	uint16_t type, rr_class;
	uint8_t len;

	do {
		if (!pal_cursor_u8(&cur, &len))
			return is_last ? PAL_PROBE_YES : PAL_PROBE_MORE;
		if (len > 63)
			return PAL_PROBE_NO;
		label = cur.pos;
		if (pal_cursor_left(&cur) < len)
			return !is_printable(label, pal_cursor_left(&cur)) ? PAL_PROBE_LIKELY
			       : is_last				   ? PAL_PROBE_YES
									   : PAL_PROBE_MORE;
		if (!is_printable(label, len))
			return PAL_PROBE_LIKELY;
		pal_cursor_skip(&cur, len);
	} while (len != 0);
	if (!pal_cursor_be16(&cur, &type) || !pal_cursor_be16(&cur, &rr_class))
		return is_last ? PAL_PROBE_YES : PAL_PROBE_MORE;
	// RFC 6895 section 3.2.
	return rr_class == 1 || rr_class == 3 || rr_class == 4 || rr_class >= 254
		       ? PAL_PROBE_YES
		       : PAL_PROBE_LIKELY;
}

// RFC 1035 section 4.2.2: a length of two bytes comes first.
static enum pal_probe probe_stream(struct pal_cursor bytes)
{
	bool is_last = pal_cursor_left(&bytes) >= PAL_PROBE_BYTES;
	struct pal_dns dns;
	uint16_t len;

	if (pal_cursor_left(&bytes) < 2 + PAL_DNS_HEADER_LEN || !pal_cursor_be16(&bytes, &len))
		return PAL_PROBE_MORE;
	if (len < PAL_DNS_HEADER_LEN || !pal_dns_open(&dns, bytes) || !is_header(&dns))
		return PAL_PROBE_NO;
	if (dns.counts[PAL_DNS_QUESTION] != 1)
		return PAL_PROBE_LIKELY;
	return probe_question(dns.rest, is_last);
}

enum pal_probe pal_dns_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	return over == PAL_OVER_UDP ? probe_datagram(bytes) : probe_stream(bytes);
}

// Nothing but the port tells these from DNS: RFC 6762 section 3, RFC 4795 section 2.
enum pal_probe pal_mdns_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	enum pal_probe answer = pal_dns_probe(bytes, over);

	return answer == PAL_PROBE_YES ? PAL_PROBE_LIKELY : answer;
}

enum pal_probe pal_llmnr_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	return pal_mdns_probe(bytes, over);
}

/* names */

const char *pal_dns_type_name(uint16_t type)
{
	switch (type) {
#define PAL_DNS_TYPE(value, name)                                                                  \
	case value:                                                                                \
		return name;
#include "dns_names.def"
	default:
		return NULL;
	}
}

const char *pal_dns_rcode_name(uint16_t rcode)
{
	switch (rcode) {
#define PAL_DNS_RCODE(value, name)                                                                 \
	case value:                                                                                \
		return name;
#include "dns_names.def"
	default:
		return NULL;
	}
}
