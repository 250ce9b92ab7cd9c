/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_BENCH_TRAFFIC_H
#define PAL_BENCH_TRAFFIC_H

/** @file Capture files for benchmarks: the same bytes in every run. */

#include <stdint.h>

enum traffic_kind {
	/** HTTP, TLS and DNS with about 15 packets a flow, 2000 new flows a second. */
	TRAFFIC_SHORT,
	/** Transfers of full frames over 200 connections. */
	TRAFFIC_LONG,
};

/** Write a pcap file of about so many bytes. What goes wrong ends the program. */
void traffic_make(const char *path, uint64_t bytes, enum traffic_kind kind);

#endif
