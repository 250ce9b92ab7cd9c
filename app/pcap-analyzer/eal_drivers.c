/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which drivers EAL opens: all, or none.
 *
 * Where EAL is a shared library it opens every driver in its folder, 60 ms of a start, and has no option against
 * it. Whether it is one it finds out by asking the dynamic linker for itself, without loading. That question comes
 * here first, because a program's symbols go before those of libraries; answered with no, EAL opens what `-d` names
 * and nothing else. The one driver that PAL needs without a DPDK port, the ring handler of pools, is linked.
 */
#include "app.h"

#include <dlfcn.h>
#include <string.h>

static bool are_wanted = true;

void app_eal_drivers_set(bool wanted)
{
	are_wanted = wanted;
}

static bool is_question_of_eal(const char *path, int flags)
{
	static const char eal[] = "librte_eal.so";

	return (flags & RTLD_NOLOAD) != 0 && path != NULL && strncmp(path, eal, strlen(eal)) == 0;
}

__attribute__((visibility("default"))) void *dlopen(const char *path, int flags)
{
	void *(*next)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");

	if (!are_wanted && is_question_of_eal(path, flags))
		return NULL;
	return next(path, flags);
}
