/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_DTLS_H
#define PAL_DTLS_H

/**
 * @file
 * DTLS 1.0 (RFC 4347), 1.2 (RFC 6347) and 1.3 (RFC 9147), as far as everybody can read it: records in datagrams, messages
 * put together from fragments in any order, into the struct pal_tls_handshake that TLS has, too.
 */

#include "pal_pieces.h"
#include "pal_tls.h"

#define PAL_DTLS_RECORD_HEADER_LEN 13
#define PAL_DTLS_MESSAGE_HEADER_LEN 12
/** A longer message is not put together. */
#define PAL_DTLS_MESSAGE_MAX 65536
/** Datagrams with nothing in the clear, after which nothing is expected any more. */
#define PAL_DTLS_VAIN_MAX 16

/** A record in its datagram. */
struct pal_dtls_record {
	uint8_t type; /**< enum pal_tls_record; with another form of header, of DTLS 1.3, 0. */
	uint16_t version, epoch;
	struct pal_cursor content;
};

/** The next record of a datagram. false: there is none, or it breaks the rules. */
bool pal_dtls_next(struct pal_cursor *datagram, struct pal_dtls_record *ret_record);

/** A message that is put together. */
struct pal_dtls_message {
	struct pal_pieces body;
	uint32_t len;
	uint16_t seq;
	bool is_begun;
	bool is_done;
};

struct pal_dtls_side {
	struct pal_dtls_message hello, cert;
	bool is_done; /**< What follows is encrypted. */
};

/** All zero at first; ended with pal_dtls_fini(). */
struct pal_dtls {
	struct pal_dtls_side sides[2];
	struct pal_tls_handshake hs;
	uint8_t nb_vain;
	bool is_fatal;
};

/** Read a datagram of one side, 0 or 1. PAL_TLS_MORE, PAL_TLS_MALFORMED or PAL_TLS_OVER. */
enum pal_tls_event
pal_dtls_read(struct pal_dtls *dtls, unsigned int side, struct pal_cursor datagram);

void pal_dtls_fini(struct pal_dtls *dtls);

#endif
