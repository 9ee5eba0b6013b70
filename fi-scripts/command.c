// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

const char *shown_path(const char *path)
{
	char cwd[PATH_MAX];
	size_t n;

	if (!getcwd(cwd, sizeof(cwd)))
		return path;
	n = strlen(cwd);
	return !strncmp(path, cwd, n) && path[n] == '/' ? path + n + 1 : path;
}
