/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_dns.h>
#include <pal_proto.h>

#include <stdlib.h>
#include <string.h>

// A message that is being built; memory of its exact size, so that AddressSanitizer sees a read behind it.
struct message {
	uint8_t bytes[2048];
	size_t len;
};

static void add(struct message *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

#define ADD(m, ...) add(m, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void add16(struct message *m, unsigned int value)
{
	ADD(m, (uint8_t)(value >> 8), (uint8_t)value);
}

static void header(struct message *m, unsigned int flags, const unsigned int counts[4])
{
	*m = (struct message){0};
	add16(m, 0x1234);
	add16(m, flags);
	for (int i = 0; i < 4; i++)
		add16(m, counts[i]);
}

// "www.example.com": its labels and the root.
static void add_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		ADD(m, (uint8_t)len);
		add(m, name, len);
		name += len + (name[len] == '.');
	}
	ADD(m, 0);
}

static void add_question(struct message *m, const char *name, unsigned int type)
{
	add_name(m, name);
	add16(m, type);
	add16(m, 1);
}

static void add_rr(struct message *m, unsigned int type, const void *rdata, size_t len)
{
	add_name(m, "a.b");
	add16(m, type);
	add16(m, 1);
	ADD(m, 0, 0, 0, 60);
	add16(m, (unsigned int)len);
	add(m, rdata, len);
}

static struct pal_dns open_message(const struct message *m, uint8_t **ret_copy)
{
	struct pal_dns dns;

	*ret_copy = malloc(m->len);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, m->bytes, m->len);
	assert_true(pal_dns_open(&dns, pal_cursor_of(*ret_copy, m->len)));
	return dns;
}

static void message_is_read_record_by_record(void **)
{
	static const uint8_t addr[] = {192, 0, 2, 1};
	struct message m;
	struct pal_dns_rr rr;
	struct pal_dns dns;
	uint8_t *copy;

	header(&m, 0x8180, (const unsigned int[]){1, 2, 0, 1});
	add_question(&m, "www.example.com", PAL_DNS_A);
	add_rr(&m, PAL_DNS_A, addr, 4);
	add_rr(&m, PAL_DNS_A, addr, 4);
	ADD(&m, 0, 0, PAL_DNS_OPT, 0x10, 0, 1, 0, 0x80, 0, 0, 6, 0, 10, 0, 2, 'h', 'i');
	dns = open_message(&m, &copy);
	assert_int_equal(dns.id, 0x1234);
	assert_int_equal(dns.flags, 0x8180);

	assert_true(pal_dns_next(&dns, &rr));
	assert_int_equal(rr.section, PAL_DNS_QUESTION);
	assert_int_equal(rr.name.len, 15);
	assert_memory_equal(rr.name.text, "www.example.com", 15);
	for (int i = 0; i < 2; i++) {
		assert_true(pal_dns_next(&dns, &rr));
		assert_int_equal(rr.section, PAL_DNS_ANSWER);
		assert_int_equal(rr.ttl, 60);
		assert_int_equal(pal_cursor_left(&rr.rdata), 4);
	}
	assert_true(pal_dns_next(&dns, &rr));
	assert_int_equal(rr.section, PAL_DNS_ADDITIONAL);
	assert_int_equal(rr.name.len, 0);
	assert_int_equal(rr.rr_class, 4096);
	assert_int_equal(rr.ttl, 0x01008000);
	{
		struct pal_cursor data;
		uint16_t code;

		assert_true(pal_dns_option_next(&rr.rdata, &code, &data));
		assert_int_equal(code, 10);
		assert_memory_equal(data.pos, "hi", 2);
		assert_false(pal_dns_option_next(&rr.rdata, &code, &data));
	}
	assert_false(pal_dns_next(&dns, &rr));
	assert_false(dns.is_malformed);
	free(copy);
}

static void every_cut_is_malformed(void **)
{
	static const uint8_t addr[] = {192, 0, 2, 1};
	struct message m;

	header(&m, 0x8180, (const unsigned int[]){1, 1, 0, 0});
	add_question(&m, "www.example.com", PAL_DNS_A);
	add_rr(&m, PAL_DNS_A, addr, 4);
	for (size_t len = PAL_DNS_HEADER_LEN; len < m.len; len++) {
		struct message cut = m;
		struct pal_dns_rr rr;
		struct pal_dns dns;
		uint8_t *copy;

		cut.len = len;
		dns = open_message(&cut, &copy);
		while (pal_dns_next(&dns, &rr))
			;
		assert_true(dns.is_malformed);
		assert_false(pal_dns_next(&dns, &rr));
		free(copy);
	}
}

/* names */

// A message of a header and these bytes; the name at `at` of it. -1: it cannot be read.
static int
name_at(const void *bytes, size_t len, size_t at, struct pal_dns_name *name, size_t *ret_end)
{
	struct message m;
	struct pal_cursor cur;
	struct pal_dns dns;
	uint8_t *copy;
	bool ok;

	header(&m, 0, (const unsigned int[]){1, 0, 0, 0});
	add(&m, bytes, len);
	dns = open_message(&m, &copy);
	cur = pal_cursor_of(copy + at, m.len - at);
	ok = pal_dns_name(&dns, &cur, name);
	*ret_end = (size_t)(cur.pos - copy);
	free(copy);
	return ok ? name->len : -1;
}

static void compressed_name_goes_on_at_a_prior_place(void **)
{
	static const uint8_t bytes[] = {1, 'c', 0, 1, 'b', 0xc0, 12, 1, 'a', 0xc0, 15};
	struct pal_dns_name name;
	size_t end;

	assert_int_equal(name_at(bytes, sizeof(bytes), 19, &name, &end), 5);
	assert_memory_equal(name.text, "a.b.c", 5);
	assert_int_equal(end, 12 + sizeof(bytes)); // behind the first pointer
}

static void pointer_that_leads_nowhere_before_is_refused(void **)
{
	static const uint8_t bytes[][6] = {
		{0xc0, 12, 0, 0, 0, 0}, // to itself
		{0xc0, 14, 0, 0, 0, 0}, // forward
		{1, 'a', 0xc0, 12, 0, 0}, // to the beginning of its own piece
		{0xff, 0xff, 0, 0, 0, 0}, // past the end
		{0x40, 'a', 0, 0, 0, 0}, // reserved kinds of label
		{0x80, 'a', 0, 0, 0, 0},
	};
	struct pal_dns_name name;
	size_t end;

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		assert_int_equal(name_at(bytes[i], sizeof(bytes[i]), 12, &name, &end), -1);
		assert_int_equal(end, 12); // moves nothing
	}
}

static void loop_of_two_pointers_ends(void **)
{
	static const uint8_t bytes[] = {1, 'a', 0xc0, 16, 1, 'b', 0xc0, 12};
	struct pal_dns_name name;
	size_t end;

	assert_int_equal(name_at(bytes, sizeof(bytes), 12, &name, &end), -1);
	assert_int_equal(name_at(bytes, sizeof(bytes), 16, &name, &end), -1);
}

static void name_has_255_bytes_at_most(void **)
{
	uint8_t bytes[256];
	struct pal_dns_name name;
	size_t end;

	// Four labels and the root: 64 + 64 + 64 + 62 + 1 = 255.
	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = bytes[64] = bytes[128] = 63;
	bytes[192] = 61;
	bytes[254] = 0;
	assert_int_equal(name_at(bytes, sizeof(bytes), 12, &name, &end), 253);
	assert_int_equal(end, 12 + 255);
	bytes[192] = 62;
	bytes[255] = 0;
	assert_int_equal(name_at(bytes, sizeof(bytes), 12, &name, &end), -1);
}

/* data */

// The text of data of a type, against what is wanted; NULL: there is none. Cut anywhere it must be text or nothing.
static void text_is(unsigned int type, const void *rdata, size_t len, const char *want)
{
	for (size_t cut = 0; cut <= len; cut++) {
		char text[PAL_DNS_TEXT_MAX];
		struct message m;
		struct pal_dns_rr rr;
		struct pal_dns dns;
		uint8_t *copy;
		size_t got;

		header(&m, 0x8180, (const unsigned int[]){0, 1, 0, 0});
		add_rr(&m, type, rdata, len - cut);
		dns = open_message(&m, &copy);
		assert_true(pal_dns_next(&dns, &rr));
		got = pal_dns_rdata_text(&dns, &rr, text, sizeof(text));
		if (cut == 0 && want == NULL) {
			assert_int_equal(got, 0);
		} else if (cut == 0) {
			text[got] = '\0';
			assert_string_equal(text, want);
			// One character less of room, and there is none.
			assert_int_equal(pal_dns_rdata_text(&dns, &rr, text, got), got);
			assert_int_equal(pal_dns_rdata_text(&dns, &rr, text, got - 1), 0);
		}
		free(copy);
	}
}

#define TEXT_IS(type, rdata, want) text_is(type, rdata, sizeof(rdata) - 1, want)

// Examples of RFC 4034, 5155, 9460 and others, where they have some.
static void data_is_written_as_in_zone_files(void **)
{
	TEXT_IS(1, "\xc0\x00\x02\x01", "192.0.2.1");
	TEXT_IS(28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", "2001:db8::1");
	TEXT_IS(2, "\2ns\0", "ns");
	TEXT_IS(5, "\0", ".");
	TEXT_IS(6, "\1m\0\1r\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", "m r 1 2 3 4 5");
	TEXT_IS(13, "\3cpu\2os", "\"cpu\" \"os\"");
	TEXT_IS(15, "\0\x0a\2mx\0", "10 mx");
	TEXT_IS(16, "\2hi\5a\"b\\c\1\xff", "\"hi\" \"a\\\"b\\\\c\" \"\\255\"");
	TEXT_IS(33, "\0\1\0\2\1\xbb\2sv\0", "1 2 443 sv");
	TEXT_IS(35, "\0\1\0\2\1u\7E2U+sip\2!!\0", "1 2 \"u\" \"E2U+sip\" \"!!\" .");
	TEXT_IS(43, "\x09\x43\x0d\x02\x1f\x98", "2371 13 2 1f98");
	TEXT_IS(44, "\4\2\x12\xab", "4 2 12ab");
	TEXT_IS(46,
		"\0\1\5\2\0\1\x51\x80\x3e\x7f\x5a\x00\x3e\x57\xcd\x00\x0a\x53\2ex\0sig!",
		"A 5 2 86400 20030324191824 20030222191824 2643 ex c2lnIQ==");
	TEXT_IS(47, "\4host\0\0\6\x40\1\0\0\0\3\4\1\0\0\0\1", NULL);
	TEXT_IS(47, "\4host\0\0\6\x40\1\0\0\0\3", "host A MX RRSIG NSEC");
	TEXT_IS(47, "\4host\0\0\1\x40\4\1\x08", "host A TYPE1028");
	TEXT_IS(48, "\1\0\3\5abc", "256 3 5 YWJj");
	TEXT_IS(50,
		"\1\1\0\x0c\4\xaa\xbb\xcc\xdd\5\x12\x34\x56\x78\x9a\0\1\x40",
		"1 1 12 aabbccdd 28q5cu4q A");
	TEXT_IS(51, "\1\0\0\x0c\0", "1 0 12 -");
	TEXT_IS(52, "\3\1\1\xde\xad", "3 1 1 dead");
	TEXT_IS(64,
		"\0\1\0\0\1\0\3\2h3\0\3\0\2\x20\xfb\0\4\0\4\xc0\0\2\1\x02\x9b\0\2hi",
		"1 . alpn=h3 port=8443 ipv4hint=192.0.2.1 key667=\"hi\"");
	TEXT_IS(65,
		"\0\1\1a\0\0\0\0\4\0\1\0\4\0\1\0\3\2h2\0\2\0\0\0\5\0\1x",
		"1 a mandatory=alpn,ipv4hint alpn=h2 no-default-alpn ech=eA==");
	TEXT_IS(65,
		"\0\1\0\0\6\0\x20\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\x01\x0d\xb8\0\0\0\0\0"
		"\0\0\0\0\0\0\2",
		"1 . ipv6hint=2001:db8::1,2001:db8::2");
	TEXT_IS(256, "\0\1\0\2http://x", "1 2 \"http://x\"");
	TEXT_IS(257, "\x80\5issueca.example", "128 issue \"ca.example\"");
}

static void data_that_is_not_of_its_type_has_no_text(void **)
{
	TEXT_IS(1, "\1\2\3", NULL);
	TEXT_IS(1, "\1\2\3\4\5", NULL);
	TEXT_IS(28, "\1\2\3\4", NULL);
	TEXT_IS(2, "\5ab", NULL);
	TEXT_IS(2, "\xc0\xff", NULL);
	TEXT_IS(16, "\5ab", NULL);
	TEXT_IS(47, "\0\0\0", NULL); // a window without a byte
	TEXT_IS(64, "\0\1\0\0\3\0\5ab", NULL);
	TEXT_IS(12345, "abc", NULL); // nobody's type
}

static void objects_have_their_fields(void **)
{
	struct message m;
	struct pal_dns_sshfp sshfp;
	struct pal_dns_soa soa;
	struct pal_dns_srv srv;
	struct pal_dns_rr rr;
	struct pal_dns dns;
	uint8_t *copy;

	header(&m, 0x8180, (const unsigned int[]){0, 3, 0, 0});
	add_rr(&m, PAL_DNS_SOA, "\1m\0\xc0\x0c\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 25);
	add_rr(&m, PAL_DNS_SRV, "\0\1\0\2\1\xbb\xc0\x0e", 8);
	add_rr(&m, PAL_DNS_SSHFP, "\4\2\x12\xab", 4);
	dns = open_message(&m, &copy);
	assert_true(pal_dns_next(&dns, &rr));
	assert_true(pal_dns_rdata_soa(&dns, &rr, &soa));
	assert_memory_equal(soa.mname.text, "m", 1);
	assert_int_equal(soa.rname.len, 3); // a.b, pointed to
	assert_int_equal(soa.serial, 1);
	assert_int_equal(soa.minimum, 5);
	assert_true(pal_dns_next(&dns, &rr));
	assert_true(pal_dns_rdata_srv(&dns, &rr, &srv));
	assert_int_equal(srv.port, 443);
	assert_int_equal(srv.name.len, 1);
	assert_true(pal_dns_next(&dns, &rr));
	assert_true(pal_dns_rdata_sshfp(&rr, &sshfp));
	assert_int_equal(sshfp.algorithm, 4);
	assert_int_equal(pal_cursor_left(&sshfp.fingerprint), 2);
	free(copy);
}

/* recognition */

static enum pal_app recognise(const struct message *m, enum pal_proto_over over, uint16_t port)
{
	struct pal_proto_sample sample = {
		.bytes = pal_cursor_of(m->bytes, m->len),
		.over = over,
		.ports = {40000, port},
		.is_all = true,
	};
	uint64_t candidates = PAL_APPS_ALL;

	return pal_proto_recognise(&sample, &candidates);
}

static void whole_question_is_dns_on_any_port(void **)
{
	struct message m;

	header(&m, 0x0100, (const unsigned int[]){1, 0, 0, 0});
	add_question(&m, "www.example.com", PAL_DNS_A);
	assert_int_equal(recognise(&m, PAL_OVER_UDP, 9999), PAL_APP_DNS);
	assert_int_equal(recognise(&m, PAL_OVER_UDP, 5353), PAL_APP_MDNS);
	assert_int_equal(recognise(&m, PAL_OVER_UDP, 5355), PAL_APP_LLMNR);
	m.bytes[3] = 0x40; // Z
	assert_int_equal(recognise(&m, PAL_OVER_UDP, 53), PAL_APP_FAILED);
}

static void netbios_name_is_not_dns(void **)
{
	struct message m;

	header(&m, 0x0110, (const unsigned int[]){1, 0, 0, 0});
	add_question(&m, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0x21);
	assert_int_equal(recognise(&m, PAL_OVER_UDP, 137), PAL_APP_NBNS);
}

static void stream_is_recognised_in_any_pieces(void **)
{
	struct message dns, m = {0};

	header(&dns, 0x0100, (const unsigned int[]){1, 0, 0, 0});
	add_question(&dns, "www.example.com", PAL_DNS_A);
	add16(&m, (unsigned int)dns.len);
	add(&m, dns.bytes, dns.len);
	for (size_t len = 1; len <= m.len; len++) {
		enum pal_probe answer = pal_dns_probe(pal_cursor_of(m.bytes, len), PAL_OVER_TCP);

		assert_int_equal(answer, len < m.len ? PAL_PROBE_MORE : PAL_PROBE_YES);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_read_record_by_record),
		cmocka_unit_test(every_cut_is_malformed),
		cmocka_unit_test(compressed_name_goes_on_at_a_prior_place),
		cmocka_unit_test(pointer_that_leads_nowhere_before_is_refused),
		cmocka_unit_test(loop_of_two_pointers_ends),
		cmocka_unit_test(name_has_255_bytes_at_most),
		cmocka_unit_test(data_is_written_as_in_zone_files),
		cmocka_unit_test(data_that_is_not_of_its_type_has_no_text),
		cmocka_unit_test(objects_have_their_fields),
		cmocka_unit_test(whole_question_is_dns_on_any_port),
		cmocka_unit_test(netbios_name_is_not_dns),
		cmocka_unit_test(stream_is_recognised_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
