/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TLS_CERT_H
#define PAL_TLS_CERT_H

/**
 * @file
 * X.509 certificates: who, by whom, which, from when to when. Taken apart by libcrypto, once a handshake.
 */

#include "pal_crypto.h"

#include <pal_cursor.h>

/** A longer certificate is not handed to libcrypto. */
#define PAL_TLS_CERT_MAX (512 * 1024)
#define PAL_TLS_NAME_MAX 1024
#define PAL_TLS_SERIAL_MAX 64
#define PAL_TLS_DATE_LEN 19

struct pal_tls_cert {
	char subject[PAL_TLS_NAME_MAX]; /**< `C=US, O=Example, CN=www.example.org` */
	char issuer[PAL_TLS_NAME_MAX];
	char serial[PAL_TLS_SERIAL_MAX * 3]; /**< `0A:FF`; the first PAL_TLS_SERIAL_MAX bytes. */
	char fingerprint[PAL_DIGEST_SHA1_LEN * 3]; /**< SHA-1 of all: `0a:ff` */
	char not_before
		[PAL_TLS_DATE_LEN + 1]; /**< `2015-03-06T19:12:22`; empty where it is no date. */
	char not_after[PAL_TLS_DATE_LEN + 1];
};

/** Read a certificate in DER. false: it is none. */
bool pal_tls_cert_read(
	struct pal_crypto *crypto,
	struct pal_cursor der,
	struct pal_tls_cert *ret_cert
);

/** Called for each name. */
typedef void (*pal_tls_cert_name_t)(void *arg, const char *name, size_t len);

/** DNS names of the extension subjectAltName, in their order. */
void pal_tls_cert_names(struct pal_cursor der, pal_tls_cert_name_t fn, void *arg);

#endif
