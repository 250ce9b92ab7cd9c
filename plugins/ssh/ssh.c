/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * SSH: an EVE `ssh` record for each connection, with what both sides are and offer; written when both have said it, or
 * at the end.
 */
#include <pal_plugin.h>
#include <pal_ssh.h>

#include <openssl/evp.h>
#include <stdlib.h>

#define MD5_LEN 16
/** Bytes of a version that are kept. RFC 4253 section 4.2: the whole line has 255 at most. */
#define VERSION_MAX 255
/** A longer text is left out of the record; its hash is not. */
#define HASSH_TEXT_MAX 8192

struct text {
	char *bytes; // NULL: none
	size_t len;
};

struct half {
	struct pal_ssh_side side;
	struct text proto_version, software_version, hassh;
	uint8_t md5[MD5_LEN];
	bool has_hassh;
};

struct ssh_conn {
	struct half halves[PAL_DIR_COUNT]; // by who sends
	uint64_t time_ns, number; // of the last packet that was of use
	bool has_something;
};

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	EVP_MD *md5; // fetched once: by name it would be slow
	EVP_MD_CTX *ctx;
	uint32_t flow_offset;
	uint32_t bit;
};

static void ssh_lcore_fini(void *state)
{
	struct state *st = state;

	EVP_MD_CTX_free(st->ctx);
	EVP_MD_free(st->md5);
	free(st);
}

static void *ssh_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->bit = pal_plugin_bit(host);
	// A fingerprint, not a protection: where policy forbids MD5 for that, this is none of it.
	st->md5 = EVP_MD_fetch(NULL, "MD5", "-fips");
	st->ctx = EVP_MD_CTX_new();
	if (st->md5 != NULL && st->ctx != NULL)
		return st;
	ssh_lcore_fini(st);
	return pal_err_null(ENOMEM);
}

static struct ssh_conn **slot_of(const struct state *st, struct pal_flow *flow)
{
	return pal_plugin_flow_data(flow, st->flow_offset);
}

/* record */

static void put_text(struct pal_json *j, const char *key, const struct text *text)
{
	if (text->bytes == NULL)
		return;
	pal_json_key_str(j, key);
	pal_json_put_str(j, text->bytes, text->len);
}

static void put_half(struct pal_json *j, const char *key, const struct half *half)
{
	if (half->proto_version.bytes == NULL)
		return;
	pal_json_key_str(j, key);
	pal_json_put_char(j, '{');
	put_text(j, "proto_version", &half->proto_version);
	put_text(j, "software_version", &half->software_version);
	if (half->has_hassh) {
		pal_json_open(j, "hassh", '{');
		pal_json_hex(j, "hash", half->md5, MD5_LEN);
		put_text(j, "string", &half->hassh);
		pal_json_close(j, '}');
	}
	pal_json_close(j, '}');
}

static void write_record(struct state *st, struct pal_flow *flow, const struct ssh_conn *conn)
{
	struct pal_json *j =
		pal_event_begin_flow_pkt(st->events, "ssh", flow, conn->time_ns, conn->number);

	if (j == NULL)
		return;
	pal_json_open(j, "ssh", '{');
	put_half(j, "client", &conn->halves[PAL_DIR_TO_SERVER]);
	put_half(j, "server", &conn->halves[PAL_DIR_TO_CLIENT]);
	pal_json_close(j, '}');
	pal_event_end(st->events);
}

static void end_conn(struct state *st, struct pal_flow *flow)
{
	struct ssh_conn **slot = slot_of(st, flow), *conn = *slot;

	if (conn == NULL)
		return;
	if (conn->has_something)
		write_record(st, flow, conn);
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++) {
		pal_ssh_stop(&conn->halves[dir].side);
		free(conn->halves[dir].proto_version.bytes);
		free(conn->halves[dir].software_version.bytes);
		free(conn->halves[dir].hassh.bytes);
	}
	free(conn);
	*slot = NULL;
}

/* reading */

// NULL when there is no memory: then no more of this flow is read.
static struct ssh_conn *conn_of(const struct state *st, struct pal_flow *flow)
{
	struct ssh_conn **slot = slot_of(st, flow);

	if (*slot == NULL)
		*slot = calloc(1, sizeof(**slot));
	if (*slot == NULL)
		pal_plugin_enough(flow, st->bit);
	return *slot;
}

// Once; without memory it stays without.
static void keep(struct text *text, const void *bytes, size_t len)
{
	if (text->bytes == NULL)
		text->bytes = malloc(len + 1);
	if (text->bytes == NULL)
		return;
	memcpy(text->bytes, bytes, len);
	text->len = len;
}

static void keep_version(struct text *text, struct pal_cursor version)
{
	pal_cursor_limit(&version, VERSION_MAX);
	keep(text, version.pos, pal_cursor_left(&version));
}

static void on_kexinit(
	struct state *st,
	struct half *half,
	bool is_server,
	const struct pal_ssh_kexinit *kexinit
)
{
	char text[PAL_SSH_PACKET_MAX];
	size_t len = pal_ssh_hassh(kexinit, is_server, text, sizeof(text));

	half->has_hassh = len != 0 && EVP_DigestInit_ex2(st->ctx, st->md5, NULL) == 1 &&
			  EVP_DigestUpdate(st->ctx, text, len) == 1 &&
			  EVP_DigestFinal_ex(st->ctx, half->md5, NULL) == 1;
	if (half->has_hassh && len <= HASSH_TEXT_MAX)
		keep(&half->hassh, text, len);
}

static void on_broken(struct state *st, struct pal_flow *flow, uint64_t time_ns, uint64_t number)
{
	end_conn(st, flow);
	pal_plugin_anomaly(&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, time_ns, number);
	pal_plugin_enough(flow, st->bit);
}

static void end_if_over(struct state *st, struct pal_flow *flow, const struct ssh_conn *conn)
{
	for (int dir = 0; dir < PAL_DIR_COUNT; dir++)
		if (!pal_ssh_is_over(&conn->halves[dir].side))
			return;
	end_conn(st, flow);
	pal_plugin_enough(flow, st->bit);
}

static void ssh_stream(void *state, struct pal_flow *flow, const struct pal_stream_data *data)
{
	struct pal_cursor bytes = pal_cursor_of(data->data, data->len);
	struct state *st = state;
	struct ssh_conn *conn = conn_of(st, flow);
	enum pal_ssh_event event;
	union pal_ssh_item item;
	struct half *half;

	if (conn == NULL)
		return;
	half = &conn->halves[data->dir];
	while ((event = pal_ssh_next(&half->side, &bytes, &item)) != PAL_SSH_MORE) {
		if (event == PAL_SSH_BROKEN) {
			on_broken(st, flow, data->time_ns, data->number);
			return;
		}
		if (event == PAL_SSH_DONE)
			continue;
		conn->time_ns = data->time_ns;
		conn->number = data->number;
		conn->has_something = true;
		if (event == PAL_SSH_IDENT) {
			keep_version(&half->proto_version, item.ident.proto_version);
			keep_version(&half->software_version, item.ident.software_version);
		} else {
			on_kexinit(st, half, data->dir == PAL_DIR_TO_CLIENT, &item.kexinit);
		}
	}
	end_if_over(st, flow, conn);
}

// Where the next packet begins is not known.
static void ssh_gap(void *state, struct pal_flow *flow, enum pal_dir dir, uint64_t, uint64_t)
{
	struct ssh_conn *conn = conn_of(state, flow);

	if (conn == NULL)
		return;
	pal_ssh_stop(&conn->halves[dir].side);
	end_if_over(state, flow, conn);
}

static void ssh_flow_close(void *state, struct pal_flow *flow)
{
	end_conn(state, flow);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ssh",
	.version = PAL_PLUGIN_VERSION,
	.summary = "software and HASSH of both sides of SSH (EVE ssh)",
	.protos = PAL_PLUGIN_TCP,
	.apps = PAL_APPS(SSH),
	.flow_bytes = sizeof(struct ssh_conn *),
	.lcore_init = ssh_lcore_init,
	.lcore_fini = ssh_lcore_fini,
	.stream = ssh_stream,
	.gap = ssh_gap,
	.flow_close = ssh_flow_close,
};
