/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * EVE `ike` records. What was negotiated stands in the record of the message that has it, and not, as Suricata has it,
 * in all that follow: a datagram is read by itself.
 */
#include "ike_record.h"

#include <stdio.h>

#define LONGEST_VALUE 1024 // of a key or a nonce, in bytes, that is printed

bool ike_find_sa(struct pal_ike ike, uint32_t *ret_doi, struct pal_cursor *ret_proposals)
{
	struct pal_ike_payload payload;

	while (pal_ike_next(&ike, &payload))
		if (payload.type == (ike.major == 1 ? PAL_IKE_V1_SA : PAL_IKE_V2_SA))
			return pal_ike_sa(&ike, &payload, ret_doi, ret_proposals);
	return false;
}

void ike_put_name(struct pal_json *j, enum pal_ike_kind kind, uint32_t value)
{
	const char *name = pal_ike_name(kind, value);
	char number[12];

	if (name == NULL) {
		snprintf(number, sizeof(number), "%u", value);
		name = number;
	}
	pal_json_put_comma(j);
	pal_json_put_str(j, name, strlen(name));
}

/* version 1 */

static void put_attribute(struct pal_json *j, const struct pal_ike_attribute *attr)
{
	switch (attr->type) {
	case PAL_IKE_ATTR_ENC:
		ike_put_named(j, "alg_enc", PAL_IKE_V1_ENC, attr->value);
		break;
	case PAL_IKE_ATTR_HASH:
		ike_put_named(j, "alg_hash", PAL_IKE_V1_HASH, attr->value);
		break;
	case PAL_IKE_ATTR_AUTH:
		ike_put_named(j, "alg_auth", PAL_IKE_V1_AUTH, attr->value);
		break;
	case PAL_IKE_ATTR_DH:
		ike_put_named(j, "alg_dh", PAL_IKE_V1_DH, attr->value);
		break;
	case PAL_IKE_ATTR_LIFE_TYPE:
		ike_put_named(j, "sa_life_type", PAL_IKE_V1_LIFE_TYPE, attr->value);
		break;
	case PAL_IKE_ATTR_LIFE_DURATION:
		pal_json_u64(j, "sa_life_duration_raw", attr->value);
		break;
	case PAL_IKE_ATTR_KEY_LEN:
		pal_json_u64(j, "sa_key_length_raw", attr->value);
		break;
	default:
		break;
	}
}

// Of attributes that come again (a life in seconds, and one in kilobytes), the first is put.
static void put_attributes(struct pal_json *j, struct pal_cursor attributes)
{
	struct pal_ike_attribute attr;
	uint32_t seen = 0;

	while (pal_ike_attribute_next(&attributes, &attr)) {
		if (!attr.is_number || attr.type > PAL_IKE_ATTR_KEY_LEN || seen >> attr.type & 1)
			continue;
		seen |= 1u << attr.type;
		put_attribute(j, &attr);
	}
}

static bool first_transform(struct pal_cursor proposals, struct pal_ike_transform *ret_transform)
{
	struct pal_ike_proposal proposal;

	return pal_ike_proposal_next(&proposals, &proposal) &&
	       pal_ike_transform_next(&proposal.transforms, 1, ret_transform);
}

static void put_proposals(struct pal_json *j, struct pal_cursor proposals)
{
	struct pal_ike_transform transform;
	struct pal_ike_proposal proposal;
	char *before = j->pos;

	pal_json_open(j, "proposals", '[');
	while (pal_ike_proposal_next(&proposals, &proposal))
		while (pal_ike_transform_next(&proposal.transforms, 1, &transform)) {
			pal_json_open_obj(j);
			put_attributes(j, transform.attributes);
			pal_json_close(j, '}');
		}
	ike_close_array(j, before);
}

static void put_side(struct pal_json *j, struct pal_ike ike, bool from_client)
{
	struct pal_cursor proposals;
	struct pal_ike_payload payload;
	bool has_ke = false, has_nonce = false;
	uint32_t doi;

	if (from_client)
		pal_json_open(j, "client", '{');
	else
		pal_json_open(j, "server", '{');
	if (from_client && ike_find_sa(ike, &doi, &proposals))
		put_proposals(j, proposals);
	while (pal_ike_next(&ike, &payload)) {
		size_t len = pal_cursor_left(&payload.data);
		size_t shown = len < LONGEST_VALUE ? len : LONGEST_VALUE;

		if (payload.type == PAL_IKE_V1_KE && !has_ke) {
			has_ke = true;
			pal_json_hex(j, "key_exchange_payload", payload.data.pos, shown);
			pal_json_u64(j, "key_exchange_payload_length", len);
		} else if (payload.type == PAL_IKE_V1_NONCE && !has_nonce) {
			has_nonce = true;
			pal_json_hex(j, "nonce_payload", payload.data.pos, shown);
			pal_json_u64(j, "nonce_payload_length", len);
		}
	}
	pal_json_close(j, '}');
}

static void put_vendors(struct pal_json *j, struct pal_ike ike)
{
	struct pal_ike_payload payload;
	char *before = j->pos;

	pal_json_open(j, "vendor_ids", '[');
	while (pal_ike_next(&ike, &payload)) {
		size_t len = pal_cursor_left(&payload.data);

		if (payload.type != PAL_IKE_V1_VENDOR)
			continue;
		pal_json_put_comma(j);
		pal_json_put_hex(j, payload.data.pos, len < LONGEST_VALUE ? len : LONGEST_VALUE);
	}
	ike_close_array(j, before);
}

static void put_v1(struct pal_json *j, const struct pal_ike *ike, bool from_client)
{
	struct pal_cursor proposals;
	uint32_t doi;

	pal_json_open(j, "ikev1", '{');
	if (ike_find_sa(*ike, &doi, &proposals))
		pal_json_u64(j, "doi", doi);
	pal_json_bool(j, "encrypted_payloads", pal_ike_is_encrypted(ike));
	if (!pal_ike_is_encrypted(ike)) {
		put_side(j, *ike, from_client);
		put_vendors(j, *ike);
	}
	pal_json_close(j, '}');
}

/* version 2 */

static void put_v2(struct pal_json *j, struct pal_ike ike)
{
	struct pal_ike all = ike;
	struct pal_ike_payload payload;
	unsigned int nb_errors = 0;
	char *before;
	uint16_t type;

	while (pal_ike_next(&ike, &payload))
		if (payload.type == PAL_IKE_V2_NOTIFY && pal_ike_notify(&payload, &type))
			nb_errors += type < 16384;
	pal_json_open(j, "ikev2", '{');
	pal_json_u64(j, "errors", nb_errors);
	before = j->pos;
	pal_json_open(j, "notify", '[');
	while (pal_ike_next(&all, &payload))
		if (payload.type == PAL_IKE_V2_NOTIFY && pal_ike_notify(&payload, &type))
			ike_put_name(j, PAL_IKE_V2_NOTIFY_TYPE, type);
	ike_close_array(j, before);
	pal_json_close(j, '}');
}

static void put_chosen_v2(struct pal_json *j, struct pal_cursor proposals)
{
	struct pal_ike_proposal proposal;
	struct pal_ike_transform transform;
	uint32_t seen = 0;

	if (!pal_ike_proposal_next(&proposals, &proposal))
		return;
	while (pal_ike_transform_next(&proposal.transforms, 2, &transform)) {
		if (transform.type > PAL_IKE_ESN || seen >> transform.type & 1)
			continue;
		seen |= 1u << transform.type;
		if (transform.type == PAL_IKE_ENC)
			ike_put_named(j, "alg_enc", PAL_IKE_V2_ENC, transform.id);
		else if (transform.type == PAL_IKE_AUTH)
			ike_put_named(j, "alg_auth", PAL_IKE_V2_AUTH, transform.id);
		else if (transform.type == PAL_IKE_DH)
			ike_put_named(j, "alg_dh", PAL_IKE_V2_DH, transform.id);
	}
}

/* both */

// The first transform of an answer is what it chose: RFC 2409 section 5, RFC 7296 section 3.3.
static void put_chosen(struct pal_json *j, const struct pal_ike *ike)
{
	struct pal_ike_transform transform;
	struct pal_cursor proposals;
	uint32_t doi;

	if (!ike_find_sa(*ike, &doi, &proposals))
		return;
	if (ike->major == 2)
		put_chosen_v2(j, proposals);
	else if (first_transform(proposals, &transform))
		put_attributes(j, transform.attributes);
}

static void put_payloads(struct pal_json *j, struct pal_ike ike)
{
	struct pal_ike_payload payload;
	char *before = j->pos;

	pal_json_open(j, "payload", '[');
	while (pal_ike_next(&ike, &payload))
		ike_put_name(
			j, ike.major == 1 ? PAL_IKE_V1_PAYLOAD : PAL_IKE_V2_PAYLOAD, payload.type
		);
	ike_close_array(j, before);
}

void ike_put(struct pal_json *j, const struct pal_ike *ike, bool from_client)
{
	pal_json_open(j, "ike", '{');
	pal_json_u64(j, "version_major", ike->major);
	pal_json_u64(j, "version_minor", ike->minor);
	pal_json_hex(j, "init_spi", ike->init_spi, PAL_IKE_SPI_LEN);
	pal_json_hex(j, "resp_spi", ike->resp_spi, PAL_IKE_SPI_LEN);
	pal_json_u64(j, "message_id", ike->message_id);
	pal_json_u64(j, "exchange_type", ike->exchange);
	if (ike->major == 1)
		pal_json_str(
			j, "exchange_type_verbose", pal_ike_name(PAL_IKE_V1_EXCHANGE, ike->exchange)
		);
	else if (ike->flags & PAL_IKE_V2_INITIATOR)
		pal_json_str(j, "role", "initiator");
	else
		pal_json_str(j, "role", "responder");
	if (ike_is_answer(ike, from_client))
		put_chosen(j, ike);
	put_payloads(j, *ike);
	if (ike->major == 1)
		put_v1(j, ike, from_client);
	else
		put_v2(j, *ike);
	pal_json_close(j, '}');
}
