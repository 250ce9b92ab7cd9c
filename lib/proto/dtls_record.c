/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_dtls.h"

#define ALERT_LEN 2
#define ALERT_FATAL 2

// RFC 9147 section 4: 001, then what there is of a header that only the two sides can read.
static bool is_unified(uint8_t first)
{
	return first >> 5 == 1;
}

bool pal_dtls_next(struct pal_cursor *datagram, struct pal_dtls_record *ret_record)
{
	struct pal_cursor cur = *datagram;
	const uint8_t *head = pal_cursor_peek(&cur, 1), *content;
	uint16_t len;

	if (head == NULL)
		return false;
	if (is_unified(head[0])) {
		*ret_record = (struct pal_dtls_record){.epoch = 1, .content = cur};
		datagram->pos = datagram->end;
		return true;
	}
	head = pal_cursor_take(&cur, PAL_DTLS_RECORD_HEADER_LEN);
	// 0x0100 is what OpenSSL called DTLS before it was agreed on.
	if (head == NULL || (head[1] != 0xfe && pal_load_be16(head + 1) != 0x0100))
		return false;
	len = pal_load_be16(head + 11);
	content = pal_cursor_take(&cur, len);
	if (content == NULL)
		return false;
	*ret_record = (struct pal_dtls_record
	){.type = head[0],
	  .version = pal_load_be16(head + 1),
	  .epoch = pal_load_be16(head + 3),
	  .content = pal_cursor_of(content, len)};
	*datagram = cur;
	return true;
}

/* messages */

// A fragment: RFC 6347 section 4.2.2.
struct fragment {
	uint8_t type;
	uint16_t seq;
	uint32_t len; // of the message
	uint32_t offset;
	struct pal_cursor data;
};

static uint32_t load_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | pal_load_be16(p + 1);
}

static bool take_fragment(struct pal_cursor *cur, struct fragment *ret_fragment)
{
	const uint8_t *head = pal_cursor_take(cur, PAL_DTLS_MESSAGE_HEADER_LEN), *data;
	uint32_t len;

	if (head == NULL)
		return false;
	len = load_be24(head + 9);
	data = pal_cursor_take(cur, len);
	if (data == NULL)
		return false;
	*ret_fragment = (struct fragment
	){.type = head[0],
	  .seq = pal_load_be16(head + 4),
	  .len = load_be24(head + 1),
	  .offset = load_be24(head + 6),
	  .data = pal_cursor_of(data, len)};
	return ret_fragment->offset + len <= ret_fragment->len;
}

static struct pal_dtls_message *message_of(struct pal_dtls_side *s, const struct fragment *f)
{
	switch (f->type) {
	case PAL_TLS_MSG_CLIENT_HELLO:
	case PAL_TLS_MSG_SERVER_HELLO:
		return f->len <= PAL_TLS_HELLO_MAX ? &s->hello : NULL;
	case PAL_TLS_MSG_CERTIFICATE:
		return f->len <= PAL_DTLS_MESSAGE_MAX ? &s->cert : NULL;
	default:
		return NULL;
	}
}

// false: it breaks the rules.
static bool take_message(
	struct pal_dtls *dtls,
	unsigned int side,
	const struct fragment *f,
	struct pal_dtls_message *msg,
	uint16_t record_version
)
{
	if (msg->is_begun && (msg->seq != f->seq || msg->len != f->len)) {
		// Another one of that kind, after a cookie or a retry: the first one is told if it is whole.
		pal_pieces_free(&msg->body);
		msg->is_done = false;
	}
	if (msg->is_done)
		return true;
	msg->is_begun = true;
	msg->seq = f->seq;
	msg->len = f->len;
	pal_pieces_add(&msg->body, f->len, f->offset, f->data);
	if (msg->body.whole.len != f->len)
		return true;
	msg->is_done = true;
	if (f->type == PAL_TLS_MSG_CLIENT_HELLO && dtls->hs.client_hello.len == 0)
		dtls->hs.record_version = record_version;
	return pal_tls_handshake_take(
		       &dtls->hs, side, f->type, pal_tls_cursor(&msg->body.whole), true
	       ) == PAL_TLS_TAKEN;
}

static bool
read_messages(struct pal_dtls *dtls, unsigned int side, const struct pal_dtls_record *record)
{
	struct pal_cursor cur = record->content;

	while (pal_cursor_left(&cur) != 0) {
		struct pal_dtls_message *msg;
		struct fragment f;

		if (!take_fragment(&cur, &f))
			return false;
		if (f.type == PAL_TLS_MSG_SERVER_DONE)
			dtls->hs.has_done = true;
		msg = message_of(&dtls->sides[side], &f);
		if (msg != NULL && !take_message(dtls, side, &f, msg, record->version))
			return false;
	}
	return true;
}

static bool read_alert(struct pal_dtls *dtls, unsigned int side, struct pal_cursor content)
{
	const uint8_t *alert = pal_cursor_take(&content, ALERT_LEN);
	struct pal_tls_handshake *hs = &dtls->hs;

	if (alert == NULL || alert[0] == 0 || alert[0] > ALERT_FATAL)
		return false;
	if (alert[0] == ALERT_FATAL)
		dtls->is_fatal = true;
	if (hs->nb_alerts < PAL_TLS_ALERTS_MAX)
		hs->alerts[hs->nb_alerts++] =
			(struct pal_tls_alert){(uint8_t)side, alert[0], alert[1]};
	return true;
}

static void begin_encryption(struct pal_dtls *dtls, unsigned int side)
{
	struct pal_tls_handshake *hs = &dtls->hs;

	// RFC 5246 section 7.3, figure 2: right after its ServerHello.
	if (!dtls->sides[side].is_done && hs->has_client && hs->client != side &&
	    hs->server_hello.len != 0 && !hs->has_done && !pal_tls_handshake_is_1_3(hs))
		hs->is_resumed = true;
	dtls->sides[side].is_done = true;
}

// false: it breaks the rules.
static bool
read_record(struct pal_dtls *dtls, unsigned int side, const struct pal_dtls_record *record)
{
	if (record->epoch != 0) {
		begin_encryption(dtls, side);
		return true;
	}
	switch (record->type) {
	case PAL_TLS_RECORD_HANDSHAKE:
		return read_messages(dtls, side, record);
	case PAL_TLS_RECORD_ALERT:
		return read_alert(dtls, side, record->content);
	case PAL_TLS_RECORD_CHANGE_CIPHER:
		begin_encryption(dtls, side);
		return true;
	default:
		return true;
	}
}

enum pal_tls_event
pal_dtls_read(struct pal_dtls *dtls, unsigned int side, struct pal_cursor datagram)
{
	struct pal_dtls_record record;
	bool is_vain = true;

	while (pal_dtls_next(&datagram, &record)) {
		is_vain &= record.epoch != 0;
		if (!read_record(dtls, side, &record))
			return PAL_TLS_MALFORMED;
	}
	if (dtls->is_fatal || pal_tls_handshake_is_1_3(&dtls->hs) ||
	    (dtls->sides[0].is_done && dtls->sides[1].is_done))
		return PAL_TLS_OVER;
	if (is_vain && ++dtls->nb_vain == PAL_DTLS_VAIN_MAX)
		return PAL_TLS_OVER;
	return PAL_TLS_MORE;
}

void pal_dtls_fini(struct pal_dtls *dtls)
{
	pal_tls_handshake_free(&dtls->hs);
	for (int side = 0; side < 2; side++) {
		pal_pieces_free(&dtls->sides[side].hello.body);
		pal_pieces_free(&dtls->sides[side].cert.body);
	}
}
