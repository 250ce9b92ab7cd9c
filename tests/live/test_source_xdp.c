/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The AF_XDP source alone: opens an interface, polls its queues, and says what came. Driven by
 * test_source_xdp.py.
 *
 *      test_source_xdp -i IFACE [-q QUEUES] [-t THREADS] [-c CPU] [-b MBUFS] [-H] [-P] [-Z] | -L
 *
 * Writes one JSON line `{"ready":true,...}` once frames are received, another with the books at the end. TERM or INT:
 * stop the source, drain it, report. USR1: stop polling; again: go on. -P polls only after the first USR1,
 * -H never frees a packet, -Z insists on zero copy. -L names the interfaces instead, a JSON line each.
 */
#include "eal.h"
#include "pktgen.h"

#include <pal_mbuf.h>
#include <pal_source.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_QUEUES 64
#define MAX_FLOWS 65536

struct poller {
	struct pal_source *src;
	pthread_t thread;
	uint16_t first_queue, step; // polls first_queue, first_queue + step, ...
	int cpu;
	uint64_t pkts, bytes;
	uint64_t busy_tsc; // cycles in rx_burst() that brought something, and in freeing that
	uint64_t backwards; // packets whose time is before that of the one before
	uint64_t bad; // source's part of struct pal_pkt is wrong
};

/** By flow and direction; a flow that came by two queues would be written by two threads, and be noticed. */
static struct seen {
	uint64_t next_seq;
	uint64_t disordered;
	uint32_t queue; // + 1
} seen[2 * MAX_FLOWS];

static uint64_t queue_pkts[MAX_QUEUES];
static uint64_t
	split_flows; // packets that came by another queue than the flow before, either direction
static volatile bool paused, hold;
static volatile sig_atomic_t toggles;

static void on_usr1(int)
{
	toggles++;
	paused = !paused;
}

static void check_synthetic(const struct pal_pkt *pkt, uint16_t queue_id)
{
	struct pktgen_payload payload;
	struct seen *s, *other;

	if (pkt->cap_len < PKTGEN_PAYLOAD_OFF + sizeof(payload))
		return;
	memcpy(&payload, pkt->data + PKTGEN_PAYLOAD_OFF, sizeof(payload));
	if (payload.magic != PKTGEN_MAGIC || payload.flow >= MAX_FLOWS)
		return;
	s = &seen[2 * payload.flow + payload.dir];
	other = &seen[2 * payload.flow + !payload.dir];
	s->disordered += payload.seq < s->next_seq && payload.seq != 0; // 0: another run of pktgen
	s->next_seq = payload.seq + 1;
	split_flows += (s->queue != 0 && s->queue != queue_id + 1u) ||
		       (other->queue != 0 && other->queue != queue_id + 1u);
	s->queue = queue_id + 1u;
}

static void check_burst(struct poller *p, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb)
{
	static __thread uint64_t last_ns[MAX_QUEUES];

	for (uint16_t i = 0; i < nb; i++) {
		const struct pal_pkt *pkt = pal_mbuf_pkt(pkts[i]);

		p->backwards += pkt->time_ns < last_ns[queue_id];
		last_ns[queue_id] = pkt->time_ns;
		p->bad += pkt->data != rte_pktmbuf_mtod(pkts[i], const uint8_t *) ||
			  pkt->cap_len != pkts[i]->pkt_len || pkt->wire_len != pkt->cap_len ||
			  pkt->linktype != 1 || pkt->input != 7;
		p->bytes += pkt->wire_len;
		check_synthetic(pkt, queue_id);
	}
	p->pkts += nb;
	queue_pkts[queue_id] += nb;
}

static void poll_queue(struct poller *p, uint16_t queue_id)
{
	struct rte_mbuf *pkts[PAL_BURST_MAX];
	uint64_t start_tsc = rte_rdtsc();
	uint16_t nb = pal_source_rx_burst(p->src, queue_id, pkts, PAL_BURST_MAX);
	uint64_t end_tsc = rte_rdtsc();

	if (nb == 0)
		return;
	p->busy_tsc += end_tsc - start_tsc;
	check_burst(p, queue_id, pkts, nb);
	start_tsc = rte_rdtsc();
	if (!hold)
		rte_pktmbuf_free_bulk(pkts, nb);
	p->busy_tsc += rte_rdtsc() - start_tsc;
}

static bool poll_queues(struct poller *p)
{
	bool ended = true;

	for (uint16_t q = p->first_queue; q < p->src->info.nb_queues; q += p->step) {
		poll_queue(p, q);
		ended &= pal_source_ended(p->src, q);
	}
	return ended;
}

static void *poll_thread(void *arg)
{
	struct poller *p = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((unsigned int)p->cpu, &cpus);
	if (p->cpu >= 0)
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	rte_thread_register(); // for a cache of mbufs
	for (bool ended = false; !ended;) {
		if (paused)
			usleep(1000);
		else
			ended = poll_queues(p);
	}
	rte_thread_unregister();
	return NULL;
}

static void print_report(struct pal_source *src, const struct poller *pollers, uint16_t nb_pollers)
{
	struct pal_source_stats stats;
	struct poller sum = {0};
	uint64_t disordered = 0;
	const char *comma = "";

	pal_source_stats(src, &stats);
	for (uint16_t i = 0; i < nb_pollers; i++) {
		sum.pkts += pollers[i].pkts;
		sum.bytes += pollers[i].bytes;
		sum.busy_tsc += pollers[i].busy_tsc;
		sum.backwards += pollers[i].backwards;
		sum.bad += pollers[i].bad;
	}
	for (size_t i = 0; i < 2 * MAX_FLOWS; i++)
		disordered += seen[i].disordered;
	printf("{\"received\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"offered\":%" PRIu64
	       ",\"offered_bytes\":%" PRIu64 ",\"backwards\":%" PRIu64 ",\"bad\":%" PRIu64
	       ",\"disordered\":%" PRIu64 ",\"split_flows\":%" PRIu64
	       ",\"cycles_per_pkt\":%.1f,\"exits\":{",
	       sum.pkts,
	       sum.bytes,
	       stats.offered_pkts,
	       stats.offered_bytes,
	       sum.backwards,
	       sum.bad,
	       disordered,
	       split_flows,
	       sum.pkts == 0 ? 0 : (double)sum.busy_tsc / (double)sum.pkts);
	for (int d = 0; d < PAL_DROP_COUNT; d++) {
		if (stats.exits.pkts[d] == 0)
			continue;
		printf("%s\"%s\":%" PRIu64, comma, pal_drop_name(d), stats.exits.pkts[d]);
		comma = ",";
	}
	printf("},\"queues\":[");
	for (uint16_t q = 0; q < src->info.nb_queues; q++)
		printf("%s%" PRIu64, q == 0 ? "" : ",", queue_pkts[q]);
	printf("]}\n");
}

static void print_iface(void *, const struct pal_source_iface *iface)
{
	printf("{\"name\":\"%s\",\"driver\":\"%s\",\"mtu\":%u,\"queues\":%u,\"up\":%d,\"busy\":%d,"
	       "\"xdp\":\"%s\"}\n",
	       iface->name,
	       iface->driver,
	       iface->mtu,
	       iface->nb_queues,
	       iface->up,
	       iface->busy,
	       pal_source_xdp_mode_name(iface->xdp_mode));
}

static void usage(void)
{
	fprintf(stderr,
		"usage: test_source_xdp -i IFACE [-q QUEUES] [-t THREADS] [-c CPU] [-b MBUFS] [-H] "
		"[-P] [-Z]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static struct poller pollers[MAX_QUEUES];
	struct pal_source_xdp_conf conf = {.input = 7, .promisc = true, .socket_id = SOCKET_ID_ANY};
	char err[PAL_SOURCE_ERR_LEN];
	uint16_t nb_pollers = 1;
	struct pal_source *src;
	int cpu = -1, opt, sig;
	sigset_t ends;

	while ((opt = getopt(argc, argv, "i:q:t:c:b:HPZL")) != -1) {
		switch (opt) {
		case 'i':
			conf.ifname = optarg;
			break;
		case 'q':
			conf.nb_queues = (uint16_t)atoi(optarg);
			break;
		case 't':
			nb_pollers = (uint16_t)atoi(optarg);
			break;
		case 'c':
			cpu = atoi(optarg);
			break;
		case 'b':
			conf.nb_mbufs = (uint32_t)atoi(optarg);
			break;
		case 'H':
			hold = true;
			break;
		case 'P':
			paused = true;
			break;
		case 'L':
			return pal_source_list(print_iface, NULL) == 0 ? 0 : 3;
		case 'Z':
			conf.zero_copy = true;
			break;
		default:
			usage();
		}
	}
	if (conf.ifname == NULL || nb_pollers == 0 || nb_pollers > MAX_QUEUES)
		usage();
	signal(SIGUSR1, on_usr1);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	pal_test_eal_start();

	src = pal_source_xdp_open(&conf, err);
	if (src == NULL) {
		printf("{\"ready\":false,\"errno\":%d,\"error\":\"%s\"}\n", errno, err);
		return 3;
	}
	printf("{\"ready\":true,\"queues\":%u}\n", src->info.nb_queues);
	fflush(stdout);
	for (uint16_t i = 0; i < nb_pollers; i++) {
		pollers[i] = (struct poller){
			.src = src,
			.first_queue = i,
			.step = nb_pollers,
			.cpu = cpu,
		};
		pthread_create(&pollers[i].thread, NULL, poll_thread, &pollers[i]);
	}
	sigwait(&ends, &sig);
	pal_source_stop_rx(src);
	paused = false;
	for (uint16_t i = 0; i < nb_pollers; i++)
		pthread_join(pollers[i].thread, NULL);
	print_report(src, pollers, nb_pollers);
	if (!hold) // what is held was never given back
		pal_source_close(src);
	return 0;
}
