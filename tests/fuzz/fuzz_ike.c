/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as an IKE message: what is found lies inside, one level in the other, and every reader comes to its end.
 */

#include "require.h"

#include <pal_ike.h>
#include <pal_proto.h>

static void inside(struct pal_cursor part, struct pal_cursor all)
{
	REQUIRE(part.pos >= all.pos && part.end <= all.end && part.pos <= part.end);
}

static void read_sa(const struct pal_ike *ike, const struct pal_ike_payload *payload)
{
	struct pal_ike_transform transform;
	struct pal_ike_attribute attribute;
	struct pal_ike_proposal proposal;
	struct pal_cursor proposals;
	uint32_t doi;

	if (!pal_ike_sa(ike, payload, &doi, &proposals))
		return;
	inside(proposals, payload->data);
	while (pal_ike_proposal_next(&proposals, &proposal)) {
		inside(proposal.transforms, payload->data);
		while (pal_ike_transform_next(&proposal.transforms, ike->major, &transform)) {
			inside(transform.attributes, payload->data);
			while (pal_ike_attribute_next(&transform.attributes, &attribute))
				inside(attribute.data, payload->data);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor all = pal_cursor_of(data, size);
	struct pal_ike_payload payload;
	struct pal_ike ike;
	uint16_t type;

	if (!pal_ike_open(&ike, all)) {
		REQUIRE(pal_ike_probe(all, PAL_OVER_UDP) == PAL_PROBE_NO);
		return 0;
	}
	inside(ike.payloads, all);
	REQUIRE(ike.is_cut == (ike.len - PAL_IKE_HEADER_LEN != pal_cursor_left(&ike.payloads)));
	while (pal_ike_next(&ike, &payload)) {
		inside(payload.data, all);
		if (payload.type == (ike.major == 1 ? PAL_IKE_V1_SA : PAL_IKE_V2_SA))
			read_sa(&ike, &payload);
		pal_ike_notify(&payload, &type);
	}
	return 0;
}
