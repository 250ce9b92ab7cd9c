/* SPDX-License-Identifier: BSD-3-Clause */
#include "rewrite.h"

#include <pal_err.h>

#include <stdarg.h>
#include <stdio.h>

static void say(const char *fmt, va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "pcap-rewrite: %s\n", text);
}

void rw_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int rw_refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return pal_err(EINVAL);
}
