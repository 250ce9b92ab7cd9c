/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

/** @file EVE records of a handshake: `tls` as Suricata has it, and `pal_tls` with what it has no place for. */

#include <pal_ja.h>
#include <pal_json.h>
#include <pal_tls.h>
#include <pal_tls_cert.h>

/** A record has: names of a certificate, texts of JA3, and a few lists. */
#define TLS_RECORD_ROOM (64 * 1024)

/** What records of one lcore are made with. */
struct tls_format {
	struct pal_crypto *crypto;
	struct pal_ja *ja;
	struct pal_tls_cert cert; /**< Room for one. */
	bool suricata_8; /**< Also what only its schema has. */
};

/** A handshake, and what carried it. */
struct tls_told {
	const struct pal_tls_handshake *hs;
	enum pal_ja4_over over;
	bool has_client, has_server; /**< These are there. */
	struct pal_tls_hello client, server;
};

void tls_told_init(
	struct tls_told *told,
	const struct pal_tls_handshake *hs,
	enum pal_ja4_over over
);

/** The object `tls`. */
void tls_put(struct pal_json *j, struct tls_format *format, const struct tls_told *told);

/** The object `pal`. */
void tls_put_details(struct pal_json *j, struct tls_format *format, const struct tls_told *told);

#endif
