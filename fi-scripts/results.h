/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build/results.sqlite: what all runs found (docs/store.md). */
#ifndef SEPTORTURE_RESULTS_H
#define SEPTORTURE_RESULTS_H

#include "store.h"

/*
 * Opens the database PATH (NULL: build/results.sqlite of the source tree) and takes the runs of
 * build/runs that it does not have yet. NULL if it cannot, which has been said.
 */
struct store *results_open(const char *path);

/* Takes the run in DIR, which has just ended; if that fails, it says so, and that is all. */
void results_add(const char *dir);

/*
 * WORD as an SQL condition (selection.h): KEY=PATTERN[,...], or a run: an id, `latest`, or the path
 * of a run's directory, which is taken into the store. NULL with *error set if it is none of these.
 */
char *results_select(struct store *store, const char *word, char **error);

#endif
