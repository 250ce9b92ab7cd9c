/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_build.h"
#include "pal_source.h"
#include "source_link.h"

#include <string.h>

struct list_arg {
	pal_source_list_t fn;
	void *arg;
};

static enum pal_source_xdp_mode xdp_mode(const struct pal_link *link)
{
#ifndef PAL_HAVE_AF_XDP
	return PAL_SOURCE_XDP_MODE_NONE;
#endif
	if (!link->xdp_features_known)
		return PAL_SOURCE_XDP_MODE_UNKNOWN;
	if (!(link->xdp_features & PAL_LINK_XDP_REDIRECT))
		return PAL_SOURCE_XDP_MODE_GENERIC;
	if (!(link->xdp_features & PAL_LINK_XDP_ZEROCOPY))
		return PAL_SOURCE_XDP_MODE_NATIVE;
	return PAL_SOURCE_XDP_MODE_ZERO_COPY;
}

static void on_link(void *arg, const struct pal_link *link)
{
	const struct list_arg *list = arg;
	struct pal_source_iface iface = {
		.name = link->name,
		.driver = link->driver,
		.nb_queues = link->nb_rx_queues,
		.mtu = link->mtu,
		.up = link->flags & IFF_UP,
		.running = link->flags & IFF_RUNNING,
		.loopback = link->flags & IFF_LOOPBACK,
		.busy = link->xdp_prog_id != 0,
		.xdp_mode = xdp_mode(link),
	};

	list->fn(list->arg, &iface);
}

int pal_source_list(pal_source_list_t fn, void *arg)
{
	struct list_arg list = {fn, arg};

	return pal_link_list(on_link, &list);
}

const char *pal_source_xdp_mode_name(enum pal_source_xdp_mode mode)
{
	static const char *const names[PAL_SOURCE_XDP_MODE_COUNT] = {
		[PAL_SOURCE_XDP_MODE_NONE] = "none",
		[PAL_SOURCE_XDP_MODE_UNKNOWN] = "unknown",
		[PAL_SOURCE_XDP_MODE_GENERIC] = "generic",
		[PAL_SOURCE_XDP_MODE_NATIVE] = "native",
		[PAL_SOURCE_XDP_MODE_ZERO_COPY] = "native zero-copy",
	};

	return names[mode];
}
