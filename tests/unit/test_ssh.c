/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <pal_proto.h>
#include <pal_ssh.h>

#include <stdio.h>
#include <stdlib.h>

/* What a side says, as text: one line an event. */

static char text[4096];
static size_t text_len;

static void say(const char *what, const char *bytes, size_t len)
{
	text_len += (size_t
	)snprintf(text + text_len, sizeof(text) - text_len, "%s[%.*s]\n", what, (int)len, bytes);
	assert_true(text_len < sizeof(text));
}

static void say_cursor(const char *what, struct pal_cursor bytes)
{
	say(what, (const char *)bytes.pos, pal_cursor_left(&bytes));
}

static void say_event(enum pal_ssh_event event, const union pal_ssh_item *item)
{
	char hassh[PAL_SSH_PACKET_MAX];

	switch (event) {
	case PAL_SSH_IDENT:
		say_cursor("version", item->ident.proto_version);
		say_cursor("software", item->ident.software_version);
		break;
	case PAL_SSH_KEXINIT:
		for (int is_server = 0; is_server < 2; is_server++)
			say(is_server ? "server" : "client",
			    hassh,
			    pal_ssh_hassh(&item->kexinit, is_server, hassh, sizeof(hassh)));
		say_cursor("host keys", item->kexinit.lists[PAL_SSH_HOST_KEY]);
		break;
	case PAL_SSH_DONE:
		say("done", "", 0);
		break;
	default:
		say("broken", "", 0);
		break;
	}
}

// Each piece in memory of its own, so that a read past its end is seen.
static void feed(const uint8_t *bytes, size_t len, size_t step)
{
	struct pal_ssh_side side = {0};

	text_len = 0;
	text[0] = 0;
	for (size_t at = 0; at < len; at += step) {
		size_t nb = len - at < step ? len - at : step;
		uint8_t *piece = malloc(nb);
		struct pal_cursor cur = pal_cursor_of(piece, nb);
		enum pal_ssh_event event;
		union pal_ssh_item item;

		memcpy(piece, bytes + at, nb);
		while ((event = pal_ssh_next(&side, &cur, &item)) != PAL_SSH_MORE)
			say_event(event, &item);
		assert_int_equal(pal_cursor_left(&cur), 0);
		free(piece);
	}
	pal_ssh_stop(&side);
}

static uint8_t stream[65536];
static size_t stream_len;

static void put(const void *bytes, size_t len)
{
	assert_true(stream_len + len <= sizeof(stream));
	memcpy(stream + stream_len, bytes, len);
	stream_len += len;
}

static void put_be32(uint32_t v)
{
	const uint8_t bytes[] = {
		(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	put(bytes, 4);
}

static void put_line(const char *line)
{
	put(line, strlen(line));
}

static void put_packet(uint8_t type, const void *body, uint32_t len)
{
	const uint8_t padding[4] = {4, 4, 4, 4};

	put_be32(1 + 1 + len + 4);
	put(padding, 1);
	put(&type, 1);
	put(body, len);
	put(padding, 4);
}

static void put_kexinit(uint32_t lost)
{
	static const char *const lists[] = {
		"k1,k2", "h", "cc", "cs", "mc,x", "ms", "zc", "zs", "", ""};
	uint8_t body[256] = {0};
	uint32_t len = 16;

	for (int i = 0; i < PAL_SSH_LIST_COUNT; i++) {
		body[len + 3] = (uint8_t)strlen(lists[i]);
		memcpy(body + len + 4, lists[i], strlen(lists[i]));
		len += 4 + (uint32_t)strlen(lists[i]);
	}
	put_packet(20, body, len - lost);
}

static void check(const char *want)
{
	for (size_t step = stream_len; step > 0; step--) {
		feed(stream, stream_len, step);
		assert_string_equal(text, want);
	}
	stream_len = 0;
}

#define KEXINIT "client[k1,k2;cc;mc,x;zc]\nserver[k1,k2;cs;ms;zs]\nhost keys[h]\ndone[]\n"

static void versions_and_lists_are_read(void **)
{
	put_line("SSH-2.0-OpenSSH_9.4 comment-x\r\n");
	put_kexinit(0);
	put("encrypted", 9);
	check("version[2.0]\nsoftware[OpenSSH_9.4]\n" KEXINIT);
}

static void lines_and_packets_may_come_before(void **)
{
	put_line("Welcome\r\n\r\nSSH-1.99-a-b\n");
	put_packet(2, "ignore", 6);
	put_packet(4, "debug", 5);
	put_kexinit(0);
	check("version[1.99]\nsoftware[a-b]\n" KEXINIT);
}

static void version_1_has_no_more(void **)
{
	put_line("SSH-1.5-x\n");
	put_line("anything");
	check("version[1.5]\nsoftware[x]\ndone[]\n");
}

static void nothing_is_read_after_new_keys(void **)
{
	put_line("SSH-2.0-x\r\n");
	put_packet(21, "", 0);
	put_kexinit(0);
	check("version[2.0]\nsoftware[x]\ndone[]\n");
}

static void damage_is_said_once(void **)
{
	put_line("SSH-2.0-x\r\n");
	put_kexinit(1);
	put_kexinit(0);
	check("version[2.0]\nsoftware[x]\nbroken[]\n");
	put_line("SSH-2.0\r\n");
	check("broken[]\n");
	put_line("SSH--x\r\n");
	check("broken[]\n");
	put_line("SSH-2.0-x\r\n");
	put_be32(PAL_SSH_PACKET_MAX);
	check("version[2.0]\nsoftware[x]\nbroken[]\n");
	put_line("SSH-2.0-x\r\n");
	put_be32(1);
	check("version[2.0]\nsoftware[x]\nbroken[]\n");
	put_line("SSH-2.0-x\r\n");
	put("\0\0\0\2\1\x14", 6);
	check("version[2.0]\nsoftware[x]\nbroken[]\n");
	put_line("SSH-2.0-x\r\n");
	for (int i = 0; i <= PAL_SSH_SKIPPED_MAX; i++)
		put_packet(4, "debug", 5);
	check("version[2.0]\nsoftware[x]\nbroken[]\n");
}

static void a_side_without_identification_is_given_up(void **)
{
	for (int i = 0; i <= PAL_SSH_SKIPPED_MAX; i++)
		put_line("no\n");
	put_line("SSH-2.0-x\r\n");
	check("done[]\n");
	put_line("SSH-2.0-");
	memset(stream + stream_len, 'x', PAL_SSH_LINE_MAX);
	stream_len += PAL_SSH_LINE_MAX;
	check("done[]\n");
}

static void hassh_fits_or_is_not_given(void **)
{
	struct pal_ssh_kexinit kexinit;
	char out[8];

	for (int i = 0; i < PAL_SSH_LIST_COUNT; i++)
		kexinit.lists[i] = pal_cursor_of("x", 1);
	assert_int_equal(pal_ssh_hassh(&kexinit, false, out, sizeof(out)), 7);
	assert_memory_equal(out, "x;x;x;x", 7);
	for (size_t room = 0; room < 7; room++)
		assert_int_equal(pal_ssh_hassh(&kexinit, true, out, room), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_and_lists_are_read),
		cmocka_unit_test(lines_and_packets_may_come_before),
		cmocka_unit_test(version_1_has_no_more),
		cmocka_unit_test(nothing_is_read_after_new_keys),
		cmocka_unit_test(damage_is_said_once),
		cmocka_unit_test(a_side_without_identification_is_given_up),
		cmocka_unit_test(hassh_fits_or_is_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
