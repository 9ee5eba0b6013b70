/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failure branches: what a failure alone makes KVM do (docs/coverage.md), of runs of the store. */
#ifndef SEPTORTURE_BRANCHES_H
#define SEPTORTURE_BRANCHES_H

#include <stdio.h>

#include "store.h"
#include "waivers.h"

struct branches_request {
	const char *where; /* SQL: which runs; of these, those of the newest kernel count */
	struct waivers *waivers;
	bool list; /* every branch, and not only sums per function */
};

struct branches_sum {
	unsigned int taken, never, waived;
	unsigned int stale; /* waivers that are wrong by now */
};

/*
 * Writes which failure branches were taken, and which not. Returns 0; 1 with *error set if there
 * are no runs to tell that by; -1 with *error set if the database fails.
 */
int branches_show(struct store *store, const struct branches_request *request, FILE *out,
		  struct branches_sum *sum, char **error);

#endif
