/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RW_REWRITE_H
#define RW_REWRITE_H

/**
 * @file
 * pcap-rewrite, capture files in, capture files out:
 *
 *      inputs ──► filters ──► convert ──► split ──► output
 *      merged     a packet    decap, link type,     one writer a part
 *      by time    as read     payload, addresses
 *
 * What nothing changes is handed on as it is in its file, many records at a time.
 */

/** What the program tells its caller. */
enum rw_exit {
	RW_EXIT_OK = 0,
	RW_EXIT_DAMAGED = 1, /**< Done, but some input was damaged or unreadable. */
	RW_EXIT_USAGE = 2,
	RW_EXIT_ENVIRONMENT = 3, /**< Output that cannot be written, memory. */
	RW_EXIT_LOST = 4, /**< --strict, and something could not be kept. */
};

/** One line on standard error, with the program's name in front. */
void rw_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** The same, and returns -EINVAL with errno set: for what the user asked for and cannot be had. */
int rw_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
