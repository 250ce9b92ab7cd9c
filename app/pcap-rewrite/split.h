/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_SPLIT_H
#define RW_SPLIT_H

/**
 * @file
 * One output or several: by flow (all at once), or one after the other.
 *
 *      flow:N          by the hash of the outer address pair that pcap-analyzer deals flows by, so that both
 *                      directions, fragments and all that goes through a tunnel stay together
 *      packets:N       so many packets a file
 *      filesize:KB     so many kilobytes (1000 bytes, before compression)
 *      duration:S      so many seconds from its first packet
 *      interval:S      a new one whenever a multiple of so many seconds has come
 *
 * The last four are words of dumpcap's -b; with several, what comes first.
 */

#include "packet.h"

#define RW_SPLIT_FLOWS_MAX 256

struct rw_split {
	uint32_t nb_flows; /**< 0: not by flow. */
	uint64_t max_pkts, max_bytes, duration_ns, interval_ns; /**< 0: no limit. */
	/* of the file that is written */
	uint32_t number; /**< Which one, from 0. */
	uint64_t nb_pkts, start_ns;
};

/** Add one of the words above; says what is wrong with it. 0 or -EINVAL. */
int rw_split_add(struct rw_split *split, const char *text);

/** Is there more than one output? */
bool rw_split_works(const struct rw_split *split);

/** One after the other? */
bool rw_split_is_sequence(const struct rw_split *split);

/**
 * Which output a packet goes to, from 0; in a sequence it never goes down.
 *
 * @param p
 *   Decoded, if by flow.
 * @param time_ns
 *   Of what is written.
 * @param bytes
 *   What the current file of a sequence has.
 */
uint32_t
rw_split_part(struct rw_split *split, const struct rw_packet *p, uint64_t time_ns, uint64_t bytes);

/** Room for a name of rw_split_name(). */
#define RW_PATH_LEN 4096

/**
 * Name of an output: `out_00003.pcap` of `out.pcap`, `out_00003_20231114221320.pcap` in a sequence, which counts from
 * 1. The time is that of its first packet, UTC.
 *
 * @return
 *   0; -ENAMETOOLONG.
 */
int rw_split_name(
	const struct rw_split *split,
	const char *path,
	uint32_t part,
	uint64_t time_ns,
	char *ret_name
);

#endif
