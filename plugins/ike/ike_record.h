/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef IKE_RECORD_H
#define IKE_RECORD_H

/** @file The bodies of records about IKE. */

#include <pal_ike.h>
#include <pal_plugin.h>

#include <openssl/evp.h>

/**
 * EVE `ike`.
 *
 * @param from_client
 *   Sent by whoever began the flow.
 */
void ike_put(struct pal_json *j, const struct pal_ike *ike, bool from_client);

/**
 * `pal_ike`: fingerprint, what was chosen, and what is weak. Of a message with a security association.
 *
 * @param md5, ctx
 *   The caller's, for the fingerprint.
 */
void ike_put_notes(
	struct pal_json *j,
	const struct pal_ike *ike,
	bool from_client,
	const EVP_MD *md5,
	EVP_MD_CTX *ctx
);

/** The security association of a message. false: there is none that can be read. */
bool ike_find_sa(struct pal_ike ike, uint32_t *ret_doi, struct pal_cursor *ret_proposals);

/** Is it the answer, with what was chosen? */
static inline bool ike_is_answer(const struct pal_ike *ike, bool from_client)
{
	return ike->major == 2 ? ike->flags & PAL_IKE_V2_RESPONSE
			       : !from_client && !pal_ike_is_first(ike);
}

/** Close an array; one that has nothing in it is taken back. */
static inline void ike_close_array(struct pal_json *j, char *before)
{
	if (j->pos > j->start && j->pos[-1] == '[')
		j->pos = before;
	else
		pal_json_close(j, ']');
}

/** A number under a key: its name, where it has one, and the number as key_raw. The key is a literal. */
#define ike_put_named(j, key, kind, value)                                                         \
	do {                                                                                       \
		const char *name_ = pal_ike_name(kind, value);                                     \
		if (name_ != NULL)                                                                 \
			pal_json_str(j, key, name_);                                               \
		pal_json_u64(j, key "_raw", value);                                                \
	} while (0)

/** Element of an array: the name of a number, or the number. */
void ike_put_name(struct pal_json *j, enum pal_ike_kind kind, uint32_t value);

#endif
