/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Kerberos 5 over UDP and TCP: an EVE `krb5` record for each reply and error of a KDC, as Suricata has it, and one for
 * each request that got none.
 */
#include <pal_krb5.h>
#include <pal_messages.h>

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

// Names and realms are cut after so many bytes.
#define NAME_MAX_LEN 255

struct text {
	uint8_t len; // 0: there is none
	char bytes[NAME_MAX_LEN];
};

// The request that waits for its answer: a client asks again before it asks for something else.
struct krb5_flow {
	enum pal_krb5_type asked; // 0: none
	struct text realm, cname, sname;
	uint64_t time_ns, number;
};

struct state {
	struct pal_messages messages; // first: its hooks are ours
	struct pal_events *events;
};

static void set_text(struct text *text, struct pal_cursor bytes)
{
	pal_cursor_limit(&bytes, NAME_MAX_LEN);
	text->len = (uint8_t)pal_cursor_left(&bytes);
	if (text->len != 0)
		memcpy(text->bytes, bytes.pos, text->len);
}

static void set_name(struct text *text, struct pal_cursor name)
{
	text->len = (uint8_t)pal_krb5_name_text(name, text->bytes, NAME_MAX_LEN);
}

// As Suricata's.
static const char *text_of(const struct text *text, size_t *ret_len)
{
	static const char empty[] = "<empty>";

	*ret_len = text->len != 0 ? text->len : sizeof(empty) - 1;
	return text->len != 0 ? text->bytes : empty;
}

static void
put_who(struct pal_json *j,
	const struct text *cname,
	const struct text *realm,
	const struct text *sname)
{
	const char *text;
	size_t len;

	text = text_of(cname, &len);
	pal_json_strn(j, "cname", text, len);
	text = text_of(realm, &len);
	pal_json_strn(j, "realm", text, len);
	text = text_of(sname, &len);
	pal_json_strn(j, "sname", text, len);
}

static const char *etype_text(char number[16], int32_t etype)
{
	const char *name = pal_krb5_etype_name(etype);

	snprintf(number, 16, "%" PRId32, etype);
	return name != NULL ? name : number;
}

static void put_encryption(struct pal_json *j, const struct pal_krb5 *krb5)
{
	char number[16];

	pal_json_str(j, "encryption", krb5->has_etype ? etype_text(number, krb5->etype) : "<none>");
	pal_json_bool(j, "weak_encryption", krb5->has_etype && pal_krb5_is_weak(krb5->etype));
	if (!krb5->has_ticket_etype)
		return;
	pal_json_str(j, "ticket_encryption", etype_text(number, krb5->ticket_etype));
	pal_json_bool(j, "ticket_weak_encryption", pal_krb5_is_weak(krb5->ticket_etype));
}

// Kerberos knows no other way to say which request has failed than the order of messages.
static void put_error(struct pal_json *j, const struct pal_krb5 *krb5, enum pal_krb5_type asked)
{
	const char *name = pal_krb5_error_name(krb5->error_code);
	char number[16];

	snprintf(number, sizeof(number), "%" PRIu32, krb5->error_code);
	pal_json_str(j, "failed_request", asked != 0 ? pal_krb5_type_name(asked) : "UNKNOWN");
	pal_json_str(j, "error_code", name != NULL ? name : number);
}

static void write_answer(
	struct state *st,
	struct pal_flow *flow,
	const struct pal_krb5 *krb5,
	enum pal_krb5_type asked,
	const struct pal_message *msg
)
{
	struct text realm, cname, sname;
	struct pal_json *j =
		pal_event_begin_flow_pkt(st->events, "krb5", flow, msg->time_ns, msg->number);

	if (j == NULL)
		return;
	set_text(&realm, krb5->realm);
	set_name(&cname, krb5->cname);
	set_name(&sname, krb5->sname);
	pal_json_open(j, "krb5", '{');
	pal_json_str(j, "msg_type", pal_krb5_type_name(krb5->type));
	if (krb5->type == PAL_KRB5_ERROR)
		put_error(j, krb5, asked);
	put_who(j, &cname, &realm, &sname);
	put_encryption(j, krb5);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void write_unanswered(struct state *st, struct pal_flow *flow, struct krb5_flow *kf)
{
	static const struct pal_krb5 nothing;
	struct pal_json *j;

	if (kf->asked == 0)
		return;
	j = pal_event_begin_flow_pkt(st->events, "krb5", flow, kf->time_ns, kf->number);
	if (j == NULL)
		return;
	pal_json_open(j, "krb5", '{');
	pal_json_str(j, "msg_type", pal_krb5_type_name(kf->asked));
	put_who(j, &kf->cname, &kf->realm, &kf->sname);
	put_encryption(j, &nothing);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void
ask(struct state *st,
    struct pal_flow *flow,
    struct krb5_flow *kf,
    const struct pal_krb5 *krb5,
    const struct pal_message *msg)
{
	write_unanswered(st, flow, kf);
	kf->asked = krb5->type;
	set_text(&kf->realm, krb5->realm);
	set_name(&kf->cname, krb5->cname);
	set_name(&kf->sname, krb5->sname);
	kf->time_ns = msg->time_ns;
	kf->number = msg->number;
}

static bool krb5_read(void *state, struct pal_flow *flow, const struct pal_message *msg)
{
	struct pal_cursor bytes = msg->bytes;
	struct state *st = state;
	struct krb5_flow *kf = pal_messages_flow(&st->messages, flow);
	struct pal_krb5 krb5;

	if (kf == NULL)
		return true;
	if (flow->key.proto == IPPROTO_TCP && !pal_cursor_skip(&bytes, 4))
		return false;
	if (!pal_krb5_read(bytes, &krb5))
		return false;
	switch (krb5.type) {
	case PAL_KRB5_AS_REQ:
	case PAL_KRB5_TGS_REQ:
		ask(st, flow, kf, &krb5, msg);
		break;
	case PAL_KRB5_AS_REP:
	case PAL_KRB5_TGS_REP:
	case PAL_KRB5_ERROR:
		write_answer(st, flow, &krb5, kf->asked, msg);
		kf->asked = 0;
		break;
	default:
		break;
	}
	return true;
}

/* hooks */

static void *krb5_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->messages = (struct pal_messages){
		.len_of = pal_krb5_len,
		.max = PAL_KRB5_MESSAGE_MAX,
		.flow_size = sizeof(struct krb5_flow),
		.read = krb5_read,
	};
	pal_messages_init(&st->messages, host, lcore);
	return st;
}

static void krb5_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	struct krb5_flow *kf = pal_messages_flow_if_any(&st->messages, flow);

	if (kf != NULL)
		write_unanswered(st, flow, kf);
	pal_messages_close(st, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "krb5",
	.version = PAL_PLUGIN_VERSION,
	.summary = "replies and errors of Kerberos 5, and requests without (EVE krb5)",
	.protos = PAL_PLUGIN_TCP | PAL_PLUGIN_UDP,
	.apps = PAL_APPS(KRB5),
	.flow_bytes = sizeof(void *),
	.lcore_init = krb5_lcore_init,
	.lcore_fini = free,
	.payload = pal_messages_payload,
	.stream = pal_messages_stream,
	.gap = pal_messages_gap,
	.flow_close = krb5_flow_close,
};
