/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * NTP: a `pal_ntp` record for each packet. It has the fields of Suricata 8's `ntp`, which the schema of Suricata 7 does
 * not know, and more.
 */
#include <pal_ntp.h>
#include <pal_plugin.h>

#include <stdio.h>
#include <stdlib.h>

struct state {
	struct pal_events *events;
	struct pal_anomaly_sink anomalies;
};

static void *ntp_lcore_init(struct pal_plugin_host *, const struct pal_plugin_lcore *lcore)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return pal_err_null(ENOMEM);
	st->events = lcore->events;
	st->anomalies = lcore->anomalies;
	return st;
}

// From 16.16 seconds.
static uint64_t to_us(uint32_t seconds)
{
	return (uint64_t)seconds * 1000000 >> 16;
}

#define put_time(st, j, key, timestamp)                                                            \
	do {                                                                                       \
		if (pal_ntp_time_ns(timestamp) != 0)                                               \
			pal_event_time((st)->events, j, key, pal_ntp_time_ns(timestamp));          \
	} while (0)

static void put_clock(struct state *st, struct pal_json *j, const struct pal_ntp *ntp)
{
	const uint8_t *id = ntp->reference_id;
	char text[12];

	pal_json_u64(j, "leap", ntp->leap);
	pal_json_u64(j, "stratum", ntp->stratum);
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x", id[0], id[1], id[2], id[3]);
	pal_json_str(j, "reference_id", text);
	pal_json_u64(j, "root_delay_us", to_us(ntp->root_delay));
	pal_json_u64(j, "root_dispersion_us", to_us(ntp->root_dispersion));
	put_time(st, j, "reference_time", ntp->reference);
	put_time(st, j, "origin_time", ntp->origin);
	put_time(st, j, "receive_time", ntp->receive);
	put_time(st, j, "transmit_time", ntp->transmit);
}

static void put_control(struct pal_json *j, const struct pal_ntp *ntp)
{
	pal_json_bool(j, "response", ntp->is_response);
	pal_json_bool(j, "error", ntp->is_error);
	pal_json_bool(j, "more", ntp->has_more);
	pal_json_u64(j, "opcode", ntp->opcode);
	pal_json_u64(j, "sequence", ntp->sequence);
	pal_json_u64(j, "association", ntp->association);
}

static void put_private(struct pal_json *j, const struct pal_ntp *ntp)
{
	pal_json_bool(j, "response", ntp->is_response);
	pal_json_u64(j, "sequence", ntp->sequence);
	pal_json_u64(j, "implementation", ntp->implementation);
	pal_json_u64(j, "request_code", ntp->request_code);
}

static void put(struct state *st, struct pal_json *j, const struct pal_ntp *ntp)
{
	pal_json_open(j, "pal", '{');
	pal_json_u64(j, "version", ntp->version);
	pal_json_u64(j, "mode", ntp->mode);
	if (ntp->mode == PAL_NTP_CONTROL)
		put_control(j, ntp);
	else if (ntp->mode == PAL_NTP_PRIVATE)
		put_private(j, ntp);
	else
		put_clock(st, j, ntp);
	pal_json_close(j, '}');
}

static void ntp_payload(
	void *state,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	const uint8_t *data,
	uint32_t len
)
{
	struct state *st = state;
	struct pal_ntp ntp;
	struct pal_json *j;

	if (!pal_ntp_read(&ntp, pal_cursor_of(data, len))) {
		// What the capture has cut off is nobody's fault.
		if (len == pkt->payload_len)
			pal_plugin_anomaly(
				&st->anomalies,
				flow,
				PAL_APP_EVENT_MALFORMED,
				pkt->time_ns,
				pkt->number
			);
		return;
	}
	j = pal_event_begin_flow_pkt(st->events, "pal_ntp", flow, pkt->time_ns, pkt->number);
	if (j == NULL)
		return;
	put(st, j, &ntp);
	pal_event_end(st->events);
}

PAL_PLUGIN_EXPORT const struct pal_plugin pal_plugin = {
	PAL_PLUGIN_HEAD,
	.name = "ntp",
	.version = PAL_PLUGIN_VERSION,
	.summary = "packets of NTP (pal_ntp)",
	.protos = PAL_PLUGIN_UDP,
	.apps = PAL_APPS(NTP),
	.lcore_init = ntp_lcore_init,
	.lcore_fini = free,
	.payload = ntp_payload,
};
