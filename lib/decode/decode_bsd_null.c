/* SPDX-License-Identifier: BSD-3-Clause */
/* BSD loopback, LINKTYPE_NULL and LINKTYPE_LOOP: an address family in front of the datagram. */
#include "decode_priv.h"

#define NULL_LEN 4

enum pal_layer decode_bsd_null(struct decode_ctx *ctx)
{
	const uint8_t *hdr = pal_cursor_take(&ctx->cur, NULL_LEN);
	uint32_t family;

	if (hdr == NULL)
		return decode_stop(ctx, PAL_DROP_LINK_TRUNCATED);
	// NULL has the byte order of the capturing machine, LOOP that of the network. Families are small.
	family = pal_load_le32(hdr);
	if (family > UINT16_MAX)
		family = pal_load_be32(hdr);
	switch (family) {
	case 2:
		return PAL_LAYER_IPV4;
	case 10: // AF_INET6 of Linux
	case 24: // ... of NetBSD, OpenBSD and Npcap
	case 28: // ... of FreeBSD
	case 30: // ... of Darwin
		return PAL_LAYER_IPV6;
	}
	return decode_stop(ctx, PAL_DROP_NULL_FAMILY_UNKNOWN);
}
