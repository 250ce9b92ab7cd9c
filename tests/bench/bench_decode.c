/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What pal_decode() costs for frames in memory, one JSON line per kind of frame and one for their mix.
 *
 * The frames of one kind lie one after the other in a buffer that fits the second level cache, as after a
 * receive burst. Reported is the median of several runs, with the fastest and the slowest beside it.
 */
#include "pktbuild.h"

#include <pal_decode.h>
#include <pal_time.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NB_PKTS 512
#define NB_ROUNDS 4000
#define NB_RUNS 9

static struct pktbuild *build_tcp4(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
	pktbuild_tcp(pb, 40000, 443, PAL_TCP_ACK, 1, 2);
	pktbuild_text(pb, "payload");
	return pb;
}

static struct pktbuild *build_udp4(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, "10.0.0.3", "10.0.0.2", IPPROTO_UDP);
	pktbuild_udp(pb, 40000, 53);
	pktbuild_text(pb, "payload");
	return pb;
}

static struct pktbuild *build_tcp6(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv6(pb, "2001:db8::2", "2001:db8::1", IPPROTO_TCP);
	pktbuild_tcp(pb, 443, 40000, PAL_TCP_ACK, 1, 2);
	pktbuild_text(pb, "payload");
	return pb;
}

static struct pktbuild *build_qinq(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_vlan_tpid(pb, 0x88a8, 100);
	pktbuild_vlan(pb, 200);
	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_TCP);
	pktbuild_tcp(pb, 40000, 443, PAL_TCP_ACK, 1, 2);
	return pb;
}

static struct pktbuild *build_ping(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ipv4(pb, "10.0.0.1", "10.0.0.2", IPPROTO_ICMP);
	pktbuild_icmp(pb, 8, 0);
	return pb;
}

static struct pktbuild *build_arp(void)
{
	struct pktbuild *pb = pktbuild_eth();

	pktbuild_ethertype(pb, 0x0806);
	pktbuild_pad(pb, 60);
	return pb;
}

static const struct {
	const char *name;
	struct pktbuild *(*build)(void);
	int weight; /**< Of 20 frames of the mix. */
} kinds[] = {
	{"eth_ipv4_tcp", build_tcp4, 10},
	{"eth_ipv4_udp", build_udp4, 4},
	{"eth_ipv6_tcp", build_tcp6, 2},
	{"eth_qinq_ipv4_tcp", build_qinq, 2},
	{"eth_ipv4_icmp", build_ping, 1},
	{"eth_arp", build_arp, 1},
};

#define NB_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static struct pal_pkt pkts[NB_PKTS];
static uint8_t frames[NB_PKTS][128];
static struct pal_decode_stats stats;

static void put_frame(int i, int kind)
{
	struct pktbuild *pb = kinds[kind].build();
	size_t len;
	const uint8_t *bytes = pktbuild_bytes(pb, &len);

	memcpy(frames[i], bytes, len);
	pkts[i].data = frames[i];
	pkts[i].cap_len = pkts[i].wire_len = (uint32_t)len;
	pkts[i].linktype = pktbuild_linktype(pb);
	pktbuild_free(pb);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name)
{
	double ns[NB_RUNS];

	for (int run = 0; run < NB_RUNS; run++) {
		uint64_t start_ns = pal_time_mono_ns();

		for (int round = 0; round < NB_ROUNDS; round++)
			for (int i = 0; i < NB_PKTS; i++)
				pal_decode(&pkts[i], &stats);
		ns[run] = (double)(pal_time_mono_ns() - start_ns) / NB_ROUNDS / NB_PKTS;
	}
	qsort(ns, NB_RUNS, sizeof(ns[0]), compare_doubles);
	printf("{\"bench\":\"decode\",\"kind\":\"%s\",\"ns_per_pkt\":%.2f,\"min\":%.2f,\"max\":%."
	       "2f}\n",
	       name,
	       ns[NB_RUNS / 2],
	       ns[0],
	       ns[NB_RUNS - 1]);
}

int main(void)
{
	uint32_t seed = 1;

	for (int kind = 0; kind < NB_KINDS; kind++) {
		for (int i = 0; i < NB_PKTS; i++)
			put_frame(i, kind);
		measure(kinds[kind].name);
	}
	// In random order, so that no branch can learn it by heart.
	for (int i = 0; i < NB_PKTS; i++) {
		int pick, kind = 0;

		seed = seed * 1664525 + 1013904223;
		pick = (int)(seed >> 16) % 20;
		while (pick >= kinds[kind].weight)
			pick -= kinds[kind++].weight;
		put_frame(i, kind);
	}
	measure("mix");
	return 0;
}
