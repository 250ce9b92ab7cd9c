/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as NetBIOS: a message of the name service, and a session request. Names have their lengths.
 */

#include "require.h"

#include <pal_netbios.h>
#include <pal_proto.h>

static void read_rdata(struct pal_cursor rdata)
{
	struct pal_cursor status = rdata;
	struct pal_netbios_name name;
	const uint8_t *addr;
	bool is_group;

	while (pal_netbios_address_next(&rdata, &addr))
		REQUIRE(addr + 4 <= rdata.end);
	if (pal_netbios_status_open(&status))
		while (pal_netbios_status_next(&status, &name, &is_group))
			REQUIRE(name.len <= PAL_NETBIOS_NAME_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pal_cursor all = pal_cursor_of(data, size);
	struct pal_netbios_name name, other;
	struct pal_dns_rr rr;
	struct pal_dns dns;

	if (pal_netbios_session(all, &name, &other))
		REQUIRE(size >= PAL_NETBIOS_SESSION_LEN && name.len <= 15 && other.len <= 15);
	if (!pal_dns_open(&dns, all)) {
		REQUIRE(pal_nbns_probe(all, PAL_OVER_UDP) == PAL_PROBE_NO);
		return 0;
	}
	while (pal_dns_next(&dns, &rr)) {
		if (pal_netbios_name(&rr.name, &name))
			REQUIRE(name.len <= PAL_NETBIOS_NAME_LEN);
		read_rdata(rr.rdata);
	}
	pal_nbdgm_probe(all, PAL_OVER_UDP);
	return 0;
}
