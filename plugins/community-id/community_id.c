/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Community ID version 1 of every flow, in every record about it and in community-ids.json.
 */
#include <pal_community_id.h>
#include <pal_plugin.h>

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SHA1_LEN 20
#define ID_LEN 30 // "1:" and 28 characters of base64

struct state {
	struct pal_out *out;
	int sink; // community-ids.json; negative: not wanted
	uint32_t flow_offset;
	uint16_t seed;
	EVP_MD *sha1; // fetched once: three times as fast as by name
	EVP_MD_CTX *ctx;
};

// In every flow.
struct flow_data {
	char id[ID_LEN];
	char nul;
	uint8_t pad;
};
static_assert(sizeof(struct flow_data) == 32, "a multiple of 8");

struct settings {
	int sink;
	uint16_t seed;
};

static const struct pal_plugin_key keys[] = {
	{"seed",
	 "0",
	 "seed of the hash, 0 to 65535; the same in all tools whose ids are to be compared"},
	{"json", "yes", "write community-ids.json beside the records"},
	{.name = NULL},
};

static const struct pal_sink_frame json_object = {
	.head = "{\n",
	.separator = ",\n",
	.tail = "\n}\n"};

static int cid_init(struct pal_plugin_host *host)
{
	struct settings *set = calloc(1, sizeof(*set));
	uint64_t seed;
	bool json;
	int rc;

	if (set == NULL)
		return pal_plugin_fail(host, ENOMEM, "no memory");
	pal_plugin_set_data(host, set);
	rc = pal_plugin_conf_u64(host, "seed", &seed);
	if (rc == 0 && seed > UINT16_MAX)
		rc = pal_plugin_fail(host, EINVAL, "seed must be 0 to 65535");
	if (rc == 0)
		rc = pal_plugin_conf_bool(host, "json", &json);
	if (rc < 0)
		return rc;
	set->seed = (uint16_t)seed;
	set->sink = json ? pal_plugin_open(host, "community-ids.json", &json_object) : -ENOENT;
	return set->sink < 0 && set->sink != -ENOENT ? set->sink : 0;
}

static void cid_fini(struct pal_plugin_host *host)
{
	free(pal_plugin_data(host));
}

static void cid_lcore_fini(void *state)
{
	struct state *st = state;

	EVP_MD_CTX_free(st->ctx);
	EVP_MD_free(st->sha1);
	free(st);
}

static void *cid_lcore_init(struct pal_plugin_host *host, const struct pal_plugin_lcore *lcore)
{
	const struct settings *set = pal_plugin_data(host);
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->out = lcore->out;
	st->sink = set->sink;
	st->seed = set->seed;
	st->flow_offset = pal_plugin_flow_offset(host);
	st->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	st->ctx = EVP_MD_CTX_new();
	if (st->sha1 == NULL || st->ctx == NULL) {
		cid_lcore_fini(st);
		return pal_err_null(ENOTSUP);
	}
	return st;
}

static void cid_flow_open(void *state, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	struct state *st = state;
	struct flow_data *data = pal_plugin_flow_data(flow, st->flow_offset);
	uint8_t input[PAL_COMMUNITY_ID_INPUT_MAX], digest[SHA1_LEN];
	size_t len = pal_community_id_input(&flow->key, pkt->flags, st->seed, input);

	if (EVP_DigestInit_ex2(st->ctx, st->sha1, NULL) != 1 ||
	    EVP_DigestUpdate(st->ctx, input, len) != 1 ||
	    EVP_DigestFinal_ex(st->ctx, digest, NULL) != 1)
		return; // no id rather than a wrong one
	memcpy(data->id, "1:", 2);
	EVP_EncodeBlock((uint8_t *)data->id + 2, digest, SHA1_LEN);
}

static void cid_annotate(void *state, struct pal_flow *flow, struct pal_json *j)
{
	const struct state *st = state;
	const struct flow_data *data = pal_plugin_flow_data(flow, st->flow_offset);

	if (data->id[0] != '\0')
		pal_json_strn(j, "community_id", data->id, ID_LEN);
}

static void cid_flow_close(void *state, struct pal_flow *flow)
{
	struct state *st = state;
	const struct flow_data *data = pal_plugin_flow_data(flow, st->flow_offset);
	struct pal_json j;
	size_t len;
	char *dst;

	if (st->sink < 0 || data->id[0] == '\0')
		return;
	dst = pal_out_reserve(st->out, st->sink, 0, &len);
	if (dst == NULL)
		return;
	j = pal_json_of(dst, len);
	pal_json_put_char(&j, '"');
	pal_json_put_u64(&j, flow->id);
	pal_json_put_raw(&j, "\":", 2);
	pal_json_put_str(&j, data->id, ID_LEN);
	pal_out_commit(st->out, st->sink, pal_json_len(&j));
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "community-id",
	.version = PAL_PLUGIN_VERSION,
	.summary = "Community ID v1 in every record and in community-ids.json",
	.keys = keys,
	.flow_bytes = sizeof(struct flow_data),
	.init = cid_init,
	.fini = cid_fini,
	.lcore_init = cid_lcore_init,
	.lcore_fini = cid_lcore_fini,
	.flow_open = cid_flow_open,
	.flow_close = cid_flow_close,
	.annotate = cid_annotate,
};
