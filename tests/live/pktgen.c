/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Packet generator for the live tests: as many packets as asked for, and exactly how many went.
 *
 *      pktgen -i IFACE [-r FILE | -f FLOWS -s BYTES] [-n PACKETS] [-R PPS | -x]
 *
 *      {"sent":1000000,"bytes":60000000,"refused":0,"skipped":0,"seconds":2.1,"pps":476190}
 *
 * Sends by AF_PACKET, so that the kernel's flow hash chooses the transmit queue (on veth: the peer's receive
 * queue), the same for both directions of a flow. A packet that the interface did not take is sent again and
 * counted as `refused`; what it took and lost nevertheless (its own tx_dropped) is not in `sent`.
 *
 * -f  UDP over IPv4, FLOWS flows (default 64), both directions in turn; in its payload each packet carries
 *     struct pktgen_payload (pktgen.h), by which a receiver can check order and completeness.
 * -r  the frames of a capture file, in order, again from the start until PACKETS are sent (default: once).
 *     Those longer than the interface's MTU, or cut off by the capture, are left out and counted as `skipped`.
 * -R  at most so many packets per second, in steps of 64.
 * -x  by XDP live frames and not by AF_PACKET: 1 to 2 Mpps. All of it comes by one queue of the peer, that of the
 *     number of the CPU it runs on; pktgen_payload.seq stays 0. The peer must have an XDP program.
 */
#include "pktgen.h"

#include "pktgen_xdp.h"

#include <pcap/pcap.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST 64
#define MAX_FRAME 9216
#define MIN_FRAME (sizeof(struct synthetic))

struct synthetic {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	struct pktgen_payload payload;
} __attribute__((packed));

struct gen {
	const char *ifname;
	uint64_t nb_pkts;
	uint64_t pps;
	uint32_t nb_flows;
	uint32_t frame_bytes;

	struct pktgen_frame *frames; // of a capture file, or for -x; NULL: made one by one
	size_t nb_frames;
	uint64_t *seq; // next number of each flow and direction

	bool live_frames;
	int ifindex;
	int fd;
	uint32_t mtu;
	uint64_t made, sent, bytes, refused, skipped;
};

static void die(const char *what)
{
	fprintf(stderr, "pktgen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void open_interface(struct gen *gen)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET};
	struct ifreq ifr = {0};

	gen->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (gen->fd < 0)
		die("socket");
	strncpy(ifr.ifr_name, gen->ifname, IF_NAMESIZE - 1);
	if (ioctl(gen->fd, SIOCGIFMTU, &ifr) != 0)
		die(gen->ifname);
	gen->mtu = (uint32_t)ifr.ifr_mtu;
	gen->ifindex = (int)if_nametoindex(gen->ifname);
	addr.sll_ifindex = gen->ifindex;
	if (bind(gen->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		die(gen->ifname);
}

/** Frames that the interface took and lost. /proc/net shows the caller's namespace. */
static uint64_t tx_dropped(const char *ifname)
{
	char line[512];
	uint64_t dropped = 0;
	size_t len = strlen(ifname);
	FILE *f = fopen("/proc/net/dev", "re");

	if (f == NULL)
		die("/proc/net/dev");
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *name = line + strspn(line, " ");

		if (strncmp(name, ifname, len) == 0 && name[len] == ':')
			sscanf(name + len + 1, // eight of receive, then bytes, packets, errs, drop
			       "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			       &dropped);
	}
	fclose(f);
	return dropped;
}

static void add_frame(struct gen *gen, const uint8_t *data, uint32_t len)
{
	struct pktgen_frame *frame;

	gen->frames = realloc(gen->frames, (gen->nb_frames + 1) * sizeof(*gen->frames));
	if (gen->frames == NULL)
		die("memory");
	frame = &gen->frames[gen->nb_frames++];
	frame->len = len;
	frame->data = malloc(len);
	if (frame->data == NULL)
		die("memory");
	memcpy(frame->data, data, len);
}

static void load_capture(struct gen *gen, const char *path)
{
	uint32_t max_len = gen->mtu + ETH_HLEN + 4; // a VLAN tag may come on top of the MTU
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *hdr;
	const u_char *data;
	pcap_t *pcap = pcap_open_offline(path, errbuf);

	if (pcap == NULL || pcap_datalink(pcap) != DLT_EN10MB) {
		fprintf(stderr, "pktgen: %s: %s\n", path, pcap ? "not Ethernet" : errbuf);
		exit(1);
	}
	if (gen->live_frames && max_len > PKTGEN_XDP_MAX_FRAME)
		max_len = PKTGEN_XDP_MAX_FRAME;
	while (pcap_next_ex(pcap, &hdr, &data) == 1) {
		if (hdr->caplen != hdr->len || hdr->len < ETH_HLEN || hdr->len > max_len)
			gen->skipped++;
		else
			add_frame(gen, data, hdr->len);
	}
	pcap_close(pcap);
	if (gen->nb_frames == 0) {
		fprintf(stderr, "pktgen: %s: nothing to send\n", path);
		exit(1);
	}
}

static uint16_t ip_checksum(const struct iphdr *ip)
{
	const uint16_t *words = (const void *)ip;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void make_synthetic(struct gen *gen, uint64_t number, uint8_t *buf)
{
	struct synthetic *pkt = (struct synthetic *)buf;
	uint32_t flow = (uint32_t)(number / 2 % gen->nb_flows);
	uint32_t dir = number % 2;
	uint16_t ip_len = (uint16_t)(gen->frame_bytes - sizeof(pkt->eth));
	uint32_t addr[2] = {htonl(0x0a000000 + flow / 251), htonl(0x0a800000 + flow % 241)};
	uint16_t port[2] = {htons((uint16_t)(1024 + flow % 50000)), htons(4789 + 1)};

	memset(buf, 0, sizeof(*pkt));
	pkt->eth.ether_dhost[0] = 2;
	pkt->eth.ether_dhost[5] = 1;
	pkt->eth.ether_shost[0] = 2;
	pkt->eth.ether_type = htons(ETHERTYPE_IP);
	pkt->ip.version = 4;
	pkt->ip.ihl = 5;
	pkt->ip.tot_len = htons(ip_len);
	pkt->ip.ttl = 64;
	pkt->ip.protocol = IPPROTO_UDP;
	pkt->ip.saddr = addr[dir];
	pkt->ip.daddr = addr[!dir];
	pkt->ip.check = ip_checksum(&pkt->ip);
	pkt->udp.uh_sport = port[dir];
	pkt->udp.uh_dport = port[!dir];
	pkt->udp.uh_ulen = htons((uint16_t)(ip_len - sizeof(pkt->ip)));
	pkt->payload.magic = PKTGEN_MAGIC;
	pkt->payload.flow = flow;
	pkt->payload.dir = dir;
	pkt->payload.seq = gen->seq[2 * flow + dir]++;
}

/** One packet of each direction of each flow. */
static void make_templates(struct gen *gen)
{
	uint8_t buf[MAX_FRAME] = {0};

	for (uint32_t i = 0; i < 2 * gen->nb_flows; i++) {
		make_synthetic(gen, i, buf);
		add_frame(gen, buf, gen->frame_bytes);
	}
}

static void run_live_frames(struct gen *gen)
{
	gen->made = gen->sent = gen->nb_pkts;
	if (pktgen_xdp_run(gen->ifindex, gen->frames, gen->nb_frames, gen->nb_pkts) != 0)
		die("XDP live frames");
	for (size_t i = 0; i < gen->nb_frames; i++)
		gen->bytes += gen->frames[i].len *
			      (gen->nb_pkts / gen->nb_frames + (i < gen->nb_pkts % gen->nb_frames));
}

static void next_frame(struct gen *gen, uint8_t *buf, struct iovec *iov)
{
	uint64_t number = gen->made++;

	if (gen->frames == NULL) {
		make_synthetic(gen, number, buf);
		iov->iov_base = buf;
		iov->iov_len = gen->frame_bytes;
	} else {
		iov->iov_base = gen->frames[number % gen->nb_frames].data;
		iov->iov_len = gen->frames[number % gen->nb_frames].len;
	}
}

/** Send a burst to its last packet: what was refused for want of room is tried again. */
static void send_burst(struct gen *gen, struct mmsghdr *msgs, unsigned int nb)
{
	for (unsigned int done = 0; done < nb;) {
		int n = sendmmsg(gen->fd, msgs + done, nb - done, 0);

		if (n < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
			gen->refused++;
			continue;
		}
		if (n < 0)
			die("sendmmsg");
		for (int i = 0; i < n; i++)
			gen->bytes += msgs[done + (unsigned int)i].msg_hdr.msg_iov->iov_len;
		gen->sent += (unsigned int)n;
		done += (unsigned int)n;
	}
}

static void run(struct gen *gen, uint64_t start_ns)
{
	static uint8_t bufs[BURST][MAX_FRAME];
	struct iovec iov[BURST];
	struct mmsghdr msgs[BURST] = {0};

	for (int i = 0; i < BURST; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (gen->made < gen->nb_pkts) {
		unsigned int nb = 0;

		while (nb < BURST && gen->made < gen->nb_pkts) {
			next_frame(gen, bufs[nb], &iov[nb]);
			nb++;
		}
		send_burst(gen, msgs, nb);
		while (gen->pps != 0 && (now_ns() - start_ns) * gen->pps / 1000000000u < gen->sent)
			;
	}
}

static void usage(void)
{
	fprintf(stderr,
		"usage: pktgen -i IFACE [-r FILE | -f FLOWS -s BYTES] [-n PACKETS] [-R PPS | -x]\n"
	);
	exit(2);
}

int main(int argc, char **argv)
{
	struct gen gen = {.nb_flows = 64, .frame_bytes = MIN_FRAME};
	const char *capture = NULL;
	uint64_t start_ns, dropped;
	double seconds;
	int opt;

	while ((opt = getopt(argc, argv, "i:r:f:s:n:R:x")) != -1) {
		switch (opt) {
		case 'i':
			gen.ifname = optarg;
			break;
		case 'r':
			capture = optarg;
			break;
		case 'f':
			gen.nb_flows = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 's':
			gen.frame_bytes = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'n':
			gen.nb_pkts = strtoull(optarg, NULL, 0);
			break;
		case 'R':
			gen.pps = strtoull(optarg, NULL, 0);
			break;
		case 'x':
			gen.live_frames = true;
			break;
		default:
			usage();
		}
	}
	if (gen.ifname == NULL || optind != argc || gen.nb_flows == 0 ||
	    gen.frame_bytes < MIN_FRAME || gen.frame_bytes > MAX_FRAME ||
	    (gen.live_frames && gen.frame_bytes > PKTGEN_XDP_MAX_FRAME))
		usage();
	open_interface(&gen);
	if (capture != NULL)
		load_capture(&gen, capture);
	if (gen.nb_pkts == 0)
		gen.nb_pkts = capture != NULL ? gen.nb_frames : 1000000;
	gen.seq = calloc(2 * (size_t)gen.nb_flows, sizeof(*gen.seq));
	if (gen.seq == NULL)
		die("memory");
	if (gen.live_frames && gen.frames == NULL)
		make_templates(&gen);

	dropped = tx_dropped(gen.ifname);
	start_ns = now_ns();
	if (gen.live_frames)
		run_live_frames(&gen);
	else
		run(&gen, start_ns);
	seconds = (double)(now_ns() - start_ns) / 1e9;
	dropped = tx_dropped(gen.ifname) - dropped;
	// Each refusal was counted by the interface as well.
	dropped = dropped > gen.refused ? dropped - gen.refused : 0;
	printf("{\"sent\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"refused\":%" PRIu64
	       ",\"skipped\":%" PRIu64 ",\"seconds\":%.3f,\"pps\":%.0f}\n",
	       gen.sent - dropped,
	       gen.bytes,
	       gen.refused,
	       gen.skipped,
	       seconds,
	       (double)gen.sent / seconds);
	return 0;
}
