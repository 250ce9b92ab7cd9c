/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_MEM_H
#define PAL_MEM_H

/**
 * @file
 * Memory of tables: reserved whole at the start, so that its size is known, and touched as it is used.
 */

#include <stddef.h>

/**
 * Reserve zeroed memory.
 *
 * @return
 *   Aligned to a page, given back with pal_mem_release(); NULL.
 */
void *pal_mem_reserve(size_t bytes);

/** Give memory back. NULL is a no-op. */
void pal_mem_release(void *mem, size_t bytes);

#endif
