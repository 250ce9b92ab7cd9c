/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipeline_priv.h"

#include <pal_err.h>

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUSEKEEPING_TURNS 256
#define IDLE_TURNS_BEFORE_SLEEP 16

__attribute__((format(printf, 3, 4))) static void *fail(char *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, PAL_PIPELINE_ERR_LEN, fmt, ap);
	va_end(ap);
	return pal_err_null(code);
}

/* the lcores */

static void on_flow_open(void *arg, struct pal_flow *flow, const struct pal_pkt *pkt)
{
	const struct lcore *lc = arg;

	pal_chain_flow_open(lc->chain, flow, pkt);
}

static void on_flow_close(void *arg, struct pal_flow *flow)
{
	struct lcore *lc = arg;

	lcore_stream_close(lc, flow);
	if (lc->detect != NULL) {
		pal_detect_close(lc->detect, flow);
		lc->stats.apps[flow->app]++;
	}
	pal_chain_flow_close(lc->chain, flow);
}

// Does nobody read any more, and is nothing on its way from one lcore to another? A packet that is taken out of an
// inbox may become others that are handed over in turn (fragments, live). Taken is added up before handed: if all that
// was handed over by then had been taken before, nothing was under way in between, and nothing can begin.
static bool all_quiet(const struct pal_pipeline *p)
{
	uint64_t taken = 0, handed = 0;

	// Each pairs with the release of that lcore: who sees the number sees what was enqueued and counted before.
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		if (!__atomic_load_n(&p->lcores[i].rx_ended, __ATOMIC_ACQUIRE))
			return false;
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		taken += __atomic_load_n(&p->lcores[i].nb_taken, __ATOMIC_ACQUIRE);
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		handed += __atomic_load_n(&p->lcores[i].nb_handed, __ATOMIC_ACQUIRE);
	return taken == handed;
}

static uint64_t last_time_of_all(const struct pal_pipeline *p)
{
	uint64_t last_ns = 0;

	for (uint16_t i = 0; i < p->nb_lcores; i++)
		if (p->lcores[i].stats.last_ns > last_ns)
			last_ns = p->lcores[i].stats.last_ns;
	return last_ns;
}

static void idle(struct lcore *lc, uint32_t nb_idle_turns)
{
	uint32_t sleep_us = lc->p->conf.idle_sleep_us;

	if (nb_idle_turns < IDLE_TURNS_BEFORE_SLEEP || sleep_us == 0) {
		rte_pause();
		return;
	}
	usleep(sleep_us);
}

static int lcore_main(void *arg)
{
	struct lcore *lc = arg;
	uint32_t nb_idle_turns = 0;

	for (;;) {
		bool over = __atomic_load_n(&lc->rx_ended, __ATOMIC_RELAXED);
		uint16_t busy = over ? 0 : rx_turn(lc);

		busy += worker_turn(lc);
		if (!over && rx_is_over(lc))
			__atomic_store_n(&lc->rx_ended, true, __ATOMIC_RELEASE);
		if (over && busy == 0 && all_quiet(lc->p))
			break;
		nb_idle_turns = busy != 0 ? 0 : nb_idle_turns + 1;
		if (++lc->nb_turns % HOUSEKEEPING_TURNS == 0 ||
		    nb_idle_turns >= IDLE_TURNS_BEFORE_SLEEP)
			worker_housekeeping(lc);
		if (busy == 0)
			idle(lc, nb_idle_turns);
	}
	worker_finish(lc, last_time_of_all(lc->p));
	__atomic_store_n(&lc->returned, true, __ATOMIC_RELEASE);
	return 0;
}

/* building */

uint16_t pal_pipeline_nb_lcores(uint16_t nb_workers, bool live)
{
	return nb_workers == 1 || live ? nb_workers : nb_workers + 1;
}

static int add_queues(struct pal_pipeline *p, char *err)
{
	// Offline the reader comes first; live every lcore gets its share.
	uint16_t nb_readers = p->conf.live ? p->nb_lcores : 1;
	uint16_t next = 0;

	for (uint16_t s = 0; s < p->conf.nb_sources; s++) {
		struct pal_source *src = p->conf.sources[s];

		for (uint16_t q = 0; q < src->info.nb_queues; q++) {
			struct lcore *lc = &p->lcores[next++ % nb_readers];

			if (lc->nb_queues == PIPELINE_MAX_QUEUES) {
				fail(err,
				     ENOSPC,
				     "more than %d queues for one lcore",
				     PIPELINE_MAX_QUEUES);
				return -ENOSPC;
			}
			lc->queues[lc->nb_queues++] =
				(struct rx_queue){.source = src, .queue_id = q};
		}
	}
	p->nb_readers = next < nb_readers ? next : nb_readers;
	return 0;
}

static int make_rings(struct pal_pipeline *p)
{
	if (p->nb_lcores == 1)
		return 0;
	for (uint16_t i = p->first_worker; i < p->nb_lcores; i++) {
		p->lcores[i].inbox = pal_inbox_create(i, p->conf.inbox_pkts);
		if (p->lcores[i].inbox == NULL)
			return -errno;
	}
	for (uint16_t i = 0; i < p->nb_lcores; i++) {
		p->lcores[i].outboxes = calloc(p->nb_lcores, sizeof(struct pal_outbox));
		if (p->lcores[i].outboxes == NULL)
			return pal_err(ENOMEM);
		for (uint16_t j = 0; j < p->nb_lcores; j++)
			p->lcores[i].outboxes[j].inbox = p->lcores[j].inbox;
	}
	return 0;
}

static uint32_t shards_of(const struct pal_pipeline *p, uint16_t index)
{
	uint32_t nb_shards = 0;

	for (int i = 0; i < PAL_SHARDS; i++)
		nb_shards += p->map.owner[i] == index;
	return nb_shards;
}

// Caches are for the lcores that take and free; the pool must hold more than they all keep in them.
static struct rte_mempool *make_pool(const char *what, uint16_t lcore_index, uint32_t nb_mbufs)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *mp;

	snprintf(name, sizeof(name), "pal_%s_%u", what, lcore_index);
	mp = rte_pktmbuf_pool_create(name, nb_mbufs, 64, PAL_MBUF_PRIV_SIZE, 0, SOCKET_ID_ANY);
	return mp != NULL ? mp : pal_err_null(rte_errno);
}

// What an lcore that decodes needs for tunnels and fragments.
static int make_rx(struct pal_pipeline *p, struct lcore *lc)
{
	struct pal_defrag_conf defrag = p->conf.defrag;
	uint16_t nb_tables = p->conf.live ? p->nb_lcores : 1;

	lc->views = make_pool("views", lc->index, p->conf.nb_views);
	if (lc->views == NULL)
		return -errno;
	// What is set for the run is dealt out to its tables; offline there is one, however many workers.
	defrag.max_datagrams = RTE_MAX(defrag.max_datagrams / nb_tables, 64u);
	defrag.memory_bytes = RTE_MAX(defrag.memory_bytes / nb_tables, UINT64_C(1) << 20);
	lcore_defrag_hooks(lc, &defrag.hooks);
	lc->defrag = pal_defrag_create(&defrag);
	return lc->defrag == NULL ? -errno : 0;
}

static int make_streams(struct pal_pipeline *p, struct lcore *lc)
{
	struct pal_streams_conf streams = p->conf.streams;

	lc->kept = make_pool("kept", lc->index, p->conf.nb_views);
	if (lc->kept == NULL)
		return -errno;
	lcore_stream_hooks(lc, &streams.hooks);
	lc->streams = pal_streams_create(&streams, shards_of(p, lc->index));
	return lc->streams == NULL ? -errno : 0;
}

static int make_lcore(struct pal_pipeline *p, struct lcore *lc)
{
	struct pal_plugin_lcore plugin_lcore = {.index = lc->index, .events = &lc->events};
	struct pal_flow_conf flow = p->conf.flow;

	lc->out = pal_out_create(p->conf.writer);
	if (lc->out == NULL)
		return -errno;
	lc->events = (struct pal_events){.out = lc->out, .sink = p->conf.eve_sink};
	plugin_lcore.out = lc->out;
	lcore_anomaly_sink(lc, &plugin_lcore.anomalies);
	lcore_app_sink(lc, &plugin_lcore.apps);
	lc->chain = pal_chain_create(p->conf.plugins, &plugin_lcore);
	if (lc->chain == NULL)
		return -errno;
	if (p->conf.live || lc->index == 0) { // offline the first lcore reads
		int rc = make_rx(p, lc);

		if (rc < 0)
			return rc;
	}
	if (lc->index < p->first_worker)
		return 0;
	if (lc->chain->stream_bits != 0) {
		int rc = make_streams(p, lc);

		if (rc < 0)
			return rc;
		flow.side_bytes = sizeof(struct pal_stream);
	}
	flow.extra_bytes = pal_plugins_flow_bytes(p->conf.plugins);
	if (lc->chain->apps != 0) {
		lc->detect = pal_detect_create(flow.max_flows, flow.extra_bytes);
		flow.extra_bytes += sizeof(struct pal_detect_flow);
		if (lc->detect == NULL)
			return -errno;
	}
	flow.hooks = (struct pal_flow_hooks){on_flow_open, on_flow_close, lc};
	lc->flows = pal_flow_table_create(&flow, shards_of(p, lc->index));
	return lc->flows == NULL ? -errno : 0;
}

static int assign_lcores(struct pal_pipeline *p, char *err)
{
	unsigned int lcore_id;
	uint16_t i = 0;

	RTE_LCORE_FOREACH_WORKER (lcore_id) {
		if (i < p->nb_lcores)
			p->lcores[i++].lcore_id = lcore_id;
	}
	if (i == p->nb_lcores)
		return 0;
	fail(err,
	     EINVAL,
	     "%u lcores are needed beside main's, EAL has %u. Try: no --lcores in EAL ARGS",
	     p->nb_lcores,
	     i);
	return -EINVAL;
}

struct pal_pipeline *pal_pipeline_create(const struct pal_pipeline_conf *conf, char *err)
{
	struct pal_pipeline *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return fail(err, ENOMEM, "no memory");
	p->conf = *conf;
	p->nb_lcores = pal_pipeline_nb_lcores(conf->nb_workers, conf->live);
	p->first_worker = p->nb_lcores - conf->nb_workers;
	p->lcores = aligned_alloc(RTE_CACHE_LINE_SIZE, p->nb_lcores * sizeof(*p->lcores));
	if (p->lcores == NULL) {
		free(p);
		return fail(err, ENOMEM, "no memory for lcores");
	}
	memset(p->lcores, 0, p->nb_lcores * sizeof(*p->lcores));
	pal_steer_deal(&p->map, p->first_worker, conf->nb_workers);
	rc = assign_lcores(p, err);
	if (rc == 0)
		rc = add_queues(p, err);
	if (rc < 0)
		goto destroy;
	rc = make_rings(p);
	for (uint16_t i = 0; i < p->nb_lcores && rc == 0; i++) {
		p->lcores[i].p = p;
		p->lcores[i].index = i;
		rc = make_lcore(p, &p->lcores[i]);
	}
	if (rc == 0)
		return p;
	fail(err, -rc, "cannot set up %u lcores: %s", p->nb_lcores, strerror(-rc));

destroy:
	pal_pipeline_destroy(p);
	return pal_err_null(-rc);
}

void pal_pipeline_destroy(struct pal_pipeline *p)
{
	if (p == NULL)
		return;
	// Streams hold packets out of the pools of other lcores.
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		pal_streams_destroy(p->lcores[i].streams);
	for (uint16_t i = 0; i < p->nb_lcores; i++) {
		struct lcore *lc = &p->lcores[i];

		pal_chain_destroy(p->conf.plugins, lc->chain);
		pal_detect_destroy(lc->detect);
		pal_defrag_destroy(lc->defrag);
		pal_flow_table_destroy(lc->flows);
		rte_mempool_free(lc->views);
		rte_mempool_free(lc->kept);
		pal_out_destroy(lc->out);
		rte_ring_free(lc->inbox);
		free(lc->outboxes);
	}
	free(p->lcores);
	free(p);
}

void pal_pipeline_start(struct pal_pipeline *p)
{
	p->started = true;
	if (p->conf.pcap_sink >= 0)
		pcap_begin(p);
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		rte_eal_remote_launch(lcore_main, &p->lcores[i], p->lcores[i].lcore_id);
}

void pal_pipeline_stop(struct pal_pipeline *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELAXED);
}

bool pal_pipeline_done(const struct pal_pipeline *p)
{
	for (uint16_t i = 0; i < p->nb_lcores; i++)
		if (!__atomic_load_n(&p->lcores[i].returned, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

static void add_costs(struct pal_stats *stats, const struct pal_pipeline *p, const struct lcore *lc)
{
	if (lc->chain->costs == NULL)
		return;
	stats->nb_plugins = pal_plugins_count(p->conf.plugins);
	for (uint16_t i = 0; i < stats->nb_plugins; i++) {
		stats->plugins[i].name = pal_plugins_get(p->conf.plugins, i)->name;
		stats->plugins[i].calls += lc->chain->costs[i].calls;
		stats->plugins[i].cycles += lc->chain->costs[i].cycles;
	}
}

void pal_pipeline_stats(struct pal_pipeline *p, struct pal_stats *ret_stats)
{
	memset(ret_stats, 0, sizeof(*ret_stats));
	ret_stats->live = p->conf.live;
	for (uint16_t i = 0; i < p->conf.nb_sources; i++) {
		struct pal_source_stats source = {0};

		pal_source_stats(p->conf.sources[i], &source);
		pal_stats_add_source(ret_stats, &source);
	}
	for (uint16_t i = 0; i < p->nb_lcores; i++) {
		const struct lcore *lc = &p->lcores[i];

		pal_stats_add_pipeline(ret_stats, &lc->stats);
		pal_stats_add_decode(ret_stats, &lc->decode);
		if (lc->flows != NULL)
			pal_stats_add_flow(ret_stats, pal_flow_stats_get(lc->flows));
		if (lc->defrag != NULL)
			pal_stats_add_defrag(ret_stats, pal_defrag_stats_get(lc->defrag));
		if (lc->streams != NULL)
			pal_stats_add_streams(ret_stats, pal_streams_stats_get(lc->streams));
		add_costs(ret_stats, p, lc);
		ret_stats->nb_records += lc->events.nb_records;
		ret_stats->lost_records += pal_out_lost(lc->out);
	}
}

int pal_pipeline_report(struct pal_pipeline *p, char *err)
{
	struct pal_chain *chains[PIPELINE_MAX_LCORES];

	for (uint16_t i = 0; i < p->nb_lcores; i++)
		chains[i] = p->lcores[i].chain;
	return pal_plugins_report(p->conf.plugins, chains, p->nb_lcores, last_time_of_all(p), err);
}

void pal_pipeline_memory(const struct pal_pipeline *p, struct pal_pipeline_memory *ret_memory)
{
	struct pal_pipeline_memory memory = {0};

	for (uint16_t i = 0; i < p->nb_lcores; i++) {
		const struct lcore *lc = &p->lcores[i];

		if (lc->defrag != NULL)
			memory.fragments += pal_defrag_bytes(lc->defrag);
		if (lc->streams != NULL)
			memory.streams += pal_streams_bytes(lc->streams);
		if (lc->flows == NULL)
			continue;
		memory.flows += pal_flow_table_bytes(lc->flows);
		memory.bytes_per_flow = pal_flow_bytes(lc->flows);
	}
	*ret_memory = memory;
}
