// SPDX-License-Identifier: GPL-2.0-or-later
#include "xmem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
	if (p)
		return p;
	fputs("septorture: out of memory\n", stderr);
	exit(3);
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size));
}

void *xgrow(void *p, size_t n, size_t size)
{
	p = check(reallocarray(p, n + 1, size));
	memset((char *)p + n * size, 0, size);
	return p;
}

char *xstrdup(const char *s)
{
	return s ? check(strdup(s)) : NULL;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	return check(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}
