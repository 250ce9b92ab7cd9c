/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_input.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

static struct pal_input *inputs;
static uint16_t nb_inputs;

int pal_input_add(const char *name, bool live)
{
	struct pal_input *grown;
	char *copy;

	if (nb_inputs == UINT16_MAX)
		return pal_err(ENOSPC);
	grown = realloc(inputs, ((size_t)nb_inputs + 1) * sizeof(*inputs));
	if (grown == NULL)
		return pal_err(ENOMEM);
	inputs = grown;
	copy = strdup(name);
	if (copy == NULL)
		return pal_err(ENOMEM);
	inputs[nb_inputs] = (struct pal_input){.name = copy, .live = live};
	return nb_inputs++;
}

uint16_t pal_input_count(void)
{
	return nb_inputs;
}

const struct pal_input *pal_input_get(uint16_t index)
{
	return &inputs[index];
}

void pal_input_clear(void)
{
	for (uint16_t i = 0; i < nb_inputs; i++)
		free(inputs[i].name);
	free(inputs);
	inputs = NULL;
	nb_inputs = 0;
}
