/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Records, and the messages in them.
 *
 *      segments   |  ....  |      |           |
 *      records       [h .........][h ..][h ......]      start_record(), then its content by record_type and mode
 *      messages         (h .... )(h ...    .... )       read_messages(): in place where whole, else put together in msg
 */
#include "pal_tls.h"

#include <stdlib.h>

#define MESSAGE_HEADER_LEN 4
#define ALERT_LEN 2
#define ALERT_FATAL 2
#define HEARTBEAT_HEAD 3
#define HEARTBEAT_PADDING 16

// Take bytes until head has so many; false: not yet.
static bool fill_head(struct pal_tls_side *s, struct pal_cursor *cur, uint8_t nb)
{
	uint8_t byte;

	while (s->nb_head < nb && pal_cursor_u8(cur, &byte))
		s->head[s->nb_head++] = byte;
	return s->nb_head == nb;
}

static enum pal_tls_event lose(struct pal_tls_side *s, enum pal_tls_event event)
{
	s->is_lost = true;
	pal_tls_bytes_free(&s->msg);
	return event;
}

/* messages */

static bool is_message(uint8_t type)
{
	// IANA: TLS HandshakeType, the reserved ones of older versions, and 67 of NPN.
	return type <= 6 || type == 8 || (type >= 11 && type <= 16) || (type >= 20 && type <= 25) ||
	       type == 67 || type == 254;
}

static bool is_kept(uint8_t type, uint32_t len)
{
	switch (type) {
	case PAL_TLS_MSG_CLIENT_HELLO:
	case PAL_TLS_MSG_SERVER_HELLO:
		return len <= PAL_TLS_HELLO_MAX;
	case PAL_TLS_MSG_CERTIFICATE:
		return len <= PAL_TLS_MESSAGE_MAX;
	default:
		return false;
	}
}

static uint32_t message_len(const uint8_t *head)
{
	return (uint32_t)head[1] << 16 | pal_load_be16(head + 2);
}

static bool
take_message(struct pal_tls *tls, unsigned int side, uint8_t type, struct pal_cursor body)
{
	bool is_first = tls->hs.client_hello.len == 0;
	bool ok = pal_tls_handshake_take(&tls->hs, side, type, body, false) == PAL_TLS_TAKEN;

	if (type == PAL_TLS_MSG_CLIENT_HELLO && is_first)
		tls->hs.record_version = tls->sides[side].msg_version;
	if (type == PAL_TLS_MSG_CLIENT_HELLO || type == PAL_TLS_MSG_SERVER_HELLO)
		tls->is_over = pal_tls_handshake_is_1_3(&tls->hs);
	return ok;
}

// The header of a message is there: what becomes of it? false: it is none.
static bool begin_message(struct pal_tls *tls, unsigned int side, const uint8_t *head)
{
	struct pal_tls_side *s = &tls->sides[side];

	if (!is_message(head[0]))
		return false;
	if (is_kept(head[0], message_len(head)))
		return true;
	s->skip = message_len(head);
	s->msg.len = 0;
	// Nothing of it is read but that it was there.
	if (head[0] == PAL_TLS_MSG_SERVER_DONE)
		tls->hs.has_done = true;
	return true;
}

// Of a message that is whole in this record and segment, nothing is copied.
static bool
read_in_place(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec, bool *ret_bad)
{
	const uint8_t *head = pal_cursor_peek(rec, MESSAGE_HEADER_LEN);
	uint32_t len;

	if (head == NULL || tls->sides[side].msg.len != 0)
		return false;
	len = message_len(head);
	if (!is_kept(head[0], len) || pal_cursor_peek(rec, MESSAGE_HEADER_LEN + len) == NULL)
		return false;
	pal_cursor_skip(rec, MESSAGE_HEADER_LEN + len);
	*ret_bad = !take_message(tls, side, head[0], pal_cursor_of(head + MESSAGE_HEADER_LEN, len));
	return true;
}

// Add what a message still needs; true while it makes sense.
static bool gather(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];
	bool had_head = s->msg.len >= MESSAGE_HEADER_LEN;
	uint32_t want = MESSAGE_HEADER_LEN + (had_head ? message_len(s->msg.data) : 0);
	size_t more = want - s->msg.len;
	bool ok = true;

	if (more > pal_cursor_left(rec))
		more = pal_cursor_left(rec);
	if (!pal_tls_bytes_add(&s->msg, rec->pos, more))
		return false;
	pal_cursor_skip(rec, more);
	if (!had_head && s->msg.len == MESSAGE_HEADER_LEN) {
		if (!begin_message(tls, side, s->msg.data))
			return false;
		had_head = s->msg.len != 0;
	}
	if (had_head && s->msg.len == MESSAGE_HEADER_LEN + message_len(s->msg.data)) {
		ok = take_message(
			tls,
			side,
			s->msg.data[0],
			pal_cursor_of(
				s->msg.data + MESSAGE_HEADER_LEN, s->msg.len - MESSAGE_HEADER_LEN
			)
		);
		pal_tls_bytes_free(&s->msg);
	}
	return ok;
}

static enum pal_tls_event
read_messages(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];

	while (pal_cursor_left(rec) != 0 && !tls->is_over) {
		bool is_bad = false;

		if (s->skip != 0) {
			size_t nb = pal_cursor_left(rec);

			nb = nb < s->skip ? nb : s->skip;
			pal_cursor_skip(rec, nb);
			s->skip -= (uint32_t)nb;
			continue;
		}
		if (s->msg.len == 0)
			s->msg_version = s->record_version;
		if (!read_in_place(tls, side, rec, &is_bad))
			is_bad = !gather(tls, side, rec);
		if (is_bad)
			return lose(s, PAL_TLS_MALFORMED);
	}
	return PAL_TLS_MORE;
}

// After ChangeCipherSpec a ClientHello or ServerHello may still follow, RFC 8446 appendix D.4: it fills its record.
static enum pal_tls_event peek(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];
	struct pal_cursor head;

	if (!fill_head(s, rec, MESSAGE_HEADER_LEN))
		return PAL_TLS_MORE;
	s->mode = PAL_TLS_MODE_SKIP;
	if ((s->head[0] != PAL_TLS_MSG_CLIENT_HELLO && s->head[0] != PAL_TLS_MSG_SERVER_HELLO) ||
	    message_len(s->head) + MESSAGE_HEADER_LEN != s->record_len)
		return PAL_TLS_MORE;
	s->mode = PAL_TLS_MODE_READ;
	s->msg.len = 0;
	s->skip = 0;
	head = pal_cursor_of(s->head, MESSAGE_HEADER_LEN);
	return read_messages(tls, side, &head);
}

/* the other records */

static enum pal_tls_event read_alert(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];
	struct pal_tls_handshake *hs = &tls->hs;

	if (!fill_head(s, rec, ALERT_LEN))
		return PAL_TLS_MORE;
	s->mode = PAL_TLS_MODE_SKIP;
	if (s->head[0] == 0 || s->head[0] > ALERT_FATAL)
		return lose(s, PAL_TLS_MALFORMED);
	// RFC 8446 section 6.2: it ends the connection.
	if (s->head[0] == ALERT_FATAL)
		tls->is_over = true;
	if (hs->nb_alerts == PAL_TLS_ALERTS_MAX)
		return PAL_TLS_MORE;
	hs->alerts[hs->nb_alerts++] = (struct pal_tls_alert){(uint8_t)side, s->head[0], s->head[1]};
	return PAL_TLS_ALERT;
}

// RFC 6520 section 4: a request has its payload and at least 16 bytes of padding.
static enum pal_tls_event read_heartbeat(struct pal_tls_side *s, struct pal_cursor *rec)
{
	if (!fill_head(s, rec, HEARTBEAT_HEAD))
		return PAL_TLS_MORE;
	s->mode = PAL_TLS_MODE_SKIP;
	if (s->head[0] == 1 &&
	    HEARTBEAT_HEAD + pal_load_be16(s->head + 1) + HEARTBEAT_PADDING > s->record_len)
		return PAL_TLS_HEARTBLEED;
	return PAL_TLS_MORE;
}

static enum pal_tls_event
read_client_hello_v2(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];
	struct pal_tls_handshake *hs = &tls->hs;
	struct pal_tls_hello hello;
	size_t nb = pal_cursor_left(rec);

	if (!pal_tls_bytes_add(&s->msg, rec->pos, nb))
		return lose(s, PAL_TLS_MALFORMED);
	pal_cursor_skip(rec, nb);
	if (nb != s->left)
		return PAL_TLS_MORE;
	if (hs->has_client || !pal_tls_client_hello_v2(pal_tls_cursor(&s->msg), &hello))
		return lose(s, PAL_TLS_MALFORMED);
	hs->client_hello = s->msg;
	s->msg = (struct pal_tls_bytes){0};
	hs->has_client = hs->is_v2 = true;
	hs->client = (uint8_t)side;
	hs->record_version = hello.version;
	return PAL_TLS_MORE;
}

static enum pal_tls_event
read_content(struct pal_tls *tls, unsigned int side, struct pal_cursor *rec)
{
	struct pal_tls_side *s = &tls->sides[side];

	if (s->mode == PAL_TLS_MODE_V2)
		return read_client_hello_v2(tls, side, rec);
	if (s->mode == PAL_TLS_MODE_PEEK)
		return peek(tls, side, rec);
	if (s->mode == PAL_TLS_MODE_READ) {
		switch (s->record_type) {
		case PAL_TLS_RECORD_HANDSHAKE:
			return read_messages(tls, side, rec);
		case PAL_TLS_RECORD_ALERT:
			return read_alert(tls, side, rec);
		case PAL_TLS_RECORD_HEARTBEAT:
			return read_heartbeat(s, rec);
		default:
			break;
		}
	}
	rec->pos = rec->end;
	return PAL_TLS_MORE;
}

/* records */

// RFC 5246 appendix E.2: two bytes of length with the high bit set, the type, the version.
static bool is_v2(const uint8_t *head)
{
	unsigned int len = (unsigned int)(head[0] & 0x7f) << 8 | head[1];

	return (head[0] & 0x80) && len >= 9 && len <= PAL_TLS_HELLO_MAX &&
	       (pal_load_be16(head + 3) == PAL_TLS_SSL2 || head[3] == 3);
}

static enum pal_tls_event start_v2(struct pal_tls *tls, unsigned int side)
{
	struct pal_tls_side *s = &tls->sides[side];

	// The server answers in kind: SSL 2 it is, of which nothing is read.
	if (s->head[2] != PAL_TLS_MSG_CLIENT_HELLO) {
		tls->hs.version = PAL_TLS_SSL2;
		tls->is_over = true;
		return PAL_TLS_OVER;
	}
	s->record_type = PAL_TLS_RECORD_HANDSHAKE;
	s->mode = PAL_TLS_MODE_V2;
	s->left = ((uint32_t)(s->head[0] & 0x7f) << 8 | s->head[1]) - 3;
	s->is_started = true;
	if (!pal_tls_bytes_add(&s->msg, s->head + 2, 3))
		return lose(s, PAL_TLS_MALFORMED);
	return PAL_TLS_MORE;
}

static bool is_server(const struct pal_tls *tls, unsigned int side)
{
	return tls->hs.has_client && tls->hs.client != side;
}

static void begin_encryption(struct pal_tls *tls, unsigned int side)
{
	struct pal_tls_handshake *hs = &tls->hs;

	tls->sides[side].is_done = true;
	// RFC 5246 section 7.3, figure 2: right after its ServerHello. TLS 1.3 has this record for disguise only.
	if (is_server(tls, side) && hs->server_hello.len != 0 && !hs->has_done &&
	    hs->version <= PAL_TLS_1_2)
		hs->is_resumed = true;
}

static enum pal_tls_mode mode_of(struct pal_tls *tls, unsigned int side)
{
	struct pal_tls_side *s = &tls->sides[side];

	switch (s->record_type) {
	case PAL_TLS_RECORD_HANDSHAKE:
		return s->is_done ? PAL_TLS_MODE_PEEK : PAL_TLS_MODE_READ;
	case PAL_TLS_RECORD_ALERT:
		// One that is longer is encrypted, where the beginning was not seen.
		if (s->record_len != ALERT_LEN)
			s->is_done = true;
		return s->is_done ? PAL_TLS_MODE_SKIP : PAL_TLS_MODE_READ;
	case PAL_TLS_RECORD_HEARTBEAT:
		return s->is_done ? PAL_TLS_MODE_SKIP : PAL_TLS_MODE_READ;
	case PAL_TLS_RECORD_CHANGE_CIPHER:
		begin_encryption(tls, side);
		return PAL_TLS_MODE_SKIP;
	default:
		s->is_done = true;
		s->nb_data += s->nb_data < PAL_TLS_DATA_MAX;
		return PAL_TLS_MODE_SKIP;
	}
}

static enum pal_tls_event
start_record(struct pal_tls *tls, unsigned int side, struct pal_cursor *cur)
{
	struct pal_tls_side *s = &tls->sides[side];
	uint16_t len;

	if (!fill_head(s, cur, PAL_TLS_RECORD_HEADER_LEN))
		return PAL_TLS_MORE;
	s->nb_head = 0;
	len = pal_load_be16(s->head + 3);
	if (s->head[0] < PAL_TLS_RECORD_CHANGE_CIPHER || s->head[0] > PAL_TLS_RECORD_HEARTBEAT ||
	    s->head[1] != 3 || s->head[2] > 4 || len > PAL_TLS_RECORD_MAX) {
		if (!s->is_started && is_v2(s->head) && s->head[2] == PAL_TLS_MSG_CLIENT_HELLO)
			return start_v2(tls, side);
		if (!s->is_started && (s->head[0] & 0x80) && s->head[2] == 4 && tls->hs.is_v2)
			return start_v2(tls, side);
		// A side that never was TLS does not break its rules.
		return lose(s, s->is_started ? PAL_TLS_MALFORMED : PAL_TLS_MORE);
	}
	s->is_started = true;
	s->record_type = s->head[0];
	s->record_version = pal_load_be16(s->head + 1);
	s->record_len = len;
	s->left = len;
	s->mode = (uint8_t)mode_of(tls, side);
	return PAL_TLS_MORE;
}

// One record, or what there is of it.
static enum pal_tls_event step(struct pal_tls *tls, unsigned int side, struct pal_cursor *cur)
{
	struct pal_tls_side *s = &tls->sides[side];
	struct pal_cursor rec = *cur;
	enum pal_tls_event event;

	if (s->record_type == 0)
		return start_record(tls, side, cur);
	pal_cursor_limit(&rec, s->left);
	event = read_content(tls, side, &rec);
	s->left -= (uint32_t)(rec.pos - cur->pos);
	cur->pos = rec.pos;
	return event;
}

static bool is_finished(const struct pal_tls *tls, unsigned int side)
{
	const struct pal_tls_side *s = &tls->sides[side];

	return s->is_lost || s->nb_data != 0 || (s->is_done && !tls->hs.has_retry);
}

static bool is_over(const struct pal_tls *tls)
{
	return tls->is_over || (is_finished(tls, 0) && is_finished(tls, 1)) ||
	       tls->sides[0].nb_data == PAL_TLS_DATA_MAX ||
	       tls->sides[1].nb_data == PAL_TLS_DATA_MAX;
}

enum pal_tls_event pal_tls_next(struct pal_tls *tls, unsigned int side, struct pal_cursor *bytes)
{
	struct pal_tls_side *s = &tls->sides[side];

	for (;;) {
		enum pal_tls_event event;

		if (s->record_type != 0 && s->left == 0) {
			s->record_type = 0;
			s->nb_head = 0;
		}
		tls->is_over = is_over(tls);
		if (tls->is_over)
			return PAL_TLS_OVER;
		if (s->is_lost)
			bytes->pos = bytes->end;
		if (pal_cursor_left(bytes) == 0)
			return PAL_TLS_MORE;
		event = step(tls, side, bytes);
		if (event != PAL_TLS_MORE)
			return event;
	}
}

enum pal_tls_event pal_tls_gap(struct pal_tls *tls, unsigned int side)
{
	lose(&tls->sides[side], PAL_TLS_MORE);
	tls->is_over = is_over(tls);
	return tls->is_over ? PAL_TLS_OVER : PAL_TLS_MORE;
}

void pal_tls_fini(struct pal_tls *tls)
{
	pal_tls_handshake_free(&tls->hs);
	pal_tls_bytes_free(&tls->sides[0].msg);
	pal_tls_bytes_free(&tls->sides[1].msg);
}
