/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_dtls.h"
#include "pal_proto.h"

static bool is_record_type(uint8_t type)
{
	// IANA: change_cipher_spec to heartbeat, tls12_cid, ACK.
	return type >= PAL_TLS_RECORD_CHANGE_CIPHER && type <= 26;
}

// Records from end to end, of one version; those of DTLS 1.3 that only the two sides can read come after others.
enum pal_probe pal_dtls_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	struct pal_dtls_record record;
	unsigned int nb = 0;

	while (pal_dtls_next(&bytes, &record)) {
		if (!is_record_type(record.type))
			return nb != 0 && record.type == 0 ? PAL_PROBE_YES : PAL_PROBE_NO;
		if (record.type == PAL_TLS_RECORD_HANDSHAKE && record.epoch == 0 &&
		    pal_cursor_left(&record.content) < PAL_DTLS_MESSAGE_HEADER_LEN)
			return PAL_PROBE_NO;
		nb++;
	}
	return nb != 0 && pal_cursor_left(&bytes) == 0 ? PAL_PROBE_YES : PAL_PROBE_NO;
}
