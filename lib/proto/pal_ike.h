/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_IKE_H
#define PAL_IKE_H

/**
 * @file
 * IKE messages: version 1 (RFC 2408, 2409) and version 2 (RFC 7296), which are built alike.
 *
 *      datagram -> pal_ike_open() -> payloads -> proposals (of a security association) -> transforms -> attributes
 *                                    each level is a cursor, read with its own _next()
 *
 * On port 4500 four bytes of zeros come first (RFC 3948 section 2.2); pal_ike_open() passes over them.
 */

#include <pal_cursor.h>

#define PAL_IKE_HEADER_LEN 28
#define PAL_IKE_SPI_LEN 8

enum pal_ike_flag {
	PAL_IKE_V1_ENCRYPTED = 0x01,
	PAL_IKE_V2_INITIATOR = 0x08,
	PAL_IKE_V2_RESPONSE = 0x20,
};

/** Payloads that are looked into. */
enum pal_ike_payload_type {
	PAL_IKE_V1_SA = 1,
	PAL_IKE_V1_KE = 4,
	PAL_IKE_V1_NONCE = 10,
	PAL_IKE_V1_VENDOR = 13,
	PAL_IKE_V2_SA = 33,
	PAL_IKE_V2_KE = 34,
	PAL_IKE_V2_NONCE = 40,
	PAL_IKE_V2_NOTIFY = 41,
	PAL_IKE_V2_VENDOR = 43,
	PAL_IKE_V2_ENCRYPTED = 46,
	PAL_IKE_V2_ENCRYPTED_FRAGMENT = 53,
};

struct pal_ike {
	const uint8_t *init_spi, *resp_spi; /**< PAL_IKE_SPI_LEN bytes each, in the message. */
	uint8_t next_payload; /**< Type of the payload to be read next; 0: none. */
	uint8_t major, minor;
	uint8_t exchange;
	uint8_t flags; /**< enum pal_ike_flag */
	bool has_marker; /**< Four bytes of zeros came first. */
	bool is_cut; /**< The message is longer than the datagram. */
	bool is_malformed; /**< A payload cannot be read; nothing follows. */
	uint32_t message_id, len;
	struct pal_cursor payloads;
};

struct pal_ike_payload {
	uint8_t type;
	struct pal_cursor data; /**< Behind the generic header. */
};

/** Read the header. false: it is not all there, or of another version, or contradicts itself. */
bool pal_ike_open(struct pal_ike *ike, struct pal_cursor datagram);

/** Are the payloads encrypted, all of them? Version 1 says so in the header, then none is read. */
static inline bool pal_ike_is_encrypted(const struct pal_ike *ike)
{
	return ike->major == 1 && (ike->flags & PAL_IKE_V1_ENCRYPTED);
}

/** Has nobody answered yet? */
bool pal_ike_is_first(const struct pal_ike *ike);

/** The next payload. false: there is none that can be read. What is encrypted is the last one. */
bool pal_ike_next(struct pal_ike *ike, struct pal_ike_payload *ret_payload);

/* Inside a security association. */

struct pal_ike_proposal {
	uint8_t number, protocol; /**< protocol: 1 IKE, 2 AH, 3 ESP. */
	uint8_t nb_transforms; /**< As announced. */
	struct pal_cursor transforms;
};

enum pal_ike_transform_type {
	PAL_IKE_ENC = 1,
	PAL_IKE_PRF,
	PAL_IKE_AUTH, /**< Integrity. */
	PAL_IKE_DH,
	PAL_IKE_ESN,
};

struct pal_ike_transform {
	uint8_t type; /**< Version 2: enum pal_ike_transform_type. Version 1: number of the transform. */
	uint16_t id;
	struct pal_cursor attributes;
};

/** Attributes of version 1, RFC 2409 appendix A; of version 2 only the length of the key. */
enum pal_ike_attribute_type {
	PAL_IKE_ATTR_ENC = 1,
	PAL_IKE_ATTR_HASH = 2,
	PAL_IKE_ATTR_AUTH = 3,
	PAL_IKE_ATTR_DH = 4,
	PAL_IKE_ATTR_LIFE_TYPE = 11,
	PAL_IKE_ATTR_LIFE_DURATION = 12,
	PAL_IKE_ATTR_KEY_LEN = 14,
};

struct pal_ike_attribute {
	uint16_t type; /**< enum pal_ike_attribute_type, and others */
	bool is_number; /**< Of at most four bytes: value is set. */
	uint32_t value;
	struct pal_cursor data;
};

/**
 * Begin to read a security association.
 *
 * @param ret_doi
 *   Domain of interpretation; 0 in version 2, which has none.
 * @param ret_proposals
 *   For pal_ike_proposal_next().
 */
bool pal_ike_sa(
	const struct pal_ike *ike,
	const struct pal_ike_payload *sa,
	uint32_t *ret_doi,
	struct pal_cursor *ret_proposals
);

/* false: there is none, or it cannot be read; then the cursor keeps its bytes. */
bool pal_ike_proposal_next(struct pal_cursor *proposals, struct pal_ike_proposal *ret_proposal);
bool pal_ike_transform_next(
	struct pal_cursor *transforms,
	uint8_t major,
	struct pal_ike_transform *ret_transform
);
bool pal_ike_attribute_next(struct pal_cursor *attributes, struct pal_ike_attribute *ret_attribute);

/** Type of a notification of version 2, which is an error below 16384. RFC 7296 section 3.10. */
bool pal_ike_notify(const struct pal_ike_payload *notify, uint16_t *ret_type);

/** Kinds of numbers that have names: ike_names.def. */
enum pal_ike_kind {
	PAL_IKE_V1_EXCHANGE,
	PAL_IKE_V1_PAYLOAD,
	PAL_IKE_V1_ENC,
	PAL_IKE_V1_HASH,
	PAL_IKE_V1_AUTH,
	PAL_IKE_V1_DH,
	PAL_IKE_V1_LIFE_TYPE,
	PAL_IKE_V2_EXCHANGE,
	PAL_IKE_V2_PAYLOAD,
	PAL_IKE_V2_ENC,
	PAL_IKE_V2_PRF,
	PAL_IKE_V2_AUTH,
	PAL_IKE_V2_DH,
	PAL_IKE_V2_ESN,
	PAL_IKE_V2_NOTIFY_TYPE,
};

/** NULL for one without a name. Static string. */
const char *pal_ike_name(enum pal_ike_kind kind, uint32_t value);

#endif
