/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_prefix.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"zero", "one", "two", NULL};
static char err[PAL_PREFIX_ERR_LEN];

static struct pal_prefix_table *parse(const char *text)
{
	struct pal_prefix_table *table = NULL;

	if (pal_prefix_parse(text, words, &table, err) != 0)
		fail_msg("%s: %s", text, err);
	return table;
}

static int look(const struct pal_prefix_table *table, const char *text)
{
	uint8_t addr[16] = {0};
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, addr), 1);
	return pal_prefix_lookup(table, family == AF_INET6 ? 6 : 4, addr);
}

static void refuse(const char *text, const char *want)
{
	struct pal_prefix_table *table = NULL;

	assert_int_equal(pal_prefix_parse(text, words, &table, err), -EINVAL);
	assert_null(table);
	assert_string_equal(err, want);
}

static void longest_prefix_wins_in_any_order(void **)
{
	static const char *const lists[] = {
		"10.0.0.0/8 zero, 10.1.0.0/16 one, 10.1.2.3 two",
		"10.1.2.3/32 two,10.1.0.0/16 one,10.0.0.0/8 zero",
	};

	for (int i = 0; i < 2; i++) {
		struct pal_prefix_table *table = parse(lists[i]);

		assert_int_equal(look(table, "10.2.0.1"), 0);
		assert_int_equal(look(table, "10.1.2.4"), 1);
		assert_int_equal(look(table, "10.1.2.3"), 2);
		assert_int_equal(look(table, "11.1.2.3"), -1);
		pal_prefix_destroy(table);
	}
}

static void versions_do_not_mix(void **)
{
	struct pal_prefix_table *table = parse("0.0.0.0/0 zero, 2001:db8::/32 one");

	assert_int_equal(look(table, "1.2.3.4"), 0);
	assert_int_equal(look(table, "::"), -1);
	assert_int_equal(look(table, "2001:db8::1"), 1);
	assert_int_equal(look(table, "2001:db9::1"), -1);
	assert_int_equal(look(table, "32.1.13.184"), 0); // the bytes of 2001:db8
	pal_prefix_destroy(table);
}

/* Against bits compared one by one. */
static void every_length_covers_its_bits(void **)
{
	static const uint8_t addr[16] = {
		0xff, 0xa5, 0x5a, 0xff, 0x81, 0x7e, 0xff, 0xff, 1, 2, 4, 8, 16, 32, 64, 128};

	for (unsigned int version = 4; version <= 6; version += 2) {
		unsigned int nb_bits = version == 4 ? 32 : 128;

		for (unsigned int len = 0; len <= nb_bits; len++) {
			char text[INET6_ADDRSTRLEN], entry[INET6_ADDRSTRLEN + 16];
			struct pal_prefix_table *table;
			uint8_t net[16] = {0};

			for (unsigned int bit = 0; bit < len; bit++)
				net[bit / 8] |= addr[bit / 8] & (0x80 >> bit % 8);
			inet_ntop(version == 4 ? AF_INET : AF_INET6, net, text, sizeof(text));
			snprintf(entry, sizeof(entry), "%s/%u two", text, len);
			table = parse(entry);
			for (unsigned int bit = 0; bit < nb_bits; bit++) {
				uint8_t other[16];

				memcpy(other, addr, sizeof(other));
				other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				assert_int_equal(
					pal_prefix_lookup(table, version, other), bit < len ? -1 : 2
				);
			}
			pal_prefix_destroy(table);
		}
	}
}

static void empty_list_holds_nothing(void **)
{
	struct pal_prefix_table *table = parse(" \t");

	assert_int_equal(look(table, "1.2.3.4"), -1);
	assert_int_equal(look(NULL, "1.2.3.4"), -1);
	pal_prefix_destroy(table);
	pal_prefix_destroy(NULL);
}

static void errors_name_the_entry_and_what_is_wrong(void **)
{
	refuse("10.0.0.0/8",
	       "10.0.0.0/8: a prefix, a blank and one word make an entry, commas go between");
	refuse("10.0.0.0/8 one two",
	       "10.0.0.0/8: a prefix, a blank and one word make an entry, commas go between");
	refuse("10.0.0.0/8 three", "three: must be one of zero, one, two");
	refuse("::1 one, 10.0.0.0/33 one",
	       "10.0.0.0/33: the length of the prefix must be a whole number from 0 to 32");
	refuse("::/129 one",
	       "::/129: the length of the prefix must be a whole number from 0 to 128");
	refuse("::/ one", "::/: the length of the prefix must be a whole number from 0 to 128");
	refuse("::/1x one", "::/1x: the length of the prefix must be a whole number from 0 to 128");
	refuse("::/4294967297 one",
	       "::/4294967297: the length of the prefix must be a whole number from 0 to 128");
	refuse("10.0.0/8 one", "10.0.0: not an IPv4 or IPv6 address");
	refuse("host one", "host: not an IPv4 or IPv6 address");
	refuse("10.0.0.1/31 one", "10.0.0.1/31: the address has bits behind its prefix");
	refuse("2001:db8::/16 one", "2001:db8::/16: the address has bits behind its prefix");
	refuse("::1 one, ::1/128 two", "::1/128: is named twice");
	refuse("::1 one,", "an entry is empty");
	refuse("::1 one,, ::2 one", "an entry is empty");
	refuse(",", "an entry is empty");
}

static void long_lists_end_at_the_limit(void **)
{
	size_t room = (PAL_PREFIX_MAX + 1) * 32, len = 0;
	char *text = malloc(room);
	struct pal_prefix_table *table;

	assert_non_null(text);
	for (int i = 0; i < PAL_PREFIX_MAX; i++)
		len += (size_t)snprintf(
			text + len, room - len, "%s10.0.%d.%d one", i ? "," : "", i / 256, i % 256
		);
	table = parse(text);
	assert_int_equal(look(table, "10.0.3.255"), 1);
	assert_int_equal(look(table, "10.0.4.0"), -1);
	pal_prefix_destroy(table);
	snprintf(text + len, room - len, ",10.1.0.0 one");
	refuse(text, "more than 1024 prefixes");
	memset(text, '1', 200);
	text[200] = '\0';
	refuse(text, "1111111111111111111111111111111111111111...: too long");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_prefix_wins_in_any_order),
		cmocka_unit_test(versions_do_not_mix),
		cmocka_unit_test(every_length_covers_its_bits),
		cmocka_unit_test(empty_list_holds_nothing),
		cmocka_unit_test(errors_name_the_entry_and_what_is_wrong),
		cmocka_unit_test(long_lists_end_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
