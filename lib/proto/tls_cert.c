/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_tls_cert.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static X509 *parse(struct pal_cursor der)
{
	size_t len = pal_cursor_left(&der);
	const uint8_t *pos = der.pos;

	if (len == 0 || len > PAL_TLS_CERT_MAX)
		return NULL;
	return d2i_X509(NULL, &pos, (long)len);
}

// In the order of the certificate, as UTF-8; what is too long is cut off.
static void name_text(const X509_NAME *name, char ret_text[PAL_TLS_NAME_MAX])
{
	unsigned long flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_UTF8_CONVERT;
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, flags) >= 0)
		len = BIO_read(bio, ret_text, PAL_TLS_NAME_MAX - 1);
	ret_text[len > 0 ? len : 0] = '\0';
	BIO_free(bio);
}

static void hex_text(const uint8_t *bytes, size_t len, const char *format, char *ret_text)
{
	ret_text[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		snprintf(ret_text + 3 * i, 3, format, bytes[i]);
		ret_text[3 * i + 2] = i + 1 < len ? ':' : '\0';
	}
}

// As it is in the certificate, with a leading zero where there is one.
static void serial_text(const X509 *cert, char *ret_text)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der);
	struct pal_cursor cur = pal_cursor_of(der, len > 0 ? (size_t)len : 0);
	uint8_t tag, first;

	// X.690 section 8.1.3: the length of a length follows where it has the high bit.
	if (pal_cursor_u8(&cur, &tag) && pal_cursor_u8(&cur, &first) && first >= 0x80)
		pal_cursor_skip(&cur, first & 0x7f);
	pal_cursor_limit(&cur, PAL_TLS_SERIAL_MAX);
	hex_text(cur.pos, pal_cursor_left(&cur), "%02X", ret_text);
	OPENSSL_free(der);
}

static void date_text(const ASN1_TIME *date, char ret_text[PAL_TLS_DATE_LEN + 1])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(date, &tm) != 1 ||
	    strftime(ret_text, PAL_TLS_DATE_LEN + 1, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		ret_text[0] = '\0';
}

bool pal_tls_cert_read(
	struct pal_crypto *crypto,
	struct pal_cursor der,
	struct pal_tls_cert *ret_cert
)
{
	uint8_t digest[PAL_DIGEST_MAX];
	X509 *cert = parse(der);

	if (cert == NULL)
		return false;
	if (!pal_crypto_digest(crypto, PAL_DIGEST_SHA1, der.pos, pal_cursor_left(&der), digest)) {
		X509_free(cert);
		return false;
	}
	name_text(X509_get_subject_name(cert), ret_cert->subject);
	name_text(X509_get_issuer_name(cert), ret_cert->issuer);
	serial_text(cert, ret_cert->serial);
	hex_text(digest, PAL_DIGEST_SHA1_LEN, "%02x", ret_cert->fingerprint);
	date_text(X509_get0_notBefore(cert), ret_cert->not_before);
	date_text(X509_get0_notAfter(cert), ret_cert->not_after);
	X509_free(cert);
	return true;
}

void pal_tls_cert_names(struct pal_cursor der, pal_tls_cert_name_t fn, void *arg)
{
	X509 *cert = parse(der);
	GENERAL_NAMES *names;

	if (cert == NULL)
		return;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			fn(arg,
			   (const char *)ASN1_STRING_get0_data(name->d.dNSName),
			   (size_t)ASN1_STRING_length(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
	X509_free(cert);
}
