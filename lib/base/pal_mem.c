/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_mem.h"

#include <sys/mman.h>

void *pal_mem_reserve(size_t bytes)
{
	void *p =
		mmap(NULL,
		     bytes,
		     PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		     -1,
		     0);

	if (p == MAP_FAILED)
		return NULL;
	// Fewer TLB misses where the kernel has huge pages to give; a hint, so its result does not matter.
	(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

void pal_mem_release(void *mem, size_t bytes)
{
	if (mem != NULL)
		munmap(mem, bytes);
}
