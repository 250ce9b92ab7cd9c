/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#define UTP_LEN 20

// BEP 29: connection id, time, no difference yet, window, sequence number 1, nothing acknowledged.
static enum pal_probe probe_utp_syn(struct pal_cursor bytes)
{
	const uint8_t *p = pal_cursor_take(&bytes, UTP_LEN);

	if (p == NULL || p[0] != 0x41 || p[1] != 0 || pal_cursor_left(&bytes) != 0)
		return PAL_PROBE_NO;
	return pal_load_be32(p + 8) == 0 && pal_load_be32(p + 12) != 0 &&
			       pal_load_be16(p + 16) == 1 && pal_load_be16(p + 18) == 0
		       ? PAL_PROBE_YES
		       : PAL_PROBE_NO;
}

// BEP 3; over UDP the first packet of uTP.
enum pal_probe pal_bittorrent_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	return over == PAL_OVER_UDP ? probe_utp_syn(bytes)
				    : PROBE_BEGINS(
					      bytes,
					      "\x13"
					      "BitTorrent protocol"
				      );
}

// BEP 5: a dictionary, sorted by its keys: a query's arguments or a response's values come first, and an id in these.
enum pal_probe pal_bittorrent_dht_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	enum pal_probe answer = probe_or(
		PROBE_BEGINS(bytes, "d1:ad2:id20:"),
		probe_or(PROBE_BEGINS(bytes, "d1:rd2:id20:"), PROBE_BEGINS(bytes, "d1:eli20"))
	);

	return answer == PAL_PROBE_YES && bytes.end[-1] == 'e' ? PAL_PROBE_YES : PAL_PROBE_NO;
}
