/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What Suricata's `ike` has no place for: a fingerprint, what was chosen besides, and notes on weak algorithms.
 *
 * The fingerprint is the MD5 of `version,exchange,payloads,notifications,transforms`, all in decimal, lists joined by
 * `-`. A transform is `type.id`, with the length of its key `type.id.length`; of version 1 `enc.hash.auth.dh.length`,
 * 0 for what is not there. So it is the same for the same software and settings, whatever its keys and nonces.
 */
#include "ike_record.h"

#include <stdio.h>

#define TEXT_LEN 4096
#define MD5_LEN 16

struct text {
	char bytes[TEXT_LEN];
	size_t len;
	bool is_full;
};

static void add(struct text *t, const char *separator, uint32_t value)
{
	size_t left = sizeof(t->bytes) - t->len;
	int n = snprintf(t->bytes + t->len, left, "%s%u", separator, value);

	if (t->is_full || (size_t)n >= left)
		t->is_full = true;
	else
		t->len += (size_t)n;
}

// An element of a list, of which there may be none.
static void add_element(struct text *t, bool *is_first, uint32_t value)
{
	add(t, *is_first ? "" : "-", value);
	*is_first = false;
}

static void add_comma(struct text *t)
{
	if (t->len < sizeof(t->bytes))
		t->bytes[t->len++] = ',';
}

static uint32_t attribute_of(struct pal_cursor attributes, uint16_t type)
{
	struct pal_ike_attribute attr;

	while (pal_ike_attribute_next(&attributes, &attr))
		if (attr.type == type && attr.is_number)
			return attr.value;
	return 0;
}

static void add_transform(
	struct text *t,
	uint8_t major,
	const struct pal_ike_transform *transform,
	bool *is_first
)
{
	struct pal_cursor attributes = transform->attributes;
	uint32_t key_len = attribute_of(attributes, PAL_IKE_ATTR_KEY_LEN);

	if (major == 1) {
		add_element(t, is_first, attribute_of(attributes, PAL_IKE_ATTR_ENC));
		add(t, ".", attribute_of(attributes, PAL_IKE_ATTR_HASH));
		add(t, ".", attribute_of(attributes, PAL_IKE_ATTR_AUTH));
		add(t, ".", attribute_of(attributes, PAL_IKE_ATTR_DH));
		add(t, ".", key_len);
		return;
	}
	add_element(t, is_first, transform->type);
	add(t, ".", transform->id);
	if (key_len != 0)
		add(t, ".", key_len);
}

static void build_fingerprint(struct text *t, struct pal_ike ike, struct pal_cursor proposals)
{
	struct pal_ike notifying = ike;
	struct pal_ike_transform transform;
	struct pal_ike_proposal proposal;
	struct pal_ike_payload payload;
	bool is_first = true;
	uint16_t type;

	t->len = 0;
	t->is_full = false;
	add(t, "", (uint32_t)(ike.major << 4 | ike.minor));
	add(t, ",", ike.exchange);
	add_comma(t);
	while (pal_ike_next(&ike, &payload))
		add_element(t, &is_first, payload.type);
	add_comma(t);
	is_first = true;
	while (pal_ike_next(&notifying, &payload))
		if (payload.type == PAL_IKE_V2_NOTIFY && pal_ike_notify(&payload, &type))
			add_element(t, &is_first, type);
	add_comma(t);
	is_first = true;
	while (pal_ike_proposal_next(&proposals, &proposal))
		while (pal_ike_transform_next(&proposal.transforms, ike.major, &transform))
			add_transform(t, ike.major, &transform, &is_first);
}

// Nothing where the text would be too long.
static void put_fingerprint(
	struct pal_json *j,
	const struct pal_ike *ike,
	struct pal_cursor proposals,
	const EVP_MD *md5,
	EVP_MD_CTX *ctx
)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct text t;

	build_fingerprint(&t, *ike, proposals);
	if (t.is_full || EVP_DigestInit_ex2(ctx, md5, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, t.bytes, t.len) != 1 ||
	    EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
		return;
	pal_json_open(j, "fingerprint", '{');
	pal_json_hex(j, "hash", digest, MD5_LEN);
	pal_json_strn(j, "string", t.bytes, t.len);
	pal_json_close(j, '}');
}

/* what was chosen */

static void put_chosen(struct pal_json *j, struct pal_cursor proposals)
{
	bool has_prf = false, has_esn = false;
	struct pal_ike_transform transform;
	struct pal_ike_proposal proposal;

	if (!pal_ike_proposal_next(&proposals, &proposal))
		return;
	while (pal_ike_transform_next(&proposal.transforms, 2, &transform)) {
		if (transform.type == PAL_IKE_PRF && !has_prf) {
			has_prf = true;
			ike_put_named(j, "alg_prf", PAL_IKE_V2_PRF, transform.id);
		} else if (transform.type == PAL_IKE_ESN && !has_esn) {
			has_esn = true;
			ike_put_named(j, "alg_esn", PAL_IKE_V2_ESN, transform.id);
		}
	}
}

/* what is weak */

// Numbers below 64 that have been seen, a bit each.
struct weak {
	uint64_t enc, auth, dh;
	bool no_dh, no_integrity, is_ah;
};

static bool is_in(const uint8_t *list, size_t len, uint32_t value)
{
	return memchr(list, (int)value, len) != NULL && value < 64;
}

#define NOTE(set, list, value)                                                                     \
	do {                                                                                       \
		if (is_in(list, sizeof(list), value))                                              \
			(set) |= UINT64_C(1) << (value);                                           \
	} while (0)

// DES, 3DES, IDEA, CAST, Blowfish: blocks of 64 bits; RC5; no encryption.
static const uint8_t weak_enc[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
// MD5, SHA-1, DES, KPDK, AES-XCBC of 96 bits.
static const uint8_t weak_auth[] = {1, 2, 3, 4, 5, 6, 7};
// No group; primes of 768, 1024 and 1536 bits.
static const uint8_t weak_dh[] = {0, 1, 2, 5, 22};
// The same in version 1: fields of characteristic 2 are among its groups.
static const uint8_t weak_enc_v1[] = {1, 2, 3, 4, 5, 6};
static const uint8_t weak_hash_v1[] = {1, 2};
static const uint8_t weak_dh_v1[] = {1, 2, 3, 4, 5, 22};

static bool is_aead(uint16_t enc)
{
	return (enc >= 14 && enc <= 20) || (enc >= 25 && enc <= 28);
}

static void look_at_v1(struct weak *w, struct pal_cursor attributes)
{
	struct pal_ike_attribute attr;

	while (pal_ike_attribute_next(&attributes, &attr)) {
		if (!attr.is_number)
			continue;
		if (attr.type == PAL_IKE_ATTR_ENC)
			NOTE(w->enc, weak_enc_v1, attr.value);
		else if (attr.type == PAL_IKE_ATTR_HASH)
			NOTE(w->auth, weak_hash_v1, attr.value);
		else if (attr.type == PAL_IKE_ATTR_DH)
			NOTE(w->dh, weak_dh_v1, attr.value);
	}
}

static void look_at_proposal(struct weak *w, uint8_t major, const struct pal_ike_proposal *proposal)
{
	bool has_dh = false, has_integrity = false;
	struct pal_cursor transforms = proposal->transforms;
	struct pal_ike_transform t;

	while (pal_ike_transform_next(&transforms, major, &t)) {
		if (major == 1) {
			look_at_v1(w, t.attributes);
			continue;
		}
		switch (t.type) {
		case PAL_IKE_ENC:
			NOTE(w->enc, weak_enc, t.id);
			has_integrity = has_integrity || is_aead(t.id);
			break;
		case PAL_IKE_AUTH:
			NOTE(w->auth, weak_auth, t.id);
			has_integrity = has_integrity || t.id != 0;
			break;
		case PAL_IKE_DH:
			NOTE(w->dh, weak_dh, t.id);
			has_dh = true;
			break;
		default:
			break;
		}
	}
	if (major == 1)
		return;
	// RFC 7296 section 3.3.3: an IKE SA needs a group; and integrity, unless encryption brings it along.
	w->no_dh = w->no_dh || !has_dh;
	w->no_integrity = w->no_integrity || !has_integrity;
	w->is_ah = w->is_ah || proposal->protocol == 2;
}

static void put_set(struct pal_json *j, uint64_t set, enum pal_ike_kind kind)
{
	for (uint32_t value = 0; value < 64; value++)
		if (set >> value & 1)
			ike_put_name(j, kind, value);
}

static void put_word(struct pal_json *j, bool is_so, const char *word)
{
	if (!is_so)
		return;
	pal_json_put_comma(j);
	pal_json_put_str(j, word, strlen(word));
}

static void put_weak(struct pal_json *j, uint8_t major, struct pal_cursor proposals)
{
	struct pal_ike_proposal proposal;
	struct weak w = {0};
	char *before = j->pos;

	while (pal_ike_proposal_next(&proposals, &proposal))
		look_at_proposal(&w, major, &proposal);
	pal_json_open(j, "weak", '[');
	put_set(j, w.enc, major == 1 ? PAL_IKE_V1_ENC : PAL_IKE_V2_ENC);
	put_set(j, w.auth, major == 1 ? PAL_IKE_V1_HASH : PAL_IKE_V2_AUTH);
	put_set(j, w.dh, major == 1 ? PAL_IKE_V1_DH : PAL_IKE_V2_DH);
	put_word(j, w.no_dh, "no_dh");
	put_word(j, w.no_integrity, "no_integrity");
	put_word(j, w.is_ah, "no_confidentiality");
	ike_close_array(j, before);
}

void ike_put_notes(
	struct pal_json *j,
	const struct pal_ike *ike,
	bool from_client,
	const EVP_MD *md5,
	EVP_MD_CTX *ctx
)
{
	struct pal_cursor proposals;
	uint32_t doi;

	if (!ike_find_sa(*ike, &doi, &proposals))
		return;
	pal_json_open(j, "pal", '{');
	pal_json_u64(j, "version", ike->major);
	pal_json_bool(j, "answer", ike_is_answer(ike, from_client));
	put_fingerprint(j, ike, proposals, md5, ctx);
	if (ike->major == 2 && ike_is_answer(ike, from_client))
		put_chosen(j, proposals);
	put_weak(j, ike->major, proposals);
	pal_json_close(j, '}');
}
