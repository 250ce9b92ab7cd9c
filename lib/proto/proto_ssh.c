/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"

// RFC 4253 section 4.2: both sides begin with "SSH-protoversion-softwareversion".
enum pal_probe pal_ssh_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	static const char head[] = "SSH-";
	size_t len = pal_cursor_left(&bytes);
	size_t nb = len < sizeof(head) ? len : sizeof(head) - 1;

	if (memcmp(bytes.pos, head, nb) != 0)
		return PAL_PROBE_NO;
	return nb < sizeof(head) - 1 ? PAL_PROBE_MORE : PAL_PROBE_YES;
}
