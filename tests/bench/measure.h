/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_BENCH_MEASURE_H
#define PAL_BENCH_MEASURE_H

/** @file What a command takes. */

/** CPU seconds, user and system, and memory at its peak. */
struct cost {
	double cpu_s;
	double peak_mib;
};

/** Run a command with its output thrown away. One that fails ends the program. */
struct cost measure(const char *const *argv);

/** The one in the middle; puts them in order. */
double median(double *values, int nb);

#endif
