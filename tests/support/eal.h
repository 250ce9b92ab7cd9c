/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_EAL_H
#define PAL_TEST_EAL_H

/** Start EAL without NIC, root or hugepages; exits with a message when that fails. Call once. */
void pal_test_eal_start(void);

#endif
