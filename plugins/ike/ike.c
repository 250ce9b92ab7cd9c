/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * IKE, versions 1 and 2, also over port 4500: an EVE `ike` record for each message, and a `pal_ike` record for each that
 * proposes or chooses algorithms.
 */
#include "ike_record.h"

#include <stdlib.h>

#define PORT_NATT 4500

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
	EVP_MD *md5;
	EVP_MD_CTX *ctx;
};

static void ike_lcore_fini(void *state)
{
	struct state *st = state;

	EVP_MD_CTX_free(st->ctx);
	EVP_MD_free(st->md5);
	free(st);
}

static void *ike_lcore_init(struct pal_plugin_host *, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	st->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	st->ctx = EVP_MD_CTX_new();
	if (st->md5 == NULL || st->ctx == NULL) {
		ike_lcore_fini(st);
		return pal_err_null(ENOTSUP);
	}
	return st;
}

static void write_ike(
	struct state *st,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const struct pal_ike *ike
)
{
	bool from_client = pal_flow_dir(flow, pkt) == PAL_DIR_TO_SERVER;
	struct pal_cursor proposals;
	struct pal_json *j;
	uint32_t doi;

	j = pal_event_begin_flow_pkt(st->events, "ike", flow, pkt->time_ns, pkt->number);
	if (j != NULL) {
		ike_put(j, ike, from_client);
		pal_event_end(st->events);
	}
	if (!ike_find_sa(*ike, &doi, &proposals))
		return;
	j = pal_event_begin_flow_pkt(st->events, "pal_ike", flow, pkt->time_ns, pkt->number);
	if (j != NULL) {
		ike_put_notes(j, ike, from_client, st->md5, st->ctx);
		pal_event_end(st->events);
	}
}

// RFC 3948 sections 2.1 and 2.3: ESP and keep-alives share the port.
static bool is_esp(const struct pal_flow *flow, const struct pal_ike *ike)
{
	return !ike->has_marker && (pal_flow_key_port(&flow->key, 0) == PORT_NATT ||
				    pal_flow_key_port(&flow->key, 1) == PORT_NATT);
}

static bool is_whole(struct pal_ike ike)
{
	struct pal_ike_payload payload;

	while (pal_ike_next(&ike, &payload))
		;
	return !ike.is_malformed && !ike.is_cut;
}

static void ike_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct pal_ike ike;
	bool opened = pal_ike_open(&ike, pal_cursor_of(data, len));

	if (!opened && is_esp(flow, &ike))
		return;
	if (opened)
		write_ike(st, flow, pkt, &ike);
	// What the capture has cut off is nobody's fault.
	if ((!opened || !is_whole(ike)) && len == pkt->payload_len)
		pal_plugin_anomaly(
			&st->anomalies, flow, PAL_APP_EVENT_MALFORMED, pkt->time_ns, pkt->number
		);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ike",
	.version = PAL_PLUGIN_VERSION,
	.summary =
		"messages of IKEv1 and IKEv2 (EVE ike), fingerprints and weak algorithms (pal_ike)",
	.protos = PAL_PLUGIN_UDP,
	.apps = PAL_APPS(IKE),
	.lcore_init = ike_lcore_init,
	.lcore_fini = ike_lcore_fini,
	.payload = ike_payload,
};
