/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest plan with which a finding comes back: the search (shrink.h) with real runs. */
#ifndef SEPTORTURE_MINIMISE_H
#define SEPTORTURE_MINIMISE_H

#include "again.h"
#include "shrink.h"

/* How large a plan is, and what it took. */
struct plan_size {
	size_t faults, stressors;
	unsigned int vcpus, cpus;
	uint64_t injected, load_us;
};

struct minimise {
	const struct again *again;
	unsigned int tries; /* of each candidate */
	const char *out; /* where the smallest plan goes */
	char *candidate; /* the file of what is being tried */
	struct shrink search;
	struct plan_size before, after;
	unsigned int steps; /* candidates so far */
	bool shown; /* it came back at all: OUT is there */
	bool may_be_invalid; /* with the whole plan the run was no result either */
	unsigned int results; /* tries that were one */
	int status; /* not 0: no more runs were possible, or OUT can't be written; it has been said
		     */
};

/*
 * Searches, unless a signal comes (signals.h). OUT has the smallest plan after each
 * success.
 */
void minimise(struct minimise *m);

/* The command that runs OUT; free() it. */
char *minimise_command(const struct minimise *m);

#endif
