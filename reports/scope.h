/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose fault a splat is: that of the code under test, septorture's own, or of
 * a part of the kernel that is not looked at. configs/scope.txt says which
 * objects are whose, functions.txt (kernel/build.sh) which functions are where.
 */
#ifndef SEPTORTURE_SCOPE_H
#define SEPTORTURE_SCOPE_H

#include "klog.h"

/* The stronger before the weaker: a problem that was seen as both counts as the first. */
enum scope_class {
	SCOPE_TEST,
	SCOPE_OWN,
	SCOPE_ELSEWHERE,
};

struct scope;

/*
 * The scope of the kernel IMAGE (a path that kernel/build.sh gave) by
 * SRC/configs/scope.txt. Never NULL: where it is unknown, everything is SCOPE_TEST.
 */
struct scope *scope_load(const char *src, const char *image);
void scope_free(struct scope *scope);

/* Why it is unknown, or NULL; it belongs to SCOPE, which may be NULL. */
const char *scope_problem(const struct scope *scope);

enum scope_class scope_of_function(const struct scope *scope, const char *function);
/* Only data races can be SCOPE_ELSEWHERE: the rest is a finding wherever it shows. */
enum scope_class scope_of_splat(const struct scope *scope, const struct klog_splat *splat);

/* "test", "own", "elsewhere" */
const char *scope_name(enum scope_class class);

#endif
