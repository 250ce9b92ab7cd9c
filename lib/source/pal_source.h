/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SOURCE_H
#define PAL_SOURCE_H

/**
 * @file
 * Where packets come from: a DPDK port, a kernel interface, capture files. One ops table; everything
 * downstream is the same code for all of them.
 *
 * A source has one or more queues, each polled by one lcore. open() and close() belong to main, rx_burst()
 * to the lcore of that queue; stats may be asked for by main at any time.
 */

#include "pal_pkt.h"

#include <stddef.h>

struct rte_mbuf;
struct rte_mempool;
struct pal_source;

/** What a source knows about itself. */
struct pal_source_info {
	const char *name; /**< As the user wrote it. */
	uint16_t nb_queues; /**< Queues that can be polled. */
	bool live; /**< Loses packets rather than waits; has no end. */
	bool symmetric_rss; /**< Queues are chosen by the symmetric Toeplitz hash with PAL's key. */
};

/** What the source counted, over all queues. */
struct pal_source_stats {
	uint64_t offered_pkts; /**< All that reached the port or the file, lost ones included. */
	uint64_t offered_bytes; /**< Bytes of those whose length is known. */
	uint64_t errors; /**< Files that were damaged, refills that failed. */
	struct pal_exits exits; /**< Lost before rx_burst() could return them. */
};

struct pal_source_ops {
	/** Stop, release everything. No queue is being polled any more. */
	void (*close)(struct pal_source *src);

	/**
	 * Receive up to nb_pkts packets; the caller owns them. Never blocks a live source.
	 * The source's part of struct pal_pkt is filled, but for the number, which the caller gives.
	 *
	 * @return
	 *   Packets in pkts[]; 0 when there is none now, or when the source has ended (ended()).
	 */
	uint16_t (*rx_burst
	)(struct pal_source *src, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts);

	/** A source that has ended gives no more packets on that queue. */
	bool (*ended)(const struct pal_source *src, uint16_t queue_id);

	/**
	 * Let no more packets come. What had come by then is still given by rx_burst(), until ended(): stop a live
	 * source, poll it to its end, read its statistics, and the books are closed to the packet.
	 * Main's, at any time while the queues are being polled. NULL: the source ends by itself.
	 */
	void (*stop_rx)(struct pal_source *src);

	/** Add up the counters of all queues; any thread. */
	void (*stats)(struct pal_source *src, struct pal_source_stats *ret_stats);
};

/** Head of every source's own struct. */
struct pal_source {
	const struct pal_source_ops *ops;
	struct pal_source_info info;
};

static inline uint16_t pal_source_rx_burst(
	struct pal_source *src,
	uint16_t queue_id,
	struct rte_mbuf **pkts,
	uint16_t nb_pkts
)
{
	return src->ops->rx_burst(src, queue_id, pkts, nb_pkts);
}

static inline bool pal_source_ended(const struct pal_source *src, uint16_t queue_id)
{
	return src->ops->ended(src, queue_id);
}

static inline void pal_source_stop_rx(struct pal_source *src)
{
	if (src->ops->stop_rx != NULL)
		src->ops->stop_rx(src);
}

static inline void pal_source_stats(struct pal_source *src, struct pal_source_stats *ret_stats)
{
	src->ops->stats(src, ret_stats);
}

static inline void pal_source_close(struct pal_source *src)
{
	if (src != NULL)
		src->ops->close(src);
}

/** Room for the sentence that says why a source could not be opened. */
#define PAL_SOURCE_ERR_LEN 512

/**
 * Open a kernel interface through AF_XDP, one socket per receive queue.
 *
 * PAL's XDP program (bpf/) is attached by a bpf_link, so that it is gone with the process, however that
 * ends. Frames of queues that are not polled go on to the kernel. Each queue's UMEM is the memory of its mbuf
 * pool. Frames are received once: the kernel does not see what PAL does.
 *
 * Which queue a frame comes by is the driver's business (`ethtool -X`), so info.symmetric_rss is false.
 *
 * The books: offered = returned + kernel_ring_full (this queue was polled too rarely) + kernel_fill_empty
 * (all buffers are held) + kernel_dropped (too long, say) + nic_missed (the NIC's own count, while open).
 * Of what was lost only the number is known, not the bytes.
 */
struct pal_source_xdp_conf {
	const char *ifname;
	uint16_t nb_queues; /**< 0: all that the interface has. */
	uint32_t
		nb_mbufs; /**< Per queue, of 4 KiB; twice ring_size are with the kernel. 0: 8192, or 4 * ring_size. */
	uint32_t
		ring_size; /**< Receive descriptors per queue, a power of two up to 32768. 0: 2048. */
	bool promisc;
	bool zero_copy; /**< Insist on zero copy; otherwise it is used where the driver has it. */
	uint16_t input; /**< What to write into pal_pkt.input. */
	int socket_id; /**< NUMA node of the pools; SOCKET_ID_ANY. */
};

/**
 * @param err
 *   Room for PAL_SOURCE_ERR_LEN bytes; on failure, in an operator's words, what is wrong and what to try.
 * @return
 *   The source, closed with pal_source_close(); NULL with errno set, ENOTSUP where PAL was built without AF_XDP.
 */
struct pal_source *pal_source_xdp_open(const struct pal_source_xdp_conf *conf, char *err);

/** How AF_XDP would work on an interface. */
enum pal_source_xdp_mode {
	PAL_SOURCE_XDP_MODE_NONE, /**< Not in this build. */
	PAL_SOURCE_XDP_MODE_UNKNOWN, /**< The kernel is too old (before 6.3) to say. */
	PAL_SOURCE_XDP_MODE_GENERIC, /**< In the stack: works, slowly. */
	PAL_SOURCE_XDP_MODE_NATIVE, /**< In the driver, one copy. */
	PAL_SOURCE_XDP_MODE_ZERO_COPY, /**< In the driver, the NIC writes into PAL's buffers. */
	PAL_SOURCE_XDP_MODE_COUNT,
};

/** As printed. Static string. */
const char *pal_source_xdp_mode_name(enum pal_source_xdp_mode mode);

/** A kernel interface, for `-D`. Valid during the call. */
struct pal_source_iface {
	const char *name;
	const char *driver; /**< Empty where there is none to name. */
	uint32_t mtu;
	uint16_t nb_queues; /**< Receive queues in use. */
	bool up;
	bool running; /**< Has a carrier. */
	bool loopback;
	bool busy; /**< An XDP program is attached, perhaps by another PAL. */
	enum pal_source_xdp_mode xdp_mode;
};

typedef void (*pal_source_list_t)(void *arg, const struct pal_source_iface *iface);

/** Name every interface of this network namespace, in the kernel's order. Needs no privilege. Returns 0 or -errno. */
int pal_source_list(pal_source_list_t fn, void *arg);

/** A DPDK port: a PCI address, or a vdev with its arguments. */
struct pal_source_ethdev_conf {
	const char *
		name; /**< `0000:3b:00.0` or `net_null0,size=64`; probed if EAL does not have it yet. */
	uint16_t nb_queues; /**< As many as the port allows at most. 0: 1. */
	uint32_t nb_mbufs; /**< Over all queues. 0: 16384 per queue. */
	uint16_t rx_descriptors; /**< Per queue. 0: 2048, or what the port allows. */
	uint16_t mtu; /**< 0: as the port has it. */
	bool promisc;
	uint16_t input;
};

/**
 * Open a DPDK port. EAL must have the driver: `-d librte_net_<driver>.so` where it does not load all of them.
 *
 * With several queues RSS is set up with PAL's symmetric key; info.symmetric_rss says whether the port accepted
 * key, hash types and table, and can report what it hashed. info.nb_queues is what the port could give.
 *
 * The books: offered = returned + nic_missed + nic_nombuf + nic_error, the last three as the driver counts them
 * since open. stop_rx() leaves the port running: each queue gives at most one more ring of descriptors.
 *
 * @param err
 *   As for pal_source_xdp_open().
 * @return
 *   The source; NULL with errno set: ENODEV - no such port, or no driver for it; another - the port refused.
 */
struct pal_source *pal_source_ethdev_open(const struct pal_source_ethdev_conf *conf, char *err);

/**
 * A file that could not be opened or was damaged. Called on the RX lcore, once the records before the damage were
 * returned; error is one sentence that names file, place and reason.
 */
typedef void (*pal_source_file_event_t)(void *arg, const char *path, const char *error);

/**
 * Capture files, read one after the other as one ordered stream. One queue.
 *
 *      read buffer   | header data | header data | header data |     refcnt = mbufs + 1 while it is read
 *                             ▲             ▲             ▲
 *                           mbuf          mbuf          mbuf          from a pool without data room
 *
 * Packets are mbufs attached to the buffer that read(2) filled: nothing is copied. A buffer is used again when
 * the last of its mbufs was freed, on whatever lcore; while all of them are in use rx_burst() returns 0 and
 * nothing is lost. pal_pkt.data and cap_len are filled, too. A packet over 65535 bytes is a chain on the same
 * buffer, whose cap_len is that of its first mbuf.
 *
 * XXX: a chain is cut after a quarter of nb_mbufs (285 MB by default), as if that had been the snap length.
 */
struct pal_source_file_conf {
	const char *const *paths; /**< Files; `-` is standard input. Kept by the caller. */
	size_t nb_paths;
	uint16_t first_input; /**< pal_pkt.input of paths[0]; the next ones follow. */
	uint32_t nb_mbufs; /**< 0: 17408. At least 256. */
	uint32_t buffer_bytes; /**< One read, 4 KiB to 1020 KiB. 0: 256 KiB. */
	uint32_t nb_buffers; /**< Read buffers. 0: 16. At least 4. */
	pal_source_file_event_t on_error; /**< May be NULL. */
	void *on_error_arg;
	volatile bool *stop; /**< Set by others: read no more. May be NULL. */
};

/**
 * Open a file source. The files themselves are opened when their turn comes.
 *
 * @param err
 *   Room for PAL_SOURCE_ERR_LEN bytes; on failure, in an operator's words, what is wrong.
 * @return
 *   The source, closed with pal_source_close() once all its mbufs were freed; NULL with errno set:
 *   - EINVAL - no file, or a number out of range
 *   - ENOMEM - no memory for buffers or mbufs
 */
struct pal_source *pal_source_file_open(const struct pal_source_file_conf *conf, char *err);

/** Where a file source is. */
struct pal_source_file_progress {
	size_t path_index; /**< The file being read; nb_paths at the end. */
	uint64_t
		file_bytes_read; /**< Of it, as stored (compressed bytes where it is compressed). */
	uint64_t file_size_bytes; /**< 0 where unknown (standard input). */
	uint64_t damaged; /**< Files so far that could not be read to their end. */
};

/** Any thread; the numbers may be of different moments. */
void pal_source_file_progress(
	const struct pal_source *src,
	struct pal_source_file_progress *ret_progress
);

/**
 * Keep a packet longer than the call that brought it.
 *
 * In most cases that is the mbuf itself. When its source is running out (a quarter of the read buffers or of
 * the mbufs is left) it is a copy, so that who holds on to a few packets never stops the reader (promise 7).
 * A copy has the same segments and the same struct pal_pkt, with data pointing to the copied bytes; a segment
 * that has no room in an mbuf of pool gets memory of its own.
 *
 * @param m
 *   Given to this call; do not touch it afterwards.
 * @param pool
 *   Where a copy comes from; made with PAL_MBUF_PRIV_SIZE and a data room.
 * @param nb_copied
 *   Counts copies; the caller's, one writer.
 * @return
 *   What to keep and free later with rte_pktmbuf_free(); NULL (m was freed) if a copy was needed and there was no
 *   memory for it.
 */
struct rte_mbuf *pal_source_keep(struct rte_mbuf *m, struct rte_mempool *pool, uint64_t *nb_copied);

#endif
