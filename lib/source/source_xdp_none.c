/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_priv.h"

struct pal_source *pal_source_xdp_open(const struct pal_source_xdp_conf *conf, char *err)
{
	pal_source_err(
		err,
		ENOTSUP,
		"%s: this PAL was built without AF_XDP. Try: build with -Daf_xdp=enabled, or name "
		"a DPDK port",
		conf->ifname
	);
	return NULL;
}
