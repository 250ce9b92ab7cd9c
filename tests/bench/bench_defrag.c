/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a fragment costs, from memory: one JSON line per kind of traffic. Of datagrams that become whole the cost
 * includes taking them. The last kinds are what an attacker sends: their cost must not grow with their number.
 * Reported is the median of several runs, with the fastest and the slowest beside it.
 */
#include "defrag_frag.h"

#include <pal_defrag.h>
#include <pal_time.h>

#define NB_FRAGS 8192
#define NB_ROUNDS 32
#define NB_RUNS 7

static struct pal_pkt frags[NB_FRAGS];
static uint32_t nb_frags;
static uint8_t payload[65536 + 8];
static uint8_t datagram[65536 + 256];

static void put(const struct frag_spec *spec)
{
	frags[nb_frags++] = frag_build(spec);
}

// Datagrams of len bytes, cut into fragments of mtu bytes of payload.
static void put_datagrams(bool v6, uint32_t len, uint32_t mtu, bool backwards)
{
	uint32_t n = (len + mtu - 1) / mtu;

	for (uint32_t id = 0; nb_frags + n <= NB_FRAGS; id++) {
		for (uint32_t i = 0; i < n; i++) {
			uint32_t off = (backwards ? n - 1 - i : i) * mtu;
			const struct frag_spec spec = {
				.v6 = v6,
				.src = 1,
				.dst = 2,
				.id = id,
				.off = (uint16_t)off,
				.more = off + mtu < len,
				.data = payload + off,
				.len = len - off < mtu ? len - off : mtu,
			};

			put(&spec);
		}
	}
}

static void make_two(void)
{
	put_datagrams(false, 2000, 1480, false);
}

static void make_two_v6(void)
{
	put_datagrams(true, 2000, 1448, false);
}

static void make_largest(void)
{
	put_datagrams(false, 65000, 1480, false);
}

static void make_largest_backwards(void)
{
	put_datagrams(false, 65000, 1480, true);
}

static void make_smallest(void)
{
	put_datagrams(false, 8 * 4096, 8, false);
}

// Nothing but first fragments, of datagrams that never go on: from the second round on each evicts one.
static void make_first_flood(void)
{
	for (uint32_t id = 0; id < NB_FRAGS; id++) {
		const struct frag_spec spec = {
			.src = 1, .dst = 2, .id = id, .more = true, .data = payload, .len = 1480};

		put(&spec);
	}
}

// One datagram that is overwritten again and again, with other bytes.
static void make_overlap_flood(void)
{
	for (uint32_t i = 0; i < NB_FRAGS; i++) {
		const struct frag_spec spec = {
			.src = 1,
			.dst = 2,
			.more = true,
			.off = (uint16_t)(8 * (i % 1000)),
			.data = payload + i % 8,
			.len = 1480,
		};

		put(&spec);
	}
}

static const struct {
	const char *name;
	void (*make)(void);
} kinds[] = {
	{"two_fragments", make_two},
	{"two_fragments_ipv6", make_two_v6},
	{"65000_bytes", make_largest},
	{"65000_bytes_backwards", make_largest_backwards},
	{"8_byte_fragments", make_smallest},
	{"first_fragments_only", make_first_flood},
	{"overlaps_that_differ", make_overlap_flood},
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double run(struct pal_defrag *tbl)
{
	uint64_t start_ns = pal_time_mono_ns();
	struct pal_defrag_whole whole;

	for (int round = 0; round < NB_ROUNDS; round++)
		for (uint32_t i = 0; i < nb_frags; i++)
			if (pal_defrag_add(tbl, &frags[i], &whole) == PAL_DEFRAG_WHOLE)
				pal_defrag_take(tbl, &whole, datagram);
	return (double)(pal_time_mono_ns() - start_ns) / NB_ROUNDS / nb_frags;
}

static void measure(const char *name)
{
	const struct pal_defrag_conf conf = {.policy = PAL_DEFRAG_LAST, .memory_bytes = 16 << 20};
	struct pal_defrag *tbl = pal_defrag_create(&conf);
	const struct pal_defrag_stats *s = pal_defrag_stats_get(tbl);
	double ns[NB_RUNS];

	run(tbl); // touches the memory
	for (int i = 0; i < NB_RUNS; i++)
		ns[i] = run(tbl);
	qsort(ns, NB_RUNS, sizeof(ns[0]), compare_doubles);
	printf("{\"bench\":\"defrag\",\"kind\":\"%s\",\"ns_per_fragment\":%.1f,\"min\":%.1f,"
	       "\"max\":%.1f,"
	       "\"completed\":%llu,\"evicted\":%llu}\n",
	       name,
	       ns[NB_RUNS / 2],
	       ns[0],
	       ns[NB_RUNS - 1],
	       (unsigned long long)(s->completed[0] + s->completed[1]),
	       (unsigned long long)s->exits.pkts[PAL_DROP_FRAG_EVICTED]);
	pal_defrag_destroy(tbl);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31 >> 3 ^ i);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		kinds[k].make();
		measure(kinds[k].name);
		while (nb_frags > 0)
			free((void *)(uintptr_t)frags[--nb_frags].data);
	}
	return 0;
}
