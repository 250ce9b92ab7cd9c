/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any DPDK port.
 *
 *      name ─► the port EAL has, or probe it ─► configure (queues, RSS, MTU) ─► pool ─► start
 *
 * RSS is asked to be symmetric: the Toeplitz hash with a key that repeats 0x6D5A every 16 bits, so that
 * exchanging addresses and ports changes nothing; with DPDK 24.11 and a port that knows it, the symmetric
 * function by its own name is left out on purpose, because it sorts or folds the endpoints before hashing
 * and so does not compute what lib/steer computes. A port is believed when it accepted key, hash and table,
 * and can report the hash in its descriptors: net_null accepts all of that, and spreads nothing.
 */
#include "pal_err.h"
#include "pal_time.h"
#include "source_priv.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MBUFS_PER_QUEUE 16384
#define DEFAULT_DESCRIPTORS 2048
#define TX_DESCRIPTORS 64
#define MBUF_CACHE 256
#define RSS_KEY_MAX 128

/** All that says who talks to whom; ports of fragments are left out by the NIC. */
#define RSS_WANTED (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP)

/** Ethernet header, two VLAN tags, CRC: what a port may want to count on top of the MTU. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN)

struct ethdev_queue {
	// rx lcore: wo
	struct pal_source_count count;
	uint64_t last_ns;
	uint32_t nb_after_stop; // packets returned since stop_rx
	bool ended;
} __rte_cache_aligned;

struct source_ethdev {
	struct pal_source head;
	uint16_t port_id;
	uint16_t input;
	uint16_t nb_desc;
	bool stopped; // main: wo, rx lcores: ro
	bool probed; // by us: removed again at the end
	bool started;
	char *name;
	struct rte_mempool *mp;
	struct rte_eth_stats at_open;
	struct ethdev_queue queues[];
};

static struct source_ethdev *to_ethdev(struct pal_source *src)
{
	return (struct source_ethdev *)src;
}

static void fill_pkts(
	struct source_ethdev *eth,
	struct ethdev_queue *q,
	struct rte_mbuf **pkts,
	uint16_t nb_pkts
)
{
	uint64_t bytes = 0;

	q->last_ns = RTE_MAX(q->last_ns, pal_time_wall_ns());
	for (uint16_t i = 0; i < nb_pkts; i++) {
		pal_source_fill_pkt(pkts[i], q->last_ns, eth->input);
		bytes += pkts[i]->pkt_len;
	}
	pal_source_count_add(&q->count, nb_pkts, bytes);
}

/**
 * A port under traffic is never empty, and a stopped one can no longer be polled. So what had come when it was
 * stopped is what the descriptors can hold at most: after so many packets the queue has ended.
 */
static uint16_t
limit_after_stop(const struct source_ethdev *eth, struct ethdev_queue *q, uint16_t nb)
{
	return (uint16_t)RTE_MIN(nb, eth->nb_desc - q->nb_after_stop);
}

static uint16_t
ethdev_rx_burst(struct pal_source *src, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct source_ethdev *eth = to_ethdev(src);
	struct ethdev_queue *q = &eth->queues[queue_id];
	bool stopped = __atomic_load_n(&eth->stopped, __ATOMIC_RELAXED);
	uint16_t nb;

	if (q->ended)
		return 0;
	if (stopped)
		nb_pkts = limit_after_stop(eth, q, nb_pkts);
	nb = rte_eth_rx_burst(eth->port_id, queue_id, pkts, nb_pkts);
	if (nb > 0)
		fill_pkts(eth, q, pkts, nb);
	if (stopped) {
		q->nb_after_stop += nb;
		if (nb == 0 || q->nb_after_stop == eth->nb_desc)
			__atomic_store_n(&q->ended, true, __ATOMIC_RELAXED);
	}
	return nb;
}

static bool ethdev_ended(const struct pal_source *src, uint16_t queue_id)
{
	const struct source_ethdev *eth = (const struct source_ethdev *)src;

	return __atomic_load_n(&eth->queues[queue_id].ended, __ATOMIC_RELAXED);
}

static void ethdev_stop_rx(struct pal_source *src)
{
	__atomic_store_n(&to_ethdev(src)->stopped, true, __ATOMIC_RELAXED);
}

static void ethdev_stats(struct pal_source *src, struct pal_source_stats *ret_stats)
{
	struct source_ethdev *eth = to_ethdev(src);
	struct rte_eth_stats now;

	memset(ret_stats, 0, sizeof(*ret_stats));
	for (uint16_t i = 0; i < eth->head.info.nb_queues; i++)
		pal_source_stats_add(ret_stats, &eth->queues[i].count);
	if (rte_eth_stats_get(eth->port_id, &now) != 0)
		return;
	pal_source_stats_lost(ret_stats, PAL_DROP_NIC_MISSED, now.imissed - eth->at_open.imissed);
	pal_source_stats_lost(
		ret_stats, PAL_DROP_NIC_NOMBUF, now.rx_nombuf - eth->at_open.rx_nombuf
	);
	pal_source_stats_lost(ret_stats, PAL_DROP_NIC_ERROR, now.ierrors - eth->at_open.ierrors);
}

/** Give the port back; what we probed goes, so that the same name can be opened again. */
static void release_port(const struct source_ethdev *eth)
{
	struct rte_eth_dev_info info;
	bool known = rte_eth_dev_info_get(eth->port_id, &info) == 0;

	if (eth->started)
		rte_eth_dev_stop(eth->port_id);
	if (!eth->probed)
		return;
	rte_eth_dev_close(eth->port_id);
	if (known && info.device != NULL)
		rte_dev_remove(info.device);
}

static void ethdev_close(struct pal_source *src)
{
	struct source_ethdev *eth = to_ethdev(src);

	release_port(eth);
	rte_mempool_free(eth->mp);
	free(eth->name);
	rte_free(eth);
}

static const struct pal_source_ops ethdev_ops = {
	.close = ethdev_close,
	.rx_burst = ethdev_rx_burst,
	.ended = ethdev_ended,
	.stop_rx = ethdev_stop_rx,
	.stats = ethdev_stats,
};

/** The first port of a device; -ENODEV when EAL has none. */
static int find_port(const char *devargs)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	size_t name_len = strcspn(devargs, ",");
	struct rte_dev_iterator it;
	uint16_t port_id;

	if (name_len >= sizeof(name))
		return -ENODEV;
	snprintf(name, sizeof(name), "%.*s", (int)name_len, devargs);
	if (rte_eth_dev_get_port_by_name(name, &port_id) == 0)
		return port_id;
	// A PCI address may be written without its domain: EAL knows.
	RTE_ETH_FOREACH_MATCHING_DEV(port_id, name, &it)
	{
		rte_eth_iterator_cleanup(&it);
		return port_id;
	}
	return -ENODEV;
}

/** @return The port's id, or -errno. */
static int get_port(const char *devargs, bool *ret_probed, char *err)
{
	int port_id = find_port(devargs);
	int ret = 0;

	*ret_probed = false;
	if (port_id < 0) {
		ret = rte_dev_probe(devargs);
		port_id = find_port(devargs);
		*ret_probed = port_id >= 0;
	}
	if (port_id < 0)
		return pal_source_err(
			err,
			ENODEV,
			"%s: no such DPDK port: %s. Try: dpdk-devbind.py --status; for a virtual "
			"device load its driver "
			"(-- -d librte_net_null.so)",
			devargs,
			// What EAL calls a bad address is a name that no bus and no driver takes.
			ret == 0 || ret == -EFAULT ? "no driver takes it" : rte_strerror(-ret)
		);
	return port_id;
}

static bool asks_rss(const struct rte_eth_dev_info *info, uint16_t nb_queues)
{
	return nb_queues > 1 && (info->flow_type_rss_offloads & RSS_WANTED) != 0;
}

/** ethdev takes 40 bytes for granted where the port does not say. */
static uint8_t rss_key_len(const struct rte_eth_dev_info *info)
{
	return info->hash_key_size == 0 ? 40 : RTE_MIN(info->hash_key_size, (uint8_t)RSS_KEY_MAX);
}

static void make_rss_key(uint8_t *key, uint8_t len)
{
	for (uint8_t i = 0; i < len; i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
}

/** Entry i of the table goes to queue i % nb_queues, as lib/steer deals its shards. */
static int set_reta(const struct source_ethdev *eth, uint16_t reta_size)
{
	struct rte_eth_rss_reta_entry64 *reta;
	int ret;

	if (reta_size == 0)
		return pal_err(ENOTSUP);
	reta = calloc(reta_size / RTE_ETH_RETA_GROUP_SIZE + 1u, sizeof(*reta));
	if (reta == NULL)
		return pal_err(ENOMEM);
	for (uint16_t i = 0; i < reta_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << (i % RTE_ETH_RETA_GROUP_SIZE);
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % eth->head.info.nb_queues;
	}
	ret = rte_eth_dev_rss_reta_update(eth->port_id, reta, reta_size);
	free(reta);
	return ret;
}

/** After the start: is what was asked for what the port does? */
static bool rss_is_symmetric(const struct source_ethdev *eth, const struct rte_eth_dev_info *info)
{
	uint8_t wanted[RSS_KEY_MAX], key[RSS_KEY_MAX] = {0};
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = rss_key_len(info)};

	if (!asks_rss(info, eth->head.info.nb_queues) ||
	    !(info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH))
		return false;
	if (rte_eth_dev_rss_hash_conf_get(eth->port_id, &conf) != 0)
		return false;
	make_rss_key(wanted, rss_key_len(info));
	return memcmp(key, wanted, rss_key_len(info)) == 0 && (conf.rss_hf & RSS_WANTED) != 0 &&
	       set_reta(eth, info->reta_size) == 0;
}

static int configure_port(
	const struct source_ethdev *eth,
	const struct rte_eth_dev_info *info,
	const struct pal_source_ethdev_conf *conf,
	uint16_t nb_txq
)
{
	uint8_t key[RSS_KEY_MAX];
	struct rte_eth_conf port_conf = {
		.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE},
	};

	if (conf->mtu != 0)
		port_conf.rxmode.mtu = conf->mtu;
	port_conf.rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	if (asks_rss(info, eth->head.info.nb_queues)) {
		make_rss_key(key, rss_key_len(info));
		port_conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		port_conf.rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
		port_conf.rx_adv_conf.rss_conf.rss_key = key;
		port_conf.rx_adv_conf.rss_conf.rss_key_len = rss_key_len(info);
		port_conf.rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads & RSS_WANTED;
#ifdef PAL_HAVE_RSS_ALGORITHM
		port_conf.rx_adv_conf.rss_conf.algorithm = RTE_ETH_HASH_FUNCTION_TOEPLITZ;
#endif
	}
	return rte_eth_dev_configure(eth->port_id, eth->head.info.nb_queues, nb_txq, &port_conf);
}

/** One buffer holds a whole frame, so that its bytes are contiguous; scattering is for what is longer still. */
static int
create_pool(struct source_ethdev *eth, const struct pal_source_ethdev_conf *conf, int socket_id)
{
	static unsigned int nb_opened;
	uint32_t nb_mbufs = conf->nb_mbufs;
	char name[RTE_MEMPOOL_NAMESIZE];
	uint16_t mtu = 0;
	uint32_t room;

	if (nb_mbufs == 0)
		nb_mbufs = (uint32_t)eth->head.info.nb_queues * DEFAULT_MBUFS_PER_QUEUE;
	rte_eth_dev_get_mtu(eth->port_id, &mtu);
	room = RTE_MAX((uint32_t)RTE_MBUF_DEFAULT_DATAROOM, (uint32_t)mtu + FRAME_OVERHEAD);
	room = RTE_MIN(RTE_ALIGN_CEIL(room, 128u) + RTE_PKTMBUF_HEADROOM, (uint32_t)UINT16_MAX);
	snprintf(name, sizeof(name), "pal_eth_%u", nb_opened++);
	eth->mp = rte_pktmbuf_pool_create(
		name,
		nb_mbufs,
		RTE_MIN((uint32_t)MBUF_CACHE, nb_mbufs / 8),
		PAL_MBUF_PRIV_SIZE,
		(uint16_t)room,
		socket_id
	);
	return eth->mp == NULL ? pal_err(rte_errno) : 0;
}

static int setup_queues(struct source_ethdev *eth, int socket_id, uint16_t nb_txq)
{
	uint16_t nb_rxd = eth->nb_desc;
	uint16_t nb_txd = TX_DESCRIPTORS;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(eth->port_id, &nb_rxd, &nb_txd);

	if (ret != 0)
		return ret;
	eth->nb_desc = nb_rxd;
	for (uint16_t i = 0; ret == 0 && i < eth->head.info.nb_queues; i++)
		ret = rte_eth_rx_queue_setup(
			eth->port_id, i, nb_rxd, (unsigned int)socket_id, NULL, eth->mp
		);
	for (uint16_t i = 0; ret == 0 && i < nb_txq; i++)
		ret = rte_eth_tx_queue_setup(
			eth->port_id, i, nb_txd, (unsigned int)socket_id, NULL
		);
	return ret;
}

static int port_error(const struct source_ethdev *eth, const char *what, int code, char *err)
{
	return pal_source_err(
		err,
		code,
		"%s: cannot %s: %s. Try: fewer queues, descriptors or buffers; --log-level=pmd:8 "
		"says more",
		eth->head.info.name,
		what,
		rte_strerror(code)
	);
}

/** Nothing is ever sent, but some drivers do not start without a queue to send by, or one for each. */
static int configure_queues(
	struct source_ethdev *eth,
	const struct rte_eth_dev_info *info,
	const struct pal_source_ethdev_conf *conf,
	char *err
)
{
	int socket_id = rte_eth_dev_socket_id(eth->port_id);
	const uint16_t nb_txqs[] = {0, 1, eth->head.info.nb_queues};
	int ret = -ENOTSUP;

	for (size_t i = 0; ret != 0 && i < RTE_DIM(nb_txqs); i++) {
		ret = configure_port(eth, info, conf, nb_txqs[i]);
		if (ret != 0)
			continue;
		if (eth->mp == NULL && create_pool(eth, conf, socket_id) != 0)
			return port_error(eth, "allocate packet buffers", errno, err);
		ret = setup_queues(eth, socket_id, nb_txqs[i]);
		if (ret == 0)
			ret = rte_eth_dev_start(eth->port_id);
	}
	return ret == 0 ? 0 : port_error(eth, "configure and start the port", -ret, err);
}

static int
start_port(struct source_ethdev *eth, const struct pal_source_ethdev_conf *conf, char *err)
{
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(eth->port_id, &info);

	if (ret != 0)
		return port_error(eth, "ask the driver", -ret, err);
	if (eth->head.info.nb_queues > info.max_rx_queues)
		eth->head.info.nb_queues = info.max_rx_queues;
	ret = configure_queues(eth, &info, conf, err);
	if (ret != 0)
		return ret;
	eth->started = true;
	eth->head.info.symmetric_rss = rss_is_symmetric(eth, &info);
	// A port that cannot be asked is promiscuous by nature: vdevs.
	ret = conf->promisc ? rte_eth_promiscuous_enable(eth->port_id) : 0;
	if (ret != 0 && ret != -ENOTSUP)
		return port_error(eth, "set promiscuous mode", -ret, err);
	memset(&eth->at_open, 0, sizeof(eth->at_open));
	rte_eth_stats_get(eth->port_id, &eth->at_open);
	return 0;
}

static struct source_ethdev *
alloc_source(const struct pal_source_ethdev_conf *conf, uint16_t port_id)
{
	uint16_t nb_queues = RTE_MAX(conf->nb_queues, (uint16_t)1);
	struct source_ethdev *eth = rte_zmalloc_socket(
		"pal_source_ethdev",
		sizeof(*eth) + nb_queues * sizeof(eth->queues[0]),
		RTE_CACHE_LINE_SIZE,
		rte_eth_dev_socket_id(port_id)
	);

	if (eth == NULL)
		return NULL;
	eth->name = strdup(conf->name);
	if (eth->name == NULL) {
		rte_free(eth);
		return NULL;
	}
	eth->port_id = port_id;
	eth->input = conf->input;
	eth->nb_desc = conf->rx_descriptors == 0 ? DEFAULT_DESCRIPTORS : conf->rx_descriptors;
	eth->head.ops = &ethdev_ops;
	eth->head.info = (struct pal_source_info){
		.name = eth->name,
		.nb_queues = nb_queues,
		.live = true,
	};
	return eth;
}

struct pal_source *pal_source_ethdev_open(const struct pal_source_ethdev_conf *conf, char *err)
{
	struct source_ethdev *eth;
	bool probed;
	int port_id, code;

	port_id = get_port(conf->name, &probed, err);
	if (port_id < 0)
		return NULL;
	eth = alloc_source(conf, (uint16_t)port_id);
	if (eth == NULL) {
		pal_source_err(err, ENOMEM, "%s: out of memory", conf->name);
		return NULL;
	}
	eth->probed = probed;
	if (start_port(eth, conf, err) != 0)
		goto close;
	return &eth->head;

close:
	code = errno;
	ethdev_close(&eth->head);
	return pal_err_null(code);
}
