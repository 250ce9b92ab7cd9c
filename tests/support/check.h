/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_TEST_CHECK_H
#define PAL_TEST_CHECK_H

/** @file cmocka, with the headers that it wants before itself. */

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#endif
