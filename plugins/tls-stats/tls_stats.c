/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Statistics of TLS: the seed's five files. tls-stats-conversations.json has an entry for each connection, written when its
 * handshake is over; the others count connections by server port, versions and cipher, and are written at the end.
 */
#include <pal_ja.h>
#include <pal_plugin.h>
#include <pal_tls.h>

#include <stdio.h>
#include <stdlib.h>

enum count {
	COUNT_PORT,
	COUNT_RECORD_VERSION,
	COUNT_CLIENT_VERSION,
	COUNT_CIPHER,
	COUNT_COUNT,
};

static const char *const count_files[COUNT_COUNT] = {
	[COUNT_PORT] = "tls-stats-tls-ports.json",
	[COUNT_RECORD_VERSION] = "tls-stats-ssl-record-version.json",
	[COUNT_CLIENT_VERSION] = "tls-stats-client-hello-version.json",
	[COUNT_CIPHER] = "tls-stats-ciphers.json",
};

#define NONE 65536 // what is counted where there is no number

struct settings {
	int conversations; // sinks; negative: not wanted
	int counts[COUNT_COUNT];
};

struct state {
	struct pal_out *out;
	const struct settings *set;
	struct pal_crypto *crypto;
	struct pal_ja *ja;
	uint32_t flow_offset;
	uint32_t bit;
	uint64_t counts[COUNT_COUNT][NONE + 1];
};

// In every flow.
struct stats_flow {
	struct pal_tls *tls; // NULL: nothing seen yet, or counted already
};

static const struct pal_sink_frame json_array = {
	.head = "[\n",
	.separator = ",\n",
	.tail = "\n]\n"};
static const struct pal_sink_frame json_object = {.head = "{", .separator = "", .tail = "\n}\n"};

static int stats_init(struct pal_plugin_host *host)
{
	struct settings *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	pal_plugin_set_data(host, set);
	set->conversations = pal_plugin_open(host, "tls-stats-conversations.json", &json_array);
	if (set->conversations < 0 && set->conversations != -ENOENT)
		return set->conversations;
	for (int i = 0; i < COUNT_COUNT; i++) {
		set->counts[i] = pal_plugin_open(host, count_files[i], &json_object);
		if (set->counts[i] < 0 && set->counts[i] != -ENOENT)
			return set->counts[i];
	}
	return 0;
}

static void stats_fini(struct pal_plugin_host *host)
{
	free(pal_plugin_data(host));
}

static void stats_lcore_fini(void *state)
{
	struct state *st = state;

	pal_ja_destroy(st->ja);
	pal_crypto_destroy(st->crypto);
	free(st);
}

static void *stats_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->out = lcore->out;
	st->set = pal_plugin_data(host);
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	st->crypto = pal_crypto_create();
	if (st->crypto != NULL)
		st->ja = pal_ja_create(st->crypto);
	if (st->ja == NULL) {
		int code = errno;

		stats_lcore_fini(st);
		return pal_err_null(code);
	}
	return st;
}

static struct stats_flow *flow_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

/* names */

#define NAME_LEN 16

// As the seed names them.
static const char *version_name(unsigned int version, char text[NAME_LEN])
{
	switch (version) {
	case PAL_TLS_SSL2:
		return "Ssl20";
	case PAL_TLS_SSL3:
		return "Ssl30";
	case PAL_TLS_1_0:
		return "Tls10";
	case PAL_TLS_1_1:
		return "Tls11";
	case PAL_TLS_1_2:
		return "Tls12";
	case PAL_TLS_1_3:
		return "Tls13";
	default:
		snprintf(text, NAME_LEN, "0x%04x", version);
		return text;
	}
}

static const char *cipher_name(unsigned int cipher, char text[NAME_LEN])
{
	const char *name = pal_tls_cipher_name((uint16_t)cipher);

	if (name != NULL)
		return name;
	snprintf(text, NAME_LEN, "0x%04x", cipher);
	return text;
}

static const char *count_name(enum count count, unsigned int value, char text[NAME_LEN])
{
	if (value == NONE)
		return "<None>";
	if (count == COUNT_CIPHER)
		return cipher_name(value, text);
	if (count != COUNT_PORT)
		return version_name(value, text);
	snprintf(text, NAME_LEN, "%u", value);
	return text;
}

/* connections */

// Endpoint of the key that is the client.
static unsigned int client_of(const struct pal_flow *flow, const struct pal_tls_handshake *hs)
{
	bool is_initiator = !hs->has_client || hs->client == PAL_DIR_TO_SERVER;

	return is_initiator ? flow->initiator : !flow->initiator;
}

static void put_five_tuple(struct pal_json *j, const struct pal_flow_key *key, unsigned int src)
{
	pal_json_open(j, "five-tuple", '{');
	pal_json_u64(j, "proto", key->proto);
	pal_json_addr(j, "src", &key->addr[src], key->ip_version);
	pal_json_addr(j, "dst", &key->addr[!src], key->ip_version);
	pal_json_u64(j, "src_port", pal_flow_key_port(key, src));
	pal_json_u64(j, "dst_port", pal_flow_key_port(key, !src));
	pal_json_close(j, '}');
}

static void put_fatal(struct pal_json *j, const struct pal_tls_handshake *hs)
{
	for (unsigned int i = 0; i < hs->nb_alerts; i++) {
		const char *name = pal_tls_alert_name(hs->alerts[i].description);

		if (hs->alerts[i].level != 2)
			continue;
		pal_json_str(j, "alert", name != NULL ? name : "unknown");
		return;
	}
}

static void write_conversation(
	struct state *st,
	const struct pal_flow *flow,
	const struct pal_tls_handshake *hs,
	const struct pal_tls_hello *client,
	const struct pal_tls_hello *server
)
{
	char text[NAME_LEN];
	struct pal_json j;
	struct pal_ja3 ja3;
	size_t len;
	char *dst;

	if (st->set->conversations < 0)
		return;
	dst = pal_out_reserve(st->out, st->set->conversations, 0, &len);
	if (dst == NULL)
		return;
	j = pal_json_of(dst, len);
	pal_json_open_obj(&j);
	put_five_tuple(&j, &flow->key, client_of(flow, hs));
	pal_json_u64(&j, "flow_id", flow->id);
	pal_json_str(
		&j, "client_version", client != NULL ? version_name(client->version, text) : ""
	);
	pal_json_str(&j, "cipher", server != NULL ? cipher_name(server->cipher, text) : "");
	if (client != NULL && !client->is_v2 && pal_ja3(st->ja, client, &ja3))
		pal_json_str(&j, "ja3", ja3.hash);
	put_fatal(&j, hs);
	pal_json_close(&j, '}');
	pal_out_commit(st->out, st->set->conversations, pal_json_len(&j));
}

static void
count_handshake(struct state *st, const struct pal_flow *flow, const struct pal_tls_handshake *hs)
{
	struct pal_tls_hello client, server;
	bool has_client = pal_tls_handshake_client(hs, false, &client);
	bool has_server = pal_tls_handshake_server(hs, &server);
	unsigned int port = pal_flow_key_port(&flow->key, !client_of(flow, hs));

	st->counts[COUNT_PORT][port]++;
	st->counts[COUNT_RECORD_VERSION][has_client ? hs->record_version : NONE]++;
	st->counts[COUNT_CLIENT_VERSION][has_client ? client.version : NONE]++;
	st->counts[COUNT_CIPHER][has_server ? server.cipher : NONE]++;
	write_conversation(st, flow, hs, has_client ? &client : NULL, has_server ? &server : NULL);
}

// All that will be known is known.
static void finish(struct state *st, struct pal_flow *flow)
{
	struct stats_flow *sf = flow_of(st, flow);

	pal_plugin_enough(flow, st->bit);
	if (sf->tls == NULL)
		return;
	if (pal_tls_handshake_is_any(&sf->tls->hs))
		count_handshake(st, flow, &sf->tls->hs);
	pal_tls_fini(sf->tls);
	free(sf->tls);
	sf->tls = NULL;
}

static struct pal_tls *tls_of(struct state *st, struct pal_flow *flow)
{
	struct stats_flow *sf = flow_of(st, flow);

	if (sf->tls == NULL)
		sf->tls = calloc(1, sizeof(*sf->tls));
	if (sf->tls == NULL)
		pal_plugin_enough(flow, st->bit);
	return sf->tls;
}

static void stats_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct pal_cursor cur = pal_cursor_of(data->data, data->len);
	struct pal_tls *tls = tls_of(state, flow);
	enum pal_tls_event event;

	if (tls == NULL)
		return;
	do {
		event = pal_tls_next(tls, data->dir, &cur);
	} while (event == PAL_TLS_ALERT || event == PAL_TLS_HEARTBLEED);
	if (event == PAL_TLS_OVER || event == PAL_TLS_MALFORMED)
		finish(state, flow);
}

static void stats_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct pal_tls *tls = tls_of(state, flow);

	if (tls != NULL && pal_tls_gap(tls, dir) == PAL_TLS_OVER)
		finish(state, flow);
}

static void stats_flow_close(void *state, struct pal_flow *flow)
{
	finish(state, flow);
}

/* the end */

static void stats_merge(void *into, void *from)
{
	struct state *a = into;
	const struct state *b = from;

	for (int i = 0; i < COUNT_COUNT; i++)
		for (int v = 0; v <= NONE; v++)
			a->counts[i][v] += b->counts[i][v];
}

static void write_counts(struct pal_plugin_host *host, const struct state *st, enum count count)
{
	struct pal_out *out = pal_plugin_out(host);
	char text[128], name[NAME_LEN];
	bool is_first = true;

	for (unsigned int v = 0; v <= NONE; v++) {
		struct pal_json j = pal_json_of(text, sizeof(text));

		if (st->counts[count][v] == 0)
			continue;
		pal_json_put_raw(&j, is_first ? "\n" : ",\n", is_first ? 1 : 2);
		pal_json_put_char(&j, '"');
		pal_json_put_raw(
			&j, count_name(count, v, name), strlen(count_name(count, v, name))
		);
		pal_json_put_raw(&j, "\":", 2);
		pal_json_put_u64(&j, st->counts[count][v]);
		pal_out_raw(out, st->set->counts[count], text, pal_json_len(&j));
		is_first = false;
	}
}

static int stats_report(struct pal_plugin_host *host, void *state)
{
	const struct state *st = state;

	for (int i = 0; i < COUNT_COUNT; i++)
		if (st->set->counts[i] >= 0)
			write_counts(host, st, (enum count)i);
	return 0;
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "tls-stats",
	.version = PAL_PLUGIN_VERSION,
	.summary = "connections of TLS by port, version and cipher (tls-stats-*.json)",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(TLS),
	.flow_bytes = sizeof(struct stats_flow),
	.init = stats_init,
	.fini = stats_fini,
	.lcore_init = stats_lcore_init,
	.lcore_fini = stats_lcore_fini,
	.stream = stats_stream,
	.gap = stats_gap,
	.flow_close = stats_flow_close,
	.merge = stats_merge,
	.report = stats_report,
};
