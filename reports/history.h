/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store knows, as tables. */
#ifndef SEPTORTURE_HISTORY_H
#define SEPTORTURE_HISTORY_H

#include <stdint.h>
#include <stdio.h>

#include "store.h"

/*
 * The last LAST runs of those that the SQL condition WHERE means, the newest at the end.
 * Returns 0, or -1 with *error set to a sentence (free() it).
 */
int history_runs(struct store *store, const char *where, uint64_t last, FILE *out, char **error);

/*
 * What these runs have found: each finding, of all that have PART in their signature (NULL: all),
 * with how often and when first and last. Returns the same.
 */
int history_findings(struct store *store, const char *where, uint64_t last, const char *part,
		     FILE *out, char **error);

#endif
