/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_LDAP_H
#define PAL_LDAP_H

/**
 * @file
 * LDAP messages, RFC 4511; over UDP, too (CLDAP, MS-ADTS). Read where they lie: texts are cursors into the message.
 */

#include <pal_ber.h>

/** The longest message that is read. */
#define PAL_LDAP_MESSAGE_MAX (256u * 1024)

/** Operations: tags of APPLICATION. */
enum pal_ldap_op {
	PAL_LDAP_BIND_REQUEST = 0,
	PAL_LDAP_BIND_RESPONSE = 1,
	PAL_LDAP_UNBIND_REQUEST = 2,
	PAL_LDAP_SEARCH_REQUEST = 3,
	PAL_LDAP_SEARCH_RESULT_ENTRY = 4,
	PAL_LDAP_SEARCH_RESULT_DONE = 5,
	PAL_LDAP_MODIFY_REQUEST = 6,
	PAL_LDAP_MODIFY_RESPONSE = 7,
	PAL_LDAP_ADD_REQUEST = 8,
	PAL_LDAP_ADD_RESPONSE = 9,
	PAL_LDAP_DEL_REQUEST = 10,
	PAL_LDAP_DEL_RESPONSE = 11,
	PAL_LDAP_MOD_DN_REQUEST = 12,
	PAL_LDAP_MOD_DN_RESPONSE = 13,
	PAL_LDAP_COMPARE_REQUEST = 14,
	PAL_LDAP_COMPARE_RESPONSE = 15,
	PAL_LDAP_ABANDON_REQUEST = 16,
	PAL_LDAP_SEARCH_RESULT_REFERENCE = 19,
	PAL_LDAP_EXTENDED_REQUEST = 23,
	PAL_LDAP_EXTENDED_RESPONSE = 24,
	PAL_LDAP_INTERMEDIATE_RESPONSE = 25,
};

struct pal_ldap {
	uint32_t message_id;
	enum pal_ldap_op op;
	struct pal_cursor body; /**< Of the operation. */
};

/** Suricata's: `search_result_entry`. NULL for one that there is not. */
const char *pal_ldap_op_name(enum pal_ldap_op op);

/** `success`, `no_such_object`; NULL for one without a name. */
const char *pal_ldap_result_name(uint32_t code);

/** Does a client say it? */
bool pal_ldap_is_request(enum pal_ldap_op op);

/** Will nothing follow for the same message id? True of responses, and of requests that get none. */
bool pal_ldap_is_last(enum pal_ldap_op op);

/** For pal_gather_next(). Also layers of SASL, which begin with 4 bytes of length. */
size_t pal_ldap_len(struct pal_cursor head);

/** Is it a layer of SASL (RFC 4422 section 3.7), which is not looked into? */
bool pal_ldap_is_sasl(struct pal_cursor message);

/** Take a message: of a stream there is one, of a datagram one after the other. false: it is none, or what is there is cut. */
bool pal_ldap_read(struct pal_cursor *cur, struct pal_ldap *ret_ldap);

/* What operations have. false: the body is not as it should be. */

struct pal_ldap_bind {
	uint32_t version;
	struct pal_cursor name;
	bool is_sasl, has_credentials;
	struct pal_cursor mechanism, credentials;
};
bool pal_ldap_bind(struct pal_cursor body, struct pal_ldap_bind *ret_bind);

struct pal_ldap_search {
	struct pal_cursor base;
	uint32_t scope, deref, size_limit, time_limit;
	bool types_only;
	struct pal_ber filter;
	struct pal_cursor attributes; /**< For pal_ldap_value_next(). */
};
bool pal_ldap_search(struct pal_cursor body, struct pal_ldap_search *ret_search);

/** Of all responses with a result; what follows it, by its operation. */
struct pal_ldap_result {
	uint32_t code;
	struct pal_cursor matched_dn, message;
	bool has_name, has_value;
	struct pal_cursor name; /**< Of an extended response. */
	struct pal_cursor
		value; /**< Of an extended response; of a bind response the SASL credentials. */
};
bool pal_ldap_result(struct pal_cursor body, struct pal_ldap_result *ret_result);

/** Of extended requests and intermediate responses. */
struct pal_ldap_extended {
	bool has_name, has_value;
	struct pal_cursor name, value;
};
bool pal_ldap_extended(struct pal_cursor body, struct pal_ldap_extended *ret_extended);

struct pal_ldap_mod_dn {
	struct pal_cursor entry, new_rdn, new_superior;
	bool delete_old_rdn, has_superior;
};
bool pal_ldap_mod_dn(struct pal_cursor body, struct pal_ldap_mod_dn *ret_mod);

struct pal_ldap_compare {
	struct pal_cursor entry, description, value;
};
bool pal_ldap_compare(struct pal_cursor body, struct pal_ldap_compare *ret_compare);

/** Search result entries, add and modify requests: a name, and then attributes or changes. */
struct pal_ldap_entry {
	struct pal_cursor name, list;
};
bool pal_ldap_entry(struct pal_cursor body, struct pal_ldap_entry *ret_entry);

struct pal_ldap_attribute {
	struct pal_cursor type, values; /**< For pal_ldap_value_next(). */
};
/** The next attribute of an entry; the next change of a modify request, with what is done. false: there is none. */
bool pal_ldap_attribute_next(struct pal_cursor *list, struct pal_ldap_attribute *ret_attribute);
bool pal_ldap_change_next(
	struct pal_cursor *list,
	uint32_t *ret_operation,
	struct pal_ldap_attribute *ret_attribute
);
bool pal_ldap_value_next(struct pal_cursor *values, struct pal_cursor *ret_value);

#endif
