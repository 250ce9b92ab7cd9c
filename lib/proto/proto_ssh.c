/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_proto.h"
#include "pal_ssh.h"

#define MSG_KEXINIT 20
#define MSG_NEWKEYS 21
#define COOKIE_LEN 16

enum {
	LINES,
	PACKETS,
	LAST, // all that is read was handed out
	OVER,
};

void pal_ssh_stop(struct pal_ssh_side *side)
{
	pal_gather_reset(&side->gather);
	side->state = OVER;
}

bool pal_ssh_is_over(const struct pal_ssh_side *side)
{
	return side->state == OVER;
}

static size_t line_len(struct pal_cursor head)
{
	const uint8_t *lf = memchr(head.pos, '\n', pal_cursor_left(&head));

	return lf == NULL ? PAL_GATHER_MORE : (size_t)(lf - head.pos) + 1;
}

// RFC 4253 section 6: the length, which does not count itself; then at least that of the padding and a type.
static size_t packet_len(struct pal_cursor head)
{
	uint32_t len;

	if (!pal_cursor_be32(&head, &len))
		return PAL_GATHER_MORE;
	return len < 2 ? PAL_GATHER_BAD : (size_t)len + 4;
}

static const char head[] = "SSH-";

static bool is_ident(const struct pal_cursor *line)
{
	return pal_cursor_left(line) >= sizeof(head) - 1 &&
	       memcmp(line->pos, head, sizeof(head) - 1) == 0;
}

// RFC 4253 section 4.2: SSH-protoversion-softwareversion SP comments CR LF.
static bool parse_ident(struct pal_cursor line, struct pal_ssh_ident *ret_ident)
{
	const uint8_t *dash;

	pal_cursor_skip(&line, sizeof(head) - 1);
	dash = memchr(line.pos, '-', pal_cursor_left(&line));
	if (dash == NULL || dash == line.pos)
		return false;
	ret_ident->proto_version = (struct pal_cursor){line.pos, dash};
	line.pos = dash + 1;
	ret_ident->software_version = (struct pal_cursor){line.pos, line.pos};
	while (ret_ident->software_version.end < line.end &&
	       memchr(" \r\n", *ret_ident->software_version.end, 3) == NULL)
		ret_ident->software_version.end++;
	return true;
}

// RFC 4253 section 5.1: 1.99 is 2.0, for a server that speaks both.
static bool is_version_2(const struct pal_ssh_ident *ident)
{
	const uint8_t *v = ident->proto_version.pos;
	size_t len = pal_cursor_left(&ident->proto_version);

	return v[0] >= '2' || (len == 4 && memcmp(v, "1.99", 4) == 0);
}

// RFC 4253 section 7.1.
static bool parse_kexinit(struct pal_cursor payload, struct pal_ssh_kexinit *ret_kexinit)
{
	if (!pal_cursor_skip(&payload, COOKIE_LEN))
		return false;
	for (int i = 0; i < PAL_SSH_LIST_COUNT; i++) {
		const uint8_t *names;
		uint32_t len;

		if (!pal_cursor_be32(&payload, &len))
			return false;
		names = pal_cursor_take(&payload, len);
		if (names == NULL)
			return false;
		ret_kexinit->lists[i] = pal_cursor_of(names, len);
	}
	return true;
}

static enum pal_ssh_event end(struct pal_ssh_side *side, enum pal_ssh_event event)
{
	pal_ssh_stop(side);
	return event;
}

static enum pal_ssh_event
on_line(struct pal_ssh_side *side, struct pal_cursor line, struct pal_ssh_ident *ret_ident)
{
	if (!is_ident(&line))
		return ++side->nb_skipped > PAL_SSH_SKIPPED_MAX ? end(side, PAL_SSH_DONE)
								: PAL_SSH_MORE;
	if (!parse_ident(line, ret_ident))
		return end(side, PAL_SSH_BROKEN);
	// Version 1 has other packets.
	side->state = is_version_2(ret_ident) ? PACKETS : LAST;
	return PAL_SSH_IDENT;
}

static enum pal_ssh_event
on_packet(struct pal_ssh_side *side, struct pal_cursor packet, struct pal_ssh_kexinit *ret_kexinit)
{
	uint8_t padding, type;

	pal_cursor_skip(&packet, 4);
	if (!pal_cursor_u8(&packet, &padding) || pal_cursor_left(&packet) <= padding)
		return end(side, PAL_SSH_BROKEN);
	packet.end -= padding;
	if (!pal_cursor_u8(&packet, &type) || type == 0)
		return end(side, PAL_SSH_BROKEN);
	if (type == MSG_NEWKEYS)
		return end(side, PAL_SSH_DONE);
	if (type != MSG_KEXINIT)
		return ++side->nb_skipped > PAL_SSH_SKIPPED_MAX ? end(side, PAL_SSH_BROKEN)
								: PAL_SSH_MORE;
	if (!parse_kexinit(packet, ret_kexinit))
		return end(side, PAL_SSH_BROKEN);
	side->state = LAST;
	return PAL_SSH_KEXINIT;
}

enum pal_ssh_event
pal_ssh_next(struct pal_ssh_side *side, struct pal_cursor *bytes, union pal_ssh_item *ret_item)
{
	bool is_line = side->state == LINES;
	enum pal_ssh_event event = PAL_SSH_MORE;
	struct pal_cursor msg;
	int rc;

	if (side->state == LAST)
		return end(side, PAL_SSH_DONE);
	while (event == PAL_SSH_MORE) {
		if (side->state == OVER) {
			bytes->pos = bytes->end;
			return PAL_SSH_MORE;
		}
		rc = pal_gather_next(
			&side->gather,
			bytes,
			is_line ? line_len : packet_len,
			is_line ? PAL_SSH_LINE_MAX : PAL_SSH_PACKET_MAX,
			&msg
		);
		// Without an identification nothing says that this side speaks SSH.
		if (rc < 0)
			return end(side, is_line ? PAL_SSH_DONE : PAL_SSH_BROKEN);
		if (rc == 0)
			return PAL_SSH_MORE;
		event = is_line ? on_line(side, msg, &ret_item->ident)
				: on_packet(side, msg, &ret_item->kexinit);
	}
	return event;
}

size_t
pal_ssh_hassh(const struct pal_ssh_kexinit *kexinit, bool is_server, char *ret_text, size_t room)
{
	// Of each pair, what this side sends.
	const enum pal_ssh_list lists[PAL_SSH_HASSH_LISTS] = {
		PAL_SSH_KEX,
		PAL_SSH_CIPHER_CTOS + is_server,
		PAL_SSH_MAC_CTOS + is_server,
		PAL_SSH_COMPRESSION_CTOS + is_server,
	};
	size_t len = 0;

	for (int i = 0; i < PAL_SSH_HASSH_LISTS; i++) {
		const struct pal_cursor *list = &kexinit->lists[lists[i]];
		size_t nb = pal_cursor_left(list);

		if (nb + (i != 0) > room - len)
			return 0;
		if (i != 0)
			ret_text[len++] = ';';
		memcpy(ret_text + len, list->pos, nb);
		len += nb;
	}
	return len;
}

/* recognition */

// RFC 4253 section 4.2: both sides begin with "SSH-protoversion-softwareversion".
enum pal_probe pal_ssh_probe(struct pal_cursor bytes, enum pal_proto_over)
{
	size_t len = pal_cursor_left(&bytes);
	size_t nb = len < sizeof(head) ? len : sizeof(head) - 1;

	if (memcmp(bytes.pos, head, nb) != 0)
		return PAL_PROBE_NO;
	return nb < sizeof(head) - 1 ? PAL_PROBE_MORE : PAL_PROBE_YES;
}
