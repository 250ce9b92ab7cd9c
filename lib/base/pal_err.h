/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_ERR_H
#define PAL_ERR_H

/**
 * @file
 * How a library of ours says no: `-errno` from functions, NULL from constructors, errno set in both.
 *
 * Plain errno and not rte_errno, because lib/savefile and its tools know no DPDK.
 */

#include <errno.h>
#include <stddef.h>

/** Set errno and return its negative: `return pal_err(ENOSPC)`. */
static inline int pal_err(int code)
{
	errno = code;
	return -code;
}

/** Set errno and return NULL: `return pal_err_null(EINVAL)`. */
static inline void *pal_err_null(int code)
{
	errno = code;
	return NULL;
}

#endif
