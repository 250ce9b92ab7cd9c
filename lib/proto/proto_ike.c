/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_ike.h"
#include "pal_proto.h"

#define MARKER_LEN 4
#define PAYLOAD_HEADER_LEN 4

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool is_known(const struct pal_ike *ike)
{
	// RFC 2408 section 3.1: the other flags are zero; RFC 7296 section 3.1: as here.
	if (ike->major == 1)
		return ike->minor == 0 && !(ike->flags & ~7) &&
		       pal_ike_name(PAL_IKE_V1_EXCHANGE, ike->exchange) != NULL;
	return ike->major == 2 && ike->minor == 0 && !(ike->flags & ~0x38) &&
	       pal_ike_name(PAL_IKE_V2_EXCHANGE, ike->exchange) != NULL;
}

bool pal_ike_open(struct pal_ike *ike, struct pal_cursor datagram)
{
	const uint8_t *marker = pal_cursor_peek(&datagram, MARKER_LEN), *head;
	size_t left;

	*ike = (struct pal_ike){.has_marker = marker != NULL && is_zero(marker, MARKER_LEN)};
	if (ike->has_marker)
		pal_cursor_skip(&datagram, MARKER_LEN);
	head = pal_cursor_take(&datagram, PAL_IKE_HEADER_LEN);
	if (head == NULL)
		return false;
	ike->init_spi = head;
	ike->resp_spi = head + PAL_IKE_SPI_LEN;
	ike->next_payload = head[16];
	ike->major = head[17] >> 4;
	ike->minor = head[17] & 15;
	ike->exchange = head[18];
	ike->flags = head[19];
	ike->message_id = pal_load_be32(head + 20);
	ike->len = pal_load_be32(head + 24);
	// RFC 7296 section 3.1: the initiator's SPI must not be zero.
	if (ike->len < PAL_IKE_HEADER_LEN || !is_known(ike) ||
	    is_zero(ike->init_spi, PAL_IKE_SPI_LEN))
		return false;
	left = ike->len - PAL_IKE_HEADER_LEN;
	ike->is_cut = left > pal_cursor_left(&datagram);
	ike->payloads = datagram;
	pal_cursor_limit(&ike->payloads, left);
	return true;
}

bool pal_ike_is_first(const struct pal_ike *ike)
{
	return is_zero(ike->resp_spi, PAL_IKE_SPI_LEN);
}

// RFC 2408 section 3.2, RFC 7296 section 3.2.
bool pal_ike_next(struct pal_ike *ike, struct pal_ike_payload *ret_payload)
{
	uint8_t type = ike->next_payload;
	const uint8_t *head, *data;
	uint16_t len;

	if (type == 0 || ike->is_malformed || pal_ike_is_encrypted(ike))
		return false;
	head = pal_cursor_take(&ike->payloads, PAYLOAD_HEADER_LEN);
	len = head == NULL ? 0 : pal_load_be16(head + 2);
	data = len < PAYLOAD_HEADER_LEN ? NULL
					: pal_cursor_take(&ike->payloads, len - PAYLOAD_HEADER_LEN);
	if (data == NULL) {
		ike->is_malformed = true;
		return false;
	}
	// RFC 7296 section 3.14: its next payload is the first one inside.
	ike->next_payload =
		type == PAL_IKE_V2_ENCRYPTED || type == PAL_IKE_V2_ENCRYPTED_FRAGMENT ? 0 : head[0];
	*ret_payload = (struct pal_ike_payload
	){.type = type, .data = pal_cursor_of(data, len - PAYLOAD_HEADER_LEN)};
	return true;
}

// RFC 2408 section 3.4, RFC 2407 section 4.6.1; RFC 7296 section 3.3.
bool pal_ike_sa(
	const struct pal_ike *ike,
	const struct pal_ike_payload *sa,
	uint32_t *ret_doi,
	struct pal_cursor *ret_proposals
)
{
	struct pal_cursor cur = sa->data;
	uint32_t doi = 0, situation;

	if (ike->major == 1 && (!pal_cursor_be32(&cur, &doi) || !pal_cursor_be32(&cur, &situation)))
		return false;
	*ret_doi = doi;
	*ret_proposals = cur;
	return true;
}

// A piece of a list: one byte says whether another follows, its length is in bytes 2 and 3.
static const uint8_t *
take_piece(struct pal_cursor *list, size_t head_len, struct pal_cursor *ret_rest)
{
	const uint8_t *head = pal_cursor_peek(list, head_len), *piece;
	uint16_t len;

	if (head == NULL)
		return NULL;
	len = pal_load_be16(head + 2);
	piece = len < head_len ? NULL : pal_cursor_take(list, len);
	if (piece == NULL)
		return NULL;
	*ret_rest = pal_cursor_of(piece + head_len, len - head_len);
	return piece;
}

// RFC 2408 section 3.5, RFC 7296 section 3.3.1.
bool pal_ike_proposal_next(struct pal_cursor *proposals, struct pal_ike_proposal *ret_proposal)
{
	struct pal_cursor list = *proposals, rest;
	const uint8_t *head = take_piece(&list, 8, &rest);

	if (head == NULL || !pal_cursor_skip(&rest, head[6]))
		return false;
	*proposals = list;
	*ret_proposal = (struct pal_ike_proposal
	){.number = head[4], .protocol = head[5], .nb_transforms = head[7], .transforms = rest};
	return true;
}

// RFC 2408 section 3.6, RFC 7296 section 3.3.2.
bool pal_ike_transform_next(
	struct pal_cursor *transforms,
	uint8_t major,
	struct pal_ike_transform *ret_transform
)
{
	struct pal_cursor rest;
	const uint8_t *head = take_piece(transforms, 8, &rest);

	if (head == NULL)
		return false;
	*ret_transform = (struct pal_ike_transform
	){.type = head[4],
	  .id = major == 1 ? head[5] : pal_load_be16(head + 6),
	  .attributes = rest};
	return true;
}

// RFC 2408 section 3.3, RFC 7296 section 3.3.5: with the upper bit of the type the value is where the length would be.
bool pal_ike_attribute_next(struct pal_cursor *attributes, struct pal_ike_attribute *ret_attribute)
{
	struct pal_cursor cur = *attributes;
	const uint8_t *data;
	uint16_t type, len;

	if (!pal_cursor_be16(&cur, &type) || !pal_cursor_be16(&cur, &len))
		return false;
	*ret_attribute = (struct pal_ike_attribute){.type = type & 0x7fff};
	if (type & 0x8000) {
		ret_attribute->data = pal_cursor_of(cur.pos - 2, 2);
	} else {
		data = pal_cursor_take(&cur, len);
		if (data == NULL)
			return false;
		ret_attribute->data = pal_cursor_of(data, len);
	}
	*attributes = cur;
	cur = ret_attribute->data;
	ret_attribute->is_number = pal_cursor_left(&cur) <= 4;
	for (uint8_t b; ret_attribute->is_number && pal_cursor_u8(&cur, &b);)
		ret_attribute->value = ret_attribute->value << 8 | b;
	return true;
}

bool pal_ike_notify(const struct pal_ike_payload *notify, uint16_t *ret_type)
{
	struct pal_cursor cur = notify->data;

	return pal_cursor_skip(&cur, 2) && pal_cursor_be16(&cur, ret_type);
}

static bool is_payload(const struct pal_ike *ike)
{
	if (ike->next_payload == 0)
		return ike->len == PAL_IKE_HEADER_LEN;
	return pal_ike_name(
		       ike->major == 1 ? PAL_IKE_V1_PAYLOAD : PAL_IKE_V2_PAYLOAD, ike->next_payload
	       ) != NULL;
}

enum pal_probe pal_ike_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_ike ike;
	size_t len;

	if (!pal_ike_open(&ike, bytes) || !is_payload(&ike))
		return PAL_PROBE_NO;
	len = pal_cursor_left(&bytes) - (ike.has_marker ? MARKER_LEN : 0);
	return len == ike.len ? PAL_PROBE_YES : PAL_PROBE_LIKELY;
}

const char *pal_ike_name(enum pal_ike_kind kind, uint32_t value)
{
	static const struct {
		enum pal_ike_kind kind;
		uint32_t value;
		const char *name;
	} names[] = {
#define PAL_IKE_NAME(kind_, value_, name_) {PAL_IKE_##kind_, value_, name_},
#include "ike_names.def"
#undef PAL_IKE_NAME
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].kind == kind && names[i].value == value)
			return names[i].name;
	return NULL;
}
