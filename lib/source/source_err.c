/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_err.h"
#include "source_priv.h"

#include <stdarg.h>
#include <stdio.h>

int pal_source_err(char *err, int code, const char *format, ...)
{
	va_list args;

	if (err != NULL) {
		va_start(args, format);
		vsnprintf(err, PAL_SOURCE_ERR_LEN, format, args);
		va_end(args);
	}
	return pal_err(code);
}
