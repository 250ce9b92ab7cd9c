/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Certificates: what is read of one, and that a damaged one is none. */
#include "../support/check.h"

#include <pal_tls_cert.h>

#include <stdlib.h>
#include <string.h>

// Made by `openssl req -x509`, of which `openssl x509` says what is expected here.
static const char certificate[] =
	"308201fc308201a1a003020102020400f00102300a06082a8648ce3d0403023044310b3009060355"
	"0406130246523111300f060355040a0c084578c3a46d706c65310c300a060355040b0c034c616231"
	"14301206035504030c0b746c732e6578616d706c65301e170d3236313132343230313932325a170d"
	"3336313132313230313932325a3044310b30090603550406130246523111300f060355040a0c0845"
	"78c3a46d706c65310c300a060355040b0c034c61623114301206035504030c0b746c732e6578616d"
	"706c653059301306072a8648ce3d020106082a8648ce3d03010703420004e676bc77c02fc755ab91"
	"555d2342c3c343aa231f2d8c5fb1b67505d4584657541e57bf2a361038b27eba57c3679c16da42d1"
	"e6bea9fb068b5415c110843608bca38180307e301d0603551d0e0416041496dfeaf29f20b05a4f54"
	"3d70d56a6a05383e4c36301f0603551d2304183016801496dfeaf29f20b05a4f543d70d56a6a0538"
	"3e4c36300f0603551d130101ff040530030101ff302b0603551d1104243022820b746c732e657861"
	"6d706c658704c0000201820d2a2e746c732e6578616d706c65300a06082a8648ce3d040302034900"
	"304602210085da591cbc3bfa7fe47dcccdd7bc123675ef00dbf9bfea8e85dd48ad79c68fb5022100"
	"f85c042e958d6ea8ce206b889e1429702ba85ce4460c4fe287fd2c6a4a10d4a3";

static struct pal_crypto *crypto;
static uint8_t der[1024];
static size_t der_len;

static int set_up(void **)
{
	crypto = pal_crypto_create();
	assert_non_null(crypto);
	der_len = strlen(certificate) / 2;
	for (size_t i = 0; i < der_len; i++)
		der[i] = (uint8_t
		)strtoul((char[]){certificate[2 * i], certificate[2 * i + 1], 0}, NULL, 16);
	return 0;
}

static int tear_down(void **)
{
	pal_crypto_destroy(crypto);
	return 0;
}

static void names_serial_dates_and_fingerprint_are_read(void **)
{
	struct pal_tls_cert cert;

	assert_true(pal_tls_cert_read(crypto, pal_cursor_of(der, der_len), &cert));
	assert_string_equal(cert.subject, "C=FR, O=Ex\xc3\xa4mple, OU=Lab, CN=tls.example");
	assert_string_equal(cert.issuer, cert.subject);
	assert_string_equal(cert.serial, "00:F0:01:02");
	assert_string_equal(
		cert.fingerprint, "5c:15:0d:20:bb:da:01:a1:a3:0a:c1:ae:2a:9a:90:b1:3a:61:77:6f"
	);
	assert_string_equal(cert.not_before, "2026-11-24T20:19:22");
	assert_string_equal(cert.not_after, "2036-11-21T20:19:22");
}

static void join(void *arg, const char *name, size_t len)
{
	char *text = arg;

	strncat(text, name, len);
	strcat(text, ";");
}

static void alternative_names_are_those_of_dns(void **)
{
	char text[256] = "";

	pal_tls_cert_names(pal_cursor_of(der, der_len), join, text);
	assert_string_equal(text, "tls.example;*.tls.example;");
}

// In memory of its own, where a byte too many is seen by AddressSanitizer.
static void a_part_is_no_certificate(void **)
{
	struct pal_tls_cert cert;

	for (size_t len = 0; len < der_len; len++) {
		uint8_t *part = malloc(len + 1);

		memcpy(part, der, len);
		part = realloc(part, len ? len : 1);
		assert_false(pal_tls_cert_read(crypto, pal_cursor_of(part, len), &cert));
		free(part);
	}
}

static void any_byte_may_be_wrong(void **)
{
	struct pal_tls_cert cert;
	char text[1024];

	for (size_t i = 0; i < der_len; i++) {
		uint8_t before = der[i];

		for (int v = 0; v < 256; v += 85) {
			der[i] = (uint8_t)v;
			text[0] = '\0';
			pal_tls_cert_read(crypto, pal_cursor_of(der, der_len), &cert);
			pal_tls_cert_names(pal_cursor_of(der, der_len), join, text);
		}
		der[i] = before;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_serial_dates_and_fingerprint_are_read),
		cmocka_unit_test(alternative_names_are_those_of_dns),
		cmocka_unit_test(a_part_is_no_certificate),
		cmocka_unit_test(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
