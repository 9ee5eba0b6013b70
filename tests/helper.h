/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test programs share: cmocka, and a scratch directory of their own. */
#ifndef SEPTORTURE_TESTS_HELPER_H
#define SEPTORTURE_TESTS_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Group fixtures: the current directory becomes an empty one, removed at the end. */
int enter_scratch(void **state);
int leave_scratch(void **state);

void write_bytes(const char *path, const void *data, size_t len);
void write_text(const char *path, const char *text);
/* The whole file; free() it. Missing: "". */
char *read_text(const char *path);

/* Both are shown when HAYSTACK does not hold NEEDLE. */
void assert_contains(const char *haystack, const char *needle);
void assert_lacks(const char *haystack, const char *needle);

#endif
