/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_KRB5_H
#define PAL_KRB5_H

/**
 * @file
 * Kerberos 5, RFC 4120: requests to a KDC, its replies and errors, over UDP and TCP. Read where they lie.
 */

#include <pal_ber.h>

/** The longest message that is read, with its length: tickets with the groups of their owner may be large. */
#define PAL_KRB5_MESSAGE_MAX (4u + 64 * 1024)

/** Message types, which are their tags of APPLICATION, too. */
enum pal_krb5_type {
	PAL_KRB5_AS_REQ = 10,
	PAL_KRB5_AS_REP = 11,
	PAL_KRB5_TGS_REQ = 12,
	PAL_KRB5_TGS_REP = 13,
	PAL_KRB5_AP_REQ = 14,
	PAL_KRB5_AP_REP = 15,
	PAL_KRB5_ERROR = 30,
};

/** What a message says; NULL cursors (pos) where it says nothing. */
struct pal_krb5 {
	enum pal_krb5_type type;
	struct pal_cursor realm; /**< Of the client; of an error that has none, of the server. */
	struct pal_cursor cname, sname; /**< For pal_krb5_name_text(). */
	bool has_etype, has_ticket_etype;
	int32_t etype; /**< Of what only the client can read, in a reply. */
	int32_t ticket_etype;
	uint32_t error_code;
};

/**
 * Read a message, without the length that TCP has before it.
 *
 * Of AP_REQ, AP_REP and other types nothing but the type is read.
 */
bool pal_krb5_read(struct pal_cursor message, struct pal_krb5 *ret_krb5);

/** For pal_gather_next(): RFC 4120 section 7.2.2. */
size_t pal_krb5_len(struct pal_cursor head);

/** The components of a name, joined by slashes; what does not fit is cut off. Characters written. */
size_t pal_krb5_name_text(struct pal_cursor name, char *dst, size_t room);

/** `KRB_AS_REQ`, `aes256-cts-hmac-sha1-96`, `KDC_ERR_PREAUTH_REQUIRED`; NULL for one without a name. */
const char *pal_krb5_type_name(enum pal_krb5_type type);
const char *pal_krb5_etype_name(int32_t etype);
const char *pal_krb5_error_name(uint32_t code);

/** DES, RC4 and what is not known to be better (RFC 6649, RFC 8429). */
bool pal_krb5_is_weak(int32_t etype);

#endif
