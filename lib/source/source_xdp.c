/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel interface through AF_XDP: one socket, one UMEM, one pool for each receive queue.
 *
 *      pool ── refill() ──► fill ring ──► kernel writes a frame ──► receive ring ── rx_burst() ──► mbufs
 *        ▲                                                                                           │
 *        └────────────────────────────── rte_pktmbuf_free(), any lcore ◄─────────────────────────────┘
 *
 * The chunk that the kernel wrote into is the mbuf (source_umem.h); nothing is copied on this side.
 *
 * The fill ring is twice the receive ring, and the kernel holds as many buffers as the fill ring has entries.
 * So the two ways of losing a frame have one cause each: the receive ring is full when this lcore polls too
 * rarely, the fill ring is empty when the buffers are held elsewhere.
 *
 * Why not net_af_xdp: one queue per port on veth, the program attached by netlink (it stays after SIGKILL),
 * and either its program or ours.
 */
#include "pal_err.h"
#include "pal_time.h"
#include "source_link.h"
#include "source_priv.h"
#include "source_umem.h"
#include "source_xdp_prog.h"

#include <rte_common.h>
#include <rte_malloc.h>
#include <xdp/libxdp.h>
#include <xdp/xsk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_MBUFS 8192
#define DEFAULT_RING 2048
#define MAX_RING 32768
#define COMPLETION_RING 64 // nothing is sent, but the kernel wants one

/** A NIC's poll that was under way when the program was detached is over after that long, with room to spare. */
#define DETACH_SETTLE_US 20000

struct xdp_queue {
	// rx lcore: wo
	struct xsk_ring_cons rx;
	struct xsk_ring_prod fill;
	struct pal_umem umem;
	uint32_t nb_owed; // buffers that the fill ring is short of
	uint64_t last_ns;
	struct pal_source_count count;
	bool ended; // rx lcore: wo, others: ro

	// main: wo, rx lcore: ro
	struct xsk_socket *xsk;
	struct xsk_umem *xsk_umem;
	struct xsk_ring_cons completion;
	int fd;
	bool zero_copy;
} __rte_cache_aligned;

struct source_xdp {
	struct pal_source head;
	uint16_t input;
	bool stopped; // main: wo, rx lcores: ro
	uint32_t fill_size;
	struct pal_link link;
	char *name;
	struct pal_xdp_prog *prog;
	int promisc_fd;
	uint64_t missed_at_open;
	uint64_t missed_at_stop; // valid when stopped
	uint16_t nb_queues; // opened so far
	struct xdp_queue queues[];
};

static struct source_xdp *to_xdp(struct pal_source *src)
{
	return (struct source_xdp *)src;
}

/**
 * Hand buffers to the kernel, as many as it can take and the pool can give. Twice a burst at most, so that
 * a ring that was starved fills up again also under full load.
 *
 * In copy mode the kernel publishes what it took from the fill ring some packets late, so that the ring can
 * look full although buffers are owed: then they are owed until the next burst.
 */
static void refill(struct xdp_queue *q)
{
	void *mbufs[2 * PAL_BURST_MAX];
	uint32_t idx = 0;
	uint32_t nb = RTE_MIN(q->nb_owed, (uint32_t)RTE_DIM(mbufs));

	nb = RTE_MIN(nb, xsk_prod_nb_free(&q->fill, nb));
	while (nb > 0 && rte_mempool_get_bulk(q->umem.mp, mbufs, nb) != 0)
		nb /= 2; // the pool is nearly empty: what it has is better than nothing
	if (nb == 0)
		return;
	xsk_ring_prod__reserve(&q->fill, nb, &idx); // fits: that was asked above
	for (uint32_t i = 0; i < nb; i++)
		*xsk_ring_prod__fill_addr(&q->fill, idx + i) = pal_umem_addr(&q->umem, mbufs[i]);
	xsk_ring_prod__submit(&q->fill, nb);
	q->nb_owed -= nb;
}

/** A driver in zero copy mode may have gone to sleep for want of buffers, and says so. */
static void wake_kernel(struct xdp_queue *q)
{
	if (xsk_ring_prod__needs_wakeup(&q->fill))
		recvfrom(q->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

/** The wall clock, but never back in time. */
static uint64_t burst_time(struct xdp_queue *q)
{
	q->last_ns = RTE_MAX(q->last_ns, pal_time_wall_ns());
	return q->last_ns;
}

static struct rte_mbuf *take_mbuf(struct xdp_queue *q, const struct xdp_desc *desc)
{
	struct rte_mbuf *m = pal_umem_mbuf(&q->umem, desc->addr);

	rte_pktmbuf_reset(m);
	m->data_off = (uint16_t)(q->umem.base + desc->addr - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)desc->len;
	m->pkt_len = desc->len;
	return m;
}

static uint16_t
xdp_rx_burst(struct pal_source *src, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct source_xdp *xdp = to_xdp(src);
	struct xdp_queue *q = &xdp->queues[queue_id];
	// Before looking into the ring; pairs with the release in xdp_stop_rx(): empty after this is empty for good.
	bool stopped = __atomic_load_n(&xdp->stopped, __ATOMIC_ACQUIRE);
	uint64_t bytes = 0;
	uint64_t now_ns;
	uint32_t idx;
	uint32_t nb;

	refill(q);
	nb = xsk_ring_cons__peek(&q->rx, RTE_MIN(nb_pkts, (uint16_t)PAL_BURST_MAX), &idx);
	if (nb == 0) {
		if (stopped)
			__atomic_store_n(&q->ended, true, __ATOMIC_RELAXED);
		else
			wake_kernel(q);
		return 0;
	}
	now_ns = burst_time(q);
	for (uint32_t i = 0; i < nb; i++) {
		pkts[i] = take_mbuf(q, xsk_ring_cons__rx_desc(&q->rx, idx + i));
		pal_source_fill_pkt(pkts[i], now_ns, xdp->input);
		bytes += pkts[i]->pkt_len;
	}
	xsk_ring_cons__release(&q->rx, nb);
	q->nb_owed += nb;
	pal_source_count_add(&q->count, nb, bytes);
	return (uint16_t)nb;
}

static bool xdp_ended(const struct pal_source *src, uint16_t queue_id)
{
	const struct source_xdp *xdp = (const struct source_xdp *)src;

	return __atomic_load_n(&xdp->queues[queue_id].ended, __ATOMIC_RELAXED);
}

/**
 * What the kernel lost on one queue, by cause. net/xdp/xsk.c counts
 *
 *      rx_ring_full               one for each frame that found the receive ring full, and nothing else for it
 *      rx_fill_ring_empty_descs   one for each time that a buffer was wanted and there was none
 *      rx_dropped                 one for each frame lost for another reason: no buffer (again!), too long
 *
 * In copy mode a buffer is wanted once for each frame: a frame without one is in the second and third count.
 * In zero copy mode the driver wants buffers ahead of frames and asks again and again, which is no count of
 * frames at all; what it then loses shows in the NIC's own missed count.
 */
static void add_lost(const struct xdp_queue *q, struct pal_source_stats *stats)
{
	struct xdp_statistics kernel = {0};
	socklen_t len = sizeof(kernel);
	uint64_t empty;

	if (getsockopt(q->fd, SOL_XDP, XDP_STATISTICS, &kernel, &len) != 0)
		return;
	empty = q->zero_copy ? 0 : RTE_MIN(kernel.rx_fill_ring_empty_descs, kernel.rx_dropped);
	if (q->zero_copy)
		stats->errors += kernel.rx_fill_ring_empty_descs;
	pal_source_stats_lost(stats, PAL_DROP_KERNEL_RING_FULL, kernel.rx_ring_full);
	pal_source_stats_lost(stats, PAL_DROP_KERNEL_FILL_EMPTY, empty);
	pal_source_stats_lost(stats, PAL_DROP_KERNEL_DROPPED, kernel.rx_dropped - empty);
}

static void xdp_stats(struct pal_source *src, struct pal_source_stats *ret_stats)
{
	struct source_xdp *xdp = to_xdp(src);
	uint64_t missed =
		xdp->stopped ? xdp->missed_at_stop : pal_link_rx_missed(xdp->link.ifindex);

	memset(ret_stats, 0, sizeof(*ret_stats));
	for (uint16_t i = 0; i < xdp->nb_queues; i++) {
		pal_source_stats_add(ret_stats, &xdp->queues[i].count);
		add_lost(&xdp->queues[i], ret_stats);
	}
	if (missed > xdp->missed_at_open)
		pal_source_stats_lost(ret_stats, PAL_DROP_NIC_MISSED, missed - xdp->missed_at_open);
}

static void xdp_stop_rx(struct pal_source *src)
{
	struct source_xdp *xdp = to_xdp(src);

	if (xdp->stopped)
		return;
	pal_xdp_prog_detach(xdp->prog);
	xdp->missed_at_stop = pal_link_rx_missed(xdp->link.ifindex);
	usleep(DETACH_SETTLE_US);
	// Pairs with the acquire in xdp_rx_burst(): who sees it sees all that will ever be in the rings.
	__atomic_store_n(&xdp->stopped, true, __ATOMIC_RELEASE);
}

static void close_queue(struct source_xdp *xdp, struct xdp_queue *q)
{
	if (q->xsk != NULL)
		xsk_socket__delete(q->xsk);
	if (q->xsk_umem != NULL)
		xsk_umem__delete(q->xsk_umem);
	pal_umem_fini(&q->umem, xdp->fill_size - q->nb_owed);
}

static void xdp_close(struct pal_source *src)
{
	struct source_xdp *xdp = to_xdp(src);

	pal_xdp_prog_destroy(xdp->prog);
	for (uint16_t i = 0; i < xdp->nb_queues; i++)
		close_queue(xdp, &xdp->queues[i]);
	if (xdp->promisc_fd >= 0)
		close(xdp->promisc_fd);
	free(xdp->name);
	rte_free(xdp);
}

static const struct pal_source_ops xdp_ops = {
	.close = xdp_close,
	.rx_burst = xdp_rx_burst,
	.ended = xdp_ended,
	.stop_rx = xdp_stop_rx,
	.stats = xdp_stats,
};

static int socket_error(const struct source_xdp *xdp, uint16_t queue_id, int code, char *err)
{
	const char *try = "a kernel with CONFIG_XDP_SOCKETS";

	if (code == EPERM)
		try = "run as root, or setcap "
		      "cap_net_admin,cap_net_raw,cap_bpf,cap_ipc_lock+ep";
	else if (code == ENOBUFS || code == ENOMEM)
		try = "setcap cap_ipc_lock+ep, ulimit -l unlimited, or a smaller mempool-size";
	else if (code == EBUSY)
		try = "stop the other program that has a socket on this queue";
	else if (code == EOPNOTSUPP)
		try = "copy-mode = auto: the driver has no zero copy";
	return pal_source_err(
		err,
		code,
		"%s: cannot create AF_XDP socket on queue %u: %s%s. Try: %s",
		xdp->head.info.name,
		queue_id,
		strerror(code),
		code == EPERM ? " (missing CAP_NET_RAW)" : "",
		try
	);
}

static int create_umem(struct source_xdp *xdp, struct xdp_queue *q)
{
	const struct xsk_umem_config conf = {
		.fill_size = xdp->fill_size,
		.comp_size = COMPLETION_RING,
		.frame_size = PAL_UMEM_CHUNK_BYTES,
		.frame_headroom = PAL_UMEM_HEADROOM,
	};

	return xsk_umem__create(
		&q->xsk_umem, q->umem.base, q->umem.bytes, &q->fill, &q->completion, &conf
	);
}

/** Without a flag the kernel takes zero copy where the driver has it, and copies elsewhere. */
static int
create_socket(struct source_xdp *xdp, struct xdp_queue *q, uint16_t queue_id, bool zero_copy)
{
	const struct xsk_socket_config conf = {
		.rx_size = xdp->fill_size / 2,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : 0)),
	};
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);
	int ret = xsk_socket__create(
		&q->xsk, xdp->link.name, queue_id, q->xsk_umem, &q->rx, NULL, &conf
	);

	if (ret != 0)
		return ret;
	q->fd = xsk_socket__fd(q->xsk);
	if (getsockopt(q->fd, SOL_XDP, XDP_OPTIONS, &options, &len) == 0)
		q->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	return 0;
}

/** What is opened here, also when it fails half-way, is closed by close_queue(). */
static int open_queue(
	struct source_xdp *xdp,
	uint16_t queue_id,
	const struct pal_source_xdp_conf *conf,
	char *err
)
{
	static unsigned int nb_opened; // names of pools must differ
	struct xdp_queue *q = &xdp->queues[queue_id];
	char pool_name[RTE_MEMPOOL_NAMESIZE];
	int ret;

	q->nb_owed = xdp->fill_size;
	snprintf(pool_name, sizeof(pool_name), "pal_xdp_%u", nb_opened++);
	ret = pal_umem_init(&q->umem, pool_name, conf->nb_mbufs, conf->socket_id);
	if (ret != 0)
		return pal_source_err(
			err,
			-ret,
			"%s: no memory for %u packet buffers of %u bytes: %s. Try: a smaller "
			"mempool-size",
			conf->ifname,
			conf->nb_mbufs,
			PAL_UMEM_CHUNK_BYTES,
			strerror(-ret)
		);
	ret = create_umem(xdp, q);
	if (ret != 0)
		return socket_error(xdp, queue_id, -ret, err);
	while (q->nb_owed > 0)
		refill(q);
	ret = create_socket(xdp, q, queue_id, conf->zero_copy);
	if (ret == 0)
		ret = pal_xdp_prog_set_socket(xdp->prog, queue_id, q->fd);
	return ret == 0 ? 0 : socket_error(xdp, queue_id, -ret, err);
}

static int open_promisc(struct source_xdp *xdp, char *err)
{
	xdp->promisc_fd = pal_link_promisc_open(xdp->link.ifindex);
	if (xdp->promisc_fd >= 0)
		return 0;
	return pal_source_err(
		err,
		-xdp->promisc_fd,
		"%s: cannot set promiscuous mode: %s. Try: promisc = no",
		xdp->head.info.name,
		strerror(-xdp->promisc_fd)
	);
}

static int check_link(const struct pal_source_xdp_conf *conf, struct pal_link *link, char *err)
{
	int ret = pal_link_get(conf->ifname, link);

	if (ret != 0)
		return pal_source_err(
			err,
			-ret,
			"%s: no such network interface. Try: pcap-analyzer -D",
			conf->ifname
		);
	if (!(link->flags & IFF_UP))
		return pal_source_err(
			err,
			ENETDOWN,
			"%s: the interface is down. Try: ip link set dev %s up",
			conf->ifname,
			conf->ifname
		);
	// XXX: no frames of several buffers (XDP_USE_SG, kernel 6.6): decode wants contiguous bytes, and would see no
	// more than the first buffer. 14 bytes of Ethernet and two VLAN tags come on top of the MTU.
	if (link->mtu + 22 > PAL_UMEM_MAX_FRAME && !(link->flags & IFF_LOOPBACK))
		return pal_source_err(
			err,
			EMSGSIZE,
			"%s: MTU %u: AF_XDP buffers hold frames of %zu bytes. Try: ip link set dev "
			"%s mtu %zu, or a DPDK port",
			conf->ifname,
			link->mtu,
			(size_t)PAL_UMEM_MAX_FRAME,
			conf->ifname,
			(size_t)PAL_UMEM_MAX_FRAME - 22
		);
	if (conf->nb_queues > link->nb_rx_queues)
		return pal_source_err(
			err,
			EINVAL,
			"%s: %u queues wanted, the interface has %u. Try: ethtool -L %s combined "
			"%u",
			conf->ifname,
			conf->nb_queues,
			link->nb_rx_queues,
			conf->ifname,
			conf->nb_queues
		);
	return 0;
}

/** Fill in the defaults and check what is left. */
static int settle_conf(struct pal_source_xdp_conf *conf, const struct pal_link *link, char *err)
{
	if (conf->nb_queues == 0)
		conf->nb_queues = link->nb_rx_queues;
	if (conf->ring_size == 0)
		conf->ring_size = DEFAULT_RING;
	if (conf->nb_mbufs == 0)
		conf->nb_mbufs = RTE_MAX((uint32_t)DEFAULT_MBUFS, 4 * conf->ring_size);
	if (!rte_is_power_of_2(conf->ring_size) || conf->ring_size > MAX_RING)
		return pal_source_err(
			err,
			EINVAL,
			"%s: rx-descriptors = %u: must be a power of two up to %u",
			conf->ifname,
			conf->ring_size,
			MAX_RING
		);
	if (conf->nb_mbufs < 2 * conf->ring_size + 2 * PAL_BURST_MAX)
		return pal_source_err(
			err,
			EINVAL,
			"%s: mempool-size = %u: with rx-descriptors = %u it must be %u at least",
			conf->ifname,
			conf->nb_mbufs,
			conf->ring_size,
			2 * conf->ring_size + 2 * PAL_BURST_MAX
		);
	return 0;
}

static struct source_xdp *
alloc_source(const struct pal_source_xdp_conf *conf, const struct pal_link *link)
{
	struct source_xdp *xdp = rte_zmalloc_socket(
		"pal_source_xdp",
		sizeof(*xdp) + conf->nb_queues * sizeof(xdp->queues[0]),
		RTE_CACHE_LINE_SIZE,
		conf->socket_id
	);

	if (xdp == NULL)
		return NULL;
	xdp->name = strdup(conf->ifname);
	if (xdp->name == NULL) {
		rte_free(xdp);
		return NULL;
	}
	xdp->link = *link;
	xdp->input = conf->input;
	xdp->fill_size = 2 * conf->ring_size;
	xdp->missed_at_open = link->rx_missed;
	xdp->promisc_fd = -1;
	xdp->head.ops = &xdp_ops;
	xdp->head.info = (struct pal_source_info){
		.name = xdp->name,
		.nb_queues = conf->nb_queues,
		.live = true,
	};
	return xdp;
}

static int libxdp_silent(enum libxdp_print_level, const char *, va_list)
{
	return 0;
}

struct pal_source *pal_source_xdp_open(const struct pal_source_xdp_conf *user_conf, char *err)
{
	struct pal_source_xdp_conf conf = *user_conf;
	struct source_xdp *xdp;
	struct pal_link link;
	int code;

	libxdp_set_print(libxdp_silent);
	if (check_link(&conf, &link, err) != 0 || settle_conf(&conf, &link, err) != 0)
		return NULL;
	xdp = alloc_source(&conf, &link);
	if (xdp == NULL) {
		pal_source_err(err, ENOMEM, "%s: out of memory", conf.ifname);
		return NULL;
	}
	if (pal_xdp_prog_create(&link, &xdp->prog, err) != 0)
		goto close;
	while (xdp->nb_queues < conf.nb_queues)
		if (open_queue(xdp, xdp->nb_queues++, &conf, err) != 0)
			goto close;
	if (conf.promisc && open_promisc(xdp, err) != 0)
		goto close;
	if (pal_xdp_prog_attach(xdp->prog, err) != 0)
		goto close;
	return &xdp->head;

close:
	code = errno;
	xdp_close(&xdp->head);
	return pal_err_null(code);
}
