/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_FUZZ_REQUIRE_H
#define PAL_FUZZ_REQUIRE_H

/** @file What every fuzz target has: its entry, and a condition that stays in release builds. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
