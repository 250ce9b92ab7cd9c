/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Colours on a terminal. */
#include "app.h"

#include <stdlib.h>
#include <unistd.h>

static enum app_colour_when colour_when = APP_COLOUR_AUTO;

void app_colour_set(enum app_colour_when when)
{
	colour_when = when;
}

static bool is_coloured(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");

	if (colour_when != APP_COLOUR_AUTO)
		return colour_when == APP_COLOUR_ALWAYS;
	// https://no-color.org: set, and not empty.
	return isatty(fileno(out)) && (no_color == NULL || *no_color == '\0');
}

const char *app_colour(FILE *out, enum app_colour colour)
{
	static const char *const codes[] = {
		[APP_PLAIN] = "\033[0m",
		[APP_BOLD] = "\033[1m",
		[APP_RED] = "\033[1;31m",
	};

	return is_coloured(out) ? codes[colour] : "";
}
