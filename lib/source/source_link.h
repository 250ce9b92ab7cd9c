/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_SOURCE_LINK_H
#define PAL_SOURCE_LINK_H

/**
 * @file
 * What the kernel says about a network interface: rtnetlink, ethtool and the netdev family in one struct.
 *
 * Not /sys/class/net: that shows the namespace of whoever mounted /sys, not the caller's.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/** Bits of pal_link.xdp_features, numbered by the kernel (linux/netdev.h, 6.3 and later). */
#define PAL_LINK_XDP_BASIC (1u << 0)
#define PAL_LINK_XDP_REDIRECT (1u << 1)
#define PAL_LINK_XDP_ZEROCOPY (1u << 3)

struct pal_link {
	char name[IF_NAMESIZE];
	char driver[32]; /**< Empty where the interface has none to name. */
	int ifindex;
	uint32_t flags; /**< IFF_UP and friends. */
	uint32_t mtu;
	uint32_t xdp_prog_id; /**< Program attached now; 0 = none. */
	uint16_t nb_rx_queues; /**< In use. */
	uint64_t rx_missed; /**< Frames that the NIC had no buffer for, since it exists. */
	bool xdp_features_known; /**< The kernel is new enough to say what follows. */
	uint64_t xdp_features; /**< PAL_LINK_XDP_ bits. */
};

/**
 * @return
 *   0; -ENODEV - no such interface; another -errno of the socket.
 */
int pal_link_get(const char *ifname, struct pal_link *ret_link);

/** rx_missed alone, for statistics while running; 0 when the interface is gone. */
uint64_t pal_link_rx_missed(int ifindex);

/**
 * Hold an interface in promiscuous mode, as tcpdump does: by a packet socket that receives nothing.
 *
 * @return
 *   The socket; closing it, or the end of the process, ends the mode. -errno on failure.
 */
int pal_link_promisc_open(int ifindex);

/** Describe every interface of this network namespace; returns 0 or -errno. */
int pal_link_list(void (*fn)(void *arg, const struct pal_link *link), void *arg);

#endif
