/* SPDX-License-Identifier: BSD-3-Clause */
#include "source_link.h"

#include "pal_err.h"

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// The netdev family, linux/netdev.h: absent from the headers of Debian 12.
#define NETDEV_FAMILY "netdev"
#define NETDEV_DEV_GET 1
#define NETDEV_ATTR_IFINDEX 1
#define NETDEV_ATTR_XDP_FEATURES 3

// As large as the kernel makes a netlink message of a dump (NLMSG_GOODSIZE grows up to 32 KiB).
#define REPLY_BYTES 32768

typedef void (*message_t)(void *arg, const struct nlmsghdr *hdr);

struct request {
	struct nlmsghdr hdr;
	union {
		struct ifinfomsg ifinfo;
		struct genlmsghdr genl;
	};
	char attrs[64];
};

static void put_attr(struct request *req, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)req + NLMSG_ALIGN(req->hdr.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	req->hdr.nlmsg_len = NLMSG_ALIGN(req->hdr.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

/** Find one attribute of a message; NULL when it is not there, or shorter than min_len. */
static const void *
get_attr(const struct nlmsghdr *hdr, size_t fixed_len, uint16_t type, size_t min_len)
{
	const char *pos = (const char *)NLMSG_DATA(hdr) + NLMSG_ALIGN(fixed_len);
	const char *end = (const char *)hdr + hdr->nlmsg_len;

	while (end - pos >= (ptrdiff_t)NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)pos;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - pos)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr->nla_len >= NLA_HDRLEN + min_len ? pos + NLA_HDRLEN : NULL;
		pos += NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}

/** Read replies until the kernel says that it is done (a dump), or the first one. */
static int read_replies(int fd, bool dump, message_t fn, void *arg)
{
	char *buf = malloc(REPLY_BYTES);
	int ret = buf == NULL ? -ENOMEM : 1;

	while (ret > 0) {
		ssize_t n = recv(fd, buf, REPLY_BYTES, 0);
		struct nlmsghdr *hdr = (struct nlmsghdr *)buf;

		if (n < 0) {
			ret = -errno;
			break;
		}
		for (size_t left = (size_t)n; ret > 0 && NLMSG_OK(hdr, left);
		     hdr = NLMSG_NEXT(hdr, left)) {
			if (hdr->nlmsg_type == NLMSG_DONE)
				ret = 0;
			else if (hdr->nlmsg_type == NLMSG_ERROR)
				ret = ((struct nlmsgerr *)NLMSG_DATA(hdr))->error;
			else {
				fn(arg, hdr);
				ret = dump;
			}
		}
	}
	free(buf);
	return ret;
}

static int talk(int protocol, struct request *req, message_t fn, void *arg)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int ret;

	if (fd < 0)
		return -errno;
	req->hdr.nlmsg_flags |= NLM_F_REQUEST;
	if (send(fd, req, req->hdr.nlmsg_len, 0) < 0)
		ret = -errno;
	else
		ret = read_replies(fd, req->hdr.nlmsg_flags & NLM_F_DUMP, fn, arg);
	close(fd);
	return ret;
}

static int ethtool(const char *ifname, void *cmd)
{
	struct ifreq ifr = {.ifr_data = cmd};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	memcpy(ifr.ifr_name, ifname, strnlen(ifname, IF_NAMESIZE - 1));
	ret = ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/** Queues in use and driver; what netlink said about the queues (those allocated) stands where ethtool is silent. */
static void ask_ethtool(struct pal_link *link)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ethtool_drvinfo drvinfo = {.cmd = ETHTOOL_GDRVINFO};

	if (ethtool(link->name, &channels) == 0 && channels.rx_count + channels.combined_count > 0)
		link->nb_rx_queues = (uint16_t)(channels.rx_count + channels.combined_count);
	if (ethtool(link->name, &drvinfo) == 0)
		memcpy(link->driver,
		       drvinfo.driver,
		       strnlen(drvinfo.driver, sizeof(link->driver) - 1));
}

static void on_family(void *arg, const struct nlmsghdr *hdr)
{
	const void *id = get_attr(hdr, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID, sizeof(uint16_t));

	if (id != NULL)
		memcpy(arg, id, sizeof(uint16_t));
}

static void on_features(void *arg, const struct nlmsghdr *hdr)
{
	struct pal_link *link = arg;
	const void *bits = get_attr(hdr, GENL_HDRLEN, NETDEV_ATTR_XDP_FEATURES, sizeof(uint64_t));

	if (bits == NULL)
		return;
	memcpy(&link->xdp_features, bits, sizeof(link->xdp_features));
	link->xdp_features_known = true;
}

static void ask_xdp_features(struct pal_link *link)
{
	uint16_t family = 0;
	struct request find = {
		.hdr = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = GENL_ID_CTRL},
		.genl = {.cmd = CTRL_CMD_GETFAMILY, .version = 1},
	};
	struct request get = {
		.hdr = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN)},
		.genl = {.cmd = NETDEV_DEV_GET, .version = 1},
	};

	put_attr(&find, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY, sizeof(NETDEV_FAMILY));
	if (talk(NETLINK_GENERIC, &find, on_family, &family) != 0 || family == 0)
		return;
	get.hdr.nlmsg_type = family;
	put_attr(&get, NETDEV_ATTR_IFINDEX, &link->ifindex, sizeof(uint32_t));
	talk(NETLINK_GENERIC, &get, on_features, link);
}

static uint32_t attr_u32(const struct nlmsghdr *hdr, uint16_t type)
{
	const uint32_t *value = get_attr(hdr, sizeof(struct ifinfomsg), type, sizeof(*value));

	return value == NULL ? 0 : *value;
}

static uint64_t missed_of(const struct nlmsghdr *hdr)
{
	const char *stats = get_attr(
		hdr,
		sizeof(struct ifinfomsg),
		IFLA_STATS64,
		offsetof(struct rtnl_link_stats64, rx_missed_errors) + sizeof(uint64_t)
	);
	uint64_t missed = 0;

	// Attributes are aligned to four bytes only.
	if (stats != NULL)
		memcpy(&missed,
		       stats + offsetof(struct rtnl_link_stats64, rx_missed_errors),
		       sizeof(missed));
	return missed;
}

/** The id inside the nested IFLA_XDP. */
static uint32_t xdp_prog_of(const struct nlmsghdr *hdr)
{
	const char *nest = get_attr(hdr, sizeof(struct ifinfomsg), IFLA_XDP, 0);
	const struct nlattr *outer;
	const char *end;

	if (nest == NULL)
		return 0;
	outer = (const struct nlattr *)(nest - NLA_HDRLEN);
	end = (const char *)outer + outer->nla_len;
	for (const char *pos = nest; end - pos >= (ptrdiff_t)NLA_HDRLEN;) {
		const struct nlattr *attr = (const struct nlattr *)pos;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - pos)
			break;
		if (attr->nla_type == IFLA_XDP_PROG_ID && attr->nla_len == NLA_HDRLEN + 4)
			return *(const uint32_t *)(pos + NLA_HDRLEN);
		pos += NLA_ALIGN(attr->nla_len);
	}
	return 0;
}

static void on_link(void *arg, const struct nlmsghdr *hdr)
{
	struct pal_link *link = arg;
	const struct ifinfomsg *info = NLMSG_DATA(hdr);
	const char *name = get_attr(hdr, sizeof(*info), IFLA_IFNAME, 1);

	if (hdr->nlmsg_type != RTM_NEWLINK || name == NULL)
		return;
	memcpy(link->name, name, strnlen(name, IF_NAMESIZE - 1));
	link->ifindex = info->ifi_index;
	link->flags = info->ifi_flags;
	link->mtu = attr_u32(hdr, IFLA_MTU);
	link->nb_rx_queues = (uint16_t)attr_u32(hdr, IFLA_NUM_RX_QUEUES);
	link->xdp_prog_id = xdp_prog_of(hdr);
	link->rx_missed = missed_of(hdr);
}

static int ask_rtnetlink(int ifindex, struct pal_link *link)
{
	struct request req = {
		.hdr = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_GETLINK},
		.ifinfo = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex},
	};

	memset(link, 0, sizeof(*link));
	return talk(NETLINK_ROUTE, &req, on_link, link);
}

static int describe(int ifindex, struct pal_link *link)
{
	int ret = ask_rtnetlink(ifindex, link);

	if (ret != 0)
		return ret;
	ask_ethtool(link);
	ask_xdp_features(link);
	return 0;
}

int pal_link_get(const char *ifname, struct pal_link *ret_link)
{
	struct pal_link link;
	unsigned int ifindex = if_nametoindex(ifname);
	int ret;

	if (ifindex == 0)
		return pal_err(ENODEV);
	ret = describe((int)ifindex, &link);
	if (ret != 0)
		return pal_err(-ret);
	*ret_link = link;
	return 0;
}

uint64_t pal_link_rx_missed(int ifindex)
{
	struct pal_link link;

	return ask_rtnetlink(ifindex, &link) == 0 ? link.rx_missed : 0;
}

int pal_link_promisc_open(int ifindex)
{
	const struct packet_mreq mreq = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0)
		return pal_err(errno);
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) == 0)
		return fd;
	code = errno;
	close(fd);
	return pal_err(code);
}

int pal_link_list(void (*fn)(void *arg, const struct pal_link *link), void *arg)
{
	struct if_nameindex *ifaces = if_nameindex();
	struct pal_link link;

	if (ifaces == NULL)
		return pal_err(errno);
	for (const struct if_nameindex *i = ifaces; i->if_index != 0; i++)
		if (describe((int)i->if_index, &link) == 0) // it may be gone by now
			fn(arg, &link);
	if_freenameindex(ifaces);
	return 0;
}
