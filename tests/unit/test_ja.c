/* SPDX-License-Identifier: BSD-3-Clause */
/** @file JA3, JA3S and JA4: the examples that their authors publish, and what is left out. */
#include "../support/check.h"
#include "../support/tls_build.h"

#include <pal_ja.h>

static struct pal_crypto *crypto;
static struct pal_ja *ja;

static int set_up(void **)
{
	crypto = pal_crypto_create();
	assert_non_null(crypto);
	ja = pal_ja_create(crypto);
	assert_non_null(ja);
	return 0;
}

static int tear_down(void **)
{
	pal_ja_destroy(ja);
	pal_crypto_destroy(crypto);
	return 0;
}

static void hello_of(const struct tls_build *build, struct pal_tls_hello *hello)
{
	static struct tls_bytes body;

	body.len = 0;
	put_hello(&body, build);
	if (build->is_server)
		assert_true(pal_tls_server_hello(cursor_of(&body), hello));
	else
		assert_true(pal_tls_client_hello(cursor_of(&body), false, hello));
	assert_false(hello->is_malformed);
}

static void is_ja3(const struct tls_build *build, const char *text, const char *hash)
{
	struct pal_tls_hello hello;
	struct pal_ja3 ja3;

	hello_of(build, &hello);
	assert_true(pal_ja3(ja, &hello, &ja3));
	assert_int_equal(ja3.len, strlen(text));
	assert_memory_equal(ja3.text, text, ja3.len);
	assert_string_equal(ja3.hash, hash);
}

static void is_ja4(const struct tls_build *build, enum pal_ja4_over over, const char *want)
{
	struct pal_tls_hello hello;
	char text[PAL_JA4_LEN + 1];

	hello_of(build, &hello);
	assert_true(pal_ja4(ja, &hello, over, text));
	assert_string_equal(text, want);
}

// github.com/salesforce/ja3, README.
static void ja3_is_as_published(void **)
{
	is_ja3(&(struct tls_build
	       ){.version = 0x0301,
		 .ciphers = LIST(47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
		 .exts = LIST(0, 10, 11),
		 .groups = LIST(23, 24, 25),
		 .formats = LIST(0)},
	       "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
	       "ada70206e40642a3e4461f35503241d5");
	is_ja3(&(struct tls_build
	       ){.version = 0x0301, .ciphers = LIST(4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99)},
	       "769,4-5-10-9-100-98-3-6-19-18-99,,,",
	       "de350869b8c85de67a350c8d186f11e6");
}

// As tshark has it: the hash in the README is not that of the text beside it.
static void ja3s_has_no_groups(void **)
{
	is_ja3(&(struct tls_build
	       ){.version = 0x0301, .is_server = true, .ciphers = LIST(5), .exts = LIST(0, 65281)},
	       "769,5,0-65281",
	       "d2e6f7ef558ea8036c7e21b163b2d1af");
}

static void ja3_leaves_grease_out(void **)
{
	is_ja3(&(struct tls_build
	       ){.version = 0x0301,
		 .ciphers = LIST(0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
		 .exts = LIST(0x1a1a, 0, 10, 11, 0xfafa),
		 .groups = LIST(0x2a2a, 23, 24, 25),
		 .formats = LIST(0)},
	       "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
	       "ada70206e40642a3e4461f35503241d5");
}

// github.com/FoxIO-LLC/ja4, technical_details/JA4.md.
static const struct tls_build published = {
	.version = 0x0303,
	.ciphers = (const int[]
	){0x0a0a,
	  0x1301,
	  0x1302,
	  0x1303,
	  0xc02b,
	  0xc02f,
	  0xc02c,
	  0xc030,
	  0xcca9,
	  0xcca8,
	  0xc013,
	  0xc014,
	  0x009c,
	  0x009d,
	  0x002f,
	  0x0035,
	  -1},
	.exts = (const int[]
	){0x1a1a,
	  0x001b,
	  0x0000,
	  0x0033,
	  0x0010,
	  0x4469,
	  0x0017,
	  0x002d,
	  0x000d,
	  0x0005,
	  0x0023,
	  0x0012,
	  0x002b,
	  0xff01,
	  0x000b,
	  0x000a,
	  0x0015,
	  -1},
	.algorithms =
		(const int[]){0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, -1},
	.versions = (const int[]){0x2a2a, 0x0304, 0x0303, -1},
	.sni = "example.org",
	.alpn = "h2",
};

static void ja4_is_as_published(void **)
{
	is_ja4(&published, PAL_JA4_TLS, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void ja4_does_not_depend_on_the_order_of_extensions(void **)
{
	struct tls_build shuffled = published;

	shuffled.exts =
		LIST(0x0015,
		     0x000a,
		     0x000b,
		     0xff01,
		     0x002b,
		     0x0012,
		     0x0023,
		     0x0005,
		     0x000d,
		     0x002d,
		     0x0017,
		     0x4469,
		     0x0010,
		     0x0033,
		     0x0000,
		     0x001b);
	is_ja4(&shuffled, PAL_JA4_TLS, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void ja4_says_what_carried_it(void **)
{
	is_ja4(&published, PAL_JA4_QUIC, "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void ja4_alpn_is_hex_where_it_is_no_text(void **)
{
	struct tls_build odd = published;

	odd.alpn = "\xab";
	is_ja4(&odd, PAL_JA4_TLS, "t13d1516ab_8daaf6152771_e5627efa2ab1");
	odd.alpn = "\x30\xab\xcd\x31";
	is_ja4(&odd, PAL_JA4_TLS, "t13d151601_8daaf6152771_e5627efa2ab1");
	odd.alpn = "\x30\x31\xab\xcd";
	is_ja4(&odd, PAL_JA4_TLS, "t13d15163d_8daaf6152771_e5627efa2ab1");
	odd.alpn = "h";
	is_ja4(&odd, PAL_JA4_TLS, "t13d1516hh_8daaf6152771_e5627efa2ab1");
}

static void ja4_of_a_bare_hello_has_zeros(void **)
{
	is_ja4(&(struct tls_build){.version = 0x0300, .ciphers = LIST()},
	       PAL_JA4_TLS,
	       "ts3i000000_000000000000_000000000000");
}

// More numbers than any client has: counts end at 99, nothing overflows.
static void largest_hello_has_fingerprints(void **)
{
	static struct tls_bytes body;
	struct pal_tls_hello hello;
	struct pal_ja3 ja3;
	char text[PAL_JA4_LEN + 1];

	body.len = 0;
	put_u16(&body, 0x0303);
	for (int i = 0; i < 32; i++)
		put_u8(&body, 1);
	put_u8(&body, 0);
	put_u16(&body, 2000);
	for (int i = 0; i < 1000; i++)
		put_u16(&body, 60000);
	put_u16(&body, 0x0100);
	put_u16(&body, 800);
	for (int i = 0; i < 200; i++) {
		put_u16(&body, 65000);
		put_u16(&body, 0);
	}
	assert_true(pal_tls_client_hello(cursor_of(&body), false, &hello));
	assert_true(pal_ja3(ja, &hello, &ja3));
	assert_int_equal(ja3.len, 4 + 1000 * 6 - 1 + 1 + 200 * 6 - 1 + 2);
	assert_true(pal_ja4(ja, &hello, PAL_JA4_TLS, text));
	assert_memory_equal(text, "t12i999900_", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja3_is_as_published),
		cmocka_unit_test(ja3s_has_no_groups),
		cmocka_unit_test(ja3_leaves_grease_out),
		cmocka_unit_test(ja4_is_as_published),
		cmocka_unit_test(ja4_does_not_depend_on_the_order_of_extensions),
		cmocka_unit_test(ja4_says_what_carried_it),
		cmocka_unit_test(ja4_alpn_is_hex_where_it_is_no_text),
		cmocka_unit_test(ja4_of_a_bare_hello_has_zeros),
		cmocka_unit_test(largest_hello_has_fingerprints),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
