/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_gather.h>
#include <pal_krb5.h>
#include <pal_proto.h>

#include <stdlib.h>
#include <string.h>

// A message that is built from its end to its beginning: each wrap() puts a head before what is there.
struct message {
	uint8_t bytes[512];
	size_t pos;
};

static void put(struct message *m, const void *bytes, size_t len)
{
	m->pos -= len;
	memcpy(m->bytes + m->pos, bytes, len);
}

// An element with this identifier of all that was put since `end`.
static void wrap(struct message *m, uint8_t id, size_t end)
{
	size_t len = end - m->pos;
	uint8_t head[4] = {id, 0x82, (uint8_t)(len >> 8), (uint8_t)len};
	uint8_t small[2] = {id, (uint8_t)len};

	if (len < 128)
		put(m, small, 2);
	else
		put(m, head, 4);
}

static void put_int(struct message *m, unsigned int n, int value)
{
	size_t end = m->pos;

	put(m, &(uint8_t){(uint8_t)value}, 1);
	wrap(m, PAL_BER_INTEGER, end);
	wrap(m, (uint8_t)(0xa0 | n), end);
}

static void put_string(struct message *m, unsigned int n, const char *text)
{
	size_t end = m->pos;

	put(m, text, strlen(text));
	wrap(m, PAL_BER_GENERAL_STRING, end);
	wrap(m, (uint8_t)(0xa0 | n), end);
}

static void put_name(struct message *m, unsigned int n, const char *first, const char *second)
{
	size_t end = m->pos;

	put(m, second, strlen(second));
	wrap(m, PAL_BER_GENERAL_STRING, end);
	{
		size_t inner = m->pos;

		put(m, first, strlen(first));
		wrap(m, PAL_BER_GENERAL_STRING, inner);
	}
	wrap(m, PAL_BER_SEQUENCE, end);
	wrap(m, 0xa1, end);
	put_int(m, 0, 2);
	wrap(m, PAL_BER_SEQUENCE, end);
	wrap(m, (uint8_t)(0xa0 | n), end);
}

static void put_encrypted(struct message *m, unsigned int n, int etype)
{
	size_t end = m->pos;

	put_int(m, 0, etype);
	wrap(m, PAL_BER_SEQUENCE, end);
	wrap(m, (uint8_t)(0xa0 | n), end);
}

static void finish(struct message *m, enum pal_krb5_type type, unsigned int first)
{
	put_int(m, first + 1, (int)type);
	put_int(m, first, 5);
	wrap(m, PAL_BER_SEQUENCE, sizeof(m->bytes));
	wrap(m, (uint8_t)(0x60 | type), sizeof(m->bytes));
}

static struct message request(void)
{
	struct message m = {.pos = sizeof(m.bytes)};

	put_name(&m, 3, "krbtgt", "EXAMPLE");
	put_string(&m, 2, "EXAMPLE");
	put_name(&m, 1, "user", "admin");
	wrap(&m, PAL_BER_SEQUENCE, sizeof(m.bytes));
	wrap(&m, 0xa4, sizeof(m.bytes));
	finish(&m, PAL_KRB5_AS_REQ, 1);
	return m;
}

static struct message reply(void)
{
	struct message m = {.pos = sizeof(m.bytes)};
	size_t end;

	put_encrypted(&m, 6, 17);
	end = m.pos;
	put_encrypted(&m, 3, -133); // one byte: 0x7b
	put_name(&m, 2, "krbtgt", "EXAMPLE");
	put_string(&m, 1, "EXAMPLE");
	put_int(&m, 0, 5);
	wrap(&m, PAL_BER_SEQUENCE, end);
	wrap(&m, 0x61, end);
	wrap(&m, 0xa5, end);
	put_name(&m, 4, "user", "admin");
	put_string(&m, 3, "EXAMPLE");
	finish(&m, PAL_KRB5_TGS_REP, 0);
	return m;
}

static struct message error(void)
{
	struct message m = {.pos = sizeof(m.bytes)};

	put_name(&m, 10, "krbtgt", "EXAMPLE");
	put_string(&m, 9, "EXAMPLE");
	put_int(&m, 6, 25);
	put_int(&m, 5, 1);
	put_string(&m, 4, "20200101000000Z");
	finish(&m, PAL_KRB5_ERROR, 0);
	return m;
}

static size_t len_of(const struct message *m)
{
	return sizeof(m->bytes) - m->pos;
}

// In memory of its exact size; without its end it cannot be read.
static struct pal_krb5 read_message(const struct message *m, uint8_t **ret_copy)
{
	struct pal_krb5 krb5;

	*ret_copy = malloc(len_of(m));
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, m->bytes + m->pos, len_of(m));
	for (size_t cut = 0; cut < len_of(m); cut++)
		assert_false(pal_krb5_read(pal_cursor_of(*ret_copy, cut), &krb5));
	assert_true(pal_krb5_read(pal_cursor_of(*ret_copy, len_of(m)), &krb5));
	return krb5;
}

static void name_is(struct pal_cursor name, const char *want)
{
	char text[64];
	size_t len = pal_krb5_name_text(name, text, sizeof(text) - 1);

	text[len] = '\0';
	assert_string_equal(text, want);
}

static void request_says_who_wants_what(void **)
{
	struct message m = request();
	uint8_t *copy;
	struct pal_krb5 krb5 = read_message(&m, &copy);

	assert_int_equal(krb5.type, PAL_KRB5_AS_REQ);
	name_is(krb5.cname, "user/admin");
	name_is(krb5.sname, "krbtgt/EXAMPLE");
	assert_memory_equal(krb5.realm.pos, "EXAMPLE", 7);
	assert_false(krb5.has_etype || krb5.has_ticket_etype);
	free(copy);
}

static void reply_says_how_it_is_encrypted(void **)
{
	struct message m = reply();
	uint8_t *copy;
	struct pal_krb5 krb5 = read_message(&m, &copy);

	assert_int_equal(krb5.type, PAL_KRB5_TGS_REP);
	assert_true(krb5.has_etype && krb5.has_ticket_etype);
	assert_int_equal(krb5.etype, 17);
	assert_int_equal(krb5.ticket_etype, 0x7b);
	name_is(krb5.sname, "krbtgt/EXAMPLE");
	free(copy);
}

static void error_has_the_realm_of_the_server_if_no_other(void **)
{
	struct message m = error();
	uint8_t *copy;
	struct pal_krb5 krb5 = read_message(&m, &copy);

	assert_int_equal(krb5.error_code, 25);
	assert_string_equal(pal_krb5_error_name(25), "KDC_ERR_PREAUTH_REQUIRED");
	assert_null(krb5.cname.pos);
	name_is(krb5.cname, "");
	assert_memory_equal(krb5.realm.pos, "EXAMPLE", 7);
	free(copy);
}

static void other_versions_and_types_are_refused(void **)
{
	struct message m = error();
	struct pal_krb5 krb5;
	uint8_t *tag = m.bytes + m.pos;

	*tag = 0x60 | 11; // its type says otherwise
	assert_false(pal_krb5_read(pal_cursor_of(tag, len_of(&m)), &krb5));
	*tag = 0x60 | 30;
	for (uint8_t *p = tag; p < tag + len_of(&m); p++)
		if (memcmp(p, "\xa0\3\2\1\5", 5) == 0) {
			p[4] = 4;
			break;
		}
	assert_false(pal_krb5_read(pal_cursor_of(tag, len_of(&m)), &krb5));
}

static void name_that_does_not_fit_is_cut(void **)
{
	struct message m = request();
	uint8_t *copy;
	struct pal_krb5 krb5 = read_message(&m, &copy);
	char text[10];

	for (size_t room = 0; room <= sizeof(text); room++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(pal_krb5_name_text(krb5.cname, text, room), room);
		assert_memory_equal(text, "user/admin", room);
		for (size_t i = room; i < sizeof(text); i++)
			assert_int_equal(text[i], '#');
	}
	free(copy);
}

static void weak_is_what_is_not_known_to_be_strong(void **)
{
	static const int strong[] = {17, 18, 19, 20, 25, 26};
	size_t nb = 0;

	for (int etype = -200; etype < 200; etype++)
		nb += !pal_krb5_is_weak(etype);
	assert_int_equal(nb, sizeof(strong) / sizeof(strong[0]));
	for (size_t i = 0; i < nb; i++)
		assert_false(pal_krb5_is_weak(strong[i]));
}

static void is_recognised_in_any_pieces(void **)
{
	struct message messages[] = {request(), reply(), error()};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct message m = messages[i];
		uint8_t len[4] = {0, 0, (uint8_t)(len_of(&m) >> 8), (uint8_t)len_of(&m)};
		enum pal_probe answer = PAL_PROBE_MORE;

		assert_int_equal(
			pal_krb5_probe(pal_cursor_of(m.bytes + m.pos, len_of(&m)), PAL_OVER_UDP),
			PAL_PROBE_YES
		);
		put(&m, len, 4);
		for (size_t have = 1; have <= len_of(&m); have++) {
			enum pal_probe now =
				pal_krb5_probe(pal_cursor_of(m.bytes + m.pos, have), PAL_OVER_TCP);

			assert_true(now == PAL_PROBE_YES || now == PAL_PROBE_MORE);
			assert_true(answer == PAL_PROBE_MORE || now == answer);
			answer = now;
		}
		assert_int_equal(answer, PAL_PROBE_YES);
		// A length before it that is not its own.
		m.bytes[m.pos + 3]++;
		assert_int_equal(
			pal_krb5_probe(pal_cursor_of(m.bytes + m.pos, len_of(&m)), PAL_OVER_TCP),
			PAL_PROBE_NO
		);
	}
}

static void length_comes_first_in_a_stream(void **)
{
	assert_true(pal_krb5_len(pal_cursor_of("\0\0\1", 3)) == PAL_GATHER_MORE);
	assert_int_equal(pal_krb5_len(pal_cursor_of("\0\0\1\2", 4)), 4 + 258);
	assert_true(pal_krb5_len(pal_cursor_of("\x80", 1)) == PAL_GATHER_BAD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_says_who_wants_what),
		cmocka_unit_test(reply_says_how_it_is_encrypted),
		cmocka_unit_test(error_has_the_realm_of_the_server_if_no_other),
		cmocka_unit_test(other_versions_and_types_are_refused),
		cmocka_unit_test(name_that_does_not_fit_is_cut),
		cmocka_unit_test(weak_is_what_is_not_known_to_be_strong),
		cmocka_unit_test(is_recognised_in_any_pieces),
		cmocka_unit_test(length_comes_first_in_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
