/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_JA_H
#define PAL_JA_H

/**
 * @file
 * Fingerprints of TLS: JA3 of a client, JA3S of a server, JA4 of a client. Values of GREASE (RFC 8701) are left out.
 *
 * JA3 and JA3S by Salesforce, JA4 (client) by FoxIO: both under BSD-3-Clause. The other fingerprints called JA4+ are
 * not free, and are not here.
 */

#include "pal_crypto.h"
#include "pal_tls_hello.h"

/** Room to work in, of one lcore. */
struct pal_ja;

/** NULL with errno set. The crypto belongs to the caller. */
struct pal_ja *pal_ja_create(struct pal_crypto *crypto);

/** NULL is a no-op. */
void pal_ja_destroy(struct pal_ja *ja);

#define PAL_JA3_HASH_LEN 32

struct pal_ja3 {
	char hash[PAL_JA3_HASH_LEN + 1];
	const char *text; /**< What was hashed; gone with the next call. */
	size_t len;
};

/** JA3 of a ClientHello, JA3S of a ServerHello. false: it cannot be computed. */
bool pal_ja3(struct pal_ja *ja, const struct pal_tls_hello *hello, struct pal_ja3 *ret_ja3);

#define PAL_JA4_LEN 36

/** What carries the handshake. */
enum pal_ja4_over {
	PAL_JA4_TLS = 't',
	PAL_JA4_QUIC = 'q',
	PAL_JA4_DTLS = 'd',
};

/** JA4 of a ClientHello. */
bool pal_ja4(
	struct pal_ja *ja,
	const struct pal_tls_hello *hello,
	enum pal_ja4_over over,
	char ret_ja4[PAL_JA4_LEN + 1]
);

#endif
