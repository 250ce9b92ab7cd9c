/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_ike.h>
#include <pal_proto.h>

#include <string.h>

#define CURSOR(bytes) pal_cursor_of(bytes, sizeof(bytes))

// IKE_SA_INIT: a security association with one proposal of two transforms, then a notification.
static const uint8_t v2[] = {
	1,  2,	  3,  4,    5, 6, 7,	8,  0,	  0,  0, 0,  0, 0, 0, 0, // SPIs
	33, 0x20, 34, 0x08, 0, 0, 0,	0,  0,	  0,  0, 68, // next, version, exchange, flags, id, length
	41, 0,	  0,  32, // SA
	0,  0,	  0,  28,   1, 1, 0,	2, // proposal
	3,  0,	  0,  12,   1, 0, 0,	12, 0x80, 14, 1, 0, // AES-CBC, 256 bits
	0,  0,	  0,  8,    4, 0, 0,	14, // 2048 bits
	0,  0,	  0,  8,    0, 0, 0x40, 4, // NAT_DETECTION_SOURCE_IP
};

// Identity Protection: DOI and situation, then one proposal of one transform; a vendor id.
static const uint8_t v1[] = {
	1,  2,	  3,	4,    5,    6,	  7, 8, 9,    0, 0, 0,	0, 0,  0, 0, // SPIs
	1,  0x10, 2,	0,    0,    0,	  0, 0, 0,    0, 0, 74, // header
	13, 0,	  0,	40,   0,    0,	  0, 1, 0,    0, 0, 1, // SA
	0,  0,	  0,	28,   1,    1,	  0, 1, // proposal
	0,  0,	  0,	20,   1,    1,	  0, 0, 0x80, 1, 0, 7,	0, 12, 0, 4,
	0,  0,	  0x70, 0x80, // AES, life of 28800
	0,  0,	  0,	6,    0xaa, 0xbb, // vendor id
};
static_assert(sizeof(v2) == 68 && sizeof(v1) == 74);

static void version_2_is_read_to_its_end(void **)
{
	struct pal_ike_transform transform;
	struct pal_ike_attribute attribute;
	struct pal_ike_proposal proposal;
	struct pal_ike_payload payload;
	struct pal_cursor proposals;
	struct pal_ike ike;
	uint32_t doi = 1;
	uint16_t type;

	assert_true(pal_ike_open(&ike, CURSOR(v2)));
	assert_int_equal(ike.major, 2);
	assert_int_equal(ike.exchange, 34);
	assert_true(pal_ike_is_first(&ike));
	assert_false(ike.has_marker || ike.is_cut);
	assert_true(pal_ike_next(&ike, &payload));
	assert_int_equal(payload.type, PAL_IKE_V2_SA);
	assert_true(pal_ike_sa(&ike, &payload, &doi, &proposals));
	assert_int_equal(doi, 0);
	assert_true(pal_ike_proposal_next(&proposals, &proposal));
	assert_int_equal(proposal.protocol, 1);
	assert_int_equal(proposal.nb_transforms, 2);
	assert_true(pal_ike_transform_next(&proposal.transforms, 2, &transform));
	assert_int_equal(transform.type, PAL_IKE_ENC);
	assert_int_equal(transform.id, 12);
	assert_true(pal_ike_attribute_next(&transform.attributes, &attribute));
	assert_int_equal(attribute.type, PAL_IKE_ATTR_KEY_LEN);
	assert_true(attribute.is_number);
	assert_int_equal(attribute.value, 256);
	assert_false(pal_ike_attribute_next(&transform.attributes, &attribute));
	assert_true(pal_ike_transform_next(&proposal.transforms, 2, &transform));
	assert_int_equal(transform.type, PAL_IKE_DH);
	assert_int_equal(transform.id, 14);
	assert_false(pal_ike_transform_next(&proposal.transforms, 2, &transform));
	assert_false(pal_ike_proposal_next(&proposals, &proposal));
	assert_true(pal_ike_next(&ike, &payload));
	assert_int_equal(payload.type, PAL_IKE_V2_NOTIFY);
	assert_true(pal_ike_notify(&payload, &type));
	assert_int_equal(type, 16388);
	assert_false(pal_ike_next(&ike, &payload));
	assert_false(ike.is_malformed);
}

static void version_1_is_read_to_its_end(void **)
{
	struct pal_ike_transform transform;
	struct pal_ike_attribute attribute;
	struct pal_ike_proposal proposal;
	struct pal_ike_payload payload;
	struct pal_cursor proposals;
	struct pal_ike ike;
	uint32_t doi;

	assert_true(pal_ike_open(&ike, CURSOR(v1)));
	assert_int_equal(ike.major, 1);
	assert_false(pal_ike_is_first(&ike));
	assert_true(pal_ike_next(&ike, &payload));
	assert_true(pal_ike_sa(&ike, &payload, &doi, &proposals));
	assert_int_equal(doi, 1);
	assert_true(pal_ike_proposal_next(&proposals, &proposal));
	assert_true(pal_ike_transform_next(&proposal.transforms, 1, &transform));
	assert_int_equal(transform.id, 1);
	assert_true(pal_ike_attribute_next(&transform.attributes, &attribute));
	assert_int_equal(attribute.type, PAL_IKE_ATTR_ENC);
	assert_int_equal(attribute.value, 7);
	assert_true(pal_ike_attribute_next(&transform.attributes, &attribute));
	assert_int_equal(attribute.type, PAL_IKE_ATTR_LIFE_DURATION);
	assert_int_equal(attribute.value, 28800);
	assert_true(pal_ike_next(&ike, &payload));
	assert_int_equal(payload.type, PAL_IKE_V1_VENDOR);
	assert_int_equal(pal_cursor_left(&payload.data), 2);
	assert_false(pal_ike_next(&ike, &payload));
	assert_false(ike.is_malformed);
}

static void encrypted_payloads_are_not_read(void **)
{
	uint8_t bytes[sizeof(v1)];
	struct pal_ike_payload payload;
	struct pal_ike ike;

	memcpy(bytes, v1, sizeof(v1));
	bytes[19] = PAL_IKE_V1_ENCRYPTED;
	assert_true(pal_ike_open(&ike, CURSOR(bytes)));
	assert_false(pal_ike_next(&ike, &payload));
	assert_false(ike.is_malformed);
}

static void encrypted_payload_is_the_last(void **)
{
	uint8_t bytes[sizeof(v2)];
	struct pal_ike_payload payload;
	struct pal_ike ike;

	memcpy(bytes, v2, sizeof(v2));
	bytes[16] = PAL_IKE_V2_ENCRYPTED;
	assert_true(pal_ike_open(&ike, CURSOR(bytes)));
	assert_true(pal_ike_next(&ike, &payload));
	assert_int_equal(payload.type, PAL_IKE_V2_ENCRYPTED);
	assert_false(pal_ike_next(&ike, &payload));
}

static void marker_of_port_4500_is_passed_over(void **)
{
	uint8_t bytes[4 + sizeof(v2)] = {0};
	struct pal_ike ike;

	memcpy(bytes + 4, v2, sizeof(v2));
	assert_true(pal_ike_open(&ike, CURSOR(bytes)));
	assert_true(ike.has_marker);
	assert_int_equal(ike.init_spi[0], 1);
	assert_int_equal(pal_ike_probe(CURSOR(bytes), PAL_OVER_UDP), PAL_PROBE_YES);
}

static void what_is_cut_off_is_said(void **)
{
	for (size_t len = 0; len <= sizeof(v2); len++) {
		struct pal_ike_payload payload;
		struct pal_ike ike;
		bool opened = pal_ike_open(&ike, pal_cursor_of(v2, len));

		assert_int_equal(opened, len >= PAL_IKE_HEADER_LEN);
		if (!opened)
			continue;
		assert_int_equal(ike.is_cut, len < sizeof(v2));
		while (pal_ike_next(&ike, &payload))
			;
		assert_int_equal(ike.is_malformed, len < sizeof(v2));
	}
}

static void lengths_that_lie_are_refused(void **)
{
	static const uint8_t short_payload[] = {0, 0, 0, 3};
	uint8_t bytes[sizeof(v2)];
	struct pal_ike_proposal proposal;
	struct pal_ike_payload payload;
	struct pal_cursor list;
	struct pal_ike ike;

	memcpy(bytes, v2, sizeof(v2));
	memcpy(bytes + 28, short_payload, sizeof(short_payload));
	assert_true(pal_ike_open(&ike, CURSOR(bytes)));
	assert_false(pal_ike_next(&ike, &payload));
	assert_true(ike.is_malformed);
	list = pal_cursor_of("\0\0\0\7\1\1\0\1", 8); // shorter than its header
	assert_false(pal_ike_proposal_next(&list, &proposal));
	list = pal_cursor_of("\0\0\0\x9\1\1\0\1", 8); // longer than what is there
	assert_false(pal_ike_proposal_next(&list, &proposal));
	list = pal_cursor_of("\0\0\0\x8\1\1\4\1", 8); // without its SPI
	assert_false(pal_ike_proposal_next(&list, &proposal));
	assert_int_equal(pal_cursor_left(&list), 8);
}

static enum pal_probe probe_with(size_t at, uint8_t value)
{
	uint8_t bytes[sizeof(v2)];

	memcpy(bytes, v2, sizeof(v2));
	bytes[at] = value;
	return pal_ike_probe(CURSOR(bytes), PAL_OVER_UDP);
}

static void near_misses_are_refused(void **)
{
	assert_int_equal(probe_with(0, 1), PAL_PROBE_YES);
	assert_int_equal(probe_with(17, 0x21), PAL_PROBE_NO); // version
	assert_int_equal(probe_with(17, 0x30), PAL_PROBE_NO);
	assert_int_equal(probe_with(18, 33), PAL_PROBE_NO); // exchange
	assert_int_equal(probe_with(19, 0x48), PAL_PROBE_NO); // flags
	assert_int_equal(probe_with(16, 99), PAL_PROBE_NO); // payload
	assert_int_equal(probe_with(16, 0), PAL_PROBE_NO); // none, but there are bytes
	assert_int_equal(probe_with(27, 69), PAL_PROBE_LIKELY); // longer
	assert_int_equal(probe_with(27, 27), PAL_PROBE_NO); // shorter than a header
	assert_int_equal(pal_ike_probe(CURSOR(v1), PAL_OVER_UDP), PAL_PROBE_YES);
}

static void names_are_found_by_kind(void **)
{
	assert_string_equal(pal_ike_name(PAL_IKE_V2_ENC, 12), "ENCR_AES_CBC");
	assert_string_equal(pal_ike_name(PAL_IKE_V1_ENC, 7), "EncAesCbc");
	assert_null(pal_ike_name(PAL_IKE_V1_ENC, 12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_read_to_its_end),
		cmocka_unit_test(version_1_is_read_to_its_end),
		cmocka_unit_test(encrypted_payloads_are_not_read),
		cmocka_unit_test(encrypted_payload_is_the_last),
		cmocka_unit_test(marker_of_port_4500_is_passed_over),
		cmocka_unit_test(what_is_cut_off_is_said),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(near_misses_are_refused),
		cmocka_unit_test(names_are_found_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
