/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failure branches: what a failure alone makes KVM do (docs/coverage.md), of runs of the store. */
#ifndef SEPTORTURE_BRANCHES_H
#define SEPTORTURE_BRANCHES_H

#include <stdbool.h>
#include <stdio.h>

#include "store.h"
#include "waivers.h"

struct branch {
	char *file, *function;
	int64_t line;
	char *text; /* its source line, without the blanks in front */
	int64_t times; /* 0: never taken */
	char *by; /* in words: which failures took it, or might */
	bool waived;
};

struct branches_sum {
	unsigned int taken, never, waived;
};

struct branches {
	struct store *store; /* whose temporary table `chosen` has the runs that this is about */
	char *kernel; /* in words */
	int64_t faulted, baseline; /* runs */
	struct waivers *waivers;
	size_t n;
	struct branch *list; /* by file and function, these in the order of the source */
	struct branches_sum sum;
};

/*
 * Which failure branches were taken, and which not, by the runs that are WHERE (SQL); of these,
 * those of the newest kernel count. WAIVERS learn which they matched, and have to outlive B.
 * Returns 0; 1 with *error set if there are no runs to tell that by; -1 with *error set if the
 * database fails. branches_free() it in any case.
 */
int branches_read(struct branches *b, struct store *store, const char *where,
		  struct waivers *waivers, char **error);
void branches_free(struct branches *b);

/* What of the list from FROM on is of one function: up to the one returned, and the sums of it. */
size_t branches_function(const struct branches *b, size_t from, struct branches_sum *sum);

/* "failure branches: 2 of 5 taken (40 %), 0 more are waived"; free() it. */
char *branches_words(const struct branches *b);

/*
 * Names the waivers that are wrong by now: what they say cannot be has been seen, or what they
 * are about is no longer there. Returns how many.
 */
unsigned int branches_stale(const struct branches *b, FILE *out);

/* Sums per function, or each branch. */
void branches_text(const struct branches *b, bool list, FILE *out);
/* A page with the source. Returns 0, or -1 with *error set. */
int branches_html(const struct branches *b, FILE *out, char **error);

#endif
