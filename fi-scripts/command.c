// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("septorture: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

const char *source_dir(void)
{
	const char *dir = getenv("SEPTORTURE_SRC");

	return dir && *dir ? dir : SRCDIR;
}
