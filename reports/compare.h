/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sets of runs of the store, side by side. */
#ifndef SEPTORTURE_COMPARE_H
#define SEPTORTURE_COMPARE_H

#include <stdio.h>

#include "store.h"

/*
 * Writes what the runs of B have that those of A have not, and the other way round. A and B are
 * SQL conditions; runs that are no result are left out. *WORSE: B has a finding that A has not, or
 * serves fewer faults beyond the noise, or never injects a fault that all runs of A do. Returns 0,
 * -1 with *error set to a sentence (free() it), or 1 with *error set if a set is empty.
 */
int compare(struct store *store, const char *a, const char *b, FILE *out, int *worse, char **error);

#endif
