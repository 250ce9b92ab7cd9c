/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <stdio.h>
#include <stdlib.h>

void pal_test_eal_start(void)
{
	// EAL keeps the array and may reorder it. 22.11 refuses --in-memory together with --no-huge.
	static char *argv[] = {
		"test",
		"--no-huge",
		"--no-shconf",
		"--no-pci",
		"--no-telemetry",
		"-m",
		"256",
		"--lcores",
		"0",
		"--iova-mode=va",
		"--log-level=lib.eal:4",
		NULL,
	};

	if (rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0) {
		fprintf(stderr, "EAL does not start: %s\n", rte_strerror(rte_errno));
		exit(1);
	}
}
