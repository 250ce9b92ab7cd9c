/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a datagram of SNMP, and of RADIUS. What is read lies inside the datagram.
 */

#include "messages.h"

#include <pal_proto.h>
#include <pal_snmp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor whole = pal_cursor_of(data, size), oid;
	struct pal_snmp snmp;
	size_t nb = 0;

	REQUIRE(pal_radius_probe(whole, PAL_OVER_UDP) != PAL_PROBE_MORE);
	if (!pal_snmp_read(whole, &snmp)) {
		REQUIRE(pal_snmp_probe(whole, PAL_OVER_UDP) == PAL_PROBE_NO);
		return 0;
	}
	REQUIRE(snmp.version >= 1 && snmp.version <= 3);
	REQUIRE(snmp.is_encrypted || pal_snmp_pdu_name(snmp.pdu) != NULL);
	within(snmp.community, whole);
	within(snmp.user, whole);
	within(snmp.enterprise, whole);
	within(snmp.agent, whole);
	while (pal_snmp_var_next(&snmp.vars, &oid)) {
		char text[PAL_BER_OID_MAX];

		within(oid, whole);
		REQUIRE(++nb <= size);
		REQUIRE(pal_ber_oid_text(oid, text, sizeof(text)) <= sizeof(text));
	}
	return 0;
}
