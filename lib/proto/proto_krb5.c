/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_gather.h"
#include "pal_krb5.h"
#include "pal_proto.h"

// A field of a SEQUENCE has a tag of its own, [n] EXPLICIT.
static bool field(struct pal_cursor *seq, unsigned int n, struct pal_cursor *ret_body)
{
	return pal_ber_open(seq, (uint8_t)(PAL_BER_CONTEXT(n) | PAL_BER_CONSTRUCTED), ret_body);
}

// Fields that are not of interest, and may be missing.
static void skip_fields(struct pal_cursor *seq, unsigned int first, unsigned int last)
{
	struct pal_cursor body;

	for (; first <= last; first++)
		field(seq, first, &body);
}

static bool field_int(struct pal_cursor *seq, unsigned int n, int32_t *ret_value)
{
	struct pal_cursor body;
	int64_t value;

	if (!field(seq, n, &body) || !pal_ber_int(&body, PAL_BER_INTEGER, &value))
		return false;
	// RFC 4120 section 5.2.4.
	if (value < INT32_MIN || value > INT32_MAX)
		return false;
	*ret_value = (int32_t)value;
	return true;
}

// Section 5.2.1.
static bool field_string(struct pal_cursor *seq, unsigned int n, struct pal_cursor *ret_text)
{
	struct pal_cursor body;

	return field(seq, n, &body) && pal_ber_open(&body, PAL_BER_GENERAL_STRING, ret_text);
}

// PrincipalName, section 5.2.2: what is kept is its SEQUENCE of strings.
static bool field_name(struct pal_cursor *seq, unsigned int n, struct pal_cursor *ret_name)
{
	struct pal_cursor body, name, strings;
	int32_t type;

	return field(seq, n, &body) && pal_ber_open(&body, PAL_BER_SEQUENCE, &name) &&
	       field_int(&name, 0, &type) && field(&name, 1, &strings) &&
	       pal_ber_open(&strings, PAL_BER_SEQUENCE, ret_name);
}

// EncryptedData, section 5.2.9: its type only.
static bool field_etype(struct pal_cursor *seq, unsigned int n, int32_t *ret_etype)
{
	struct pal_cursor body, data;

	return field(seq, n, &body) && pal_ber_open(&body, PAL_BER_SEQUENCE, &data) &&
	       field_int(&data, 0, ret_etype);
}

// KDC-REQ, section 5.4.1, behind its type.
static bool read_request(struct pal_cursor *seq, struct pal_krb5 *krb5)
{
	struct pal_cursor field_body, body, padata;

	field(seq, 3, &padata);
	if (!field(seq, 4, &field_body) || !pal_ber_open(&field_body, PAL_BER_SEQUENCE, &body))
		return false;
	skip_fields(&body, 0, 0);
	field_name(&body, 1, &krb5->cname);
	if (!field_string(&body, 2, &krb5->realm))
		return false;
	field_name(&body, 3, &krb5->sname);
	return true;
}

// Section 5.3.
static bool read_ticket(struct pal_cursor *seq, unsigned int n, struct pal_krb5 *krb5)
{
	struct pal_cursor body, app, ticket, realm;
	int32_t version;

	if (!field(seq, n, &body) ||
	    !pal_ber_open(&body, PAL_BER_APPLICATION(1) | PAL_BER_CONSTRUCTED, &app) ||
	    !pal_ber_open(&app, PAL_BER_SEQUENCE, &ticket) || !field_int(&ticket, 0, &version) ||
	    !field_string(&ticket, 1, &realm) || !field_name(&ticket, 2, &krb5->sname))
		return false;
	krb5->has_ticket_etype = field_etype(&ticket, 3, &krb5->ticket_etype);
	return krb5->has_ticket_etype;
}

// KDC-REP, section 5.4.2.
static bool read_reply(struct pal_cursor *seq, struct pal_krb5 *krb5)
{
	skip_fields(seq, 2, 2);
	if (!field_string(seq, 3, &krb5->realm) || !field_name(seq, 4, &krb5->cname) ||
	    !read_ticket(seq, 5, krb5))
		return false;
	krb5->has_etype = field_etype(seq, 6, &krb5->etype);
	return krb5->has_etype;
}

// KRB-ERROR, section 5.9.1.
static bool read_error(struct pal_cursor *seq, struct pal_krb5 *krb5)
{
	struct pal_cursor realm;
	int32_t code;

	skip_fields(seq, 2, 5);
	if (!field_int(seq, 6, &code))
		return false;
	krb5->error_code = (uint32_t)code;
	field_string(seq, 7, &krb5->realm);
	field_name(seq, 8, &krb5->cname);
	if (!field_string(seq, 9, &realm) || !field_name(seq, 10, &krb5->sname))
		return false;
	if (krb5->realm.pos == NULL)
		krb5->realm = realm;
	return true;
}

bool pal_krb5_read(struct pal_cursor message, struct pal_krb5 *ret_krb5)
{
	struct pal_krb5 krb5 = {0};
	struct pal_cursor seq;
	struct pal_ber app;
	unsigned int first;
	int32_t version, type;

	if (!pal_ber_next(&message, &app) ||
	    (app.id & 0xe0) != (PAL_BER_APPLICATION(0) | PAL_BER_CONSTRUCTED) ||
	    !pal_ber_open(&app.body, PAL_BER_SEQUENCE, &seq))
		return false;
	// Requests count their fields from 1, all others from 0.
	krb5.type = app.id & 0x1f;
	first = krb5.type == PAL_KRB5_AS_REQ || krb5.type == PAL_KRB5_TGS_REQ;
	if (!field_int(&seq, first, &version) || version != 5 ||
	    !field_int(&seq, first + 1, &type) || type != (int32_t)krb5.type)
		return false;
	switch (krb5.type) {
	case PAL_KRB5_AS_REQ:
	case PAL_KRB5_TGS_REQ:
		if (!read_request(&seq, &krb5))
			return false;
		break;
	case PAL_KRB5_AS_REP:
	case PAL_KRB5_TGS_REP:
		if (!read_reply(&seq, &krb5))
			return false;
		break;
	case PAL_KRB5_ERROR:
		if (!read_error(&seq, &krb5))
			return false;
		break;
	default:
		break;
	}
	*ret_krb5 = krb5;
	return true;
}

// RFC 4120 section 7.2.2: the high bit is for extensions.
size_t pal_krb5_len(struct pal_cursor head)
{
	uint32_t len;

	if (head.pos[0] & 0x80)
		return PAL_GATHER_BAD;
	return pal_cursor_be32(&head, &len) ? 4u + len : PAL_GATHER_MORE;
}

size_t pal_krb5_name_text(struct pal_cursor name, char *dst, size_t room)
{
	struct pal_cursor string;
	size_t len = 0;

	for (bool is_first = true; pal_ber_open(&name, PAL_BER_GENERAL_STRING, &string);
	     is_first = false) {
		if (!is_first && len < room)
			dst[len++] = '/';
		pal_cursor_limit(&string, room - len);
		memcpy(dst + len, string.pos, pal_cursor_left(&string));
		len += pal_cursor_left(&string);
	}
	return len;
}

/* recognition */

// Take the head of an element with this identifier: its length may be beyond what is there.
static enum pal_probe take_head(struct pal_cursor *cur, uint8_t id, size_t *ret_len)
{
	if (pal_cursor_left(cur) == 0)
		return PAL_PROBE_MORE;
	if (cur->pos[0] != id)
		return PAL_PROBE_NO;
	*ret_len = pal_ber_len(*cur);
	if (*ret_len == PAL_GATHER_BAD)
		return PAL_PROBE_NO;
	if (*ret_len == PAL_GATHER_MORE)
		return PAL_PROBE_MORE;
	pal_cursor_skip(cur, cur->pos[1] < 0x80 ? 2 : 2u + (cur->pos[1] & 0x7f));
	return PAL_PROBE_YES;
}

// A message: its tag, a SEQUENCE, the version as first field. size: what it must be, or 0.
static enum pal_probe probe_message(struct pal_cursor cur, size_t size)
{
	uint8_t want[] = {0xa0, 3, PAL_BER_INTEGER, 1, 5};
	enum pal_probe answer;
	size_t len, nb;
	uint8_t id;

	if (pal_cursor_left(&cur) == 0)
		return PAL_PROBE_MORE;
	id = cur.pos[0];
	if ((id & 0xe0) != (PAL_BER_APPLICATION(0) | PAL_BER_CONSTRUCTED) ||
	    pal_krb5_type_name(id & 0x1f) == NULL)
		return PAL_PROBE_NO;
	answer = take_head(&cur, id, &len);
	if (answer == PAL_PROBE_YES && size != 0 && len != size)
		return PAL_PROBE_NO;
	if (answer == PAL_PROBE_YES)
		answer = take_head(&cur, PAL_BER_SEQUENCE, &len);
	if (answer != PAL_PROBE_YES)
		return answer;
	if ((id & 0x1f) == PAL_KRB5_AS_REQ || (id & 0x1f) == PAL_KRB5_TGS_REQ)
		want[0] = 0xa1;
	nb = pal_cursor_left(&cur) < sizeof(want) ? pal_cursor_left(&cur) : sizeof(want);
	if (memcmp(cur.pos, want, nb) != 0)
		return PAL_PROBE_NO;
	return nb < sizeof(want) ? PAL_PROBE_MORE : PAL_PROBE_YES;
}

enum pal_probe pal_krb5_probe(struct pal_cursor bytes, enum pal_proto_over over)
{
	uint32_t len;

	if (over == PAL_OVER_UDP)
		return probe_message(bytes, 0);
	if (bytes.pos[0] != 0)
		return PAL_PROBE_NO;
	if (!pal_cursor_be32(&bytes, &len))
		return PAL_PROBE_MORE;
	if (len == 0 || len > PAL_KRB5_MESSAGE_MAX - 4)
		return PAL_PROBE_NO;
	return probe_message(bytes, len);
}

/* names */

const char *pal_krb5_type_name(enum pal_krb5_type type)
{
	switch (type) {
	case PAL_KRB5_AS_REQ:
		return "KRB_AS_REQ";
	case PAL_KRB5_AS_REP:
		return "KRB_AS_REP";
	case PAL_KRB5_TGS_REQ:
		return "KRB_TGS_REQ";
	case PAL_KRB5_TGS_REP:
		return "KRB_TGS_REP";
	case PAL_KRB5_AP_REQ:
		return "KRB_AP_REQ";
	case PAL_KRB5_AP_REP:
		return "KRB_AP_REP";
	case PAL_KRB5_ERROR:
		return "KRB_ERROR";
	}
	return NULL;
}

const char *pal_krb5_etype_name(int32_t etype)
{
	switch (etype) {
#define PAL_KRB5_ETYPE(value, name)                                                                \
	case value:                                                                                \
		return name;
#include "krb5_names.def"
	default:
		return NULL;
	}
}

const char *pal_krb5_error_name(uint32_t code)
{
	switch (code) {
#define PAL_KRB5_ERROR(value, name)                                                                \
	case value:                                                                                \
		return name;
#include "krb5_names.def"
	default:
		return NULL;
	}
}

bool pal_krb5_is_weak(int32_t etype)
{
	// AES (RFC 3962, RFC 8009) and Camellia (RFC 6803).
	return !((etype >= 17 && etype <= 20) || etype == 25 || etype == 26);
}
