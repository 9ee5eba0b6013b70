/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several runs together proved, beside the failure branches they took. */
#ifndef SEPTORTURE_PROOF_H
#define SEPTORTURE_PROOF_H

#include "store.h"
#include "table.h"

/*
 * Rows of what was proved, of how much, of the runs in the temporary table `chosen` (column
 * `run`). Returns 0, or -1 with *error set.
 */
int proof_table(struct store *store, struct table *t, char **error);

#endif
