/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which failed calls took a failure branch (docs/coverage.md). */
#ifndef SEPTORTURE_CAUSES_H
#define SEPTORTURE_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

struct causes_place {
	const char *file, *function;
	int64_t line;
	int64_t n; /* of that line's ways; -1: any */
};

/*
 * Once, when the temporary tables `chosen` and `way` of branches.c are there. Returns 0, or -1
 * with *error set.
 */
int causes_prepare(struct store *store, char **error);

/*
 * In words: cases of enumerations that took the branch, with what became of them; where there is
 * none, plans. Of one that was never taken: the sites whose failures go through its function. ""
 * if nobody knows. free() it; NULL with *error set if the database fails.
 */
char *causes_of(struct store *store, const struct causes_place *place, bool taken, char **error);

#endif
