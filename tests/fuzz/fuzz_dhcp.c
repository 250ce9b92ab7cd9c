/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Takes any bytes as a DHCP and as a DHCPv6 message: what is found lies inside, and is read to its end.
 */

#include "require.h"

#include <pal_dhcp.h>
#include <pal_dhcpv6.h>
#include <pal_proto.h>

static void inside(struct pal_cursor part, struct pal_cursor all)
{
	REQUIRE(part.pos >= all.pos && part.end <= all.end && part.pos <= part.end);
}

static void read_dhcp(struct pal_cursor all)
{
	struct pal_cursor options[256];
	struct pal_dhcp dhcp;

	if (!pal_dhcp_open(&dhcp, all)) {
		REQUIRE(pal_dhcp_probe(all, PAL_OVER_UDP) != PAL_PROBE_YES);
		return;
	}
	inside(dhcp.hardware, all);
	inside(dhcp.sname, all);
	inside(dhcp.file, all);
	inside(dhcp.options, all);
	REQUIRE(!dhcp.is_cut || !dhcp.is_dhcp);
	pal_dhcp_options(&dhcp, options);
	for (int i = 0; i < 256; i++)
		if (options[i].pos != NULL)
			inside(options[i], all);
}

static void read_dhcpv6(struct pal_cursor all)
{
	struct pal_dhcpv6_option option, inner;
	struct pal_cursor ia;
	struct pal_dhcpv6 dhcp;

	if (!pal_dhcpv6_open(&dhcp, all)) {
		REQUIRE(pal_dhcpv6_probe(all, PAL_OVER_UDP) == PAL_PROBE_NO);
		return;
	}
	REQUIRE(pal_dhcpv6_type_name(dhcp.type) != NULL);
	while (pal_dhcpv6_next(&dhcp.options, &option)) {
		inside(option.data, all);
		if (option.code == PAL_DHCPV6_RELAY_MSG)
			read_dhcpv6(option.data);
		if (!pal_dhcpv6_ia(&option, &ia))
			continue;
		while (pal_dhcpv6_next(&ia, &inner))
			inside(inner.data, option.data);
	}
	inside(dhcp.options, all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_dhcp(pal_cursor_of(data, size));
	if (size <= 65535)
		read_dhcpv6(pal_cursor_of(data, size));
	return 0;
}
