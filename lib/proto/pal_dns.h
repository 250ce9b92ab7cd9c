/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DNS_H
#define PAL_DNS_H

/**
 * @file
 * DNS messages: RFC 1035, and what is built like them (mDNS, LLMNR). Read record by record; nothing is kept or copied
 * but one name at a time.
 *
 *      struct pal_dns dns;
 *      struct pal_dns_rr rr;
 *
 *      if (pal_dns_open(&dns, payload))
 *              while (pal_dns_next(&dns, &rr))
 *                      ...
 *      dns.is_malformed says whether it ended before it should
 */

#include <pal_cursor.h>

#define PAL_DNS_HEADER_LEN 12
/** A name in its wire form, RFC 1035 section 3.1. */
#define PAL_DNS_NAME_MAX 255

enum pal_dns_flag {
	PAL_DNS_QR = 0x8000, /**< A response. */
	PAL_DNS_AA = 0x0400,
	PAL_DNS_TC = 0x0200,
	PAL_DNS_RD = 0x0100,
	PAL_DNS_RA = 0x0080,
	PAL_DNS_Z = 0x0040,
};

static inline unsigned int pal_dns_opcode(uint16_t flags)
{
	return flags >> 11 & 15;
}

enum pal_dns_section {
	PAL_DNS_QUESTION,
	PAL_DNS_ANSWER,
	PAL_DNS_AUTHORITY,
	PAL_DNS_ADDITIONAL,
	PAL_DNS_SECTION_COUNT,
};

/** Types that callers treat in their own ways; pal_dns_type_name() and pal_dns_rdata_text() know more. */
enum pal_dns_type {
	PAL_DNS_A = 1,
	PAL_DNS_NS = 2,
	PAL_DNS_CNAME = 5,
	PAL_DNS_SOA = 6,
	PAL_DNS_NULL = 10,
	PAL_DNS_PTR = 12,
	PAL_DNS_MX = 15,
	PAL_DNS_TXT = 16,
	PAL_DNS_AAAA = 28,
	PAL_DNS_SRV = 33,
	PAL_DNS_DNAME = 39,
	PAL_DNS_OPT = 41,
	PAL_DNS_SSHFP = 44,
	PAL_DNS_SPF = 99,
};

/** A name, labels joined by dots as they are; the root is empty. */
struct pal_dns_name {
	uint8_t len;
	char text[PAL_DNS_NAME_MAX];
};

/** A question, or a record. */
struct pal_dns_rr {
	enum pal_dns_section section;
	struct pal_dns_name name;
	uint16_t type;
	uint16_t rr_class;
	uint32_t ttl; /**< Of OPT: extended rcode, version, flags; RFC 6891 section 6.1.3. */
	struct pal_cursor rdata;
};

/** A message being read. Copy it to read from the same place twice. */
struct pal_dns {
	struct pal_cursor msg; /**< All of it: names point back into it. */
	struct pal_cursor rest;
	uint16_t id, flags;
	uint16_t counts[PAL_DNS_SECTION_COUNT];
	uint16_t nb_read; /**< Of the section that is being read. */
	uint8_t section;
	bool is_malformed; /**< A record or its name cannot be read; nothing follows. */
};

/** Begin. false: there is no header. */
bool pal_dns_open(struct pal_dns *dns, struct pal_cursor msg);

/** The next question or record, in the order of the message. false: there is none, or it cannot be read. */
bool pal_dns_next(struct pal_dns *dns, struct pal_dns_rr *ret_rr);

/**
 * Read a name.
 *
 * A pointer must lead to before the place where the piece that has it began (RFC 1035 section 4.1.4: a prior
 * occurrence), so that there is no loop.
 *
 * @param cur
 *   In the message; moved behind the name, if there is one.
 */
bool pal_dns_name(const struct pal_dns *dns, struct pal_cursor *cur, struct pal_dns_name *ret_name);

struct pal_dns_soa {
	struct pal_dns_name mname, rname;
	uint32_t serial, refresh, retry, expire, minimum;
};

struct pal_dns_srv {
	uint16_t priority, weight, port;
	struct pal_dns_name name;
};

/* The data of one record. false: it is not as its type should be. */
/** NS, CNAME, PTR, DNAME; of MX the exchange. */
bool pal_dns_rdata_name(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_name *ret_name
);
bool pal_dns_rdata_soa(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_soa *ret_soa
);
bool pal_dns_rdata_srv(
	const struct pal_dns *dns,
	const struct pal_dns_rr *rr,
	struct pal_dns_srv *ret_srv
);

struct pal_dns_sshfp {
	uint8_t algorithm, type;
	struct pal_cursor fingerprint;
};

bool pal_dns_rdata_sshfp(const struct pal_dns_rr *rr, struct pal_dns_sshfp *ret_sshfp);

/** Room for the text of any but the longest keys and signatures. */
#define PAL_DNS_TEXT_MAX 4096

/**
 * Data as zone files have it, names as pal_dns_name() gives them: `10 mail.example.com`, `2371 13 2 1f98...`.
 *
 * @param dst
 *   Not NUL-terminated.
 * @return
 *   Characters written; 0: the type has no such text, its data is not as it should be, or the text does not fit.
 */
size_t
pal_dns_rdata_text(const struct pal_dns *dns, const struct pal_dns_rr *rr, char *dst, size_t room);

/** The next character string of TXT data, or option of OPT data. false: there is none. */
bool pal_dns_txt_next(struct pal_cursor *rdata, struct pal_cursor *ret_text);
bool pal_dns_option_next(struct pal_cursor *rdata, uint16_t *ret_code, struct pal_cursor *ret_data);

/** `AAAA`, `NXDOMAIN`; NULL for one without a name. Static strings. */
const char *pal_dns_type_name(uint16_t type);
const char *pal_dns_rcode_name(uint16_t rcode);

#endif
