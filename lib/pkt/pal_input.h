/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAL_INPUT_H
#define PAL_INPUT_H

/**
 * @file
 * The names behind pal_pkt.input: which files and interfaces this run reads.
 *
 * Written by main before the lcores start, read only afterwards.
 */

#include <stdbool.h>
#include <stdint.h>

/** One file or interface. */
struct pal_input {
	char *name; /**< As the user wrote it. */
	bool live; /**< An interface. */
};

/**
 * Add an input.
 *
 * @return
 *   Its index, for pal_pkt.input; -ENOMEM; -ENOSPC after 65535 of them.
 */
int pal_input_add(const char *name, bool live);

/** Inputs added so far. */
uint16_t pal_input_count(void);

/** The input with that index, which must have been added. */
const struct pal_input *pal_input_get(uint16_t index);

/** Forget all inputs. */
void pal_input_clear(void);

#endif
