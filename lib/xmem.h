/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that does not fail: without memory there is nothing left to report. */
#ifndef SEPTORTURE_XMEM_H
#define SEPTORTURE_XMEM_H

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t n, size_t size);
/* Room for one more element behind the N that P holds; the new one is zeroed. */
void *xgrow(void *p, size_t n, size_t size);
/* NULL gives NULL. */
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

#endif
