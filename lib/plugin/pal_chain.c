/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin_priv.h"

#include <rte_cycles.h>

#include <netinet/in.h>
#include <stdlib.h>

#define ADD_HOOK(chain, host, name)                                                                \
	do {                                                                                       \
		if ((host)->plugin->name != NULL) {                                                \
			(chain)->name[(chain)->nb_##name].fn = (host)->plugin->name;               \
			(chain)->name[(chain)->nb_##name].state = (chain)->states[(host)->index];  \
			(chain)->name[(chain)->nb_##name].protos = protos_of((host)->plugin);      \
			(chain)->name[(chain)->nb_##name].apps = (host)->plugin->apps;             \
			(chain)->name[(chain)->nb_##name++].bit = pal_plugin_bit(host);            \
		}                                                                                  \
	} while (0)

static uint32_t protos_of(const struct pal_plugin *plugin)
{
	return plugin->protos != 0 ? plugin->protos : PAL_PLUGIN_ALL;
}

// Who wants application protocols wants them recognised, whatever it does with them then.
static void add_app_bits(struct pal_chain *chain, const struct pal_plugin_host *host)
{
	uint32_t protos = protos_of(host->plugin);

	chain->apps |= host->plugin->apps;
	chain->app_bits |= pal_plugin_bit(host);
	if (protos & PAL_PLUGIN_TCP) {
		chain->open_bits[1] |= PAL_FLOW_WANTS_APP;
		chain->stream_bits |= PAL_FLOW_WANTS_APP;
	}
	if (protos & PAL_PLUGIN_UDP)
		chain->open_bits[0] |= PAL_FLOW_WANTS_APP;
}

// Who wants what from the beginning, and who only once the protocol is known.
static void set_bits(struct pal_chain *chain, const struct pal_plugins *plugins)
{
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		const struct pal_plugin_host *host = &plugins->hosts[i];

		if (pal_plugin_wants_streams(host))
			chain->stream_bits |= pal_plugin_bit(host);
		if (host->plugin->apps != 0)
			add_app_bits(chain, host);
		else if (pal_plugin_wants_streams(host))
			chain->open_bits[1] |= pal_plugin_bit(host);
	}
	chain->app_offset = plugins->app_offset;
	chain->app_bytes = plugins->flow_bytes - plugins->app_offset;
}

struct pal_chain *
pal_chain_create(struct pal_plugins *plugins, const struct pal_plugin_lcore *lcore)
{
	struct pal_chain *chain = calloc(1, sizeof(*chain));

	if (chain == NULL)
		return pal_err_null(ENOMEM);
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		struct pal_plugin_host *host = &plugins->hosts[i];
		const struct pal_plugin *plugin = host->plugin;

		if (plugin->lcore_init != NULL) {
			chain->states[i] = plugin->lcore_init(host, lcore);
			if (chain->states[i] == NULL) {
				int code = errno != 0 ? errno : ENOMEM;

				pal_chain_destroy(plugins, chain);
				return pal_err_null(code);
			}
		}
		if (plugin->annotate != NULL &&
		    pal_events_annotate(lcore->events, plugin->annotate, chain->states[i]) < 0) {
			pal_chain_destroy(plugins, chain);
			return pal_err_null(ENOSPC);
		}
		ADD_HOOK(chain, host, frame);
		ADD_HOOK(chain, host, flow_open);
		ADD_HOOK(chain, host, datagram);
		ADD_HOOK(chain, host, payload);
		if (pal_plugin_wants_streams(host)) {
			ADD_HOOK(chain, host, stream);
			ADD_HOOK(chain, host, gap);
			ADD_HOOK(chain, host, tcp_event);
		}
		ADD_HOOK(chain, host, flow_close);
		ADD_HOOK(chain, host, anomaly);
		ADD_HOOK(chain, host, tick);
	}
	set_bits(chain, plugins);
	if (plugins->conf.measure) {
		chain->costs = calloc(PAL_PLUGIN_MAX, sizeof(*chain->costs));
		if (chain->costs == NULL) {
			pal_chain_destroy(plugins, chain);
			return pal_err_null(ENOMEM);
		}
	}
	return chain;
}

void pal_chain_destroy(struct pal_plugins *plugins, struct pal_chain *chain)
{
	if (chain == NULL)
		return;
	for (uint16_t i = 0; i < plugins->nb_hosts; i++)
		if (chain->states[i] != NULL && plugins->hosts[i].plugin->lcore_fini != NULL)
			plugins->hosts[i].plugin->lcore_fini(chain->states[i]);
	free(chain->costs);
	free(chain);
}

// One hook of one plugin. Who calls another plugin by that (an anomaly) is charged for it, too.
#define CALL(chain, hook, i, ...)                                                                  \
	do {                                                                                       \
		struct pal_plugin_cost *cost =                                                     \
			(chain)->costs == NULL                                                     \
				? NULL                                                             \
				: &(chain)->costs[__builtin_ctz((chain)->hook[i].bit)];            \
		uint64_t begin_tsc = cost == NULL ? 0 : rte_rdtsc();                               \
                                                                                                   \
		(chain)->hook[i].fn((chain)->hook[i].state, __VA_ARGS__);                          \
		if (cost != NULL) {                                                                \
			cost->calls++;                                                             \
			cost->cycles += rte_rdtsc() - begin_tsc;                                   \
		}                                                                                  \
	} while (0)

static uint32_t proto_bit(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return PAL_PLUGIN_TCP;
	case IPPROTO_UDP:
		return PAL_PLUGIN_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return PAL_PLUGIN_ICMP;
	case IPPROTO_SCTP:
		return PAL_PLUGIN_SCTP;
	default:
		return PAL_PLUGIN_OTHER;
	}
}

void pal_chain_frame(const struct pal_chain *chain, const struct pal_pkt *pkt)
{
	for (uint16_t i = 0; i < chain->nb_frame; i++)
		CALL(chain, frame, i, pkt);
}

void pal_chain_flow_open(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_pkt *pkt
)
{
	uint32_t proto = proto_bit(flow->key.proto);

	for (uint16_t i = 0; i < chain->nb_payload; i++)
		if ((chain->payload[i].protos & proto) && chain->payload[i].apps == 0)
			flow->wants |= chain->payload[i].bit;
	if (proto == PAL_PLUGIN_TCP)
		flow->wants |= chain->open_bits[1];
	else if (proto == PAL_PLUGIN_UDP)
		flow->wants |= chain->open_bits[0];
	for (uint16_t i = 0; i < chain->nb_flow_open; i++)
		if (chain->flow_open[i].protos & proto)
			CALL(chain, flow_open, i, flow, pkt);
}

// Of a protocol that was recognised in a TCP stream, the stream is what its plugin gets.
static void chain_payload(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_pkt *pkt,
	uint32_t proto
)
{
	for (uint16_t i = 0; i < chain->nb_payload; i++)
		if ((flow->wants & chain->payload[i].bit) && (chain->payload[i].protos & proto) &&
		    (chain->payload[i].apps == 0 || proto != PAL_PLUGIN_TCP))
			CALL(chain,
			     payload,
			     i,
			     flow,
			     pkt,
			     pkt->data + pkt->payload_off,
			     pkt->payload_cap_len);
}

void pal_chain_datagram(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_pkt *pkt
)
{
	uint32_t proto = proto_bit(flow->key.proto);

	for (uint16_t i = 0; i < chain->nb_datagram; i++)
		if (chain->datagram[i].protos & proto)
			CALL(chain, datagram, i, flow, pkt);
	if (flow->wants != 0 && pkt->payload_cap_len != 0)
		chain_payload(chain, flow, pkt, proto);
}

void pal_chain_app(const struct pal_chain *chain, struct pal_flow *flow)
{
	uint32_t proto = proto_bit(flow->key.proto), bits = 0;

	for (uint16_t i = 0; i < chain->nb_payload; i++)
		if (pal_apps_have(chain->payload[i].apps, flow->app) && proto != PAL_PLUGIN_TCP &&
		    (chain->payload[i].protos & proto))
			bits |= chain->payload[i].bit;
	for (uint16_t i = 0; i < chain->nb_stream; i++)
		if (pal_apps_have(chain->stream[i].apps, flow->app) && proto == PAL_PLUGIN_TCP)
			bits |= chain->stream[i].bit;
	flow->wants |= bits;
}

void pal_chain_app_close(const struct pal_chain *chain, struct pal_flow *flow)
{
	uint32_t proto = proto_bit(flow->key.proto);

	for (uint16_t i = 0; i < chain->nb_flow_close; i++)
		if ((chain->flow_close[i].protos & proto) &&
		    pal_apps_have(chain->flow_close[i].apps, flow->app))
			CALL(chain, flow_close, i, flow);
	flow->wants &= ~chain->app_bits;
	memset(pal_plugin_flow_data(flow, chain->app_offset), 0, chain->app_bytes);
}

void pal_chain_stream_to(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	const struct pal_stream_data *data,
	uint32_t bits
)
{
	for (uint16_t i = 0; i < chain->nb_stream; i++)
		if (flow->wants & bits & chain->stream[i].bit)
			CALL(chain, stream, i, flow, data);
}

void pal_chain_gap_to(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	enum pal_dir dir,
	uint64_t offset,
	uint64_t len,
	uint32_t bits
)
{
	for (uint16_t i = 0; i < chain->nb_gap; i++)
		if (flow->wants & bits & chain->gap[i].bit)
			CALL(chain, gap, i, flow, dir, offset, len);
}

void pal_chain_tcp_event(
	const struct pal_chain *chain,
	struct pal_flow *flow,
	enum pal_stream_event event,
	const struct pal_stream_event_info *info
)
{
	for (uint16_t i = 0; i < chain->nb_tcp_event; i++)
		if (flow->wants & chain->tcp_event[i].bit)
			CALL(chain, tcp_event, i, flow, event, info);
}

void pal_chain_anomaly(const struct pal_chain *chain, const struct pal_anomaly *anomaly)
{
	for (uint16_t i = 0; i < chain->nb_anomaly; i++)
		CALL(chain, anomaly, i, anomaly);
}

void pal_chain_flow_close(const struct pal_chain *chain, struct pal_flow *flow)
{
	uint32_t proto = proto_bit(flow->key.proto);

	for (uint16_t i = 0; i < chain->nb_flow_close; i++)
		if ((chain->flow_close[i].protos & proto) &&
		    (chain->flow_close[i].apps == 0 ||
		     pal_apps_have(chain->flow_close[i].apps, flow->app)))
			CALL(chain, flow_close, i, flow);
}

void pal_chain_tick(const struct pal_chain *chain, uint64_t now_ns)
{
	for (uint16_t i = 0; i < chain->nb_tick; i++)
		CALL(chain, tick, i, now_ns);
}

int pal_plugins_report(
	struct pal_plugins *plugins,
	struct pal_chain *const *chains,
	uint16_t nb_chains,
	uint64_t last_ns,
	char *err
)
{
	int first_error = 0;

	plugins->last_ns = last_ns;
	for (uint16_t i = 0; i < plugins->nb_hosts; i++) {
		struct pal_plugin_host *host = &plugins->hosts[i];
		const struct pal_plugin *plugin = host->plugin;
		int rc;

		for (uint16_t c = 1; c < nb_chains && plugin->merge != NULL; c++)
			plugin->merge(chains[0]->states[i], chains[c]->states[i]);
		if (plugin->report == NULL)
			continue;
		// One that fails must not take the others' results with it.
		plugins->err = first_error == 0 ? err : NULL;
		rc = plugin->report(host, chains[0]->states[i]);
		if (first_error == 0)
			first_error = rc;
	}
	plugins->err = NULL;
	return first_error;
}
